"""The morph strip over a map: pick a row of the strip, and the map shows where that variant lands among real queries.

A query lies at the mean place of the documents it finds (`lab.geometry.landing`), so no query vector is projected. The
map is flat all the same: the true distance to the source stands beside the mark. All is SVG and takes no WebGL context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.morph import TRACES, layout_of_strip, morph_values
from lab.figures.style import BLUE, CLOUD, INK, PURPLE, SMALL, TEACHER, Values, draw, escape
from lab.generation.explore import Variants

ROW, MAP = 30, 430  # pixels: a row of the strip, the map
SHOWN = 1_400  # documents drawn as ground, at most
HANDLE = -0.025  # where the handles of the rows stand, text beginning at 0

_BELOW = {"xaxis": "x2", "yaxis": "y2"}
_TRACES: tuple[dict[str, Any], ...] = (
    *TRACES,
    {"name": "pick a row", "mode": "markers", "hoverinfo": "text", "showlegend": False,
     "marker": {"color": PURPLE, "size": 12, "line": {"color": INK, "width": 1}}},
    {"name": "document", "mode": "markers", "marker": {"color": CLOUD, "size": 3}, "hoverinfo": "skip", **_BELOW},
    {"name": "real queries", "mode": "markers", "hoverinfo": "text",
     "marker": {"color": BLUE, "symbol": "circle", "size": 5, "opacity": 0.55}, **_BELOW},
    {"name": "from one to the other", "mode": "lines", "line": {"color": INK, "width": 1.5, "dash": "dot"},
     "hoverinfo": "skip", "showlegend": False, **_BELOW},
    {"name": "as asked", "mode": "markers", "marker": TEACHER.marker(16), "hoverinfo": "text", **_BELOW},
    {"name": "the row picked", "mode": "markers+text", "hoverinfo": "text", "textposition": "top center",
     "textfont": {"size": SMALL, "color": INK}, "cliponaxis": False,
     "marker": {"color": PURPLE, "symbol": "diamond", "size": 14, "line": {"color": INK, "width": 1}}, **_BELOW},
)  # fmt: skip
STRIP_TRACES, HANDLES = len(TRACES), len(TRACES)  # the first are the strip's, then the handles


@dataclass(frozen=True)
class Landed:
    """Places on one map.

    documents: (m, 2) · queries: (q, 2) of the real ones, and their texts · source: (2,) of the query of the strip
    variants: (n, 2), a row of the strip each
    """

    documents: Any
    queries: Any
    texts: Sequence[str]
    source: Any
    variants: Any


def morph_map(seen: Variants, landed: Landed, row: int = 0) -> go.Figure:
    """`morph_strip` of one query, and below it the map.

    Args:
        row: the one picked; 0 is the query as asked, 1 the first variant.

    Raises:
        DataError: rows and places are of different numbers, or there is no such row.
    """
    strip = ROW * (len(seen.sigmas) + 1)
    whole = 110 + strip + MAP
    share = MAP / (whole - 110)
    low, high = np.asarray(landed.documents, float).min(axis=0), np.asarray(landed.documents, float).max(axis=0)
    edge, hidden = 0.05 * (high - low), {"showgrid": False, "showticklabels": False, "ticks": ""}
    layout = layout_of_strip(seen)
    layout["xaxis"] |= {"range": [2 * HANDLE, 1.06]}
    layout["yaxis"] |= {"domain": [share + 0.02, 1]}
    return draw(
        _TRACES,
        morph_map_values(seen, landed, row),
        **layout | {
            "height": whole,
            "hovermode": "closest",
            "xaxis2": {"anchor": "y2", "range": [low[0] - edge[0], high[0] + edge[0]], "constrain": "domain", **hidden},
            "yaxis2": {"anchor": "x2", "domain": [0, share - 0.03], "range": [low[1] - edge[1], high[1] + edge[1]],
                       "scaleanchor": "x2", "constrain": "domain", **hidden},
        },
    )  # fmt: skip


def morph_map_values(seen: Variants, landed: Landed, row: int = 0) -> Values:
    """What the nine traces of `morph_map` show: the strip's three, handles, ground, real queries, line, two marks.

    Raises:
        DataError: another number of places than of texts, or no such row.
    """
    rows = [seen.source, *seen.texts]
    places = np.vstack([np.reshape(landed.source, (1, 2)), np.asarray(landed.variants, float).reshape(-1, 2)])
    if len(places) != len(rows) or len(landed.queries) != len(landed.texts):
        raise DataError(
            f"{len(places) - 1} places for {len(seen.texts)} variants, {len(landed.queries)} places for"
            f" {len(landed.texts)} real queries: give one a text"
        )
    if not 0 <= row < len(rows):
        raise DataError(f"row {row}: the strip has rows 0 (as asked) to {len(rows) - 1}")
    ground = np.asarray(landed.documents, float)
    ground = ground[np.sort(np.random.default_rng(0).permutation(len(ground))[:SHOWN])]
    words = "as asked" if row == 0 else f"σ {seen.sigmas[row - 1]:g}: ‖a − b‖ = {seen.own[row - 1]:.2f}"
    return [
        *morph_values(seen),
        {"x": [HANDLE] * len(rows), "y": list(range(len(rows))), "hovertext": ["show on the map"] * len(rows),
         "marker": {"symbol": ["triangle-right" if at == row else "circle-open" for at in range(len(rows))]}},
        _points(ground),
        {**_points(np.asarray(landed.queries, float)), "hovertext": [escape(text) for text in landed.texts]},
        _points(places[[0, row]]),
        {**_points(places[:1]), "hovertext": [escape(seen.source)]},
        {**_points(places[[row]]), "text": [words], "hovertext": [escape(rows[row])]},
    ]  # fmt: skip


def _points(places: np.ndarray) -> dict[str, Any]:
    return {"x": places[:, 0].tolist(), "y": places[:, 1].tolist()}
