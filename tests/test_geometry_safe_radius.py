"""The safe radius: by hand, by brute force, and the promise itself, from inside and from just outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import LabError
from lab.geometry import distances, safe_radius

SEEDS = st.integers(0, 2**32 - 1)
SIZES = {"n": st.integers(1, 6), "m": st.integers(2, 12), "d": st.integers(1, 6)}


def space(seed: int, n: int, m: int, d: int, unit: bool = False) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    queries, documents = random.normal(size=(n, d)), random.normal(size=(m, d))
    if unit:
        queries, documents = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, documents))
    return queries, documents


def brute_force(queries: np.ndarray, documents: np.ndarray) -> list[float]:
    radii = []
    for query in queries:
        scores = documents @ query
        first = int(scores.argmax())
        others = [j for j in range(len(documents)) if (documents[j] != documents[first]).any()]
        gaps = (np.linalg.norm(documents[first] - documents[j]) for j in others)
        radii.append(min((scores[first] - scores[j]) / gap for j, gap in zip(others, gaps, strict=True)))
    return radii


def test_by_hand() -> None:
    documents = [[1, 0], [0, 1], [-1, 0]]
    found = safe_radius([[1, 0], [3, 1], [0, 2]], documents)
    # (1, 0): falls 1 and 2 over gaps √2 and 2. (3, 1): 2/√2 and 6/2. (0, 2): 2/√2 to either side.
    assert found.radius.tolist() == pytest.approx([1 / np.sqrt(2), np.sqrt(2), np.sqrt(2)])
    assert found.top.tolist() == [0, 0, 1]
    assert found.rival.tolist() == [1, 1, 0]


def test_a_copy_of_the_top_document_is_no_rival() -> None:
    found = safe_radius([[1, 0]], [[0, 1], [1, 0], [1, 0]], tolerance=0)
    assert (found.top[0], found.rival[0]) == (1, 0)
    assert found.radius[0] == pytest.approx(1 / np.sqrt(2))
    # nor is the same text encoded in another batch, unless asked for
    nearly = [[0, 1], [1, 0], [1, 1e-7]]
    assert safe_radius([[1, 0]], nearly).rival[0] == 0
    assert safe_radius([[1, 0]], 1e3 * np.array(nearly)).rival[0] == 0  # whatever the length of the vectors
    strict = safe_radius([[1, 0]], nearly, tolerance=0)
    assert (strict.radius[0], strict.rival[0]) == (0, 2)


def test_a_tie_between_different_documents_has_no_room() -> None:
    found = safe_radius([[1, 1]], [[1, 0], [0, 1]])
    assert (found.radius[0], found.top[0], found.rival[0]) == (0, 0, 1)


@pytest.mark.parametrize("documents", [[[1.0, 2.0]], [[1.0, 2.0]] * 4])
def test_without_another_document_nothing_can_be_lost(documents: list[list[float]]) -> None:
    found = safe_radius([[1, 0]], documents)
    assert found.radius[0] == np.inf and found.rival[0] == -1


@given(seed=SEEDS, unit=st.booleans(), **SIZES)
def test_is_what_two_loops_say(seed: int, unit: bool, n: int, m: int, d: int) -> None:
    queries, documents = space(seed, n, m, d, unit)
    documents = np.concatenate([documents, documents[:2]])  # with copies
    if len(np.unique(documents, axis=0)) > 1:  # one dimension and unit length leave −1 and 1
        assert safe_radius(queries, documents).radius == pytest.approx(brute_force(queries, documents))


def test_chunks_leave_no_seam() -> None:
    queries, documents = space(0, 300, 40, 5)
    assert safe_radius(queries, documents).radius == pytest.approx(brute_force(queries, documents))


def test_near_copies_keep_their_digits() -> None:
    # ‖a‖² + ‖b‖² − 2⟨a, b⟩ alone would give the distance 1e-7 · 1000 with no digit right.
    queries, documents = space(3, 4, 6, 5)
    documents = 1000 * np.concatenate([documents, documents + 1e-7 * space(4, 1, 6, 5)[1]])
    found = safe_radius(queries, documents, tolerance=0).radius
    assert found == pytest.approx(brute_force(queries, documents), rel=1e-4)


@given(seed=SEEDS, unit=st.booleans(), share=st.floats(0, 0.999), **SIZES)
def test_every_student_inside_keeps_the_top(
    seed: int, unit: bool, share: float, n: int, m: int, d: int
) -> None:
    queries, documents = space(seed, n, m, d, unit)
    found = safe_radius(queries, documents)
    reach = np.where(np.isfinite(found.radius), found.radius, 1e3)[:, None]
    random = np.random.default_rng(seed + 1)
    for _ in range(10):
        direction = random.normal(size=(n, d))
        students = queries + share * reach * direction / np.linalg.norm(direction, axis=1, keepdims=True)
        assert (distances(queries, students) < reach[:, 0]).all()
        assert (brute_top(students, documents) == found.top).all()


def brute_top(queries: np.ndarray, documents: np.ndarray) -> np.ndarray:
    return (queries @ documents.T).argmax(axis=1)


@given(seed=SEEDS, unit=st.booleans(), n=st.integers(1, 6), m=st.integers(2, 12), d=st.integers(2, 6))
def test_just_outside_in_the_worst_direction_it_is_lost(
    seed: int, unit: bool, n: int, m: int, d: int
) -> None:
    queries, documents = space(seed, n, m, d, unit)
    found = safe_radius(queries, documents)
    away = documents[found.rival] - documents[found.top]
    worst = found.radius[:, None] * away / np.linalg.norm(away, axis=1, keepdims=True)
    assert (brute_top(queries + 0.999 * worst, documents) == found.top).all()
    assert (brute_top(queries + 1.001 * worst, documents) == found.rival).all()


@given(seed=SEEDS, scale=st.floats(0.1, 10), n=st.integers(1, 6), m=st.integers(2, 12))
def test_what_it_sees_and_what_not(seed: int, scale: float, n: int, m: int) -> None:
    queries, documents = space(seed, n, m, 4)
    random = np.random.default_rng(seed)
    plain = safe_radius(queries, documents)
    turn, order = np.linalg.qr(random.normal(size=(4, 4)))[0], random.permutation(m)
    for other, factor in (
        (safe_radius(queries @ turn, documents @ turn), 1.0),
        (safe_radius(queries, documents[order]), 1.0),
        (safe_radius(queries, scale * documents), 1.0),  # falls and gaps grow alike
        (safe_radius(queries, documents + random.normal(size=4)), 1.0),  # only differences count
        (safe_radius(scale * queries, documents), scale),
    ):
        assert other.radius == pytest.approx(factor * plain.radius)
    assert (order[safe_radius(queries, documents[order]).top] == plain.top).all()


@pytest.mark.slow
def test_a_real_size_takes_less_than_two_seconds() -> None:
    queries, documents = space(0, 540, 10_033, 384, unit=True)
    start = time.process_time()
    safe_radius(queries.astype(np.float32), documents.astype(np.float32))
    assert time.process_time() - start < 2


Q, D = np.ones((2, 3)), np.eye(3)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: safe_radius(Q, np.ones((4, 2))), "queries have 3 dimensions, documents 2"),
        (lambda: safe_radius(Q[0], D), "queries must be of shape"),
        (lambda: safe_radius(Q, np.ones((0, 3))), "documents must be of shape"),
        (lambda: safe_radius(Q, D * np.nan), "documents holds NaN"),
        (lambda: safe_radius(Q, D, tolerance=-1), "tolerance must be at least 0"),
        (lambda: safe_radius(Q, D, tolerance=np.nan), "tolerance must be at least 0"),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], named: str) -> None:
    with pytest.raises(LabError, match=named):
        call()
