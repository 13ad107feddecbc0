"""The cross encoder: its halves are the whole, its scores those of its definition, batch and padding play no part."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers

from lab.cross import CrossConfig, CrossEncoder
from lab.cross.pooling import pool
from lab.cross.split import FAMILIES, check_halves, halves, positions_of
from lab.encoders.teacher import load_teacher
from lab.errors import LabError, ModelError
from tests.tiny import BACKBONES, HIDDEN, backbone, teacher_folder, wordpiece

QUERIES = ["white fox", "volcano", "string instrument with four strings"]
DOCUMENTS = ["The Arctic fox has thick white fur.", "Etna", "Chess is a board game for two players."]
EXACT = {"precision": "float32", "length": 48, "layers": 1}
KINDS = ("distilbert", *BACKBONES)


def cross(scorer: str = "dual", kind: str = "bert", **changes) -> CrossEncoder:
    return CrossEncoder(backbone(kind), wordpiece(), CrossConfig(scorer=scorer, **(EXACT | changes)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("upper", [1, 3])
def test_two_halves_are_the_whole(kind: str, upper: int) -> None:
    encoder = backbone(kind)
    if kind == "deberta-v2" and upper == 3:
        with pytest.raises(ModelError, match="give 2 at most"):
            halves(encoder, upper)
        return
    lower, higher = halves(encoder, upper)
    ids, mask = torch.randint(5, 60, (2, 9)), torch.ones(2, 9, dtype=torch.long)
    mask[1, 6:] = 0
    with torch.no_grad():
        whole = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        states = lower(input_ids=ids, attention_mask=mask).last_hidden_state
        both = higher(inputs_embeds=states, attention_mask=mask).last_hidden_state
    assert torch.allclose(whole[mask.bool()], both[mask.bool()], atol=1e-5)
    assert upper == 3 or not torch.allclose(whole, states, atol=0.1)


def test_an_encoder_that_cannot_be_cut_is_refused_with_those_that_can() -> None:
    small = {"vocab_size": len(wordpiece()), "d_model": HIDDEN, "num_layers": 2, "num_heads": 4, "d_ff": 64}
    t5 = transformers.T5EncoderModel(transformers.T5Config(**small))  # the first layer's positions serve all others
    with pytest.raises(ModelError, match="T5EncoderModel cannot become a cross encoder: it does not run") as said:
        CrossEncoder(t5, wordpiece(), CrossConfig(**EXACT))
    assert FAMILIES in str(said.value)
    bare = torch.nn.Linear(2, 2)
    bare.config = SimpleNamespace(num_hidden_layers=2)  # type: ignore[assignment]
    with pytest.raises(ModelError, match="cannot become a cross encoder: it has no list of its layers"):
        halves(bare, 1)


def test_halves_that_are_not_the_whole_are_refused() -> None:
    encoder = backbone()
    lower, upper = halves(encoder, 1)
    check_halves(encoder, lower, upper, 0)
    twice = halves(encoder, 2)[1]  # a layer is run twice
    with pytest.raises(ModelError, match="its layers compute something else"):
        check_halves(encoder, lower, twice, 0)


@pytest.mark.parametrize(("kind", "most"), [("bert", 66), ("roberta", 65), ("mpnet", 64)])
def test_positions_behind_the_paddings_are_not_counted(kind: str, most: int) -> None:
    """RoBERTa numbers positions from padding_idx + 1, here 1; MPNet's padding_idx is 1 whatever the settings say."""
    encoder, longest = backbone(kind), [" ".join(["volcano"] * 90)]
    assert positions_of(encoder) == most
    model = CrossEncoder(encoder, wordpiece(), CrossConfig(**EXACT | {"length": most}))
    assert len(model.pairs(longest, longest)[0]) == most and np.isfinite(model.scores(longest, longest)).all()
    with pytest.raises(ModelError, match=f"has {most} positions"):
        CrossEncoder(encoder, wordpiece(), CrossConfig(**EXACT | {"length": most + 1}))


