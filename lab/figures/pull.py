"""How hard ‖t − s‖ and ‖t − s‖² pull at a student, and how each arrives: of one unit vector in Circle World.

Left, gradient lengths by autograd of the lab's own matching term; right, plain gradient descent with a fixed rate.
"""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from lab.figures.style import GREEN, INK, Look, Values, draw
from lab.geometry.circle import descend, pull

ANGLES = tuple(range(0, 181, 4))
START, RATE, STEPS = 100.0, 0.1, 40

# losses are neither teacher nor student; the norm is black as matching is in Circle World
_NORM, _SQUARE = Look("norm", INK, "diamond", "solid"), Look("square", GREEN, "square", "dash")
_PULL = {"mode": "lines", "hovertemplate": "distance %{x:.2f}: pull %{y:.2f}"}
_RIGHT = {"xaxis": "x2", "yaxis": "y2"}
_TRACES: tuple[dict[str, Any], ...] = (
    {"name": "norm, ‖t − s‖", "line": _NORM.line(), **_PULL},
    {"name": "square, ‖t − s‖²", "line": _SQUARE.line(), **_PULL},
    {"name": "norm, along the circle", "line": _NORM.line(1.5) | {"dash": "dot"}, **_PULL},
    {"name": "square, along the circle", "line": _SQUARE.line(1.5) | {"dash": "dashdot"}, **_PULL},
    {
        "name": "norm, descending", "mode": "lines+markers", "line": _NORM.line(), "marker": _NORM.marker(6),
        "showlegend": False, "hovertemplate": "step %{x}: %{y:.3f}", **_RIGHT,
    },
    {
        "name": "square, descending", "mode": "lines+markers", "line": _SQUARE.line(), "marker": _SQUARE.marker(6),
        "showlegend": False, "hovertemplate": "step %{x}: %{y:.3f}", **_RIGHT,
    },
)  # fmt: skip


def pull_figure(start: float = START, rate: float = RATE, steps: int = STEPS) -> go.Figure:
    """Gradient lengths over the distance, and the distance step by step.

    Args:
        start: degrees between the student and its teacher before the first step.
        rate: of both descents · steps: how many.
    """
    return draw(
        _TRACES,
        pull_values(start, rate, steps),
        height=430,
        title={"text": "The norm pulls with one force, its square in proportion to the distance"},
        xaxis={"domain": [0, 0.42], "range": [-0.02, 2.02], "title": {"text": "distance ‖t − s‖"}},
        yaxis={"range": [-0.05, 4.1], "title": {"text": "length of the gradient"}},
        xaxis2={"domain": [0.58, 1], "anchor": "y2", "title": {"text": f"step (rate {rate:g})"}},
        yaxis2={
            "anchor": "x2", "type": "log", "dtick": 1, "title": {"text": "distance ‖t − s‖ (log)", "standoff": 14},
        },
        legend={"y": -0.22, "yanchor": "top"},
        margin={"l": 60, "r": 20, "t": 50, "b": 90},
    )  # fmt: skip


def pull_values(start: float = START, rate: float = RATE, steps: int = STEPS) -> Values:
    """What the six traces show: pull on the vector (norm, square), along the circle (norm, square), two descents."""
    # at distance 0 there is no direction to pull in: the curves begin beside it
    far = [2 * math.sin(math.radians(angle) / 2) for angle in ANGLES[1:]]
    norm, square = ([pull(angle, kind) for angle in ANGLES[1:]] for kind in ("norm", "squared"))
    walks = [descend(start, kind, rate, steps).tolist() for kind in ("norm", "squared")]
    return [
        {"x": far, "y": [free for free, _ in norm]},
        {"x": far, "y": [free for free, _ in square]},
        {"x": far, "y": [along for _, along in norm]},
        {"x": far, "y": [along for _, along in square]},
        *({"x": list(range(steps + 1)), "y": walk} for walk in walks),
    ]
