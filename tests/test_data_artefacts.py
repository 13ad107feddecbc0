"""The builders of recordings that ship, on a tiny stand-in: the same functions, another collection and teacher."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import lab
from lab import artefacts
from lab.config import DistillConfig
from lab.errors import DataError
from lab.figures.card import FACTS
from lab.geometry.diagnosis import GAUGES, ILLNESSES
from lab.preparation import training_data
from lab.recording import Recording
from lab.teaching.clinic import gauges
from tests.tiny import all_on_dev

FOLDER = Path(__file__).resolve().parents[1] / "data" / "artefacts"


def scripts(*names: str) -> Iterator[ModuleType]:
    """Scripts of the folder, which import one another by their bare names, as modules of those names."""
    sys.path.insert(0, str(FOLDER))
    for name in names:
        sys.modules.pop(name, None)
        yield importlib.import_module(name)
    sys.path.remove(str(FOLDER))


clinic, sizes, make = scripts("clinic", "sizes", "make")


@pytest.fixture(scope="module")
def settings(
    tiny_collection_dir: Path, tiny_config: DistillConfig, tmp_path_factory: pytest.TempPathFactory
) -> DistillConfig:
    folder = all_on_dev(tiny_collection_dir, tmp_path_factory.mktemp("seven") / "collection")
    return dataclasses.replace(tiny_config, collection=str(folder))


@pytest.fixture(scope="module")
def cases(settings: DistillConfig) -> dict[str, Recording]:
    collection, teacher = lab.load_collection(settings.collection), lab.load_teacher(settings.teacher, "cpu", "float32")
    data, _ = training_data(settings, collection, teacher, lab.VectorStore(), every_document=True)
    return {name: clinic.record(name, collection, teacher, data, config=settings) for name in clinic.CASES}


def test_the_clinic_has_a_case_for_every_illness(cases: dict[str, Recording]) -> None:
    assert set(cases) == set(ILLNESSES)
    for name, recording in cases.items():
        assert recording.about["illness"] == name and recording.about["probes"] == "dev"
        assert list(gauges(recording)) == list(GAUGES) and np.isfinite(list(gauges(recording).values())).all()
        assert len(recording.steps) > 3 and recording.steps[-1] > 5


def test_each_breakage_is_real_and_only_its_own(cases: dict[str, Recording]) -> None:
    last = {name: gauges(recording) for name, recording in cases.items()}
    assert [name for name in last if last[name]["negative numbers"] == 0] == ["ReLU projection"]
    assert [name for name in last if last[name]["targets off"] > 1e-3] == ["stale teacher vectors"]
    healthy = cases["healthy"]
    assert np.array_equal(healthy.measures["training loss"], cases["wrong pooling"].measures["training loss"], True)
    assert not np.array_equal(healthy.distances, cases["wrong pooling"].distances)  # trained alike, served otherwise
    # without its projection the student is served as it was before a map was put behind it
    assert np.allclose(healthy.distances[0], cases["dropped projection"].distances[0])
    assert healthy.measures["training loss"][1] != cases["dropped projection"].measures["training loss"][1]
    assert np.abs(cases["rate too high"].distances[-1] - healthy.distances[-1]).max() > 1e-3


def test_sizes_are_recordings_with_the_facts_of_the_card(settings: DistillConfig, tmp_path: Path) -> None:
    sizes.build(tmp_path, ("half",), config=settings)
    found = Recording.load(tmp_path / "half")
    collection = lab.load_collection(settings.collection)
    assert found.query_ids == list(collection.queries["dev"]) and found.about["config"]["student"] == "half"
    facts = found.about[FACTS]
    assert facts["parameters"]["student"] < facts["parameters"]["teacher"] and facts["minutes"] is None
    assert facts["retention"]["low"] <= facts["retention"]["value"] <= facts["retention"]["high"]
    assert facts["metrics"]["student"]["nDCG@10"] == pytest.approx(
        facts["retention"]["value"] * facts["metrics"]["teacher"]["nDCG@10"]
    )


def test_a_recording_that_is_too_large_is_refused(
    settings: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="recording of half has"):
        sizes.build(tmp_path, ("half",), config=settings)


def test_the_loaders_read_what_the_builders_write(cases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "path", lambda name: tmp_path / name)
    for number, name in ((2, "collapse"), (1, "healthy")):
        cases[name].save(tmp_path / artefacts.CLINIC / f"case-{number}")
    for name in artefacts.SIZE_NAMES:
        cases["healthy"].save(tmp_path / artefacts.SIZES / name)
    assert [(case, each.about["illness"]) for case, each in artefacts.clinic().items()] == [
        ("case 1", "healthy"),
        ("case 2", "collapse"),
    ]
    assert list(artefacts.sizes()) == ["twentieth", "tenth", "quarter", "half"]
