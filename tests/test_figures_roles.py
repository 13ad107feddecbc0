"""Blue circles are the teacher, orange triangles the student: what is neither of them looks otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from lab.figures import (
    arms_figure,
    bound_scatter,
    coverage_curves,
    gap_bars,
    gap_scatter,
    guarantee_curve,
    noise_curve,
    pull_figure,
)
from lab.figures.circle import circle_figure
from lab.figures.style import BLUE, CATEGORIES, ORANGE, STUDENT, TEACHER
from lab.geometry.circle import circle_world, turn
from tests.test_figures_bounds import BOUND, pairs

STUDY = json.loads((Path(__file__).resolve().parents[1] / "docs" / "generated.json").read_text(encoding="utf-8"))
KEPT = {"value": 0.8, "low": 0.7, "high": 0.9}
RADII = np.linspace(0, 1, 3)
# figure → names of the traces that are teacher or student
FIGURES: dict[str, tuple[go.Figure, set[str]]] = {
    "pull": (pull_figure(), set()),
    "arms": (arms_figure(STUDY), set()),
    "circle": (circle_figure(turn(circle_world(), 25)), {"query, teacher", "query, student", "document, student"}),
    "bound": (bound_scatter(*pairs()), set()),
    "terms": (gap_bars(BOUND), {"Δ, the teacher's own difference"}),
    "guarantee": (guarantee_curve([0.1], [0.2], [0.9]), set()),
    "gap": (gap_scatter([{"changes": {"collection": "wiki"}, "distance": 0.5, "gap": 0.1}]), set()),
    "noise": (noise_curve([{"sigma": 1, "top document kept": KEPT, "words edited": 0, "rebuilt exactly": 1}]), set()),
}


def colours(value: Any) -> Iterator[str]:
    """Every colour that is said anywhere in a trace."""
    for name, part in value.items() if isinstance(value, dict) else ():
        if name.endswith("color") and not isinstance(part, dict):
            yield from [part] if isinstance(part, str) else map(str, part)
        elif isinstance(part, dict):
            yield from colours(part)


@pytest.mark.parametrize("name", FIGURES)
def test_their_colours_stand_on_them_alone(name: str) -> None:
    figure, roles = FIGURES[name]
    found = {trace.name for trace in figure.data if {BLUE, ORANGE} & set(colours(trace.to_plotly_json()))}
    assert found == roles


def test_the_check_finds_a_colour_wherever_it_is() -> None:
    deep = {"error_y": {"color": BLUE}, "marker": {"color": [ORANGE, "#000"], "line": {"color": "#111"}}, "mode": "x"}
    assert set(colours(deep)) == {BLUE, ORANGE, "#000", "#111"}


def test_where_every_colour_is_needed_their_markers_are_not_used() -> None:
    assert (TEACHER.colour, TEACHER.symbol, STUDENT.colour, STUDENT.symbol) == (BLUE, "circle", ORANGE, "triangle-up")
    figure = coverage_curves(RADII, {str(number): RADII for number in range(len(CATEGORIES))})
    symbols = {trace.marker.color: trace.marker.symbol for trace in figure.data}
    assert symbols[BLUE] != "circle" and not symbols[ORANGE].startswith("triangle") and len(symbols) == 7
