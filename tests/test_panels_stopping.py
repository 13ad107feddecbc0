"""Stop is said for as long as nobody has heard it: stages go on, as the cutting out of a student does, and the pulse
beats on over the words of the panel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import lab.panels.training as training
from lab.config import DistillConfig
from lab.panels import train_in_background
from lab.panels.knobs import USUAL
from lab.preparation import Stage
from tests.test_panels_experiments import PATIENCE, FakeDistill, make

STAGES = ("building the student", "encoding the index")


class Deaf(FakeDistill):
    """Before it trains it is at two stages, each of which ends when it is told to and hears no Stop."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.done = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, config, *, listen, **arguments):
        for stage in STAGES:
            listen(Stage(stage))
            self.begun.release()
            assert self.done.acquire(timeout=PATIENCE)
        return super().__call__(config, listen=listen, **arguments)


class Beats:
    """Counts the beats of a pulse; `then` reads words when some have passed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(training, "BEAT", 0.01)
        self._beats = threading.Semaphore(0)

    def __call__(self) -> None:
        self._beats.release()

    def then(self, words: Callable[[], str]) -> str:
        while self._beats.acquire(blocking=False):
            pass
        for _ in range(3):  # the first may have been under way
            assert self._beats.acquire(timeout=PATIENCE)
        return words()


def test_the_experiment_panel_says_that_it_stops_and_what_it_is_at(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, beats = Deaf(), Beats(monkeypatch)
    panel = make(monkeypatch, fake)
    say = panel._say
    monkeypatch.setattr(panel, "_say", lambda: (say(), beats()))

    def label() -> Any:
        return panel.label.value

    panel.start(USUAL)
    assert fake.begun.acquire(timeout=PATIENCE) and beats.then(label).startswith(f"usual: {STAGES[0]}")
    panel.stop_button.click()
    assert label().startswith("stopping…") and beats.then(label).startswith(f"stopping… usual: {STAGES[0]}")
    fake.done.release()
    assert fake.begun.acquire(timeout=PATIENCE) and beats.then(label).startswith(f"stopping… usual: {STAGES[1]}")
    fake.done.release()
    assert panel.join().state == "stopped" and label().startswith("usual: stopped after step")
    panel.start(USUAL)  # nobody has told this one to stop
    assert fake.begun.acquire(timeout=PATIENCE) and beats.then(label).startswith(f"usual: {STAGES[0]}")
    fake.done.release(2)
    panel.join()


def test_the_button_of_a_training_says_so_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, beats = Deaf(), Beats(monkeypatch)
    monkeypatch.setattr(training, "distill", fake)
    begun = train_in_background(DistillConfig(), True, beat=beats)
    button, label = begun.panel.children[0].children
    assert fake.begun.acquire(timeout=PATIENCE)
    button.click()
    fake.done.release()
    assert fake.begun.acquire(timeout=PATIENCE)
    assert beats.then(lambda: label.value).startswith(STAGES[1]) and button.description == "stopping…"
    fake.done.release()
    begun.result()
    begun._thread.join(PATIENCE)
    assert button.description == "done" and label.value.startswith("stopped after step")
