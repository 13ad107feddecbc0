"""The arithmetic of benchmarks/fidelity.py."""

from __future__ import annotations

import pytest

from tests.scripts import benchmark

fidelity = benchmark("fidelity")


def test_the_correlation_is_of_ranks_and_its_interval_holds_it() -> None:
    rows = [{"distance": far, "gap": far**3 + (0.3 if number == 4 else 0.0)}
            for number, far in enumerate((0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8))]  # fmt: skip
    # the fifth gap, 0.425, moves past the sixth, 0.343: ranks differ by 1 twice, 1 - 6·2/(7·48)
    found = fidelity.correlation(rows, "distance", "gap", resamples=200)
    assert found["value"] == pytest.approx(1 - 12 / 336) and found["students"] == 7
    assert found["low"] < found["value"] <= found["high"] == pytest.approx(1.0)


def test_at_least_twenty_students_of_a_collection_are_asked_for_and_all_have_names_of_their_own() -> None:
    rows = [{"changes": fidelity.named("wiki", changes)} for changes in fidelity.students()]
    assert len(set(map(repr, rows))) == len(rows)
    assert all(len(fidelity.of(rows, targets)) >= 20 for targets in (fidelity.PAPER, fidelity.RECIPE))
    assert fidelity.RECIPE != fidelity.PAPER
