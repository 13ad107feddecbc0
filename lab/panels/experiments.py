"""The experiment panel: choose a change, predict, run it in the background, and see the runs over each other.

A thin shell: what an experiment is stands in `knobs`, the figure and the table in `figures.trials`, the training in
`training`. Everything works by keyboard (Tab, arrows, Space) and by setting the traits of the controls.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Generator, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from lab.config import DistillConfig
from lab.distillation import Distilled
from lab.errors import LabError
from lab.figures.style import Values
from lab.figures.trials import Trial, fingerprint, trials_curve, trials_values, usual_first
from lab.figures.trials_table import trials_html, trials_table
from lab.panels import knobs
from lab.panels.knob_row import KnobRow
from lab.panels.live import WATCHING, LiveFigure, panels_are_live
from lab.panels.seen import Seen
from lab.panels.shown import Shown
from lab.panels.training import Training, train_in_background
from lab.preparation import Looked, Stage
from lab.training import Event, Finished, Progress
from lab.training.batches import steps_in

_WIDE: dict[str, Any] = {"style": {"description_width": "initial"}}
_NOTHING = "no prediction"


class ExperimentPanel(Shown):
    """Controls, one live figure, a table. Show it in a notebook, or drive it by `start`, `stop`, `await`, `runs`.

    experiment, guess, start_button, stop_button: controls · knobs: name → control
    panel: the widgets, None where panels are static · last: what the last finished run returned
    """

    def __init__(
        self,
        experiments: Sequence[knobs.Experiment],
        usual: DistillConfig,
        known: Sequence[Trial] = (),
        live: bool | None = None,
        **arguments: Any,
    ) -> None:
        """
        Args:
            experiments: the guided ones; the first changes nothing and is what the others are compared with.
            usual: settings that the experiments change.
            known: runs that are there from the start; the first is the usual one.
            live: False for the static view; by default what `LAB_PANELS` says.
            arguments: of `distill`, for every run.
        """
        self._experiments = {each.name: each for each in experiments}
        self._usual, self._arguments = usual, {"record": False, **arguments}
        self._lock = threading.RLock()
        self._trials: list[Trial] = list(known)
        self._training: Training | None = None
        self._running: knobs.Experiment | None = None
        self._begun_with: str | None = None
        self._seen, self._stopping = Seen(), False
        self.last: Distilled | None = None
        self._make_controls()
        self._live: LiveFigure | None = None
        if panels_are_live() if live is None else live:
            self._live = LiveFigure(self.figure(), WATCHING)
            self.panel = widgets.VBox([
                self.experiment, self.question, self.guess, self._knobs.widget,
                widgets.HBox([self.start_button, self.stop_button, self.label]),
                self._live.widget, self.answer, self.table,
            ])  # fmt: skip

    @property
    def running(self) -> bool:
        return self._training is not None and self._training.running

    def start(self, name: str | None = None, guess: str | None = None) -> ExperimentPanel:
        """Run an experiment (or "free", the eight knobs) in the background, by default the one chosen; returns at once.

        Args: guess: the letter of a prediction.
        Raises: LabError: no such experiment or choice, or a run is still going on."""
        if name is not None:
            if name not in (there := [*self._experiments, knobs.FREE]):
                raise LabError(f"no experiment {name!r}; there are {', '.join(there)}")
            with self._silently():
                self.experiment.options = tuple(dict.fromkeys((*self.experiment.options, name)))
                self.experiment.value = name
            self._chosen()
        if guess is not None:
            letters = [letter for _, letter in self.guess.options if letter]
            if guess not in letters:
                raise LabError(f"guess={guess!r}: choose {', '.join(letters)}" if letters else "nothing is asked here")
            self.guess.value = guess
        self._begin()
        return self

    def stop(self) -> None:
        """End after the present step. Returns at once."""
        if self._training is not None and self.running:
            self._training.stop()
            self._stopping, self.stop_button.disabled = True, True
            self._say()

    def trials(self) -> list[Trial]:
        """All runs so far, the one the others are compared with first."""
        with self._lock:
            return usual_first(self._trials)

    def runs(self) -> pd.DataFrame:
        """The runs as a table: what was changed, how it ended, the difference from the usual run."""
        return trials_table(self.trials())

    def figure(self) -> go.Figure:
        """What is shown now as a plain figure: the static twin."""
        return trials_curve(self.trials(), steps=self._most_steps())

    def join(self) -> Trial:
        """Wait for the end of the last run, in plain Python; in a cell `await panel` leaves Stop alive.

        Raises: LabError: nothing was started."""
        self.errands.settle(None)  # Start may have been pressed this moment
        if self._training is None:
            raise LabError("nothing was started: press Start, or call start(name)")
        self._training.join()
        with self._lock:
            return self._trials[-1]

    def __await__(self) -> Generator[Any, None, Trial]:
        """`await panel` in a cell: the last run once it is over, while the kernel still hears the Stop button."""
        return self._wait().__await__()

    async def _wait(self) -> Trial:
        while not self.errands.settle(0) or self.running:
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:  # the kernel was interrupted
                self.stop()
        return self.join()

    def _besides(self) -> str:
        if self._training is not None:
            self._training.join()
        return self.label.value or "no run yet"

    def _make_controls(self) -> None:
        names = [*(name for name in self._experiments if name != knobs.USUAL or not self._trials), knobs.FREE]
        self.experiment = widgets.Dropdown(options=names, description="experiment", **_WIDE)
        self.question, self.answer, self.table = (widgets.HTML() for _ in range(3))
        self.guess = widgets.RadioButtons(
            options=[(_NOTHING, None)], description="you predict", layout=widgets.Layout(width="auto"), **_WIDE
        )
        self._knobs = KnobRow(self._usual)
        self.knobs = self._knobs.controls
        self.start_button = widgets.Button(description="Start", icon="play")
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True)
        self.label = widgets.Label()
        self.experiment.observe(lambda _: self._put(self._chosen), names="value")
        self.start_button.on_click(lambda _: self._put(self._pressed))
        self.stop_button.on_click(lambda _: self.stop())
        self._chosen()
        self.table.value = trials_html(self.trials())

    def _chosen(self) -> None:
        """Another experiment in the dropdown: its question, its choices, and where its knobs stand."""
        chosen = self._experiments.get(self.experiment.value)
        self._knobs.show(chosen.config(self._usual) if chosen else None)
        choices = chosen.choices if chosen else ()
        named = [(f"{letter}) {words}", letter) for letter, words in zip("abcdefgh", choices, strict=False)]
        self.guess.options = [(_NOTHING, None), *named]
        self.guess.layout.display = "flex" if choices else "none"
        asked = chosen.ask(None, None) if chosen else "<p>Set the knobs, then press Start.</p>"
        self.question.value, self.answer.value = asked, ""

    def _pressed(self) -> None:
        try:  # nobody would see what a callback raises
            self._begin()
        except LabError as error:
            self.label.value = str(error)

    def _begin(self) -> None:
        _, held = self._arguments["prepared"]
        with self._lock:
            if self._running is not None:
                raise LabError(f"{self._running.name!r} is still running: press Stop, or wait for its end")
            chosen = self._experiments.get(self.experiment.value)
            self._running = experiment = chosen or knobs.free(self._usual, **self._knobs.values())
            config = experiment.config(self._usual)
            changed, texts = knobs.differences(self._usual, config), fingerprint(held.texts)
            self._seen, self._stopping, self._begun_with = Seen(), False, self.guess.value
            self._trials.append(Trial(experiment.name, changed, steps=self._most_steps(), texts=texts))
        self.answer.value, self.label.value = "", "starting"
        self.start_button.disabled = True
        self._training = train_in_background(config, False, self._listen, self._end, self._say, **self._arguments)
        with self._lock:  # it may be over already
            self.stop_button.disabled = self._running is None

    def _listen(self, event: Event | Stage | Looked) -> None:
        self._seen(event)
        with self._lock:
            trial = self._trials[-1]
            if isinstance(event, Looked):
                trial = dataclasses.replace(trial, looks=(*trial.looks, event))
            elif isinstance(event, Progress):
                trial = dataclasses.replace(trial, step=event.step, steps=event.steps)
            elif isinstance(event, Finished):
                trial = dataclasses.replace(trial, step=event.step, best=event.best_step, seconds=event.seconds)
            self._trials[-1] = trial
        if self._live:
            self._live.show(self._values)
        if self._live is None or not isinstance(event, Progress):
            self._say()

    def _end(self, training: Training) -> None:
        """In the training's thread, when it is over, however it ended."""
        done, finished = training.distilled, training.distilled.finished if training.distilled else None
        state = "stopped" if finished and finished.stopped else "finished" if done else f"failed: {training.error}"
        with self._lock:
            parameters = done.student.parameters if done else None
            self._trials[-1] = dataclasses.replace(self._trials[-1], state=state, parameters=parameters)
            experiment, self._running, self.last = self._running, None, done or self.last
            here, usual = self._trials[-1], self.trials()[0]
        if experiment and done and not usual.changed:
            self.answer.value = experiment.ask(self._begun_with, experiment.measure(here, usual))
        self.label.value = f"{here.name}: {self._seen.words if done else state}"
        self.table.value = trials_html(self.trials())
        if self._live:
            self._live.show(self._values, now=True)
        self.start_button.disabled, self.stop_button.disabled = False, True

    def _values(self) -> Values:
        self._say()  # as often as the figure is written, whoever writes it
        return trials_values(self.trials(), steps=self._most_steps())

    def _say(self) -> None:
        with self._lock:  # the words of an end that comes in between are the last
            if running := self._running:
                words = f"{running.name}: {self._seen.words_now}"
                self.label.value = f"stopping… {words}" if self._stopping else words

    def _most_steps(self) -> int:
        return steps_in(len(self._arguments["prepared"][0].texts), self._usual.batch, self._usual.epochs)
