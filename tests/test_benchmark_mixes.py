"""The study of mixes: what a run is, what it is compared with, and what was stored."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import lab
from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]
mixes = benchmark("mixes")


def write(folder: Path, mix: str, seed: int, worth: float, row: str = "unseen") -> None:
    values = {"teacher": [1.0, 0.5, 1.0], "bm25": [0.5, 0.5, 0.5], "student": [worth, 0.5, worth]}
    told = {"config": mixes.settings("wiki", row, mix, seed).digest(), "distance": 1 - worth, "values": values}
    path = mixes.path_of("wiki", row, mix, seed)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mixes, "FOLDER", tmp_path / "mixes")
    return tmp_path


def test_the_first_mix_is_the_default_and_the_others_differ_in_the_mix_alone() -> None:
    others = {mix: texts for mix, texts in mixes.MIXES.items() if mix != mixes.EVERY_WORD}
    assert others["default"] == lab.DistillConfig().texts and len(set(others.values())) == len(others)
    plain = mixes.settings("wiki", "seen", "default", 1)
    assert mixes.settings("wiki", "seen", mixes.EVERY_WORD, 1) == dataclasses.replace(plain, table="teacher")
    for mix, texts in others.items():
        assert dataclasses.replace(plain, texts=texts) == mixes.settings("wiki", "seen", mix, 1)
        assert texts.most == plain.texts.most


def test_unseen_are_the_documents_of_dev_and_of_no_other_split() -> None:
    wiki = lab.load_collection("wiki")
    judged = {doc_id for grades in wiki.qrels["dev"].values() for doc_id, grade in grades.items() if grade > 0}
    assert set(mixes.settings("wiki", "unseen", "names", 0).unseen) == judged
    assert mixes.settings("wiki", "seen", "names", 0).unseen == ()


def test_a_mix_is_compared_at_the_seeds_that_both_have(folder: Path) -> None:
    for seed, worth in ((0, 0.8), (1, 0.6)):
        write(folder, "default", seed, worth)
    write(folder, "names", 0, 0.9)
    default, names = mixes.table()
    assert "over default" not in default and default["seeds"] == [0, 1]
    assert names["paired seeds"] == [0] and names["over default"]["value"] == pytest.approx(0.2 / 3)
    assert names["retention"]["value"] == pytest.approx(2.3 / 2.5) and "p_holm" not in names  # named beforehand
    write(folder, "names", 0, 0.9, row="seen")
    write(folder, "default", 0, 0.9, row="seen")
    assert [each.get("p_holm") for each in mixes.table()][1] == pytest.approx(1.0)


def test_a_run_of_other_settings_does_not_count(folder: Path) -> None:
    write(folder, "default", 0, 0.8)
    path = mixes.path_of("wiki", "unseen", "default", 0)
    path.write_text(path.read_text(encoding="utf-8").replace('"config": "', '"config": "old'))
    assert mixes.table() == []


def test_a_run_is_made_once(folder: Path, tiny_collection_dir: Path, tiny_teacher_dir: Path, monkeypatch) -> None:
    name = str(tiny_collection_dir)
    monkeypatch.setattr(mixes, "settings", lambda *_: lab.DistillConfig(
        collection=name, teacher=str(tiny_teacher_dir), student="half", epochs=0.5, batch=8, observed=8, static=False,
        at_least=0, device="cpu",
    ))  # fmt: skip
    mixes.run(name, "seen", "default", 0)
    made = json.loads(mixes.path_of(name, "seen", "default", 0).read_text(encoding="utf-8"))
    assert np.isfinite(made["distance"]) and set(made["values"]) == set(mixes.ENGINES)
    monkeypatch.setattr(lab, "distill", lambda *_, **__: pytest.fail("made again"))
    mixes.run(name, "seen", "default", 0)


def test_the_stored_table_is_that_of_the_stored_runs() -> None:
    stored = json.loads(mixes.OUT.read_text(encoding="utf-8"))
    again = mixes.table()
    assert stored["split"] == "dev" and len(stored["table"]) == len(again)
    for there, here in zip(stored["table"], again, strict=True):
        assert set(there) == set(here)
        for name, value in here.items():  # sums differ in their last digits with the number of threads
            assert there[name] == (value if isinstance(value, str) else pytest.approx(value, abs=1e-3))
    assert any((each["collection"], each["row"], each["mix"]) == mixes.PRIMARY for each in stored["table"])
