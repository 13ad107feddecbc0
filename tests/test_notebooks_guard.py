"""`make notebooks` can fail: under its very flags a notebook that is broken on purpose does, cell by cell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
BROKEN = ROOT / "tests" / "broken" / "broken.ipynb"


def nbval_flags() -> list[str]:
    """The flags after ``NBVAL :=`` in the Makefile."""
    line = re.search(r"^NBVAL\s*:=\s*(.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert line, "the Makefile no longer holds NBVAL := flags"
    return line[1].split()


def test_the_notebooks_target_uses_these_flags() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nnotebooks:")[1].split("\n\n")[0]
    assert "-m pytest $(NBVAL) --junitxml=out/notebooks.xml notebooks" in recipe
    assert {"--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout"} <= set(nbval_flags())
    assert " ".join(nbval_flags()) in (ROOT / "README.md").read_text(encoding="utf-8"), "the steps for Windows"


def test_a_broken_notebook_fails(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    # no inherited pytest settings, neither this worker's nor the caller's
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", *nbval_flags(), "-p", "no:cacheprovider"]
    command += [f"--junitxml={report}", str(BROKEN)]
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert run.returncode == 1, run.stdout + run.stderr

    failed = [case.find("failure") is not None for case in ET.parse(report).iter("testcase")]
    cells = [cell for cell in nbformat.read(BROKEN, as_version=4).cells if cell.cell_type == "code"]
    assert failed == ["fails:" in cell.source for cell in cells], run.stdout
    assert True in failed and False in failed
