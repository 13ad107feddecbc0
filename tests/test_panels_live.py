"""The live figure, without a kernel and without a clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager

import plotly.graph_objects as go
import pytest

from lab.errors import LabError
from lab.figures import distance_curve, two_engines, two_engines_values
from lab.panels import LiveFigure
from lab.panels.seen import Seen

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
