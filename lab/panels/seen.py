"""What a training tells, kept for whoever looks: figure, words, and how long it has been silent."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.figures.distance import distance_curve, distance_values
from lab.figures.style import Values
from lab.preparation import Looked, Stage
from lab.training import Event, Finished, Progress


class Seen:
    """What a training has shown so far: a listener for `distill`, safe to read from any thread.

    words: what it said last
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock, self._heard = clock, clock()
        self._looks: list[Looked] = []
        self._batches: list[tuple[int, float]] = []  # step, mean ‖t − s‖
        self._last = 1
        self.words = "starting"

    def __call__(self, event: Event | Stage | Looked) -> None:
        with self._lock:
            self._heard = self._clock()
            if isinstance(event, Stage):
                self.words = f"{event.name}, {event.done:,} of {event.total:,}" if event.total else event.name
            elif isinstance(event, Progress):
                self._batches.append((event.step, event.loss))
                self._last = event.steps
                left = math.ceil(event.seconds_left)
                self.words = f"step {event.step:,} of {event.steps:,}, loss {event.loss:.3f}, {left} s left"
            elif isinstance(event, Looked):
                self._looks.append(event)
            elif isinstance(event, Finished):
                how = "stopped" if event.stopped else "finished"
                self.words = f"{how} after step {event.step:,}; kept is the best look, step {event.best_step:,}"

    @property
    def words_now(self) -> str:
        """What it said last, and for how many seconds it has been silent since."""
        silent = int(self._clock() - self._heard)
        return f"{self.words} (silent for {silent} s)" if silent else self.words

    @property
    def looks(self) -> list[Looked]:
        """What was measured on texts that were not trained on, look by look."""
        with self._lock:
            return list(self._looks)

    def values(self) -> Values:
        """For the traces of `distance_curve`."""
        looks, more = self._arguments()
        return distance_values(*looks, **more)

    def figure(self) -> go.Figure:
        """The static twin of the live view."""
        looks, more = self._arguments()
        return distance_curve(*looks, **more)

    def _arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        with self._lock:
            looks, batches = list(self._looks), list(self._batches)
            more = {"batches": tuple(zip(*batches, strict=True)) or ((), ()), "last": self._last}
        if not looks:
            return ((),), more
        far, shared = (np.stack([getattr(each, name) for each in looks]) for name in ("distances", "overlaps"))
        return ([each.step for each in looks], far, shared), more
