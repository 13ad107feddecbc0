from __future__ import annotations

import numpy as np
import pytest
import torch

from lab.errors import LabError
from lab.evaluation import per_query, vector_distance
from lab.retrieval import Run
from lab.teaching import Pace, measure_pace, pace, predict
from lab.teaching.checks import verdict
from lab.teaching.pace import REFERENCE, times_as_fast
from lab.teaching.predict import QUESTIONS
from lab.teaching.start_here import (
    _MISTAKES,
    _RANK_MISTAKES,
    check_mean_distance,
    check_mean_ndcg,
    solve_mean_distance,
    solve_mean_ndcg,
)


def said(capsys: pytest.CaptureFixture[str], answer) -> str:
    check_mean_distance(answer)
    return capsys.readouterr().out.strip()


def test_the_solution_is_right_and_is_what_the_lab_measures(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, solve_mean_distance) == "Right: 0.9000."
    random = np.random.default_rng(0)
    teacher, student = random.normal(size=(2, 7, 5))
    assert solve_mean_distance(teacher, student) == pytest.approx(vector_distance(teacher, student).mean())


@pytest.mark.parametrize("words", list(_MISTAKES), ids=range(len(_MISTAKES)))
def test_a_likely_mistake_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, _MISTAKES[words])
    assert out.startswith("Not yet") and out.endswith(words)


def test_the_worth_of_a_rank_is_that_of_the_fields_tool(capsys: pytest.CaptureFixture[str]) -> None:
    check_mean_ndcg(solve_mean_ndcg)
    assert capsys.readouterr().out.strip() == "Right: 0.5327."  # (1 + 1/2 + 1/log2(3) + 0) / 4
    ranks = np.array([1, 2, 5, 10, 11, 60])
    run = Run("r", tuple("abcdef"), tuple(f"d{n}" for n in range(60)), [range(60)] * 6, [range(60, 0, -1)] * 6)
    judged = {query: {f"d{rank - 1}": 1} for query, rank in zip("abcdef", ranks, strict=True)}
    assert solve_mean_ndcg(ranks) == pytest.approx(per_query(run, judged, ["nDCG@10"])["nDCG@10"].mean())


@pytest.mark.parametrize("words", list(_RANK_MISTAKES), ids=range(len(_RANK_MISTAKES)))
def test_a_likely_mistake_about_ranks_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_mean_ndcg(_RANK_MISTAKES[words])
    out = capsys.readouterr().out.strip()
    assert out.startswith("Not yet") and out.endswith(words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [(lambda ranks: ..., "replace the ..."), (lambda ranks: ranks, "of shape (4,)"), (lambda a, b: a, "TypeError")],
)
def test_the_check_of_ranks_never_raises(answer, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_mean_ndcg(answer)
    assert words in capsys.readouterr().out


def test_how_much_faster_is_the_median_of_turns_without_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {"teacher": iter([99.0, 6.0, 8.0, 40.0]), "student": iter([1.0, 2.0, 2.0, 2.0])}
    monkeypatch.setattr(pace, "encoding_seconds", lambda encoder, texts: next(took[encoder]))
    assert times_as_fast("student", "teacher", ["text"]) == 4.0  # of 3, 4 and 20


def stub(teacher, student):
    return ...


def broken(teacher, student):
    raise KeyError("oops")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (stub, "replace the ..."),
        (broken, "your function raised KeyError: 'oops'"),
        (lambda t, s: "much", "expected one number, got str"),
        (lambda t, s: None, "does it end with return?"),
        (lambda t, s: t - s, r"an array of shape (2, 3)"),
        (lambda t, s: 42.0, "42.0000 instead of 0.9000"),
        (lambda t, s: torch.tensor(0.9), "Right"),
        (lambda t, s: float("nan"), "nan instead of 0.9000"),
        (lambda t: t, "TypeError"),
    ],
)
def test_a_check_answers_and_never_raises(answer, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, answer)


