"""Intervals by the bootstrap over queries: how far would this number move with other such queries?

All measures of one comparison are resampled **together** (paired): a hard query is hard for teacher and
student alike, and that shared part must not count as uncertainty of their ratio. Where a student was trained
with several seeds, seeds are resampled as well, independently of the queries (the two-way bootstrap of Owen,
"The pigeonhole bootstrap", Annals of Applied Statistics 2007), so the interval also says what another seed
would have given.

Percentile intervals (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13). The same
`rng_seed` draws the same queries in every function below. Few things resampled give intervals that are too
narrow: three seeds show two thirds of the variance between seeds, and one query none, low = value = high.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.errors import DataError

RESAMPLES = 10_000
CHUNK = 1_000_000  # drawn queries held in memory at a time (8 MB an array)


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its bootstrap interval."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def as_json(self) -> dict[str, float]:
        """Value and bounds by name."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class NormalisedGain:
    """(student − BM25) / (teacher − BM25): how much of what the teacher adds to BM25 the student keeps.

    interval            None where the teacher is not above BM25 beyond its interval; `reason` then says so
    teacher_over_bm25   mean(teacher − BM25)
    student_over_bm25   mean(student − BM25)
    """

    interval: Interval | None
    reason: str
    teacher_over_bm25: Interval
    student_over_bm25: Interval

    @property
    def failed(self) -> bool:
        """The student is below BM25: a failed distillation, whatever its retention."""
        return self.student_over_bm25.value < 0

    def __str__(self) -> str:
        said = str(self.interval) if self.interval else f"not defined: {self.reason}"
        return f"{said}; FAILED: the student is below BM25" if self.failed else said


def mean_interval(values: Any, *, level: float = 0.95, resamples: int = RESAMPLES,
                  rng_seed: int = 0) -> Interval:
    """Mean over queries. values: (n_queries,), or (n_seeds, n_queries) to resample seeds too."""
    return mean_intervals([values], level=level, resamples=resamples, rng_seed=rng_seed)[0]


def mean_intervals(values: Sequence[Any], *, level: float = 0.95, resamples: int = RESAMPLES,
                   rng_seed: int = 0) -> list[Interval]:
    """`mean_interval` of each of several measures of the same queries: the same bounds, the drawing done once.

    values: each (n_queries,) or (n_seeds, n_queries).

    Raises:
        DataError: no measure, or measures of different numbers of queries.
    """
    arrays = [_checked(each, "values") for each in values]
    if len({array.shape[-1] for array in arrays}) != 1:
        shapes = [array.shape for array in arrays]
        raise DataError(f"values of shapes {shapes}: give at least one, all of the same queries")
    draws = _resampled_means(arrays, resamples, rng_seed)
    return [_interval(float(array.mean()), drawn, level) for array, drawn in zip(arrays, draws, strict=True)]


def difference_interval(a: Any, b: Any, *, level: float = 0.95, resamples: int = RESAMPLES,
                        rng_seed: int = 0) -> Interval:
    """mean(a) − mean(b) over the same queries.

    Either may be (n_queries,) or (n_seeds, n_queries); two with seeds are paired seed by seed.
    """
    return mean_interval(_difference(a, b), level=level, resamples=resamples, rng_seed=rng_seed)


def ratio_interval(student: Any, teacher: Any, *, level: float = 0.95, resamples: int = RESAMPLES,
                   rng_seed: int = 0) -> Interval:
    """Retention, mean(student) / mean(teacher).

    student: (n_queries,) or (n_seeds, n_queries); teacher: (n_queries,).

    Raises:
        DataError: the teacher's mean is 0 in the data or in a resample.
    """
    over, base = _difference(student, teacher), _checked(teacher, "teacher", seeds_allowed=False)
    lost, kept = _resampled_means([over, base], resamples, rng_seed)
    if base.mean() <= 0 or (kept <= 0).any():
        raise DataError(f"the teacher scores 0 on {int((base == 0).sum())} of {len(base)} queries, too many "
                        "for a ratio: use more queries, or a deeper measure such as R@100")
    # 1 + (s − t)/t instead of s/t: a student equal to its teacher gets 1 exactly, not 1 up to rounding.
    return _interval(1 + float(over.mean() / base.mean()), 1 + lost / kept, level)


