"""One look for every picture of the lab: who is blue, who is orange, how large letters are.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any common colour blindness tell
apart. Colour never stands alone: every engine also has a marker, a dash and a hatching of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

INK, GREY, PALE, PAPER = "#222222", "#8c8c8c", "#e4e4e4", "#ffffff"
BLUE, ORANGE, VERMILLION, GREEN = "#0072B2", "#E69F00", "#D55E00", "#009E73"
SKY, YELLOW, PURPLE = "#56B4E9", "#F0E442", "#CC79A7"
CLOUD = "#bdbdbd"  # the thousands of documents a map is drawn on
CATEGORIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW)
PALETTE = (INK, GREY, PALE, PAPER, CLOUD, *CATEGORIES)  # every colour there is, but for a scale
SCALE = "Cividis"  # for values; never for categories

FONT = "Inter, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif"
SMALL, BODY, HEADING = 12, 13, 16  # pixels of letters
WIDTH, HEIGHT = 820, 420  # pixels of a figure in a notebook, unless it says otherwise
MARKER = 11

# One mapping a trace, in the order of a figure's traces: what changes when the figure's state changes. Every figure of
# the lab is drawn from such values, with a fixed number of traces, so that a live view can replace them in place.
Values = list[dict[str, Any]]


def tint(colour: str, opacity: float) -> str:
    """A colour of the palette, to be seen through: 0 is not there at all, 1 hides what is below."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


@dataclass(frozen=True)
class Look:
    """How one thing is drawn.

    label: its name in legends · symbol, dash, pattern: the cues beside colour, in plotly's words
    """

    label: str
    colour: str
    symbol: str
    dash: str
    pattern: str = ""

    def marker(self, size: float = MARKER, **more: Any) -> dict[str, Any]:
        """A filled marker with a dark edge: light colours stay visible on white."""
        return {"color": self.colour, "symbol": self.symbol, "size": size, "line": {"color": INK, "width": 1}} | more

    def line(self, width: float = 2.5) -> dict[str, Any]:
        return {"color": self.colour, "dash": self.dash, "width": width}


LOOKS: Mapping[str, Look] = {
    "teacher": Look("teacher", BLUE, "circle", "solid"),
    "student": Look("student", ORANGE, "triangle-up", "dash", "/"),
    "shipped": Look("student, full run", ORANGE, "triangle-up", "dash", "/"),
    "yours": Look("your student", VERMILLION, "triangle-down", "dashdot", "\\"),
    "static": Look("static student", PURPLE, "square", "dot", "."),
    "bm25": Look("BM25", GREEN, "diamond", "longdash", "x"),
    "document": Look("document", GREY, "circle-open", "solid"),
    "relevant": Look("relevant", YELLOW, "star", "solid"),
}
TEACHER, STUDENT, DOCUMENT, RELEVANT = (LOOKS[name] for name in ("teacher", "student", "document", "relevant"))


def look(engine: str) -> Look:
    """The look of an engine; a name the lab does not know is drawn grey, with its own name as label."""
    return LOOKS.get(engine, Look(engine, GREY, "x", "solid"))


_AXIS = {
    "gridcolor": PALE,
    "linecolor": GREY,
    "zeroline": False,
    "ticks": "outside",
    "tickcolor": GREY,
    "title": {"font": {"size": BODY}},
    "automargin": True,
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": BODY, "color": INK},
        "title": {"font": {"size": HEADING}, "x": 0, "xref": "paper", "xanchor": "left"},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "colorway": list(CATEGORIES),
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": SMALL}},
        "hoverlabel": {"font": {"family": FONT, "size": SMALL}, "align": "left"},
        "margin": {"l": 60, "r": 30, "t": 80, "b": 50},
    }
)


def draw(traces: Iterable[Mapping[str, Any]], values: Values, height: int = HEIGHT, **layout: Any) -> go.Figure:
    """A figure out of how its traces look and what they show, in the lab's template.

    Raises:
        ValueError: another number of values than traces.
    """
    data = [{"type": "scatter"} | merge(still, shown) for still, shown in zip(traces, values, strict=True)]
    return go.Figure({"data": data, "layout": {"template": TEMPLATE, "height": height, "width": WIDTH} | layout})


def merge(still: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """`shown` over `still`; markers are merged attribute by attribute."""
    both = {**still, **shown}
    if "marker" in still and "marker" in shown:
        both["marker"] = {**still["marker"], **shown["marker"]}
    return both


def shorten(text: str, most: int = 38) -> str:
    """At most so many characters, cut at a word where one ends nearby."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    space = cut.rfind(" ")
    return f"{(cut[:space] if space > most * 0.6 else cut).rstrip(' ,.;:')}…"


def escape(text: str) -> str:
    """Text as plotly should print it: no tags, no entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table_html(table: pd.DataFrame, **how: Any) -> str:
    """A table for a panel, whose cells would touch: JupyterLab lays out those of outputs alone. how: of `to_html`."""
    return table.to_html(border=0, **how).replace("<table", '<table cellpadding="6"', 1)
