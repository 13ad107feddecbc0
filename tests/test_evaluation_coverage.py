"""Intervals hold the truth as often as they promise, on data whose truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lab.evaluation.bootstrap import (
    Interval,
    mean_interval,
    ratio_interval,
)


def coverage(simulate: Callable[[np.random.Generator], tuple[Interval, float]], rounds: int) -> float:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(rounds):
        interval, truth = simulate(rng)
        hits += interval.low <= truth <= interval.high
    return hits / rounds


@pytest.mark.parametrize(("level", "least", "most"), [(0.95, 0.915, 0.975), (0.8, 0.75, 0.84)])
def test_a_mean_is_covered_as_often_as_promised(level: float, least: float, most: float) -> None:
    def simulate(rng: np.random.Generator) -> tuple[Interval, float]:
        return mean_interval(rng.normal(0.3, 0.2, 80), level=level, resamples=600), 0.3

    assert least <= coverage(simulate, 600) <= most


def test_a_ratio_is_covered_as_often_as_promised() -> None:
    def simulate(rng: np.random.Generator) -> tuple[Interval, float]:
        teacher = rng.beta(3, 2, 100)  # mean 0.6
        student = teacher * rng.uniform(0.6, 1.2, 100)  # independent factor of mean 0.9
        return ratio_interval(student, teacher, resamples=600), 0.9

    assert 0.915 <= coverage(simulate, 600) <= 0.975


def test_seeds_are_covered_only_if_they_are_resampled() -> None:
    def students(rng: np.random.Generator) -> np.ndarray:
        return 0.7 + rng.normal(0, 0.05, (10, 1)) + rng.normal(0, 0.1, 100) + rng.normal(0, 0.02, (10, 100))

    def both(rng: np.random.Generator) -> tuple[Interval, float]:
        return mean_interval(students(rng), resamples=500), 0.7

    def queries_only(rng: np.random.Generator) -> tuple[Interval, float]:
        return mean_interval(students(rng).mean(axis=0), resamples=500), 0.7

    assert 0.88 <= coverage(both, 400) <= 0.98
    assert coverage(queries_only, 400) < 0.8