def normalised_gain_interval(student: Any, teacher: Any, bm25: Any, *, level: float = 0.95,
                             resamples: int = RESAMPLES, rng_seed: int = 0) -> NormalisedGain:
    """(student − BM25) / (teacher − BM25).

    student: (n_queries,) or (n_seeds, n_queries); teacher and bm25: (n_queries,).
    """
    over = _difference(student, teacher)
    base = _difference(_checked(teacher, "teacher", seeds_allowed=False),
                       _checked(bm25, "bm25", seeds_allowed=False))
    lost, above = _resampled_means([over, base], resamples, rng_seed)
    teacher_over = _interval(float(base.mean()), above, level)
    student_over = difference_interval(student, bm25, level=level, resamples=resamples, rng_seed=rng_seed)
    if teacher_over.low <= 0:
        reason = f"the teacher is not above BM25 beyond the {level:.0%} interval (difference {teacher_over})"
        return NormalisedGain(None, reason, teacher_over, student_over)
    # A resample in which the teacher is not above BM25 has no gain at all. Counting it at both ends keeps the
    # interval honest: dividing by a number around 0 would put it at a random end.
    defined = above > 0
    gains = 1 + lost[defined] / above[defined]
    undefined = np.full(int((~defined).sum()), np.inf)
    low = _interval(0.0, np.concatenate([gains, -undefined]), level).low
    high = _interval(0.0, np.concatenate([gains, undefined]), level).high
    value = 1 + float(over.mean() / base.mean())
    return NormalisedGain(Interval(value, low, high, level), "", teacher_over, student_over)


def p_value(a: Any, b: Any, *, resamples: int = RESAMPLES, rng_seed: int = 0) -> float:
    """Two-sided bootstrap p of mean(a) = mean(b): twice the share of resamples on the smaller side of 0.

    The test that belongs to `difference_interval`; never 0, since 1 is added to the count and to the
    resamples (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, eq. 4.11). Nor is it
    below 2^(1 − n_queries), the least that the signs of n paired differences can show: three queries that
    agree would otherwise pass for certainty.
    """
    difference = _difference(a, b)
    (draws,) = _resampled_means([difference], resamples, rng_seed)
    smaller_side = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    least = 2.0 ** (1 - difference.shape[-1])
    return min(1.0, max(least, 2 * (smaller_side + 1) / (resamples + 1)))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's correction: p values that hold for all of several tests at once, in the order given.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 1979.

    p_values: (n,) numbers from 0 to 1. Returns (n,) float64, none below the p value it corrects.

    Raises:
        DataError: one is no number from 0 to 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise DataError(f"p values must be a list of numbers from 0 to 1, got {p_values!r}")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))  # smallest × m, next × (m − 1), …
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(steps, 1.0)
    return corrected


def _resampled_means(arrays: Sequence[np.ndarray], resamples: int, rng_seed: int) -> list[np.ndarray]:
    """(resamples,) means of each array, all over the same drawn queries and the same drawn seeds."""
    if resamples < 1:
        raise DataError(f"resamples = {resamples}: draw at least one, 10,000 for an interval to report")
    return [np.concatenate(parts) for parts in zip(*_chunks(arrays, resamples, rng_seed), strict=True)]


def _chunks(arrays: Sequence[np.ndarray], resamples: int, rng_seed: int) -> Iterator[list[np.ndarray]]:
    n = arrays[0].shape[-1]
    n_seeds = max(len(array) if array.ndim == 2 else 1 for array in arrays)
    # One stream each, so that students with and without seeds meet the same queries.
    query_rng, seed_rng = np.random.default_rng(rng_seed).spawn(2)
    size = max(1, CHUNK // n)
    for start in range(0, resamples, size):
        chunk = min(size, resamples - start)
        queries = _counts(query_rng, chunk, n) / n  # (chunk, n) weights
        seeds = _counts(seed_rng, chunk, n_seeds) / n_seeds  # (chunk, n_seeds)
        yield [queries @ array if array.ndim == 1 else ((queries @ array.T) * seeds).sum(axis=1)
               for array in arrays]


def _counts(rng: np.random.Generator, chunk: int, n: int) -> np.ndarray:
    """(chunk, n) float64: how often each of n things is drawn in n draws with replacement."""
    drawn = rng.integers(n, size=(chunk, n)) + n * np.arange(chunk)[:, None]
    return np.bincount(drawn.ravel(), minlength=chunk * n).reshape(chunk, n).astype(np.float64)


def _interval(value: float, draws: np.ndarray, level: float) -> Interval:
    if not 0 < level < 1:
        raise DataError(f"level = {level}: give the share the interval should cover, e.g. 0.95")
    # The quantile that is one of the draws: interpolating would make NaN of an infinite one.
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return Interval(value, float(low), float(high), level)


def _difference(a: Any, b: Any) -> np.ndarray:
    left, right = _checked(a, "first"), _checked(b, "second")
    if left.shape[-1] != right.shape[-1] or (left.ndim == right.ndim == 2 and len(left) != len(right)):
        raise DataError(f"values of shape {left.shape} and {right.shape} cannot be paired: both need the "
                        "same queries (and the same seeds), in the same order")
    return left - right


def _checked(values: Any, what: str, seeds_allowed: bool = True) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0 or array.ndim not in ((1, 2) if seeds_allowed else (1,)):
        shapes = "(n_queries,) or (n_seeds, n_queries)" if seeds_allowed else "(n_queries,)"
        raise DataError(f"{what} has the shape {array.shape}: needed are numbers of shape {shapes}, at least "
                        "one query")
    if not np.isfinite(array).all():
        raise DataError(f"{what}: {int((~np.isfinite(array)).sum())} values are NaN or infinite; every query "
                        "needs a value")
    return array
