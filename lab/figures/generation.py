"""Where made queries stand among observed ones: coverage curves, what σ does, and where the variants of one land.

Distances are the teacher's own, in all its dimensions: nothing is projected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import CATEGORIES, GREEN, GREY, INK, PURPLE, TEACHER, VERMILLION, Look, Values, draw, escape

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
_SYMBOLS = ("hexagon", "pentagon", "square", "diamond", "cross", "star", "x")
MARKS = 7  # markers on a curve: a cue beside colour and dash
_KEPT, _EDITED = Look("kept", GREEN, "square", "solid"), Look("edited", PURPLE, "diamond", "dash")


def coverage_curves(
    radii: Any, curves: Mapping[str, Any], title: str = "How much of what will be asked lies near something trained on"
) -> go.Figure:
    """Share of held-out queries that have one of a pool within a distance, a curve a pool.

    Args:
        radii: (k,) distances ‖a − b‖ of unit vectors · curves: name → (k,) shares, 0 to 1; at most seven.

    Raises:
        DataError: no curve, too many, or another length than the radii.
    """
    x = np.asarray(radii, dtype=np.float64)
    if not 1 <= len(curves) <= len(CATEGORIES) or any(np.shape(curve) != x.shape for curve in curves.values()):
        raise DataError(
            f"curves of {[np.shape(c) for c in curves.values()]} over {x.shape} radii: give one to seven, each as long"
            " as the radii"
        )
    traces = [
        {
            "name": name, "mode": "lines+markers", "line": {"color": colour, "dash": dash, "width": 2.5},
            "marker": {
                "symbol": symbol, "size": 9, "color": colour, "line": {"color": INK, "width": 1},
                "maxdisplayed": MARKS,
            },
            "hovertemplate": "within %{x:.2f}: %{y:.0%}",
        }
        for name, colour, dash, symbol in zip(curves, CATEGORIES, _DASHES, _SYMBOLS, strict=False)
    ]  # fmt: skip
    return draw(
        traces,
        [{"x": x.tolist(), "y": np.asarray(curve, dtype=np.float64).tolist()} for curve in curves.values()],
        height=450,
        title={"text": title, "y": 0.97, "yanchor": "top"},
        margin={"l": 60, "r": 30, "t": 105, "b": 50},  # room for a legend of two rows
        xaxis={"title": {"text": "distance to the nearest query of the pool (0: same place)"}},
        yaxis={"range": [-0.02, 1.05], "tickformat": ".0%", "title": {"text": "held-out queries covered"}},
    )


def noise_curve(rows: Sequence[Mapping[str, Any]], chosen: float | None = None) -> go.Figure:
    """What σ does: the share of queries that keep their top document, with its interval, and the share of words edited.

    Args:
        rows: of docs/generation.json, one a σ · chosen: the default σ, drawn as a line.

    Raises:
        DataError: no row.
    """
    if not rows:
        raise DataError("no row to draw: run benchmarks/generation.py")
    x = [row["sigma"] for row in rows]
    kept = [row["top document kept"] for row in rows]
    values = [[each[part] for each in kept] for part in ("value", "low", "high")]
    bars = {"type": "data", "symmetric": False, "color": _KEPT.colour, "thickness": 1.5,
            "array": [high - value for value, _, high in zip(*values, strict=True)],
            "arrayminus": [value - low for value, low, _ in zip(*values, strict=True)]}  # fmt: skip
    traces: list[dict[str, Any]] = [
        {"name": "top document kept (95 % interval)", "mode": "lines+markers", "error_y": bars,
         "marker": _KEPT.marker(), "line": _KEPT.line(), "hovertemplate": "σ %{x:g}: %{y:.0%} kept"},
        {"name": "words edited", "mode": "lines+markers", "marker": _EDITED.marker(), "line": _EDITED.line(),
         "hovertemplate": "σ %{x:g}: %{y:.0%} of the words"},
        {"name": "rebuilt exactly", "mode": "lines+markers", "line": {"color": GREY, "dash": "dot", "width": 2},
         "marker": {"color": GREY, "symbol": "x", "size": 8}, "hovertemplate": "σ %{x:g}: %{y:.0%} unchanged"},
        {"name": "default σ", "mode": "lines", "line": {"color": INK, "dash": "longdash", "width": 1.5},
         "hoverinfo": "skip", "showlegend": chosen is not None},
    ]  # fmt: skip
    return draw(
        traces,
        [
            {"x": x, "y": values[0]},
            {"x": x, "y": [row["words edited"] for row in rows]},
            {"x": x, "y": [row["rebuilt exactly"] for row in rows]},
            {"x": [chosen, chosen] if chosen is not None else [], "y": [0, 1] if chosen is not None else []},
        ],
        title={"text": "More noise, more words changed, fewer queries that still find the same"},
        xaxis={"title": {"text": "σ, noise in units of the RMS of the encoder's states"}},
        yaxis={"range": [-0.03, 1.05], "tickformat": ".0%", "title": {"text": "share"}},
    )


_LANDING: tuple[dict[str, Any], ...] = (
    {
        "name": "same top document", "mode": "markers", "marker": TEACHER.marker(12), "hoverinfo": "text",
        "cliponaxis": False,
    },
    {
        "name": "drifted to another", "mode": "markers", "hoverinfo": "text", "cliponaxis": False,
        "marker": {"color": VERMILLION, "symbol": "x", "size": 11, "line": {"color": INK, "width": 1}},
    },
    {"name": "as far from both", "mode": "lines", "line": {"color": GREY, "dash": "dot", "width": 1.5},
     "hoverinfo": "skip"},
)  # fmt: skip


def variant_distances(made: Sequence[str], own: Any, other: Any, kept: Any, names: Sequence[str]) -> go.Figure:
    """Where variants of one query land: across, how far from the source; up, how far from the nearest other real query.

    Args:
        made: n texts · own, other: (n,) distances to the source and to the nearest other observed query
        kept: (n,) bool, same top document · names: n, the nearest other query, for the hover text
    """
    return draw(
        _LANDING,
        variant_distances_values(made, own, other, kept, names),
        height=430,
        title={"text": "Below the dotted line a variant stands nearer to another real query than to its own"},
        xaxis={"range": [-0.03, 1.5], "title": {"text": "distance to the query it was made from"}},
        yaxis={"range": [-0.03, 1.5], "title": {"text": "distance to the nearest other real query"}},
    )


def variant_distances_values(made: Sequence[str], own: Any, other: Any, kept: Any, names: Sequence[str]) -> Values:
    """What the three traces of `variant_distances` show: kept, drifted, the diagonal.

    Raises:
        DataError: lengths differ.
    """
    across, up, good = np.asarray(own, float), np.asarray(other, float), np.asarray(kept, bool)
    if not len(made) == len(across) == len(up) == len(good) == len(names):
        raise DataError(
            f"{len(made)} texts, {len(across)} and {len(up)} distances, {len(names)} names: give one a text"
        )
    words = [f"{escape(text)}<br>nearest other: {escape(name)}" for text, name in zip(made, names, strict=True)]
    parts = [np.flatnonzero(good), np.flatnonzero(~good)]
    points = [{"x": across[at].tolist(), "y": up[at].tolist(), "hovertext": [words[i] for i in at]} for at in parts]
    return [*points, {"x": [0.0, 1.5], "y": [0.0, 1.5]}]
