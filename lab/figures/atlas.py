"""The map of a collection: every document a grey dot, a question where its nearest documents lie.

The map is drawn once; choosing another question replaces the values of the last five traces. WebGL is painted over all
SVG, so with many documents every mark on the map is WebGL, and names of topics are annotations. Positions come from
`lab.geometry.atlas`. Distances on the map are not distances in the space: `map_loss` beside it says how wrong it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import BLUE, CLOUD, INK, PAPER, RELEVANT, SMALL, TEACHER, Values, draw, escape, shorten, tint

NAMED = 8  # topics that get a name on the map; all others are "other"
NAMELESS = frozenset({"", "uncategorized", "other"})
FEW = 1_500  # up to so many dots SVG will do, and no WebGL context is taken
GRID = 36  # cells a side, for finding where a topic is densest
STILL = 2  # traces that a chosen question leaves as they are
BLANK = "\u00a0"  # where a text was "", plotly draws nothing ever after, whatever the text becomes
LINE = 0.052  # height of a line of the list, as a share of it

_SIDE = {"xaxis": "x2", "yaxis": "y2"}
_TRACES: tuple[dict[str, Any], ...] = (
    {"name": "document", "mode": "markers", "marker": {"color": CLOUD, "size": 3}, "hoverinfo": "text"},
    {
        "name": "questions", "mode": "markers", "hoverinfo": "text",
        "marker": {"color": BLUE, "symbol": "circle", "size": 5, "opacity": 0.55},
    },
    {
        "name": "to its ten", "mode": "lines", "line": {"color": BLUE, "width": 1}, "hoverinfo": "skip",
        "showlegend": False,
    },
    # a question often lands on its answer: the star lies on the disc, the ring on both, and all three are seen
    {"name": "this question", "mode": "markers", "marker": TEACHER.marker(22), "hoverinfo": "text"},
    {"name": "relevant", "mode": "markers", "marker": RELEVANT.marker(16), "hoverinfo": "text"},
    {
        "name": "ten nearest", "mode": "markers", "hoverinfo": "text",
        "marker": {"color": INK, "symbol": "circle-open", "size": 10, "line": {"width": 2}},
    },
    {
        "name": "list", "mode": "text", "textposition": "middle right", "hoverinfo": "text", "showlegend": False,
        "textfont": {"size": SMALL, "color": INK}, "cliponaxis": False, **_SIDE,
    },
)  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """A question, or a document taken as one, and what was found for it.

    words: its text · place: (2,) where it lands · rows: documents, best first · relevant: those that are judged so
    """

    words: str
    place: tuple[float, float]
    rows: Sequence[int]
    relevant: Collection[int] = ()


def document_map(
    positions: Any,
    names: Sequence[str],
    topics: Sequence[str] | None = None,
    *,
    questions: tuple[Any, Sequence[str]] | None = None,
    chosen: Chosen | None = None,
    most: int | None = None,
    title: str = "The teacher's space, flattened",
    axes: tuple[str, str] | None = None,
) -> go.Figure:
    """The map with its topics, the questions on it, and a chosen one with its nearest documents, lit and listed.

    Args:
        positions: (n, 2) of the documents; names: their n titles; topics: one each.
        questions: (q, 2) positions where questions land, and their texts.
        most: draw a sample of so many documents. More than 1,500 take a WebGL context, of which a page has few.
        axes: what they are called. Axes of UMAP mean nothing and get no name.

    Raises:
        DataError: lengths do not fit.
    """
    values = document_map_values(positions, names, topics, questions=questions, chosen=chosen, most=most)
    traces = [dict(trace) for trace in _TRACES]
    for trace in traces[:-1]:
        trace["type"] = "scattergl" if len(values[0]["x"]) > FEW else "scatter"
    hidden = {"showgrid": False, "showticklabels": False, "ticks": "", "showline": axes is not None}
    x, y = axes or ("", "")
    return draw(
        traces,
        values,
        height=560,
        title={"text": title},
        plot_bgcolor=tint(PAPER, 0),  # the list's empty panel must not cover a map that takes the whole width
        annotations=topic_names(positions, topics) if topics is not None else [],
        xaxis={"domain": [0, 0.66 if chosen else 1], "title": {"text": x}, **hidden},
        yaxis={"scaleanchor": "x", "title": {"text": y}, **hidden},
        xaxis2={"domain": [0.67, 1], "range": [0, 1], "visible": False, "fixedrange": True},
        yaxis2={"anchor": "x2", "range": [0, 1], "visible": False, "fixedrange": True},
        legend={"itemclick": False, "itemdoubleclick": False},
        margin={"l": 30, "r": 10, "t": 80, "b": 30},
        hovermode="closest",
    )


def document_map_values(
    positions: Any,
    names: Sequence[str],
    topics: Sequence[str] | None = None,
    *,
    questions: tuple[Any, Sequence[str]] | None = None,
    chosen: Chosen | None = None,
    most: int | None = None,
) -> Values:
    """What the seven traces of `document_map` show: documents, questions, and the five of `chosen_values`."""
    flat = _places(positions, names, "names")
    if topics is not None:
        _places(flat, topics, "topics")
    kept = np.arange(len(flat))
    if most is not None and most < len(flat):
        kept = np.sort(np.random.default_rng(0).permutation(len(flat))[:most])
    named = largest_topics(topics) if topics is not None else []
    asked, texts = questions if questions is not None else (np.empty((0, 2)), ())
    asked = _places(asked, texts, "questions")
    return [
        {**_points(flat[kept]), "hovertext": [_hover(row, names, topics, named) for row in kept.tolist()]},
        {**_points(asked), "hovertext": [escape(text) for text in texts]},
        *chosen_values(chosen, flat, names),
    ]


def chosen_values(chosen: Chosen | None, positions: Any, names: Sequence[str]) -> Values:
    """What a choice changes: lines, the question, stars, rings, the list."""
    if chosen is None:
        return [{"x": [], "y": []} for _ in _TRACES[STILL:]]
    flat, (x, y) = np.asarray(positions, dtype=np.float64), chosen.place
    ten, stars = list(chosen.rows), sorted(chosen.relevant)
    lines, heads = _list(chosen, names)
    return [
        {
            "x": [value for row in ten for value in (x, float(flat[row, 0]), None)],
            "y": [value for row in ten for value in (y, float(flat[row, 1]), None)],
        },
        {"x": [x], "y": [y], "hovertext": [escape(chosen.words)]},
        {**_points(flat[stars]), "hovertext": [f"★ {escape(names[row])}" for row in stars]},
        {**_points(flat[ten]), "hovertext": [f"{place}. {escape(names[row])}" for place, row in enumerate(ten, 1)]},
        {"x": [0.0] * len(lines), "y": [0.98 - LINE * line for line in range(len(lines))], "text": lines,
         "hovertext": heads},
    ]  # fmt: skip


def largest_topics(topics: Sequence[str], most: int = NAMED) -> list[str]:
    """The topics that are named on the map, largest first; "Uncategorized" is no topic."""
    counts = Counter(topic for topic in topics if topic.lower() not in NAMELESS)
    return [topic for topic, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]


def _list(chosen: Chosen, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Lines of the list and what they show under the pointer: the question, then the documents."""
    asked = wrap(shorten(chosen.words, 120), 36)
    lines = [f"<b>{escape(line)}</b>" for line in asked] + [BLANK]
    heads = [escape(chosen.words)] * len(asked) + [BLANK]
    for place, row in enumerate(chosen.rows, 1):
        mark = " ★" if row in chosen.relevant else ""
        lines.append(f"{place}. {escape(shorten(names[row], 32))}{mark}")
        heads.append(f"{place}. {escape(names[row])}{mark}")
    if missing := [row for row in sorted(chosen.relevant) if row not in chosen.rows]:
        lines.append(f"not found: {escape(shorten(names[missing[0]], 22))} ★")
        heads.append("relevant, not found: " + ", ".join(escape(names[row]) for row in missing))
    return lines, heads


