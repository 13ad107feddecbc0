"""`evaluate`: teacher, student, BM25 and the static student on judged queries, side by side with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.collection import Collection
from lab.encoders.teacher import DualEncoder
from lab.errors import DataError
from lab.evaluation import (
    MEASURES,
    Comparison,
    Interval,
    NormalisedGain,
    compare,
    means,
    normalised_gain_interval,
    per_query,
    ratio_interval,
)
from lab.report.engines import NO_STATIC, search_all
from lab.retrieval import Run
from lab.store import VectorStore

MAIN = "nDCG@10"


@dataclass(frozen=True)
class Report:
    """Runs and per-query values of all engines on one split.

    runs: engine → Run · values: engine → measure → (n_queries,) · distances: (n_queries,) ‖t − s‖
    """

    collection: Collection
    split: str
    runs: Mapping[str, Run]
    values: Mapping[str, Mapping[str, np.ndarray]]
    distances: np.ndarray
    parameters: Mapping[str, int]
    bm25: str

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """engine → measure → mean."""
        return {engine: means(values) for engine, values in self.values.items()}

    def retention(self, measure: str = MAIN, engine: str = "student") -> Interval:
        """Student over teacher, 95 % paired bootstrap interval over queries.

        Raises:
            DataError: the teacher finds nothing, so there is nothing to keep.
        """
        return ratio_interval(self.values[engine][measure], self.values["teacher"][measure])

    def over_bm25(self, measure: str = MAIN) -> NormalisedGain:
        """(student − BM25)/(teacher − BM25) where the teacher is above BM25 beyond the interval."""
        return normalised_gain_interval(*(self.values[engine][measure] for engine in ("student", "teacher", "bm25")))

    def comparison(self, a: str = "teacher", b: str = "student") -> Comparison:
        """Query by query: who lost where, and why."""
        queries, qrels = self.collection.queries[self.split], self.collection.qrels[self.split]
        distance = self.distances if {a, b} == {"teacher", "student"} else None
        return compare(
            self.runs[a], self.runs[b], qrels, queries, distance=distance, documents=self.collection.documents
        )

    def as_json(self) -> dict[str, Any]:
        """The keys of `lab evaluate --json`. Where no retention can be measured its three numbers are None."""
        gain = self.over_bm25()
        out = {
            "collection": self.collection.name,
            "split": self.split,
            "queries": len(self.distances),
            "metrics": {"static": None} | self.metrics,  # where it was not measured it is missed, not forgotten
            "retention": {MAIN: self._kept("student")},
            "over_bm25": {MAIN: gain.interval.as_json() if gain.interval else gain.reason, "failed": gain.failed},
            "mean_distance": float(self.distances.mean()),
            "parameters": dict(self.parameters),
            "bm25": self.bm25,
        }
        if "static" in self.values:
            out["retention_static"] = {MAIN: self._kept("static")}
        return out

    def _kept(self, engine: str) -> Mapping[str, float | None]:
        try:
            return self.retention(engine=engine).as_json()
        except DataError:  # __str__ says why; the engines' own numbers are worth having all the same
            return {"value": None, "low": None, "high": None}

    def __str__(self) -> str:
        lines = [
            f"{self.collection.name}, {self.split}: {len(self.distances)} queries, {len(self.collection):,} documents"
        ]
        lines.append(
            f"{'engine':<10}{'parameters':>12}  " + "".join(f"{m:>9}" for m in MEASURES) + "   of the teacher's nDCG@10"
        )
        unmeasured = ""
        for engine, numbers in self.metrics.items():
            size = f"{self.parameters[engine]:,}" if engine in self.parameters else "–"
            kept = ""
            if engine != "teacher":
                try:
                    kept = str(self.retention(engine=engine))
                except DataError as error:
                    kept, unmeasured = "–", f"no retention: {error}"
            lines.append(f"{engine:<10}{size:>12}  " + "".join(f"{numbers[m]:>9.3f}" for m in MEASURES) + f"   {kept}")
        if "static" not in self.values:
            lines.append(NO_STATIC)
        lines += [unmeasured] * bool(unmeasured) + [f"of what the teacher adds to BM25: {self.over_bm25()}", self.bm25]
        return "\n".join(lines)


def evaluate(
    student: DualEncoder,
    collection: Collection,
    split: str,
    teacher: DualEncoder,
    *,
    static: DualEncoder | None = None,
    own_documents: bool = False,
    store: VectorStore | None = None,
    k: int = 100,
) -> Report:
    """Search a split's queries with every engine and score the runs.

    Args:
        static: the zero-layer student to stand beside it.
        own_documents: the student searches documents it encoded itself; otherwise the teacher's index.
        store: keeps the teacher's vectors (and an own tower's), so that a second report encodes nothing; default: the
            user's cache.
        k: documents a query that every engine returns; measures deeper than k see no further.

    Raises:
        DataError: no such split, or queries without judgements.
        ModelError: the student's vectors do not fit the teacher's index.
    """
    if split not in collection.splits:
        raise DataError(
            f"{collection.name} has no judged split {split!r} (it has {', '.join(collection.splits) or 'none'});"
            " without judgements, fidelity is what can be measured: lab evaluate --split held-out, or"
            " lab.evaluate_fidelity"
        )
    queries, qrels = collection.queries[split], collection.qrels[split]
    engines = search_all(student, collection, queries, teacher, static, own_documents, store, k)
    return Report(
        collection,
        split,
        engines.runs,
        {name: per_query(run, qrels, MEASURES) for name, run in engines.runs.items()},
        engines.distances["student"],
        engines.parameters,
        engines.bm25,
    )
