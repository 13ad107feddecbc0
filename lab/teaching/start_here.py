"""The exercises of notebook 00: the number that the student was trained to make small, and what a rank is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.teaching.checks import check

HINT = "Subtract, take np.linalg.norm of every row (axis=1), then the mean over the rows."
RANK_HINT = "np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0), then the mean over the questions."

# Two queries in three dimensions; the distances are 0.5 and 1.3, so their mean is 0.9.
_TEACHER = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_STUDENT = np.array([[0.7, 0.4, 0.0], [0.0, 0.5, 1.2]])
_EXPECTED = 0.9


def _rows(t: np.ndarray, s: np.ndarray) -> np.ndarray:
    return np.linalg.norm(t - s, axis=1)


def _cosines(t: np.ndarray, s: np.ndarray) -> np.ndarray:
    return (t * s).sum(axis=1) / np.linalg.norm(t, axis=1) / np.linalg.norm(s, axis=1)


_MISTAKES: dict[str, Callable[[Any, Any], Any]] = {
    "That is the mean of the squares: the lab's loss is the norm itself, so take the root of each row's sum.":
        lambda t, s: (_rows(t, s) ** 2).mean(),
    "That is the norm of the whole matrix: one norm a query is wanted, use axis=1.":
        lambda t, s: np.linalg.norm(t - s),
    "That is the sum over the queries: divide by their number.":
        lambda t, s: _rows(t, s).sum(),
    "That is a norm a dimension: the queries are the rows, so axis=1.":
        lambda t, s: np.linalg.norm(t - s, axis=0).mean(),
    "That is the mean absolute difference of the numbers, not a distance in space.":
        lambda t, s: np.abs(t - s).mean(),
    "That is the mean squared difference of the numbers: sum over the dimensions first, then take the root.":
        lambda t, s: ((t - s) ** 2).mean(),
    "That is the mean cosine: how alike the directions are, not how far apart the points.":
        lambda t, s: _cosines(t, s).mean(),
    "That is 1 − cosine: it forgets the lengths, and even of unit vectors it is half the squared distance.":
        lambda t, s: (1 - _cosines(t, s)).mean(),
}  # fmt: skip


def check_mean_distance(yours: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """Print whether `yours(teacher, student)` is the mean ‖t − s‖ of two (n, d) arrays. Never raises."""
    check(yours, (_TEACHER.copy(), _STUDENT.copy()), _EXPECTED, _MISTAKES)


def solve_mean_distance(teacher: np.ndarray, student: np.ndarray) -> float:
    """Mean over the queries of ‖t − s‖: embedding matching, R_Emb,Q of EmbedDistill (arXiv 2301.12005)."""
    return float(np.linalg.norm(teacher - student, axis=1).mean())


# Ranks 1, 3, 2 and 40: worth 1, 1/2, 1/log2(3) and nothing.
_RANKS = np.array([1, 3, 2, 40])


def solve_mean_ndcg(ranks: np.ndarray) -> float:
    """Mean nDCG@10 of questions with one right article each, from its rank (n,), 1 the first.

    The best ranking has it first and is worth 1/log2(2) = 1, so nothing is left to divide by.
    """
    return float(np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0).mean())


_RANK_MISTAKES: dict[str, Callable[[Any], Any]] = {
    "That is the mean of 1/rank, MRR: nDCG falls more slowly, with 1 / log2(1 + rank).":
        lambda r: np.where(r <= 10, 1 / r, 0).mean(),
    "That counts ranks beyond the tenth: @10 means that they are worth nothing.":
        lambda r: (1 / np.log2(1 + r)).mean(),
    "That is the natural logarithm: with base 2 the first rank is worth 1.":
        lambda r: np.where(r <= 10, 1 / np.log(1 + r), 0).mean(),
    "That is the sum over the questions: take the mean.":
        lambda r: np.where(r <= 10, 1 / np.log2(1 + r), 0).sum(),
    "That is the mean over the questions that were answered: those that were not count as 0.":
        lambda r: (1 / np.log2(1 + r[r <= 10])).mean(),
    "That is the share of questions with the article among the ten: the rank counts, too.":
        lambda r: (r <= 10).mean(),
    "That gives the second rank as much as the first: 1 + rank stands under the logarithm.":
        lambda r: np.where(r <= 10, 1 / np.maximum(1, np.log2(r)), 0).mean(),
}  # fmt: skip


def check_mean_ndcg(yours: Callable[[np.ndarray], Any]) -> None:
    """Print whether `yours(ranks)` is the mean nDCG@10 of questions with one right article each. Never raises."""
    check(yours, (_RANKS.copy(),), solve_mean_ndcg(_RANKS), _RANK_MISTAKES)
