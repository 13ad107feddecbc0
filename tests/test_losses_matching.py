"""Embedding matching and spread-out against numbers worked out by hand, and what holds for any vectors."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lab.errors import LabError
from lab.losses import DISTANCES, matching, spread_out

# Differences (3, 4, 0) and (−1, −2, −2): lengths 5 and 3.
TEACHER = [[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]]
STUDENT = [[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]


def random_pair(seed: int, *shape: int, unit: bool = False) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    student, teacher = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    if unit:
        student, teacher = (x / x.norm(dim=-1, keepdim=True) for x in (student, teacher))
    return student, teacher


def rotation(seed: int, size: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]


def test_norm_by_hand() -> None:
    assert matching(torch.tensor(STUDENT), torch.tensor(TEACHER)).item() == 4.0  # (5 + 3) / 2


def test_squared_by_hand() -> None:
    assert matching(torch.tensor(STUDENT), torch.tensor(TEACHER), "squared").item() == 17.0  # (25 + 9) / 2


def test_cosine_by_hand() -> None:
    teacher = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    student = torch.tensor([[3.0, 4.0, 0.0], [0.0, -2.0, 0.0]])
    # cosines 3/5 and −1: (0.4 + 2) / 2
    assert matching(student, teacher, "cosine").item() == pytest.approx(1.2, abs=1e-6)


@pytest.mark.parametrize(
    ("distance", "expected"),
    # (s − t)/‖s − t‖ over B = 2; 2 (s − t) over B = 2
    [
        ("norm", [[0.3, 0.4, 0.0], [-1 / 6, -1 / 3, -1 / 3]]),
        ("squared", [[3.0, 4.0, 0.0], [-1.0, -2.0, -2.0]]),
    ],
)
def test_gradient_by_hand(distance: str, expected: list[list[float]]) -> None:
    student = torch.tensor(STUDENT, requires_grad=True)
    matching(student, torch.tensor(TEACHER), distance).backward()  # type: ignore[arg-type]
    torch.testing.assert_close(student.grad, torch.tensor(expected))


@pytest.mark.parametrize("distance", DISTANCES)
def test_gradient_is_that_of_finite_differences(distance: str) -> None:
    student, teacher = random_pair(0, 4, 5)
    student.requires_grad_()
    assert torch.autograd.gradcheck(lambda s: matching(s, teacher, distance), (student,))  # type: ignore[arg-type]


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_student_on_the_spot_is_left_in_peace(distance: str, dtype: torch.dtype) -> None:
    teacher = torch.tensor([[0.6, 0.8], [0.0, 1.0], [1e-30, 0.0]], dtype=dtype)
    student = teacher.clone().requires_grad_()
    loss = matching(student[:2], teacher[:2], distance)  # type: ignore[arg-type]
    loss.backward()
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    assert student.grad is not None
    torch.testing.assert_close(student.grad, torch.zeros_like(teacher), atol=1e-7, rtol=0)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("value", [0.0, 1e-30, 1e-20, 1e15])
def test_gradient_stays_finite_at_any_scale(distance: str, value: float) -> None:
    student = torch.full((2, 3), value, requires_grad=True)
    matching(student, torch.eye(2, 3) * value, distance).backward()  # type: ignore[arg-type]
    assert student.grad is not None and student.grad.isfinite().all()


@pytest.mark.parametrize("length", [1e-3, 1.0, 1e3])
def test_the_norm_pulls_alike_from_everywhere_its_square_in_proportion(length: float) -> None:
    force = {}
    for distance in ("norm", "squared"):
        student = torch.tensor([[length, 0.0, 0.0]], requires_grad=True)
        matching(student, torch.zeros(1, 3), distance).backward()  # type: ignore[arg-type]
        assert student.grad is not None
        force[distance] = student.grad.norm().item()
    assert force == pytest.approx({"norm": 1.0, "squared": 2 * length})


@given(seed=st.integers(0, 2**32), size=st.integers(1, 8), width=st.integers(2, 12))
def test_for_unit_vectors_squared_is_twice_the_cosine_distance(seed: int, size: int, width: int) -> None:
    student, teacher = random_pair(seed, size, width, unit=True)
    squared, cosine = matching(student, teacher, "squared"), matching(student, teacher, "cosine")
    torch.testing.assert_close(squared, 2 * cosine)


@given(seed=st.integers(0, 2**32), distance=st.sampled_from(DISTANCES), leading=st.integers(1, 4))
def test_leading_dimensions_are_a_longer_batch(seed: int, distance: str, leading: int) -> None:
    student, teacher = random_pair(seed, 3, leading, 6)  # (B, H, d), as hard negatives come
    flat = matching(student.flatten(0, 1), teacher.flatten(0, 1), distance)  # type: ignore[arg-type]
    torch.testing.assert_close(matching(student, teacher, distance), flat)  # type: ignore[arg-type]


@given(seed=st.integers(0, 2**32), distance=st.sampled_from(DISTANCES))
def test_one_rotation_of_both_changes_nothing_of_the_student_alone_does(seed: int, distance: str) -> None:
    student, teacher = random_pair(seed, 5, 8)
    turn = rotation(seed + 1, 8)
    before = matching(teacher, teacher, distance)  # type: ignore[arg-type]
    torch.testing.assert_close(
        matching(student @ turn, teacher @ turn, distance),  # type: ignore[arg-type]
        matching(student, teacher, distance),  # type: ignore[arg-type]
    )
    assert matching(teacher @ turn, teacher, distance) > before + 0.1  # type: ignore[arg-type]


def test_no_gradient_reaches_the_teacher() -> None:
    student, teacher = (x.requires_grad_() for x in random_pair(0, 2, 3))
    matching(student, teacher).backward()
    assert student.grad is not None and teacher.grad is None


@pytest.mark.parametrize("distance", DISTANCES)
def test_autocast_does_not_reach_the_loss(distance: str) -> None:
    student, teacher = (x.float() for x in random_pair(3, 8, 16))
    outside = matching(student, teacher, distance)  # type: ignore[arg-type]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = matching(student, teacher, distance)  # type: ignore[arg-type]
    assert inside.dtype == torch.float32 and torch.equal(inside, outside)
    for low in (torch.bfloat16, torch.float16):
        rounded = matching(student.to(low), teacher.to(low), distance)  # type: ignore[arg-type]
        exact = matching(student.to(low).float(), teacher.to(low).float(), distance)  # type: ignore[arg-type]
        assert rounded.dtype == torch.float32 and torch.equal(rounded, exact)


@pytest.mark.parametrize(
    ("student", "teacher", "distance", "named"),
    [
        (torch.ones(2, 3), torch.ones(2, 4), "norm", "student has shape"),
        (torch.ones(2, 3), torch.ones(1, 3), "norm", "student has shape"),  # would broadcast silently
        (torch.ones(3), torch.ones(3), "norm", "student must be non-empty"),
        (torch.ones(0, 3), torch.ones(0, 3), "norm", "student must be non-empty"),
        (torch.ones(2, 3), torch.ones(2, 3, dtype=torch.long), "norm", "teacher must hold floating"),
        (torch.ones(2, 3), [[1.0, 2.0, 3.0]] * 2, "norm", "teacher must be a torch.Tensor"),
        (torch.ones(2, 3), torch.full((2, 3), torch.nan), "norm", "teacher holds NaN"),
        (torch.ones(2, 3), torch.full((2, 3), torch.inf), "cosine", "teacher holds NaN or infinity"),
        (torch.ones(2, 3), torch.ones(2, 3), "euclidean", "distance must be one of norm, squared, cosine"),
    ],
)
def test_bad_input_is_named(student: Tensor, teacher: Tensor, distance: str, named: str) -> None:
    with pytest.raises(LabError, match=named):
        matching(student, teacher, distance)  # type: ignore[arg-type]


def test_spread_out_by_hand() -> None:
    # inner products 0.6, 0, 0: 2 · 0.36 over 3 · 2 ordered pairs
    vectors = torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    assert spread_out(vectors).item() == pytest.approx(0.12)
    # (1, 2, 2)·(2, 0, 1) = 4: 2 · 16 over 2 pairs
    assert spread_out(torch.tensor([[1.0, 2.0, 2.0], [2.0, 0.0, 1.0]])).item() == pytest.approx(16.0)


def test_spread_out_between_its_ends() -> None:
    assert spread_out(torch.eye(4, 6)).item() == 0.0
    assert spread_out(torch.tensor([[0.6, 0.8]] * 5)).item() == pytest.approx(1.0)
    assert spread_out(torch.ones(1, 3)).item() == 0.0  # no pair


def test_spread_out_gradient_and_descent() -> None:
    vectors = random_pair(1, 4, 3)[0].requires_grad_()
    assert torch.autograd.gradcheck(spread_out, (vectors,))
    before = spread_out(vectors)
    (gradient,) = torch.autograd.grad(before, vectors)
    assert spread_out(vectors - 0.01 * gradient) < before


@given(seed=st.integers(0, 2**32), size=st.integers(2, 8))
def test_spread_out_does_not_see_a_rotation_nor_the_order(seed: int, size: int) -> None:
    vectors = random_pair(seed, size, 5)[0]
    moved = vectors[torch.randperm(size, generator=torch.Generator().manual_seed(seed))] @ rotation(seed, 5)
    torch.testing.assert_close(spread_out(moved), spread_out(vectors))


def test_spread_out_names_bad_input() -> None:
    with pytest.raises(LabError, match="embeddings must be non-empty and of shape"):
        spread_out(torch.ones(2, 3, 4))
