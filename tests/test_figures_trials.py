"""Runs over each other: values, names that do not cover each other, the table, and the way to disk and back."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from lab.config import DistillConfig
from lab.figures.style import ORANGE
from lab.figures.trials import (
    FARTHEST,
    GAP,
    SLOTS,
    Trial,
    _apart,
    fingerprint,
    trials_curve,
    trials_values,
)
from lab.figures.trials_table import trials_html, trials_table
from lab.losses import LossWeights
from lab.panels.knobs import differences
from lab.preparation import Looked


def trial(name: str, overlap: float = 0.5, distance: float = 0.8, steps: int = 100, **more) -> Trial:
    texts = np.linspace(-0.1, 0.1, 5)
    looks = tuple(
        Looked(step, distance + (steps - step) / 1000 + texts, overlap - (steps - step) / 1000 + texts)
        for step in (0, 10, steps)
    )
    return Trial(name, {}, looks, steps, steps, steps, 2_000_000, 3.0, "finished") if not more else Trial(
        name, more.get("changed", {}), looks, steps, steps, more.get("best", steps), state=more.get("state", "finished")
    )  # fmt: skip


def test_each_run_is_a_line_above_and_below_with_its_name() -> None:
    figure = trials_curve([trial("usual"), trial("half", 0.4, 0.9, steps=50)])
    assert len(figure.data) == 2 * (len(SLOTS) + 2) + 2
    above, below = figure.data[: len(SLOTS)], figure.data[len(SLOTS) + 2 : 2 * len(SLOTS) + 2]
    assert tuple(above[1].x) == tuple(below[1].x) == (0.5, 10, 50)
    assert np.allclose(above[1].y, [0.95, 0.94, 0.9]) and np.allclose(below[1].y, [0.35, 0.36, 0.4])
    assert not above[2].x and below[1].yaxis == "y2"
    names = figure.data[-1]
    assert list(names.text) == [" usual", " half"] and np.allclose(names.y, [0.8, 0.905])
    looks = [(trace.marker.symbol, trace.line.dash, trace.marker.color) for trace in above]
    assert len(set(looks)) == len(SLOTS) == len({symbol for symbol, *_ in looks})  # a second cue beside colour


def test_the_usual_run_is_seen_where_another_one_has_the_same_curve() -> None:
    """It lies above them, in a dashed line and large open markers through which theirs are seen."""
    figure = trials_curve([trial("usual"), trial("no selection")])
    for start in (0, len(SLOTS) + 2):
        usual, *others = figure.data[start : start + len(SLOTS)]
        assert tuple(usual.y) == tuple(others[0].y)
        assert all(usual.zorder > (other.zorder or 0) for other in others)
        assert all(usual.marker.size > 1.5 * other.marker.size for other in others)
        assert usual.marker.symbol == "triangle-up-open" and usual.line.dash == "dash"
        assert usual.marker.color == ORANGE and not any("open" in other.marker.symbol for other in others)


def test_names_stand_where_plotly_draws_them() -> None:
    figure = trials_curve([trial("usual"), trial("half", steps=50)], steps=300)
    (left, right), names = figure.layout.xaxis.range, figure.data[-1]
    assert all(left < np.log10(x) < right - 0.5 for x in names.x) and min(names.x) > 300
    assert max(figure.layout.xaxis.tickvals) <= 300 and max(names.y) < figure.layout.yaxis.range[1]


def test_values_fit_the_traces_whatever_there_is() -> None:
    traces = len(trials_curve([]).data)
    for count in range(len(SLOTS) + 4):
        assert len(trials_values([trial(f"run {n}") for n in range(count)])) == traces
    assert len(trials_values([Trial("begun")])) == traces


def test_of_too_many_runs_the_first_and_the_last_are_drawn_and_of_one_name_the_later() -> None:
    many = [trial(f"run {n}") for n in range(len(SLOTS) + 3)]
    names = trials_values(many)[-1]["text"]
    assert len(names) == len(SLOTS) and names[0] == " run 0" and names[-1] == f" run {len(SLOTS) + 2}"
    twice = trials_values([trial("usual"), trial("free", 0.2), trial("free", 0.6)])
    assert twice[-1]["text"] == [" usual", " free"] and twice[len(SLOTS) + 3]["y"][-1] == pytest.approx(0.6)


@pytest.mark.parametrize("heights", [[], [0.5], [0.5] * 7, [1.4, 0.2, 1.45, 1.42, 0.21, 1.41, 0.0]])
def test_names_are_moved_apart_in_order_and_stay_inside(heights: list[float]) -> None:
    placed = _apart(heights)
    assert [placed[i] for i in np.argsort(heights, kind="stable")] == sorted(placed)
    assert (np.diff(sorted(placed)) >= GAP - 1e-9).all() and max(placed, default=0) <= FARTHEST


def test_the_table_says_what_was_changed_and_whether_it_mattered() -> None:
    changed = {"rate": "0.002 → 0.016"}
    table = trials_table([trial("usual"), trial("rate × 8", 0.3, changed=changed), Trial("begun", steps=9)])
    assert table["changed"].tolist() == ["nothing", "rate: 0.002 → 0.016", "nothing"]
    assert table["difference"][0] == "" and table["difference"][1].startswith("-0.200 [") and not table["difference"][2]
    assert table["overlap@10"][:2].tolist() == [0.5, 0.3]


def test_what_was_changed_and_what_is_beyond_chance_are_bold_in_html() -> None:
    changed = {"rate": "0.002 → 0.016"}
    # texts of which each differs by its own amount: the second run's interval holds 0, the third's does not
    noise = np.array([0.2, -0.2, 0.1, -0.1, 0.01])
    usual, sure = trial("usual"), trial("rate × 8", 0.3, changed=changed)
    looks = tuple(dataclasses.replace(look, overlaps=look.overlaps + noise) for look in usual.looks)
    same = dataclasses.replace(trial("same", changed=changed), looks=looks)
    rows = trials_html([usual, same, sure]).split("<tr")[2:]
    assert [row.count("<b>rate: 0.002 → 0.016</b>") for row in rows] == [0, 1, 1]
    assert [row.count("<b>-0.200 [") for row in rows] == [0, 0, 1]
    assert "0.002 [" in rows[1] and rows[1].count("<b>") == 1 and "<b>" not in rows[0]


def test_what_follows_from_the_knob_does_not_stand_out() -> None:
    own = {"documents": "inherited → own", "losses.document_matching": "0 → 1", "epochs": "2 → 1", "probes": "8 → 4"}
    row = trials_html([trial("usual"), trial("own tower", changed=own)]).split("<tr")[-1]
    assert "<b>documents: inherited → own</b>; losses.document_matching: 0 → 1; epochs: 2 → 1; probes: 8 → 4" in row
    fewer = {"epochs": "1.5 → 0.75", "probes": "8 → 4"}
    row = trials_html([trial("usual"), trial("free", changed=fewer)]).split("<tr")[-1]
    assert "<b>epochs: 1.5 → 0.75</b>; probes: 8 → 4" in row
    two = {"rate": "1 → 2", "student": "tenth → quarter"}  # in the free experiment
    assert trials_html([trial("usual"), trial("free", changed=two)]).count("<b>") == 2


def test_a_run_may_be_called_anything_and_is_shown_as_letters() -> None:
    odd = {"student": "<img src=x> → a & b"}
    html = trials_html([trial("usual"), trial("<script>1</script>", 0.3, changed=odd, state="failed: a < b")])
    assert "&lt;script&gt;1" in html and "<b>student: &lt;img src=x&gt; → a &amp; b</b>" in html
    assert "failed: a &lt; b" in html and "<script" not in html and "<img" not in html


def test_no_runs_are_no_table() -> None:
    assert trials_html([]) == ""


def test_runs_seen_through_other_texts_are_not_compared() -> None:
    usual = dataclasses.replace(trial("usual"), texts=fingerprint(["a", "b"]))
    same, other = (
        dataclasses.replace(trial("half", 0.4), texts=fingerprint(words)) for words in (["a", "b"], ["b", "a"])
    )
    assert same.against(usual).value == pytest.approx(-0.1)
    assert other.against(usual) is None and Trial("begun", texts=usual.texts).against(usual) is None
    assert trials_table([usual, same, other])["difference"].tolist()[2] == ""
    assert Trial.from_json(usual.as_json()).texts == usual.texts


def test_the_look_that_counts_is_that_of_the_student_that_was_kept() -> None:
    assert trial("usual").kept.step == 100 and trial("early", best=10).kept.step == 10
    unfinished = trial("early", best=None, state="running")
    assert unfinished.kept.step == 100  # the best so far


def test_a_run_survives_json_with_all_that_is_drawn_and_compared() -> None:
    before = trial("half", 0.4, changed={"epochs": "2 → 1"})
    again = Trial.from_json(json.loads(json.dumps(before.as_json())))
    assert trials_table([trial("usual"), again]).equals(trials_table([trial("usual"), before]))
    for ours, theirs in zip(trials_values([again]), trials_values([before]), strict=True):
        assert np.allclose(
            [y for y in ours["y"] if y is not None], [y for y in theirs["y"] if y is not None], atol=1e-4
        )


def test_differences_name_settings_and_both_values() -> None:
    usual = DistillConfig()
    changed = DistillConfig(rate=0.016, losses=LossWeights(distance="squared"))
    assert differences(usual, usual) == {}
    assert differences(usual, changed) == {"rate": "0.002 → 0.016", "losses.distance": "norm → squared"}
