"""Maps: what they keep by hand-counted cases and against scikit-learn, where queries land, what moves nothing."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from lab.errors import LabError
from lab.geometry import MapRecipe, knn_overlap, landing, map_loss, pca_map, umap_map


def cloud(n: int, d: int, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(n, d))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def on_a_circle(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


# --- what a map keeps


def test_a_map_that_is_the_space_keeps_everything() -> None:
    points = on_a_circle(0, 5, 20, 50, 100, 170)
    found = map_loss(points, points, k=2)
    assert found.trustworthiness == 1 and found.overlap.tolist() == [1.0] * 6
    assert found.k == 2 and found.chance == pytest.approx(2 / 5)


def test_a_swap_counted_by_hand() -> None:
    # On the circle 0 is nearest to 1, 1 to 0, 2 to 1, 3 to 2. The map swaps documents 0 and 3.
    points = on_a_circle(0, 10, 30, 60)
    flat = points[[3, 1, 2, 0]]
    found = map_loss(points, flat, k=1)
    # shown nearest: 0 → 2 (true rank 2), 1 → 3 (true rank 3), 2 → 1 (rank 1), 3 → 1 (rank 2)
    assert found.overlap.tolist() == [0, 0, 1, 0]
    penalty = (2 - 1) + (3 - 1) + (2 - 1)
    assert found.trustworthiness == pytest.approx(1 - 2 / (4 * 1 * (8 - 3 - 1)) * penalty)


@given(st.integers(12, 60), st.integers(1, 5), st.integers(0, 999))
def test_with_all_documents_it_is_what_scikit_learn_computes(n: int, k: int, seed: int) -> None:
    points, flat = cloud(n, 6, seed), np.random.default_rng(seed + 1).normal(size=(n, 2))
    found = map_loss(points, flat, k, sample=n)
    assert found.trustworthiness == pytest.approx(trustworthiness(points, flat, n_neighbors=k, metric="cosine"))
    near = np.argsort(-(points @ points.T) + 9 * np.eye(n), axis=1)[:, :k]
    gaps = ((flat[:, None] - flat[None]) ** 2).sum(axis=2) + 999 * np.eye(n)
    assert np.allclose(found.overlap, knn_overlap(near, np.argsort(gaps, axis=1)[:, :k]))


def test_a_random_map_is_at_chance_and_a_sample_tells_nearly_as_much() -> None:
    points, flat = cloud(900, 5), np.random.default_rng(7).normal(size=(900, 2))
    everything, some = map_loss(points, flat, sample=900), map_loss(points, flat, sample=300, seed=3)
    assert everything.overlap.mean() == pytest.approx(everything.chance, abs=0.006)
    assert everything.trustworthiness == pytest.approx(0.5, abs=0.03)
    assert len(some.overlap) == 300
    assert some.trustworthiness == pytest.approx(everything.trustworthiness, abs=0.03)


def test_turning_shifting_and_scaling_a_map_loses_nothing() -> None:
    points, flat = cloud(80, 8), np.random.default_rng(1).normal(size=(80, 2))
    turn = on_a_circle(35, 125).T
    before, after = map_loss(points, flat, 5), map_loss(points * 3, flat @ turn * 7 + 2, 5)
    assert np.array_equal(before.overlap, after.overlap)
    assert before.trustworthiness == pytest.approx(after.trustworthiness)


@pytest.mark.parametrize(
    ("vectors", "positions", "k", "said"),
    [
        (cloud(5, 3), np.zeros((4, 2)), 1, "5 vectors and 4 positions"),
        (cloud(5, 3), np.zeros((5, 2)), 3, "k must lie between 1 and half the 5 documents"),
        (cloud(5, 3), np.full((5, 2), np.nan), 1, "positions holds NaN"),
    ],
)
def test_maps_that_do_not_fit_are_refused(vectors: np.ndarray, positions: np.ndarray, k: int, said: str) -> None:
    with pytest.raises(LabError, match=said):
        map_loss(vectors, positions, k)


# --- where a query lands


def test_landing_by_hand() -> None:
    places = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]])
    rows, equal = np.array([[0, 1], [2, 0]]), np.array([[0.5, 0.5], [0.9, 0.9]])
    assert landing(rows, equal, places).tolist() == [[2, 0], [0, 4]]
    # 0.05 ln 3 closer weighs three times as much
    closer = np.array([[0.5 + 0.05 * np.log(3), 0.5]])
    assert np.allclose(landing([[0, 1]], closer, places), [[1, 0]])
    assert landing(rows, equal, places, k=1).tolist() == [[0, 0], [0, 8]]


@given(st.integers(0, 999), st.floats(-2, 2))
def test_a_landing_stays_among_its_documents_and_does_not_see_a_shift(seed: int, shift: float) -> None:
    random = np.random.default_rng(seed)
    places = random.normal(size=(30, 2))
    rows = np.stack([random.permutation(30)[:10] for _ in range(4)])
    scores = -np.sort(-random.uniform(-1, 1, size=(4, 10)))
    where = landing(rows, scores, places)
    low, high = places[rows].min(axis=1), places[rows].max(axis=1)
    assert (where >= low - 1e-9).all() and (where <= high + 1e-9).all()
    assert np.allclose(where, landing(rows, scores + shift, places))
    assert np.allclose(landing(rows, scores, places * 2 + 1), where * 2 + 1)
    order = random.permutation(10)
    assert np.allclose(where, landing(rows[:, order], scores[:, order], places))


def test_rows_without_a_place_are_refused() -> None:
    with pytest.raises(LabError, match="do not fit one another"):
        landing([[0, 3]], [[1, 0.5]], np.zeros((3, 2)))
    with pytest.raises(LabError, match="do not fit one another"):
        landing([[0, 1]], [[1, 0.5, 0.2]], np.zeros((3, 2)))


# --- the maps


def test_pca_is_that_of_scikit_learn_up_to_the_sign_of_axes() -> None:
    points = cloud(60, 7) * np.arange(1, 8)
    ours, theirs = pca_map(points), PCA(2).fit(points)
    assert np.allclose(ours.explained, theirs.explained_variance_ratio_)
    assert np.allclose(np.abs(ours.positions), np.abs(theirs.transform(points)))
    assert np.allclose(ours.axes @ ours.axes.T, np.eye(2))
    assert np.allclose(ours.place(points), ours.positions)
    assert (ours.axes[np.arange(2), np.abs(ours.axes).argmax(axis=1)] > 0).all()


def test_pca_by_hand() -> None:
    found = pca_map([[3, 0, 5], [-3, 0, 5], [0, 1, 5], [0, -1, 5]])
    assert np.allclose(found.explained, [18 / 20, 2 / 20])
    assert np.allclose(found.positions, [[3, 0], [-3, 0], [0, 1], [0, -1]])
    assert np.allclose(found.centre, [0, 0, 5])
    with pytest.raises(LabError, match="vectors must differ"):
        pca_map(np.ones((5, 3)))


@pytest.mark.slow  # numba compiles for half a minute where nobody has used UMAP yet
def test_umap_keeps_clusters_and_its_seed() -> None:
    centres = cloud(3, 20, seed=5)
    group = np.arange(90) % 3
    points = centres[group] + 0.05 * np.random.default_rng(0).normal(size=(90, 20))
    recipe = MapRecipe(neighbours=8, epochs=60, seed=3)
    flat = umap_map(points, recipe)
    assert flat.shape == (90, 2) and flat.dtype == np.float32 and np.isfinite(flat).all()
    assert np.array_equal(flat, umap_map(points, recipe))
    gaps = ((flat[:, None] - flat[None]) ** 2).sum(axis=2) + 1e9 * np.eye(90)
    assert (group[gaps.argmin(axis=1)] == group).all()
    assert map_loss(points, flat, 10).trustworthiness > map_loss(points, flat[::-1], 10).trustworthiness


def test_umap_is_given_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict = {}

    class Umap:
        def __init__(self, **settings: object) -> None:
            given.update(settings)

        def fit_transform(self, points: np.ndarray) -> np.ndarray:
            return points[:, :2].astype(float)

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Umap))
    points = cloud(20, 4)
    flat = umap_map(points, MapRecipe(neighbours=7, min_dist=0.2, metric="euclidean", seed=5, epochs=11))
    assert given == {
        "n_neighbors": 7, "min_dist": 0.2, "metric": "euclidean", "n_epochs": 11, "random_state": 5, "n_jobs": 1
    }  # fmt: skip
    assert flat.dtype == np.float32 and np.allclose(flat, points[:, :2])
    with pytest.raises(LabError, match="neighbours must lie between 2 and 19, got 20"):
        umap_map(points, MapRecipe(neighbours=20))
