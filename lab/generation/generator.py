"""New queries from observed ones: q' = Dec(Enc(mask(q)) + ε), section "query generation" of EmbedDistill
(arXiv 2301.12005).

An encoder-decoder that was trained to rebuild its input is made to stumble: Gaussian noise on the encoder's states, σ
times their root mean square, and now and then a masked token. Little noise gives the query back, more gives its
neighbours, too much gives anything. The decoder is handed the noisy states and nothing else, so no path leads round
the noise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lab.device import autocast
from lab.errors import DataError, LabError
from lab.generation.filters import Filters, filtered
from lab.generation.made import ROUNDS, Made, joined, picked
from lab.settings import check_kinds
from lab.store import Encoder


@dataclass(frozen=True)
class NoiseSettings:
    """How queries are made of queries.

    Raises:
        LabError: a setting that is no number, or out of its range.
    """

    sigma: float = 0.75  # standard deviation of the noise, in units of the RMS of the encoder's states
    mask: float = 0.02  # probability that a token is masked before it is read
    per_query: int = 2  # made of each observed query
    sample: bool = False  # draw each token from the decoder's distribution instead of taking the likeliest
    beams: int = 1  # texts followed at once; 1: greedy, or plain sampling
    temperature: float = 1.0  # of sampling: below 1 sharper
    top_k: int = 20  # of sampling: tokens to draw from
    extra: int = 6  # tokens a made query may be longer than the longest of its batch
    seed: int = 0
    batch: int = 64  # sequences decoded at once

    def __post_init__(self) -> None:
        check_kinds(self)
        if not self.sigma >= 0 or not 0 <= self.mask < 1:
            raise LabError(f"sigma={self.sigma}, mask={self.mask}: sigma is 0 or more, mask at least 0 and below 1")
        for name in ("per_query", "beams", "top_k", "batch", "temperature"):
            if not getattr(self, name) > 0:
                raise LabError(f"{name}={getattr(self, name)}: must be greater than 0")
        for name in ("extra", "seed"):
            if getattr(self, name) < 0:
                raise LabError(f"{name}={getattr(self, name)}: must be at least 0")


@dataclass(frozen=True)
class Rewriter:
    """An encoder-decoder as the generator sees it.

    read: (ids (n, T), mask (n, T)) → states (n, T, d) · write: (states, mask, **settings) → ids (n, U), padded;
    settings are those of transformers' `generate` · most: tokens it can read or write, special ones included
    """

    source: str
    tokenizer: Any
    read: Callable[[Tensor, Tensor], Tensor]
    write: Callable[..., Tensor]
    device: torch.device
    most: int


class QueryGenerator:
    """Makes queries out of queries with a `Rewriter`; see `load_generator` and `lab.artefacts.query_generator`."""

    def __init__(self, rewriter: Rewriter) -> None:
        self.rewriter = rewriter

    @property
    def source(self) -> str:
        return self.rewriter.source

    def generate(
        self,
        queries: Sequence[str],
        settings: NoiseSettings | None = None,
        filters: Filters | None = None,
        encoder: Encoder | None = None,
        **changes: Any,
    ) -> Made:
        """New queries, filtered and without duplicates, in the order of their sources.

        Args:
            changes: to single settings, e.g. sigma=0.8.
            encoder: the teacher, where the filters ask how far a query went.

        Raises:
            DataError: no query, or an empty one.
        """
        settings = replace(settings or NoiseSettings(), **changes)
        texts = self.rewrite(queries, settings)
        return filtered(texts, np.repeat(np.arange(len(queries)), settings.per_query), queries, filters, encoder)

    def rewrite(self, queries: Sequence[str], settings: NoiseSettings | None = None, **changes: Any) -> list[str]:
        """len(queries) × per_query raw texts, unfiltered, those of one query next to each other.

        The noise of a text follows from the seed, the query and its number alone, not from what else is in the batch.

        Raises:
            DataError: no query, or an empty one.
        """
        settings = replace(settings or NoiseSettings(), **changes)
        if not queries or not all(query.strip() for query in queries):
            raise DataError("no query to start from, or an empty one: give texts with at least one word")
        jobs = [(query, number) for query in queries for number in range(settings.per_query)]
        randoms = [_random(settings.seed, query, number) for query, number in jobs]
        ids = self._masked([query for query, _ in jobs], randoms, settings.mask)
        order = sorted(range(len(jobs)), key=lambda i: -len(ids[i]))
        out = [""] * len(jobs)
        devices = [self.rewriter.device] if self.rewriter.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices), torch.inference_mode():
            torch.manual_seed(settings.seed)  # of the sampling of tokens
            for start in range(0, len(order), settings.batch):
                places = order[start : start + settings.batch]
                for place, text in zip(places, self._batch(places, ids, randoms, settings), strict=True):
                    out[place] = text
        return out

    def as_read(self, queries: Sequence[str]) -> list[str]:
        """The queries as the encoder reads them: a tokenizer may drop case and accents, which no decoder can bring
        back."""
        tokenizer = self.rewriter.tokenizer
        ids = tokenizer(list(queries))["input_ids"]
        return [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]

    def _masked(self, texts: list[str], randoms: list[np.random.Generator], share: float) -> list[list[int]]:
        """Token ids with some inner ones masked; deleted where the tokenizer has no mask token (T5)."""
        tokenizer, special = self.rewriter.tokenizer, set(self.rewriter.tokenizer.all_special_ids)
        mask = getattr(tokenizer, "mask_token_id", None)
        found = []
        for row, random in zip(
            tokenizer(texts, truncation=True, max_length=self.rewriter.most)["input_ids"], randoms, strict=True
        ):
            hit = (random.random(len(row)) < share) & np.array([token not in special for token in row])
            read = [mask if struck else token for token, struck in zip(row, hit, strict=True)]
            found.append([token for token in read if token is not None])
        return found

    def _batch(
        self, places: list[int], ids: list[list[int]], randoms: list[np.random.Generator], settings: NoiseSettings
    ) -> list[str]:
        device, tokenizer = self.rewriter.device, self.rewriter.tokenizer
        lengths = [len(ids[place]) for place in places]
        padded = torch.full((len(places), max(lengths)), tokenizer.pad_token_id, dtype=torch.long)
        for row, place in enumerate(places):
            padded[row, : lengths[row]] = torch.tensor(ids[place])
        mask = (torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]).long().to(device)
        with autocast(device):
            states = self.rewriter.read(padded.to(device), mask).float()
        noise = torch.zeros(states.shape)
        for row, place in enumerate(places):
            drawn = randoms[place].standard_normal((lengths[row], states.shape[-1]), dtype=np.float32)
            noise[row, : lengths[row]] = torch.from_numpy(drawn)
        noisy = states + settings.sigma * rms(states, mask) * noise.to(device)
        more: dict[str, Any] = {"do_sample": settings.sample, "num_beams": settings.beams}
        if settings.sample:
            more |= {"temperature": settings.temperature, "top_k": settings.top_k}
        longest = min(max(lengths) + settings.extra, self.rewriter.most - 1)  # the start token has a place as well
        written = self.rewriter.write(noisy, mask, max_new_tokens=longest, **more)
        return [text.strip() for text in tokenizer.batch_decode(written.tolist(), skip_special_tokens=True)]


def rms(states: Tensor, mask: Tensor) -> Tensor:
    """Root mean square of each text's states over its own tokens: (n, T, d) and (n, T) → (n, 1, 1)."""
    weights = mask[..., None].to(states.dtype)
    squares, tokens = (states**2 * weights).sum(dim=(1, 2), keepdim=True), weights.sum(dim=(1, 2), keepdim=True)
    return (squares / (tokens * states.shape[-1])).sqrt()


@dataclass(frozen=True)
class FromQueries:
    """The generator as a source of extra texts: noise on observed queries, again and again until there are enough."""

    generator: QueryGenerator
    queries: tuple[str, ...]
    settings: NoiseSettings = NoiseSettings()
    filters: Filters = Filters()
    encoder: Encoder | None = None
    name: str = "generated"

    def draw(self, count: int, seed: int = 0) -> Made:
        """As many of each query as the count asks for; what filters take away is made anew with other noise.

        Raises:
            DataError: no query; or still too few after a dozen rounds: σ is too small, or a filter too strict.
        """
        if not self.queries:
            raise DataError("no query to start from: give texts with at least one word")
        made = Made((), np.zeros(0, np.int64))
        for number in range(ROUNDS):
            if len(made) >= count:
                break
            missing = -(-(count - len(made)) // len(self.queries))  # of each query, rounded up
            settings = replace(self.settings, seed=seed * ROUNDS + number, per_query=missing)
            made = joined([made, self.generator.generate(self.queries, settings, self.filters, self.encoder)])
        return picked(made, count, f"{self.name} at σ {self.settings.sigma:g}", seed)


def _random(seed: int, query: str, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, number, int.from_bytes(hashlib.sha256(query.encode()).digest()[:8])])
