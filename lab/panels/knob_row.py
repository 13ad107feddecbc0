"""The knobs in a row: the reader's own in the free experiment; a guided one shows what it sets and they hold still."""

from __future__ import annotations

import math
from typing import Any

import ipywidgets as widgets

from lab.config import DistillConfig
from lab.figures.style import escape
from lab.panels import knobs
from lab.panels.knobs import differences

Settings = dict[str, Any]
SHOWN = ("student", "losses.distance", "losses.query_matching", "losses.score", "losses.index_score",
         "losses.temperature", "rate", "epochs")  # settings that a knob stands for  # fmt: skip


class KnobRow:
    """controls: name → dropdown · widget: all of them, and what else an experiment changes"""

    def __init__(self, usual: DistillConfig) -> None:
        self._usual = usual
        style = {"description_width": "initial"}
        self.controls = {
            name: widgets.Dropdown(options=list(at), description=words, style=style)
            for name, (words, at) in knobs.KNOBS.items()
        }
        self._own: Settings = {name: knob.value for name, knob in self.controls.items()}
        self._free = True
        self._row, self.besides = widgets.HBox(list(self.controls.values())), widgets.HTML()
        self._row.layout.flex_flow = "row wrap"
        self.widget = widgets.VBox([self._row, self.besides])

    def values(self) -> Settings:
        """Where the reader's own knobs stand."""
        return {name: knob.value for name, knob in self.controls.items()} if self._free else dict(self._own)

    def show(self, config: DistillConfig | None) -> None:
        """What this config sets, not to be turned, and below it what no knob stands for; without a config the reader's
        own positions again, to be turned."""
        self._own, self._free = self.values(), config is None
        if config is None:
            self._set(self._own, disabled=False)
            self.besides.value = ""
            return
        self._set(positions(self._usual, config), disabled=True)
        others = [f"{name}: {words}" for name, words in differences(self._usual, config).items() if name not in SHOWN]
        self.besides.value = f"<p>and besides: {escape('; '.join(others))}</p>" if others else ""

    def _set(self, wanted: Settings, disabled: bool) -> None:
        for name, knob in self.controls.items():
            at = list(knobs.KNOBS[name][1])
            options = at if wanted[name] in at else [*at, wanted[name]]
            if list(knob.options) != options:
                knob.options = options
            knob.value, knob.disabled = wanted[name], disabled


def positions(usual: DistillConfig, config: DistillConfig) -> Settings:
    """Where the knobs would stand for this config; a factor that is none of a knob's own gets a name of its own."""
    losses = config.losses
    return {
        "size": config.student, "distance": losses.distance, "matching": losses.query_matching, "score": losses.score,
        "index_score": losses.index_score, "temperature": losses.temperature,
        "rate": _named(config.rate / usual.rate, knobs.FACTORS),
        "steps": _named(config.epochs / usual.epochs, knobs.LENGTHS),
    }  # fmt: skip


def _named(factor: float, names: Any) -> str:
    return next((name for name, each in names.items() if math.isclose(each, factor)), f"× {factor:g}")
