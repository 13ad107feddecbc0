"""Exact search: every query vector against every document vector, no approximation, by faiss.

faiss adds up in blocks, so the same pair of vectors can get scores a last bit apart in two searches, and of
two equal documents either may come first. Here faiss proposes candidates and the inner products of those few
are added up again in double precision: equal documents get equal scores, ties fall to the lower row, and a
query's result does not depend on which other queries it was searched with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import faiss
import numpy as np

from lab.errors import DataError
from lab.retrieval.run import Run

SPARE = 16  # candidates beyond k: room for the documents that faiss's rounding may have put in another order
ROUNDING = 1e-5  # float32 sums of some hundred products stay well inside this times the product of the norms


class ExactIndex:
    """An exact index over document vectors, searched with query vectors of the same dimension.

    doc_vectors  (n, d) float32 (anything numpy can read; copied)
    doc_ids      n ids, in the order of the vectors
    metric       "dot", or "cosine", which scales documents and queries to length 1

    Whose query encoder made the query vectors is not the index's concern: that is the asymmetric dual encoder
    (EmbedDistill, arXiv:2301.12005), one index for teacher and student.

    Raises:
        DataError: no vectors, NaN or infinity (naming the document), another number of ids, an all-zero vector under
            "cosine", an unknown metric.
    """

    def __init__(self, doc_vectors: Any, doc_ids: Sequence[str], metric: str = "dot") -> None:
        if metric not in ("dot", "cosine"):
            raise DataError(f"unknown metric {metric!r}: use 'dot' or 'cosine'")
        self.metric = metric
        self.doc_ids = tuple(doc_ids)
        vectors = _checked(doc_vectors, self.doc_ids, "document", metric)
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(vectors)
        self._longest = float(np.linalg.norm(vectors, axis=1).max())

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.doc_ids)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def search(self, query_vectors: Any, query_ids: Sequence[str], k: int = 100, name: str = "run") -> Run:
        """The k best documents (all of them where k is larger) for each of the queries.

        query_vectors  (n_queries, d) float32

        Raises:
            DataError: no queries, another dimension than the index, NaN or infinity (naming the query), k below 1.
        """
        if k < 1:
            raise DataError(f"k = {k}: ask for at least one document")
        queries = _checked(query_vectors, tuple(query_ids), "query", self.metric)
        if queries.shape[1] != self.dimension:
            raise DataError(
                f"the query encoder gives {queries.shape[1]} dimensions, the index holds {self.dimension}: "
                f"add the projection to {self.dimension} dimensions to the query encoder (it is part of the "
                "student), or build an index with the document encoder that belongs to it")
        k = min(k, len(self))
        rows = np.empty((len(queries), k), dtype=np.int64)
        scores = np.empty((len(queries), k), dtype=np.float32)
        open_queries, width = np.arange(len(queries)), min(k + SPARE, len(self))
        while len(open_queries):
            settled = self._search_wide(queries[open_queries], k, width)
            rows[open_queries], scores[open_queries], done = settled
            open_queries, width = open_queries[~done], min(2 * width, len(self))
        return Run(name, tuple(query_ids), self.doc_ids, rows, scores)

    def _search_wide(self, queries: np.ndarray, k: int,
                     width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows and scores (n_queries, k) among `width` candidates; whether no other can belong there."""
        proposed, candidates = self._index.search(queries, width)  # (n_queries, width) both
        exact = np.empty_like(proposed)  # the same, summed in double precision and rounded to float32 once
        # A view of faiss's own memory, valid as long as the index: the vectors are not held twice.
        vectors = faiss.rev_swig_ptr(self._index.get_xb(), len(self) * self.dimension).reshape(len(self), -1)
        block = max(1, 4_000_000 // (width * self.dimension))  # 32 MB of doubles at a time
        for start in range(0, len(queries), block):
            part = slice(start, start + block)
            documents = vectors[candidates[part]].astype(np.float64)  # (block, width, d)
            exact[part] = np.einsum("qwd,qd->qw", documents, queries[part].astype(np.float64))
        order = np.lexsort((candidates, -exact), axis=1)[:, :k]
        rows, scores = np.take_along_axis(candidates, order, axis=1), np.take_along_axis(exact, order, axis=1)
        doubt = ROUNDING * self._longest * np.linalg.norm(queries, axis=1)
        done = (proposed[:, -1] + doubt < scores[:, -1]) | (width == len(self))
        return rows, scores, done


def _checked(vectors: Any, ids: tuple[str, ...], kind: str, metric: str) -> np.ndarray:
    """(n, d) contiguous float32 copy, fit for the metric."""
    array = np.array(vectors, dtype=np.float32, order="C")
    if array.ndim != 2 or array.size == 0:
        raise DataError(f"the {kind} vectors have the shape {array.shape}; needed is (n, d) with at least "
                        f"one vector. One {kind} alone is vector[None, :]")
    if len(array) != len(ids):
        raise DataError(f"{len(array)} {kind} vectors for {len(ids)} {kind} ids: encode exactly the texts "
                        "the ids belong to")
    broken = ~np.isfinite(array).all(axis=1)
    if broken.any():
        raise DataError(f"the vector of {kind} {ids[int(np.argmax(broken))]!r} holds NaN or infinity "
                        f"({int(broken.sum())} such {kind} vectors in all): encode in float32, or lower the "
                        "learning rate if training blew up")
    if metric == "cosine":
        lengths = np.linalg.norm(array, axis=1, keepdims=True)
        if (lengths == 0).any():
            raise DataError(f"the vector of {kind} {ids[int(np.argmin(lengths))]!r} is all zeros and has no "
                            "cosine: drop the empty text, or use metric='dot'")
        array /= lengths
    return array
