"""tools/stages.sh runs all stages, tells how each went, and leaves its seconds in one whole file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = """
install:
	@[ "$$STUB_INSTALL" != fails ]
lint:
	@echo 'All checks passed!'
unit:
	@echo '=== 2 failed, 1531 passed, 3 skipped in 82.10s ==='; exit 1
notebooks:
	@mkdir -p out; echo '<testsuites><testsuite tests="3"><testcase classname="notebooks.00_a.ipynb" name="Cell 0"' \
		'time="1.250" /><testcase classname="notebooks.00_a.ipynb" name="Cell 1" time="2.5"><x/></testcase><testcase' \
		'classname="tests.browser.test_b" name="c" time="0.4" /></testsuite></testsuites>' > out/notebooks.xml
	@echo '=== 152 passed in 150.20s ==='
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/stages.sh", tmp_path / "tools/stages.sh")
    (tmp_path / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    return tmp_path


def run(tree: Path, *stages: str, **settings: str) -> subprocess.CompletedProcess[str]:
    ours = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "TIMINGS"}  # of the make that may be running this test
    env = {key: value for key, value in os.environ.items() if key not in ours} | settings
    command = ["bash", "tools/stages.sh", *stages]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=30)


def timings(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def test_seconds_and_counts_of_every_stage_are_kept(tree: Path) -> None:
    done = run(tree, "install", "lint", "unit", "notebooks")
    found = timings(tree / "out/timings.json")
    assert set(found) == {"commit", "cores", "stages", "total"} and found["cores"] >= 1
    assert list(found["stages"]) == ["install", "lint", "unit", "notebooks"]
    assert [stage["ok"] for stage in found["stages"].values()] == [True, True, False, True]
    assert [stage.get("passed") for stage in found["stages"].values()] == [None, None, 1531, 152]
    seconds = [stage["seconds"] for stage in found["stages"].values()]
    assert all(isinstance(each, int) for each in seconds) and found["total"] >= sum(seconds)
    assert done.returncode == 1 and "unit          FAILED" in done.stdout and "notebooks     ok" in done.stdout
    assert f"{found['total']} s (out/timings.json)" in done.stdout
    assert found["stages"]["notebooks"]["files"] == {"00_a": 4, "test_b": 0} and "files" not in found["stages"]["unit"]
    left = {path.name for path in (tree / "out").iterdir()}
    assert left == {"timings.json", "notebooks.xml"}, "nothing temporary is left"


def test_the_files_of_an_earlier_run_are_not_taken_for_those_of_this_one(tree: Path) -> None:
    (tree / "out").mkdir()
    (tree / "out/lint.xml").write_text('<testcase classname="old" time="9" />', encoding="utf-8")
    run(tree, "lint")
    assert "files" not in timings(tree / "out/timings.json")["stages"]["lint"]


def test_without_an_environment_nothing_else_runs(tree: Path) -> None:
    assert run(tree, "install", "lint", STUB_INSTALL="fails").returncode == 1
    assert list(timings(tree / "out/timings.json")["stages"]) == ["install"]


def test_the_committed_seconds_are_written_on_demand_and_only_of_a_run_that_passed(tree: Path) -> None:
    kept = tree / "docs/timings.json"
    run(tree, "lint")
    assert not kept.exists()
    run(tree, "lint", "unit", TIMINGS="docs/timings.json")
    assert not kept.exists()
    assert run(tree, "lint", "notebooks", TIMINGS="docs/timings.json").returncode == 0
    assert timings(kept) == timings(tree / "out/timings.json")


def test_an_earlier_file_is_replaced(tree: Path) -> None:
    (tree / "out").mkdir()
    (tree / "out/timings.json").write_text("an older run", encoding="utf-8")
    run(tree, "lint")
    assert list(timings(tree / "out/timings.json")["stages"]) == ["lint"]
