"""What made queries are worth, in numbers: how far they went, what they still find, which gaps they fill.

Vectors are the teacher's, so every number is about the space a student will be trained in. Pure functions of arrays and
texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lab.errors import DataError
from lab.geometry import cosines
from lab.geometry.checks import Floats, matrix, pair, unit

CHUNK = 512  # rows of an n × m table held at once


def drift(sources: Any, made: Any) -> Floats:
    """1 − cosine of every made query to its source: (n, d) twice → (n,) in [0, 2]; 0 for the same direction."""
    return 1.0 - cosines(*pair("sources", sources, "made", made))


def top_kept(sources: Any, made: Any, documents: Any) -> npt.NDArray[np.bool_]:
    """Whether the best document of each made query is the best of its source: (n, d), (n, d), (m, d) → (n,) bool.

    Scores are cosines; of equal ones the document that stands first wins.
    """
    before, after = pair("sources", sources, "made", made)
    first = top_document(np.concatenate([before, after]), documents)
    return first[: len(before)] == first[len(before) :]


def top_document(queries: Any, documents: Any) -> npt.NDArray[np.int64]:
    """The position of each query's best document by cosine: (n, d), (m, d) → (n,)."""
    return nearest_row(*_units("queries", queries, "documents", documents))[0]


def nearest(held_out: Any, pool: Any) -> Floats:
    """Distance ‖a − b‖ of each held-out query to the nearest of the pool, as unit vectors: (n, d), (m, d) → (n,) ≤ 2.

    A student is trained at the pool's places; how far from one it will be asked is what more queries can shorten.
    """
    return nearest_row(*_units("held_out", held_out, "pool", pool))[1]


def nearest_row(queries: Floats, places: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Which of the places is nearest, and how far: unit (n, d), unit (m, d) → (n,) positions, the first of equal ones,
    and (n,) ‖a − b‖ ≤ 2. Reads `places` as they are, so that whoever asks again and again normalises them once."""
    rows = np.empty(len(queries), dtype=np.int64)
    best = np.empty(len(queries))
    for start in range(0, len(queries), CHUNK):
        scores = queries[start : start + CHUNK] @ places.T
        rows[start : start + CHUNK], best[start : start + CHUNK] = scores.argmax(axis=1), scores.max(axis=1)
    return rows, np.sqrt(np.maximum(2 - 2 * best, 0.0))  # ‖a − b‖² = 2 − 2⟨a, b⟩


def coverage(held_out: Any, pool: Any, radii: Any) -> Floats:
    """Share of the held-out queries with one of the pool within each radius: (k,) radii → (k,) in [0, 1]."""
    within = nearest(held_out, pool)[None, :] <= np.asarray(radii, dtype=np.float64).reshape(-1, 1)
    return within.mean(axis=1)


def edits(source: Sequence[Any], made: Sequence[Any]) -> int:
    """Levenshtein's distance: fewest tokens to insert, delete or replace (Soviet Physics Doklady 10, 1966)."""
    row = list(range(len(made) + 1))
    for place, token in enumerate(source, 1):
        corner, row[0] = row[0], place
        for at, other in enumerate(made, 1):
            corner, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, corner + (token != other))
    return row[-1]


def edit_share(source: Sequence[Any], made: Sequence[Any]) -> float:
    """`edits` over the tokens of the longer text: 0 the same, 1 nothing in common."""
    return edits(source, made) / max(len(source), len(made), 1)


def diversity(made: Any, rows: Any) -> float:
    """Mean 1 − cosine between two queries made of one source, over all such pairs: 0 where they are all one query.

    Args: made: (n, d) vectors · rows: (n,) sources.
    Raises: DataError: no source gave two.
    """
    vectors, origin = unit(matrix("made", made)), np.asarray(rows)
    if origin.shape != (len(vectors),):
        raise DataError(f"made {vectors.shape} and rows {origin.shape}: give the source of every made query")
    total = pairs = 0.0
    for source in np.unique(origin):
        group = vectors[origin == source]
        n = len(group)
        # Σ over ordered pairs of ⟨a, b⟩ = ‖Σ a‖² − n
        total += n * (n - 1) - (float((group.sum(axis=0) ** 2).sum()) - n)
        pairs += n * (n - 1)
    if not pairs:
        raise DataError("diversity compares queries made of one source: ask for two or more per query")
    return max(total / pairs, 0.0)


def _units(first: str, a: Any, second: str, b: Any) -> tuple[Floats, Floats]:
    left, right = matrix(first, a), matrix(second, b)
    if left.shape[1] != right.shape[1]:
        raise DataError(f"{first} {left.shape} and {second} {right.shape} are of different spaces")
    return unit(left), unit(right)
