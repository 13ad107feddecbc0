"""Fidelity by hand: overlap, nDCG against the teacher's list, distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.evaluation.fidelity import fidelity, overlap, teacher_qrels, vector_distance
from lab.retrieval.run import Run

DOCS = tuple(f"d{i}" for i in range(30))


def make(rows: list[list[int]], name: str = "r", docs: tuple[str, ...] = DOCS) -> Run:
    array = np.array(rows)
    scores = np.where(array < 0, -np.inf, np.arange(array.shape[1], 0, -1.0))
    return Run(name, tuple(f"q{i}" for i in range(len(rows))), docs, array, scores)


TEACHER = make([list(range(20)), list(range(20))], "teacher")


def test_a_perfect_copy() -> None:
    result = fidelity(TEACHER, TEACHER, distance=[0.0, 0.0])
    assert result.distance is not None
    for interval, value in ((result.overlap, 1.0), (result.ndcg, 1.0), (result.distance, 0.0)):
        assert (interval.value, interval.low, interval.high) == (value, value, value)
    assert (result.depth, result.queries) == (10, 2)


def test_a_stranger() -> None:
    result = fidelity(TEACHER, make([list(range(10, 30)), list(range(10, 30))]))
    assert (result.overlap.value, result.ndcg.value, result.distance) == (0.0, 0.0, None)


def test_values_by_hand() -> None:
    teacher, student = make([[0, 1, 2, 3]]), make([[1, 9, 0, 2]])
    # Depth 3: gains 3, 2, 1 for documents 0, 1, 2. The student's first three are worth 2, 0, 3.
    assert overlap(teacher, student, 3).tolist() == pytest.approx([2 / 3])
    ideal = 3 + 2 / math.log2(3) + 1 / math.log2(4)
    assert fidelity(teacher, student, depth=3).ndcg.value == pytest.approx((2 + 3 / math.log2(4)) / ideal)
    equal = fidelity(teacher, student, depth=3, gains="equal")
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert equal.ndcg.value == pytest.approx((1 + 1 / math.log2(4)) / ideal)
    assert teacher_qrels(teacher, 2) == {"q0": {"d0": 2, "d1": 1}}
    assert teacher_qrels(teacher, 2, "equal") == {"q0": {"d0": 1, "d1": 1}}


def test_what_lies_below_the_depth_does_not_count() -> None:
    student = make([[*range(10), *range(20, 30)], [*range(10), *range(20, 30)]])
    assert fidelity(TEACHER, student).overlap.value == 1.0
    assert fidelity(TEACHER, student, depth=20).overlap.value == 0.5


def test_a_small_collection_and_short_lists() -> None:
    docs = ("a", "b", "c")
    result = fidelity(make([[0, 1, 2]], docs=docs), make([[0, 2, 1]], docs=docs))
    assert (result.depth, result.overlap.value) == (3, 1.0)
    assert overlap(make([[4, 5, -1]]), make([[5, -1, -1]]), 3).tolist() == [0.5]  # one of two


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(12)))
def test_order_inside_the_list_shows_in_ndcg_and_not_in_overlap(order: list[int]) -> None:
    teacher = make([list(range(10))])
    student = make([order[:10]])
    result = fidelity(teacher, student)
    assert result.overlap.value == pytest.approx(sum(row < 10 for row in order[:10]) / 10)
    assert 0 < result.ndcg.value <= 1 + 1e-12
    assert (result.ndcg.value > 1 - 1e-9) == (order[:10] == list(range(10)))


def test_the_words_never_say_retention() -> None:
    text = str(fidelity(TEACHER, TEACHER, distance=[0.1, 0.3]))
    assert text == ("overlap@10 1.000 [1.000, 1.000], "
                    "nDCG@10 against the teacher's list 1.000 [1.000, 1.000], "
                    "mean ‖t−s‖ 0.200 [0.100, 0.300] (2 queries, no judgements)")


def test_the_distance_of_vectors() -> None:
    assert vector_distance([[3.0, 0.0], [0.0, 1.0]], [[0.0, 4.0], [0.0, 1.0]]).tolist() == [5.0, 0.0]
    with pytest.raises(DataError, match=r"\(1, 3\).*\(1, 2\).*projection"):
        vector_distance([[1.0, 2.0, 3.0]], [[1.0, 2.0]])


def test_bad_input_is_refused() -> None:
    with pytest.raises(DataError, match="different queries"):
        fidelity(TEACHER, make([list(range(20))]))
    with pytest.raises(DataError, match="distances of shape"):
        fidelity(TEACHER, TEACHER, distance=[0.1])
    with pytest.raises(DataError, match="holds 20 documents a query, fidelity looks at 25"):
        fidelity(TEACHER, TEACHER, depth=25)
    with pytest.raises(DataError, match="unknown gains 'log'"):
        fidelity(TEACHER, TEACHER, gains="log")  # type: ignore[arg-type]