def test_a_verdict_is_also_a_value() -> None:
    assert verdict(lambda: 2, (), 2.0, {}) == (True, "Right: 2.0000.")
    assert verdict(lambda: 3, (), 2.0, {"Off by one.": lambda: 3}) == (
        False,
        "Not yet: 3.0000 instead of 2.0000. Off by one.",
    )


@pytest.mark.parametrize("name", QUESTIONS)
def test_choices_cover_all_there_can_be_without_gaps(name: str) -> None:
    choices = QUESTIONS[name].choices
    assert all(first.high == second.low for first, second in zip(choices, choices[1:], strict=False))
    assert choices[0].low <= 0 and choices[-1].high >= 1 and len(choices) >= 2


def test_the_measured_number_decides() -> None:
    assert [predict("kept", measured=value).right for value in (0.1, 0.5, 0.7, 0.8, 1.02)] == [
        "a",
        "b",
        "b",
        "c",
        "c",
    ]


def test_a_question_gives_nothing_away_before_it_is_measured() -> None:
    question = predict("kept")
    assert question.right is None and question.answer is None
    assert "<details" not in question._repr_html_() and "Answer" not in repr(question)
    assert "a) less than half" in repr(question)
    assert "a) less than half<br>b) half" in question._repr_html_()  # JupyterLab makes numbers of a list of letters
    assert "You said b. Go on" in repr(predict("kept", "B")) and "You said b" in predict("kept", " b ")._repr_html_()


def test_the_answer_starts_folded() -> None:
    html = predict("kept", measured=0.81)._repr_html_()
    assert html.index("<details>") < html.index("it kept 81%") < html.index("</details>")
    assert "open" not in html.split("<details")[1].split(">")[0]
    assert "81%" not in repr(predict("kept", measured=0.81))
    assert "You said a: no. Answer: c" in repr(predict("kept", "a", measured=0.81))
    assert "You said c: right." in predict("kept", "c", measured=0.81)._repr_html_()


def test_unknown_questions_and_choices_are_refused() -> None:
    with pytest.raises(LabError, match="no question 'nope'; there are .*kept"):
        predict("nope")
    with pytest.raises(LabError, match="choose one of a, b, c"):
        predict("kept", "z")


def test_a_machine_twice_as_fast_needs_half_the_minutes_and_trains_twice_as_much() -> None:
    slow, fast = Pace(REFERENCE), Pace(2 * REFERENCE)
    assert fast.speed == 2 and fast.minutes(3.0) == slow.minutes(3.0) / 2 == 1.5
    assert fast.minutes(3.0, waiting=0.75) == 2.25
    assert fast.epochs(45, 12_000, looks=0) == 2 * slow.epochs(45, 12_000, looks=0)
    assert slow.epochs(45, 12_000, looks=16) < slow.epochs(45, 12_000, looks=0)
    assert slow.epochs(45, 12_000, looks=8, watched=150) == slow.epochs(45, 12_000, looks=4)
    assert slow.epochs(1e-9, 12_000, looks=16) * 12_000 == 64  # a batch at least
    assert "2 ×" in str(fast)


def test_a_named_pace_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PACE", "50")
    assert measure_pace(clock=lambda: pytest.fail("measured")) == Pace(50.0)
    for wrong in ("fast", "0", "-1", "nan"):
        monkeypatch.setenv("LAB_PACE", wrong)
        with pytest.raises(LabError, match=f"LAB_PACE='{wrong}'"):
            measure_pace()


def test_the_pace_is_counted_in_steps_and_leaves_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_PACE", raising=False)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    ticks = iter(np.arange(0, 100, 0.5))
    pace = measure_pace(1.0, clock=lambda: float(next(ticks)))
    # the clock is read once at the start, before every step, and at the end: 0 | 0.5, 1.0 | 1.5
    assert pace.steps_per_second == pytest.approx(1 / 1.5)
    assert torch.equal(torch.rand(1), expected)
    with pytest.raises(LabError, match="give it some time"):
        measure_pace(0)
