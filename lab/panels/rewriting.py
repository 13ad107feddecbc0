"""Type a query, turn the noise up: the variants in words, and where they land among real queries.

Every control works by keyboard. What the panel shows, `Explorer.variants` and `variant_distances` show too, without it.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from lab.errors import LabError
from lab.figures.generation import variant_distances, variant_distances_values
from lab.figures.morph import marked
from lab.figures.style import BLUE, VERMILLION, escape, shorten
from lab.generation import NoiseSettings
from lab.generation.explore import Explorer, Variants
from lab.panels.live import LiveFigure, panels_are_live
from lab.panels.shown import Shown

SIGMAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
_WIDE = {"description_width": "initial"}


class Rewriting(Shown):
    """The panel. `choose(query, sigma)` does from code what the controls do.

    variants: what is shown · panel: the widgets, None where panels are static
    """

    def __init__(
        self,
        explorer: Explorer,
        query: str | None = None,
        sigma: float = NoiseSettings().sigma,
        live: bool | None = None,
    ) -> None:
        self._explorer = explorer
        self.variants: Variants = explorer.variants(query or explorer.queries[0], sigma)
        if not (panels_are_live() if live is None else live):
            return
        options = tuple(sorted({*SIGMAS, sigma}))
        self._query = widgets.Combobox(
            value=self.variants.source, options=list(explorer.queries), description="query", ensure_option=False,
            continuous_update=False, style=_WIDE, layout=widgets.Layout(width="620px"),
        )  # fmt: skip
        self._sigma = widgets.SelectionSlider(
            value=sigma, options=options, description="σ", continuous_update=False, style=_WIDE
        )
        self._words = widgets.HTML(words_of(self.variants))
        self._live = LiveFigure(self.figure())
        for control in (self._query, self._sigma):
            control.observe(lambda _: self._put(self._follow), names="value")
        self.panel = widgets.VBox([self._query, self._sigma, self._words, self._live.widget])

    def choose(self, query: str, sigma: float) -> Variants:
        """Make and show the variants of another query, or at another σ; an empty query changes nothing."""
        if query.strip() and (query, sigma) != (self.variants.source, self.variants.sigmas[0]):
            try:
                self.variants = self._explorer.variants(query.strip(), sigma)
            except LabError as error:
                if self.panel is None:
                    raise
                self._words.value = f"<p>{escape(str(error))}</p>"
                return self.variants
            if self.panel is not None:
                self._words.value = words_of(self.variants)
                self._live.show(lambda: variant_distances_values(*_arguments(self.variants)))
        return self.variants

    def _follow(self) -> None:
        self.choose(self._query.value, self._sigma.value)

    def figure(self) -> go.Figure:
        """Where the variants land, as a plain figure: the static twin."""
        return variant_distances(*_arguments(self.variants))

    def _twin(self) -> tuple[Any, ...]:
        return Words(self.variants), self.figure()


class Words:
    """The variants in words, for a notebook without widgets."""

    def __init__(self, variants: Variants) -> None:
        self._variants = variants

    def __repr__(self) -> str:
        marks = ["same" if good else "drifted" for good in self._variants.kept]
        return "\n".join(f"{mark:8}{text}" for mark, text in zip(marks, self._variants.texts, strict=True))

    def _repr_html_(self) -> str:
        return words_of(self._variants)


def words_of(variants: Variants) -> str:
    """The variants as an HTML list: changed words marked, and whether the best document is the same."""
    rows = []
    for text, good, found in zip(variants.texts, variants.kept, variants.found, strict=True):
        words = " ".join(
            f'<b><u style="color:{VERMILLION}">{escape(word)}</u></b>' if changed else escape(word)
            for word, changed in marked(variants.source, text)
        )
        colour, badge = (BLUE, "● same") if good else (VERMILLION, f"✕ {escape(shorten(found))}")
        rows.append(f'<tr><td style="color:{colour}">{badge}</td><td>{words}</td></tr>')
    head = f"<p>top document of “{escape(variants.source)}”: <b>{escape(variants.top)}</b></p>"
    return f"{head}<table>{''.join(rows)}</table>"


def _arguments(variants: Variants) -> tuple:
    return variants.texts, variants.own, variants.other, variants.kept, variants.neighbours
