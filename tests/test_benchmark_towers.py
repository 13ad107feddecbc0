"""The arithmetic of benchmarks/towers.py."""

from __future__ import annotations

import pytest

from tests.scripts import benchmark

towers = benchmark("towers")


def test_the_contrast_is_paired_by_seed_and_its_interval_holds_it() -> None:
    rows = [{"own difference": 0.05 + more, "inherited difference": 0.05} for more in (0.01, 0.02, 0.03, 0.02, 0.07)]
    found = towers.summary(rows)["own minus inherited"]
    assert found["value"] == pytest.approx(0.03) and 0.01 < found["low"] < 0.03 < found["high"] < 0.07


def test_at_least_five_seeds_are_asked_for_and_both_arms_take_the_same_loss() -> None:
    assert len(towers.SEEDS) >= 5
    assert towers.SETTINGS.losses.query_matching == 0, "matching would hold the inherited arm to its place alone"
