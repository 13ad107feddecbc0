"""Figures: pure functions from values to `plotly.graph_objects.Figure`. No widget, no file, no model."""

from __future__ import annotations

from lab.figures.arms import arms_figure, arms_values
from lab.figures.atlas import Chosen, chosen_values, document_map, document_map_values
from lab.figures.bounds import bound_scatter, bound_values, gap_bars, gap_scatter, gap_values, guarantee_curve
from lab.figures.card import described, known, student_card
from lab.figures.circle import circle_figure, circle_values
from lab.figures.dartboard import dartboard, dartboard_values
from lab.figures.distance import distance_curve, distance_values
from lab.figures.engines import list_ndcg, recording_at, two_engines, two_engines_values
from lab.figures.forest import forest, rows_of
from lab.figures.gauges import gauge_board, gauge_values
from lab.figures.generation import coverage_curves, noise_curve, variant_distances, variant_distances_values
from lab.figures.grid import grid_figure, grid_values
from lab.figures.heat import token_heat, token_influence
from lab.figures.ladder import ladder_figure, ladder_values
from lab.figures.landing import landing_map, landing_map_values
from lab.figures.maploss import map_loss_bars, map_loss_values
from lab.figures.morph import morph_strip, morph_values
from lab.figures.morphmap import Landed, morph_map, morph_map_values
from lab.figures.moved import moved_query, moved_query_values
from lab.figures.pull import pull_figure, pull_values
from lab.figures.quality import quality_bars
from lab.figures.similarity import similarity_distributions, similarity_values
from lab.figures.sizes import size_curve
from lab.figures.theatre import theatre, theatre_values

__all__ = [
    "Chosen",
    "Landed",
    "arms_figure",
    "arms_values",
    "bound_scatter",
    "bound_values",
    "chosen_values",
    "circle_figure",
    "circle_values",
    "coverage_curves",
    "dartboard",
    "dartboard_values",
    "described",
    "distance_curve",
    "distance_values",
    "document_map",
    "document_map_values",
    "forest",
    "gap_bars",
    "gap_scatter",
    "gap_values",
    "gauge_board",
    "gauge_values",
    "grid_figure",
    "grid_values",
    "guarantee_curve",
    "ladder_figure",
    "ladder_values",
    "known",
    "landing_map",
    "landing_map_values",
    "list_ndcg",
    "map_loss_bars",
    "map_loss_values",
    "morph_map",
    "morph_map_values",
    "morph_strip",
    "morph_values",
    "moved_query",
    "moved_query_values",
    "noise_curve",
    "pull_figure",
    "pull_values",
    "quality_bars",
    "recording_at",
    "rows_of",
    "similarity_distributions",
    "similarity_values",
    "size_curve",
    "student_card",
    "theatre",
    "theatre_values",
    "token_heat",
    "token_influence",
    "two_engines",
    "two_engines_values",
    "variant_distances",
    "variant_distances_values",
]
