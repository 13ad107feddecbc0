"""What notebook 06 stands on: both exercises, and the part of a collection that it trains on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lab.collection import load_collection
from lab.evaluation import holm
from lab.teaching import gains
from lab.teaching.gains import check_corrected, check_gain, solve_corrected, solve_gain
from lab.teaching.rungs import epochs_for, small
from lab.training.batches import steps_in


def said(capsys: pytest.CaptureFixture[str], check: Callable[[Any], None], answer: Callable[..., Any]) -> str:
    check(answer)
    return capsys.readouterr().out.strip()


def test_solutions_are_right_and_stubs_are_invited(capsys: pytest.CaptureFixture[str]) -> None:
    for check, solution in ((check_gain, solve_gain), (check_corrected, solve_corrected)):
        assert said(capsys, check, solution).startswith("Right")
        assert said(capsys, check, lambda *_: ...).startswith("Your turn")


@pytest.mark.parametrize("words", gains._GAIN_MISTAKES)
def test_each_mistake_with_the_gain_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, check_gain, gains._GAIN_MISTAKES[words])


@pytest.mark.parametrize("words", gains._HOLM_MISTAKES)
def test_each_mistake_with_the_correction_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, check_corrected, gains._HOLM_MISTAKES[words])


def test_the_solution_is_what_the_package_corrects() -> None:
    for p in np.random.default_rng(0).uniform(0, 1, (20, 5)):
        assert [solve_corrected(p, place) for place in range(5)] == pytest.approx(holm(p).tolist())


def test_a_small_part_keeps_its_queries_with_their_documents_shortened() -> None:
    whole = load_collection("pydocs")
    part = small(whole, asked=20, pairs=30, words=8)
    assert (len(part.queries["dev"]), len(part.queries["train"]), part.splits) == (20, 30, ("dev", "train"))
    assert 20 <= len(part) < 200 and max(len(body.split()) for body in part.bodies) <= 8
    for split in part.splits:
        assert all(part.qrels[split][i] == whole.qrels[split][i] for i in part.queries[split])
    assert small(whole, 20, 30, 8).fingerprint == part.fingerprint


@pytest.mark.parametrize("texts", [64, 65, 6_400, 7_001])
def test_epochs_are_so_many_steps(texts: int) -> None:
    assert steps_in(texts, 64, epochs_for(37, texts, 64)) == 37
