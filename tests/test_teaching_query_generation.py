"""The exercises of notebook 04: solutions by hand, likely mistakes named."""

from __future__ import annotations

import numpy as np
import pytest

from lab.teaching.query_generation import (
    _COVERED_MISTAKES,
    _NOISE_MISTAKES,
    check_covered,
    check_noise_size,
    solve_covered,
    solve_noise_size,
)


def test_solutions_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert solve_noise_size(np.array([[3.0, 4.0]]), 2.0) == pytest.approx(2 * np.sqrt(12.5))
    check_noise_size(solve_noise_size)
    check_covered(solve_covered)
    said = capsys.readouterr().out.splitlines()
    assert said == ["Right: 1.5000.", "Right: 0.6000."]


@pytest.mark.parametrize("words", [*_NOISE_MISTAKES, *_COVERED_MISTAKES], ids=range(14))
def test_a_likely_mistake_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    check, wrong = (
        (check_noise_size, _NOISE_MISTAKES[words])
        if words in _NOISE_MISTAKES
        else (check_covered, _COVERED_MISTAKES[words])
    )
    check(wrong)
    said = capsys.readouterr().out.strip()
    assert said.startswith("Not yet") and said.endswith(words)


def test_stubs_go_through(capsys: pytest.CaptureFixture[str]) -> None:
    check_noise_size(lambda states, sigma: ...)
    check_covered(lambda held_out, pool, radius: ...)
    assert capsys.readouterr().out.count("replace the ...") == 2
