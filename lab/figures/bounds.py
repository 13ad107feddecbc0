"""What the theory promises beside what was measured: every pair under its bound, the theorem's terms in one bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from lab.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    YELLOW,
    Look,
    Values,
    draw,
    tint,
)  # fmt: skip
from lab.geometry import GapBound, ScoreBound

Mask = npt.NDArray[np.bool_]
SHOWN, BINS = 900, 50  # pairs of a kind that are drawn; bars of the distribution
NEAREST, OTHER = "the teacher's ten nearest", "all other documents"

# term of `GapBound` → its name, colour and hatching
TERMS: Mapping[str, tuple[str, str, str]] = {
    "deviation": ("train/test difference, a lower bound on E_n", PURPLE, "x"),
    "queries": ("2K · R_Emb,Q", GREEN, "/"),
    "documents": ("2K · R_Emb,D, 0 where inherited", YELLOW, "-"),
    "teacher": ("Δ, the teacher's own difference", BLUE, ""),
    "labels": ("K² · doubt of the teacher's σ(s)", SKY, "."),
}

_SCATTER: tuple[dict[str, Any], ...] = (
    {"name": OTHER, "mode": "markers", "marker": {"color": GREY, "symbol": "circle", "size": 4, "opacity": 0.45},
     "hovertemplate": "bound %{x:.3f}, change %{y:.3f}<extra></extra>"},
    {"name": NEAREST, "mode": "markers",
     "marker": {"color": PURPLE, "symbol": "diamond", "size": 6},
     "hovertemplate": "bound %{x:.3f}, change %{y:.3f}<extra></extra>"},
    {"name": "change = bound", "mode": "lines", "line": {"color": INK, "width": 2}, "hoverinfo": "skip"},
    {"name": OTHER, "mode": "lines", "line": {"color": GREY, "width": 2.5, "shape": "hvh"}, "fill": "tozeroy",
     "fillcolor": tint(GREY, 0.25), "xaxis": "x2", "yaxis": "y2", "showlegend": False},
    {"name": NEAREST, "mode": "lines", "line": {"color": PURPLE, "width": 2.5, "dash": "dash", "shape": "hvh"},
     "xaxis": "x2", "yaxis": "y2", "showlegend": False},
)  # fmt: skip


def bound_scatter(bound: ScoreBound, nearest: Mask, shown: int = SHOWN) -> go.Figure:
    """Left: |Δ score| over its Cauchy–Schwarz bound, a sample of the pairs. Right: their quotient, all pairs.

    Args:
        nearest: (n, m), True for pairs of a query and a document that the teacher puts among its first.
        shown: pairs of a kind that are drawn, at most, with a fixed seed; the distribution is of all.
    """
    top = float(bound.bound.max()) * 1.05
    tight = bound.tightness
    head = (f"{int((bound.change <= bound.bound + 1e-9).sum()):,} of {bound.change.size:,} pairs on or under the"
            f" diagonal<br><sup>median of change / bound: {np.median(tight[~nearest]):.3f} for {OTHER},"
            f" {np.median(tight[nearest]):.3f} for {NEAREST}</sup>")  # fmt: skip
    return draw(
        _SCATTER,
        bound_values(bound, nearest, shown),
        height=430,
        title={"text": head},
        xaxis={"domain": [0, 0.53], "range": [0, top], "title": {"text": "bound ‖t − s‖ · ‖d‖"}},
        yaxis={"range": [0, top], "title": {"text": "|Δ score|"}},
        xaxis2={"domain": [0.66, 1], "range": [0, 1], "anchor": "y2", "gridcolor": PALE,
                "title": {"text": "tightness, change / bound"}},
        yaxis2={"anchor": "x2", "gridcolor": PALE, "title": {"text": "share of the pairs"}, "tickformat": ".0%"},
        legend={"orientation": "h", "y": -0.22, "yanchor": "top"},
        margin={"l": 60, "r": 20, "t": 70, "b": 90},
    )  # fmt: skip


def bound_values(bound: ScoreBound, nearest: Mask, shown: int = SHOWN) -> Values:
    """What the five traces of `bound_scatter` show: two kinds of pairs, the diagonal, two distributions."""
    random, top = np.random.default_rng(0), float(bound.bound.max()) * 1.05
    edges = np.linspace(0, 1, BINS + 1)
    dots, lines = [], []
    for kind in (~nearest, nearest):
        at = np.flatnonzero(kind)
        at = random.permutation(at)[:shown]
        dots.append({"x": bound.bound.flat[at].round(4).tolist(), "y": bound.change.flat[at].round(4).tolist()})
        counts, _ = np.histogram(np.minimum(bound.tightness[kind], 1.0), edges)
        lines.append({"x": ((edges[1:] + edges[:-1]) / 2).tolist(), "y": (counts / max(1, counts.sum())).tolist()})
    return [*dots, {"x": [0, top], "y": [0, top]}, *lines]


_BARS: tuple[dict[str, Any], ...] = (
    *({"name": words, "type": "bar", "orientation": "h", "width": 0.5, "textposition": "inside", "insidetextanchor":
       "middle", "textfont": {"size": SMALL, "color": INK},
       "marker": {"color": colour, "opacity": 0.75, "line": {"color": INK, "width": 0.5}, "pattern": {"shape": hatch}},
       "hovertemplate": f"{words}: %{{x:.3f}}<extra></extra>"} for words, colour, hatch in TERMS.values()),
    {"name": "measured: R(student) − R(teacher)", "type": "bar", "orientation": "h", "width": 0.5,
     "marker": {"color": VERMILLION, "line": {"color": INK, "width": 0.5}},
     "hovertemplate": "measured: %{x:.4f}<extra></extra>"},
    {"name": "the most that scores within ±K² allow", "mode": "lines",
     "line": {"color": INK, "dash": "dash", "width": 2}, "hoverinfo": "skip"},
)  # fmt: skip


def gap_bars(bound: GapBound) -> go.Figure:
    """The theorem's right side as one stacked bar, the measured gap below it, a line where the bound says nothing."""
    verdict = "vacuous" if bound.vacuous else "below what is possible anyway"
    head = f"The terms add up to {bound.total:.2f}, the gap is {bound.gap:.4f}"
    return draw(
        _BARS,
        gap_values(bound),
        height=390,
        barmode="stack",
        title={"text": f"{head}<br><sup>K = {bound.scale:g}; no gap to this teacher can exceed {bound.possible:.2f}:"
                       f" {verdict}</sup>"},
        xaxis={"title": {"text": "nats of binary cross entropy"}, "rangemode": "tozero"},
        yaxis={"tickvals": [0, 1], "ticktext": ["measured", "bound"], "range": [-0.5, 1.5], "showgrid": False},
        legend={"orientation": "h", "y": -0.4, "yanchor": "top", "traceorder": "normal"},
        margin={"l": 75, "r": 20, "t": 70, "b": 150},
    )  # fmt: skip


