"""Re-rank: another engine's first documents, in the order a cross encoder puts them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from lab.errors import DataError
from lab.retrieval import Run


class Scorer(Protocol):
    """Whatever scores pairs: `CrossEncoder`, `StoredCrossEncoder`."""

    def scores(self, queries: Sequence[str], documents: Sequence[str]) -> np.ndarray:
        """(n,) of n pairs."""
        ...


def rerank(
    scorer: Scorer,
    run: Run,
    queries: Mapping[str, str],
    documents: Sequence[str],
    depth: int = 100,
    name: str = "re-ranked",
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """The run with its first `depth` documents scored anew and ordered by that; what stood below is cut off.

    Args:
        queries: query id → text · documents: texts in the order of the run's `doc_ids`.
        progress: called with (queries done, all) after each query.

    Raises:
        DataError: a query without a text, or another number of documents than the run's.
    """
    if len(documents) != len(run.doc_ids):
        raise DataError(f"{len(documents)} texts for {len(run.doc_ids)} documents: pass collection.documents")
    if missing := [query_id for query_id in run.query_ids if query_id not in queries]:
        raise DataError(f"query {missing[0]!r} has no text ({len(missing)} such queries): pass the split's queries")
    rows = run.rows[:, :depth]
    scores = np.full(rows.shape, -np.inf, np.float32)
    for line, query_id in enumerate(run.query_ids):
        found = np.flatnonzero(rows[line] >= 0)
        texts = [documents[row] for row in rows[line, found]]
        scores[line, found] = scorer.scores([queries[query_id]] * len(texts), texts)
        if progress:
            progress(line + 1, len(rows))
    return reordered(run, scores, name)


def reordered(run: Run, scores: np.ndarray, name: str) -> Run:
    """The run's first documents in the order of other scores: (n_queries, depth), -inf where there is no document."""
    rows = run.rows[:, : scores.shape[1]]
    # equal scores keep the order of the first engine
    order = np.argsort(-scores, axis=1, kind="stable")
    return Run(
        name,
        run.query_ids,
        run.doc_ids,
        np.take_along_axis(rows, order, 1),
        np.take_along_axis(scores, order, 1).astype(np.float32),
    )