def test_training_the_upper_half_leaves_the_encoder_alone() -> None:
    encoder = backbone()
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    model = CrossEncoder(encoder, wordpiece(), CrossConfig(**EXACT))
    with torch.no_grad():
        for parameter in model.layers.parameters():
            parameter.add_(1.0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


@pytest.mark.parametrize("kind", KINDS)
def test_dual_is_the_inner_product_of_pooled_segments(kind: str) -> None:
    model = cross(kind=kind)
    found = model.predict(QUERIES, DOCUMENTS)
    tokenizer = wordpiece()
    for row, (query, document) in enumerate(zip(QUERIES, DOCUMENTS, strict=True)):
        features = tokenizer(query, document, return_tensors="pt")
        if kind in ("distilbert", "mpnet"):
            features.pop("token_type_ids", None)
        with torch.no_grad():
            states = backbone(kind)(**features).last_hidden_state[0]
        at = np.array([-1 if i is None else i for i in tokenizer(query, document).sequence_ids()])
        q, d = (torch.nn.functional.normalize(states[at == part].mean(0), dim=0) for part in (0, 1))
        assert torch.allclose(found.queries[row], q, atol=1e-4) and torch.allclose(found.documents[row], d, atol=1e-4)
        assert found.scores[row].item() == pytest.approx((q @ d).item(), abs=1e-4)


def test_cls_is_linear_in_the_first_state() -> None:
    model = cross("cls")
    with torch.no_grad():
        model.head.weight.fill_(0.5)
        model.head.bias.fill_(2.0)
        states = backbone()(**wordpiece()(QUERIES[0], DOCUMENTS[0], return_tensors="pt")).last_hidden_state[0, 0]
    assert model.scores(QUERIES[:1], DOCUMENTS[:1])[0] == pytest.approx(2 + 0.5 * states.sum().item(), rel=1e-4)


@pytest.mark.parametrize("scorer", ["cls", "dual"])
@pytest.mark.parametrize("pooled", ["content", "specials"])
def test_a_pair_has_one_score_whatever_stands_beside_it(scorer: str, pooled: str) -> None:
    model = cross(scorer, pooled=pooled)
    together = model.scores(QUERIES, DOCUMENTS)
    alone = [model.scores([q], [d])[0] for q, d in zip(QUERIES, DOCUMENTS, strict=True)]
    assert together == pytest.approx(alone, abs=1e-5) and len(set(together.round(5))) == 3
    assert model.scores(QUERIES[::-1], DOCUMENTS[::-1])[::-1] == pytest.approx(together, abs=1e-5)


def test_the_query_vector_depends_on_the_document() -> None:
    found = cross().predict([QUERIES[0]] * 2, DOCUMENTS[:2])
    assert not torch.allclose(found.queries[0], found.queries[1], atol=1e-3)


def test_pool_counts_marked_tokens_alone_and_survives_an_empty_segment() -> None:
    states = torch.tensor([[[3.0, 0.0], [1.0, 4.0], [99.0, 99.0]], [[1.0, 1.0]] * 3])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert torch.allclose(pool(states, mask), torch.tensor([[0.5, 0.5], [0.0, 0.0]]).mul(2**0.5))
    assert np.isfinite(cross().scores(["a fox"], [""])).all()


def test_token_cosines_have_a_row_a_query_token() -> None:
    rows, columns, cosines = cross().tokens("white fox", "Etna is a volcano")
    assert cosines.shape == (len(rows), len(columns)) and "[SEP]" not in rows + columns
    assert np.abs(cosines).max() <= 1 + 1e-6


def test_from_teacher_and_what_it_refuses(tmp_path) -> None:
    teacher = load_teacher(teacher_folder(tmp_path), "cpu", "float32")
    model = CrossEncoder.from_teacher(teacher, CrossConfig(**EXACT))
    assert model.head.in_features == HIDDEN and model.scores(QUERIES, DOCUMENTS).shape == (3,)
    with pytest.raises(ModelError, match="positions"):
        CrossEncoder.from_teacher(teacher, CrossConfig(length=500))
    with pytest.raises(ModelError, match="has 3"):
        CrossEncoder.from_teacher(teacher, CrossConfig(length=48, layers=4))
    with pytest.raises(LabError, match="'cls', 'dual'"):
        CrossConfig(scorer="mean")
    with pytest.raises(LabError, match="unknown settings"):
        CrossConfig.from_dict({"depht": 3})
    assert CrossConfig.from_dict({"scorer": "cls"}).scorer == "cls"
