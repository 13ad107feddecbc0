"""On vectors: how near a student is to its teacher, how a space is shaped: arrays in, numbers out."""

from __future__ import annotations

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
from lab.geometry.safe_radius import SafeRadius, keeps_top, safe_radius

__all__ = [
    "Finding",
    "SafeRadius",
    "alignment",
    "cosines",
    "distances",
    "hubness",
    "keeps_top",
    "knn_overlap",
    "likely_cause",
    "linear_cka",
    "margins",
    "mean_distance",
    "safe_radius",
    "spearman_scores",
    "spearman_similarities",
    "spread",
    "uniformity",
]
