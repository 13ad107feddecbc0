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

Floats = npt.NDArray[np.float64]
CHUNK = 512  # rows of an n × m table held at once


def drift(sources: Any, made: Any) -> Floats:
    """1 − cosine of every made query to its source: (n, d) twice → (n,) in [0, 2]; 0 for the same direction."""
    left, right = _unit("sources", sources), _unit("made", made)
    if left.shape != right.shape:
        raise DataError(f"sources {left.shape} and made {right.shape}: give each made query's source, row by row")
    return 1.0 - np.clip((left * right).sum(axis=1), -1.0, 1.0)


def top_kept(sources: Any, made: Any, documents: Any) -> npt.NDArray[np.bool_]:
    """Whether the best document of each made query is the best of its source: (n, d), (n, d), (m, d) → (n,) bool.

    Scores are cosines; of equal ones the document that stands first wins.
    """
    return top_document(sources, documents) == top_document(made, documents)


def top_document(queries: Any, documents: Any) -> npt.NDArray[np.int64]:
    """The position of each query's best document by cosine: (n, d), (m, d) → (n,)."""
    left, right = _unit("queries", queries), _unit("documents", documents)
    if left.shape[1] != right.shape[1]:
        raise DataError(f"queries {left.shape} and documents {right.shape} are of different spaces")
    return np.concatenate([(left[i : i + CHUNK] @ right.T).argmax(axis=1) for i in range(0, len(left), CHUNK)])


def nearest(held_out: Any, pool: Any) -> Floats:
    """Distance ‖a − b‖ of each held-out query to the nearest of the pool, as unit vectors: (n, d), (m, d) → (n,) ≤ 2.

    A student is trained at the pool's places; how far from one it will be asked is what more queries can shorten.
    """
    left, right = _unit("held_out", held_out), _unit("pool", pool)
    if left.shape[1] != right.shape[1]:
        raise DataError(f"held_out {left.shape} and pool {right.shape} are of different spaces")
    best = np.concatenate([(left[i : i + CHUNK] @ right.T).max(axis=1) for i in range(0, len(left), CHUNK)])
    return np.sqrt(np.maximum(2 - 2 * best, 0.0))  # ‖a − b‖² = 2 − 2⟨a, b⟩


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
    vectors, origin = _unit("made", made), np.asarray(rows)
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


def _unit(name: str, values: Any) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise DataError(f"{name} must be numbers of shape (n, d) with n and d at least 1, got shape {array.shape}")
    return array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-12)
