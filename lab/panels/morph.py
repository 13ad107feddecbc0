"""The morph strip to click on: pick a row, and the map below shows where that variant lands among real queries.

A thin shell over `morph_map`. Rows are picked by a click on handle or badge, or by keyboard with the buttons above, and
`choose(row)` does the same from code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.morphmap import HANDLES, Landed, morph_map, morph_map_values
from lab.generation.explore import Explorer, Variants
from lab.geometry import landing
from lab.panels.live import LiveFigure, panels_are_live
from lab.panels.shown import Shown
from lab.retrieval import ExactIndex

K = 10  # documents whose places decide where a query lands


class MorphPanel(Shown):
    """Strip and map of one query.

    variants: the rows of the strip · row: the one shown on the map, 0 being the query as asked
    panel: the widgets, None where panels are static

    Raises:
        DataError: another number of positions than of documents.
    """

    def __init__(
        self, explorer: Explorer, positions: Any, query: str, sigmas: Sequence[float], row: int = 0,
        live: bool | None = None,
    ) -> None:  # fmt: skip
        """
        Args:
            positions: (m, 2) of the explorer's documents on a map · sigmas: a row each · row: the one picked.

        Raises:
            DataError: another number of positions than documents, or no such row.
        """
        if len(positions) != len(explorer.documents):
            raise DataError(
                f"{len(positions)} positions for {len(explorer.documents)} documents: give the map of these documents"
            )
        self.variants: Variants = explorer.strip(query, sigmas)
        self._landed = _land(explorer, np.asarray(positions, np.float64), self.variants)
        self.row = self._checked(row)
        if panels_are_live() if live is None else live:
            self._build()

    def choose(self, row: int) -> str:
        """Show where a row lands; returns its text.

        Raises:
            DataError: the strip has no such row.
        """
        shown = self._show(self._checked(row))
        if self.panel is not None:
            with self._silently():
                self.rows.value = self.row
        return shown

    def _show(self, row: int) -> str:
        self.row = row
        if self.panel is not None:
            values = morph_map_values(self.variants, self._landed, self.row)
            # what a choice changes: handles, the line, the row picked; the rest stays as it was drawn
            self._live.show([shown if at in _MOVING else {} for at, shown in enumerate(values)], now=True)
        return (self.variants.source, *self.variants.texts)[self.row]

    def figure(self) -> go.Figure:
        """The static twin: strip and map with the row that is picked."""
        return morph_map(self.variants, self._landed, self.row)

    def _checked(self, row: int) -> int:
        if not 0 <= row <= len(self.variants.texts):
            raise DataError(f"row {row}: the strip has rows 0 (as asked) to {len(self.variants.texts)}")
        return int(row)

    def _build(self) -> None:
        self._live = LiveFigure(self.figure())
        names = ["as asked", *(f"σ {sigma:g}" for sigma in self.variants.sigmas)]
        self.rows = widgets.ToggleButtons(
            options=list(zip(names, range(len(names)), strict=True)), value=self.row, description="on the map",
            style={"description_width": "initial", "button_width": "auto"},
        )  # fmt: skip
        self.rows.observe(lambda change: self._put(self._show, change["new"]), "value")
        for trace in self._live.widget.data[: HANDLES + 1]:
            trace.on_click(self._clicked)
        self.panel = widgets.VBox([self.rows, self._live.widget])

    def _clicked(self, _: Any, points: Any, __: Any) -> None:
        for height in points.ys[:1]:  # a row's number is how far down it stands
            self._put(self.choose, int(height))


_MOVING = (HANDLES, HANDLES + 3, HANDLES + 5)


def _land(explorer: Explorer, positions: np.ndarray, seen: Variants) -> Landed:
    texts = (*explorer.queries, seen.source, *(text or "?" for text in seen.texts))
    index = ExactIndex(explorer.documents, [str(row) for row in range(len(positions))], "cosine")
    run = index.search(explorer.teacher.encode(texts, "query"), [str(at) for at in range(len(texts))], K)
    places, asked = landing(run.rows, run.scores, positions), len(explorer.queries)
    return Landed(positions, places[:asked], explorer.queries, places[asked], places[asked + 1 :])
