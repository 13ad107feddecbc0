"""Values with their intervals in rows, one under the other: what overlaps, and what stays clear of a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import GREEN, GREY, INK, LOOKS, SMALL, TEACHER, draw, escape

Bounds = Mapping[str, float]  # {"value", "low", "high"}
# the blue circle is the teacher's: where no row is the teacher, what is compared is students
_LOOKS = (*((LOOKS[name].colour, LOOKS[name].symbol) for name in ("student", "yours")), (GREEN, "diamond"))


def forest(
    series: Mapping[str, Mapping[str, Bounds]],
    title: str,
    axis: str,
    *,
    lines: Mapping[str, float] | None = None,
    digits: int = 3,
    teacher: str | None = None,
) -> go.Figure:
    """A row a thing, a marker a series; whiskers are 95 % intervals.

    Args:
        series: name → row → {"value", "low", "high"}; one to three series, rows in the first one's order.
        lines: name → where a dashed line stands, e.g. {"no difference": 0}.
        teacher: the row that is the teacher's; it has the teacher's mark, and all others a square: none is a student.

    Raises:
        DataError: no series, too many, or one with other rows than the first; no such row.
    """
    if not 1 <= len(series) <= len(_LOOKS) or not all(series.values()):
        raise DataError(f"{len(series)} series: give one to {len(_LOOKS)}, each with a row")
    rows = list(next(iter(series.values())))
    if any(list(each) != rows for each in series.values()):
        raise DataError(f"series have other rows than {rows}: give each the same, in one order")
    if teacher not in (None, *rows):
        raise DataError(f"teacher={teacher!r} is no row; there are {', '.join(rows)}")
    traces: list[dict[str, Any]] = []
    step = 0.26
    for number, ((name, each), (colour, symbol)) in enumerate(zip(series.items(), _LOOKS, strict=False)):
        value, low, high = ([each[row][part] for row in rows] for part in ("value", "low", "high"))
        shift = step * (number - (len(series) - 1) / 2)
        traces.append({
            "name": name, "mode": "markers+text", "x": value, "y": [place + shift for place in range(len(rows))],
            "marker": (_marks(rows, teacher) if teacher else {"color": colour, "symbol": symbol})
            | {"size": 12, "line": {"color": INK, "width": 1}},
            "error_x": {"type": "data", "symmetric": False, "color": INK, "thickness": 1.5,
                        "array": [b - v for v, b in zip(value, high, strict=True)],
                        "arrayminus": [v - a for v, a in zip(value, low, strict=True)]},
            "text": [f"{v:.{digits}f}" for v in value], "cliponaxis": False,
            "textposition": "bottom center" if number else "top center",
            "textfont": {"size": SMALL, "color": INK},
            "hovertemplate": "%{customdata}<extra></extra>",
            "customdata": [f"{escape(row)}: {v:.3f} [{a:.3f}, {b:.3f}]"
                           for row, v, a, b in zip(rows, value, low, high, strict=True)],
            "showlegend": len(series) > 1,
        })  # fmt: skip
    ends = [-0.6, len(rows) - 0.4]
    reach = [at for each in series.values() for row in each.values() for at in (row["low"], row["high"])]
    reach += list((lines or {}).values())
    room = 0.06 * (max(reach) - min(reach) or 1.0)
    for name, at in (lines or {}).items():
        traces.append({"name": name, "mode": "lines", "x": [at, at], "y": ends, "hoverinfo": "skip",
                       "line": {"color": GREY, "dash": "dash", "width": 1.5}})  # fmt: skip
    return draw(
        traces,
        [{} for _ in traces],
        height=150 + (46 + 16 * len(series)) * len(rows),
        title={"text": title},
        xaxis={"title": {"text": axis}, "range": [min(reach) - room, max(reach) + room]},
        yaxis={"tickvals": list(range(len(rows))), "ticktext": [escape(row) for row in rows], "range": ends[::-1],
               "showgrid": False, "ticks": ""},
    )  # fmt: skip


def _marks(rows: Sequence[str], teacher: str) -> dict[str, list[str]]:
    return {
        "color": [TEACHER.colour if row == teacher else INK for row in rows],
        "symbol": [TEACHER.symbol if row == teacher else "square" for row in rows],
    }


def rows_of(found: Mapping[str, Bounds], names: Mapping[str, str] | Sequence[str]) -> dict[str, Bounds]:
    """Some of the values, in this order, under these names (key → name, or the keys themselves).

    Raises:
        DataError: a key that is not there.
    """
    wanted = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    if missing := [key for key in wanted if key not in found]:
        raise DataError(f"no {missing[0]!r} among {', '.join(found)}: was another version of the benchmark run?")
    return {name: found[key] for key, name in wanted.items()}
