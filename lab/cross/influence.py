"""Which tokens a score hangs on: the gradient of the score by a token's vector, times that vector.

The scorer `cls` leaves no cosines to look at, only a number. To first order a token adds ⟨∂s/∂e_t, e_t⟩ to it: what the
score would lose, per unit, if the token's vector e_t faded. Gradient × input, after Denil, Demiraj and de Freitas
(arXiv 1412.6815), who score words by it, and Shrikumar et al. (arXiv 1605.01713), who name it. It is local: a token may
matter without a slope.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from lab.cross.encoder import CrossEncoder
from lab.cross.pairs import DOCUMENT, QUERY


@dataclass(frozen=True, eq=False)
class Influence:
    """m query tokens and n document tokens, and what each adds to the score: (m,), (n,) in units of the score."""

    query_tokens: list[str]
    document_tokens: list[str]
    query: np.ndarray
    document: np.ndarray


def influence(model: CrossEncoder, query: str, document: str) -> Influence:
    """What each token of a pair adds to its score, in float32; special tokens are left out of what is returned.

    Raises:
        ModelError: see `CrossEncoder.pairs`.
    """
    (pair,) = model.pairs([query], [document])
    batch = model.collate([pair])
    with torch.no_grad():
        vectors = model.lower.get_input_embeddings()(batch.ids.to(model.device)).float()
    vectors = vectors.requires_grad_()
    types = {"token_type_ids": batch.types.to(model.device)} if model.typed else {}
    with torch.enable_grad(), torch.autocast(model.device.type, enabled=False):
        mask = batch.mask.to(model.device)
        below = model.lower(inputs_embeds=vectors, attention_mask=mask, **types).last_hidden_state
        score = model.read(model.above(below, batch), batch).scores[0]
        (slope,) = torch.autograd.grad(score, vectors)
    each = (slope * vectors).sum(-1)[0].detach().cpu().numpy()
    words = model.tokenizer.convert_ids_to_tokens(pair.ids.tolist())
    at = [np.flatnonzero(pair.kinds == part) for part in (QUERY, DOCUMENT)]
    return Influence([words[i] for i in at[0]], [words[i] for i in at[1]], each[at[0]], each[at[1]])
