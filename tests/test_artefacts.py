"""Shipped files are used only when they are the ones that were shipped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import artefacts
from lab.collection import load_collection
from lab.encoders.teacher import load_teacher
from lab.errors import CacheError, DataError
from lab.figures import student_card
from lab.recording import FACTS, of_teacher


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one artefact, `some-vectors`."""
    folder = tmp_path / "artefacts"
    folder.mkdir()
    file = folder / "some.safetensors"
    artefacts.save_vectors(np.eye(3, 8, dtype=np.float32), file)
    entry = {"path": file.name, "bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    known = {"some-vectors": {"at": file.name, "files": [entry]}}
    (folder / "manifest.json").write_text(json.dumps(known), encoding="utf-8")
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    return file


def test_an_unchanged_artefact_is_read(shipped: Path) -> None:
    assert np.allclose(artefacts.vectors("some-vectors"), np.eye(3, 8), atol=1e-6)


@pytest.mark.parametrize("damage", ["one byte", "shorter", "gone"])
def test_a_changed_artefact_is_refused_by_name(shipped: Path, damage: str) -> None:
    content = bytearray(shipped.read_bytes())
    content[-1] ^= 1
    if damage == "gone":
        shipped.unlink()
    else:
        shipped.write_bytes(content if damage == "one byte" else content[:-1])
    with pytest.raises(CacheError, match=shipped.name):
        artefacts.vectors("some-vectors")


def test_unknown_names_and_a_missing_manifest_say_what_to_do(shipped: Path) -> None:
    with pytest.raises(DataError, match=r"'other'.*some-vectors"):
        artefacts.path("other")
    (shipped.parent / "manifest.json").unlink()
    with pytest.raises(DataError, match="make artefacts"):
        artefacts.path("some-vectors")


@given(st.integers(1, 20), st.integers(2, 400), st.integers(0, 99))
def test_eight_bits_hardly_turn_a_unit_vector(count: int, width: int, seed: int) -> None:
    found = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    again = artefacts.unpack(artefacts.pack(found))
    assert (again * found).sum(1).min() > 0.9995
    assert np.allclose(np.linalg.norm(again, axis=1), 1, atol=1e-5)


def test_what_ships_is_whole_and_small() -> None:
    known = artefacts.manifest()
    total = sum(file["bytes"] for entry in known.values() for file in entry["files"])
    assert total <= 40_000_000
    for name, entry in known.items():
        assert artefacts.path(name).exists()
        assert entry["command"].endswith(name) and entry["licence"] and len(entry["commit"]) == 40


def test_a_live_training_may_be_watched_through_fewer_texts() -> None:
    collection = load_collection("wiki")
    (_, every), (data, some) = artefacts.live_data(collection), artefacts.live_data(collection, watched=150)
    assert len(every) == 300 and len(some) == 150 == len(set(some.texts)) and set(some.texts) <= set(every.texts)
    where = dict(zip(every.texts, every.rows, strict=True))
    assert [where[text] for text in some.texts] == some.rows.tolist() and not set(some.rows) & set(data.positives)
    assert artefacts.live_data(collection, watched=999)[1].texts == every.texts


def test_every_size_ships_with_what_its_card_says() -> None:
    speeds = artefacts.speeds()
    assert list(speeds) == ["teacher", *artefacts.SIZE_NAMES] and speeds.pop("teacher")[1] == 1
    assert all(rate > 0 and times > 1 for rate, times in speeds.values())
    for name, recording in artefacts.sizes().items():
        facts = recording.about[FACTS]
        assert (facts["per second"]["student"], facts["speed"]) == speeds[name]
        assert facts["retention"]["low"] < facts["retention"]["high"]
        assert facts["parameters"]["student"] < facts["parameters"]["teacher"]
        assert f"{facts['per second']['student']:.0f} queries a second" in student_card(recording).layout.title.text
        own = of_teacher(recording).about[FACTS]
        assert own["speed"] == 1 and own["per second"]["student"] == facts["per second"]["teacher"]


def test_without_the_file_of_speeds_none_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(artefacts, "SPEED", tmp_path / "speed.json")
    assert artefacts.speeds() == {}
    assert artefacts.sizes()["tenth"].about[FACTS]["speed"] is None


def test_shipped_vectors_of_live_texts_are_of_todays_texts() -> None:
    """A change of how texts are made leaves as many texts, and vectors of other ones: every live training would learn
    from the wrong teacher."""
    data, _ = artefacts.live_data(load_collection("wiki"))
    rows = np.random.default_rng(0).choice(len(data.texts), 24, replace=False)
    fresh = load_teacher().encode([data.texts[row] for row in rows])
    agree = (fresh * data.queries[rows]).sum(axis=1) > 0.99
    assert agree.all(), f"{agree.sum()} of {len(rows)} have their vector: make.py wiki-texts-int8, wiki-guided"


@pytest.mark.parametrize("name", ["wiki", "pydocs"])
def test_the_general_student_stands_near_its_teacher_on_both_collections(name: str) -> None:
    texts = list(load_collection(name).queries["dev"].values())[:100]
    cosines = (artefacts.student(artefacts.GENERAL).encode(texts) * load_teacher().encode(texts)).sum(1)
    assert cosines.mean() > 0.75
