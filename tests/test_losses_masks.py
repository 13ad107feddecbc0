"""What is no negative: a masked candidate is as if it were not there, and the mask of duplicates finds them all."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lab.losses import candidate_scores, duplicate_mask, margin_mse, one_hot, score_distillation
from tests.drawn import normal_tensor as normal

LN2 = math.log(2)


def test_a_masked_candidate_has_no_gradient_and_no_influence() -> None:
    queries, documents = normal(0, 3, 4), normal(1, 3, 5, 4).requires_grad_()
    mask = torch.zeros(3, 5, dtype=torch.bool)
    mask[0, 2] = mask[2, 4] = True
    teacher = normal(2, 3, 5)

    def losses(candidates: Tensor) -> list[Tensor]:
        scores = candidate_scores(queries, candidates)
        return [
            one_hot(queries, candidates, temperature=0.5, mask=mask),
            score_distillation(scores, teacher, temperature=0.5, mask=mask),
            margin_mse(scores, teacher, mask=mask),
        ]

    for loss in losses(documents):
        (gradient,) = torch.autograd.grad(loss, documents, retain_graph=True)
        assert gradient.isfinite().all()
        assert (gradient[mask] == 0).all() and (gradient[~mask].norm(dim=1) > 0).all()
    moved = torch.where(mask[..., None], 100.0, documents)
    torch.testing.assert_close(losses(moved), losses(documents))


def test_an_unmasked_duplicate_is_what_the_mask_is_for() -> None:
    # Two queries of one document: without a mask the loss cannot fall below ln 2, with it, it can reach 0.
    queries, documents = torch.eye(3)[[0, 0, 1]], torch.eye(3)[[0, 0, 1]]
    mask = duplicate_mask(["a", "a", "b"], ["a", "a", "b"])
    assert one_hot(queries, documents, temperature=0.01).item() == pytest.approx(2 / 3 * LN2, abs=1e-6)
    assert one_hot(queries, documents, temperature=0.01, mask=mask).item() == pytest.approx(0, abs=1e-6)


def test_duplicate_mask_in_batch() -> None:
    mask = duplicate_mask(["a", "b", "a"], ["a", "b", "a", "b", "c"])
    assert mask.int().tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 0]]
    by_text = duplicate_mask([("x",), ("x",), ("y",)], [("x",), ("x",), ("y",), ("z",), ("x",)])
    assert (mask | by_text).int().tolist() == [[0, 1, 1, 0, 1], [1, 0, 0, 1, 1], [1, 0, 0, 0, 0]]


def test_duplicate_mask_given() -> None:
    mask = duplicate_mask([7, 8], [[7, 3, 7], [8, 7, 9]])
    assert mask.int().tolist() == [[0, 0, 1], [0, 0, 0]]


@given(keys=st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_duplicate_mask_is_what_two_loops_say(keys: list[int]) -> None:
    expected = [[i != j and a == b for j, b in enumerate(keys)] for i, a in enumerate(keys)]
    assert duplicate_mask(keys, keys).tolist() == expected
