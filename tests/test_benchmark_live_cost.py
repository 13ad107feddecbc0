"""The arithmetic of benchmarks/live_cost.py, and what was measured with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]
live_cost = benchmark("live_cost")


def pair(plain: float, live: float) -> dict[str, dict[str, float]]:
    return {"plain": {"wall": plain, "cpu": plain / 2}, "live": {"wall": live, "cpu": live}}


def test_the_median_is_that_of_the_pairs_not_of_the_arms() -> None:
    told = live_cost.summary([pair(10, 11), pair(100, 101), pair(1, 1.5)])
    assert told["median slowdown"]["wall"] == pytest.approx(0.1)
    assert told["median slowdown"]["cpu"] == pytest.approx(1.2)
    assert told["slowdowns"]["wall"] == pytest.approx([0.1, 0.01, 0.5])


def test_what_is_stored_was_computed_from_its_pairs() -> None:
    stored = json.loads((ROOT / "docs" / "live_cost.json").read_text())
    assert len(stored["pairs"]) >= live_cost.PAIRS and stored == live_cost.summary(stored["pairs"])
    messages = [[arm["messages"] for arm in (pair["live"], pair["plain"])] for pair in stored["pairs"]]
    assert all(live > 3 * plain for live, plain in messages), "the live arm must have been live"
