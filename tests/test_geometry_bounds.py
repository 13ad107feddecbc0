"""Cauchy–Schwarz on every pair, and the theorem's terms on a case computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lab.errors import LabError
from lab.geometry import Sample, Triples, cross_entropy, draw_triples, gap_bound, score_bound, sigmoid

TEACHER = [[1.0, 0.0], [0.0, 1.0]]
STUDENT = [[0.6, 0.8], [0.0, 1.0]]  # the first is off by (0.4, −0.8), the second is a copy
DOCUMENTS = [[0.0, 1.0], [1.0, 0.0], [0.6, 0.8]]


def triples(*rows: tuple[int, int, int]) -> Triples:
    query, document, label = np.array(rows).T
    return Triples(query, document, label.astype(float))


def test_changes_and_bounds_computed_by_hand() -> None:
    found = score_bound(TEACHER, STUDENT, DOCUMENTS)
    away = math.sqrt(0.8)  # ‖(0.4, −0.8)‖
    assert found.change == pytest.approx(np.array([[0.8, 0.4, abs(0.4 * 0.6 - 0.8 * 0.8)], [0, 0, 0]]))
    assert found.bound == pytest.approx(np.array([[away] * 3, [0, 0, 0]]))
    assert found.tightness == pytest.approx(np.array([[0.8 / away, 0.4 / away, 0.4 / away], [1, 1, 1]]))


def test_own_documents_add_the_second_term() -> None:
    found = score_bound([[2.0, 0.0]], [[0.0, 3.0]], [[0.0, 2.0]], [[0.0, 1.0]])
    assert found.change == pytest.approx(np.array([[3.0]]))  # 0 → 3
    assert found.bound == pytest.approx(np.array([[math.sqrt(13) * 2 + 3 * 1]]))


def test_the_bound_is_reached_where_the_miss_points_along_the_document() -> None:
    found = score_bound([[1.0, 0.0]], [[1.0, 0.5]], [[0.0, 2.0]])
    assert found.tightness == pytest.approx(np.array([[1.0]]))


VECTORS = arrays(np.float64, (3, 4), elements=st.floats(-2, 2))


@given(VECTORS, VECTORS, VECTORS, VECTORS)
def test_no_pair_is_above_its_bound(tq: np.ndarray, sq: np.ndarray, td: np.ndarray, sd: np.ndarray) -> None:
    found = score_bound(tq, sq, td, sd)
    assert found.change == pytest.approx(np.abs(tq @ td.T - sq @ sd.T), abs=1e-9)
    assert (found.change <= found.bound + 1e-9).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LabError, match="2 dimensions, documents 3"):
        score_bound(TEACHER, STUDENT, [[1.0, 0.0, 0.0]])
    with pytest.raises(LabError, match="student_queries"):
        score_bound(TEACHER, STUDENT[:1], DOCUMENTS)


def test_triples_are_all_relevant_pairs_each_with_irrelevant_ones() -> None:
    relevant = [{3, 1}, {0}]
    found = draw_triples(relevant, documents=5, negatives=2, seed=1)
    assert found.label.tolist() == [1, 0, 0] * 3
    assert list(zip(found.query[::3], found.document[::3], strict=True)) == [(0, 1), (0, 3), (1, 0)]
    wrong = zip(found.query[found.label == 0], found.document[found.label == 0], strict=True)
    assert all(document not in relevant[query] for query, document in wrong)


def test_negatives_are_drawn_from_all_irrelevant_documents() -> None:
    found = draw_triples([{1}] * 400, documents=4)
    drawn = np.bincount(found.document[found.label == 0], minlength=4)
    assert drawn[1] == 0 and drawn[[0, 2, 3]].min() > 100  # 133 each are expected, 9 is their deviation


@pytest.mark.parametrize("relevant", [[set()], [{0, 1}], [{7}], [{-1}]])
def test_queries_that_give_no_triple_are_named(relevant: list[set[int]]) -> None:
    with pytest.raises(LabError, match="query 0"):
        draw_triples(relevant, documents=2)


def test_cross_entropy_computed_by_hand_and_for_large_scores() -> None:
    assert cross_entropy([0.0, 1.0, 1.0], [1, 1, 0]) == pytest.approx([math.log(2), 0.31326, 1.31326], abs=1e-5)
    assert cross_entropy([800.0, -800.0], [0, 1]).tolist() == [800.0, 800.0]
    assert sigmoid([-1.0, 0.0, 1.0]) == pytest.approx([0.26894, 0.5, 0.73106], abs=1e-5)


def test_the_terms_computed_by_hand() -> None:
    """Train: query 0 with document 0 (relevant) and 1. Test: query 1 with the same two."""
    train = Sample(triples((0, 0, 1), (0, 1, 0)), TEACHER, STUDENT, DOCUMENTS)
    test = Sample(triples((1, 0, 1), (1, 1, 0)), TEACHER, STUDENT, DOCUMENTS)
    found = gap_bound(train, test)
    # teacher: scores 0, 1 in training (both wrong), 1, 0 in test; student: 0.8, 0.6 in training, 1, 0 in test
    r = {s: math.log(1 + math.exp(s)) for s in (0.0, 0.6, 0.8, 1.0)}
    teacher_train, teacher_test = (r[0.0] + r[1.0]) / 2, (r[1.0] - 1 + r[0.0]) / 2
    student_train = (r[0.8] - 0.8 + r[0.6]) / 2
    assert found.queries == pytest.approx(2 * math.sqrt(0.8)) and found.documents == 0
    assert found.teacher == pytest.approx(teacher_train - teacher_test)
    assert found.deviation == pytest.approx(student_train - teacher_test)
    assert found.labels == pytest.approx((0.5 + 0.73106) / 2 + (0.5 + 0.26894) / 2, abs=1e-5)
    assert found.gap == pytest.approx(0)
    assert found.total == pytest.approx(
        found.deviation + found.queries + found.documents + found.teacher + found.labels
    )
    assert found.possible == pytest.approx(r[1.0] - teacher_test) and found.vacuous


def test_own_documents_are_scored_and_matched() -> None:
    own = [[0.0, 0.6], [1.0, 0.0], [0.6, 0.8]]  # the first is off by 0.4
    one = Sample(triples((1, 0, 1), (1, 1, 0)), TEACHER, TEACHER, DOCUMENTS, own)
    found = gap_bound(one, one)
    assert found.documents == pytest.approx(2 * 0.4 / 2) and found.queries == 0
    assert found.gap == pytest.approx((cross_entropy(0.6, 1) - cross_entropy(1.0, 1)) / 2)


def test_small_scores_can_make_it_say_something() -> None:
    """Ten times longer vectors: all terms but E_n and Δ grow with K, and so does what is possible, with K²."""
    long = np.array(TEACHER) * 10
    one = Sample(triples((0, 1, 1), (0, 0, 0)), long, long, np.array(DOCUMENTS) * 10)
    found = gap_bound(one, one, scale=10)
    assert found.possible == pytest.approx(100 - math.log(2) / 2)
    assert found.total == pytest.approx(found.labels) == pytest.approx(50.0)
    assert not found.vacuous


def test_a_vector_longer_than_the_scale_is_refused() -> None:
    one = Sample(triples((0, 0, 1)), [[1.0, 1.0]], [[1.0, 0.0]], [[1.0, 0.0]])
    with pytest.raises(LabError, match=r"teacher_queries holds a vector of length 1\.4142"):
        gap_bound(one, one)
