"""The presets at equal time: what is trained, how long, and the table."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import lab
from lab.encoders.teacher import load_teacher
from lab.teaching.ladder import PRESETS
from tests.scripts import benchmark

presets = benchmark("presets")


def test_every_preset_differs_from_the_default_and_trains_on_the_teachers_own_vectors() -> None:
    usual = presets.config_of(presets.DEFAULT, "tenth", "teacher", 0)
    assert usual.document_pull > 0 and usual.documents == "inherited"
    for name in PRESETS:
        config = presets.config_of(name, "tenth", "teacher", 0)
        assert config != usual and config.document_pull == 0
        assert (config.probes, config.select, config.seed) == (usual.probes, usual.select, usual.seed)


def test_steps_follow_the_pace_until_the_time_is_right() -> None:
    """Half a second a step at first, a quarter when warm: 20 steps, then 80, then 160 of 40 seconds."""
    made = []

    def train(steps: int) -> SimpleNamespace:
        made.append(steps)
        return SimpleNamespace(finished=SimpleNamespace(step=steps, seconds=steps * (0.5 if steps == 20 else 0.25)))

    found = presets.timed(train, 40.0)
    assert made == [presets.PILOT, 80, 160] and found.finished.seconds == 40.0
    made.clear()
    presets.timed(train, 40.0, pace=0.26)  # an earlier run's: within the slack at once
    assert made == [154]


def test_all_arms_train_once_and_are_measured_where_they_belong(
    tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(tiny_collection_dir, folder)
    (folder / "qrels" / "train.tsv").write_text((folder / "qrels" / "test.tsv").read_text(encoding="utf-8"))
    monkeypatch.setattr(presets, "FOLDER", tmp_path / "runs")
    monkeypatch.setattr(presets, "TRIES", 1)
    monkeypatch.setattr(presets, "PILOT", 2)
    monkeypatch.setattr(lab, "load_teacher", lambda: load_teacher(str(tiny_teacher_dir), "cpu", "float32"))
    study = dataclasses.replace(
        presets.STUDY, collections=(str(folder),), sizes=("half",), seeds=(0,), words=4, pairs=6, observed=8
    )
    table = presets.runs(0.5, study)
    assert [row["arm"] for row in table] == list(presets.ARMS)
    assert [row["values in the teacher's index"] is None for row in table] == [True, True, False, False]
    assert all(row["steps"] >= 1 and row["seconds"] > 0 for row in table)
    monkeypatch.setattr(presets, "timed", lambda *_: pytest.fail("a run that is there is not made again"))
    assert presets.runs(0.5, study) == table
    assert presets.runs(0.6, study, train=False) == []


def test_the_table_tells_shares_in_both_indexes_and_differences_from_the_default() -> None:
    random = np.random.default_rng(0)
    teacher = random.uniform(0.4, 0.9, 50)
    table = []
    for arm, share in zip(presets.ARMS, (0.8, 0.8, 0.5, 0.9), strict=True):
        for seed in (0, 1):
            own = arm in ("LEAF-like", "EmbeddingGemma-like")
            values, theirs = (teacher * share + random.normal(0, 0.01, 50)).tolist(), (teacher * 0.1).tolist()
            table.append({
                "arm": arm, "seed": seed, "share": share, "steps": 10 + seed, "seconds": 3.0, "values": values,
                "documents": "own" if own else "inherited", "teacher": teacher.tolist(),
                "bm25": (teacher / 2).tolist(), "values in the teacher's index": theirs if own else None,
            })  # fmt: skip
    found = presets.summary(table, 3.0)
    arms = found["arms"]
    assert [round(each["value"], 1) for each in arms.values()] == [0.8, 0.8, 0.5, 0.9]
    assert [round(each["in the teacher's index"]["value"], 1) for each in arms.values()] == [0.8, 0.8, 0.1, 0.1]
    assert arms["QED-like"]["steps"] == [10, 11] and arms["LEAF-like"]["departures"]
    signs = {row["to"]: (row["low"] > 0) - (row["high"] < 0) for row in found["over the default"]}
    assert signs == {"QED-like": 0, "LEAF-like": -1, "EmbeddingGemma-like": 1}
    assert found["bm25"] == pytest.approx(0.5) and found["queries"] == 50 and found["seconds"] == 3.0
    assert all("values" not in row for row in found["runs"]) and {"commit", "date"} <= set(found)
