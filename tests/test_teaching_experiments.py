"""The guided experiments: each changes what it says, asks what its run can decide, and the shipped runs fit them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from lab import artefacts
from lab.collection import load_collection
from lab.collection.texts import DocumentTexts
from lab.errors import LabError
from lab.figures.trials import Trial, fingerprint
from lab.panels.knobs import differences
from lab.preparation import Looked
from lab.teaching.experiments import (
    WATCHED,
    experiment_panel,
    experiments,
    predict_experiment,
    shipped_trials,
    usual,
)
from lab.teaching.predict import Choice, checked_letter, predict
from lab.training import TrainingData

GUIDED = experiments()[1:]


def trial(name: str, distance: float, overlap: float) -> Trial:
    return Trial(name, looks=(Looked(5, np.full(4, distance), np.full(4, overlap)),))


def test_there_are_at_least_six_and_each_changes_something_of_the_usual_run() -> None:
    assert experiments()[0].config(usual()) == usual() and len(GUIDED) >= 6
    changed = [tuple(differences(usual(), each.config(usual()))) for each in GUIDED]
    assert all(changed) and len(set(changed)) == len(changed)
    assert all(each.config(usual()).epochs <= usual().epochs for each in GUIDED)  # none takes more steps


@pytest.mark.parametrize("each", GUIDED, ids=lambda each: each.name)
def test_whatever_is_measured_one_choice_is_right(each) -> None:
    for measured in np.linspace(-1.0, 0.999, 41):
        said = predict_experiment(each.name, "a", [trial("usual", 1.0, 0.5), trial(each.name, 1.0, 0.5)])
        question = said.question
        assert sum(choice.low <= measured < choice.high for choice in question.choices) == 1
    assert said.right == "b"  # nothing changed
    asked, answered = each.ask(None, None), each.ask("b", 0.0)
    assert "Show the answer" not in asked and "You said b: right." in answered
    assert len(each.choices) == 3


def test_distance_decides_where_position_is_asked_and_overlap_elsewhere() -> None:
    runs = [trial("usual", 0.6, 0.6), trial("scores only", 0.9, 0.6), trial("size 1/20", 0.6, 0.5)]
    assert predict_experiment("scores only", "c", runs).measured == pytest.approx(0.3)
    assert predict_experiment("scores only", "c", runs).right == "c"
    assert predict_experiment("size 1/20", None, runs).measured == pytest.approx(-0.1)
    again = [*runs, trial("size 1/20", 0.6, 0.7)]
    assert predict_experiment("size 1/20", None, again).right == "c"  # the last run counts
    assert predict_experiment("squared distance", None, runs).right is None  # not yet run


def test_a_wrong_name_or_letter_is_named() -> None:
    with pytest.raises(LabError, match="no question about 'win'; there are scores only"):
        predict_experiment("win")
    with pytest.raises(LabError, match="choose one of a, b, c"):
        predict_experiment("size 1/20", "z")


def test_a_letter_is_read_here_as_it_is_elsewhere() -> None:
    for choice in ("B", " b ", "b"):
        assert predict_experiment("size 1/20", choice).choice == predict("kept", choice).choice == "b"
    assert predict_experiment("size 1/20").choice is None and checked_letter(None, ()) is None
    two = (Choice("yes", 0, 1), Choice("no", 1, 2))
    assert checked_letter(" B", two) == "b"
    with pytest.raises(LabError, match="choice=' C': choose one of a, b, or None"):
        checked_letter(" C", two)


@pytest.mark.parametrize(
    ("name", "right"),
    [("scores only", "c"), ("squared distance", "b"), ("rate × 10", "a"), ("size 1/20", "a"), ("own tower", "a"),
     ("no selection", "b")],
)  # fmt: skip
def test_the_answers_of_the_shipped_runs_are_those_their_reasons_speak_of(name: str, right: str) -> None:
    assert predict_experiment(name, right, shipped_trials()).right == right


def test_the_shipped_runs_are_those_of_the_experiments() -> None:
    shipped = {each.name: each for each in shipped_trials()}
    assert next(iter(shipped)) == "usual" and set(shipped) <= {each.name for each in experiments()}
    assert len(shipped) >= 7
    for each in experiments():
        if each.name in shipped:
            assert dict(shipped[each.name].changed) == differences(usual(), each.config(usual()))
            assert shipped[each.name].kept is not None
    now = fingerprint(artefacts.live_data(load_collection("wiki"), WATCHED)[1].texts)
    assert {each.texts for each in shipped.values()} == {now}, "held-out texts changed: make.py wiki-guided"


def test_a_panel_begins_with_the_shipped_usual_run_unless_it_would_not_fit() -> None:
    collection = load_collection("wiki")
    held = artefacts.live_data(collection, WATCHED)[1]
    data = TrainingData(("a",), np.eye(1), np.zeros(1), np.eye(1), np.zeros(1), collection.documents, np.zeros(1))
    other = DocumentTexts(held.texts[::-1], held.rows[::-1])

    def begins_with(texts: DocumentTexts, **more: Any) -> list[str]:
        panel = experiment_panel(collection, None, (data, texts), live=False, **more)  # type: ignore[arg-type]
        return [each.name for each in panel.trials()]

    assert begins_with(held) == begins_with(held, config=usual()) == ["usual"]
    assert begins_with(held, config=dataclasses.replace(usual(), epochs=1.0)) == []
    assert begins_with(held, shipped=False) == [] and begins_with(other) == []


@pytest.mark.parametrize("each", GUIDED, ids=lambda each: each.name)
def test_the_panel_alone_lists_the_choices(each) -> None:
    for said in (each.ask(None, None), each.ask("a", 0.0)):
        assert not any(f") {choice}" in said for choice in each.choices)
    assert f"a) {each.choices[0]}" in predict_experiment(each.name, None, [])._repr_html_()  # nobody else lists them
