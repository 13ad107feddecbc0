"""What notebook 01 stands on: the space of any collection, the shipped map, two exercises."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import lab.teaching.teacher_geometry as lesson
from lab import artefacts
from lab.collection import load_collection
from lab.encoders.teacher import load_teacher
from lab.errors import DataError, LabError
from lab.geometry import MapRecipe, anisotropy, knn_overlap, map_loss, pca_map
from lab.store import VectorStore
from lab.teaching.teacher_geometry import (
    _CONE,
    _CONE_MISTAKES,
    _KEPT_MISTAKES,
    _SHOWN,
    _TRUE,
    check_kept_neighbours,
    check_mean_cosine,
    solve_kept_neighbours,
    solve_mean_cosine,
    teacher_space,
)

# --- the shipped map


def test_the_shipped_map_is_of_wiki_by_the_recipe_of_today_and_can_be_believed() -> None:
    collection = load_collection("wiki")
    positions, told = artefacts.article_map(collection)
    assert positions.shape == (len(collection), 2) and positions.dtype == np.float32
    assert {name: told[name] for name in told if name != "umap-learn"} == dataclasses.asdict(MapRecipe())
    loss = map_loss(artefacts.vectors(artefacts.DOCUMENTS), positions, sample=200)
    assert loss.trustworthiness > 0.92 and loss.overlap.mean() > 200 * loss.chance
    size = sum(file["bytes"] for file in artefacts.manifest()[artefacts.MAP]["files"])
    assert size <= 250_000


def test_the_map_of_one_collection_is_not_served_for_another(tiny_collection_dir: Path, tmp_path: Path) -> None:
    tiny = load_collection(tiny_collection_dir)
    with pytest.raises(DataError, match="the shipped map is not of"):
        artefacts.article_map(tiny)


def test_a_map_is_kept_with_its_recipe(
    tiny_collection_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny, target = load_collection(tiny_collection_dir), tmp_path / "map.safetensors"
    places, recipe = np.random.default_rng(0).normal(size=(len(tiny), 2)), MapRecipe(neighbours=4, seed=9)
    artefacts.save_map(places, recipe, tiny, target)
    monkeypatch.setattr(artefacts, "path", lambda name: target)
    again, told = artefacts.article_map(tiny)
    assert np.allclose(again, places, atol=1e-6) and told["neighbours"] == 4 and told["seed"] == 9
    assert told["umap-learn"][0].isdigit()
    save_file(load_file(target), target, metadata={"collection": "other", "recipe": json.dumps({}), "umap-learn": "0"})
    with pytest.raises(DataError, match="map it yourself"):
        artefacts.article_map(tiny)


# --- the space of a collection


def refuse(*_: object) -> None:
    raise AssertionError("a document was encoded")


def test_wiki_comes_ready_and_nothing_is_encoded() -> None:
    collection = load_collection("wiki")
    space = teacher_space(collection, SimpleNamespace(encode=refuse), store=SimpleNamespace(vectors=refuse))
    assert len(space.vectors) == len(space.positions) == len(collection)
    assert np.allclose(np.linalg.norm(space.vectors, axis=1), 1, atol=1e-5)
    assert space.made == "UMAP, 15 neighbours by cosine, shipped"


def test_another_collection_is_encoded_once_and_mapped_by_pca(
    tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, teacher = load_collection(tiny_collection_dir), load_teacher(str(tiny_teacher_dir), "cpu", "float32")
    store = VectorStore(tmp_path)
    space = teacher_space(collection, teacher, store=store)
    assert np.allclose(space.vectors, teacher.encode(collection.documents, "document"), atol=1e-5)
    flat = pca_map(space.vectors)
    assert np.allclose(space.positions, flat.positions)
    assert space.made == f"PCA, made here; {flat.explained.sum():.0%} of the variance"
    monkeypatch.setattr(type(teacher), "encode", refuse)
    monkeypatch.setattr(lesson, "umap_map", lambda vectors: vectors[:, :2])
    again = teacher_space(collection, teacher, "umap", store)
    assert np.array_equal(again.vectors, space.vectors) and again.made == "UMAP, made here"
    assert np.array_equal(again.positions, space.vectors[:, :2])
    with pytest.raises(LabError, match="choose 'pca' or 'umap'"):
        teacher_space(collection, teacher, "tsne", store)  # type: ignore[arg-type]


# --- the exercises


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.strip()


def test_the_solutions_are_right_and_are_what_the_lab_measures(capsys: pytest.CaptureFixture[str]) -> None:
    check_mean_cosine(solve_mean_cosine)
    assert said(capsys) == "Right: 0.4667."
    check_kept_neighbours(solve_kept_neighbours)
    assert said(capsys) == "Right: 0.3750."
    random = np.random.default_rng(0)
    points = random.normal(size=(30, 5))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    assert solve_mean_cosine(points) == pytest.approx(anisotropy(points))
    true, shown = (np.stack([random.permutation(20)[:6] for _ in range(9)]) for _ in range(2))
    assert solve_kept_neighbours(true, shown) == pytest.approx(knn_overlap(true, shown).mean())


@pytest.mark.parametrize("words", [*_CONE_MISTAKES, *_KEPT_MISTAKES], ids=range(len(_CONE_MISTAKES | _KEPT_MISTAKES)))
def test_a_likely_mistake_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    if words in _CONE_MISTAKES:
        check_mean_cosine(_CONE_MISTAKES[words])
    else:
        check_kept_neighbours(_KEPT_MISTAKES[words])
    out = said(capsys)
    assert out.startswith("Not yet") and out.endswith(words)


def test_a_check_cannot_be_spoiled_by_an_answer_that_writes_into_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def vandal(*arrays: np.ndarray) -> float:
        for array in arrays:
            array[:] = 0
        return 0.0

    before = _CONE.copy(), _TRUE.copy(), _SHOWN.copy()
    check_mean_cosine(vandal)
    check_kept_neighbours(vandal)
    assert said(capsys).count("Not yet") == 2
    assert all(np.array_equal(a, b) for a, b in zip(before, (_CONE, _TRUE, _SHOWN), strict=True))
