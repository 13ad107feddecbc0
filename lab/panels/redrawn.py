"""A plain figure that is drawn anew whenever something changes: for pictures that a FigureWidget would be too dear for.

Every FigureWidget brings megabytes of plotly.js to the page; a notebook can afford two. An `Output` whose single output
is replaced costs nothing but the redraw, and can be written from any thread: nothing is captured.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import ipywidgets as widgets
import plotly.graph_objects as go

from lab.panels.live import later

SOON = 0.04  # seconds: a page that got two figures at once would show neither before both are drawn
PLOTLY = "application/vnd.plotly.v1+json"


class RedrawnFigure:
    """Shows one figure at a time. widget: to be put into a panel."""

    def __init__(self, figure: go.Figure, later: Callable[[float, Callable[[], None]], None] = later) -> None:
        """
        Args:
            later: how to be called after so many seconds; for tests.
        """
        self._later = later
        # the height stands, so that the page does not jump while one figure goes and the next comes
        height = figure.layout.height or 450
        self.widget = widgets.Output(layout=widgets.Layout(min_height=f"{int(height) + 20}px"))
        self._lock = threading.Lock()
        self.show(figure)

    def show(self, figure: go.Figure) -> None:
        """Put this figure in place of the last one."""
        shown = {
            "output_type": "display_data",
            "data": {PLOTLY: json.loads(figure.to_json()), "text/plain": "a figure"},
            "metadata": {},
        }
        with self._lock:
            self.widget.outputs = (shown,)
            self._figure = figure

    def soon(self, make: Callable[[], go.Figure]) -> None:
        """Show what `make` returns then, a moment from now: the figure beside it is drawn first."""
        self._later(SOON, lambda: self.show(make()))

    def figure(self) -> go.Figure:
        """What is shown now: the static twin."""
        with self._lock:
            return self._figure
