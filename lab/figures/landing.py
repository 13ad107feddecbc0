"""The landing map: where queries land by the teacher's nearest documents and by the student's, a line between.

No query vector is projected: both engines' queries lie at the mean place of the documents they find, on one fixed map
(`lab.geometry.landing`). A short line says that both look in the same region, a long one that they do not; whether they
also agree on the first document is drawn, because the map cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import CLOUD, GREY, STUDENT, TEACHER, VERMILLION, Values, draw, escape

SHOWN = 700  # documents drawn as ground, at most: more show no more of where they are dense

_TRACES: tuple[dict[str, Any], ...] = (
    {"name": "document", "mode": "markers", "marker": {"color": CLOUD, "size": 3}, "hoverinfo": "skip"},
    {"name": "same first document", "mode": "lines", "line": {"color": GREY, "width": 1.5}, "hoverinfo": "skip"},
    {
        "name": "another one", "mode": "lines", "line": {"color": VERMILLION, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    },
    {"name": "teacher", "mode": "markers", "marker": TEACHER.marker(8), "hoverinfo": "text"},
    {"name": "student", "mode": "markers", "marker": STUDENT.marker(9), "hoverinfo": "text"},
)  # fmt: skip


def landing_map(
    documents: Any,
    teacher: Any,
    student: Any,
    queries: Sequence[str] | None = None,
    same: Any = None,
    title: str = "Where questions land: the teacher's nearest documents and the student's",
) -> go.Figure:
    """The landing map of n queries.

    Args:
        documents: (m, 2) positions of all documents; at most 700 of them are drawn.
        teacher, student: (n, 2) from `geometry.landing` · queries: their texts, for the pointer
        same: (n,) bool, whether both engines put one document first; by default every line is drawn alike.

    Raises:
        DataError: shapes do not fit.
    """
    hidden = {"showgrid": False, "showticklabels": False, "ticks": ""}
    flat = _flat(documents, "documents")
    # the ground's own range: a moving student must not zoom the map
    low, high = flat.min(axis=0), flat.max(axis=0)
    edge = 0.04 * (high - low)
    return draw(
        _TRACES,
        landing_map_values(documents, teacher, student, queries, same),
        height=600,
        title={"text": title},
        xaxis={"range": [low[0] - edge[0], high[0] + edge[0]], **hidden},
        yaxis={"range": [low[1] - edge[1], high[1] + edge[1]], "scaleanchor": "x", "constrain": "domain", **hidden},
        margin={"l": 20, "r": 20, "t": 80, "b": 20},
        hovermode="closest",
    )


def landing_map_values(
    documents: Any, teacher: Any, student: Any, queries: Sequence[str] | None = None, same: Any = None
) -> Values:
    """What the five traces of `landing_map` show: ground, two kinds of lines, teacher, student.

    Raises:
        DataError: another number of places than of queries.
    """
    ground, t, s = _flat(documents, "documents"), _flat(teacher, "teacher"), _flat(student, "student")
    agree = np.ones(len(t), dtype=bool) if same is None else np.asarray(same, dtype=bool)
    if not len(t) == len(s) == len(agree) == len(t if queries is None else queries):
        raise DataError(f"{len(t)} places of the teacher, {len(s)} of the student: give both, and all else, a query")
    kept = np.sort(np.random.default_rng(0).permutation(len(ground))[:SHOWN])
    hover = {} if queries is None else {"hovertext": [escape(query) for query in queries]}
    return [
        _points(ground[kept]),
        _lines(t[agree], s[agree]),
        _lines(t[~agree], s[~agree]),
        {**_points(t), **hover},
        {**_points(s), **hover},
    ]


def _lines(a: np.ndarray, b: np.ndarray) -> dict[str, Any]:
    x, y = (
        [v for left, right in zip(a[:, i].tolist(), b[:, i].tolist(), strict=True) for v in (left, right, None)]
        for i in (0, 1)
    )
    return {"x": x, "y": y}


def _points(places: np.ndarray) -> dict[str, Any]:
    return {"x": places[:, 0].tolist(), "y": places[:, 1].tolist()}


def _flat(positions: Any, name: str) -> np.ndarray:
    array = np.asarray(positions, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not len(array) or not np.isfinite(array).all():
        raise DataError(f"{name} of shape {array.shape}: give finite positions of shape (n, 2)")
    return array
