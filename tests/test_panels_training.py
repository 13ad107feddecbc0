"""The training behind a live figure, without a kernel and without a clock: it is followed, stopped and waited for."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import plotly.graph_objects as go
import pytest

import lab.panels.training as training
from lab.config import DistillConfig
from lab.distillation import distill
from lab.errors import LabError
from lab.panels import panels_are_live, train_in_background
from lab.panels.seen import Seen
from lab.preparation import Looked, Stage
from lab.training import Finished, Probed, Progress
from tests.test_panels_live import PATIENCE, Clock


def looked(step: int, distance: float, overlap: float) -> Looked:
    """Two texts around these means."""
    return Looked(step, distance + np.array([-0.1, 0.1]), overlap + np.array([0.1, -0.1]))


EVENTS = [
    Stage("building the student"),
    looked(0, 1.3, 0.1),
    Probed(0, 0.1, True),
    Progress(1, 3, 1.2, 100.0, 9.2),
    Progress(2, 3, 1.1, 100.0, 4.0),
    looked(2, 1.1, 0.4),
    Probed(2, 0.4, True),
    Progress(3, 3, 1.0, 100.0, 0.0),
    looked(3, 1.0, 0.5),
    Probed(3, 0.5, True),
]


class FakeDistill:
    """Plays events, waits for Stop where told to, and returns a stand-in."""

    def __init__(self, wait: bool = False, error: Exception | None = None) -> None:
        self.wait, self.error = wait, error
        self.playing, self.arguments = threading.Event(), {}

    def __call__(self, config, *, listen, stop, **arguments):
        self.arguments = arguments
        for event in EVENTS:
            listen(event)
        self.playing.set()
        if self.error:
            raise self.error
        waited = 0.0
        while self.wait and not stop() and waited < PATIENCE:
            threading.Event().wait(0.01)
            waited += 0.01
        listen(Finished(3, 3, stop(), 1.0))
        return type("Distilled", (), {"recording": None, "stopped": stop()})()


def start(monkeypatch: pytest.MonkeyPatch, fake: FakeDistill, live: bool = True) -> training.Training:
    monkeypatch.setattr(training, "distill", fake)
    begun = train_in_background(DistillConfig(), live)
    assert fake.playing.wait(PATIENCE)
    return begun


def test_the_panel_follows_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(monkeypatch, FakeDistill())
    begun.result()
    begun._thread.join(PATIENCE)
    _, batches, _, _, overlap, full = begun._live.figure().data
    assert tuple(overlap.x) == (0.5, 2, 3) and np.allclose(overlap.y, [0.1, 0.4, 0.5])
    assert np.allclose(batches.y, [1.2, 1.1, 1.0]) and tuple(full.x) == (0.5, 3)
    row, widget = begun.panel.children
    assert widget is begun._live.widget
    assert [child.description for child in row.children[:1]] == ["done"] and row.children[0].disabled
    assert row.children[1].value == "finished after step 3; kept is the best look, step 3"


def test_the_distance_on_unseen_texts_is_shown_while_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(monkeypatch, FakeDistill(wait=True))
    assert begun.running
    band, _, mean, *_ = begun.seen.values()
    assert mean["x"] == [0.5, 2, 3] and np.allclose(mean["y"], [1.3, 1.1, 1.0])
    assert len(band["y"]) == 6 and max(band["y"]) > 1.3  # the middle half of the two texts, above and below the mean
    end = threading.Event()
    while len(begun._live.figure().data[2].y) < 3 and not end.wait(0.05):  # the widget follows within its pause
        assert begun.running
    assert np.allclose(begun._live.figure().data[2].y, mean["y"])
    begun.stop()
    begun.result()


def test_a_stage_that_says_nothing_is_seen_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(training, "Seen", lambda: Seen(clock))
    monkeypatch.setattr(training, "BEAT", 0.01)
    beats = threading.Semaphore(0)
    fake = FakeDistill(wait=True)
    monkeypatch.setattr(training, "distill", fake)
    begun = train_in_background(DistillConfig(), True, beat=beats.release)
    assert fake.playing.wait(PATIENCE)
    said = []
    for _ in range(3):  # no event comes any more
        clock.now += 1
        for _ in range(2):  # the first may have been under way
            assert beats.acquire(timeout=PATIENCE)
        while beats.acquire(blocking=False):
            pass
        assert beats.acquire(timeout=PATIENCE)
        said.append(begun._label.value)
    assert [each.rpartition("(")[2] for each in said] == [f"silent for {seconds} s)" for seconds in (1, 2, 3)]
    begun.stop()
    begun.result()
    begun._thread.join(PATIENCE)
    assert begun._label.value == "stopped after step 3; kept is the best look, step 3"


def test_others_can_listen_too_and_hear_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list = []
    monkeypatch.setattr(training, "distill", FakeDistill())
    begun = train_in_background(DistillConfig(), False, heard.append, lambda training: heard.append(training))
    begun.result()
    begun._thread.join(PATIENCE)
    assert heard[: len(EVENTS)] == EVENTS and isinstance(heard[-2], Finished) and heard[-1] is begun


def test_the_stop_button_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(monkeypatch, FakeDistill(wait=True))
    button = begun.panel.children[0].children[0]
    assert begun.running and not button.disabled
    button.click()
    assert button.disabled and begun._stop.is_set()  # before the training has noticed
    assert begun.result().stopped
    assert begun.seen.words.startswith("stopped after step 3")


def test_interrupting_the_kernel_while_waiting_stops_too(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(monkeypatch, FakeDistill(wait=True))
    join, interrupted = begun._thread.join, []

    def once(seconds: float) -> None:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        join(seconds)

    monkeypatch.setattr(begun._thread, "join", once)
    assert begun.result().stopped and interrupted


def test_a_cell_that_awaits_leaves_the_kernel_free_to_hear_the_button(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(monkeypatch, FakeDistill(wait=True))

    async def cell():
        return await begun

    async def kernel():
        waiting = asyncio.create_task(cell())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        begun.panel.children[0].children[0].click()  # on the loop on which the cell is waiting
        return await asyncio.wait_for(waiting, PATIENCE)

    assert asyncio.run(kernel()).stopped


def test_interrupting_a_cell_that_awaits_stops_too(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(monkeypatch, FakeDistill(wait=True))

    async def kernel():
        waiting = asyncio.ensure_future(begun)
        await asyncio.sleep(0.1)
        waiting.cancel("Got SIGINT")  # as ipykernel does
        return await asyncio.wait_for(waiting, PATIENCE)

    assert asyncio.run(kernel()).stopped


def test_an_error_in_the_thread_is_raised_where_the_result_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start(monkeypatch, FakeDistill(error=LabError("the loss became nan")))
    with pytest.raises(LabError, match="the loss became nan"):
        begun.result()
    button, label = begun.panel.children[0].children
    assert button.description == "failed" and label.value == "LabError: the loss became nan"


def test_a_second_training_stops_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    first = start(monkeypatch, FakeDistill(wait=True))
    second = start(monkeypatch, FakeDistill(wait=True))
    assert not first.running and first.result().stopped and second.running
    second.stop()
    second.result()


def test_static_panels_show_the_figure_and_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, displayed: list
) -> None:
    begun = start(monkeypatch, FakeDistill(), live=False)
    begun._ipython_display_()
    assert begun.panel is None and begun._live is None
    figure, words = displayed
    assert type(figure) is go.Figure and np.allclose(figure.data[4].y, [0.1, 0.4, 0.5])
    assert words["text/plain"].endswith("Run this cell for the live panel.")

    displayed.clear()
    begun = start(monkeypatch, FakeDistill())
    begun._ipython_display_()
    assert displayed == [begun.panel]
    begun.result()


def test_the_environment_chooses_between_live_and_static(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_PANELS", raising=False)
    assert panels_are_live()
    monkeypatch.setenv("LAB_PANELS", "static")
    assert not panels_are_live()
    fake = FakeDistill()
    monkeypatch.setattr(training, "distill", fake)
    begun = train_in_background(DistillConfig(), seed=3)
    begun.result()
    assert begun.panel is None and fake.arguments == {"record": True, "seed": 3}


def test_in_the_background_the_student_is_the_same(tiny_config: DistillConfig) -> None:
    config = tiny_config
    begun = train_in_background(config, live=True)
    watched, alone = begun.result(), distill(config, record=True)
    assert np.array_equal(watched.student.encode(["a red fox"]), alone.student.encode(["a red fox"]))
    begun._thread.join(PATIENCE)
    band, batches, mean, *_ = begun.figure().data
    assert len(mean.x) == len(watched.recording.steps) and len(band.x) == 2 * len(mean.x)
    assert np.allclose(mean.y, watched.recording.measures["mean distance"], atol=1e-6)
    assert tuple(begun._live.figure().data[2].y) == tuple(mean.y)
    assert len(batches.x) > 1
