"""The dartboard: the teacher at the centre, each query as far out as its distance over its safe radius.

No projection: both numbers are measured in all dimensions. Inside the disc of radius 1 the teacher's top document is
kept, provably (`lab.geometry.safe_radius`); outside it may be lost, and the colour says whether it was. Distances are
drawn as they are up to 1 and on a log scale beyond, because safe radii differ a thousandfold. The angle means nothing:
it is the query's number, so that a dart flies straight towards the centre as training goes on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import (
    GREY,
    INK,
    PALE,
    SMALL,
    STUDENT,
    TEACHER,
    VERMILLION,
    Values,
    draw,
    escape,
    shorten,
    tint,
)
from lab.recording import Recording

Floats = npt.NDArray[np.float64]
RIM = 100.0  # a dart farther out is drawn on the rim
DISC = 0.25  # of the picture's radius: where a ratio of 1 is drawn
RINGS = (2, 5, 10, 20, 50)
ALONG = 91  # points of a circle
GAP = 0.15  # radians left free on either side of the top, where the rings' numbers stand
KEPT, LOST = 5, 6  # traces with the darts; their customdata is the query's number

_LABELS = {"size": 11, "color": GREY}
_TRACES: tuple[dict[str, Any], ...] = (
    {"name": "rings", "mode": "lines", "line": {"color": PALE, "width": 1}, "hoverinfo": "skip", "showlegend": False},
    {
        "name": "labels", "mode": "text", "textfont": _LABELS, "textposition": "top center", "hoverinfo": "skip",
        "showlegend": False,
    },
    {
        "name": "top document provably kept", "mode": "lines", "fill": "toself",
        "fillcolor": tint(TEACHER.colour, 0.18), "line": TEACHER.line(1.5), "hoverinfo": "skip",
    },
    {"name": "median before training", "mode": "lines", "line": {"color": GREY, "dash": "dot", "width": 2},
     "hoverinfo": "skip"},
    {"name": "median now", "mode": "lines", "line": STUDENT.line(), "hoverinfo": "skip"},
    {
        "name": "kept the teacher's top document", "mode": "markers", "marker": STUDENT.marker(9, opacity=0.85),
        "hovertemplate": "%{text}<extra>kept</extra>", "cliponaxis": False,
    },
    {
        "name": "lost it", "mode": "markers", "cliponaxis": False,
        "marker": {"color": VERMILLION, "symbol": "x", "size": 8, "line": {"color": INK, "width": 0.5}},
        "hovertemplate": "%{text}<extra>lost</extra>",
    },
    {"name": "teacher", "mode": "markers", "marker": TEACHER.marker(), "hoverinfo": "skip"},
    {
        "name": "chosen", "mode": "markers", "hoverinfo": "skip", "showlegend": False, "cliponaxis": False,
        "marker": {"color": INK, "symbol": "circle-open", "size": 18, "line": {"color": INK, "width": 2.5}},
    },
)  # fmt: skip
AXIS = {"range": [-1.08, 1.08], "visible": False, "fixedrange": True}


def dartboard(recording: Recording, look: int = -1, chosen: int | None = None, title: str | None = None) -> go.Figure:
    """One look at all probe queries.

    Args:
        look: position among `recording.steps`; negative ones count from the end, as in a list.
        chosen: position of a query to ring.

    Raises:
        DataError: no such look or query.
    """
    values, words = dartboard_values(recording, look, chosen), dartboard_words(recording, look)
    head = title or f"Dartboard at step {recording.steps[look]:,}"
    return draw(
        _TRACES,
        values,
        height=560,
        title={"text": f"{escape(head)}<br><sup>{' · '.join(words)}</sup>"},
        xaxis=AXIS,
        yaxis=AXIS | {"scaleanchor": "x"},
        legend={
            "orientation": "v", "x": 1.0, "xanchor": "left", "y": 0.5, "yanchor": "middle", "itemclick": False,
            "itemdoubleclick": False,
            "title": {"text": "From the centre: ‖t − s‖ as<br>multiples of the safe radius,<br>log scale beyond 1<br>",
                      "font": {"size": SMALL}},
        },
        margin={"l": 20, "r": 20, "t": 70, "b": 20},
    )  # fmt: skip


def dartboard_values(recording: Recording, look: int = -1, chosen: int | None = None) -> Values:
    """What the nine traces of `dartboard` show: rings, their labels, disc, medians, darts kept and lost, teacher, ring.

    Raises:
        DataError: no such look or query.
    """
    check_place(recording, look, chosen)
    out, kept = ratios(recording)[look], keeps(recording)[look]
    darts = _place(out)  # (P, 2)
    words = [
        f"{escape(shorten(query, 70))}<br>‖t − s‖ {distance:.3f}, safe radius {radius:.3f}: ratio {ratio:.1f}"
        for query, distance, radius, ratio in zip(
            recording.queries, recording.distances[look], recording.radius, out, strict=True
        )
    ]

    def shown(rows: npt.NDArray[np.int64]) -> dict[str, Any]:
        return {
            "x": darts[rows, 0].tolist(), "y": darts[rows, 1].tolist(), "text": [words[row] for row in rows],
            "customdata": rows.tolist(),
        }  # fmt: skip

    ring = [] if chosen is None else [chosen]
    return [
        _circles([*RINGS, RIM]),
        {
            "x": [0.0] * (len(RINGS) + 2), "y": _scale(np.array([1, *RINGS, RIM])).tolist(),
            "text": ["1", *map(str, RINGS), f"≥ {RIM:.0f}"],
        },
        _circles([1.0]),
        _circles([float(np.median(ratios(recording)[0]))]),
        _circles([float(np.median(out))]),
        shown(np.flatnonzero(kept)),
        shown(np.flatnonzero(~kept)),
        {"x": [0.0], "y": [0.0]},
        {"x": darts[ring, 0].tolist(), "y": darts[ring, 1].tolist()},
    ]  # fmt: skip


def dartboard_words(recording: Recording, look: int = -1) -> list[str]:
    """The same in numbers: how many are inside the disc, how many kept their document, the median ratio."""
    out, kept = ratios(recording)[look], keeps(recording)[look]
    return [
        f"{int((out < 1).sum())} of {len(out)} queries inside the disc",
        f"{int(kept.sum())} kept the top document",
        f"median ratio {np.median(out):.1f} (before training {np.median(ratios(recording)[0]):.1f})",
    ]


def ratios(recording: Recording) -> Floats:
    """(K, P) ‖t − s‖ / safe radius; infinite where a tie leaves no radius and the student is not exactly in place."""
    radius = recording.radius[None, :].astype(np.float64)
    far = recording.distances.astype(np.float64)
    empty = np.where(far > 0, np.inf, 0.0)  # a radius of 0: no room at all
    return np.divide(far, radius, out=empty, where=np.broadcast_to(radius > 0, far.shape))


def keeps(recording: Recording) -> npt.NDArray[np.bool_]:
    """(K, P) whether the student's first document is the teacher's first."""
    return recording.rows[:, :, 0] == recording.teacher_rows[None, :, 0]


def check_place(recording: Recording, look: int, query: int | None) -> None:
    """There is such a look, and such a query.

    Raises:
        DataError: there is not.
    """
    looks, queries = recording.distances.shape
    if not -looks <= look < looks or (query is not None and not 0 <= query < queries):
        raise DataError(f"look {look}, query {query}: this recording has {looks} looks at {queries} queries")


def _scale(ratio: Floats) -> Floats:
    """Ratio → radius in the picture, 0 to 1: straight to 1, then a log scale, continuous, cut at the rim."""
    outside = np.log(np.clip(ratio, 1.0, RIM)) / np.log(RIM)
    return DISC * np.minimum(ratio, 1.0) + (1 - DISC) * outside


def _place(ratio: Floats) -> Floats:
    """(P,) → (P, 2): evenly round the board in the order of the queries, clockwise from the top."""
    angle = GAP + (2 * np.pi - 2 * GAP) * (np.arange(len(ratio)) + 0.5) / len(ratio)
    return _scale(ratio)[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])


def _circles(ratio: list[float]) -> dict[str, Any]:
    angle = np.linspace(0, 2 * np.pi, ALONG)
    x: list[float | None] = []
    y: list[float | None] = []
    for radius in _scale(np.array(ratio)):
        x += [*(radius * np.sin(angle)).tolist(), None]
        y += [*(radius * np.cos(angle)).tolist(), None]
    return {"x": x[:-1], "y": y[:-1]}
