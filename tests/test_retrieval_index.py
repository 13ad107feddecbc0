"""Exact search finds what a full sort finds, breaks ties by row, and says what is wrong with its input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.retrieval.index import ExactIndex


def ids(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i}" for i in range(n)]


def by_hand(queries: np.ndarray, documents: np.ndarray, k: int) -> np.ndarray:
    scores = (queries.astype(np.float64) @ documents.astype(np.float64).T).astype(np.float32)
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def test_three_documents_by_hand() -> None:
    index = ExactIndex([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]], ["a", "b", "c"])
    run = index.search([[1.0, 0.0], [0.0, 1.0]], ["x", "y"], k=2, name="teacher")
    assert run.name == "teacher"
    assert run.top("x") == [("c", 3.0), ("a", 1.0)]
    assert run.top("y") == [("c", 4.0), ("b", 2.0)]
    assert (len(index), index.dimension) == (3, 2)


def test_cosine_ignores_lengths() -> None:
    index = ExactIndex([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]], ["a", "b", "c"], metric="cosine")
    top = index.search([[10.0, 0.0]], ["x"], k=3).top("x")
    assert [doc_id for doc_id, _ in top] == ["a", "c", "b"]
    assert [score for _, score in top] == pytest.approx([1.0, 0.6, 0.0])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 30), st.integers(1, 80), st.booleans())
def test_equals_a_full_sort(seed: int, n: int, n_queries: int, k: int, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    # Whole numbers from few values make many exact ties, within the first k and across its edge.
    draw = (lambda *shape: rng.integers(-1, 2, shape)) if coarse else (lambda *shape: rng.normal(size=shape))
    documents, queries = draw(n, 5).astype(np.float32), draw(n_queries, 5).astype(np.float32)
    run = ExactIndex(documents, ids("d", n)).search(queries, ids("q", n_queries), k)
    assert run.k == min(k, n)
    assert run.rows.tolist() == by_hand(queries, documents, k).tolist()


def test_copies_of_a_document_tie_exactly_and_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    documents = rng.normal(size=(700, 384)).astype(np.float32)
    documents[5::7] = documents[5]  # 100 copies, more than k and its spare candidates
    query = documents[5] + 0.01 * rng.normal(size=384).astype(np.float32)
    run = ExactIndex(documents, ids("d", 700)).search(query[None], ["q"], k=10)
    assert run.rows[0].tolist() == list(range(5, 75, 7))
    assert len(set(run.scores[0].tolist())) == 1


def test_ties_that_rounding_hides_from_faiss_still_go_to_the_lower_row() -> None:
    # The same numbers in another order have the same sum, but not the same last bit of it in float32.
    rng = np.random.default_rng(2)
    numbers = rng.normal(size=256).astype(np.float32)
    documents = np.stack([rng.permutation(numbers) for _ in range(300)])
    run = ExactIndex(documents, ids("d", 300)).search(np.ones((1, 256)), ["q"], k=10)
    assert run.rows[0].tolist() == list(range(10))


def test_a_query_alone_and_among_others_gives_the_same_result() -> None:
    rng = np.random.default_rng(1)
    documents, queries = (rng.normal(size=(n, 96)).astype(np.float32) for n in (400, 50))
    index = ExactIndex(documents, ids("d", 400), metric="cosine")
    together = index.search(queries, ids("q", 50), k=20)
    for line in (0, 17, 49):
        alone = index.search(queries[line : line + 1], ["q"], k=20)
        assert alone.rows[0].tolist() == together.rows[line].tolist()
        assert alone.scores[0].tolist() == together.scores[line].tolist()


def test_the_index_keeps_its_own_copy() -> None:
    documents = np.eye(3, dtype=np.float32)
    index = ExactIndex(documents, ["a", "b", "c"], metric="cosine")
    documents[:] = 0
    assert index.search(np.eye(3)[:1], ["q"], k=1).top("q") == [("a", 1.0)]


@pytest.mark.parametrize(("vectors", "doc_ids", "metric", "message"), [
    (np.zeros((0, 3)), [], "dot", r"shape \(0, 3\)"),
    (np.zeros(3), ["a"], "dot", r"shape \(3,\)"),
    (np.ones((2, 3)), ["a"], "dot", "2 document vectors for 1 document ids"),
    ([[1.0, 2.0], [np.nan, 0.0]], ["a", "b"], "dot", "document 'b' holds NaN"),
    ([[1.0, 2.0], [np.inf, 0.0]], ["a", "b"], "dot", "document 'b' holds NaN or inf"),
    ([[1.0, 2.0], [0.0, 0.0]], ["a", "b"], "cosine", "document 'b' is all zeros"),
    (np.ones((1, 3)), ["a"], "euclid", "unknown metric 'euclid'"),
])
def test_bad_documents_are_refused(vectors: Any, doc_ids: list[str], metric: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ExactIndex(vectors, doc_ids, metric)


@pytest.mark.parametrize(("vectors", "query_ids", "k", "message"), [
    (np.ones((1, 2)), ["q"], 1, r"gives 2 dimensions, the index holds 3: add the projection to 3 dimensions"),
    ([[1.0, 2.0, np.nan]], ["q7"], 1, "query 'q7' holds NaN"),
    (np.zeros((0, 3)), [], 1, "at least one vector"),
    (np.ones((2, 3)), ["q"], 1, "2 query vectors for 1 query ids"),
    (np.ones((1, 3)), ["q"], 0, "k = 0"),
    (np.ones((2, 3)), ["q", "q"], 1, "'q' twice"),
])
def test_bad_queries_are_refused(vectors: Any, query_ids: list[str], k: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ExactIndex(np.ones((4, 3)), ids("d", 4)).search(vectors, query_ids, k)
