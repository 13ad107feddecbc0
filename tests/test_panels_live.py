"""The live figure and the training behind it, without a kernel and without a clock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np
import plotly.graph_objects as go
import pytest

import lab.panels.training as training
from lab.config import DistillConfig
from lab.distillation import distill
from lab.errors import LabError
from lab.figures import distance_curve, two_engines, two_engines_values
from lab.panels import LiveFigure, panels_are_live, train_in_background
from lab.panels.seen import Seen
from lab.preparation import Looked, Stage
from lab.training import Finished, Probed, Progress

PATIENCE = 30.0  # seconds until a thread that hangs counts as hanging


class Clock:
    """Time that moves when it is told to, and calls what is due."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, []

    def __call__(self) -> float:
        return self.now

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.calls.append((self.now + seconds, call))

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        due = [call for when, call in self.calls if when <= self.now + 1e-9]
        self.calls = [(when, call) for when, call in self.calls if when > self.now + 1e-9]
        for call in due:
            call()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(clock: Clock) -> LiveFigure:
    figure = go.Figure([go.Scatter(x=[0], y=[0], marker={"size": 9, "color": "red"}), go.Scatter(x=[5], y=[5])])
    return LiveFigure(figure, clock=clock, later=clock.later)


def shown(live: LiveFigure) -> list[tuple]:
    return [tuple(trace.y) for trace in live.widget.data]


def test_values_reach_the_widget_in_place(live: LiveFigure) -> None:
    before = live.widget.data
    assert live.show([{"x": [1, 2], "y": [3, 4], "marker": {"color": "blue"}}, {}])
    assert all(a is b for a, b in zip(before, live.widget.data, strict=True))
    assert shown(live) == [(3, 4), (5,)] and tuple(live.widget.data[0].x) == (1, 2)
    assert live.widget.data[0].marker.color == "blue" and live.widget.data[0].marker.size == 9


def test_at_most_five_updates_a_second_and_never_an_old_one(live: LiveFigure, clock: Clock) -> None:
    written = 0
    for number in range(100):  # a hundred values in one second
        written += live.show([{"y": [number]}, {}])
        before = shown(live)
        clock.pass_by(0.01)
        written += shown(live) != before
    assert 4 <= written <= 6
    clock.pass_by(1.0)
    assert shown(live)[0] == (99,), "the last values must arrive though nothing came after them"
    assert clock.calls == []


def test_what_waits_is_replaced_and_computed_only_when_written(live: LiveFigure, clock: Clock) -> None:
    computed: list[int] = []

    def values(number: int) -> Callable[[], list[dict]]:
        return lambda: computed.append(number) or [{"y": [number]}, {}]

    for number in range(5):
        live.show(values(number))
    clock.pass_by(0.2)
    assert computed == [0, 4] and shown(live)[0] == (4,)


def test_the_last_values_wait_for_nothing(live: LiveFigure, clock: Clock) -> None:
    live.show([{"y": [1]}, {}])
    live.show([{"y": [2]}, {}])
    assert live.show([{"y": [3]}, {}], now=True)
    assert shown(live)[0] == (3,)
    clock.pass_by(1.0)
    assert shown(live)[0] == (3,), "the value that had been waiting came after a newer one"


@pytest.mark.parametrize("key", ["line", "name", "visible", "type", "mode"])
def test_nothing_but_points_and_their_words_may_change(live: LiveFigure, key: str) -> None:
    with pytest.raises(LabError, match=f"{key} cannot change in a live figure"):
        live.show([{"y": [9], key: "x"}, {}])
    assert shown(live) == [(0,), (5,)]


def test_traces_are_neither_added_nor_left_out(live: LiveFigure) -> None:
    for values in ([{}], [{}, {}, {}]):
        with pytest.raises(LabError, match="values for 2 traces"):
            live.show(values)
    live.show([{}, {}])  # the one that was refused has not blocked the figure
    framed = go.Figure([go.Scatter(y=[1])], frames=[go.Frame(data=[go.Scatter(y=[2])])])
    with pytest.raises(LabError, match="cannot have frames"):
        LiveFigure(framed)


def test_many_threads_write_one_after_the_other(live: LiveFigure) -> None:
    inside: list[int] = []  # threads, one entry an update: plotly nests its own in ours
    together: list[set[int]] = []
    update = live.widget.batch_update

    @contextmanager
    def watched():
        inside.append(threading.get_ident())
        together.append(set(inside))
        with update():
            threading.Event().wait(1e-4)  # whoever may come in, comes in now
            yield
        inside.remove(threading.get_ident())

    live.widget.batch_update = watched  # type: ignore[method-assign]

    ready = threading.Barrier(4, timeout=PATIENCE)

    def hammer(number: int) -> None:
        ready.wait()
        for _ in range(20):
            live.show([{"x": [number] * 50, "y": [number] * 50}, {"x": [number], "y": [number]}], now=True)

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert max(map(len, together)) == 1 and len(set.union(*together)) == 4
    left = {*live.widget.data[0].x, *live.widget.data[0].y, *live.widget.data[1].x, *live.widget.data[1].y}
    assert len(left) == 1, "values of two writers were mixed"


def test_the_twin_is_a_plain_figure_of_the_same_values(live: LiveFigure) -> None:
    live.show([{"y": [7]}, {}])
    twin = live.figure()
    assert type(twin) is go.Figure and tuple(twin.data[0].y) == (7,)
    live.show([{"y": [8]}, {}], now=True)
    assert tuple(twin.data[0].y) == (7,)


def test_the_labs_figures_can_be_scrubbed() -> None:
    titles = [f"Article {number}" for number in range(20)]
    live = LiveFigure(two_engines("q", range(10), range(10), titles, {3: 1}))
    live.show(two_engines_values(range(10), range(5, 15), titles, {3: 1}), now=True)
    drawn, wanted = live.figure(), two_engines("q", range(10), range(5, 15), titles, {3: 1})
    for ours, theirs in zip(drawn.data, wanted.data, strict=True):
        assert (list(ours.x), list(ours.y), ours.text) == (list(theirs.x), list(theirs.y), theirs.text)
    assert len(drawn.layout.annotations) == 2  # the headings stayed
    LiveFigure(distance_curve(())).show(Seen().values())


# --- training in the background


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
    assert [each.rsplit(", ", 1)[1] for each in said] == ["for 1 s", "for 2 s", "for 3 s"]
    begun.stop()
    begun.result()
    begun._thread.join(PATIENCE)
    assert begun._label.value == "stopped after step 3; kept is the best look, step 3"


def test_it_is_looked_at_and_told_more_than_once_a_second() -> None:
    assert training.BEAT <= 0.5 and training.WATCHING <= 0.5


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


def test_static_panels_show_the_figure_and_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    displayed: list = []
    monkeypatch.setattr("lab.panels.shown.display", lambda what, **_: displayed.append(what))
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
