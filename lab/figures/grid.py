"""Students that copy scores alone, side by side: what each finds in the teacher's index, and how far from it it stands.

Small multiples over recordings: documents inherited left, of their own in the middle, the reference right; above those
that start from the teacher's layers, below those that start at random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.distance import ZERO
from lab.figures.style import INK, LOOKS, SMALL, STUDENT, Values, draw
from lab.probe import IN_TEACHERS_INDEX
from lab.recording import Recording

CELLS = (  # name of the recording, its heading; in the order they are read in
    ("scores-teacher-inherited", "scores · teacher's layers<br>inherited documents"),
    ("scores-teacher-own", "scores · teacher's layers<br>own documents"),
    ("matching-teacher-inherited", "matching · teacher's layers<br>inherited documents"),
    ("scores-random-inherited", "scores · random start<br>inherited documents"),
    ("scores-random-own", "scores · random start<br>own documents"),
)
COLUMNS = ((0.0, 0.29), (0.355, 0.645), (0.71, 1.0))
ROWS = ((0.575, 0.93), (0.0, 0.355))
_STILL: tuple[dict[str, Any], ...] = (
    {
        "name": "overlap@10 in the teacher's index", "mode": "lines+markers",
        "line": STUDENT.line(2.5) | {"dash": "solid"},
        "marker": STUDENT.marker(7), "hovertemplate": "step %{x}: overlap@10 %{y:.0%}<extra></extra>",
    },
    {
        "name": "overlap@10 in its own documents", "mode": "lines+markers", "line": LOOKS["yours"].line(2.5),
        "marker": LOOKS["yours"].marker(7), "hovertemplate": "step %{x}: overlap@10 %{y:.0%}<extra></extra>",
    },
    {
        "name": "mean ‖t − s‖", "mode": "lines", "line": {"color": INK, "width": 2, "dash": "dot"},
        "hovertemplate": "step %{x}: ‖t − s‖ %{y:.2f}<extra></extra>",
    },
)  # fmt: skip
_NAMED = (0, 1, 0)  # the cell whose trace stands in the legend: the first one that has it


def grid_figure(recordings: Mapping[str, Recording]) -> go.Figure:
    """The five cells, three curves each over the steps (log scale).

    Raises:
        DataError: a recording is missing, or does not know of the teacher's index.
    """
    values = grid_values(recordings)
    traces: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    headings: list[dict[str, Any]] = []
    for place, (_, heading) in enumerate(CELLS):
        number = "" if place == 0 else str(place + 1)
        column, row = place % 3, place // 3
        left, bottom = COLUMNS[column], ROWS[row]
        traces += [
            still
            | {"xaxis": f"x{number}", "yaxis": f"y{number}", "showlegend": place == shown, "legendgroup": still["name"]}
            for still, shown in zip(_STILL, _NAMED, strict=True)
        ]
        axes[f"xaxis{number}"] = {
            "domain": left, "anchor": f"y{number}", "type": "log",
            "tickvals": [ZERO, 1, 10, 100], "ticktext": ["0", "1", "10", "100"],
            "title": {"text": "step", "font": {"size": SMALL}, "standoff": 4},
        }  # fmt: skip
        axes[f"yaxis{number}"] = {
            "domain": bottom, "anchor": f"x{number}", "range": [-0.07, 1.85], "tickvals": [0, 0.5, 1, 1.5],
            "showticklabels": column == 0,
        }  # fmt: skip
        headings.append(
            {
                "text": heading, "x": left[0], "y": bottom[1], "xref": "paper", "yref": "paper", "xanchor": "left",
                "yanchor": "bottom", "align": "left", "showarrow": False, "font": {"size": SMALL},
            }
        )  # fmt: skip
    return draw(
        traces,
        values,
        height=560,
        title={"text": "Who finds the teacher's documents in the teacher's index?", "y": 0.975, "yanchor": "top"},
        annotations=[*headings, *_ends(recordings)],
        legend={"orientation": "v", "x": COLUMNS[2][0], "y": ROWS[1][1], "xanchor": "left", "yanchor": "top"},
        margin={"l": 40, "r": 20, "t": 60, "b": 50},
        **axes,
    )


def grid_values(recordings: Mapping[str, Recording]) -> Values:
    """What the traces show: of each cell in the teacher's index, in documents of its own (if any), the distance."""
    values: Values = []
    for name, _ in CELLS:
        seen = _recording(recordings, name)
        x = [max(ZERO, float(step)) for step in seen.steps]
        own = seen.about["config"]["documents"] == "own"
        values += [
            {"x": x, "y": _numbers(seen.measures[IN_TEACHERS_INDEX])},
            {"x": x, "y": _numbers(seen.measures["overlap@10"])} if own else {"x": [], "y": []},
            {"x": x, "y": _numbers(seen.measures["mean distance"])},
        ]
    return values


def _ends(recordings: Mapping[str, Recording]) -> list[dict[str, Any]]:
    """The last look in numbers, in the corner of each cell."""
    said = []
    for place, (name, _) in enumerate(CELLS):
        seen = _recording(recordings, name).measures
        number = "" if place == 0 else str(place + 1)
        said.append(
            {
                "text": f"in the end {seen[IN_TEACHERS_INDEX][-1]:.0%}, ‖t − s‖ {seen['mean distance'][-1]:.2f}",
                "x": 0.99, "y": 0.99, "xref": f"x{number} domain", "yref": f"y{number} domain",
                "xanchor": "right", "yanchor": "top", "showarrow": False, "font": {"size": SMALL, "color": INK},
            }
        )  # fmt: skip
    return said


def _recording(recordings: Mapping[str, Recording], name: str) -> Recording:
    if name not in recordings:
        raise DataError(f"no recording {name!r}; given are {', '.join(sorted(recordings))}")
    if IN_TEACHERS_INDEX not in recordings[name].measures:
        raise DataError(f"the recording {name!r} did not look into the teacher's index; record it again")
    return recordings[name]


def _numbers(values: Sequence[float] | Any) -> list[float]:
    return [float(value) for value in values]
