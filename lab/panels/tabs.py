"""Several plain figures of the same things behind tabs: one place on the page, several ways to look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from lab.errors import LabError
from lab.panels.live import panels_are_live
from lab.panels.redrawn import RedrawnFigure
from lab.panels.shown import Shown


class Tabs(Shown):
    """Show it in a notebook: a tab a figure; the arrow keys go from one to the next.

    panel: all widgets, None where panels are static

    Raises:
        LabError: no figure, or `above` names none of them.
    """

    def __init__(self, figures: Mapping[str, go.Figure], above: Sequence[str] = (), live: bool | None = None) -> None:
        """
        Args:
            figures: what stands on a tab → its figure.
            above: those that the page shows already, further up: left out where all would stand below one another.
            live: False for the figures alone; by default what `LAB_PANELS` says.
        """
        if strange := set(above) - set(figures):
            raise LabError(f"above={sorted(strange)}: the tabs are {', '.join(figures) or 'none'}")
        if not figures:
            raise LabError("no figure to show: give words on a tab → figure")
        self._figures, self._above = dict(figures), frozenset(above)
        if panels_are_live() if live is None else live:
            shown = [RedrawnFigure(figure).widget for figure in figures.values()]
            self.tabs = widgets.Tab(shown, titles=tuple(figures))
            self.panel = widgets.VBox([self.tabs])

    def figure(self) -> go.Figure:
        """The first of them."""
        return next(iter(self._figures.values()))

    def _twin(self) -> tuple[Any, ...]:
        return tuple(figure for name, figure in self._figures.items() if name not in self._above)
