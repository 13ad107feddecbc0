"""What a token adds to a score: the slope times the vector, against a difference computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lab.cross import CrossConfig, CrossEncoder, influence
from tests.tiny import BACKBONES, backbone, wordpiece

QUERY, TEXT = "white fox", "The Arctic fox has thick white fur."


def cross(scorer: str, kind: str) -> CrossEncoder:
    return CrossEncoder(backbone(kind), wordpiece(), CrossConfig(scorer=scorer, precision="float32", length=48))


@pytest.mark.parametrize("kind", ["distilbert", *BACKBONES])
@pytest.mark.parametrize("scorer", ["cls", "dual"])
def test_it_is_what_the_score_gains_when_a_token_grows(scorer: str, kind: str) -> None:
    model = cross(scorer, kind)
    found = influence(model, QUERY, TEXT)
    assert found.query_tokens == ["white", "fox"] and "[SEP]" not in found.document_tokens
    pairs = model.pairs([QUERY], [TEXT])
    batch, step = model.collate(pairs), 1e-2
    places = np.flatnonzero(pairs[0].kinds == 1)

    def score(place: int, factor: float) -> float:
        with torch.no_grad():
            vectors = model.lower.get_input_embeddings()(batch.ids).clone()
            vectors[0, place] *= factor
            types = {"token_type_ids": batch.types} if model.typed else {}
            below = model.lower(inputs_embeds=vectors, attention_mask=batch.mask, **types).last_hidden_state
            return model.read(model.above(below, batch), batch).scores[0].item()

    slopes = [(score(at, 1 + step) - score(at, 1 - step)) / (2 * step) for at in places]
    near = 0.02 * float(np.abs(found.query).max()) + 1e-4
    assert found.query.tolist() == pytest.approx(slopes, rel=0.05, abs=near)
    assert score(0, 1.0) == pytest.approx(model.scores([QUERY], [TEXT])[0], abs=1e-4), "read as it is scored"


def test_looking_leaves_no_gradient_behind() -> None:
    model = cross("cls", "bert")
    influence(model, QUERY, TEXT)
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())
