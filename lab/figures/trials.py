"""Several trainings in one picture: what one knob does to ‖t − s‖ and to overlap@10.

Every run has a slot with its own colour, marker and dash; its name stands at the right, at the end of its line. The
first slot belongs to the run that all others are compared with; it lies above them with large open markers, since a
knob that does nothing gives the same curve, and then both can be seen.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.evaluation import Interval, difference_interval
from lab.figures.distance import OVERLAP, TICKS, ZERO
from lab.figures.style import (
    GREEN,
    GREY,
    INK,
    PALE,
    PURPLE,
    SKY,
    SMALL,
    STUDENT,
    TEACHER,
    VERMILLION,
    Look,
    Values,
    draw,
)
from lab.preparation import Looked

WHOLE = ("finished", "shipped")  # states of runs that others can be compared with
RESAMPLES = 2_000
FARTHEST = 1.5  # top of the distance axis; unit vectors of unrelated texts are about 1.4 apart
GAP = 0.105  # of the distance axis, between two names: a line of letters
NAME, ROOM = 1.25, 0.8  # names stand at so many times the last step, in so many decades: plotly draws nothing outside
SLOTS: tuple[Look, ...] = (
    dataclasses.replace(STUDENT, symbol=f"{STUDENT.symbol}-open"),
    Look("", VERMILLION, "triangle-down", "dashdot"),
    Look("", GREEN, "diamond", "longdash"),
    Look("", PURPLE, "square", "dot"),
    Look("", SKY, "pentagon", "solid"),
    Look("", INK, "cross", "longdashdot"),
    Look("", GREY, "x", "solid"),
)


@dataclass(frozen=True)
class Trial:
    """One training with a name, as far as it has come.

    changed: setting → "usual → here", of what differs from the run it is compared with
    looks: what was seen so far · step, steps: where it is, of how many · best: the step whose look was kept
    state: "running", "finished", "stopped", "shipped", or what went wrong
    """

    name: str
    changed: Mapping[str, str] = field(default_factory=dict)
    looks: tuple[Looked, ...] = ()
    step: int = 0
    steps: int = 1
    best: int | None = None
    parameters: int | None = None
    seconds: float | None = None
    state: str = "running"
    texts: str = ""  # `fingerprint` of what it was looked at through

    @property
    def kept(self) -> Looked | None:
        """The look that counts: that of the student that was kept, or the best so far."""
        chosen = [look for look in self.looks if look.step == self.best]
        return (chosen or [max(self.looks, key=lambda look: look.overlap)])[0] if self.looks else None

    def against(self, other: Trial) -> Interval | None:
        """Difference of overlap@10 from another run, paired text by text; None where that cannot be said:
        nothing was seen yet, or it was seen through other texts.
        """
        mine, theirs = self.kept, other.kept
        if mine is None or theirs is None or self.texts != other.texts:
            return None
        return difference_interval(mine.overlaps, theirs.overlaps, resamples=RESAMPLES)

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads: every look's means, and text by text the look that was kept."""
        out = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)} | {"changed": dict(self.changed)}
        out["looks"] = [
            {"step": look.step}
            | {
                name: [round(float(value), 4) for value in (values if look is self.kept else [values.mean()])]
                for name, values in (("distances", look.distances), ("overlaps", look.overlaps))
            }
            for look in self.looks
        ]
        return out

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Trial:
        looks = tuple(
            Looked(look["step"], np.array(look["distances"]), np.array(look["overlaps"])) for look in values["looks"]
        )
        return cls(**{**values, "looks": looks})


