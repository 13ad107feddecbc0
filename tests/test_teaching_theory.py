"""What notebook 05 stands on: both exercises, the samples of the theorem, the tables it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab import artefacts
from lab.collection import load_collection
from lab.collection.texts import held_out_rows
from lab.geometry import cross_entropy, score_bound
from lab.teaching import theory
from lab.teaching.theory import BOUND_HINT, RISK_HINT, check_pair_bound, check_risk, solve_pair_bound, solve_risk

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "05_theory.ipynb"


def said(capsys: pytest.CaptureFixture[str], check: Callable[[Any], None], answer: Callable[..., Any]) -> str:
    check(answer)
    return capsys.readouterr().out.strip()


def test_solutions_are_right_and_stubs_are_invited(capsys: pytest.CaptureFixture[str]) -> None:
    for check, solution in ((check_pair_bound, solve_pair_bound), (check_risk, solve_risk)):
        assert said(capsys, check, solution).startswith("Right")
        assert said(capsys, check, lambda *_: ...).startswith("Your turn")
        assert "raised ZeroDivisionError" in said(capsys, check, lambda *_: 1 / 0)


@pytest.mark.parametrize("words", theory._BOUND_MISTAKES)
def test_each_mistake_with_the_bound_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, check_pair_bound, theory._BOUND_MISTAKES[words])


@pytest.mark.parametrize("words", theory._RISK_MISTAKES)
def test_each_mistake_with_the_risk_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, check_risk, theory._RISK_MISTAKES[words])


def test_solutions_are_what_the_package_computes() -> None:
    random = np.random.default_rng(0)
    tq, sq, td, sd = random.normal(size=(4, 7))
    assert solve_pair_bound(tq, sq, td, sd) == pytest.approx(score_bound([tq], [sq], [td], [sd]).bound[0, 0])
    scores, labels = random.normal(size=9), random.integers(0, 2, 9).astype(float)
    assert solve_risk(scores, labels) == pytest.approx(cross_entropy(scores, labels).mean())


class Fake:
    """Every text at its length, so that a test sees which texts were encoded."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: list[str]) -> np.ndarray:
        self.texts = texts
        return np.ones((len(texts), 2), np.float32)


def test_samples_are_texts_of_their_own_side_with_their_document(monkeypatch: pytest.MonkeyPatch) -> None:
    collection = load_collection("wiki")
    held = set(held_out_rows(collection).tolist())
    every = theory.document_texts
    monkeypatch.setattr(theory, "document_texts", lambda c, rows, mix: every(c, rows[:60], mix))  # all take seconds
    documents = np.zeros((len(collection), 2))
    train, test = theory.theorem_samples(collection, Fake(), Fake(), documents, count=30)  # type: ignore[arg-type]
    for sample, side in ((train, False), (test, True)):
        own = sample.triples.document[sample.triples.label == 1]
        assert len(own) == 30 and {int(row) in held for row in own} == {side}
        assert (sample.triples.label == 0).sum() == 30 and np.shape(sample.teacher_queries) == (30, 2)


def test_the_shipped_student_says_which_texts_it_saw() -> None:
    assert artefacts.facts()["config"]["texts"]["most"] > 0


def test_the_hints_in_the_notebook_are_those_of_the_package() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    words = "\n".join("".join(cell["source"]) for cell in cells)
    assert BOUND_HINT in words and RISK_HINT in words
    assert sum(cell["cell_type"] == "code" for cell in cells) <= 16  # the card that closes it is one
