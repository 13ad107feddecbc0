"""What people wait for: benchmarks/minutes.py and benchmarks/run_all.py, and what was measured with them."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]
minutes, run_all = benchmark("minutes"), benchmark("run_all")


def read(name: str) -> dict:
    return json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))


def test_means_are_of_runs_of_one_kind() -> None:
    rows = [{"collection": "wiki", "student": size, "seed": seed, "minutes": took}
            for size, seed, took in (("tenth", 0, 8.0), ("tenth", 1, 9.0), ("quarter", 0, 5.0))]  # fmt: skip
    assert minutes.summary(rows)["means"] == {
        "wiki tenth": {"seeds": "seeds 0, 1", "minutes": 8.5}, "wiki quarter": {"seeds": "seed 0", "minutes": 5.0},
    }  # fmt: skip


def test_what_is_timed_is_the_command_of_a_user(
    tiny_collection_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From an empty store, which is not the one of whoever measures."""
    seen: list[tuple[list[str], dict[str, str]]] = []

    def ran(asked: list[str], env: dict[str, str], **_: object) -> None:
        seen.append((asked, env))
        out = Path(asked[-1].removeprefix("--out="))
        out.mkdir()
        (out / "lab.json").write_text(json.dumps({"steps": 3, "texts": 40}), encoding="utf-8")

    monkeypatch.setattr(minutes.subprocess, "run", ran)
    monkeypatch.setattr(minutes, "commit", lambda: "0" * 12)
    monkeypatch.setenv("LAB_CACHE", str(tmp_path))
    row = minutes.run(str(tiny_collection_dir), "half", 1)
    (asked, env), = seen
    assert asked[3:-1] == ["distill", f"--collection={tiny_collection_dir}", "--student=half", "--seed=1"]
    assert env["LAB_CACHE"] != str(tmp_path) and (row["steps"], row["texts"], row["seed"]) == (3, 40, 1)


def test_a_student_is_made_within_its_minutes() -> None:
    stored = read("minutes.json")
    assert stored == minutes.summary(stored["runs"])
    for name, found in stored["means"].items():
        assert found["minutes"] <= minutes.BARS[name.split()[1]], name


def test_every_notebook_is_run_and_the_first_search_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = ["def search(who, what):\n    return what\nteacher = 1", 'search(teacher, "a question")',
             "import os\nassert 'LAB_PACE' not in os.environ"]  # fmt: skip
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(made, tmp_path / "00_start_here.ipynb")
    monkeypatch.setenv("LAB_PACE", "12.5")
    found = run_all.run(tmp_path / "00_start_here.ipynb")
    assert 0 < found["first search"] <= found["seconds"]


def test_run_all_of_every_notebook_keeps_its_bar() -> None:
    stored = read("run_all.json")
    names = {path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert set(stored["notebooks"]) == names and stored["bars"] == run_all.BARS
    first = stored["notebooks"][run_all.FIRST]
    assert first["first search"] <= run_all.BARS["first search"]
    for name, found in stored["notebooks"].items():
        assert found["seconds"] <= run_all.BARS.get(name, run_all.BARS["notebook"]), name
