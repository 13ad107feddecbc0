"""Notebook 01: any collection in its teacher's space and on a map, and the two exercises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lab import artefacts
from lab.collection import Collection
from lab.encoders.teacher import DualEncoder
from lab.errors import DataError, LabError
from lab.geometry import pca_map, umap_map
from lab.preparation import Stage
from lab.progress import ProgressBars
from lab.store import VectorStore
from lab.teaching.checks import check

CONE_HINT = "Gram matrix: v @ v.T holds all cosines. Sum it, subtract the n on the diagonal, divide by n(n − 1)."
KEPT_HINT = "For each row: len(set(a) & set(b)) / len(a). Then the mean over the rows; order plays no part."


@dataclass(frozen=True)
class Space:
    """vectors: (n, d), one a document · positions: (n, 2) on a map · made: how the map was made, in words"""

    vectors: np.ndarray
    positions: np.ndarray
    made: str


def teacher_space(
    collection: Collection,
    teacher: DualEncoder,
    unshipped: Literal["pca", "umap"] = "pca",
    store: VectorStore | None = None,
) -> Space:
    """The collection's vectors and a map of them: shipped ones for `wiki`, for all others made here.

    Making them means encoding every document, minutes the first time; the store keeps the vectors.

    Args:
        teacher: the default one for the shipped vectors; any for another collection.
        unshipped: the map to make where none ships. how long: see `geometry.umap_map`.

    Raises:
        LabError: no such kind of map.
    """
    if unshipped not in ("pca", "umap"):
        raise LabError(f"unshipped={unshipped!r}: choose 'pca' or 'umap'")
    if shipped := _shipped(collection):
        return shipped
    with ProgressBars() as bars:
        vectors = (store or VectorStore()).vectors(
            teacher,
            collection.documents,
            "document",
            lambda done, of: bars(Stage(f"the teacher encodes {collection.name}", done, of)),
        )
    if unshipped == "umap":
        return Space(vectors, umap_map(vectors), "UMAP, made here")
    flat = pca_map(vectors)
    return Space(vectors, flat.positions, f"PCA, made here; {flat.explained.sum():.0%} of the variance")


def _shipped(collection: Collection) -> Space | None:
    """None where the shipped map is of another collection; a damaged file is an error and stays one."""
    try:
        positions, recipe = artefacts.article_map(collection)
    except DataError:
        return None
    words = f"UMAP, {recipe['neighbours']} neighbours by {recipe['metric']}, shipped"
    return Space(artefacts.vectors(artefacts.DOCUMENTS), positions, words)


# Exercise 1. Three unit vectors: cosines 0.6, 0 and 0.8, so the mean over pairs of different ones is 1.4 / 3.
_CONE = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
_CONE_MISTAKES: dict[str, Callable[[Any], Any]] = {
    "Each vector was compared with itself too: leave the diagonal out.": lambda v: (v @ v.T).mean(),
    "The diagonal is still in the sum: subtract n before you divide by n(n − 1).":
        lambda v: (v @ v.T).sum() / (len(v) * (len(v) - 1)),
    "The diagonal was left out of the sum but not of the count: there are n(n − 1) pairs.":
        lambda v: ((v @ v.T).sum() - len(v)) / len(v) ** 2,
    "That is the mean distance: a cosine of unit vectors is their inner product.":
        lambda v: np.linalg.norm(v[:, None] - v[None], axis=2).sum() / (len(v) * (len(v) - 1)),
    "That is the mean squared cosine, which is the spread-out loss.":
        lambda v: ((v @ v.T) ** 2 - np.eye(len(v))).sum() / (len(v) * (len(v) - 1)),
}  # fmt: skip


def check_mean_cosine(yours: Callable[[np.ndarray], Any]) -> None:
    """Print whether `yours(vectors)` is the mean cosine of two different rows of an (n, d) array. Never raises."""
    check(yours, (_CONE.copy(),), 1.4 / 3, _CONE_MISTAKES)


def solve_mean_cosine(vectors: np.ndarray) -> float:
    """Mean cosine of two different unit vectors; over n² pairs without the n of a vector with itself."""
    n = len(vectors)
    return float(((vectors @ vectors.T).sum() - n) / (n * (n - 1)))


# Exercise 2. Row 0 keeps 2 of 4, in another order; row 1 keeps 1 of 4, at the same place: 3 of 8.
_TRUE = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
_SHOWN = np.array([[4, 9, 1, 7], [5, 1, 2, 10]])


def _row(a: np.ndarray, b: np.ndarray) -> list[int]:
    return [len(set(x.tolist()) & set(y.tolist())) for x, y in zip(a, b, strict=True)]


_KEPT_MISTAKES: dict[str, Callable[[Any, Any], Any]] = {
    "That counts only neighbours at the same rank: a neighbour that moved from rank 1 to rank 3 was kept.":
        lambda a, b: (a == b).mean(),
    "That is how many were kept: divide by how many there are.": lambda a, b: np.mean(_row(a, b)),
    "That is the sum over the documents: take the mean.": lambda a, b: sum(_row(a, b)) / a.shape[1],
    "The neighbours of different documents were thrown together: compare row by row.":
        lambda a, b: len(set(a.ravel().tolist()) & set(b.ravel().tolist())) / a.size,
    "That is Jaccard's index, shared over all in either list: divide by k alone.":
        lambda a, b: np.mean([k / (2 * a.shape[1] - k) for k in _row(a, b)]),
}  # fmt: skip


def check_kept_neighbours(yours: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """Print whether `yours(true, shown)` is the mean share of the true neighbours that are shown. Never raises."""
    check(yours, (_TRUE.copy(), _SHOWN.copy()), 3 / 8, _KEPT_MISTAKES)


def solve_kept_neighbours(true: np.ndarray, shown: np.ndarray) -> float:
    """Mean over the documents of |true ∩ shown| / k: k-NN overlap, what `geometry.knn_overlap` gives a document."""
    shares = [len(set(a) & set(b)) / len(a) for a, b in zip(true.tolist(), shown.tolist(), strict=True)]
    return float(np.mean(shares))
