"""Settings and files that cannot be: each is named at once, in one line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from lab.cli import main
from lab.config import DistillConfig
from lab.distillation import distill
from lab.encoders.export import facts
from lab.encoders.teacher import load_teacher
from lab.errors import DataError, LabError, ModelError
from lab.evaluation import normalised_gain_interval
from lab.store import VectorStore
from lab.training.batches import all_batches


@pytest.mark.parametrize(
    ("values", "words"),
    [({"batch": "many"}, "batch='many': must be a whole number"), ({"batch": 3.5}, "must be a whole number"),
     ({"seed": -1}, "seed=-1: must be at least 0"), ({"epochs": float("inf")}, "epochs=inf: must be finite"),
     ({"hard_negatives": -2}, "hard_negatives=-2"), ({"rate": "fast"}, "rate='fast': must be a number"),
     ({"texts": {"most": 0}}, "most=0: must be at least 1"), ({"texts": {"spans": -1}}, "spans=-1"),
     ({"texts": {"span_words": [5, 2]}}, "span_words"), ({"texts": {"span_words": [2]}}, "must be two whole numbers"),
     ({"texts": {"spans": "many"}}, "spans='many': must be a whole number"), ({"texts": 5}, "texts=5: must be"),
     ({"losses": {"score": "high"}}, "score='high': must be a number"), ({"losses": 5}, "losses=5: must be"),
     ({"unseen": 5}, "unseen=5: must be texts"), ({"unseen": [5]}, "unseen=(5,): must be texts"),
     ({"student": 5}, "student=5: must be a size"), ({"static": "no"}, "static='no': must be true or false"),
     ({"collection": None}, "collection=None: must be a text"),
     ({"student": {"layers": [1, 0], "intermediate": 8, "embedding": 8, "vocabulary": 9}}, "layers=(1, 0)"),
     ({"student": {"layers": [0], "intermediate": 0, "embedding": 8, "vocabulary": 9}}, "intermediate=0"),
     ({"student": {"layer": [0]}}, "unknown settings of student ['layer']")],
)  # fmt: skip
def test_a_number_that_cannot_be_is_named(values, words) -> None:
    with pytest.raises(LabError, match=re.escape(words)):
        DistillConfig.from_dict(values)


def test_a_students_facts_are_a_config() -> None:
    config = DistillConfig(seed=5, documents="own")
    assert DistillConfig.from_json(json.dumps({"config": json.loads(config.to_json()), "minutes": 1.0})) == config


def test_a_config_that_is_no_text_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_bytes(b"\xff\xfe{}")
    settings, out = str(tmp_path / "config.json"), str(tmp_path / "student")
    assert main(["distill", "--collection", "wiki", "--config", settings, "--out", out]) == 1
    assert "config.json is no UTF-8 text" in capsys.readouterr().err


def test_no_text_is_no_endless_training() -> None:
    with pytest.raises(DataError, match="no text to train on"):
        next(all_batches([], 4, 0, 10))


def test_the_command_lines_config_holds_unless_an_option_overrules_it(
    tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path
) -> None:
    wanted = DistillConfig(teacher=str(tiny_teacher_dir), student="half", seed=5, documents="own", device="cpu")
    (tmp_path / "lab.json").write_text(json.dumps({"config": json.loads(wanted.to_json())}), encoding="utf-8")
    out = tmp_path / "student"
    assert main([
        "distill", "--collection", str(tiny_collection_dir), "--config", str(tmp_path / "lab.json"), "--epochs", "1",
        "--no-static", "--out", str(out),
    ]) == 0  # fmt: skip
    made = json.loads((out / "lab.json").read_text(encoding="utf-8"))["config"]
    assert (made["seed"], made["documents"], made["student"], made["epochs"]) == (5, "own", "half", 1.0)


def test_a_mistyped_student_is_told_before_anything_is_encoded(tiny_config) -> None:
    heard: list[object] = []
    with pytest.raises(ModelError, match=r"student='tnth' is none of the sizes half, quarter, tenth"):
        distill(tiny_config, student="tnth", store=VectorStore(None), listen=heard.append)
    assert heard == []


def test_torn_files_are_named(tiny_teacher_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text('{"config": ', encoding="utf-8")
    with pytest.raises(ModelError, match=r"lab\.json is torn"):
        facts(tmp_path)
    shutil.copytree(tiny_teacher_dir, tmp_path / "torn")
    (weights,) = (tmp_path / "torn").rglob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(str(tmp_path / "torn"), "cpu", "float32")


def test_a_student_below_bm25_is_told_to_have_failed() -> None:
    teacher, bm25 = np.full(30, 0.8), np.full(30, 0.5)
    assert "FAILED" in str(normalised_gain_interval(np.full(30, 0.4), teacher, bm25))
    assert "FAILED" not in str(normalised_gain_interval(np.full(30, 0.6), teacher, bm25))
