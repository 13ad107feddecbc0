"""Circle World drawn: both towers turned, the lists that break, and what the two kinds of loss say of every angle.

Everything lies on the unit circle, so that nothing is lost in projection: what looks far is far.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.figures.style import (
    BODY,
    DOCUMENT,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    STUDENT,
    TEACHER,
    VERMILLION,
    Values,
    draw,
)
from lab.geometry.circle import CircleWorld, Turned, on_circle, turn

REACH, MARK = 1.2, 1.13  # half the width of the picture; how far out a query's mark stands
ANGLES = tuple(range(0, 181, 3))  # at which the curves are computed
_CURVES = {"xaxis": "x2", "yaxis": "y2", "showlegend": False}
_KEPT = {"xaxis": "x2", "yaxis": "y3", "showlegend": False}
_WORDS = {"mode": "text", "hoverinfo": "skip", "cliponaxis": False}
_OPEN = {"color": ORANGE, "symbol": "triangle-up-open", "size": 10, "line": {"width": 2}}
_TRACES: tuple[dict[str, Any], ...] = (
    {"name": "circle", "mode": "lines", "line": {"color": PALE}, "hoverinfo": "skip", "showlegend": False},
    {
        "name": "finds the teacher's document", "mode": "lines+markers", "line": {"color": GREEN, "width": 3},
        "marker": {"color": GREEN, "symbol": "circle", "opacity": 1}, "hoverinfo": "skip", "cliponaxis": False,
    },
    {
        "name": "finds another one", "mode": "lines+markers",
        "line": {"color": VERMILLION, "width": 3, "dash": "dot"},
        "marker": {"color": VERMILLION, "symbol": "x", "opacity": 1}, "hoverinfo": "skip", "cliponaxis": False,
    },
    {
        "name": "document, teacher", "mode": "markers", "marker": DOCUMENT.marker(12, line={"width": 2}),
        "hovertemplate": "document %{customdata}, teacher's place<extra></extra>", "cliponaxis": False,
    },
    {
        "name": "document, student", "mode": "markers", "marker": _OPEN,
        "hovertemplate": "document %{customdata}, student's place<extra></extra>", "cliponaxis": False,
    },
    {
        "name": "query, teacher", "mode": "markers", "marker": TEACHER.marker(),
        "hovertemplate": "query %{customdata}, teacher<extra></extra>", "cliponaxis": False,
    },
    {
        "name": "query, student", "mode": "markers", "marker": STUDENT.marker(13),
        "hovertemplate": "query %{customdata}, student<extra></extra>", "cliponaxis": False,
    },
    {
        "name": "score loss", "mode": "lines", "line": {"color": PURPLE, "width": 2.5, "dash": "dash"},
        "hovertemplate": "%{x}°: score loss %{y:.3f}<extra></extra>", **_CURVES,
    },
    {
        "name": "matching loss", "mode": "lines", "line": {"color": INK, "width": 2.5},
        "hovertemplate": "%{x}°: matching loss %{y:.3f}<extra></extra>", **_CURVES,
    },
    {
        "name": "now", "mode": "markers", **_CURVES,
        "marker": {"color": [PURPLE, INK], "symbol": ["cross", "diamond"], "size": 11},
    },
    {"name": "names of the losses", "textposition": "top right", "textfont": {"color": INK}, **_WORDS, **_CURVES},
    {
        "name": "in its own documents", "mode": "lines", "line": {"color": GREEN, "width": 2.5},
        "hovertemplate": "%{x}°: %{y} in its own documents<extra></extra>", **_KEPT,
    },
    {
        "name": "in the teacher's index", "mode": "lines",
        "line": {"color": VERMILLION, "width": 2.5, "dash": "dot", "shape": "hv"},
        "hovertemplate": "%{x}°: %{y} in the teacher's index<extra></extra>", **_KEPT,
    },
    {"name": "kept now", "mode": "markers", "marker": {"color": [GREEN, VERMILLION], "size": 11}, **_KEPT},
    {"name": "names of the indexes", "textposition": "middle left", "textfont": {"color": INK}, **_WORDS, **_KEPT},
)  # fmt: skip


def circle_figure(turned: Turned) -> go.Figure:
    """The circle with both towers turned, losses and lists beside it."""
    count = len(turned.queries)
    facts = (
        f"score loss {turned.score_loss:.3f} · matching loss {turned.matching_loss:.3f} · top document kept:"
        f" {turned.kept_in_own} of {count} in its own documents, {turned.kept} of {count} in the teacher's index"
    )
    plain = {"showgrid": False, "visible": False, "fixedrange": True}
    return draw(
        _TRACES,
        circle_values(turned),
        height=500,
        title={"text": f"Both towers turned by {turned.degrees:g}°<br><sup>{facts}</sup>"},
        xaxis={"domain": [0, 0.5], "range": [-REACH, REACH], "constrain": "domain", **plain},
        yaxis={"domain": [0, 1], "range": [-REACH, REACH], "scaleanchor": "x", "constrain": "domain", **plain},
        xaxis2={
            "domain": [0.62, 1], "anchor": "y3", "range": [-3, 183], "tickvals": [0, 45, 90, 135, 180],
            "title": {"text": "both towers turned by (°)"},
        },
        yaxis2={"domain": [0.56, 1], "anchor": "x2", "range": [-0.15, 2.3], "title": {"text": "loss"}},
        yaxis3={
            "domain": [0, 0.44], "anchor": "x2", "range": [-0.06 * count, 1.12 * count],
            "title": {"text": "top documents kept"},
        },
        font={"size": BODY},
        legend={"orientation": "v", "x": 0.25, "xanchor": "center", "y": 0.5, "yanchor": "middle"},
        margin={"l": 20, "r": 20, "t": 70, "b": 60},
    )  # fmt: skip


def circle_values(turned: Turned) -> Values:
    """What the fifteen traces of `circle_figure` show: the circle's seven, the losses' four, the lists' four."""
    angles, losses, matches, own, kept = _curves(turned.world)
    found = turned.world.documents[turned.top]
    same = turned.top == turned.teacher_top
    count, now = len(turned.queries), min(max(turned.degrees, 0), 180)
    return [
        _places(on_circle(np.linspace(0, 360, 121))),
        _chords(turned.queries[same], found[same]),
        _chords(turned.queries[~same], found[~same]),
        _places(turned.world.documents, named=True),
        _places(turned.documents, named=True),
        _places(turned.world.queries, named=True),
        _places(turned.queries, named=True),
        {"x": angles, "y": losses},
        {"x": angles, "y": matches},
        {"x": [now, now], "y": [turned.score_loss, turned.matching_loss]},
        {"x": [100, 2], "y": [0.08, 1.4], "text": ["score loss", "matching loss"]},
        {"x": angles, "y": own},
        {"x": angles, "y": kept},
        {"x": [now, now], "y": [turned.kept_in_own, turned.kept]},
        {
            "x": [180, 180], "y": [0.88 * count, 0.1 * count],
            "text": ["in its own documents", "in the teacher's index"],
        },
    ]  # fmt: skip


