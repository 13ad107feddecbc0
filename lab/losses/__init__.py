"""Losses as pure functions of tensors: what a student is asked to copy, and how strongly.

Two families (EmbedDistill, Kim et al. 2023, arXiv 2301.12005). The *score* losses see only ⟨query, document⟩,
so they do not change when both towers are rotated; the *matching* losses compare vectors and tie the student
to the teacher's space.
"""

from __future__ import annotations

from lab.losses.candidates import candidate_scores, duplicate_mask
from lab.losses.listwise import list_wise
from lab.losses.matching import DISTANCES, Distance, matching, spread_out
from lab.losses.scores import margin_mse, one_hot, score_distillation
from lab.losses.total import COMBINED, TERMS, LossBatch, LossWeights, gradient_norms, total

__all__ = [
    "COMBINED",
    "DISTANCES",
    "TERMS",
    "Distance",
    "LossBatch",
    "LossWeights",
    "candidate_scores",
    "duplicate_mask",
    "gradient_norms",
    "list_wise",
    "margin_mse",
    "matching",
    "one_hot",
    "score_distillation",
    "spread_out",
    "total",
]
