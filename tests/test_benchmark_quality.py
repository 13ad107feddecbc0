"""What students keep: differences to BM25 and to another mix by hand, and tables that are those of the stored runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lab
from tests.quoted import interval, signed
from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]
TABLES = sorted((ROOT / "docs").glob("quality*.json"))
quality = benchmark("quality")
TEACHER = np.tile([1.0, 0.5], 20)


def run(seed: int, student: float, bm25: float, collection: str = "tiny") -> dict[str, Any]:
    """A run over forty queries on which the student, and BM25, is everywhere so much below the teacher."""
    values = {"teacher": TEACHER, "student": TEACHER - student, "bm25": TEACHER - bm25, "static": TEACHER - 0.3}
    return {
        "collection": collection, "split": "test", "student": "tenth", "seed": seed, "queries": len(TEACHER),
        "parameters": 7, "minutes": "1.5", "store": "warm", "commit": "c", "config": f"of {seed}",
        "values": {engine: each.tolist() for engine, each in values.items()},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(quality, "FOLDER", tmp_path / "docs" / "quality")
    monkeypatch.setattr(quality, "ROOT", tmp_path)
    (tmp_path / "docs" / "quality").mkdir(parents=True)
    monkeypatch.setattr(lab, "distill", lambda *_, **__: pytest.fail("trained"))
    return tmp_path / "docs"


def keep(of: dict[str, Any]) -> None:
    path = quality.file_of(of["collection"], of["split"], of["student"], of["seed"])
    path.write_text(json.dumps(of), encoding="utf-8")


def test_differences_to_bm25_by_hand(folder: Path) -> None:
    told = quality.summary([run(0, 0.1, 0.2), run(1, 0.14, 0.2)])
    assert told["teacher_minus_bm25"]["value"] == pytest.approx(0.2)
    mean, low, high = (told["student_minus_bm25"][name] for name in ("value", "low", "high"))
    # the same at every query: what is left to chance is which seeds are drawn
    assert (mean, low, high) == pytest.approx((0.08, 0.06, 0.10))
    assert told["static_minus_bm25"]["high"] == pytest.approx(-0.1) and told["above_bm25_as_the_teacher"] is True
    assert "over_default" not in told


def test_the_bar_is_missed_inside_the_interval_and_open_where_the_teacher_is_not_above(folder: Path) -> None:
    both = [run(0, 0.1, 0.2), run(1, 0.24, 0.2)]  # one seed above BM25, one below, the mean above
    assert quality.summary(both)["student_minus_bm25"]["value"] > 0
    assert quality.summary(both)["above_bm25_as_the_teacher"] is False
    assert quality.summary([run(0, -0.2, 0.0)])["above_bm25_as_the_teacher"] is None


def test_names_are_compared_with_the_default_mix_seed_by_seed(folder: Path) -> None:
    names = [run(seed, 0.1 + 0.2 * seed, 0.4, "tiny-names") for seed in (0, 1)]
    keep(run(0, 0.15, 0.4))
    assert "over_default" not in quality.summary(names), "one of two seeds is not there"
    keep(run(1, 0.35, 0.4))
    found = quality.summary(names)["over_default"]
    assert [found[name] for name in ("value", "low", "high")] == pytest.approx([0.05] * 3) and found["p"] < 0.001


def test_tables_are_made_again_without_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (run(0, 0.1, 0.2), run(1, 0.12, 0.2)):
        keep(each)
    old = {"collection": "tiny", "split": "test", "student": "tenth", "seeds": [0, 1], "retention": "old"}
    (folder / "quality-tiny.json").write_text(json.dumps([old]), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["quality.py", "--table"])
    quality.main()
    (row,) = json.loads((folder / "quality-tiny.json").read_text(encoding="utf-8"))
    assert row["retention"]["value"] == pytest.approx(0.64 / 0.75) and row["seeds"] == [0, 1]
    assert not (folder / "quality.json").exists()


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_stored_table_is_that_of_the_stored_runs(path: Path) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    for there, here in zip(stored, quality.again(stored), strict=True):
        assert set(there) == set(here)
        for name, value in here.items():  # sums differ in their last digits with the number of threads
            loose = isinstance(value, (float, dict))
            assert there[name] == (pytest.approx(value, abs=1e-3) if loose else value), name


def test_settings_of_stored_runs_are_known_again_by_the_present_code() -> None:
    """recipe.md says so of the runs that the bars rest on: `quality.py` would not train them anew."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(quality.FOLDER.glob("*.json"))]
    assert len(runs) > 20
    for each in runs:
        settings = {"table": "corpus"} | each["settings"]  # before there was the choice
        assert lab.DistillConfig.from_json(json.dumps(settings)).digest() == each["config"], each["collection"]


def test_prose_about_bm25_is_what_was_measured() -> None:
    """recipe.md, The bar beside BM25."""
    rows = {(row["collection"], row["student"]): row for path in TABLES for row in json.loads(path.read_text("utf-8"))}
    text = " ".join((ROOT / "docs" / "recipe.md").read_text(encoding="utf-8").split())
    for name, student in (("pydocs", "quarter"), ("pydocs", "tenth"), ("wiki", "twentieth")):
        row = rows[name, student]
        assert row["above_bm25_as_the_teacher"] is False, f"{name}, {student}: recipe.md says missed"
        for who in ("teacher", "student", "static"):
            assert signed(row[f"{who}_minus_bm25"]) in text, (name, student, who)
    for name, student in (("wiki", "quarter"), ("wiki", "tenth"), ("wiki-unseen", "tenth"), ("wiki-unseen", "quarter")):
        assert rows[name, student]["above_bm25_as_the_teacher"] is True, f"{name}, {student}: recipe.md says met"
    least = rows["wiki-unseen", "twentieth"]
    assert least["student_minus_bm25"]["high"] < 0 and signed(least["student_minus_bm25"]) in text, "failed"
    assert interval(least["retention"]) in text and interval(least["retention_static"]) in text
    over = rows["wiki-unseen-names-corpus-words", "tenth"]["over_default"]
    assert f"{signed(over)}, p = {over['p']:.2f}" in text


def test_prose_about_the_table_is_what_was_measured() -> None:
    """recipe.md, Words the corpus has not used: now, before, and the difference."""
    rows = {(row["collection"], row["student"]): row for path in TABLES for row in json.loads(path.read_text("utf-8"))}
    text = " ".join((ROOT / "docs" / "recipe.md").read_text(encoding="utf-8").split())
    told = {key: row for key, row in rows.items() if "over_corpus_words" in row}
    assert {name for name, _ in told} == {"wiki", "wiki-unseen", "pydocs", "pydocs-from-wiki"} and len(told) == 9
    for (name, student), row in told.items():
        before = rows[f"{name}{quality.OF_CORPUS}", student]
        if name != "pydocs-from-wiki":
            kept = " | ".join(interval(each["retention"]) for each in (row, before))
            assert f"{kept} | {signed(row['over_corpus_words'])}, p " in text, (name, student)
            assert f"| {interval(row['retention_static'])} |" in text, (name, student)
