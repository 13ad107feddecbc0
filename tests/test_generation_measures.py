"""Measures of made queries against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DataError, LabError
from lab.generation.measures import coverage, diversity, drift, edit_share, edits, nearest, top_document, top_kept

X, Y, DIAGONAL = [1.0, 0.0], [0.0, 2.0], [3.0, 3.0]
TOKENS = st.lists(st.sampled_from("abc"), max_size=6)


def test_drift_is_one_minus_cosine_whatever_the_lengths() -> None:
    assert drift([X, X, X], [[5.0, 0.0], Y, [-1.0, 0.0]]) == pytest.approx([0.0, 1.0, 2.0])
    assert drift([X], [DIAGONAL]) == pytest.approx([1 - np.sqrt(0.5)])


def test_the_top_document_is_kept_or_not() -> None:
    documents = [X, Y]
    assert top_document([[2.0, 1.0], [1.0, 2.0], DIAGONAL], documents).tolist() == [0, 1, 0]  # a tie: the first
    assert top_kept([[2.0, 1.0], [2.0, 1.0]], [[9.0, 8.0], [8.0, 9.0]], documents).tolist() == [True, False]


def test_more_queries_than_fit_a_chunk_are_ranked_like_few() -> None:
    random = np.random.default_rng(0)
    queries, documents = random.normal(size=(1100, 4)), random.normal(size=(30, 4))
    unit = documents / np.linalg.norm(documents, axis=1, keepdims=True)
    assert (top_document(queries, documents) == (queries @ unit.T).argmax(axis=1)).all()
    assert len(nearest(queries, documents)) == 1100


def test_coverage_counts_held_out_queries_near_the_pool() -> None:
    assert nearest([X, Y], [[4.0, 0.0]]) == pytest.approx([0.0, np.sqrt(2)], abs=1e-7)
    assert coverage([X, Y], [X], [0.0, 1.0, 1.5]).tolist() == [0.5, 0.5, 1.0]


@given(st.integers(0, 1_000))
def test_a_larger_pool_never_covers_less(seed: int) -> None:
    random = np.random.default_rng(seed)
    held, pool, more = random.normal(size=(9, 3)), random.normal(size=(5, 3)), random.normal(size=(4, 3))
    radii = np.linspace(0, 2, 9)
    both = coverage(held, np.concatenate([pool, more]), radii)
    assert (both >= coverage(held, pool, radii)).all() and (np.diff(both) >= 0).all() and both[-1] == 1.0


@pytest.mark.parametrize(
    ("source", "made", "distance"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("ab", "ba", 2), ("flaw", "lawn", 2)],
)
def test_edits_by_hand(source: str, made: str, distance: int) -> None:
    assert edits(source, made) == edits(made, source) == distance
    assert edit_share(source, made) == distance / max(len(source), len(made), 1)


@given(TOKENS, TOKENS, TOKENS)
def test_edits_are_a_metric(a: list[str], b: list[str], c: list[str]) -> None:
    assert (edits(a, b) == 0) == (a == b)
    assert edits(a, c) <= edits(a, b) + edits(b, c)
    assert abs(len(a) - len(b)) <= edits(a, b) <= max(len(a), len(b))


def test_diversity_is_the_mean_over_pairs_of_one_source() -> None:
    # source 0: three queries with the pairs 0, 1, 1; source 1: one query, no pair
    assert diversity([X, X, Y, DIAGONAL], [0, 0, 0, 1]) == pytest.approx(2 / 3)
    assert diversity([X, X], [0, 0]) == pytest.approx(0.0)
    with pytest.raises(DataError, match="two or more per query"):
        diversity([X, Y], [0, 1])


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LabError, match="sources .* and made .* same shape"):
        drift([X], [X, Y])
    with pytest.raises(DataError, match="different spaces"):
        top_document([X], [[1.0, 0.0, 0.0]])
    with pytest.raises(DataError, match="different spaces"):
        nearest([X], [[1.0, 0.0, 0.0]])
    with pytest.raises(LabError, match="made holds NaN"):
        drift([X], [[np.nan, 0.0]])
    with pytest.raises(DataError, match="the source of every made query"):
        diversity([X, Y], [0])