def gap_values(bound: GapBound) -> Values:
    """What the seven traces of `gap_bars` show: the five terms, the measured gap, the line."""
    terms = [getattr(bound, name) for name in TERMS]
    return [
        *({"x": [value], "y": [1], "text": [f"{value:.2f}" if value >= 0.05 else ""]} for value in terms),
        {"x": [bound.gap], "y": [0]},
        {"x": [bound.possible] * 2, "y": [-0.5, 1.5]},
    ]


_SHARES: tuple[dict[str, Any], ...] = tuple(
    {"name": look.label, "mode": "lines+markers", "line": look.line(), "marker": look.marker(), "cliponaxis": False}
    for look in (
        Look("the teacher's first document is still first", GREEN, "square", "dash"),
        Look("guaranteed by the safe radius", PURPLE, "diamond", "solid"),
    )
)


def guarantee_curve(distances: Sequence[float], proved: Sequence[float], kept: Sequence[float]) -> go.Figure:
    """Over the mean ‖t − q‖ of query vectors q: the share whose first document is proved, and is, the teacher's."""
    return draw(
        _SHARES,
        [{"x": list(distances), "y": list(kept)}, {"x": list(distances), "y": list(proved)}],
        height=380,
        title={"text": "How near is near enough to be sure?"},
        xaxis={"type": "log", "title": {"text": "mean ‖t − q‖"}, "tickvals": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]},
        yaxis={"range": [0, 1.03], "tickformat": ".0%", "title": {"text": "share of the questions"}},
    )  # fmt: skip


_KINDS = (Look("wiki", GREEN, "square", ""), Look("pydocs", YELLOW, "diamond", ""))


def gap_scatter(students: Sequence[Mapping[str, Any]], x: str = "distance", y: str = "gap") -> go.Figure:
    """One marker a student of docs/fidelity.json: its R_Emb,Q and the gap that was measured, a colour a collection."""
    values = []
    for kind in _KINDS:
        mine = [row for row in students if row["changes"]["collection"] == kind.label]
        said = [" · ".join(f"{k} {v}" for k, v in row["changes"].items() if k != "collection") for row in mine]
        values.append({"x": [row[x] for row in mine], "y": [row[y] for row in mine], "text": said})
    words = "%{text}<extra></extra>"
    return draw(
        [{"name": kind.label, "mode": "markers", "marker": kind.marker(), "hovertemplate": words} for kind in _KINDS],
        values,
        height=380,
        title={"text": f"{len(students)} students: does R_Emb,Q rank them as their gaps do?"},
        xaxis={"title": {"text": "R_Emb,Q on held-out texts, mean ‖t − s‖"}},
        yaxis={"title": {"text": "nDCG@10, teacher − student, dev"}},
    )
