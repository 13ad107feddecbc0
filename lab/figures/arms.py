"""What extra texts did for a student: a mark and its interval for every kind of text, a panel a number of queries.

Drawn from docs/generated.json (benchmarks/generated.py): share of the teacher's nDCG@10 kept, the interval over queries
and seeds. The dashed line is the student that nobody trained: left of it, training did harm. The dotted one is BM25.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import GREEN, GREY, INK, PURPLE, SKY, VERMILLION, YELLOW, Values, draw

# from the top: what there is without extra texts, texts of documents, made queries, and the baseline
LOOKS: Mapping[str, tuple[str, str]] = {
    "nothing extra": (GREY, "circle"),
    "repeated": (INK, "square"),
    "out of domain": (VERMILLION, "x"),
    "sentences": (YELLOW, "diamond"),
    "generated, σ 0.5": (GREEN, "triangle-down"),
    "generated, σ 0.75": (PURPLE, "hexagon"),
    "generated, σ 2": (SKY, "star"),
    "static student": (INK, "cross"),
}


def arms_figure(study: Mapping[str, Any]) -> go.Figure:
    """The figure of a study.

    Args:
        study: docs/generated.json: `arms` with observed, arm and retention; `untrained`, an interval; `references`.

    Raises:
        DataError: the study holds no arm, or one this figure has no look for.
    """
    values = arms_values(study)
    sizes = _sizes(study)
    count = len(sizes)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    names = [arm for arm in LOOKS if any(row["arm"] == arm for row in study["arms"])]
    low = min(row["retention"]["low"] for row in study["arms"])
    high = max(_bm25(study), *(row["retention"]["high"] for row in study["arms"]))
    for place, size in enumerate(sizes):
        axis = "" if place == 0 else str(place + 1)
        sides = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        traces += [
            {"name": "untrained", "mode": "lines", "line": {"color": GREY, "dash": "dash", "width": 1.5},
             "showlegend": False, "hoverinfo": "skip", **sides},
            {"name": "BM25", "mode": "lines", "line": {"color": GREEN, "dash": "dot", "width": 2},
             "showlegend": False, "hoverinfo": "skip", **sides},
            {"name": f"{size:,} observed", "mode": "markers", "cliponaxis": False, "showlegend": False,
             "marker": {"size": 12, "line": {"color": INK, "width": 1}},
             "hovertemplate": "%{customdata}<extra></extra>", **sides},
        ]  # fmt: skip
        layout[f"xaxis{axis}"] = {
            "domain": [place / count + (0.02 if place else 0), (place + 1) / count - 0.01], "anchor": f"y{axis}",
            "range": [low - 0.02, high + 0.02], "tickformat": ".0%", "nticks": 4,
            "title": {"text": f"{size:,} observed queries"},
        }  # fmt: skip
        layout[f"yaxis{axis}"] = {
            "anchor": f"x{axis}", "tickvals": list(range(len(names))), "ticktext": names, "ticks": "",
            "range": [len(names) - 0.5, -0.5], "showticklabels": place == 0,
        }  # fmt: skip
    return draw(
        traces, values, height=150 + 34 * len(names), showlegend=False, margin={"l": 60, "r": 20, "t": 80, "b": 50},
        title={"text": "Share of the teacher's nDCG@10 that the student keeps<br>"
               f"<sup>{study['split']}, {study['queries']:,} queries; 95 % interval over queries and seeds; dashed: the"
               " student before training, dotted: BM25</sup>"},
        **layout,
    )  # fmt: skip


def arms_values(study: Mapping[str, Any]) -> Values:
    """What the traces of `arms_figure` show: for each size the lines of untrained and BM25, then the marks.

    Raises:
        DataError: see `arms_figure`.
    """
    if not study["arms"]:
        raise DataError("no arm to draw: run benchmarks/generated.py")
    if strange := sorted({row["arm"] for row in study["arms"]} - set(LOOKS)):
        raise DataError(f"no look for {', '.join(strange)}: give each arm one in LOOKS")
    names = [arm for arm in LOOKS if any(row["arm"] == arm for row in study["arms"])]
    start = study["untrained"]["value"]
    values: Values = []
    for size in _sizes(study):
        rows = [row for row in study["arms"] if row["observed"] == size]
        kept = [row["retention"] for row in rows]
        values += [
            {"x": [start, start], "y": [-0.5, len(names) - 0.5]},
            {"x": [_bm25(study)] * 2, "y": [-0.5, len(names) - 0.5]},
            {
                "x": [each["value"] for each in kept],
                "y": [names.index(row["arm"]) for row in rows],
                "customdata": [
                    f"{row['arm']}: {each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}], {row['steps']} steps"
                    for row, each in zip(rows, kept, strict=True)
                ],
                "marker": {
                    "color": [LOOKS[row["arm"]][0] for row in rows],
                    "symbol": [LOOKS[row["arm"]][1] for row in rows],
                },
                "error_x": {
                    "type": "data", "symmetric": False, "color": INK, "thickness": 1.5,
                    "array": [each["high"] - each["value"] for each in kept],
                    "arrayminus": [each["value"] - each["low"] for each in kept],
                },
            },
        ]  # fmt: skip
    return values


def _bm25(study: Mapping[str, Any]) -> float:
    return study["references"]["bm25"] / study["references"]["teacher"]


def _sizes(study: Mapping[str, Any]) -> list[int]:
    return sorted({row["observed"] for row in study["arms"]})
