"""A figure that moves: one widget, one lock, one writer.

It is the only writer because a FigureWidget keeps the figure twice, in Python and in the browser, and sends what has
changed: a second writer, in another thread, would send a change of a state that the first one has just left behind.

A plotly FigureWidget forgives little. It refuses frames; shapes and annotations added later can vanish; two threads
that write at once tear it; a page drowns in updates faster than it draws. So nobody touches the widget but this class.
Others hand it values, as often as they like and from any thread; it writes at most five times a second, always the
newest values, and only what belongs to the points of traces that were there from the start.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import plotly.graph_objects as go

from lab.errors import LabError
from lab.figures.style import Values

PAUSE = 0.2  # seconds between two updates: five a second look like motion and leave the processor to the training
WATCHING = 0.5  # the same beside a training, which an update costs 10 to 20 ms of a core
Shown = Values | Callable[[], Values]
TOUCHED = frozenset({"x", "y", "marker", "text", "hovertext", "customdata"})


def panels_are_live() -> bool:
    """False where `LAB_PANELS=static`: panels then show the figure alone, which works without a browser or widgets."""
    return os.environ.get("LAB_PANELS", "live") != "static"


def later(seconds: float, call: Callable[[], None]) -> None:
    """Call it after so many seconds, in a thread that keeps nobody from leaving."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


class LiveFigure:
    """Owns a FigureWidget and is its only writer.

    widget: to be shown, never to be written to by others
    lock: held while it writes; a panel may hold it while what is to be shown changes (it can be taken twice)

    Raises:
        LabError: the figure has frames.
    """

    def __init__(
        self,
        figure: go.Figure,
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], None] = later,
    ) -> None:
        """
        Args:
            figure: with all the traces it will ever have.
            pause: seconds between two updates.
            clock, later: the time, and how to be called after so many seconds; for tests.

        Raises:
            LabError: the figure has frames.
        """
        if figure.frames:
            raise LabError("a live figure cannot have frames: let a slider show the values of each step instead")
        self.widget = go.FigureWidget(figure)
        self._pause, self._clock, self._later = pause, clock, later
        self.lock = self._lock = threading.RLock()
        self._next = float("-inf")
        self._waiting: Shown | None = None
        self._due = False

    def show(self, values: Shown, *, now: bool = False) -> bool:
        """Show these values, one mapping a trace (empty: as it was); True if they were written at once.

        Values that come too soon are written when the pause is over, unless newer ones replaced them meanwhile.

        Args:
            values: or a function that returns them, called only when they are about to be written.
            now: wait for nothing; for the last values of a run.

        Raises:
            LabError: another number of traces, or something else than x, y, marker and the words of points.
        """
        with self._lock:
            if not callable(values):
                self._check(values)
            left = self._next - self._clock()
            if now or left <= 0:
                self._write(values)
                return True
            self._waiting = values
            if not self._due:
                self._due = True
                self._later(left, self._catch_up)
            return False

    def figure(self) -> go.Figure:
        """What is shown now as a plain figure: the static twin."""
        with self._lock:
            return go.Figure(self.widget.to_dict())

    def _catch_up(self) -> None:
        with self._lock:
            self._due = False
            if self._waiting is not None:
                self._write(self._waiting)

    def _write(self, shown_next: Shown) -> None:
        self._waiting = None
        values = shown_next() if callable(shown_next) else shown_next
        self._check(values)
        self._next = self._clock() + self._pause
        with self.widget.batch_update():
            for trace, shown in zip(self.widget.data, values, strict=True):
                trace.update(shown)  # merges: the attributes of a marker that are not named stay

    def _check(self, values: Values) -> None:
        if len(values) != len(self.widget.data):
            raise LabError(
                f"{len(values)} values for {len(self.widget.data)} traces: give one mapping a trace, {{}} for none"
            )
        for trace, shown in zip(self.widget.data, values, strict=True):
            if strange := set(shown) - TOUCHED:
                raise LabError(
                    f"trace {trace.name!r}: {', '.join(sorted(strange))} cannot change in a live figure, only"
                    f" {', '.join(sorted(TOUCHED))}; draw the figure anew"
                )
