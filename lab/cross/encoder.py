"""The cross encoder: query and document are read together, so each may change what the other means.

One file, top to bottom: tokens → frozen lower layers → upper layers, the ones that are trained → a score. `cls` scores
by a linear map of the first token's state; `dual` pools the two segments apart and multiplies them, which leaves two
vectors behind that a dual encoder can copy (EmbedDistill, arXiv 2301.12005; `lab.cross.pooling`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lab.cross.pairs import Pair, PairBatch, collate, tokenize_pairs
from lab.cross.pooling import dual_scores, pool
from lab.cross.settings import CrossConfig
from lab.cross.split import check_halves, halves, positions_of, upper_layers
from lab.device import autocast, resolve_precision
from lab.encoders.teacher import DualEncoder
from lab.errors import ModelError

BATCH_TOKENS = 6_000  # padded ones; pairs are long, so a batch of fewer would hold hardly any


@dataclass(frozen=True)
class Read:
    """What a cross encoder makes of n pairs.

    scores: (n,) · queries, documents: (n, d) unit vectors, the mean states of the two segments. The scorer `dual`
    multiplies these; the scorer `cls` does not look at them, they are there to be compared.
    """

    scores: Tensor
    queries: Tensor
    documents: Tensor


class CrossEncoder(nn.Module):
    """Any transformers encoder whose layers are a list as a cross encoder (`lab.cross.split.FAMILIES` are tested).

    Args:
        encoder: a transformers model that returns `last_hidden_state`; shared and never changed.
        tokenizer: its fast tokenizer.
        config: scorer, length, how many of the last layers are this cross encoder's own.
        source: what the encoder is called, for messages.

    Raises:
        ModelError: an encoder of another build, or too short for `config.length`.
    """

    def __init__(self, encoder: nn.Module, tokenizer: Any, config: CrossConfig, source: str = "encoder") -> None:
        super().__init__()
        settings: Any = encoder.config
        self.tokenizer, self.config, self.source = tokenizer, config, source
        self.lower, self.upper = halves(encoder, config.layers)
        most = positions_of(encoder)
        if most is not None and config.length > most:
            raise ModelError(f"length={config.length}: {source} has {most} positions")
        self.head = nn.Linear(settings.hidden_size, 1)
        with torch.no_grad():  # the same head for the same seed, and scores that begin near 0
            self.head.weight.normal_(0, 0.02, generator=torch.Generator().manual_seed(config.seed))
            self.head.bias.zero_()
        self.head.to(self.device)
        self.typed = getattr(settings, "type_vocab_size", 0) > 1
        self.requires_grad_(False).eval()
        check_halves(encoder, self.lower, self.upper, tokenizer.pad_token_id)

    @classmethod
    def from_teacher(cls, teacher: DualEncoder, config: CrossConfig | None = None) -> CrossEncoder:
        """The untrained cross encoder with a dual encoder's weights.

        Raises:
            ModelError: a teacher without a transformers encoder inside (a static one).
        """
        inner = teacher.model.transformers_model
        if inner is None:
            raise ModelError(f"{teacher.source} holds no transformers encoder: a cross encoder needs layers")
        return cls(inner, teacher.model.tokenizer, config or CrossConfig(), teacher.source)

    @property
    def device(self) -> torch.device:
        return next(self.lower.parameters()).device

    @property
    def precision(self) -> str:
        """ "bfloat16" or "float32": what this machine makes of `config.precision`."""
        return resolve_precision(self.device, self.config.precision)

    @property
    def layers(self) -> nn.ModuleList:
        """The upper layers: what training changes and an adapter stores."""
        return upper_layers(self.upper)

    def pairs(self, queries: Sequence[str], documents: Sequence[str], length: int | None = None) -> list[Pair]:
        """Tokens of query i with document i, cut to `length` (None: `config.length`)."""
        return tokenize_pairs(self.tokenizer, queries, documents, length or self.config.length)

    def collate(self, pairs: Sequence[Pair]) -> PairBatch:
        """Pad pairs to one batch."""
        return collate(pairs, self.tokenizer.pad_token_id, self.config.pooled)

    def below(self, batch: PairBatch) -> Tensor:
        """(B, T, d) states the frozen layers make; no gradient."""
        types = {"token_type_ids": batch.types.to(self.device)} if self.typed else {}
        with torch.no_grad():
            return self.lower(
                input_ids=batch.ids.to(self.device), attention_mask=batch.mask.to(self.device), **types
            ).last_hidden_state

    def above(self, states: Tensor, batch: PairBatch) -> Tensor:
        """(B, T, d) last states, from those that `below` made."""
        return self.upper(inputs_embeds=states, attention_mask=batch.mask.to(states.device)).last_hidden_state

    def read(self, states: Tensor, batch: PairBatch) -> Read:
        """Scores and segment vectors from the last states; in float32, whatever the layers computed in."""
        with torch.autocast(states.device.type, enabled=False):
            queries, documents = (pool(states, part.to(states.device)) for part in (batch.query, batch.document))
            if self.config.scorer == "dual":
                return Read(dual_scores(queries, documents), queries, documents)
            return Read(self.head(states[:, 0].float())[:, 0], queries, documents)

    def forward(self, batch: PairBatch) -> Read:
        """Tokens in, scores and segment vectors out."""
        return self.read(self.above(self.below(batch), batch), batch)

    def predict(self, queries: Sequence[str], documents: Sequence[str]) -> Read:
        """Scores of query i with document i, and both segment vectors, in the order given; float32 on the CPU.

        Raises:
            DataError: another number of queries than documents.
            ModelError: a score that is not a number.
        """
        pairs = self.pairs(queries, documents)
        width = self.head.in_features
        out = Read(torch.empty(len(pairs)), *(torch.empty(len(pairs), width) for _ in range(2)))
        with torch.inference_mode(), autocast(self.device, self.precision):
            for rows in batches(pairs):
                found = self(self.collate([pairs[row] for row in rows]))
                out.scores[rows], out.queries[rows], out.documents[rows] = (
                    part.float().cpu() for part in (found.scores, found.queries, found.documents)
                )
        if not bool(torch.isfinite(out.scores).all()):
            raise ModelError(f"{self.source} gave a score that is no number; try precision='float32'")
        return out

    def scores(self, queries: Sequence[str], documents: Sequence[str]) -> np.ndarray:
        """(n,) float32 scores alone; see `predict`."""
        return self.predict(queries, documents).scores.numpy()

    def tokens(self, query: str, document: str) -> tuple[list[str], list[str], np.ndarray]:
        """Words of both segments and the cosine of every query token's last state with every document token's.

        Returns: m query tokens, n document tokens, (m, n) float32 in [−1, 1].
        """
        pair = self.pairs([query], [document])
        batch = collate(pair, self.tokenizer.pad_token_id)  # content alone: separators say nothing to a reader
        with torch.inference_mode(), autocast(self.device, self.precision):
            states = self.above(self.below(batch), batch)[0].float().cpu()
        states = nn.functional.normalize(states, dim=-1)
        words = self.tokenizer.convert_ids_to_tokens(pair[0].ids.tolist())
        at = [np.flatnonzero(part[0].numpy()) for part in (batch.query, batch.document)]
        cosines = (states[at[0]] @ states[at[1]].T).numpy()
        return [words[i] for i in at[0]], [words[i] for i in at[1]], cosines


def batches(pairs: Sequence[Pair], tokens: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Positions of pairs of about one length, the longest first, at most so many padded tokens a batch."""
    order = sorted(range(len(pairs)), key=lambda row: -len(pairs[row]))
    start = 0
    while start < len(order):
        size = max(1, tokens // max(1, len(pairs[order[start]])))
        yield order[start : start + size]
        start += size
