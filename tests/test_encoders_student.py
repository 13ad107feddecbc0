"""Students: cut from the teacher, static, or foreign with a projection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import lab.encoders.student as module
from lab.encoders.anatomy import layer_tensors, observe, shape
from lab.encoders.shrink import build
from lab.encoders.sizes import SIZES, Plan, plan, ratio_of
from lab.encoders.student import from_checkpoint, make_student, static_student
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.encoders.vocabulary import token_counts, trim
from lab.errors import ModelError
from lab.store import VectorStore
from tests.tiny import HIDDEN, LAYERS, TEXTS, backbone, teacher_folder, wordpiece

WHOLE = Plan(tuple(range(LAYERS)), 64, 24, 10_000)


@pytest.fixture(scope="module")
def teacher(tiny_teacher_dir: Path) -> DualEncoder:
    return load_teacher(tiny_teacher_dir, "cpu", "float32")


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_layers_of_every_family_compute_the_same_in_the_student(kind: str, tmp_path: Path) -> None:
    """Fed the same vectors, the student's layers answer as the teacher's: only names differ."""
    teacher = load_teacher(teacher_folder(tmp_path, kind), "cpu", "float32")
    counts = token_counts(teacher.model.tokenizer, TEXTS)
    observed = observe(teacher.model, TEXTS, WHOLE.layers, precision="float32")
    student = build(teacher.model, WHOLE, trim(teacher.model.tokenizer, counts, 10_000), observed, counts)
    ids = torch.tensor([teacher.model.tokenizer("a red fox")["input_ids"]])
    with torch.no_grad():
        states = teacher.model.transformers_model(input_ids=ids, output_hidden_states=True).hidden_states
        mine = student.transformers_model.encoder(states[0]).last_hidden_state
    assert torch.allclose(mine, states[-1], atol=1e-4)


def test_observed_means_are_the_means_of_what_the_layer_is_fed(teacher: DualEncoder) -> None:
    text = "fox fox volcano"
    seen = observe(teacher.model, [text] * 400, (1,), precision="float32").token_means
    ids = torch.tensor([teacher.model.tokenizer(text)["input_ids"]])
    with torch.no_grad():
        fed = teacher.model.transformers_model(input_ids=ids, output_hidden_states=True).hidden_states[1][0]
    fox, volcano = ids[0, 1].item(), ids[0, 3].item()
    assert torch.allclose(seen[fox], (fed[1] + fed[2]) / 2, atol=0.05 * fed.abs().max())
    assert torch.allclose(seen[volcano], fed[3], atol=0.05 * fed.abs().max())


def test_a_token_never_seen_enters_as_it_would_alone(teacher: DualEncoder) -> None:
    seen = observe(teacher.model, ["fox"], (2,), precision="float32").token_means
    ids = torch.tensor([teacher.model.tokenizer("violin")["input_ids"]])
    with torch.no_grad():
        fed = teacher.model.transformers_model(input_ids=ids, output_hidden_states=True).hidden_states[2][0]
    assert torch.allclose(seen[ids[0, 1]], fed[1], atol=1e-4)


def test_pruning_keeps_the_busiest_units(teacher: DualEncoder) -> None:
    counts = token_counts(teacher.model.tokenizer, TEXTS)
    vocabulary = trim(teacher.model.tokenizer, counts, 10_000)
    narrow = Plan((2,), 16, 16, 10_000)
    observed = observe(teacher.model, TEXTS, narrow.layers, precision="float32")
    student = build(teacher.model, narrow, vocabulary, observed, counts)
    full = layer_tensors(list(teacher.model.transformers_model.encoder.layer)[2])
    strength = observed.usage[0] * full["output.dense.weight"].norm(dim=0)
    kept = strength.topk(16).indices.sort().values
    ours = student.transformers_model.encoder.layer[0].intermediate.dense.weight
    assert torch.equal(ours, full["intermediate.dense.weight"][kept])


def test_the_start_is_near_the_teacher_and_nearer_with_a_wider_table(teacher: DualEncoder) -> None:
    wanted = torch.from_numpy(teacher.encode(TEXTS))
    angles = []
    for chosen in (Plan((2,), 64, 4, 10_000), Plan((2,), 64, 24, 10_000)):
        student = make_student(teacher, chosen, TEXTS, wanted.numpy())
        own = torch.from_numpy(DualEncoder(student, "s", "float32").encode(TEXTS))
        angles.append(float((own * wanted).sum(1).mean()))
    assert 0.3 < angles[0] < angles[1] - 0.01


def test_a_second_student_of_one_cut_starts_as_the_first_did_whatever_became_of_that(teacher: DualEncoder) -> None:
    plan_, vectors = Plan((1,), 64, 8, 10_000), teacher.encode(TEXTS)
    first = make_student(teacher, plan_, TEXTS, vectors)
    began = {name: tensor.clone() for name, tensor in first.state_dict().items()}
    with torch.no_grad():  # training changes it in place
        for parameter in first.parameters():
            parameter.add_(1.0)
    second = make_student(teacher, plan_, TEXTS, vectors).state_dict()
    assert all(torch.equal(second[name], tensor) for name, tensor in began.items())


def test_what_was_observed_is_kept_and_makes_the_same_student_again(
    teacher: DualEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_, vectors, store = Plan((1,), 64, 8, 300), teacher.encode(TEXTS), VectorStore(tmp_path)
    plain = make_student(teacher, plan_, TEXTS, vectors).state_dict()
    make_student(teacher, plan_, TEXTS, vectors, memory=store)
    module._cut.cache_clear()  # as in another process
    monkeypatch.setattr(module, "observe", lambda *_: pytest.fail("the teacher reads again what it has read"))
    again = make_student(teacher, plan_, TEXTS, vectors, memory=VectorStore(tmp_path)).state_dict()
    assert all(torch.equal(plain[name], tensor) for name, tensor in again.items())


def test_a_share_is_a_size_too() -> None:
    assert (ratio_of("1/6"), ratio_of("1/2.5"), ratio_of("tenth")) == (6.0, 2.5, 10.0)
    assert ratio_of("1/x") is ratio_of("folder/1/6") is ratio_of("6") is None
    for share in ("1/1", "1/0.5"):
        with pytest.raises(ModelError, match=f"student='{share}' would be no smaller"):
            ratio_of(share)


def test_a_share_is_cut_like_the_size_of_its_name(teacher: DualEncoder) -> None:
    vectors = teacher.encode(TEXTS)
    named, shared = (make_student(teacher, size, TEXTS, vectors).state_dict() for size in ("half", "1/2"))
    assert all(torch.equal(named[name], tensor) for name, tensor in shared.items())


@pytest.mark.parametrize("size", ["half", "quarter", "tenth", "twentieth"])
def test_named_sizes_are_what_they_say_for_the_default_teacher(size: str) -> None:
    from lab.encoders.anatomy import Shape

    minilm = Shape(
        layers=6, hidden=384, intermediate=1536, heads=12, vocabulary=30522, activation="gelu", norm_eps=1e-12
    )
    chosen = plan(minilm, 22_713_216, SIZES[size], tokens_seen=23_000)
    layers = len(chosen.layers) * (4 * 384 * 385 + 2 * 384 * chosen.intermediate + chosen.intermediate + 384 + 4 * 384)
    table = chosen.vocabulary * chosen.embedding + 384 * chosen.embedding + 384 + 259 * chosen.embedding
    assert 0.93 * 22_713_216 / SIZES[size] < layers + table <= 22_713_216 / SIZES[size]
    assert chosen.layers[-1] == 5 and chosen.vocabulary <= 30522


def test_a_vocabulary_that_cannot_be_trimmed_has_to_fit() -> None:
    """BPE's, say DistilRoBERTa's: the table is narrower, or the size is refused, but never larger than its name."""
    from lab.encoders.anatomy import Shape

    roberta, parameters = Shape(6, 768, 3072, 12, 50_265, "gelu", 1e-12), 82_118_400
    for size in ("half", "quarter", "tenth"):
        chosen = plan(roberta, parameters, SIZES[size], tokens_seen=50_265, least=50_265)
        layers = len(chosen.layers) * (4 * 768 * 769 + 2 * 768 * chosen.intermediate + chosen.intermediate + 5 * 768)
        table = 50_265 * chosen.embedding + 768 * chosen.embedding + 768 + 259 * chosen.embedding
        assert chosen.vocabulary == 50_265 and layers + table <= parameters / SIZES[size]
    with pytest.raises(ModelError, match=r"no room for 250,002 tokens that cannot be left out.*larger student"):
        plan(Shape(6, 384, 1536, 12, 250_002, "gelu", 1e-12), 30_000_000, 20, tokens_seen=0, least=250_002)


def test_a_corpus_of_few_words_leaves_room_for_all_letters() -> None:
    """A table as wide as its few tokens allow would not hold the 1,999 that stay whatever is trimmed."""
    from lab.encoders.anatomy import Shape

    minilm, parameters = Shape(6, 384, 1536, 12, 30_522, "gelu", 1e-12), 22_713_216
    for seen in (400, 1_500, 2_200):
        chosen = plan(minilm, parameters, SIZES["twentieth"], seen, least=1_999)
        assert chosen.vocabulary >= 1_999 and chosen.embedding >= 32


def test_a_student_that_would_be_larger_than_its_name_is_refused(
    teacher: DualEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    generous = Plan((1, 2), 64, 16, 10_000)
    monkeypatch.setattr("lab.encoders.student.plan", lambda *_, **__: generous)
    with pytest.raises(ModelError, match="more than 1/10 of"):
        make_student(teacher, "tenth", TEXTS, teacher.encode(TEXTS))


def test_a_budget_without_room_for_a_layer_is_refused() -> None:
    from lab.encoders.anatomy import Shape

    with pytest.raises(ModelError, match="Take a larger student"):
        plan(Shape(2, 768, 3072, 12, 1000, "gelu", 1e-12), 15_000_000, 20, 1000)


def test_a_teacher_of_another_shape_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, teacher: DualEncoder) -> None:
    monkeypatch.setattr(teacher.model.transformers_model.config, "model_type", "mpnet", raising=False)
    with pytest.raises(ModelError, match=r"'mpnet' teacher.*--student"):
        make_student(teacher, "tenth", TEXTS, teacher.encode(TEXTS))


def test_shapes_are_read_from_either_config(tmp_path: Path) -> None:
    sizes = [shape(load_teacher(teacher_folder(tmp_path / k, k), "cpu").model) for k in ("bert", "distilbert")]
    assert [(s.layers, s.hidden, s.intermediate, s.heads) for s in sizes] == [(LAYERS, HIDDEN, 64, 4)] * 2


def test_a_foreign_student_of_equal_width_starts_at_the_identity(teacher: DualEncoder, tmp_path: Path) -> None:
    backbone("distilbert").save_pretrained(tmp_path)
    wordpiece().save_pretrained(tmp_path)
    student = from_checkpoint(teacher, tmp_path, TEXTS, teacher.encode(TEXTS))
    assert torch.equal(student[2].linear.weight, torch.eye(HIDDEN))
    assert np.allclose(np.linalg.norm(student.encode(TEXTS), axis=1), 1, atol=1e-5)


def test_a_projection_starts_at_the_least_squares_fit_and_stays_in_the_student(
    tmp_path: Path, teacher: DualEncoder
) -> None:
    """A foreign student whose vectors are a linear map of the teacher's own is answered with (almost) the teacher's."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    narrow = BertModel(
        BertConfig(
            vocab_size=len(wordpiece()),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
        )
    )
    narrow.save_pretrained(tmp_path)
    wordpiece().save_pretrained(tmp_path)
    vectors = teacher.encode(TEXTS)
    student = from_checkpoint(teacher, tmp_path, TEXTS, vectors)
    fitted = float((student.encode(TEXTS) * vectors).sum(1).mean())
    torch.nn.init.normal_(student[2].linear.weight)
    assert student.get_embedding_dimension() == HIDDEN
    assert fitted > 0.5 > float((student.encode(TEXTS) * vectors).sum(1).mean())


def test_the_static_student_is_a_bag_of_tokens_of_the_wanted_size(teacher: DualEncoder) -> None:
    student = static_student(teacher, TEXTS, 20_000)
    assert np.allclose(student.encode(["red fox volcano"]), student.encode(["volcano red fox"]), atol=1e-5)
    assert sum(p.numel() for p in student.parameters()) <= 20_000
    assert student.get_embedding_dimension() == teacher.dimension
