"""A distillation one can watch: it runs in a thread, the figure follows, Stop is answered at once.

The story never depends on it: `await train_in_background(config, …)` gives what `distill(config, …)` returns.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from lab.config import DistillConfig
from lab.distillation import Distilled, Listener, distill
from lab.errors import LabError
from lab.figures.style import Values
from lab.panels.live import WATCHING, LiveFigure, panels_are_live
from lab.panels.seen import Seen
from lab.panels.shown import Shown
from lab.preparation import Looked, Stage
from lab.training import Event, Progress

_BUTTON = widgets.Layout(width="8em")
BEAT = 0.5  # seconds: also where a stage says nothing for long, one sees every second that it goes on


class Training(Shown):
    """A distillation in a thread. Show it in a notebook, or take `result()`.

    seen: what it has shown so far · panel: the widgets, None where panels are static
    """

    def __init__(
        self,
        config: DistillConfig,
        live: bool | None = None,
        listen: Listener | None = None,
        ended: Callable[[Training], None] | None = None,
        beat: Callable[[], None] | None = None,
        **arguments: Any,
    ) -> None:
        self.seen = Seen()
        self._also, self._ended, self._beat = listen, ended, beat
        self._config, self._arguments = config, arguments
        self._stop, self._ending = threading.Event(), threading.Event()
        self._words, self._over = threading.Lock(), False
        self._distilled: Distilled | None = None
        self._error: BaseException | None = None
        if panels_are_live() if live is None else live:
            self._live: LiveFigure | None = LiveFigure(self.seen.figure(), WATCHING)
            self._button = widgets.Button(description="Stop", icon="stop", layout=_BUTTON)
            self._button.on_click(lambda _: self.stop())
            self._label = widgets.Label(self.seen.words)
            self.panel = widgets.VBox([widgets.HBox([self._button, self._label]), self._live.widget])
        else:
            self._live = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="distillation")
        self._thread.start()
        if self._live or beat:
            threading.Thread(target=self._pulse, daemon=True, name="pulse").start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def distilled(self) -> Distilled | None:
        """What came out, as soon as it is there."""
        return self._distilled

    @property
    def error(self) -> BaseException | None:
        """What went wrong, if anything did."""
        return self._error

    def stop(self) -> None:
        """End after the present step; the best student so far is kept. Returns at once."""
        with self._words:  # not over the words of an end that came in between
            if self._live and not self._over:
                self._button.disabled = True
                self._button.description = "stopping…"
        self._stop.set()

    def __await__(self) -> Generator[Any, None, Distilled]:
        """`await training` in a cell: `result()`, while the kernel still hears the Stop button.

        A cell that waits in any other way keeps the kernel to itself, and a click is heard when it is over.
        """
        return self._wait().__await__()

    async def _wait(self) -> Distilled:
        while self.running:
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:  # the kernel was interrupted
                self.stop()
        return self.result()

    def result(self) -> Distilled:
        """Wait for the end; the student.

        Raises:
            LabError: it ended without a student.
            Whatever the distillation raised.
        """
        self.join()
        if self._error is not None:
            raise self._error
        if self._distilled is None:
            raise LabError("the training ended without a student; start it again")
        return self._distilled

    def join(self) -> None:
        """Wait for the end, however it comes. Interrupting the kernel meanwhile stops the training."""
        while self.running:
            try:
                self._thread.join(0.1)
            except KeyboardInterrupt:
                self.stop()

    def figure(self) -> go.Figure:
        """What has been seen so far, as a plain figure."""
        return self.seen.figure()

    def _besides(self) -> str:
        self.result()
        return self.seen.words

    def _run(self) -> None:
        try:
            self._distilled = distill(self._config, listen=self._listen, stop=self._stop.is_set, **self._arguments)
        except BaseException as error:  # a thread has nobody to raise to: result() does it
            self._error = error
            self.seen.words = f"{type(error).__name__}: {error}"
        self._show_end()
        if self._ended:
            self._ended(self)

    def _listen(self, event: Event | Stage | Looked) -> None:
        self.seen(event)
        if self._also:
            self._also(event)
        if self._live:
            self._live.show(self._values_and_words)
            if not isinstance(event, Progress):
                self._label.value = self.seen.words

    def _pulse(self) -> None:
        while not self._ending.wait(BEAT):
            with self._words:  # not over the words of an end that came in between
                if self._live and not self._over:
                    self._label.value = self.seen.words_now
            if self._beat:
                self._beat()

    def _values_and_words(self) -> Values:
        self._label.value = self.seen.words  # as often as the figure is written, whoever writes it
        return self.seen.values()

    def _show_end(self) -> None:
        self._ending.set()
        if self._live:
            self._live.show(self.seen.values, now=True)
            with self._words:
                self._over, self._button.disabled = True, True
                self._label.value = self.seen.words
                self._button.description = "done" if self._error is None else "failed"


_latest: Training | None = None


def train_in_background(
    config: DistillConfig,
    live: bool | None = None,
    listen: Listener | None = None,
    ended: Callable[[Training], None] | None = None,
    beat: Callable[[], None] | None = None,
    **arguments: Any,
) -> Training:
    """Start `distill(config, **arguments)` in a thread. A training that still runs is stopped first.

    Args:
        live: False for the static view; by default what `LAB_PANELS` says.
        listen, ended: get each event, and the training when it is over; called in its thread.
        beat: called twice a second until then, in a thread of its own.
        arguments: of `distill`, except `stop`; a recording is kept unless `record=False`.
    """
    global _latest
    if _latest is not None and _latest.running:
        _latest.stop()
        _latest.join()
    _latest = Training(config, live, listen, ended, beat, **{"record": True, **arguments})
    return _latest
