"""The score losses against numbers worked out by hand, their gradients and their invariances."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lab.losses import candidate_scores, margin_mse, one_hot, score_distillation
from tests.drawn import normal_tensor as normal

LN2, LN3, LN4, LN5 = math.log(2), math.log(3), math.log(4), math.log(5)
QUERIES = torch.tensor(
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
)  # pick the first and the second number of a document
# In batch: scores [[ln 3, 0], [ln 2, ln 2]], softmax [[3/4, 1/4], [1/2, 1/2]].
DOCUMENTS = torch.tensor([[LN3, LN2, 9.0], [0.0, LN2, -9.0]])
# Given: scores [[ln 2, 0, 0], [0, ln 3, 0]], softmax [[1/2, 1/4, 1/4], [1/5, 3/5, 1/5]].
GIVEN = torch.tensor([[[LN2, 7, 7], [0, 7, 7], [0, 7, 7]], [[7, 0, 7], [7, LN3, 7], [7, 0, 7]]])
# softmax [[1/4, 1/2, 1/4], [3/5, 1/5, 1/5]] and [[1/4, 1/4, 1/2], [1/3, 1/3, 1/3]]
TEACHER = torch.tensor([[0.0, LN2, 0.0], [LN3, 0.0, 0.0]])
STUDENT = torch.tensor([[0.0, 0.0, LN2], [0.0, 0.0, 0.0]])


def test_one_hot_in_batch_by_hand() -> None:
    # −(ln 3/4 + ln 1/2)/2 = (0.2876821 + 0.6931472)/2
    assert one_hot(QUERIES, DOCUMENTS, temperature=1).item() == pytest.approx(0.4904146, abs=1e-6)
    # τ = 1/2 doubles the scores: softmax [[9/10, 1/10], [1/2, 1/2]], (0.1053605 + 0.6931472)/2
    assert one_hot(QUERIES, DOCUMENTS, temperature=0.5).item() == pytest.approx(0.3992538, abs=1e-6)


def test_one_hot_given_by_hand() -> None:
    # positive first: −(ln 1/2 + ln 1/5)/2 = (0.6931472 + 1.6094379)/2
    assert one_hot(QUERIES, GIVEN, temperature=1).item() == pytest.approx(1.1512925, abs=1e-6)
    # positives 0 and 1: −(ln 1/2 + ln 3/5)/2 = (0.6931472 + 0.5108256)/2
    named = one_hot(QUERIES, GIVEN, temperature=1, positives=torch.tensor([0, 1]))
    assert named.item() == pytest.approx(0.6019864, abs=1e-6)


def test_one_hot_masked_by_hand() -> None:
    # The second query's wrong answer is its own document once more: only −(ln 3/4)/2 is left.
    mask = torch.tensor([[False, False], [True, False]])
    assert one_hot(QUERIES, DOCUMENTS, temperature=1, mask=mask).item() == pytest.approx(0.1438410, abs=1e-6)


def test_score_distillation_by_hand() -> None:
    # 1/4·ln 4 + 1/2·ln 4 + 1/4·ln 2 = 1.2130076; ln 3 = 1.0986123
    assert score_distillation(STUDENT, TEACHER, temperature=1).item() == pytest.approx(1.1558099, abs=1e-6)
    # minus the entropies 1.0397208 and 0.6·ln(5/3) + 0.4·ln 5 = 0.9502706
    divergence = score_distillation(STUDENT, TEACHER, temperature=1, kl=True)
    assert divergence.item() == pytest.approx(0.1608142, abs=1e-6)


def test_score_distillation_with_two_temperatures_by_hand() -> None:
    # Halving τ of the student doubles its scores: softmax [[1/6, 1/6, 2/3], [1/3]*3];
    # doubling the teacher's scores at τ_t = 2 leaves its softmax as it was.
    # 1/4·ln 6 + 1/2·ln 6 + 1/4·ln 3/2 = 1.3438196 + 0.1013663; ln 3 = 1.0986123
    loss = score_distillation(STUDENT, 2 * TEACHER, temperature=0.5, teacher_temperature=2)
    assert loss.item() == pytest.approx((1.4451859 + 1.0986123) / 2, abs=1e-6)


def test_score_distillation_masked_by_hand() -> None:
    # Without the middle candidate: teacher [[1/2, 1/2], [3/4, 1/4]], student [[1/3, 2/3], [1/2, 1/2]].
    # 1/2·ln 3 + 1/2·ln 3/2 = 0.7520387; ln 2 = 0.6931472
    mask = torch.tensor([[False, True, False]] * 2)
    loss = score_distillation(STUDENT, TEACHER, temperature=1, mask=mask)
    assert loss.item() == pytest.approx(0.7225930, abs=1e-6)


def test_margin_mse_by_hand() -> None:
    student, teacher = torch.tensor([[2.0, 1, 0], [0, 3, 1]]), torch.tensor([[1.0, 1, 1], [2, 0, 1]])
    # margins (1, 2), (−3, −1) against (0, 0), (2, 1): (1 + 4 + 25 + 4)/4
    assert margin_mse(student, teacher).item() == 8.5
    mask = torch.tensor([[False, False, False], [False, True, False]])
    assert margin_mse(student, teacher, mask=mask).item() == 3.0  # (1 + 4 + 4)/3
    # second row's positive is column 1: (3, 2) against (−2, −1): (1 + 4 + 25 + 9)/4
    assert margin_mse(student, teacher, positives=torch.tensor([0, 1])).item() == 9.75


def test_candidate_scores_of_both_layouts() -> None:
    torch.testing.assert_close(candidate_scores(QUERIES, DOCUMENTS), torch.tensor([[LN3, 0.0], [LN2, LN2]]))
    torch.testing.assert_close(candidate_scores(QUERIES, GIVEN), torch.tensor([[LN2, 0, 0], [0, LN3, 0]]))


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "one_hot": lambda s, t: one_hot(s, t[: len(s)], temperature=0.5),
    "one_hot given": lambda s, t: one_hot(s, torch.stack([t, t.flip(0)], 1), temperature=0.5),
    "score": lambda s, t: score_distillation(s, t, temperature=0.5),
    "score kl": lambda s, t: score_distillation(s, t, temperature=0.5, teacher_temperature=2, kl=True),
    "score masked": lambda s, t: score_distillation(
        s, t, temperature=1, mask=torch.eye(*s.shape, dtype=torch.bool)
    ),
    "margin": margin_mse,
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_that_of_finite_differences(name: str) -> None:
    student, teacher = normal(0, 4, 5).requires_grad_(), normal(1, 4, 5)
    assert torch.autograd.gradcheck(lambda s: LOSSES[name](s, teacher), (student,))


def test_kl_and_cross_entropy_have_one_gradient_and_the_teacher_none() -> None:
    student, teacher = normal(2, 4, 6).requires_grad_(), normal(3, 4, 6).requires_grad_()
    gradients = [
        torch.autograd.grad(score_distillation(student, teacher, temperature=0.1, kl=kl), student)[0]
        for kl in (False, True)
    ]
    torch.testing.assert_close(*gradients)
    for loss in (score_distillation(student, teacher, temperature=1), margin_mse(student, teacher)):
        assert torch.autograd.grad(loss, teacher, allow_unused=True) == (None,)


@given(seed=st.integers(0, 2**32), size=st.integers(1, 5), width=st.integers(2, 6))
def test_kl_is_never_negative_and_zero_for_a_perfect_student(seed: int, size: int, width: int) -> None:
    student, teacher = normal(seed, size, width), normal(seed + 1, size, width)
    assert score_distillation(student, teacher, temperature=0.3, kl=True) >= 0
    own = score_distillation(teacher, teacher, temperature=0.3, kl=True)
    torch.testing.assert_close(own, torch.zeros_like(own), atol=1e-12, rtol=0)
    assert margin_mse(teacher, teacher) == 0


@given(seed=st.integers(0, 2**32), shift=st.floats(-10, 10))
def test_a_shift_of_all_scores_of_a_query_teaches_nothing(seed: int, shift: float) -> None:
    student, teacher = normal(seed, 3, 4), normal(seed + 1, 3, 4)
    offsets = torch.tensor([[0.0], [shift], [2 * shift]])
    torch.testing.assert_close(margin_mse(student + offsets, teacher), margin_mse(student, teacher))
    torch.testing.assert_close(
        score_distillation(student, teacher - offsets, temperature=0.5),
        score_distillation(student, teacher, temperature=0.5),
    )


@given(seed=st.integers(0, 2**32))
def test_rotating_both_towers_leaves_the_score_losses(seed: int) -> None:
    queries, documents, teacher = normal(seed, 4, 6), normal(seed + 1, 4, 6), normal(seed + 2, 4, 4)
    turn = torch.linalg.qr(normal(seed + 3, 6, 6))[0]
    before, after = candidate_scores(queries, documents), candidate_scores(queries @ turn, documents @ turn)
    torch.testing.assert_close(after, before)
    torch.testing.assert_close(
        one_hot(queries @ turn, documents @ turn, temperature=0.1),
        one_hot(queries, documents, temperature=0.1),
    )
    torch.testing.assert_close(
        score_distillation(after, teacher, temperature=0.1),
        score_distillation(before, teacher, temperature=0.1),
    )


@given(seed=st.integers(0, 2**32), size=st.integers(2, 6))
def test_the_order_of_a_batch_does_not_matter(seed: int, size: int) -> None:
    queries, documents = normal(seed, size, 4), normal(seed + 1, size, 4)
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(
        one_hot(queries[order], documents[order], temperature=0.2),
        one_hot(queries, documents, temperature=0.2),
    )
