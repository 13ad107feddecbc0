"""The theatre: its figure by values, its panel by setting traits, without a kernel."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

import lab.panels.theatre as panel
from lab.collection import Collection
from lab.distillation import Distilled
from lab.errors import DataError, LabError
from lab.evaluation import Interval
from lab.figures import dartboard_values, student_card, theatre, theatre_values
from lab.figures.dartboard import KEPT, LOST, keeps
from lab.figures.lost import compared, lost_html
from lab.panels import Theatre
from lab.recording import Recording

BOARD, ENGINES, WORDS = slice(0, 9), slice(9, 14), 14
PATIENCE = 30.0


@pytest.fixture
def sizes(recording: Recording) -> dict[str, Recording]:
    """Two students: the second one has fewer looks and other lists."""
    fewer = replace(recording, steps=recording.steps[:3], distances=recording.distances[:3] / 4,
                    rows=recording.rows[:3, :, ::-1], scores=recording.scores[:3],
                    measures={name: each[:3] for name, each in recording.measures.items()})  # fmt: skip
    return {"half": recording, "tenth": fewer}


@pytest.fixture
def shown(sizes: dict[str, Recording], collection: Collection, monkeypatch: pytest.MonkeyPatch) -> Theatre:
    """A panel whose figure is written without pauses."""
    monkeypatch.setattr(panel, "LiveFigure", lambda figure: LIVE(figure, pause=0.0))
    monkeypatch.setattr(panel, "RedrawnFigure", lambda figure: REDRAWN(figure, later=lambda _, call: call()))
    return Theatre(sizes, collection, live=True)


LIVE, REDRAWN = panel.LiveFigure, panel.RedrawnFigure


def test_a_card_follows_its_figure_a_moment_later(
    sizes: dict[str, Recording], collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = []
    monkeypatch.setattr(panel, "RedrawnFigure", lambda figure: REDRAWN(figure, later=lambda *one: waiting.append(one)))
    found = Theatre(sizes, collection, live=True)
    before = found._card.figure()
    found.size.value = "tenth"
    found.size.value = "half"
    found.size.value = "tenth"
    assert found._card.figure() == before and all(0 < seconds < 0.3 for seconds, _ in waiting)
    for _, call in waiting:
        call()
    assert found._card.figure() == student_card(sizes["tenth"], "tenth")


def drawn(found: Theatre) -> list[tuple]:
    assert found._live is not None
    return [(tuple(trace.x), tuple(trace.y), trace.text) for trace in found._live.widget.data]


def wanted(recording: Recording, collection: Collection, look: int, query: int, name: str) -> list[tuple]:
    return [(tuple(t.x), tuple(t.y), t.text) for t in theatre(recording, collection, look, query, name).data]


def test_scrubbing_sets_existing_traces(shown: Theatre, sizes: dict[str, Recording], collection: Collection) -> None:
    traces = shown._live.widget.data
    assert drawn(shown) == wanted(sizes["half"], collection, len(sizes["half"].steps) - 1, 0, "half")
    for look in (0, 2):
        shown.look.value = look
        assert drawn(shown) == wanted(sizes["half"], collection, look, 0, "half")
        assert shown._step.value == f"step {sizes['half'].steps[look]:,}"
    assert drawn(shown) != wanted(sizes["half"], collection, 0, 0, "half")
    assert all(a is b for a, b in zip(traces, shown._live.widget.data, strict=True))


def test_a_title_or_a_dart_chooses_the_query(
    shown: Theatre, sizes: dict[str, Recording], collection: Collection
) -> None:
    last = len(sizes["half"].steps) - 1
    shown.query.value = sizes["half"].queries[2]
    assert drawn(shown) == wanted(sizes["half"], collection, last, 2, "half")
    values = dartboard_values(sizes["half"], last)
    trace = KEPT if values[KEPT]["customdata"] else LOST
    number = values[trace]["customdata"][0]
    points = type("Points", (), {"point_inds": [0]})()
    shown._clicked(shown._live.widget.data[trace], points, None)
    assert shown.query.value == sizes["half"].queries[number]
    assert drawn(shown) == wanted(sizes["half"], collection, last, number, "half")
    points.point_inds = []
    shown._clicked(shown._live.widget.data[trace], points, None)  # a click beside the darts
    assert shown.query.value == sizes["half"].queries[number]


def test_a_lost_query_says_why_by_click_and_by_title(
    shown: Theatre, sizes: dict[str, Recording], collection: Collection
) -> None:
    looks = keeps(sizes["half"])
    mixed = [look for look, kept in enumerate(looks) if 0 < kept.sum() < len(kept)]
    assert mixed, "the case needs a look at queries of both kinds"
    look, kept = mixed[0], looks[mixed[0]]
    shown.look.value = look
    lost, other = int(np.flatnonzero(~kept)[-1]), int(np.flatnonzero(kept)[0])
    shown.query.value = sizes["half"].queries[other]
    assert "kept the teacher's first document" in shown.reason.value
    place = dartboard_values(sizes["half"], look)[LOST]["customdata"].index(lost)
    shown._clicked(shown._live.widget.data[LOST], type("Points", (), {"point_inds": [place]})(), None)
    clicked = shown.reason.value
    assert clicked == lost_html(sizes["half"], compared(sizes["half"], collection, look), look, lost)
    assert "lost the teacher's first document" in clicked
    shown.query.value = sizes["half"].queries[other]
    shown.query.value = sizes["half"].queries[lost]
    assert shown.reason.value == clicked


def test_both_kinds_of_dart_hear_clicks(shown: Theatre) -> None:
    heard = [bool(trace._click_callbacks) for trace in shown._live.widget.data]
    assert [place for place, each in enumerate(heard) if each] == [KEPT, LOST]


def test_the_dial_changes_the_recording(shown: Theatre, sizes: dict[str, Recording], collection: Collection) -> None:
    shown.size.value = "tenth"
    assert (shown.look.max, shown.play.max, shown.look.value) == (2, 2, 2)
    assert drawn(shown) == wanted(sizes["tenth"], collection, 2, 0, "tenth")
    assert shown._card.figure() == student_card(sizes["tenth"], "tenth")
    assert shown._card.figure() != student_card(sizes["half"], "half")
    shown.look.value = 1
    shown.size.value = "half"
    assert shown._card.figure() == student_card(sizes["half"], "half")
    assert shown.look.value == 1 and shown.look.max == len(sizes["half"].steps) - 1
    assert drawn(shown) == wanted(sizes["half"], collection, 1, 0, "half")


def test_the_dial_goes_from_the_teacher_down_with_percents(
    distilled: Distilled, recording: Recording, collection: Collection
) -> None:
    from lab.figures import known

    def sized(share: float) -> Recording:
        interval, metrics = Interval(0.9, 0.8, 1.0), {name: {"nDCG@10": 0.5} for name in ("teacher", "student")}
        return known(recording, interval, {"teacher": 1000, "student": int(1000 * share)}, metrics)

    found = Theatre({"small": sized(0.05), "large": sized(0.4)}, collection, live=True)
    assert [label for label, _ in found.size.options] == ["100% · teacher", "40% · large", "5% · small"]
    assert found.size.value == "small" and Theatre(found._recordings, collection, size="large").size.value == "large"
    found.size.value = "teacher"
    title = found.card().layout.title.text
    assert title.startswith("teacher") and "0.0M parameters" in title and "1/1" not in title
    assert found.card().data[0].x == (1.0,) * 4, "the teacher keeps all of itself, provably"
    board = dartboard_values(found._recordings["teacher"], found.look.value)
    assert len(board[KEPT]["x"]) == len(recording.queries) and not board[LOST]["x"]
    lists = theatre_values(found._recordings["teacher"], collection, found.look.value, 2, "teacher")[ENGINES]
    flat = [y for y in lists[0]["y"] if y is not None]
    assert flat[::2] == flat[1::2] and not lists[1]["x"], "every document at its own rank, none in one list alone"
    with pytest.raises(LabError, match="size='huge'"):
        Theatre({"small": recording}, collection, size="huge")


def test_many_threads_may_turn_the_controls(shown: Theatre) -> None:
    ready = threading.Barrier(3, timeout=PATIENCE)
    errors: list[Exception] = []

    def hammer(turn) -> None:
        ready.wait()
        try:
            for number in range(12):
                turn(number)
        except Exception as error:
            errors.append(error)

    turns = (
        lambda n: setattr(shown.look, "value", n % 3),
        lambda n: setattr(shown.query, "value", list(shown._numbers)[n % 3]),
        lambda n: shown._redraw(),
    )
    threads = [threading.Thread(target=hammer, args=(turn,)) for turn in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not errors
    shown._redraw()
    figure = shown.figure()
    assert drawn(shown) == [(tuple(t.x), tuple(t.y), t.text) for t in figure.data]


def test_equal_questions_stay_apart(recording: Recording, collection: Collection) -> None:
    twice = replace(recording, about={**recording.about, "queries": ["who?", "who?", *"abcde"]})
    found = Theatre(twice, collection, live=False)
    assert list(found._numbers.items())[:3] == [("who?", 0), ("who? (1)", 1), ("a", 2)]


def test_recordings_must_fit_each_other(recording: Recording, collection: Collection) -> None:
    with pytest.raises(LabError, match="no recording to show"):
        Theatre({}, collection)
    other = replace(recording, about={**recording.about, "query_ids": list("abcdefg")})
    with pytest.raises(DataError, match="'b' is of other queries"):
        Theatre({"a": recording, "b": other}, collection)


@pytest.mark.parametrize("setting", ["static", "live"])
def test_the_environment_chooses_between_live_and_static(
    setting: str, recording: Recording, collection: Collection, monkeypatch: pytest.MonkeyPatch, displayed: list
) -> None:
    monkeypatch.setenv("LAB_PANELS", setting)
    found = Theatre({"half": recording}, collection)
    found._ipython_display_()
    if setting == "live":
        assert displayed == [found.panel]
        return
    figure, reason, card, words = displayed
    assert reason.data == found.why() and card == student_card(recording, "half")
    assert type(figure) is go.Figure and found.panel is None and found._live is None
    assert words["text/plain"] == "Run this cell for the live panel."
    found.look.value = 0  # without a widget the controls still choose what figure() draws
    assert found.figure() == theatre(recording, collection, 0, 0, "half")
