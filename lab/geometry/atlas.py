"""A flat map of a space of many dimensions, and what the flattening costs.

A map is a picture, not a measurement: of 384 dimensions two are left. So every map here comes with two numbers that say
how far it can be believed, and a query is never projected: it lands where its nearest documents lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.errors import LabError
from lab.geometry.checks import Floats, matrix, neighbours, unit

CHUNK = 256  # sampled documents at once: a table of 256 × 10,033 float64 is 21 MB
SAMPLE = 1_000  # documents whose neighbourhoods are compared; the standard error of a share is then below 0.016
WARMTH = 0.05  # in `landing`: a document 0.05 closer in cosine weighs e times as much


@dataclass(frozen=True)
class MapRecipe:
    """What decides a UMAP but the vectors: the same recipe on the same machine gives the same map.

    neighbours, min_dist: of UMAP · metric: on the vectors · seed · epochs: of its layout
    """

    neighbours: int = 15
    min_dist: float = 0.1
    metric: str = "cosine"
    seed: int = 0
    epochs: int = 500


@dataclass(frozen=True)
class PcaMap:
    """The two directions along which vectors differ most.

    positions: (n, 2) · explained: (2,) share of all variance along each axis · centre: (d,) · axes: (2, d), orthonormal
    """

    positions: Floats
    explained: Floats
    centre: Floats
    axes: Floats

    def place(self, vectors: npt.ArrayLike) -> Floats:
        """Where other vectors of this space lie on the map: (m, d) → (m, 2). A linear map can do what UMAP cannot."""
        return (matrix("vectors", vectors) - self.centre) @ self.axes.T


@dataclass(frozen=True)
class MapLoss:
    """What a map keeps of the neighbourhoods of some documents.

    overlap: (m,) share of a document's k nearest that are also among its k nearest on the map
    trustworthiness: in [0, 1] · k: neighbours · chance: the overlap of a map drawn at random
    """

    overlap: Floats
    trustworthiness: float
    k: int
    chance: float


def umap_map(vectors: npt.ArrayLike, recipe: MapRecipe | None = None) -> npt.NDArray[np.float32]:
    """UMAP of the vectors in two dimensions (McInnes, Healy, Melville 2018, arXiv 1802.03426), by umap-learn.

    Neighbourhoods matter to it, distances do not: how far two clusters lie apart on the map says next to nothing.

    Args: vectors: (n ≥ 3, d).
    Returns: (n, 2) float32. The 10,033 of wiki take 45 seconds on one core, after numba has compiled.
    Raises: LabError where `recipe.neighbours` is not between 2 and n − 1.
    """
    recipe = recipe or MapRecipe()
    points = matrix("vectors", vectors, rows=3).astype(np.float32)
    if not 2 <= recipe.neighbours < len(points):
        raise LabError(f"neighbours must lie between 2 and {len(points) - 1}, got {recipe.neighbours}.")
    from umap import UMAP  # compiles for seconds: nobody else should wait for it

    fitted = UMAP(
        n_neighbors=recipe.neighbours,
        min_dist=recipe.min_dist,
        metric=recipe.metric,
        n_epochs=recipe.epochs,
        random_state=recipe.seed,
        n_jobs=1,  # with a seed umap-learn uses one thread, and warns where it was not told so
    )
    return np.asarray(fitted.fit_transform(points), dtype=np.float32)


def pca_map(vectors: npt.ArrayLike) -> PcaMap:
    """The first two principal components of the vectors (Pearson 1901; Hotelling 1933), with their share of variance.

    An axis has no direction of its own: here its largest entry is positive, so that two runs draw one map.

    Args: vectors: (n ≥ 3, d ≥ 2), not all equal.
    Raises: LabError for another shape, NaN, or vectors that are all equal.
    """
    points = matrix("vectors", vectors, rows=3)
    centre = points.mean(axis=0)
    rest = points - centre
    values, directions = np.linalg.eigh(rest.T @ rest)  # ascending
    if points.shape[1] < 2 or not values.sum() > 1e-24 * len(points):
        raise LabError("vectors must differ, in at least two dimensions: there is nothing to spread out on a map.")
    axes = directions[:, [-1, -2]].T
    axes = axes * np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
    return PcaMap(rest @ axes.T, np.maximum(values[[-1, -2]], 0) / values.sum(), centre, axes)


def map_loss(
    vectors: npt.ArrayLike, positions: npt.ArrayLike, k: int = 10, sample: int = SAMPLE, seed: int = 0
) -> MapLoss:
    """How much of the true neighbourhoods a map keeps.

    *Overlap*: of the k documents nearest by cosine, the share that are among the k nearest on the map. It is strict.
    *Trustworthiness* (Venna and Kaski 2001) forgives near misses: 1 − 2/(mk(2n−3k−1)) Σ_i Σ_j max(0, r(i,j) − k), over
    the k documents j that the map puts nearest to i, r their true rank. scikit-learn's function of the same name needs
    a table of all pairs; here m sampled documents are ranked among all n, and with m = n the two agree.

    Args: vectors: (n, d), no zero row; positions: (n, 2); k < n / 2; sample: m, the documents looked at.
    Returns: `overlap` of shape (m,), in the order of the sampled documents' positions.
    Raises: LabError for another number of positions than of vectors, NaN, or a k or sample out of range.
    """
    points, flat = unit(matrix("vectors", vectors, rows=3)), matrix("positions", positions, rows=3)
    n = len(points)
    if len(flat) != n:
        raise LabError(f"{n} vectors and {len(flat)} positions: give one position a vector.")
    if not 1 <= k < n / 2 or sample < 1:
        raise LabError(f"k must lie between 1 and half the {n} documents, sample above 0; got {k} and {sample}.")
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:sample])
    overlap, penalty = [], 0.0
    for rows in _chunks(chosen):
        far = _without(-(points[rows] @ points.T), rows)  # (c, n)
        gaps = _without(((flat[rows, None] - flat[None]) ** 2).sum(axis=2), rows)
        shown = np.argpartition(gaps, k - 1, axis=1)[:, :k]
        true = _ranks(far, shown)  # (c, k)
        overlap.append((true <= k).mean(axis=1))
        penalty += float(np.maximum(true - k, 0).sum())
    worst = len(chosen) * k * (2 * n - 3 * k - 1) / 2
    return MapLoss(np.concatenate(overlap), 1 - penalty / worst, k, k / (n - 1))


def landing(rows: npt.ArrayLike, scores: npt.ArrayLike, positions: npt.ArrayLike, k: int = 10) -> Floats:
    """Where queries land on a map: the mean position of their k nearest documents, close ones weighing more.

    Nothing is projected, so the map stays what it is, and two encoders that find the same documents with the same
    scores land in the same place. A document's weight is exp(score / 0.05), the softmax of a row: a constant added to
    all scores of a query changes nothing.

    Args: rows, scores: (n, ≥ k) documents and their similarities, best first, as a `Run` has them; positions: (m, 2).
    Returns: (n, 2), inside the hull of the documents found.
    Raises: LabError where rows and scores differ in shape, or a row has no position.
    """
    found = neighbours("rows", rows)
    flat, close = matrix("positions", positions), matrix("scores", scores)
    if close.shape != found.shape or found.max() >= len(flat):
        raise LabError(f"rows {found.shape}, scores {close.shape}, {len(flat)} positions do not fit one another.")
    found, close = found[:, :k], close[:, :k]
    weights = np.exp((close - close.max(axis=1, keepdims=True)) / WARMTH)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("nk,nkc->nc", weights, flat[found])


def _chunks(rows: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _without(table: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    """The table (c, n) with infinity where a document meets itself."""
    table[np.arange(len(rows)), rows] = np.inf
    return table


def _ranks(far: Floats, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """True ranks (c, k) of some columns of a table (c, n), from 1; equally near ones share the better rank."""
    wanted = np.take_along_axis(far, columns, axis=1)
    return 1 + np.stack([(far < column[:, None]).sum(axis=1) for column in wanted.T], axis=1)
