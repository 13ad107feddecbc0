"""Matching puts the student's vector where the teacher's is; spread-out pushes a batch's vectors apart."""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from lab.errors import LabError
from lab.losses.checks import in_full_precision, require_finite, require_floats, require_shape

Distance = Literal["norm", "squared", "cosine"]
DISTANCES: tuple[Distance, ...] = get_args(Distance)


@in_full_precision
def matching(student: Tensor, teacher: Tensor, distance: Distance = "norm") -> Tensor:
    """Mean distance between the student's and the teacher's vectors of the same texts.

    R_Emb = 1/n Σ_i ‖t_i − s_i‖₂ of EmbedDistill (Kim et al. 2023, arXiv 2301.12005), for queries, documents
    and hard negatives alike. The teacher is a constant: no gradient reaches it.

    - "norm": ‖t − s‖, the paper's. Pulls with the same force from near and far; at distance 0, where a norm
      has no gradient, it pulls with force 0.
    - "squared": ‖t − s‖². Pulls in proportion to the distance. It is d times the mean squared error.
    - "cosine": 1 − cos(t, s). Blind to length; a zero vector counts as cos = 0.

    For unit vectors "squared" is exactly 2 × "cosine".

    Args:
        student: (..., d), at least two dimensions.
        teacher: the same shape.
        distance: one of the three above.
    Returns: a scalar, the mean over all leading dimensions.
    Raises: LabError for an unknown distance, shapes that differ, or a teacher holding NaN.
    """
    if distance not in DISTANCES:
        raise LabError(f"distance must be one of {', '.join(DISTANCES)}, got {distance!r}.")
    require_floats("student", student, "(..., d)", 2, 3, 4)
    require_floats("teacher", teacher, "(..., d)", 2, 3, 4)
    require_shape("student", student, tuple(teacher.shape), "teacher")
    require_finite("teacher", teacher)
    teacher = teacher.detach()
    if distance == "cosine":
        return (1 - F.cosine_similarity(student, teacher, dim=-1)).mean()
    difference = student - teacher  # (..., d)
    if distance == "squared":
        return difference.square().sum(-1).mean()
    # vector_norm defines its gradient at 0 as 0; sqrt(sum of squares) would give NaN there.
    return torch.linalg.vector_norm(difference, dim=-1).mean()


@in_full_precision
def spread_out(embeddings: Tensor) -> Tensor:
    """Mean squared inner product of two different vectors of a batch: 1/(B(B−1)) Σ_{i≠j} (e_iᵀe_j)².

    The regulariser of EmbeddingGemma (arXiv 2509.20354) after Zhang et al. (ICCV 2017). Meant for unit
    vectors: 0 where all are orthogonal, 1 where all point the same way (a collapse), 1/d on average for
    random directions.

    Args:
        embeddings: (B, d).
    Returns: a scalar; 0 for a batch of one, which has no pair.
    Raises: LabError for another shape.
    """
    require_floats("embeddings", embeddings, "(B, d)", 2)
    size = embeddings.shape[0]
    products = embeddings @ embeddings.T  # (B, B)
    off_diagonal = ~torch.eye(size, dtype=torch.bool, device=embeddings.device)
    return (products.square() * off_diagonal).sum() / max(size * (size - 1), 1)
