"""What a size keeps: retention over how many times smaller a student is, at equal time, beside its peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import INK, LOOKS, draw

Row = Mapping[str, Any]  # of docs/pareto.json: "times smaller", "parameters", "retention", "static", "bm25"
_SHIFT = 1.02  # whiskers of the two engines stand side by side


def size_curve(rows: Sequence[Row], title: str) -> go.Figure:
    """A marker a size with its 95 % interval, for the student and for the static student of as many parameters.

    Args:
        rows: of one collection, a size each; retentions are {"value", "low", "high"}, "static" may be None.

    Raises:
        DataError: no row.
    """
    if not rows:
        raise DataError("no size to draw: run benchmarks/pareto.py for this collection")
    rows = sorted(rows, key=lambda row: row["times smaller"])
    traces = [
        _curve("student", rows, "retention", 1.0),
        _curve("static", [row for row in rows if row["static"]], "static", _SHIFT),
    ]
    ends = [rows[0]["times smaller"] / 1.25, rows[-1]["times smaller"] * 1.25]
    bm25 = rows[0]["bm25"]["value"]
    for engine, at in (("teacher", 1.0), ("bm25", bm25)):
        look = LOOKS[engine]
        traces.append({"name": look.label, "mode": "lines", "x": ends, "y": [at, at], "line": look.line(2),
                       "hovertemplate": f"{look.label}: {at:.3f}<extra></extra>"})  # fmt: skip
    places = [row["times smaller"] for row in rows]
    return draw(
        traces,
        [{} for _ in traces],
        title={"text": title},
        xaxis={"type": "log", "title": {"text": "student's share of the teacher's parameters (log scale)"},
               "tickvals": places, "ticktext": [f"1/{place:.3g}" for place in places], "minor": {"ticks": ""}},
        yaxis={"title": {"text": "share of the teacher's nDCG@10, dev"}, "tickformat": ".2f"},
    )  # fmt: skip


def _curve(engine: str, rows: Sequence[Row], key: str, shift: float) -> dict[str, Any]:
    look, kept = LOOKS[engine], [row[key] for row in rows]
    return {
        "name": look.label, "mode": "lines+markers", "line": look.line(2), "marker": look.marker(12),
        "x": [row["times smaller"] * shift for row in rows], "y": [each["value"] for each in kept],
        "error_y": {"type": "data", "symmetric": False, "color": INK, "thickness": 1.2,
                    "array": [each["high"] - each["value"] for each in kept],
                    "arrayminus": [each["value"] - each["low"] for each in kept]},
        "customdata": [f"{row['student']}, {row['parameters'] / 1e6:.1f}M: {each['value']:.3f}"
                       f" [{each['low']:.3f}, {each['high']:.3f}]" for row, each in zip(rows, kept, strict=True)],
        "hovertemplate": f"%{{customdata}}<extra>{look.label}</extra>",
    }  # fmt: skip
