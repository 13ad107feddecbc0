"""Evaluation: from runs to numbers one can stand by, each with its interval."""

from __future__ import annotations

from lab.evaluation.bootstrap import (
    Interval,
    NormalisedGain,
    difference_interval,
    holm,
    mean_interval,
    mean_intervals,
    normalised_gain_interval,
    p_value,
    ratio_interval,
)
from lab.evaluation.compare import Comparison, compare
from lab.evaluation.fidelity import Fidelity, fidelity, vector_distance
from lab.evaluation.metrics import MEASURES, means, per_query

__all__ = [
    "MEASURES",
    "Comparison",
    "Fidelity",
    "Interval",
    "NormalisedGain",
    "compare",
    "difference_interval",
    "fidelity",
    "holm",
    "mean_interval",
    "mean_intervals",
    "means",
    "normalised_gain_interval",
    "p_value",
    "per_query",
    "ratio_interval",
    "vector_distance",
]
