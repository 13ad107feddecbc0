"""What a control asks for is done by a thread of its own, in order, the newest of a kind, whatever else went wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lab.collection import load_collection
from lab.config import DistillConfig
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.panels import AskBoth, ExperimentPanel, turn_both_towers
from lab.panels.errands import Errands
from lab.panels.knobs import FREE, Experiment
from lab.panels.shown import Shown
from lab.training import Finished

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


class Slow:
    """An engine that waits to be let go when it is asked its first question."""

    def __init__(self, teacher: DualEncoder) -> None:
        self.teacher, self.similarity = teacher, teacher.similarity
        self.asked, self.free = threading.Event(), threading.Event()
        self.free.set()

    def encode(self, texts: list[str], kind: str = "query") -> np.ndarray:
        if not self.free.is_set():
            self.asked.set()
            assert self.free.wait(PATIENCE)
        return self.teacher.encode(texts, kind)


def test_a_question_typed_while_another_is_answered_is_answered_too(
    monkeypatch: pytest.MonkeyPatch, tiny_collection_dir: Path, tiny_teacher_dir: Path
) -> None:
    monkeypatch.setattr("lab.panels.shown.Errands", Errands)
    collection, teacher = load_collection(str(tiny_collection_dir)), load_teacher(tiny_teacher_dir, "cpu", "float32")
    slow = Slow(teacher)
    both = AskBoth(collection, teacher.encode(collection.documents, "document"), slow, teacher, live=True)
    slow.free.clear()
    both.question.value = "a white fox"
    assert slow.asked.wait(PATIENCE)
    both.question.value = "a reed in the wind"  # while the first one is on its way
    slow.free.set()
    assert both.errands.settle(PATIENCE)
    assert both.question.value == "a reed in the wind"
    assert "a reed in the wind" in both.figure().layout.title.text


def test_an_experiment_is_started_by_name_with_its_own_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.panels.shown.Errands", Errands)
    done = threading.Event()

    def distil(config: DistillConfig, *, listen: Callable, stop: Callable, **_: Any) -> SimpleNamespace:
        done.set()
        listen(Finished(1, 1, False, 0.1))
        return SimpleNamespace(finished=Finished(1, 1, False, 0.1), student=SimpleNamespace(parameters=1))

    monkeypatch.setattr("lab.panels.training.distill", distil)
    each = [Experiment(name, {"rate": 0.5}, ("yes", "no"), lambda *_: "asked") for name in ("one", "other")]
    prepared = SimpleNamespace(texts=("text",) * 9), SimpleNamespace(texts=("held",))
    panel = ExperimentPanel(each, DistillConfig(), live=True, prepared=prepared)
    panel.start("other", "b")
    assert panel.experiment.value == "other" and panel.join().name == "other" and done.is_set()
    panel.knobs["rate"].disabled = False
    panel.start_button.click()  # and what waits for the end waits for the start as well
    assert panel.join().name == "other" and len(panel.trials()) == 2
    panel.start(FREE)
    assert panel.join().changed == {}


def test_controls_moved_while_others_are_set_from_code_are_heard() -> None:
    class Panel(Shown):
        def set_slowly(self, entered: threading.Event, leave: threading.Event) -> None:
            with self._silently():
                entered.set()
                assert leave.wait(PATIENCE)

    panel, entered, leave, heard = Panel(), threading.Event(), threading.Event(), []
    panel.__dict__["errands"] = SimpleNamespace(put=lambda call: heard.append(call))
    thread = threading.Thread(target=panel.set_slowly, args=(entered, leave))
    thread.start()
    assert entered.wait(PATIENCE)
    panel._put(len)  # from another thread than the one that sets
    leave.set()
    thread.join(PATIENCE)
    assert heard == [len]


def test_two_threads_that_set_controls_do_not_silence_each_other_for_good() -> None:
    panel, heard = Shown(), []
    panel.__dict__["errands"] = SimpleNamespace(put=lambda call: heard.append(call))
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with panel._silently():
            entered.set()
            assert leave.wait(PATIENCE)

    thread = threading.Thread(target=other)
    with panel._silently():
        thread.start()
        assert entered.wait(PATIENCE)
        panel._put(len)  # silent: this thread sets as well
    leave.set()
    thread.join(PATIENCE)
    panel._put(max)
    assert heard == [max]
