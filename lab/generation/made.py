"""Made queries: what every source of extra training texts hands back, whether noise made them or a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lab.errors import DataError

ROUNDS = 12  # times a source is asked again for what the filters took away, before it gives up


@dataclass(frozen=True)
class Made:
    """Unique texts with the source each came from, and what was thrown away.

    texts: n strings · rows: (n,) int64 positions of their sources (queries, or documents) · dropped: reason → count
    """

    texts: tuple[str, ...]
    rows: np.ndarray
    dropped: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def __str__(self) -> str:
        lost = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items() if count) or "nothing"
        return f"{len(self):,} queries made; dropped: {lost}"


class QuerySource(Protocol):
    """Anything that makes queries: noise on observed ones, documents, plain repetition."""

    name: str

    def draw(self, count: int, seed: int = 0) -> Made:
        """`count` texts, the same for the same seed."""
        ...


def joined(parts: Sequence[Made]) -> Made:
    """All parts in one, in their order; a text that an earlier part has is dropped as "made twice"."""
    texts: dict[str, int] = {}
    dropped: Counter[str] = Counter()
    for part in parts:
        dropped.update(part.dropped)
        for text, row in zip(part.texts, part.rows, strict=True):
            if text in texts:
                dropped["made twice"] += 1
            else:
                texts[text] = int(row)
    return Made(tuple(texts), np.fromiter(texts.values(), dtype=np.int64, count=len(texts)), dict(dropped))


def picked(made: Made, count: int, name: str, seed: int = 0) -> Made:
    """`count` of them, drawn evenly from all sources, in their order.

    Raises:
        DataError: there are fewer.
    """
    if len(made) < count:
        raise DataError(f"{name}: {count:,} queries wanted, {made}; ask for fewer, or give it more to make them from")
    kept = np.sort(np.random.default_rng(seed).choice(len(made), count, replace=False))
    return Made(tuple(made.texts[i] for i in kept), made.rows[kept], made.dropped)


def mixed(shares: Mapping[QuerySource, float], count: int, seed: int = 0) -> Made:
    """Exactly `count` texts, each source giving its share; rows are positions in that source's own list.

    A text that two sources give stands twice: counts are what a study holds equal.

    Raises:
        DataError: no share above 0, or a source has too little.
    """
    total = sum(shares.values())
    if count < 1 or not total > 0 or min(shares.values()) < 0:
        raise DataError(f"count={count}, shares {list(shares.values())}: give at least one text and one share above 0")
    # largest remainders: the counts add up exactly
    wanted = np.array([share / total * count for share in shares.values()])
    counts = np.floor(wanted).astype(int)
    counts[np.argsort(counts - wanted, kind="stable")[: count - counts.sum()]] += 1
    parts: list[Made] = []
    for source, number in zip(shares, counts, strict=True):
        if number:
            parts.append(source.draw(int(number), seed))
    dropped: Counter[str] = Counter()
    for part in parts:
        dropped.update(part.dropped)
    return Made(tuple(t for part in parts for t in part.texts), np.concatenate([p.rows for p in parts]), dict(dropped))
