"""Students at equal minutes: only size and steps differ, a run is made once, the table is that of the stored runs."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

import lab
from lab.encoders.teacher import load_teacher
from tests.quoted import interval
from tests.scripts import benchmark

pareto = benchmark("pareto")


@pytest.fixture
def small(tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(tiny_collection_dir)
    monkeypatch.setattr(pareto, "FOLDER", tmp_path / "runs")
    monkeypatch.setattr(pareto, "COLLECTIONS", (name,))
    monkeypatch.setattr(pareto, "SIZES", ("1/1.5", "half"))
    monkeypatch.setattr(lab, "load_teacher", lambda: load_teacher(tiny_teacher_dir, "cpu", "float32"))
    monkeypatch.setattr(pareto, "config_of", lambda collection, size, seed: lab.DistillConfig(
        collection=collection, student=size, seed=seed, batch=8, observed=8, static=seed == 0, at_least=0,
        probes=2, device="cpu",
    ))  # fmt: skip
    monkeypatch.setattr(pareto, "timed", lambda train, seconds, pace=None: train(2))
    monkeypatch.setattr(pareto, "SLACK", 1.0)  # two steps are over at once
    return name


def test_a_run_of_another_length_is_not_kept(
    small: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pareto, "SLACK", 0.1)
    assert pareto.runs([small], [1], 60.0) == [] and "not kept" in capsys.readouterr().out
    assert not list(pareto.FOLDER.glob("*"))


def test_nothing_but_the_size_differs() -> None:
    plain = pareto.config_of("wiki", "tenth", 1)
    assert plain == lab.DistillConfig(seed=1, static=False)
    for size in pareto.SIZES:
        assert dataclasses.replace(pareto.config_of("wiki", size, 1), student="tenth") == plain
    assert pareto.config_of("wiki", "tenth", 0).static
    assert pareto.key_of(plain, 60.0) != pareto.key_of(plain, 120.0)


def test_a_run_is_made_once_and_stands_beside_its_peers(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pareto.runs([small], [0, 1], 60.0)
    assert [(run["student"], run["seed"], run["steps"]) for run in made] == [
        ("1/1.5", 0, 2), ("half", 0, 2), ("1/1.5", 1, 2), ("half", 1, 2)
    ]  # fmt: skip
    assert {"teacher", "student", "bm25", "static"} <= set(made[0]["values"]) and "static" not in made[2]["values"]
    monkeypatch.setattr(lab, "distill", lambda *_, **__: pytest.fail("made again"))
    assert pareto.runs([small], [0, 1], 60.0) == made
    assert pareto.runs([small], [0, 1], 90.0, train=False) == []  # of another time
    told = pareto.summary(made, 60.0)
    larger, smaller = told["rows"]
    assert larger["parameters"] == made[0]["parameters"] and larger["seeds"] == smaller["seeds"] == [0, 1]
    assert larger["static"] and larger["bm25"] and told["seconds"] == 60.0
    teacher = sum(weight.numel() for weight in lab.load_teacher().model.parameters())
    assert larger["times smaller"] == round(teacher / larger["parameters"], 1)


def test_the_stored_table_is_that_of_the_stored_runs() -> None:
    stored = json.loads(pareto.OUT.read_text(encoding="utf-8"))
    runs = pareto.runs(pareto.COLLECTIONS, pareto.SEEDS, stored["seconds"], train=False)
    again = pareto.summary(runs, stored["seconds"])
    assert [(row["collection"], row["student"]) for row in stored["rows"]] == [
        (row["collection"], row["student"]) for row in again["rows"]
    ]
    for there, here in zip(stored["rows"], again["rows"], strict=True):
        assert there["overlap@10"] == here["overlap@10"]
        for name in ("retention", "static", "bm25"):
            # sums differ in their last digits with the number of threads
            assert there[name] == (here[name] and pytest.approx(here[name], abs=1e-3))
        seeds = list(pareto.SEEDS) if there["collection"] == "wiki" else [0]  # as recipe.md and notebook 06 say
        assert there["steps"] == here["steps"] and there["seeds"] == seeds
        slack = pareto.SLACK * stored["seconds"]
        assert all(abs(seconds - stored["seconds"]) <= slack for seconds in there["seconds"]), "not at equal minutes"


def test_recipe_and_notebook_tell_the_stored_table() -> None:
    rows = json.loads(pareto.OUT.read_text(encoding="utf-8"))["rows"]
    text = (pareto.ROOT / "docs" / "recipe.md").read_text(encoding="utf-8")
    for row in rows:
        steps = ", ".join(f"{each:,}" for each in row["steps"])
        kept = " | ".join(interval(row[name]) for name in ("retention", "static"))
        assert f"| {row['student']} | {row['times smaller']} | {steps} | {kept} | {row['overlap@10']:.3f} |" in text
    overlaps = {row["student"]: f"{row['overlap@10']:.2f}" for row in rows if row["collection"] == "wiki"}
    notebook = (pareto.ROOT / "notebooks" / "06_ladder.ipynb").read_text(encoding="utf-8")
    told = "{1/3} at a third, {tenth} at a tenth, {twentieth} at a twentieth"
    assert re.sub(r"{(.+?)}", lambda name: overlaps[name[1]], told) in notebook
