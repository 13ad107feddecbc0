"""The list-wise loss on labels, for models that give scores and no vectors."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.losses.checks import in_full_precision, require_floats, require_mask, require_positive


@in_full_precision
def list_wise(scores: Tensor, *, temperature: float = 1.0, mask: Tensor | None = None) -> Tensor:
    """Softmax cross entropy of the relevant document, first of each list: −1/B Σ_i log softmax_j(s_ij/τ)[0].

    The localised contrastive loss of Gao et al. 2021 (arXiv 2101.08751) for rerankers; ListNet (Cao et al., ICML 2007)
    with one relevant document. `one_hot` is the same for scores that are inner products of vectors.

    Args:
        scores: (B, C), the relevant document in column 0.
        temperature: τ; cosines need about 0.05, scores of a linear map find their own scale at 1.
        mask: bool (B, C), True where a document must not count as a negative.
    Returns: a scalar; exactly 0 where no negative is left.
    Raises: ValueError for another shape, τ ≤ 0, or a mask that hides the relevant document.
    """
    require_floats("scores", scores, "(B, C)", 2)
    require_positive("temperature", temperature)
    scores = scores / temperature
    if mask is not None:
        require_mask("mask", mask, tuple(scores.shape))
        if bool(mask[:, 0].any()):
            raise ValueError("mask hides the relevant document of a list; set its column 0 to False.")
        scores = scores.masked_fill(mask, -torch.inf)
    return -torch.log_softmax(scores, dim=1)[:, 0].mean()
