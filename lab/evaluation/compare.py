"""Two engines side by side, query by query: where does b differ from a, how much, on which kind of query?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lab.errors import DataError
from lab.evaluation.bootstrap import Interval, difference_interval, p_value
from lab.evaluation.metrics import Qrels, per_query, require_same_queries
from lab.evaluation.slices import rarest_word_frequency, slice_table, words
from lab.retrieval.run import Run

MEASURE = "nDCG@10"
EQUAL = 1e-9  # differences below this are ties: nDCG is a sum of floats


@dataclass(frozen=True)
class Counts:
    """On how many queries b beats, equals and loses to a."""

    wins: int
    ties: int
    losses: int

    def __str__(self) -> str:
        return f"{self.wins} wins, {self.ties} ties, {self.losses} losses"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found; a and b are the names of the runs.

    table  one line a query, in the order of the runs. Columns: query_id, query, rank_a, rank_b (rank from 1
           of the best relevant document, <NA> where none was found), ndcg_a, ndcg_b, difference (b − a, below
           0 where b loses), words, and, where they were given, distance (‖t − s‖), tokens, rarest (number of
           documents that hold the query's rarest word)
    """

    a: str
    b: str
    table: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """The queries, the greatest loss of b first."""
        return self.table.sort_values("difference", kind="stable", ignore_index=True)

    def counts(self) -> Counts:
        difference = self.table["difference"].to_numpy()
        wins, losses = int((difference > EQUAL).sum()), int((difference < -EQUAL).sum())
        return Counts(wins, len(difference) - wins - losses, losses)

    def overall(self, *, level: float = 0.95, rng_seed: int = 0) -> tuple[Interval, float]:
        """Mean difference b − a with its paired bootstrap interval, and its two-sided p value."""
        b, a = self.table["ndcg_b"].to_numpy(), self.table["ndcg_a"].to_numpy()
        return difference_interval(b, a, level=level, rng_seed=rng_seed), p_value(b, a, rng_seed=rng_seed)

    def slices(self, *, level: float = 0.95, rng_seed: int = 0) -> pd.DataFrame:
        """The difference by thirds of length, rarity and distance: `lab.evaluation.slices.slice_table`."""
        names = [name for name in ("words", "tokens", "rarest", "distance") if name in self.table]
        properties = {name: self.table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names}
        return slice_table(self.table["difference"].to_numpy(), properties, level=level, rng_seed=rng_seed)

    def __str__(self) -> str:
        interval, p = self.overall()
        return (f"{self.b} against {self.a}: {MEASURE} difference {interval}, p = {p:.4f}, {self.counts()} "
                f"over {len(self.table)} queries")


def compare(a: Run, b: Run, qrels: Qrels, queries: Mapping[str, str], *, distance: Any = None,
            token_count: Any = None, rarest: Any = None,
            documents: Sequence[str] | None = None) -> Comparison:
    """Compare two runs over the same queries and documents; usually a is the teacher and b the student.

    qrels        {query id: {document id: grade}}, as for `per_query`
    queries      {query id: text}
    distance     ‖t − s‖ of the query vectors, see `lab.evaluation.fidelity.vector_distance`
    token_count  tokens of the query
    rarest       number of documents that hold the query's rarest token
                 (these three: (n_queries,) in the order of the runs, or {query id: number}; None: no column)
    documents    the texts of the collection: `rarest` is then counted over plain words

    Raises:
        DataError: different queries or documents, a query without a text or a positive judgement, a column of another
            length.
    """
    require_same_queries(a, b)
    untold = [query_id for query_id in a.query_ids if query_id not in queries]
    if untold:
        raise DataError(f"query {untold[0]!r} has no text ({len(untold)} such queries): pass the queries of "
                        "the split of the runs")
    texts = {query_id: queries[query_id] for query_id in a.query_ids}
    ndcg_a, ndcg_b = (per_query(run, qrels, [MEASURE])[MEASURE] for run in (a, b))
    table = pd.DataFrame({
        "query_id": list(texts), "query": list(texts.values()),
        "rank_a": best_ranks(a, qrels), "rank_b": best_ranks(b, qrels),
        "ndcg_a": ndcg_a, "ndcg_b": ndcg_b, "difference": ndcg_b - ndcg_a,
        "words": [len(words(text)) for text in texts.values()],
    })
    if rarest is None and documents is not None:
        rarest = rarest_word_frequency(texts, documents)
    extras = ("distance", distance, "Float64"), ("tokens", token_count, "Int64"), ("rarest", rarest, "Int64")
    for name, values, kind in extras:
        if values is not None:
            table[name] = pd.array(_column(name, values, a.query_ids), dtype=kind)
    return Comparison(a.name, b.name, table)


def best_ranks(run: Run, qrels: Qrels) -> pd.api.extensions.ExtensionArray:
    """(n_queries,) nullable integers: rank from 1 of the best relevant document, <NA> where none is found."""
    row_of = {doc_id: row for row, doc_id in enumerate(run.doc_ids)}
    ranks: list[int | None] = []
    for line, query_id in enumerate(run.query_ids):
        relevant = [row_of[doc_id] for doc_id, grade in qrels[query_id].items()
                    if grade > 0 and doc_id in row_of]
        hits = np.flatnonzero(np.isin(run.rows[line], relevant))
        ranks.append(int(hits[0]) + 1 if len(hits) else None)
    return pd.array(ranks, dtype="Int64")


def _column(name: str, values: Any, query_ids: tuple[str, ...]) -> list[Any]:
    if isinstance(values, Mapping):
        missing = [query_id for query_id in query_ids if query_id not in values]
        if missing:
            raise DataError(f"{name} has no value for query {missing[0]!r} ({len(missing)} missing)")
        return [values[query_id] for query_id in query_ids]
    column = list(values)
    if len(column) != len(query_ids):
        raise DataError(f"{name} has {len(column)} values for {len(query_ids)} queries: give one a query, in "
                        "the order of the runs")
    return column
