"""The theatre in a notebook: a slider plays a recording, a dart or a title chooses the query, a dial the size.

Below the figure stand what `compare` knows of the chosen query, so that a lost one says why, and the student's card.
Every control has one of three things set (size, look, query) and a redraw made, by the panel's errands; the values are
computed when they are about to be written, so a fast slider never draws the past. One lock guards the three.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go
from IPython.display import HTML

from lab.collection import Collection
from lab.errors import DataError, LabError
from lab.evaluation import Comparison
from lab.figures.card import student_card
from lab.figures.dartboard import KEPT, LOST
from lab.figures.lost import compared, lost_html, rarest_words
from lab.figures.style import Values
from lab.figures.theatre import grades, theatre, theatre_values
from lab.panels.live import LiveFigure, panels_are_live
from lab.panels.redrawn import RedrawnFigure
from lab.panels.shown import Shown
from lab.recording import FACTS, Recording, of_teacher

TEACHER = "teacher"  # the 100 % end of the dial
INTERVAL = 600  # milliseconds a look is shown while playing
_WIDE = {"description_width": "initial"}


class Theatre(Shown):
    """Show it in a notebook, or take `figure()`.

    play, look, query, size: the controls · reason: why the chosen query was lost, in HTML
    panel: all widgets, None where panels are static

    Raises:
        LabError: no recording, no such size, or recordings of different queries.
        DataError: recordings over another collection.
    """

    def __init__(
        self,
        recordings: Mapping[str, Recording] | Recording,
        collection: Collection,
        live: bool | None = None,
        size: str | None = None,
    ) -> None:
        """
        Args:
            recordings: name of the student → its recording, all over the same queries; or one. The teacher itself
                stands beside them, at the 100 % end of the dial.
            collection: that they were made over.
            live: False for the figure alone; by default what `LAB_PANELS` says.
            size: where the dial stands at first, a name of a recording; by default the first one.
        """
        self._recordings = {"student": recordings} if isinstance(recordings, Recording) else dict(recordings)
        self._collection = collection
        self._lock = threading.RLock()
        self._compared: dict[tuple[str, int], Comparison] = {}
        self._cards: dict[str, go.Figure] = {}
        first = _same_queries(self._recordings)
        for recording in self._recordings.values():
            judged = grades(recording, collection, 0)  # raises where it is of another collection
        self._judged, self._rarest = judged is not None, rarest_words(first, collection)
        self._numbers = _options(first.queries)
        if size is not None and size not in self._recordings:
            raise LabError(f"size={size!r}: the recordings are {', '.join(self._recordings)}")
        self._name = size or next(iter(self._recordings))
        self._recordings = _largest_first({TEACHER: of_teacher(first), **self._recordings})
        looks = len(self._recordings[self._name].steps)
        self._look, self._query = looks - 1, 0
        self._make_controls(looks)
        self._live: LiveFigure | None = None
        if panels_are_live() if live is None else live:
            self._live = LiveFigure(self.figure())
            for trace in (KEPT, LOST):
                self._live.widget.data[trace].on_click(self._clicked)
            self._card = RedrawnFigure(self.card())
            rows = [self.size, self.query, widgets.HBox([self.play, self.look, self._step])]
            self.panel = widgets.VBox([*rows, self._live.widget, self.reason, self._card.widget])
            for name in self._recordings:  # what is dear, while nobody has asked yet
                self._put(partial(self._prepare, name))

    def figure(self) -> go.Figure:
        """What is chosen now as a plain figure: the static twin."""
        with self._lock:
            return theatre(self._recordings[self._name], self._collection, self._look, self._query, self._name)

    def card(self) -> go.Figure:
        """The card of the student that the dial chose."""
        with self._lock:
            return go.Figure(self._draw_card(self._name))  # whoever restyles it has a copy

    def _draw_card(self, name: str) -> go.Figure:
        with self._lock:  # its intervals take longer than all the rest of a redraw, and never change
            if name not in self._cards:
                self._cards[name] = student_card(self._recordings[name], name)
            return self._cards[name]

    def why(self) -> str:
        """What `compare` knows of the chosen query at this look, beside the kept ones: HTML."""
        with self._lock:
            found = self._comparison(self._name, self._look)
            return lost_html(self._recordings[self._name], found, self._look, self._query)

    def _twin(self) -> tuple[Any, ...]:
        return self.figure(), HTML(self.why()), self.card()

    def _make_controls(self, looks: int) -> None:
        self.size = widgets.ToggleButtons(
            options=[(_percent(each, name), name) for name, each in self._recordings.items()], value=self._name,
            description="Size:", style={"description_width": "initial", "button_width": "auto"},
        )  # fmt: skip
        self.query = widgets.Combobox(
            options=list(self._numbers), value=next(iter(self._numbers)), ensure_option=True, continuous_update=False,
            description="Query:", placeholder="clear it, then type a word of a question", style=_WIDE,
            layout=widgets.Layout(width="46em"),
        )  # fmt: skip
        self.play = widgets.Play(min=0, max=looks - 1, value=self._look, interval=INTERVAL, description="Play")
        self.look = widgets.IntSlider(
            min=0, max=looks - 1, value=self._look, readout=False, description="Look:", style=_WIDE
        )
        self._step, self.reason = widgets.Label(self._said()), widgets.HTML(self.why())
        widgets.jslink(
            (self.play, "value"), (self.look, "value")
        )  # in the browser: playing asks the kernel once a look
        for control, heard in ((self.size, self._sized), (self.query, self._asked), (self.look, self._looked)):
            control.observe(partial(self._moved, heard), "value")

    def _moved(self, heard: Callable[[Any], None], change: dict[str, Any]) -> None:
        self._put(heard, change["new"])

    def _sized(self, name: str) -> None:
        with self._lock:
            before, self._name = self._recordings[self._name], name
            last = len(self._recordings[self._name].steps) - 1
            now = self.look.value  # where the slider stands by now, not where it stood when this was asked for
            self._look = look = last if now == len(before.steps) - 1 else min(now, last)
        with self._silently():
            self.play.max = self.look.max = last
            self.look.value = look
        self._redraw()
        if self._live:
            self._card.soon(self.card)  # a card takes the page longer than the figure, which is looked at first

    def _asked(self, query: str) -> None:
        with self._lock:
            self._query = self._numbers[query]
        self._redraw()

    def _looked(self, look: int) -> None:
        with self._lock:
            self._look = min(look, len(self._recordings[self._name].steps) - 1)
        self._redraw()

    def _clicked(self, trace: Any, points: Any, _: Any) -> None:
        if points.point_inds:
            number = int(trace.customdata[points.point_inds[0]])
            self.query.value = list(self._numbers)[number]

    def _redraw(self) -> None:
        if self._live:
            self._live.show(self._values)
        self._step.value, self.reason.value = self._said(), self.why()

    def _said(self) -> str:
        with self._lock:
            return f"step {self._recordings[self._name].steps[self._look]:,}"

    def _values(self) -> Values:
        with self._lock:
            name, look, query = self._name, self._look, self._query
            recording = self._recordings[name]
            found = self._comparison(name, look).table
            quality = (float(found["ndcg_a"].mean()), float(found["ndcg_b"].mean())) if self._judged else None
            return theatre_values(recording, self._collection, look, query, name, quality)

    def _prepare(self, name: str) -> None:
        with self._lock:
            self._draw_card(name)
            self._comparison(name, len(self._recordings[name].steps) - 1)

    def _comparison(self, name: str, look: int) -> Comparison:
        """Of all queries at a look: the same for every query."""
        if (name, look) not in self._compared:
            self._compared[name, look] = compared(self._recordings[name], self._collection, look, self._rarest)
        return self._compared[name, look]


def _same_queries(recordings: Mapping[str, Recording]) -> Recording:
    if not recordings:
        raise LabError("no recording to show: give name → recording, e.g. lab.artefacts.sizes()")
    first = next(iter(recordings.values()))
    for name, other in recordings.items():
        if other.query_ids != first.query_ids:
            raise DataError(f"the recording {name!r} is of other queries than the first: record all with one probes=")
    return first


def _largest_first(recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    """From 100 % down; those whose size nobody knows stay in their order."""
    return dict(sorted(recordings.items(), key=lambda item: _share(*item) or 0.0, reverse=True))


def _share(name: str, recording: Recording) -> float | None:
    """Of the teacher's parameters; None where it is not known."""
    if name == TEACHER:
        return 1.0
    sizes = recording.about.get(FACTS, {}).get("parameters")
    return sizes["student"] / sizes["teacher"] if sizes else None


def _percent(recording: Recording, name: str) -> str:
    share = _share(name, recording)
    return name if share is None else f"{share:.0%} · {name}"


def _options(queries: list[str]) -> dict[str, int]:
    """Text → number; a text that comes again gets its number behind it."""
    options: dict[str, int] = {}
    for number, text in enumerate(queries):
        options[text if text not in options else f"{text} ({number})"] = number
    return options
