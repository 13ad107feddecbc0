"""Cards are drawn with the speeds of docs/speed.json: a notebook whose outputs are older shows others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
LIVE = "00_start_here"  # its live student is timed on the spot
CARDS = sorted(path for path in (ROOT / "notebooks").glob("*.ipynb") if path.stem != LIVE)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_speed_on_a_stored_card_is_the_one_measured_last(path: Path) -> None:
    measured = json.loads((ROOT / "docs" / "speed.json").read_text(encoding="utf-8"))["encoders"].values()
    known = {f"{each['one by one']['times the teacher']:.1f}" for each in measured}
    told = [
        times
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", ())
        for times in re.findall(r"queries a second, ([\d.]+) × the teacher's", str(output.get("data", "")))
    ]
    assert told and set(told) <= known, "run `make notebooks-refresh`"
