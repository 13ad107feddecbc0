"""The exercises of notebook 02: solutions by hand, likely mistakes named."""

from __future__ import annotations

import numpy as np
import pytest

from lab.teaching.dual_pooling import (
    _PADDING_MISTAKES,
    _POOLING_MISTAKES,
    check_dual_score,
    check_padding_error,
    solve_dual_score,
    solve_padding_error,
)


def test_solutions_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    states = np.array([[2.0, 0.0], [0.0, 2.0], [0.0, 5.0]])
    score = solve_dual_score(states, np.array([True, True, False]), np.array([False, False, True]))
    assert score == pytest.approx(1 / np.sqrt(2))
    # the right mean is (2, 0), the wrong one (0, 0) with a padded (-2, 0)
    assert solve_padding_error(np.array([[2.0, 0], [9.0, 9], [-2.0, 0]]), np.array([0, 1, 0]), np.array([1, 1, 0])) == 2
    check_dual_score(solve_dual_score)
    check_padding_error(solve_padding_error)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 and all(line.startswith("Right: ") for line in said)


def test_the_padding_mistake_hides_in_a_batch_of_one() -> None:
    states, types = np.random.default_rng(0).standard_normal((5, 3)), np.array([0, 0, 0, 1, 1])
    assert solve_padding_error(states, types, np.ones(5)) == 0


@pytest.mark.parametrize("words", [*_POOLING_MISTAKES, *_PADDING_MISTAKES], ids=range(13))
def test_a_likely_mistake_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    check, wrong = (
        (check_dual_score, _POOLING_MISTAKES[words])
        if words in _POOLING_MISTAKES
        else (check_padding_error, _PADDING_MISTAKES[words])
    )
    check(wrong)
    said = capsys.readouterr().out.strip()
    assert said.startswith("Not yet") and said.endswith(words)


def test_stubs_go_through(capsys: pytest.CaptureFixture[str]) -> None:
    check_dual_score(lambda states, is_query, is_document: ...)
    check_padding_error(lambda states, types, mask: ...)
    assert capsys.readouterr().out.count("replace the ...") == 2