def fingerprint(texts: Sequence[str]) -> str:
    """Of texts in their order: runs that were looked at through the same ones can be compared."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def usual_first(trials: Sequence[Trial]) -> list[Trial]:
    """The last whole run that changed nothing, then all others as they came."""
    usual = [trial for trial in trials if not trial.changed]
    first = ([trial for trial in usual if trial.state in WHOLE] or usual)[-1:]
    return [*first, *(trial for trial in trials if not any(trial is each for each in first))]


def trials_curve(trials: Sequence[Trial], steps: int | None = None, title: str = "One knob at a time") -> go.Figure:
    """Mean ‖t − s‖ of each run on texts nobody trained on, above overlap@10 with its teacher.

    Args:
        trials: the first is the one the others are compared with; of more than there are slots, it and the last ones
            are drawn.
        steps: where the axis ends, if runs that are to come are longer than these.
    """
    last = _last(trials, steps)
    ticks = [ZERO, *(tick for tick in TICKS if tick <= last)]
    upper, lower = {"xaxis": "x", "yaxis": "y"}, {"xaxis": "x", "yaxis": "y2"}
    traces: list[dict[str, Any]] = []
    for axes, what in ((upper, "mean ‖t − s‖ %{y:.3f}"), (lower, "overlap@10 %{y:.0%}")):
        traces += [
            {
                "name": f"run {place}", "mode": "lines+markers", "line": look.line(2), "showlegend": False, **axes,
                "marker": look.marker(9) if place else look.marker(16, line={"width": 2.5}), "zorder": int(not place),
                "hovertemplate": f"%{{text}}, step %{{x}}: {what}<extra></extra>",
            }
            for place, look in enumerate(SLOTS)
        ]  # fmt: skip
        traces += [
            {"name": "teacher", "mode": "lines", "line": TEACHER.line(2), "hoverinfo": "skip", **axes,
             "showlegend": False},
            {"name": "now", "mode": "lines", "line": {"color": GREY, "width": 1, "dash": "dot"}, "hoverinfo": "skip",
             "showlegend": False, **axes},
        ]  # fmt: skip
    names = {
        "name": "names", "mode": "text", "textposition": "middle right", "textfont": {"size": SMALL, "color": INK},
        "hoverinfo": "skip", "cliponaxis": False, "showlegend": False, **upper,
    }  # fmt: skip
    leaders = {
        "name": "leaders", "mode": "lines", "line": {"color": PALE, "width": 1.5}, "hoverinfo": "skip",
        "cliponaxis": False, "showlegend": False, **upper,
    }  # fmt: skip
    return draw(
        [*traces, leaders, names],
        trials_values(trials, steps),
        height=540,
        title={"text": title},
        margin={"l": 60, "r": 20, "t": 60, "b": 50},
        xaxis={
            "type": "log", "anchor": "y2", "range": [np.log10(ZERO * 0.8), np.log10(last) + ROOM],
            "tickvals": ticks, "ticktext": ["0", *(f"{tick:,}" for tick in ticks[1:])],
            "title": {"text": "training step (log scale)"},
        },
        yaxis={"domain": [0.42, 1], "range": [-0.04, FARTHEST], "title": {"text": "mean ‖t − s‖"}},
        yaxis2={"domain": [0, 0.34], "range": [-0.05, 1.08], "tickformat": ".0%", "title": OVERLAP},
    )  # fmt: skip


def trials_values(trials: Sequence[Trial], steps: int | None = None) -> Values:
    """What the traces of `trials_curve` show: slots, teacher and present step above, the same below, leaders, names."""
    shown = _shown(trials)
    empty: dict[str, Any] = {"x": [], "y": [], "text": []}
    last = float(_last(trials, steps))
    guide = [ZERO, last]
    now = [max(float(trial.step), ZERO) for trial in shown if trial.state == "running"] * 2
    values: Values = []
    for measure, at, span in (("distance", 0.0, [0.0, FARTHEST]), ("overlap", 1.0, [0.0, 1.0])):
        for trial in shown:
            values.append({
                "x": [max(float(look.step), ZERO) for look in trial.looks],
                "y": [getattr(look, measure) for look in trial.looks],
                "text": [trial.name] * len(trial.looks),
            })  # fmt: skip
        values += [dict(empty) for _ in range(len(SLOTS) - len(shown))]
        values += [{"x": guide, "y": [at, at]}, {"x": now, "y": span if now else []}]
    ends = [(trial, trial.looks[-1]) for trial in shown if trial.looks]
    places = _apart([look.distance for _, look in ends])
    edge = last * NAME
    leaders: dict[str, Any] = {"x": [], "y": []}
    for (_, look), place in zip(ends, places, strict=True):
        leaders["x"] += [max(float(look.step), ZERO), edge, None]
        leaders["y"] += [look.distance, place, None]
    names = {"x": [edge] * len(ends), "y": places, "text": [f" {trial.name}" for trial, _ in ends]}
    return [*values, leaders, names]


def _shown(trials: Sequence[Trial]) -> list[Trial]:
    """The first run and the last ones; of two others with one name the later."""
    if not trials:
        return []
    first, rest = trials[0], trials[1:]
    others = {trial.name: trial for trial in rest if trial.name != first.name or trial.state not in WHOLE}
    return [first, *list(others.values())[-(len(SLOTS) - 1) :]]


def _last(trials: Sequence[Trial], steps: int | None) -> int:
    return max([2, steps or 0, *(max(trial.steps, trial.step) for trial in trials)])


def _apart(heights: Sequence[float]) -> list[float]:
    """The same heights, moved apart where two would be written over each other, in their order."""
    order = np.argsort(heights, kind="stable")
    placed = np.array(heights, dtype=np.float64)
    for below, above in zip(order, order[1:], strict=False):
        placed[above] = max(placed[above], placed[below] + GAP)
    if len(order) and (over := placed[order[-1]] - FARTHEST) > 0:
        placed[order[-1]] -= over
        for above, below in zip(order[::-1], order[-2::-1], strict=False):
            placed[below] = min(placed[below], placed[above] - GAP)
    return placed.tolist()
