"""Figures: pure functions from values to `plotly.graph_objects.Figure`. No widget, no file, no model."""

from __future__ import annotations

from lab.figures.distance import distance_curve, distance_values
from lab.figures.engines import list_ndcg, recording_at, two_engines, two_engines_values
from lab.figures.generation import coverage_curves, landing, landing_values, noise_curve
from lab.figures.morph import morph_strip, morph_values
from lab.figures.quality import quality_bars, report_quality

__all__ = [
    "coverage_curves",
    "distance_curve",
    "distance_values",
    "landing",
    "landing_values",
    "list_ndcg",
    "morph_strip",
    "morph_values",
    "noise_curve",
    "quality_bars",
    "recording_at",
    "report_quality",
    "two_engines",
    "two_engines_values",
]
