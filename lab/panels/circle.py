"""Circle World under the hand: one slider turns both towers of the student."""

from __future__ import annotations

import ipywidgets as widgets
import plotly.graph_objects as go

from lab.figures.circle import circle_figure
from lab.geometry.circle import CircleWorld, circle_world, turn
from lab.panels.live import panels_are_live
from lab.panels.redrawn import RedrawnFigure
from lab.panels.shown import Shown

MOST = 180  # degrees


class CirclePanel(Shown):
    """A slider over `circle_figure`. Show it in a notebook; by keyboard: Tab to the slider, then the arrows.

    slider: its value is the angle · panel: the widgets, None where panels are static
    """

    def __init__(self, world: CircleWorld, degrees: int, live: bool | None = None) -> None:
        self._world = world
        self.slider = widgets.IntSlider(
            value=degrees, min=0, max=MOST, step=1, description="turn both towers by (°)", continuous_update=False,
            style={"description_width": "initial"}, layout=widgets.Layout(width="520px"),
        )  # fmt: skip
        if panels_are_live() if live is None else live:
            self._shown = RedrawnFigure(self.figure())
            self.panel = widgets.VBox([self.slider, self._shown.widget])
            self.slider.observe(lambda _: self._put(self._turn), names="value")

    def figure(self) -> go.Figure:
        """The static twin: the world at the slider's angle."""
        return circle_figure(turn(self._world, self.slider.value))

    def _turn(self) -> None:
        self._shown.show(self.figure())


def turn_both_towers(degrees: int = 0, world: CircleWorld | None = None, live: bool | None = None) -> CirclePanel:
    """The panel of Circle World.

    Args:
        degrees: where the slider starts, 0 to 180.
        world: a teacher of your own; by default `circle_world()`.
        live: False for the figure alone; by default what `LAB_PANELS` says.
    """
    return CirclePanel(circle_world() if world is None else world, degrees, live)
