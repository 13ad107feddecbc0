"""One query, read beside one document after another: where its vector goes, and the one point a dual encoder has.

The plane is that of the two directions in which the query's vectors differ most, fitted on them alone; how much of
their movement it shows stands in the title, and true distances in all dimensions are in the hover texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import (
    BLUE,
    GREY,
    INK,
    RELEVANT,
    SMALL,
    TEACHER,
    VERMILLION,
    Values,
    draw,
    escape,
    shorten,
)
from lab.geometry import pca_map

_TRACES: tuple[dict[str, Any], ...] = (
    {"name": "away from the one point", "mode": "lines", "line": {"color": VERMILLION, "width": 2}, "hoverinfo": "skip",
     "showlegend": False},
    {"name": "beside an irrelevant document", "mode": "markers", "hoverinfo": "text",
     "marker": {"color": GREY, "symbol": "circle", "size": 10, "line": {"color": INK, "width": 1}}},
    {"name": "beside a relevant one", "mode": "markers", "hoverinfo": "text", "marker": RELEVANT.marker(16)},
    {"name": "the best single point", "mode": "markers", "hoverinfo": "text",
     "marker": {"color": BLUE, "symbol": "cross", "size": 15, "line": {"color": INK, "width": 1}}},
    {"name": "the dual encoder's point", "mode": "markers", "hoverinfo": "text",
     "marker": TEACHER.marker(13, symbol="diamond")},
    {"name": "the chosen document", "mode": "markers+text", "textposition": "bottom center", "hoverinfo": "skip",
     "cliponaxis": False, "textfont": {"size": SMALL, "color": INK}, "showlegend": False,
     "marker": {"color": VERMILLION, "symbol": "circle-open", "size": 22,
                "line": {"color": VERMILLION, "width": 3}}},
)  # fmt: skip


def moved_query(
    vectors: Any, teacher: Any, names: Sequence[str], relevant: Any, query: str, share: float, chosen: int = 0
) -> go.Figure:
    """The query's vectors beside n documents.

    Args:
        vectors: (n ≥ 3, d) the query's segment beside each document · teacher: (d,) the dual encoder's vector of it
        names: n document names · relevant: bool (n,) · chosen: the document that is ringed
        share: of the variance of query vectors, over many queries, that no single vector can match.

    Raises:
        DataError: lengths differ, fewer than three documents, or no such document.
    """
    values = moved_query_values(vectors, teacher, names, relevant, chosen)
    shown = pca_map(np.asarray(vectors, np.float64)).explained.sum()
    title = (
        f"“{escape(shorten(query, 60))}” beside {len(names)} documents"
        f"<br><sup>the plane shows {shown:.0%} of this query's movement; over all queries {share:.0%} of the variance"
        " is movement</sup>"
    )
    return draw(
        _TRACES,
        values,
        height=470,
        title={"text": title, "y": 0.97, "yanchor": "top"},
        margin={"l": 60, "r": 30, "t": 100, "b": 50},
        xaxis={"title": {"text": "first direction of the movement"}},
        yaxis={"title": {"text": "second direction"}, "scaleanchor": "x"},
    )


def moved_query_values(vectors: Any, teacher: Any, names: Sequence[str], relevant: Any, chosen: int = 0) -> Values:
    """What the six traces of `moved_query` show: the line from the best point, irrelevant, relevant, best, the dual
    encoder's point, the ring.

    Raises:
        DataError: see `moved_query`.
    """
    points, right = np.asarray(vectors, np.float64), np.asarray(relevant, bool)
    if points.ndim != 2 or not len(points) == len(names) == len(right) or len(points) < 3:
        raise DataError(f"{points.shape} vectors, {len(names)} names, {len(right)} judgements: one of each a document,"
                        " at least three documents")  # fmt: skip
    if not 0 <= chosen < len(points):
        raise DataError(f"chosen={chosen}: there are documents 0 to {len(points) - 1}")
    plane, one = pca_map(points), np.asarray(teacher, np.float64)
    at, best, own = plane.positions, plane.place(plane.centre[None])[0], plane.place(one[None])[0]
    gaps = np.linalg.norm(points - plane.centre, axis=1)
    words = [f"{escape(shorten(name))}<br>{gap:.2f} from the best single point"
             for name, gap in zip(names, gaps, strict=True)]  # fmt: skip
    parts = [np.flatnonzero(~right), np.flatnonzero(right)]
    away = float(np.linalg.norm(one - plane.centre))
    return [
        {"x": [best[0], at[chosen, 0]], "y": [best[1], at[chosen, 1]]},
        *({"x": at[p, 0].tolist(), "y": at[p, 1].tolist(), "hovertext": [words[i] for i in p]} for p in parts),
        {"x": [best[0]], "y": [best[1]], "hovertext": ["mean of the points: no single vector is nearer to them all"]},
        {"x": [own[0]], "y": [own[1]], "hovertext": [f"the dual encoder; truly {away:.2f} from the best single point"]},
        {"x": [at[chosen, 0]], "y": [at[chosen, 1]], "text": [escape(shorten(names[chosen]))]},
    ]
