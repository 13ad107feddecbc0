"""Figures: pure functions from values to `plotly.graph_objects.Figure`. No widget, no file, no model."""

from __future__ import annotations

from lab.figures.card import described, student_card
from lab.figures.dartboard import dartboard, dartboard_values
from lab.figures.distance import distance_curve, distance_values
from lab.figures.engines import list_ndcg, recording_at, two_engines, two_engines_values
from lab.figures.gauges import gauge_board, gauge_values
from lab.figures.quality import quality_bars, report_quality
from lab.figures.theatre import theatre, theatre_values

__all__ = [
    "dartboard",
    "dartboard_values",
    "described",
    "distance_curve",
    "distance_values",
    "gauge_board",
    "gauge_values",
    "list_ndcg",
    "quality_bars",
    "recording_at",
    "report_quality",
    "student_card",
    "theatre",
    "theatre_values",
    "two_engines",
    "two_engines_values",
]