def topic_names(positions: Any, topics: Sequence[str]) -> list[dict[str, Any]]:
    """An annotation a topic, at its densest cell that no larger topic's name covers."""
    flat, named = _places(positions, topics, "topics"), largest_topics(topics)
    low, span = flat.min(axis=0), np.ptp(flat, axis=0) + 1e-9
    of_topic, x, y = np.asarray(topics), [], []
    taken: list[tuple[int, int, float]] = []
    for topic in named:
        cells = np.floor((flat[of_topic == topic] - low) / span * (GRID - 1e-6)).astype(int)
        counts = np.zeros((GRID + 2, GRID + 2))
        np.add.at(counts, (cells[:, 0] + 1, cells[:, 1] + 1), 1)
        shifted = [np.roll(counts, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        smooth = np.sum(shifted, axis=0)[1:-1, 1:-1]
        half = len(topic) * 0.24 + 0.8  # cells: half the width of the name
        for cell in np.argsort(-smooth, axis=None, kind="stable")[: GRID * 4]:
            i, j = divmod(int(cell), GRID)
            i = int(np.clip(i, half, GRID - half)) if 2 * half < GRID else GRID // 2
            if all(abs(i - a) > half + other or abs(j - b) > 2 for a, b, other in taken):
                break
        taken.append((i, j, half))
        x.append(float(low[0] + (i + 0.5) / GRID * span[0]))
        y.append(float(low[1] + (j + 0.5) / GRID * span[1]))
    look = {
        "showarrow": False,
        "font": {"size": SMALL, "color": INK},
        "bgcolor": tint(PAPER, 0.5),
        "borderpad": 0,
    }
    return [
        {"x": a, "y": b, "text": f"<b>{escape(topic)}</b>", **look} for a, b, topic in zip(x, y, named, strict=True)
    ]


def _hover(row: int, names: Sequence[str], topics: Sequence[str] | None, named: Sequence[str]) -> str:
    if topics is None:
        return escape(names[row])
    return f"{escape(names[row])}<br>{escape(topics[row]) if topics[row] in named else 'other'}"


def _points(places: np.ndarray) -> dict[str, Any]:
    return {"x": places[:, 0].tolist(), "y": places[:, 1].tolist()}


def _places(positions: Any, words: Sequence[str], called: str) -> np.ndarray:
    array = np.asarray(positions, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) != len(words) or not np.isfinite(array).all():
        raise DataError(f"positions of shape {array.shape} for {len(words)} {called}: give one (x, y) for each")
    return array
