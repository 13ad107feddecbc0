"""benchmarks/same_students.py: does the code still make the students of the stored tables, and what was found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.scripts import benchmark

same_students = benchmark("same_students")


def test_one_code_makes_one_student_and_another_is_told_from_it(
    tiny_collection_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ran(asked: list[str], cwd: Path, env: dict[str, str], **_: object) -> SimpleNamespace:
        """What a code would print whose students hang on the folder it lies in."""
        assert asked[:2] == [sys.executable, "-c"] and env["PYTHONPATH"] == str(cwd)
        told = {"weights": (Path(cwd) / "lab.txt").read_text(encoding="utf-8"), "nDCG@10": {"student": 0.5}}
        return SimpleNamespace(stdout=f"a word before\nMADE {json.dumps(told)}\n")

    monkeypatch.setattr(subprocess, "run", ran)
    for name, words in (("before", "a"), ("now", "a"), ("other", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lab.txt").write_text(words, encoding="utf-8")
    before, now, other = (
        same_students.made(tmp_path / name, str(tiny_collection_dir), "half") for name in ("before", "now", "other")
    )
    assert before == now != other
