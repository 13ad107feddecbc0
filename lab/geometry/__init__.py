"""On vectors: how near a student is to its teacher, how a space is shaped: arrays in, numbers out."""

from __future__ import annotations

from lab.geometry.atlas import MapLoss, MapRecipe, PcaMap, landing, map_loss, pca_map, umap_map
from lab.geometry.bounds import (
    GapBound,
    Sample,
    ScoreBound,
    Triples,
    cross_entropy,
    draw_triples,
    gap_bound,
    score_bound,
    sigmoid,
)
from lab.geometry.circle import CircleWorld, Turned, circle_world, descend, pull, turn
from lab.geometry.diagnosis import Finding, likely_cause
from lab.geometry.measures import (
    alignment,
    cosines,
    distances,
    hubness,
    knn_overlap,
    linear_cka,
    margins,
    mean_distance,
    spearman_scores,
    spearman_similarities,
    spread,
    uniformity,
)
from lab.geometry.pairs import PairSimilarities, anisotropy, pair_similarities
from lab.geometry.safe_radius import SafeRadius, safe_radius
from lab.geometry.segments import auc, distances_to_mean, ratio_parts, within_share, within_shares

__all__ = [
    "CircleWorld",
    "Finding",
    "GapBound",
    "MapLoss",
    "MapRecipe",
    "PairSimilarities",
    "PcaMap",
    "SafeRadius",
    "Sample",
    "ScoreBound",
    "Triples",
    "Turned",
    "alignment",
    "anisotropy",
    "auc",
    "circle_world",
    "cosines",
    "cross_entropy",
    "descend",
    "distances",
    "distances_to_mean",
    "draw_triples",
    "gap_bound",
    "hubness",
    "knn_overlap",
    "landing",
    "likely_cause",
    "linear_cka",
    "map_loss",
    "margins",
    "mean_distance",
    "pair_similarities",
    "pca_map",
    "pull",
    "ratio_parts",
    "safe_radius",
    "score_bound",
    "sigmoid",
    "spearman_scores",
    "spearman_similarities",
    "spread",
    "turn",
    "umap_map",
    "uniformity",
    "within_share",
    "within_shares",
]
