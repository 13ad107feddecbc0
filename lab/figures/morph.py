"""The morph strip: one query, a row per σ, what the noise made of it, and whether the teacher still finds the same.

Changed words are bold, underlined and vermilion; [–] stands where words were lost. The badge says whether the
teacher's best document is still the same one. No projection: what is read is what was made.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import BODY, INK, SMALL, TEACHER, VERMILLION, Values, draw, escape, shorten
from lab.generation.explore import Variants

BADGES = 0.74  # where the column of badges stands, text beginning at 0
LONGEST = 72  # characters of a made query that fit beside it
LOST = "[–]"

_BADGE = {"mode": "markers+text", "textposition": "middle right", "textfont": {"size": SMALL}, "hoverinfo": "text"}
TRACES: tuple[dict[str, Any], ...] = (
    {
        "name": "query", "mode": "text", "textposition": "middle right", "textfont": {"size": BODY, "color": INK},
        "hoverinfo": "text", "showlegend": False,
    },
    {"name": "same top document", "marker": TEACHER.marker(12), **_BADGE},
    {
        "name": "drifted to another", **_BADGE,
        "marker": {"color": VERMILLION, "symbol": "x", "size": 11, "line": {"color": INK, "width": 1}},
    },
)  # fmt: skip


def morph_strip(seen: Variants) -> go.Figure:
    """The strip of one query: what `Explorer.strip` saw, a row each.

    Raises:
        DataError: the rows are of different numbers, or none.
    """
    return draw(TRACES, morph_values(seen), height=120 + 30 * (len(seen.sigmas) + 1), **layout_of_strip(seen))


def layout_of_strip(seen: Variants) -> dict[str, Any]:
    """Axes, title and legend of the strip, for whoever draws more beside it."""
    rows = [*range(len(seen.sigmas) + 1)]
    words = f"“{escape(shorten(seen.source, 80))}”<br><sup>its top document: {escape(shorten(seen.top, 60))}</sup>"
    return {
        "title": {"text": words},
        "xaxis": {"range": [-0.01, 1.06], "visible": False, "fixedrange": True},
        "yaxis": {
            "range": [len(rows) - 0.4, -0.6], "tickvals": rows, "ticks": "", "showgrid": False, "showline": False,
            "ticktext": ["as asked", *(f"σ {sigma:g}" for sigma in seen.sigmas)], "fixedrange": True,
        },
        "legend": {"y": -0.02, "yanchor": "top", "itemclick": False, "itemdoubleclick": False},
        "margin": {"l": 70, "r": 10, "t": 70, "b": 40},
    }  # fmt: skip


def morph_values(seen: Variants) -> Values:
    """What the three traces of `morph_strip` show: texts, badges of those kept, badges of those that drifted.

    Raises:
        DataError: another number of marks or titles than of texts.
    """
    source, made, found = seen.source, seen.texts, seen.found
    if not len(seen.sigmas) == len(made) == len(seen.kept) == len(found) or not len(made):
        raise DataError(
            f"{len(seen.sigmas)} sigmas, {len(made)} texts, {len(seen.kept)} marks, {len(found)} titles: give one of"
            " each a row"
        )
    texts = [escape(shorten(source, LONGEST)), *(_painted(source, text) for text in made)]
    same = [row for row, good in enumerate(seen.kept, 1) if good]
    gone = [row for row, good in enumerate(seen.kept, 1) if not good]
    return [
        {"x": [0.0] * len(texts), "y": list(range(len(texts))), "text": texts,
         "hovertext": [escape(text) for text in (source, *made)]},
        _badges(same, ["same top-1"] * len(same), [found[row - 1] for row in same]),
        _badges(gone, [escape(shorten(found[row - 1], 24)) for row in gone], [found[row - 1] for row in gone]),
    ]  # fmt: skip


def marked(source: str, made: str) -> list[tuple[str, bool]]:
    """The words of `made`, each with True where it is not the source's; `LOST` where words of the source are missing.

    Case and end punctuation do not count.
    """
    before, after = source.split(), made.split()
    matcher = SequenceMatcher(None, [_bare(word) for word in before], [_bare(word) for word in after], autojunk=False)
    found: list[tuple[str, bool]] = []
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind == "delete":
            found.append((LOST, True))
        else:
            found += [(word, kind != "equal") for word in after[start:end]]
    return found


def _painted(source: str, made: str) -> str:
    parts, length = [], 0
    for word, changed in marked(source, made) or [("(nothing)", True)]:
        length += len(word) + 1
        if length > LONGEST:
            parts.append("…")
            break
        paint = f'<b><u><span style="color:{VERMILLION}">{escape(word)}</span></u></b>'
        parts.append(paint if changed else escape(word))
    return " ".join(parts)


def _bare(word: str) -> str:
    return word.casefold().strip("?.,;:!\"'()") or word


def _badges(rows: list[int], words: list[str], titles: list[str]) -> dict[str, Any]:
    return {
        "x": [BADGES] * len(rows),
        "y": rows,
        "text": [f" {word}" for word in words],
        "hovertext": [f"top document: {escape(title)}" for title in titles],
    }
