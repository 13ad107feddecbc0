"""What a control asks for is done by a thread of its own, in order, the newest of a kind, whatever else went wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from lab.panels import turn_both_towers
from lab.panels.errands import Errands
from lab.panels.shown import Shown

PATIENCE = 30.0  # seconds until a thread that hangs counts as hanging


class Busy:
    """The first errand waits until it is let go, so that others pile up behind it."""

    def __init__(self) -> None:
        self.errands, self.done, self.threads = Errands(), [], set()
        self.begun, self.free = threading.Event(), threading.Event()
        self.errands.put(self.wait)
        assert self.begun.wait(PATIENCE)

    def wait(self) -> None:
        self.begun.set()
        assert self.free.wait(PATIENCE)
        self.threads.add(threading.current_thread())

    def first(self, what: Any) -> None:
        self.done.append(("first", what))
        self.threads.add(threading.current_thread())

    def second(self, what: Any) -> None:
        self.done.append(("second", what))

    def fail(self) -> None:
        raise ValueError("lost on the way")

    def go(self) -> list[tuple[str, Any]]:
        self.free.set()
        assert self.errands.settle(PATIENCE)
        return self.done


def test_a_callback_returns_while_another_errand_is_under_way() -> None:
    busy = Busy()
    busy.errands.put(busy.first, 1)
    assert busy.done == [] and not busy.errands.settle(0)
    assert busy.go() == [("first", 1)]
    assert len(busy.threads) == 1 and threading.current_thread() not in busy.threads  # one after the other


def test_of_one_kind_only_the_newest_is_done_behind_what_was_asked_before_it() -> None:
    busy = Busy()
    for number in range(50):
        busy.errands.put(busy.first, number)
    busy.errands.put(busy.second, "between")
    busy.errands.put(busy.first, "last")
    assert busy.go() == [("second", "between"), ("first", "last")]


def test_an_error_is_told_and_the_next_errand_done(capsys: pytest.CaptureFixture[str]) -> None:
    busy = Busy()
    busy.errands.put(busy.fail)
    busy.errands.put(busy.first, "after it")
    assert busy.go() == [("first", "after it")]
    assert "ValueError: lost on the way" in capsys.readouterr().err


def test_the_thread_goes_home_and_comes_again() -> None:
    busy = Busy()
    busy.go()
    (thread,) = busy.threads
    thread.join(PATIENCE)
    assert not thread.is_alive()
    busy.errands.put(busy.first, "again")
    assert busy.go() == [("first", "again")] and len(busy.threads) == 2


def test_a_panel_answers_by_its_errands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.panels.shown.Errands", Errands)  # which others test without
    panel = turn_both_towers(0, live=True)
    panel.slider.value = 90
    assert panel.errands.settle(PATIENCE)
    assert "turned by 90°" in panel._shown.figure().layout.title.text


def test_a_control_that_is_set_from_code_asks_for_nothing() -> None:
    class Panel(Shown):
        def call(self, done: Callable[[], None]) -> None:
            with self._silently():
                self._put(done)
            self._put(done)

    heard: list[int] = []
    Panel().call(lambda: heard.append(1))
    assert heard == [1]
