"""Fidelity: how closely a student repeats its teacher, measured without a single judgement.

The everyday case has documents and no queries. Queries made from held-out documents still show whether the
student finds what the teacher finds. That is no retention: a student can differ from its teacher and be as
good, or repeat its mistakes. So the two words are never mixed, here or in what is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lab.errors import DataError
from lab.evaluation.bootstrap import Interval, mean_interval
from lab.evaluation.metrics import Qrels, per_query, require_same_queries
from lab.retrieval.run import NOTHING, Run

Gains = Literal["rank", "equal"]


@dataclass(frozen=True)
class Fidelity:
    """Means over the queries, each with its bootstrap interval.

    overlap    share of the teacher's first `depth` documents among the student's first `depth`, 0 to 1
    ndcg       nDCG@depth of the student with those documents as truth, 0 to 1
    distance   ‖t − s‖ of the query vectors, 0 is a perfect copy; None where no distances were given
    """

    overlap: Interval
    ndcg: Interval
    distance: Interval | None
    depth: int
    queries: int

    def __str__(self) -> str:
        parts = [f"overlap@{self.depth} {self.overlap}",
                 f"nDCG@{self.depth} against the teacher's list {self.ndcg}"]
        if self.distance is not None:
            parts.append(f"mean ‖t−s‖ {self.distance}")
        return f"{', '.join(parts)} ({self.queries} queries, no judgements)"


def fidelity(teacher: Run, student: Run, *, distance: Any = None, depth: int = 10, gains: Gains = "rank",
             level: float = 0.95, rng_seed: int = 0) -> Fidelity:
    """Compare two runs over the same queries and documents.

    distance  (n_queries,) ‖t − s‖ per query in the order of the runs, see `vector_distance`
    gains     "rank": the teacher's first document is worth `depth`, its last one 1. Overlap already says
              which documents agree; so nDCG adds whether they agree where it matters, at the top.
              "equal": all are worth 1.

    Raises:
        DataError: different queries or documents, runs shorter than `depth`, distances of another shape.
    """
    require_same_queries(teacher, student)
    depth = min(depth, len(teacher.doc_ids))
    ndcg = per_query(student, teacher_qrels(teacher, depth, gains), [f"nDCG@{depth}"])[f"nDCG@{depth}"]

    def interval(values: Any) -> Interval:
        return mean_interval(values, level=level, rng_seed=rng_seed)

    spread = None
    if distance is not None:
        if np.shape(distance) != (len(teacher),):
            raise DataError(f"distances of shape {np.shape(distance)} for {len(teacher)} queries: give one "
                            "‖t − s‖ a query")
        spread = interval(distance)
    return Fidelity(interval(overlap(teacher, student, depth)), interval(ndcg), spread, depth, len(teacher))


def overlap(teacher: Run, student: Run, depth: int = 10) -> np.ndarray:
    """(n_queries,) share of the teacher's first `depth` documents among the student's first `depth`."""
    require_same_queries(teacher, student)
    first, second = teacher.rows[:, :depth], student.rows[:, :depth]
    shared = (first[:, :, None] == second[:, None, :]).any(axis=2) & (first != NOTHING)  # (n_queries, depth)
    return shared.sum(axis=1) / np.maximum((first != NOTHING).sum(axis=1), 1)


def teacher_qrels(teacher: Run, depth: int = 10, gains: Gains = "rank") -> Qrels:
    """The teacher's first `depth` documents as if somebody had judged them.

    Raises:
        DataError: unknown gains, or a run shorter than `depth`.
    """
    if gains not in ("rank", "equal"):
        raise DataError(f"unknown gains {gains!r}: use 'rank' or 'equal'")
    if teacher.k < depth:
        raise DataError(f"run {teacher.name!r} holds {teacher.k} documents a query, fidelity looks at "
                        f"{depth}: search with k={depth} or more")
    return {query_id: {teacher.doc_ids[row]: depth - place if gains == "rank" else 1
                       for place, row in enumerate(rows) if row != NOTHING}
            for query_id, rows in zip(teacher.query_ids, teacher.rows[:, :depth].tolist(), strict=True)}


def vector_distance(teacher_vectors: Any, student_vectors: Any) -> np.ndarray:
    """(n_queries,) ‖t − s‖, the norm itself, of two (n_queries, d) arrays.

    Raises:
        DataError: arrays of other shapes.
    """
    teacher, student = (np.asarray(array, dtype=np.float64) for array in (teacher_vectors, student_vectors))
    if teacher.shape != student.shape or teacher.ndim != 2:
        raise DataError(f"teacher vectors {teacher.shape} and student vectors {student.shape} cannot be "
                        "compared: both must be (n_queries, d), the student's after its projection")
    return np.linalg.norm(teacher - student, axis=1)
