"""What is thrown away before a made query may train a student, and how many of each kind.

Texts are compared by their words alone: a changed comma or capital is no new query.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import LabError
from lab.generation.made import Made
from lab.geometry import cosines
from lab.store import Encoder

_WORDS = re.compile(r"\w+")
IDENTICAL, TWICE, DEGENERATE, TOO_FAR = "identical", "made twice", "degenerate", "too far"


@dataclass(frozen=True)
class Filters:
    """Which made queries are dropped.

    Raises:
        LabError: a shortest below 1, or a closest that is no cosine.
    """

    identical: bool = True  # says what its source, or another observed query, says
    degenerate: bool = True  # fewer than `shortest` words, or one word more often than all others together
    shortest: int = 2  # words
    closest: float | None = None  # least cosine to its source in the encoder's space; None: however far

    def __post_init__(self) -> None:
        if self.shortest < 1 or (self.closest is not None and not -1 <= self.closest <= 1):
            raise LabError(f"{self}: shortest is a number of words from 1, closest a cosine between -1 and 1")


def words(text: str) -> tuple[str, ...]:
    """Lower-case words without punctuation."""
    return tuple(_WORDS.findall(text.casefold()))


def same_words(texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """(n,) bool: which of n texts are, word for word, one of the others."""
    known = {words(other) for other in others}
    return np.array([words(text) in known for text in texts], dtype=bool)


def degenerate(text: str, shortest: int = 2) -> bool:
    """True for a text that nobody would type: too short, or one word over and over."""
    found = words(text)
    most = Counter(found).most_common(1)[0][1] if found else 0
    return len(found) < shortest or (len(found) > 2 and most > len(found) / 2)


def filtered(
    texts: Sequence[str],
    rows: np.ndarray,
    sources: Sequence[str],
    filters: Filters | None = None,
    encoder: Encoder | None = None,
) -> Made:
    """Keep what is new and sound.

    Args:
        texts: n made queries · rows: (n,) the position of each one's source · sources: all observed queries.
        encoder: whose space "too far" is measured in; only read where `filters.closest` is given.

    Raises:
        LabError: `closest` without an encoder.
    """
    filters = filters or Filters()
    observed = {words(source) for source in sources} if filters.identical else set()
    dropped: Counter[str] = Counter()
    seen: set[tuple[str, ...]] = set()
    kept: list[int] = []
    for place, text in enumerate(texts):
        said = words(text)
        if said in observed:
            dropped[IDENTICAL] += 1
        elif filters.degenerate and degenerate(text, filters.shortest):
            dropped[DEGENERATE] += 1
        elif said in seen:
            dropped[TWICE] += 1
        else:
            seen.add(said)
            kept.append(place)
    if filters.closest is not None and kept:
        near = _near([texts[i] for i in kept], [sources[rows[i]] for i in kept], filters.closest, encoder)
        dropped[TOO_FAR] = int((~near).sum())
        kept = [place for place, good in zip(kept, near, strict=True) if good]
    return Made(tuple(texts[i] for i in kept), np.asarray(rows, dtype=np.int64)[kept], dict(dropped))


def _near(made: list[str], sources: list[str], closest: float, encoder: Encoder | None) -> np.ndarray:
    if encoder is None:
        raise LabError(f"closest={closest}: give the encoder in whose space it is measured, e.g. encoder=teacher")
    unique = list(dict.fromkeys(sources))
    place = {text: i for i, text in enumerate(unique)}
    of_sources = encoder.encode(unique, "query")[[place[text] for text in sources]]
    of_made = encoder.encode(made, "query")
    return cosines(of_made, of_sources) >= closest
