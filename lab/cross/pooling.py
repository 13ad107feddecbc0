"""Dual pooling: out of one sequence of states two vectors, the query's and the document's, which are then multiplied.

EmbedDistill (arXiv 2301.12005): score(q, d) = ⟨emb_{q←(q,d)}, emb_{d←(q,d)}⟩. Unlike the usual score, a linear map of
the first token, it leaves two vectors that a dual encoder can copy. Which tokens are pooled the abstract does not say:
here it is a setting, `CrossConfig.pooled`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def pool(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of the marked states, scaled to length 1: the default teacher's own way to make a vector of a text.

    Args:
        states: (B, T, d) · mask: bool (B, T), True where a token counts.
    Returns: (B, d) float32 unit vectors; 0 where a row marks nothing, an empty text.
    """
    weight = mask.to(torch.float32)[:, :, None]
    mean = (states.float() * weight).sum(1) / weight.sum(1).clamp_min(1.0)
    return torch.nn.functional.normalize(mean, dim=-1)


def dual_scores(queries: Tensor, documents: Tensor) -> Tensor:
    """⟨query i, document i⟩: (B, d) twice → (B,)."""
    return (queries * documents).sum(-1)
