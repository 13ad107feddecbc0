"""Figures: pure functions from values to `plotly.graph_objects.Figure`. No widget, no file, no model."""

from __future__ import annotations

from lab.figures.circle import circle_figure, circle_values
from lab.figures.distance import distance_curve, distance_values
from lab.figures.engines import list_ndcg, recording_at, two_engines, two_engines_values
from lab.figures.grid import grid_figure, grid_values
from lab.figures.pull import pull_figure, pull_values
from lab.figures.quality import quality_bars, report_quality

__all__ = [
    "circle_figure",
    "circle_values",
    "distance_curve",
    "distance_values",
    "grid_figure",
    "grid_values",
    "list_ndcg",
    "pull_figure",
    "pull_values",
    "quality_bars",
    "recording_at",
    "report_quality",
    "two_engines",
    "two_engines_values",
]
