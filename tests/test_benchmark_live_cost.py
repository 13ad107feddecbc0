"""The arithmetic of benchmarks/live_cost.py, and what was measured with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lab
from lab.preparation import Looked
from lab.training import Probed, Progress
from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]
live_cost = benchmark("live_cost")


def pair(plain: float, live: float) -> dict[str, dict[str, float]]:
    return {"plain": {"wall": plain, "cpu": plain / 2}, "live": {"wall": live, "cpu": live}}


def test_the_median_is_that_of_the_pairs_not_of_the_arms() -> None:
    told = live_cost.summary({"00": [pair(10, 11), pair(100, 101), pair(1, 1.5)]})["views"]["00"]
    assert told["median slowdown"]["wall"] == pytest.approx(0.1)
    assert told["median slowdown"]["cpu"] == pytest.approx(1.2)
    assert told["slowdowns"]["wall"] == pytest.approx([0.1, 0.01, 0.5])


def test_what_is_stored_was_computed_from_its_pairs() -> None:
    stored = json.loads((ROOT / "docs" / "live_cost.json").read_text(encoding="utf-8"))
    views = {name: each["pairs"] for name, each in stored["views"].items()}
    told = live_cost.summary(views, stored["looks"])
    assert tuple(views) == live_cost.VIEWS and stored | {"commit": told["commit"]} == told
    assert all(len(pairs) >= live_cost.PAIRS for pairs in views.values())
    arms = [[pair[arm]["messages"] for arm in ("live", "plain")] for pairs in views.values() for pair in pairs]
    assert all(live > 3 * plain + 20 for live, plain in arms), "the live arm must have been live"
    slower = [each["median slowdown"]["wall"] for each in stored["views"].values()]
    assert max(slower) <= live_cost.BAR


def test_the_share_of_the_looks_is_of_the_whole_time() -> None:
    assert live_cost.share(look=0.5, step=0.1, looks=8, steps=160) == pytest.approx(0.2)  # 4 s of 20


def test_looks_and_steps_are_timed_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training whose steps take 1 s and whose looks take 5, by a clock of its own."""
    clock = {"now": 0.0}
    monkeypatch.setattr(live_cost.time, "process_time", lambda: clock["now"])

    def distill(config, listen, **_):
        look, progress = Looked(0, np.zeros(1), np.zeros(1)), Progress(1, 3, 1.0, 1.0, 0.0)
        probed = Probed(0, 0.0, True)
        for event, seconds in (
            (look, 99.0), (probed, 0.0), (progress, 7.0), (progress, 1.0), (look, 5.0), (probed, 0.0), (progress, 1.0),
        ):  # fmt: skip
            clock["now"] += seconds
            listen(event)

    monkeypatch.setattr(lab, "distill", distill)
    assert live_cost.one_look(None, None, {}) == {"look": 5.0, "step": 1.0}


def test_trainings_are_looked_at_as_it_was_measured_and_within_the_bar() -> None:
    source = (ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert f"WATCHED, LOOKS = {live_cost.WATCHED}, {live_cost.LOOKS}  #" in source
    for name, stored in json.loads((ROOT / "docs" / "live_cost.json").read_text(encoding="utf-8"))["looks"].items():
        assert stored["share"] == pytest.approx(live_cost.share(**{k: v for k, v in stored.items() if k != "share"}))
        # the one whose documents are encoded anew for each look costs more, and README says so
        assert stored["share"] <= live_cost.BAR or "own tower" in name