@cache
def _curves(world: CircleWorld) -> tuple[list[float], ...]:
    """angles, score loss, matching loss, kept in own, kept in the teacher's index: the same for every position."""
    turns = [turn(world, degrees) for degrees in ANGLES]
    return (
        [float(each) for each in ANGLES],
        [each.score_loss for each in turns],
        [each.matching_loss for each in turns],
        [each.kept_in_own for each in turns],
        [each.kept for each in turns],
    )


def _places(vectors: np.ndarray, named: bool = False) -> dict[str, Any]:
    shown = {"x": vectors[:, 0].tolist(), "y": vectors[:, 1].tolist()}
    return shown | ({"customdata": list(range(1, len(vectors) + 1))} if named else {})


def _chords(queries: np.ndarray, documents: np.ndarray) -> dict[str, Any]:
    """A line from each query to the document it finds, and a mark outside the circle beside the query."""
    points = [
        point
        for query, document in zip(queries, documents, strict=True)
        for point in ((*(MARK * query), 10), (None, None, 0), (*query, 0), (*document, 0), (None, None, 0))
    ] or [(None, None, 0)]  # so that the legend keeps its entry
    x, y, sizes = zip(*points, strict=True)
    return {"x": list(x), "y": list(y), "marker": {"size": list(sizes)}}
