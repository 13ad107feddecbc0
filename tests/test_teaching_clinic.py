"""The clinic: rules on gauges, the reader's answers, and the shipped patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lab import artefacts
from lab.errors import DataError, LabError
from lab.figures import gauge_board, gauge_values
from lab.geometry import likely_cause
from lab.geometry.diagnosis import GAP, GAUGES, ILLNESSES, LINE, POSITIVE, STALE, UNRELATED
from lab.recording import Recording
from lab.teaching import clinic
from tests.test_figures_dartboard import recorded

# What a healthy student shows, and the one mark each illness leaves on it.
SOUND = {
    "training loss": 0.7, "loss before": 1.1, "mean distance": 0.65, "overlap@10": 0.6, "linear CKA": 0.8,
    "spread": 0.01, "negative numbers": 0.5, "targets off": 0.02,
}  # fmt: skip
MARKS = {
    "healthy": {},
    "stale teacher vectors": {"targets off": 0.9},
    "ReLU projection": {"negative numbers": 0.0, "spread": 0.7},
    "rate too high": {"training loss": 1.2, "spread": 0.9},
    "collapse": {"spread": 0.95, "mean distance": 1.2},
    "dropped projection": {"mean distance": 1.0, "loss before": 1.4},
    "wrong pooling": {"mean distance": 1.0, "loss before": 0.8},
}


def patient(illness: str, changed: dict[str, float] | None = None) -> Recording:
    """A recording whose gauges show what is wanted."""
    found = recorded(noises=(1.0, 0.5, 0.3, 0.1))
    shown = SOUND | MARKS[illness] | (changed or {})
    measures = {name: np.full(4, value) for name, value in shown.items() if name != "loss before"}
    measures["training loss"] = np.array([np.nan, 5.0, shown["loss before"], shown["training loss"]])
    return replace(found, measures=measures, about={**found.about, "illness": illness})


@pytest.fixture
def cases() -> dict[str, Recording]:
    return {f"case {number}": patient(illness) for number, illness in enumerate(MARKS, 1)}


@pytest.mark.parametrize("illness", MARKS)
def test_each_mark_leads_to_its_illness(illness: str) -> None:
    finding = likely_cause(SOUND | MARKS[illness])
    assert finding.cause == illness and finding.gauge in GAUGES
    assert str(finding).startswith(f"{illness}: ") and finding.words


def test_every_illness_has_a_rule_and_every_gauge_is_needed() -> None:
    assert set(MARKS) == set(ILLNESSES)
    for name in GAUGES:
        for broken in ({name: float("nan")}, None):
            gauges = {**SOUND, **broken} if broken else {key: SOUND[key] for key in SOUND if key != name}
            with pytest.raises(LabError, match=f"no value for the gauge '{name}'"):
                likely_cause(gauges)


def test_gauges_are_read_at_the_end_and_the_first_loss_near_the_start() -> None:
    assert clinic.gauges(patient("healthy")) == SOUND
    assert list(clinic.gauges(patient("healthy"))) == list(GAUGES)
    with pytest.raises(LabError, match="no gauge 'training loss'"):
        clinic.gauges(recorded())


def test_a_right_answer_is_told_what_gave_it_away(cases: dict[str, Recording], capsys) -> None:
    clinic.diagnose("case 2", " Stale Teacher Vectors", cases)
    out = capsys.readouterr().out
    assert out.startswith("case 2: right, stale teacher vectors.") and "'targets off'" in out and "0.90" in out


def test_a_wrong_answer_is_shown_where_to_look_and_not_the_answer(cases: dict[str, Recording]) -> None:
    words = clinic.verdict("case 3", "collapse", cases)
    assert words.startswith("case 3: not collapse.") and "'negative numbers'" in words and "ReLU" not in words


@pytest.mark.parametrize(("case", "illness", "said"), [
    ("case 9", "collapse", "There is no 'case 9'; there are case 1"),
    ("case 1", None, "your turn. Choose one of 'healthy'"),
    ("case 1", "measles", "your turn. Choose one of 'healthy'"),
])  # fmt: skip
def test_other_answers_are_told_what_there_is(cases, case: str, illness: str | None, said: str) -> None:
    assert said in clinic.verdict(case, illness, cases)


def said(capsys: pytest.CaptureFixture[str], answer, cases: dict[str, Recording]) -> str:
    clinic.check_name_illness(answer, cases)
    return capsys.readouterr().out.strip()


def test_the_solution_names_all(cases: dict[str, Recording], capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, clinic.solve_name_illness, cases) == "Right: all 7 patients."


def raises(gauges):
    raise KeyError("oops")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda gauges: ..., "Your turn: replace the ..."),
        (raises, "for case 1 your function raised KeyError: 'oops'"),
        (lambda gauges: None, "0 of 7. For case 1 your function returned nothing"),
        (lambda gauges: "flu", "0 of 7. For case 1 it said 'flu'; say one of 'healthy'"),
        (lambda gauges: "healthy", "1 of 7. case 2 is not 'healthy': look at 'targets off'"),
        (lambda gauges: gauges.clear() or "healthy", "1 of 7"),
    ],
)
def test_the_check_answers_and_never_raises(answer, words: str, cases, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, answer, cases)


def test_the_board_has_a_column_a_gauge_and_a_row_a_patient(cases: dict[str, Recording]) -> None:
    gauges = {case: clinic.gauges(recording) for case, recording in cases.items()}
    figure = gauge_board(gauges)
    assert [trace.name for trace in figure.data] == list(GAUGES)
    for trace in figure.data:
        assert list(trace.y) == list(cases) and list(trace.x) == [each[trace.name] for each in gauges.values()]
    assert len({trace.xaxis for trace in figure.data}) == len(GAUGES)
    with pytest.raises(DataError, match="no student"):
        gauge_values({})
    with pytest.raises(DataError, match="b lacks the gauge 'x'"):
        gauge_values({"a": {"x": 1.0}, "b": {}})


@pytest.mark.skipif(artefacts.CLINIC not in artefacts.manifest(), reason="wiki-clinic is not made yet: make artefacts")
def test_the_shipped_patients_are_told_apart_by_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    cases = artefacts.clinic()
    assert list(cases) == [f"case {number}" for number in range(1, 8)]
    assert {recording.about["illness"] for recording in cases.values()} == set(ILLNESSES)
    clinic.check_name_illness(clinic.solve_name_illness)
    assert capsys.readouterr().out.strip() == "Right: all 7 patients."


def served_badly(gauges: dict[str, float]) -> str:
    return "dropped projection" if gauges["loss before"] > UNRELATED else "wrong pooling"


# What each question of the hint asks, and what a yes means.
ASKED = {
    "targets off": (lambda g: g["targets off"] > STALE, lambda g: "stale teacher vectors"),
    "negative numbers": (lambda g: g["negative numbers"] < POSITIVE, lambda g: "ReLU projection"),
    "whether the loss fell": (lambda g: g["training loss"] >= g["loss before"], lambda g: "rate too high"),
    "spread": (lambda g: g["spread"] > LINE, lambda g: "collapse"),
    "what is served": (lambda g: g["mean distance"] - g["training loss"] > GAP, served_badly),
}


def asked_in_order(hint: str, gauges: dict[str, float]) -> str:
    """The answer of a reader who asks what a hint says, in the hint's order."""
    questions = [ASKED[words] for words in sorted(ASKED, key=hint.index)]
    return next((answer(gauges) for applies, answer in questions if applies(gauges)), "healthy")


@pytest.mark.skipif(artefacts.CLINIC not in artefacts.manifest(), reason="wiki-clinic is not made yet: make artefacts")
def test_whoever_follows_the_hint_names_every_shipped_patient() -> None:
    cases = artefacts.clinic()
    named = {case: asked_in_order(clinic.HINT, clinic.gauges(recording)) for case, recording in cases.items()}
    assert named == {case: recording.about["illness"] for case, recording in cases.items()}
    hasty = "spread before all: spread, targets off, negative numbers, whether the loss fell, what is served"
    assert asked_in_order(hasty, clinic.gauges(cases["case 7"])) == "collapse", "the order does not matter?"
