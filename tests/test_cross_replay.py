"""Cross encoders of another build than BERT's: the halves are the whole, training changes the upper one alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from lab.cross import CrossConfig, CrossEncoder, load_cross, save_cross
from lab.cross.adapter import encoder_key
from lab.cross.influence import influence
from lab.cross.lowrank import adapt
from lab.cross.replay import Replayed
from lab.cross.split import halves
from lab.encoders.teacher import load_teacher
from lab.errors import ModelError
from tests.tiny import HIDDEN, wordpiece

NAMES = {"modernbert": "ModernBert", "nomic": "NomicBert", "eurobert": "EuroBert", "albert": "Albert"}
KINDS = [
    pytest.param(kind, marks=pytest.mark.skipif(
        not hasattr(transformers, f"{name}Model"), reason=f"transformers {transformers.__version__} has no {name} yet"
    ))
    for kind, name in NAMES.items()
]  # fmt: skip
QUERIES = ["white fox", "volcano", "string instrument with four strings"]
DOCUMENTS = ["The Arctic fox has thick white fur.", "Etna", "Chess is a board game for two players."]
LAYERS = 3


def strange(kind: str) -> Any:
    """A small encoder with weights spread wide."""
    name = NAMES[kind]
    tokens = dict.fromkeys(("cls_token_id", "bos_token_id"), 2) | dict.fromkeys(("sep_token_id", "eos_token_id"), 3)
    more = {"albert": {"embedding_size": 16}, "modernbert": tokens | {"local_attention": 4},
            "eurobert": {"num_key_value_heads": 4} | tokens, "nomic": {}}  # fmt: skip
    config = getattr(transformers, f"{name}Config")(
        vocab_size=len(wordpiece()), hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=4,
        intermediate_size=64, pad_token_id=0, **more[kind],
    )  # fmt: skip
    torch.manual_seed(0)
    model = getattr(transformers, f"{name}Model")(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(3)
    return model.eval()


def upper_of(kind: str) -> int:
    return 1 if kind == "albert" else 2  # which has one layer, run three times


def cross(encoder: Any, kind: str, scorer: str = "dual") -> CrossEncoder:
    config = CrossConfig(scorer=scorer, precision="float32", length=48, layers=upper_of(kind))
    return CrossEncoder(encoder, wordpiece(), config)


@pytest.mark.parametrize("kind", KINDS)
def test_two_halves_are_the_whole_with_any_number_above(kind: str) -> None:
    encoder = strange(kind)
    ids, mask = torch.randint(5, 60, (2, 9)), torch.ones(2, 9, dtype=torch.long)
    mask[1, 6:] = 0
    for upper in (1,) if kind == "albert" else range(1, LAYERS + 1):
        lower, higher = halves(encoder, upper)
        assert isinstance(higher, Replayed) and len(higher.layers) == upper
        with torch.no_grad():
            whole = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            states = lower(input_ids=ids, attention_mask=mask).last_hidden_state
            both = higher(inputs_embeds=states, attention_mask=mask).last_hidden_state
            again = higher(inputs_embeds=states, attention_mask=mask).last_hidden_state
        assert torch.allclose(whole[mask.bool()], both[mask.bool()], atol=1e-5) and torch.equal(both, again)
        assert not torch.allclose(both[mask.bool()], states[mask.bool()], atol=1e-3)
        assert not lower.gate.seen and not higher._states  # nothing is kept alive


def test_threads_do_not_meet_in_one_model() -> None:
    model = cross(strange("modernbert"), "modernbert")
    wanted, found = model.scores(QUERIES, DOCUMENTS), []
    ready = threading.Barrier(2, timeout=30)

    def score() -> None:
        ready.wait()
        for _ in range(40):
            for at in range(3):
                found.append((at, model.scores(QUERIES[at : at + 1], DOCUMENTS[at : at + 1])[0]))

    threads = [threading.Thread(target=score) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 240 and all(score == pytest.approx(wanted[at], abs=1e-4) for at, score in found)


def test_an_adapter_knows_the_layers_of_an_albert() -> None:
    encoder = strange("albert")
    key = encoder_key(cross(encoder, "albert"))
    with torch.no_grad():
        next(weight for name, weight in encoder.named_parameters() if "albert_layers" in name).add_(0.1)
    assert encoder_key(cross(encoder, "albert")) != key


@pytest.mark.parametrize("kind", KINDS)
def test_more_layers_than_there_are_is_refused(kind: str) -> None:
    encoder = strange(kind)
    there = 1 if kind == "albert" else LAYERS
    with pytest.raises(ModelError, match=f"layers={LAYERS + 1}: this encoder has {there}"):
        halves(encoder, LAYERS + 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scorer", ["cls", "dual"])
def test_a_pair_has_one_score_whatever_stands_beside_it(kind: str, scorer: str) -> None:
    model = cross(strange(kind), kind, scorer)
    together = model.scores(QUERIES, DOCUMENTS)
    alone = [model.scores([q], [d])[0] for q, d in zip(QUERIES, DOCUMENTS, strict=True)]
    assert together == pytest.approx(alone, abs=1e-4) and len(set(together.round(5))) == 3
    assert np.isfinite(influence(model, QUERIES[0], DOCUMENTS[0]).query).all()


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_the_upper_layers_and_leave_the_encoder_alone(kind: str) -> None:
    encoder = strange(kind)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    model = cross(encoder, kind)
    key, first = encoder_key(model), model.scores(QUERIES, DOCUMENTS)
    weights = [weight for weight in model.layers.parameters() if weight.ndim > 1]
    for weight in weights:
        weight.requires_grad_(True)
    model(model.collate(model.pairs(QUERIES, DOCUMENTS))).scores.sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in weights)
    with torch.no_grad():
        for weight in weights:
            weight.sub_(0.05 * weight.grad / weight.grad.norm())
    assert not np.allclose(model.scores(QUERIES, DOCUMENTS), first)
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())
    assert encoder_key(model) == key  # of the encoder, not of what was trained


def test_what_was_trained_on_a_modernbert_teacher_is_read_again(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    strange("modernbert").save_pretrained(inner)
    wordpiece().save_pretrained(inner)
    modules: list[Any] = [Transformer(str(inner), max_seq_length=48), Pooling(HIDDEN, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "teacher"))
    teacher = load_teacher(tmp_path / "teacher", "cpu", "float32")
    config = CrossConfig(precision="float32", length=48, training_length=48, layers=2)
    model = CrossEncoder.from_teacher(teacher, config)
    untrained = model.scores(QUERIES, DOCUMENTS)
    for change in adapt(model.layers, 4, seed=0).values():
        torch.nn.init.normal_(change.up, std=0.5)
    changed = model.scores(QUERIES, DOCUMENTS)
    assert not np.allclose(changed, untrained, atol=0.02)
    save_cross(model, tmp_path / "adapter.safetensors")
    again = load_cross(tmp_path / "adapter.safetensors", teacher)
    assert again.scores(QUERIES, DOCUMENTS) == pytest.approx(changed, abs=0.02)
