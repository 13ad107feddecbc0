"""How good each engine is, with its interval and its size: the picture every notebook closes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.evaluation import Interval
from lab.figures.style import INK, SMALL, Values, draw, look
from lab.report import MAIN

ORDER = ("teacher", "shipped", "student", "yours", "static", "bm25")  # from the top; others follow
Quality = Mapping[str, Interval | float]

_TRACES: tuple[dict[str, Any], ...] = (
    {
        "name": "mean", "type": "bar", "orientation": "h", "width": 0.5, "hoverinfo": "skip",
        "marker": {"opacity": 0.45, "line": {"color": INK, "width": 0.5}},
    },
    {
        "name": "interval", "mode": "markers", "cliponaxis": False,
        "marker": {"size": 12, "line": {"color": INK, "width": 1}},
        "hovertemplate": "%{customdata}<extra></extra>",
    },
    {
        "name": "words", "mode": "text", "textposition": "middle right", "hoverinfo": "skip", "cliponaxis": False,
        "textfont": {"size": SMALL, "color": INK},
    },
)  # fmt: skip


def quality_bars(
    quality: Quality,
    parameters: Mapping[str, int] | None = None,
    *,
    measure: str = MAIN,
    title: str | None = None,
) -> go.Figure:
    """A bar an engine from 0, its interval as whiskers, size and share of the teacher in words.

    Args:
        quality: engine → mean with its interval (a plain number where nobody knows the interval). Engines the lab has
            looks for: teacher, student, shipped, yours, static, bm25.
        parameters: engine → unique stored parameters; engines without any (BM25) are left out.

    Raises:
        DataError: nothing to draw.
    """
    values = quality_values(quality, parameters)
    engines = _ordered(quality)
    return draw(
        _TRACES,
        values,
        height=120 + 50 * len(engines),
        title={"text": title or measure},
        showlegend=False,
        xaxis={
            "title": {"text": f"{measure}; whiskers: 95 % interval over queries"},
            "range": [0, 1.75 * max(values[2]["x"])],  # room for the words
            "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1.0],
        },
        yaxis={
            "tickvals": list(range(len(engines))), "ticktext": [look(engine).label for engine in engines],
            "range": [len(engines) - 0.4, -0.6], "showgrid": False, "ticks": "",
        },
        margin={"l": 60, "r": 20, "t": 60, "b": 50},
    )  # fmt: skip


def quality_values(quality: Quality, parameters: Mapping[str, int] | None = None) -> Values:
    """What the three traces of `quality_bars` show: bars, their tips with whiskers, words.

    Raises:
        DataError: nothing to draw.
    """
    if not quality:
        raise DataError("no engine to draw: give engine → value, e.g. {'teacher': 0.86, 'bm25': 0.67}")
    engines, sizes = _ordered(quality), parameters or {}
    looks = [look(engine) for engine in engines]
    means = [_bounds(quality[engine])[0] for engine in engines]
    low, high = ([_bounds(quality[engine])[side] for engine in engines] for side in (1, 2))
    rows = list(range(len(engines)))
    top = means[engines.index("teacher")] if "teacher" in engines else None
    colours = [each.colour for each in looks]
    return [
        {"x": means, "y": rows, "marker": {"color": colours, "pattern": {"shape": [each.pattern for each in looks]}}},
        {
            "x": means, "y": rows, "marker": {"color": colours, "symbol": [each.symbol for each in looks]},
            "error_x": {
                "type": "data", "color": INK, "thickness": 1.5, "symmetric": False,
                "array": [b - m for m, b in zip(means, high, strict=True)],
                "arrayminus": [m - a for m, a in zip(means, low, strict=True)],
            },
            "customdata": [f"{each.label}: {quality[engine]}" for engine, each in zip(engines, looks, strict=True)],
        },
        {
            "x": [b + 0.02 for b in high], "y": rows,
            "text": [
                " · ".join(_words(mean, sizes.get(engine), top if engine != "teacher" else None))
                for engine, mean in zip(engines, means, strict=True)
            ],
        },
    ]  # fmt: skip


def _ordered(quality: Quality) -> list[str]:
    known = [engine for engine in ORDER if engine in quality]
    return known + [engine for engine in quality if engine not in ORDER]


def _bounds(value: Interval | float) -> tuple[float, float, float]:
    return (value.value, value.low, value.high) if isinstance(value, Interval) else (value, value, value)


def _words(mean: float, size: int | None, teacher: float | None) -> list[str]:
    words = [f"<b>{mean:.3f}</b>"]
    if teacher:
        words.append(f"{100 * mean / teacher:.0f} % of the teacher")
    if size:
        words.append(f"{size / 1e6:.1f}M parameters")
    return words
