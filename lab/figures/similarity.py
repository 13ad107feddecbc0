"""How similar questions are to relevant documents, to the nearest irrelevant ones, and to any document at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import GREY, INK, PURPLE, SMALL, YELLOW, Values, draw, tint
from lab.geometry import PairSimilarities

WIDTH = 0.04  # of a bin, in cosine
KINDS = ("random", "hard", "relevant")  # drawn in this order: what matters lies on top
_WORDS = ("random documents", "hard negatives", "relevant")


def _area(name: str, fill: str, line: str, dash: str) -> dict[str, Any]:
    return {
        "name": name, "mode": "lines", "fill": "tozeroy", "fillcolor": fill,
        "line": {"color": line, "width": 2, "dash": dash, "shape": "hvh"},
        "hovertemplate": f"cosine about %{{x:.2f}}: %{{y:.1%}} of the pairs<extra>{name}</extra>",
    }  # fmt: skip


_TRACES: tuple[dict[str, Any], ...] = (
    _area(_WORDS[0], tint(GREY, 0.25), GREY, "dot"),
    _area(_WORDS[1], tint(PURPLE, 0.3), PURPLE, "dash"),
    _area(_WORDS[2], tint(YELLOW, 0.55), INK, "solid"),
    {
        "name": "mean", "mode": "markers+text", "textposition": "top center", "hoverinfo": "skip", "cliponaxis": False,
        "textfont": {"size": SMALL, "color": INK},
        "marker": {
            "color": [GREY, PURPLE, YELLOW], "symbol": ["circle-open", "square", "star"], "size": [10, 10, 15],
            "line": {"color": INK, "width": 1},
        },
        "showlegend": False,
    },
)  # fmt: skip


def similarity_distributions(
    found: PairSimilarities, title: str = "Cosine of questions and documents, in the teacher's space"
) -> go.Figure:
    """Three distributions over the cosine, each with its mean: where they overlap, a search can go wrong.

    Raises:
        DataError: one kind has no pair.
    """
    values = similarity_values(found)
    top = max(max(trace["y"]) for trace in values[:3])
    return draw(
        _TRACES,
        values,
        height=400,
        title={"text": title},
        xaxis={"title": {"text": "cosine"}, "range": [min(values[0]["x"]) - WIDTH, 1.02]},
        yaxis={"title": {"text": "share of the pairs of its kind"}, "tickformat": ".0%", "range": [0, 1.22 * top]},
    )


def similarity_values(found: PairSimilarities) -> Values:
    """What the four traces of `similarity_distributions` show: shares per bin of cosine, and the three means.

    Raises:
        DataError: no pair of one kind.
    """
    edges = np.arange(-1 - WIDTH / 2, 1 + WIDTH, WIDTH)
    middles = np.round((edges[:-1] + edges[1:]) / 2, 9)  # 0.04, not 0.0399999…
    areas, x, y, words = [], [], [], []
    for kind, name in zip(KINDS, _WORDS, strict=True):
        cosines = np.asarray(getattr(found, kind), dtype=np.float64)
        if not len(cosines):
            raise DataError(f"no pair of the kind {kind!r}: nothing to draw")
        share = np.histogram(cosines, edges)[0] / len(cosines)
        held = np.flatnonzero(share)
        part = slice(max(held[0] - 1, 0), held[-1] + 2)
        areas.append({"x": middles[part].tolist(), "y": share[part].tolist()})
        x.append(float(cosines.mean()))
        y.append(float(share.max()))
        words.append(f"{name}<br>mean {cosines.mean():.2f}")
    return [*areas, {"x": x, "y": y, "text": words}]
