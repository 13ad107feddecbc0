"""A run: what one engine found for every query, best first.

Everything to the right of retrieval (measures, comparisons, figures) reads runs and nothing else, so the
promises of a run are checked once, here: real documents, each at most once a query, finite scores that never
rise, ties broken by the lower row.

Tools of the field order a run by its scores alone and break ties by document id (trec_eval), so two tied
documents may swap on their way into a measure. What leaves a run therefore carries strictly falling scores: a
tied document goes one float32 step below the one before it (Anserini does the same), and the numbers others
compute from the file are the numbers the lab prints.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from ir_measures import ScoredDoc

from lab.errors import DataError

NOTHING = -1  # faiss's own sign for "no further document": such places come last, with score -inf


@dataclass(frozen=True, eq=False)
class Run:
    """Ranked documents of every query.

    name       of the engine, e.g. "teacher"
    query_ids  n_queries ids
    doc_ids    ids of the whole collection, n of them: `rows` points into this
    rows       (n_queries, k) int64, positions in `doc_ids`, best first; -1 where fewer than k were found
    scores     (n_queries, k) float32, never rising along a row; -inf where the row is -1

    Both arrays are copied and made read-only; documents with equal scores are put in row order.

    Raises:
        DataError: one of this does not hold; the query is named.
    """

    name: str
    query_ids: tuple[str, ...]
    doc_ids: tuple[str, ...]
    rows: np.ndarray
    scores: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "query_ids", tuple(self.query_ids))
        object.__setattr__(self, "doc_ids", tuple(self.doc_ids))
        rows = np.array(self.rows, dtype=np.int64)
        scores = np.array(self.scores, dtype=np.float32)
        _check_shapes(self.name, self.query_ids, rows, scores)
        if rows.shape[1] > len(self.doc_ids):
            raise DataError(f"run {self.name!r} holds {rows.shape[1]} documents a query, the collection only "
                            f"{len(self.doc_ids)}: cut k to the size of the collection")
        _check_values(self.name, self.query_ids, len(self.doc_ids), rows, scores)
        # Stable over equal scores: only ties move. The key of a -1 is already the lowest score there is.
        order = np.lexsort((rows, -scores), axis=1)
        rows, scores = np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)
        rows.flags.writeable = scores.flags.writeable = False
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "scores", scores)

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.query_ids)

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {len(self)} queries, {self.k} of {len(self.doc_ids)} documents each)"

    @property
    def k(self) -> int:
        """Places a query has; fewer of them may hold a document (see `found`)."""
        return int(self.rows.shape[1])

    @property
    def found(self) -> np.ndarray:
        """(n_queries, k) bool: the places that hold a document."""
        return self.rows != NOTHING

    @cached_property
    def position(self) -> dict[str, int]:
        """Query id → its line in `rows` and `scores`."""
        return {query_id: line for line, query_id in enumerate(self.query_ids)}

    def top(self, query_id: str, k: int | None = None) -> list[tuple[str, float]]:
        """(document id, score) of the best k documents of one query (all of them by default).

        Raises:
            DataError: no such query.
        """
        if query_id not in self.position:
            raise DataError(f"run {self.name!r} has no query {query_id!r}: it holds {len(self)} queries, the "
                            f"first {self.query_ids[:3]}")
        line = self.position[query_id]
        pairs = zip(self.rows[line, :k].tolist(), self.scores[line, :k].tolist(), strict=True)
        return [(self.doc_ids[row], score) for row, score in pairs if row != NOTHING]

    def select(self, query_ids: Sequence[str]) -> Run:
        """The same run over some of its queries, in the order given.

        Raises:
            DataError: a query the run does not hold.
        """
        unknown = [query_id for query_id in query_ids if query_id not in self.position]
        if unknown:
            raise DataError(f"run {self.name!r} has no query {unknown[0]!r} ({len(unknown)} unknown in all): "
                            "search these queries first")
        lines = [self.position[query_id] for query_id in query_ids]
        return Run(self.name, tuple(query_ids), self.doc_ids, self.rows[lines], self.scores[lines])

    def scored_docs(self, depth: int | None = None) -> Iterator[ScoredDoc]:
        """The run as ir_measures takes it, `depth` documents a query, scores strictly falling (see above)."""
        rows, scores = self.rows[:, :depth].tolist(), _strictly_falling(self.scores[:, :depth]).tolist()
        for query_id, line_rows, line_scores in zip(self.query_ids, rows, scores, strict=True):
            for row, score in zip(line_rows, line_scores, strict=True):
                if row != NOTHING:
                    yield ScoredDoc(query_id, self.doc_ids[row], score)

    def to_trec(self, path: str | Path) -> Path:
        """Write a TREC run file: `query Q0 document rank score tag`, one line a document, rank from 1.

        Blanks in the name become "_". The file appears whole or not at all.

        Raises:
            DataError: an id is empty or has a blank in it, which the format cannot hold.
        """
        path = Path(path)
        for kind, ids in (("query", self.query_ids), ("document", self.doc_ids)):
            for value in ids:
                if len(value.split()) != 1:
                    raise DataError(f"{kind} id {value!r} is empty or has a blank in it, which a TREC run "
                                    "file cannot hold: rename it, e.g. with '_' for the blank")
        tag = "_".join(self.name.split()) or "run"
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            rank, last = 0, None
            for query_id, doc_id, score in self.scored_docs():
                rank = rank + 1 if query_id == last else 1
                last = query_id
                # nine digits bring a float32 back exactly
                file.write(f"{query_id} Q0 {doc_id} {rank} {score:.9g} {tag}\n")
        os.replace(partial, path)
        return path


def _check_shapes(name: str, query_ids: tuple[str, ...], rows: np.ndarray, scores: np.ndarray) -> None:
    if rows.ndim != 2 or rows.shape != scores.shape or len(rows) != len(query_ids):
        raise DataError(f"run {name!r}: rows {rows.shape} and scores {scores.shape} must both have the shape "
                        f"(n_queries, k), here ({len(query_ids)}, k)")
    if len(query_ids) == 0 or rows.shape[1] == 0:
        raise DataError(f"run {name!r} is empty (shape {rows.shape}): search at least one query with k of at "
                        "least 1")
    if len(set(query_ids)) != len(query_ids):
        twice = Counter(query_ids).most_common(1)[0][0]
        raise DataError(f"run {name!r} holds query {twice!r} twice: query ids must be unique")


def _check_values(name: str, query_ids: tuple[str, ...], n_docs: int, rows: np.ndarray,
                  scores: np.ndarray) -> None:
    def refuse(wrong: np.ndarray, what: str) -> None:
        if wrong.any():
            raise DataError(f"run {name!r}, query {query_ids[int(np.argmax(wrong.any(axis=1)))]!r}: {what}")

    missing = rows == NOTHING
    refuse((rows < NOTHING) | (rows >= n_docs), f"a row outside 0…{n_docs - 1}: is this another collection?")
    refuse(~missing & ~np.isfinite(scores), "a score is NaN or infinite; look for NaN in the query's vector")
    refuse(missing & (scores != -np.inf), "a place without a document (row -1) must have the score -inf")
    refuse(scores[:, 1:] > scores[:, :-1], "the scores rise along the row; give the documents best first")
    ordered = np.sort(rows, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NOTHING)
    refuse(twice, "the same document appears twice")


def _strictly_falling(scores: np.ndarray) -> np.ndarray:
    """(n_queries, k) scores with every tie lowered by the smallest step that float32 and text both keep."""
    falling = scores.copy()
    for place in range(1, scores.shape[1]):
        before, here = falling[:, place - 1], falling[:, place]
        held = np.isfinite(here)
        # 1e-12 keeps ties at 0 out of the denormal numbers, which some processors round to 0.
        step = np.maximum(np.spacing(np.abs(before[held])), np.float32(1e-12))
        here[held] = np.minimum(here[held], before[held] - step)
    return falling
