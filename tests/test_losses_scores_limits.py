"""The score losses at their ends: temperatures without bounds, one candidate, bfloat16 around them, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from lab.errors import LabError
from lab.losses import candidate_scores, duplicate_mask, margin_mse, one_hot, score_distillation
from tests.drawn import normal_tensor as normal


def test_high_temperature_forgets_the_scores() -> None:
    queries, documents, teacher = normal(0, 5, 8), normal(1, 5, 8), normal(2, 5, 5)
    assert one_hot(queries, documents, temperature=1e9).item() == pytest.approx(math.log(5))
    scores = candidate_scores(queries, documents)
    assert score_distillation(scores, teacher, temperature=1e9).item() == pytest.approx(math.log(5))


def test_low_temperature_sees_the_best_alone() -> None:
    right, wrong = torch.eye(4) * 0.5, torch.eye(4).roll(1, 0) * 0.5
    assert one_hot(torch.eye(4), right, temperature=1e-3).item() == 0.0
    # The right document scores 0, the best wrong one 0.5: 0.5/τ
    assert one_hot(torch.eye(4), wrong, temperature=1e-3).item() == pytest.approx(500.0)


def test_a_cold_teacher_is_a_label() -> None:
    student, teacher = normal(0, 4, 6), normal(1, 4, 6)
    soft = score_distillation(student, teacher, temperature=0.5, teacher_temperature=1e-6)
    hard = torch.nn.functional.cross_entropy(student / 0.5, teacher.argmax(1))
    torch.testing.assert_close(soft, hard)


def test_one_candidate_is_no_choice() -> None:
    # The last batch of an epoch may hold one query: nothing to learn, and no NaN.
    query, document = normal(0, 1, 4).requires_grad_(), normal(1, 1, 4)
    scores = candidate_scores(query, document)
    for loss in (
        one_hot(query, document, temperature=0.1),
        score_distillation(scores, scores, temperature=0.1),
        margin_mse(scores, scores),
    ):
        (gradient,) = torch.autograd.grad(loss, query, retain_graph=True)
        assert loss.item() == 0 and (gradient == 0).all()


def test_autocast_does_not_reach_the_losses() -> None:
    queries, documents, teacher = normal(0, 8, 64).float(), normal(1, 8, 64).float(), normal(2, 8, 8).float()

    def losses() -> list[Tensor]:
        scores = candidate_scores(queries, documents)
        return [
            one_hot(queries, documents, temperature=0.05),
            one_hot(query=queries, document=documents, temperature=0.05),
            score_distillation(scores, teacher, temperature=0.05),
            margin_mse(scores, teacher),
        ]

    outside = losses()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (queries @ documents.T).dtype == torch.bfloat16  # autocast is on, and would have rounded
        inside = losses()
    assert all(torch.equal(a, b) and a.dtype == torch.float32 for a, b in zip(inside, outside, strict=True))


Q, D, S = torch.ones(2, 3), torch.ones(2, 3), torch.ones(2, 4)
NAN = torch.full((2, 4), torch.nan)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: one_hot(Q, D, temperature=0), "temperature must be a positive"),
        (lambda: one_hot(Q, D, temperature=-1), "temperature must be a positive"),
        (lambda: one_hot(Q, D, temperature=math.nan), "temperature must be a positive"),
        (lambda: one_hot(Q[0], D, temperature=1), "query must be non-empty"),
        (lambda: one_hot(Q, torch.ones(2, 4), temperature=1), "document has shape"),
        (lambda: one_hot(Q, torch.ones(1, 3), temperature=1), "document has 1 rows for 2 queries"),
        (lambda: one_hot(Q, torch.ones(3, 2, 3), temperature=1), "document has shape"),
        (lambda: one_hot(Q, [[1.0]], temperature=1), "document must be a torch.Tensor"),
        (lambda: one_hot(Q, D, temperature=1, mask=torch.ones(2, 2)), "mask must be a boolean"),
        (lambda: one_hot(Q, D, temperature=1, mask=torch.zeros(2, 3, dtype=torch.bool)), "mask has shape"),
        (
            lambda: one_hot(Q, D, temperature=1, mask=torch.eye(2, dtype=torch.bool)),
            "mask hides the positive",
        ),
        (
            lambda: one_hot(Q, D, temperature=1, positives=torch.tensor([0, 2])),
            "positives must lie between 0 and 1",
        ),
        (lambda: one_hot(Q, D, temperature=1, positives=torch.tensor([0])), "positives has shape"),
        (
            lambda: one_hot(Q, D, temperature=1, positives=[0, 1]),
            "positives must be a torch.Tensor of integers",
        ),
        (lambda: score_distillation(S, S[:1], temperature=1), "student_scores has shape"),
        (lambda: score_distillation(S, NAN, temperature=1), "teacher_scores holds NaN"),
        (lambda: score_distillation(S, S, temperature=0), "temperature must be"),
        (
            lambda: score_distillation(S, S, temperature=1, teacher_temperature=0),
            "teacher_temperature must be",
        ),
        (
            lambda: score_distillation(S, S, temperature=1, mask=torch.ones(2, 4, dtype=torch.bool)),
            "mask leaves a query without",
        ),
        (lambda: margin_mse(S, S[:, :2]), "student_scores has shape"),
        (lambda: margin_mse(S, NAN), "teacher_scores holds NaN"),
        (lambda: margin_mse(S, S, positives=torch.tensor([4, 0])), "positives must lie between 0 and 3"),
        (lambda: duplicate_mask(["a", "b"], ["a"]), "doc_keys .length 1. must fit query_keys .length 2."),
        (lambda: duplicate_mask([], []), "doc_keys"),
        (lambda: duplicate_mask(["a"], [["a", "b"], ["c", "d"]]), "doc_keys"),
        (lambda: duplicate_mask(["a", "b"], [["a"], ["b", "c"]]), "doc_keys holds lists of unequal length"),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], named: str) -> None:
    with pytest.raises(LabError, match=named):
        call()
