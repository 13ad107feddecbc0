"""The arithmetic of benchmarks/towers.py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lab.evaluation import Interval
from tests.scripts import benchmark

ROOT, towers = Path(__file__).resolve().parents[1], benchmark("towers")


def test_the_contrast_is_paired_by_seed_and_its_interval_holds_it() -> None:
    rows = [{"own difference": 0.05 + more, "inherited difference": 0.05} for more in (0.01, 0.02, 0.03, 0.02, 0.07)]
    found = towers.summary(rows)["own minus inherited"]
    assert found["value"] == pytest.approx(0.03) and 0.01 < found["low"] < 0.03 < found["high"] < 0.07


def test_at_least_five_seeds_are_asked_for_and_both_arms_take_the_same_loss() -> None:
    assert len(towers.SEEDS) >= 5
    assert towers.SETTINGS.losses.query_matching == 0, "matching would hold the inherited arm to its place alone"


def test_prose_about_the_towers_is_what_was_measured() -> None:
    told = json.loads((ROOT / "docs" / "towers.json").read_text(encoding="utf-8"))
    cells = json.loads((ROOT / "notebooks" / "05_theory.ipynb").read_text(encoding="utf-8"))["cells"]
    prose = " ".join(" ".join("".join(cell["source"]) for cell in cells).split())
    inherited, own = (np.mean([row[f"{arm} difference"] for row in told["seeds"]]) for arm in ("inherited", "own"))
    more = Interval(**told["own minus inherited"], level=0.95)
    assert f"was {inherited:.3f} with inherited documents and {own:.3f} with the student's own" in prose
    assert f"own minus inherited {more}".replace("-", "−") in prose
