"""The panel of Circle World, moved by its slider's trait, without a browser."""

from __future__ import annotations

import ipywidgets as widgets
import pytest

from lab.figures.circle import circle_figure
from lab.geometry.circle import circle_world, turn
from lab.panels.circle import turn_both_towers
from lab.panels.redrawn import PLOTLY
from lab.panels.shown import STILL


def drawn(panel) -> dict:
    (output,) = panel.panel.children[1].outputs
    return output["data"][PLOTLY]


def test_the_slider_turns_what_is_shown() -> None:
    panel = turn_both_towers(0, live=True)
    assert "8 of 8 in the teacher's index" in drawn(panel)["layout"]["title"]["text"]
    panel.slider.value = 40
    wanted = circle_figure(turn(circle_world(), 40))
    assert drawn(panel)["layout"]["title"]["text"] == wanted.layout.title.text == panel.figure().layout.title.text
    assert drawn(panel)["data"][6]["x"] == list(wanted.data[6].x)
    assert "score loss 0.000" in wanted.layout.title.text
    assert "0 of 8 in the teacher's index" in wanted.layout.title.text


def test_a_turn_computes_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The curves are those of every angle and are kept, so that a redraw takes hundredths of a second."""
    panel = turn_both_towers(0, live=True)
    asked: list[float] = []

    def spy(world, degrees):
        asked.append(degrees)
        return turn(world, degrees)

    monkeypatch.setattr("lab.panels.circle.turn", spy)
    monkeypatch.setattr("lab.figures.circle.turn", spy)
    for degrees in (10, 50, 90):
        panel.slider.value = degrees
    assert asked == [10, 50, 90]


def test_it_is_no_figure_widget_and_the_slider_can_be_read() -> None:
    panel = turn_both_towers(live=True)
    assert type(panel.panel.children[1]) is widgets.Output
    assert panel.slider.style.description_width == "initial" and (panel.slider.min, panel.slider.max) == (0, 180)
    panel.slider.value = 999
    assert panel.slider.value == 180


def test_the_static_twin_is_the_figure_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, displayed: list
) -> None:
    monkeypatch.setenv("LAB_PANELS", "static")
    still = turn_both_towers(30)
    still._ipython_display_()
    assert still.panel is None and displayed[0].layout.title.text.startswith("Both towers turned by 30°")
    monkeypatch.setenv("LAB_PANELS", "live")
    turn_both_towers(30)._ipython_display_()
    assert displayed[1] == {"text/plain": STILL} and isinstance(displayed[2], widgets.VBox)
