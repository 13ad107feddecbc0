"""Same query, change the document: the point moves. Below it, any pair token by token, in all three encoders' eyes.

Every control works by keyboard. `PairPanel.choose` and `PairPanel.look` do from code what the controls do.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from lab.cross.explore import PairExplorer, View
from lab.errors import DataError, LabError
from lab.figures.heat import token_heat, token_influence
from lab.figures.moved import moved_query
from lab.figures.style import escape, shorten
from lab.panels.live import panels_are_live
from lab.panels.redrawn import RedrawnFigure
from lab.panels.shown import Shown

_WIDE = {"description_width": "initial"}


class PairPanel(Shown):
    """The panel.

    case, place: which query and which of its documents are chosen · view: the pair looked into
    panel: the widgets, None where panels are static
    """

    def __init__(
        self, explorer: PairExplorer, share: float, case: int = 0, place: int = 0, live: bool | None = None
    ) -> None:
        """share: of the variance, over many queries, that no single vector a query can match; told in the title."""
        self._explorer, self._share, self.case, self.place = explorer, share, case, place
        self.view: View = self._chosen_pair()
        if not (panels_are_live() if live is None else live):
            return
        options = [(shorten(each.query, 90), number) for number, each in enumerate(explorer.cases)]
        last = len(explorer.cases[case].rows) - 1
        self.query = widgets.Dropdown(options=options, value=case, description="query", style=_WIDE,
                                      layout=widgets.Layout(width="720px"))  # fmt: skip
        self.document = widgets.IntSlider(value=place, min=0, max=last, description="document", style=_WIDE,
                                          continuous_update=False, layout=widgets.Layout(width="520px"))  # fmt: skip
        area = widgets.Layout(width="720px")
        self.typed_query = widgets.Text(value=self.view.query, description="your query", style=_WIDE, layout=area,
                                        continuous_update=False)  # fmt: skip
        self.typed_document = widgets.Textarea(value=self.view.document, description="your document", style=_WIDE,
                                               layout=area, continuous_update=False)  # fmt: skip
        self.words = widgets.HTML(words_of(self.view))
        self._moved = RedrawnFigure(self.figure())
        self._heats = {scorer: RedrawnFigure(self.heat(scorer)) for scorer in ("dual", "cls")}
        self.query.observe(lambda change: self._put(self._show, change["new"], 0), names="value")
        self.document.observe(lambda change: self._put(self._other_document, change["new"]), names="value")
        for control in (self.typed_query, self.typed_document):
            control.observe(self._typed, names="value")
        self.panel = widgets.VBox([self.query, self.document, self._moved.widget, self.typed_query,
                                   self.typed_document, self.words,
                                   *(heat.widget for heat in self._heats.values())])  # fmt: skip

    def choose(self, case: int, place: int) -> None:
        """Another query, or another of its documents; the pair below follows."""
        self._show(case, place)
        if self.panel is not None:
            with self._silently():
                self.query.value, self.document.value = case, place

    def _show(self, case: int, place: int) -> None:
        """The same for a control, which is left where it stands: it may have been moved on by now."""
        if (case, place) == (self.case, self.place):
            return
        another, self.case, self.place = case != self.case, case, place
        if self.panel is not None:
            if another:  # whose documents are counted anew
                with self._silently():
                    self.document.max, self.document.value = len(self._explorer.cases[case].rows) - 1, place
            self._moved.show(self.figure())
        self.look(self._explorer.cases[case].query, self._explorer.document(case, place))

    def look(self, query: str, document: str) -> View:
        """Look into any pair; what cannot be read is said in the panel, and raised where there is none."""
        view = self._look(query, document)
        if self.panel is not None and (query, document) == (view.query, view.document):
            with self._silently():
                self.typed_query.value, self.typed_document.value = query, document
        return view

    def _look(self, query: str, document: str) -> View:
        if (query, document) == (self.view.query, self.view.document):
            return self.view
        try:
            self.view = self._explorer.view(query, document)
        except LabError as error:
            if self.panel is None:
                raise
            self.words.value = f"<p>{escape(str(error))}</p>"
            return self.view
        if self.panel is not None:
            self.words.value = words_of(self.view)
            for scorer, heat in self._heats.items():
                heat.show(self.heat(scorer))
        return self.view

    def _typed(self, _: Any) -> None:
        self._put(self._look, self.typed_query.value, self.typed_document.value)

    def _other_document(self, place: int) -> None:
        self._show(self.case, place)

    def figure(self) -> go.Figure:
        """Where the chosen query's vector goes: the static twin."""
        seen = self._explorer.moved(self.case)
        return moved_query(seen.vectors, seen.teacher, seen.names, seen.relevant, seen.query, self._share, self.place)

    def heat(self, scorer: str = "dual") -> go.Figure:
        """The pair token by token, as `dual` or `cls` has it.

        Raises:
            DataError: another scorer.
        """
        if scorer == "cls":
            seen, title = self.view.cls, "What each token adds to the score of cls (gradient × input)"
            return token_influence(seen.query_tokens, seen.document_tokens, seen.query, seen.document, title)
        if scorer != "dual":
            raise DataError(f"no scorer {scorer!r}: choose 'dual' or 'cls'")
        title = "Query tokens (rows) and document tokens, as the dual scorer leaves them"
        return token_heat(self.view.query_tokens, self.view.document_tokens, self.view.cosines, title)

    def _chosen_pair(self) -> View:
        return self._explorer.view(
            self._explorer.cases[self.case].query, self._explorer.document(self.case, self.place)
        )


def words_of(view: View) -> str:
    """The scores of a pair, as a line of HTML."""
    told = " · ".join(f"{escape(name)} <b>{score:.3f}</b>" for name, score in view.scores.items())
    return f"<p>{told} (the score of cls has no scale of its own: it only orders)</p>"
