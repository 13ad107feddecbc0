"""The experiment panel, driven by its traits: choose, predict, start, stop; no kernel, no browser, no clock."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import lab.panels.training as training
from lab.config import DistillConfig
from lab.errors import LabError
from lab.figures.trials import SLOTS, Trial, fingerprint
from lab.panels import ExperimentPanel
from lab.panels.knobs import FREE, USUAL, Experiment
from lab.preparation import Looked
from lab.training import Finished, Progress

PATIENCE = 30.0
CONFIG = DistillConfig(epochs=2.0, batch=4)
TEXTS = 20  # so a run has 10 steps
HELD = ("one text", "another")
EXPERIMENTS = [
    Experiment(USUAL),
    Experiment(
        "half the steps", {"epochs": 1.0}, ("less", "the same", "more"),
        lambda choice, measured: f"asked {choice} {'' if measured is None else round(measured, 3)}",
        lambda here, usual: here.kept.overlap - usual.kept.overlap,
    ),
]  # fmt: skip


def looked(step: int, overlap: float) -> Looked:
    return Looked(step, np.array([0.9, 1.1]) - overlap / 2, overlap + np.array([0.05, -0.05]))


def shipped() -> Trial:
    looks = (looked(0, 0.1), looked(10, 0.45))
    return Trial(USUAL, {}, looks, 10, 10, 10, state="shipped", texts=fingerprint(HELD))


class FakeDistill:
    """Five steps an epoch; the more steps, the larger the overlap at the end."""

    def __init__(self, wait: bool = False, error: Exception | None = None) -> None:
        self.wait, self.error = wait, error
        self.playing = threading.Event()
        self.calls: list[tuple[DistillConfig, dict]] = []

    def __call__(self, config, *, listen, stop, **arguments):
        self.calls.append((config, arguments))
        steps = round(config.epochs * 5)
        end = 0.2 + 0.03 * steps
        listen(looked(0, 0.1))
        for step in range(1, 4):
            listen(Progress(step, steps, 1.0, 10.0, 0.0))
        self.playing.set()
        if self.error:
            raise self.error
        waited = 0.0
        while self.wait and not stop() and waited < PATIENCE:
            threading.Event().wait(0.01)
            waited += 0.01
        at = 3 if stop() else steps
        listen(looked(at, end))
        finished = Finished(at, at, stop(), 1.5)
        listen(finished)
        return SimpleNamespace(finished=finished, student=SimpleNamespace(parameters=2_000_000))


def make(monkeypatch: pytest.MonkeyPatch, fake: FakeDistill, live: bool = True, known=()) -> ExperimentPanel:
    monkeypatch.setattr(training, "distill", fake)
    data = SimpleNamespace(texts=("text",) * TEXTS)
    return ExperimentPanel(
        EXPERIMENTS, CONFIG, known, live, prepared=(data, SimpleNamespace(texts=HELD)), collection="the collection"
    )


def test_choosing_an_experiment_asks_its_question_and_offers_its_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill())
    assert list(panel.experiment.options) == [USUAL, "half the steps", FREE]
    assert panel.guess.layout.display == "none" and all(knob.disabled for knob in panel.knobs.values())
    panel.experiment.value = "half the steps"
    assert panel.question.value == "asked None " and panel.guess.layout.display == "flex"
    assert [letter for _, letter in panel.guess.options] == [None, "a", "b", "c"]
    panel.experiment.value = FREE
    assert not any(knob.disabled for knob in panel.knobs.values()) and panel.guess.layout.display == "none"


def test_a_usual_run_that_is_there_is_not_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill(), known=[shipped()])
    assert list(panel.experiment.options) == ["half the steps", FREE]
    assert panel.question.value == "asked None "
    panel.start(FREE).join()  # whose knobs stand as they did there
    assert panel.runs()["changed"].tolist() == ["nothing", "nothing"]


def test_a_run_is_drawn_tabled_and_answers_the_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill())
    panel.start(USUAL).join()
    panel.experiment.value = "half the steps"
    panel.guess.value = "c"
    panel.start_button.click()
    trial = panel.join()
    assert trial.state == "finished" and trial.step == 5 and trial.parameters == 2_000_000
    assert panel.answer.value == "asked c -0.15"
    slots = panel._live.figure().data[: len(SLOTS)]
    assert [list(trace.x) for trace in slots[:3]] == [[0.5, 10], [0.5, 5], []]
    assert slots[0].zorder > slots[1].zorder and slots[0].marker.size > slots[1].marker.size  # the usual run, live too
    assert np.allclose(slots[1].y, [0.95, 1 - 0.35 / 2]) and set(slots[1].text) == {"half the steps"}
    table = panel.runs()
    assert isinstance(table, pd.DataFrame) and list(table["run"]) == [USUAL, "half the steps"]
    assert table["changed"].tolist() == ["nothing", "epochs: 2.0 → 1.0"]
    assert table["difference"].tolist() == ["", "-0.150 [-0.150, -0.150]"]
    assert "<b>epochs: 2.0 → 1.0</b>" in panel.table.value
    assert panel.last.student.parameters == 2_000_000


def test_start_and_stop_are_buttons_and_stop_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDistill(wait=True)
    panel = make(monkeypatch, fake)
    assert panel.stop_button.disabled and not panel.start_button.disabled
    panel.start_button.click()
    assert fake.playing.wait(PATIENCE)
    assert panel.running and panel.start_button.disabled and not panel.stop_button.disabled
    with pytest.raises(LabError, match="still running"):
        panel.start(USUAL)
    assert len(panel.trials()) == 1
    panel.stop_button.click()
    assert panel.stop_button.disabled and panel.label.value.startswith("stopping… usual: step 3 of 10")  # at once
    assert panel.join().state == "stopped" and not panel.label.value.startswith("stopping")
    assert not panel.start_button.disabled and panel.stop_button.disabled
    fake.wait = False
    assert panel.start(USUAL).join().state == "finished"


def test_a_run_shows_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDistill(wait=True)
    panel = make(monkeypatch, fake)
    panel.start(USUAL)
    assert fake.playing.wait(PATIENCE)
    values = panel._values()
    above = dict(zip((trace.name for trace in panel.figure().data[: len(SLOTS) + 2]), values, strict=False))
    assert above["now"]["x"] == [3.0, 3.0] and above["run 0"]["x"] == [0.5]
    assert above["teacher"]["x"] == [0.5, 10.0]  # the axis is there for the whole run
    panel.stop()
    panel.join()
    assert panel._values()[len(SLOTS) + 1]["x"] == []


def test_a_cell_that_awaits_hears_stop_and_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill(wait=True))

    async def kernel(end) -> Trial:
        panel.start(USUAL)
        waiting = asyncio.ensure_future(panel)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        end(waiting)
        return await asyncio.wait_for(waiting, PATIENCE)

    assert asyncio.run(kernel(lambda _: panel.stop_button.click())).state == "stopped"
    assert asyncio.run(kernel(lambda waiting: waiting.cancel())).state == "stopped"


def test_what_goes_wrong_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill(error=LabError("the loss became nan")))
    assert panel.start(USUAL).join().state == "failed: the loss became nan"
    assert panel.label.value == "usual: failed: the loss became nan"
    assert panel.runs()["state"][0].startswith("failed") and not panel.start_button.disabled
    assert panel.last is None


def test_known_runs_are_there_from_the_start_and_a_run_of_ones_own_takes_their_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = shipped()
    panel = make(monkeypatch, FakeDistill(), known=[known])
    assert panel.runs()["state"].tolist() == ["shipped"]
    panel.start("half the steps", "a").join()
    assert panel.answer.value == "asked a -0.1"
    panel.start(USUAL).join()
    assert panel.runs()["state"].tolist() == ["finished", "shipped", "finished"]
    assert list(panel.figure().data[0].y)[-1] == pytest.approx(0.75)  # the run of one's own, in the first slot


def test_only_a_whole_run_is_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    known = shipped()
    fake = FakeDistill(wait=True)
    panel = make(monkeypatch, fake, known=[known])
    panel.start(USUAL)
    assert fake.playing.wait(PATIENCE)
    assert [each.state for each in panel.trials()] == ["shipped", "running"]
    assert [list(trace.x) for trace in panel.figure().data[:2]] == [[0.5, 10], [0.5]]  # both are drawn
    panel.stop()
    panel.join()
    assert [each.state for each in panel.trials()] == ["shipped", "stopped"]


def test_what_cannot_be_started_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill())
    with pytest.raises(LabError, match="no experiment 'win'; there are usual, half the steps, free"):
        panel.start("win")
    with pytest.raises(LabError, match="choose a, b, c"):
        panel.start("half the steps", "z")
    with pytest.raises(LabError, match="nothing is asked here"):
        panel.start(USUAL, "a")
    with pytest.raises(LabError, match="nothing was started"):
        panel.join()


def test_the_static_twin_waits_and_shows_the_figure(monkeypatch: pytest.MonkeyPatch, displayed: list) -> None:
    panel = make(monkeypatch, FakeDistill(), live=False)
    panel._ipython_display_()
    twin = displayed[1]["text/plain"]
    assert panel.panel is None and twin.startswith("no run yet. Run this cell for the live panel.")
    displayed.clear()
    panel.start(USUAL)
    panel._ipython_display_()
    figure, words = displayed
    assert type(figure) is go.Figure and list(figure.data[0].x) == [0.5, 10]
    assert "finished after step 10" in words["text/plain"]
    live = make(monkeypatch, FakeDistill())
    displayed.clear()
    live._ipython_display_()
    assert displayed == [live.panel] and live._live.widget in live.panel.children


def test_every_control_can_be_reached_by_keyboard_and_no_label_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill())
    for control in (panel.experiment, panel.guess, *panel.knobs.values()):
        assert control.style.description_width == "initial" and control.description
