"""Gauges of several students side by side: a column a gauge, a row a student, every column on a scale of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import GREY, INK, PALE, SMALL, STUDENT, Values, draw, escape, merge

COLUMNS = 4
TEXT_ROOM = 0.62  # of a column's width beyond its largest value: the number stands there
_DOTS = {
    "mode": "markers+text", "marker": STUDENT.marker(12), "textposition": "middle right", "cliponaxis": False,
    "textfont": {"size": SMALL, "color": INK}, "hovertemplate": "%{y}: %{x:.3f}<extra></extra>", "showlegend": False,
}  # fmt: skip


def gauge_board(gauges: Mapping[str, Mapping[str, float]], title: str = "Gauges of every patient") -> go.Figure:
    """Small multiples, four gauges a row.

    Args:
        gauges: student → gauge → value; every student with the same gauges.

    Raises:
        DataError: no student, or one that lacks a gauge.
    """
    values, names = gauge_values(gauges), list(next(iter(gauges.values())))
    lines = -(-len(names) // COLUMNS)
    traces, layout, headings = [], {}, []
    gap, high = 0.03, 1 / lines
    for place, name in enumerate(names):
        line, column = divmod(place, COLUMNS)
        left, top = column / COLUMNS, 1 - line * high
        number = "" if place == 0 else str(place + 1)
        traces.append({"name": name, **_DOTS, "xaxis": f"x{number}", "yaxis": f"y{number}"})
        most = max(each[name] for each in gauges.values())
        layout[f"xaxis{number}"] = {
            "domain": [left + (gap if column else 0), left + 1 / COLUMNS - gap / 2], "anchor": f"y{number}",
            "range": [-0.08 * most, (1 + TEXT_ROOM) * most or 1.0], "showticklabels": False, "ticks": "",
            "showgrid": False,
        }  # fmt: skip
        layout[f"yaxis{number}"] = {
            "domain": [top - high + 0.02, top - 0.09], "anchor": f"x{number}", "autorange": "reversed",
            "type": "category", "showticklabels": column == 0, "ticks": "", "gridcolor": PALE, "linecolor": GREY,
        }  # fmt: skip
        headings.append({
            "text": f"<b>{escape(name)}</b>", "x": left + (gap if column else 0), "y": top - 0.08, "xref": "paper",
            "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False,
        })  # fmt: skip
    return draw(
        [merge(trace, {}) for trace in traces],
        values,
        height=90 + lines * (60 + 24 * len(gauges)),
        title={"text": title},
        annotations=headings,
        margin={"l": 60, "r": 10, "t": 50, "b": 20},
        **layout,
    )


def gauge_values(gauges: Mapping[str, Mapping[str, float]]) -> Values:
    """One mapping a gauge: its value for every student.

    Raises:
        DataError: no student, or one that lacks a gauge.
    """
    if not gauges:
        raise DataError("no student to draw: give student → gauge → value")
    names = list(next(iter(gauges.values())))
    for student, found in gauges.items():
        if missing := [name for name in names if name not in found]:
            raise DataError(f"{student} lacks the gauge {missing[0]!r}: measure the same gauges of every student")
    students = list(gauges)
    return [_column([gauges[student][name] for student in students], students) for name in names]


def _column(values: list[float], students: list[str]) -> dict[str, Any]:
    return {"x": values, "y": students, "text": [f"  {value:.2f}" for value in values]}
