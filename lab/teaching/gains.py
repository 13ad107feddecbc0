"""Notebook 06: the exercises, what a step gains in shares of the teacher, and Holm's correction of one p."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.teaching.checks import check

GAIN_HINT = "Take all means over queries first: a share of the teacher is a ratio of two means, not a mean of ratios."
HOLM_HINT = "np.sort(p) * np.arange(len(p), 0, -1) is half of it; a larger p may not end below a smaller one's."

# Exercise 1. Four queries; the teacher finds little for the second, so a mean of ratios goes elsewhere.
_BELOW, _ABOVE = np.array([0.5, 0.1, 0.3, 0.0]), np.array([0.7, 0.2, 0.3, 0.1])
_TEACHER = np.array([1.0, 0.2, 0.5, 0.3])


def solve_gain(below: np.ndarray, above: np.ndarray, teacher: np.ndarray) -> float:
    """mean(above − below) / mean(teacher), all (n_queries,)."""
    return float((above - below).mean() / teacher.mean())


_GAIN_MISTAKES: dict[str, Callable[..., Any]] = {
    "That is the mean of the ratios: a query for which the teacher finds little would count most.":
        lambda below, above, teacher: ((above - below) / teacher).mean(),
    "That is the gain in nDCG@10 itself: divide by the teacher's mean.":
        lambda below, above, teacher: (above - below).mean(),
    "That is relative to the rung below: the axis is the teacher, for all rungs the same.":
        lambda below, above, teacher: (above - below).mean() / below.mean(),
    "The sign is the wrong way round: a rung gains where it is above the one below it.":
        lambda below, above, teacher: (below - above).mean() / teacher.mean(),
}  # fmt: skip


def check_gain(yours: Callable[..., Any]) -> None:
    """Print whether `yours(below, above, teacher)` is the gain in shares of the teacher. Never raises."""
    arguments = _BELOW.copy(), _ABOVE.copy(), _TEACHER.copy()
    check(yours, arguments, solve_gain(*arguments), _GAIN_MISTAKES)


# Exercise 2. The p asked for is third in order: 0.04·2 = 0.08, but the one before it ended at 0.03·3 = 0.09.
_P, _PLACE = np.array([0.04, 0.01, 0.03, 0.2]), 0


def solve_corrected(p: np.ndarray, place: int) -> float:
    """Holm's corrected value of p[place] among all (n,) p values."""
    order = np.argsort(p)
    corrected = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return float(min(1.0, corrected[list(order).index(place)]))


_HOLM_MISTAKES: dict[str, Callable[..., Any]] = {
    "That is p itself, as if nothing else had been tested.": lambda p, place: p[place],
    "That is Bonferroni's: valid, and stricter than need be. Only the smallest p is multiplied by all of them.":
        lambda p, place: p[place] * len(p),
    "Almost: it ends below the corrected value of a smaller p. Take the running maximum.":
        lambda p, place: p[place] * (len(p) - np.sum(p < p[place])),
    "The order is the wrong way round: the smallest p is multiplied by the largest number.":
        lambda p, place: p[place] * (1 + np.sum(p < p[place])),
}  # fmt: skip


def check_corrected(yours: Callable[..., Any]) -> None:
    """Print whether `yours(p, place)` is Holm's corrected p of one test. Never raises."""
    check(yours, (_P.copy(), _PLACE), solve_corrected(_P, _PLACE), _HOLM_MISTAKES)
