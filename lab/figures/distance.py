"""How a student comes to stand where its teacher stands: ‖t − s‖ and overlap@10, step by step.

overlap@10: of the teacher's ten documents of a query, the share that is among the student's ten.

Drawn from a finished `Recording` or from what a training has shown so far; the same function for both. Steps are on a
log axis, because the geometry moves at every step early on and hardly at all later. Step 0 stands left of the break.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import GREY, STUDENT, TEACHER, Values, draw, tint
from lab.recording import Recording

OVERLAP = {"text": "overlap@10", "standoff": 12}  # an axis title clear of "100%"
ZERO = 0.5  # where step 0 is drawn on the log axis
POINTS = 300  # most points of the line of batches
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)

_LOWER = {"xaxis": "x", "yaxis": "y2"}  # one time axis for both, anchored at the bottom
_TRACES: tuple[dict[str, Any], ...] = (
    {
        "name": "middle half", "mode": "lines", "fill": "toself", "fillcolor": tint(STUDENT.colour, 0.22),
        "line": {"width": 0}, "hoverinfo": "skip",
    },
    {
        "name": "batch in training", "mode": "lines", "line": {"color": GREY, "width": 1},
        "hovertemplate": "step %{x}: %{y:.3f}",
    },
    {
        "name": "student, on unseen texts", "mode": "lines+markers", "marker": STUDENT.marker(9),
        "line": STUDENT.line(), "hovertemplate": "step %{x}: mean ‖t − s‖ %{y:.3f}",
    },
    {"name": "teacher", "mode": "lines", "line": TEACHER.line(2), "hoverinfo": "skip"},
    {
        "name": "overlap", "mode": "lines+markers", "marker": STUDENT.marker(9), "line": STUDENT.line(),
        "hovertemplate": "step %{x}: overlap@10 %{y:.0%}", "showlegend": False, **_LOWER,
    },
    {"name": "all of it", "mode": "lines", "line": TEACHER.line(2), "hoverinfo": "skip", "showlegend": False, **_LOWER},
)  # fmt: skip


def distance_curve(
    seen: Recording | Any,
    distances: Any = None,
    overlap: Any = None,
    *,
    batches: tuple[Any, Any] | None = None,
    last: int | None = None,
    title: str = "The student moves to where its teacher stands",
) -> go.Figure:
    """Mean ‖t − s‖ with the middle half of the texts, above overlap@10.

    Args:
        seen: a `Recording`, or (K,) the steps at which the student was looked at.
        distances: (K, P) ‖t − s‖ of P texts, or (K,) their mean; None where it was not measured.
        overlap: (K,) or (K, P) overlap@10, 0 to 1.
        batches: (steps, mean ‖t − s‖ of the batch of each step): what the training itself sees.
        last: the step at which the axis ends, where more are to come; by default the last one there is.

    Raises:
        DataError: lengths do not fit, or values are not numbers.
    """
    values = distance_values(seen, distances, overlap, batches=batches, last=last)
    return draw(
        _TRACES,
        values,
        height=460,
        title={"text": title},
        xaxis={
            "type": "log", "anchor": "y2",
            "tickvals": [ZERO, *TICKS], "ticktext": ["0", *(f"{tick:,}" for tick in TICKS)],
            "title": {"text": "training step (log scale)"},
        },
        yaxis={"domain": [0.46, 1], "title": {"text": "‖t − s‖ (0: same place)"}},
        yaxis2={"domain": [0, 0.36], "range": [-0.05, 1.08], "tickformat": ".0%", "title": OVERLAP},
    )  # fmt: skip


def distance_values(
    seen: Recording | Any,
    distances: Any = None,
    overlap: Any = None,
    *,
    batches: tuple[Any, Any] | None = None,
    last: int | None = None,
) -> Values:
    """What the six traces of `distance_curve` show: band, batches, mean, teacher, overlap, teacher.

    Raises:
        DataError: another number of distances than of steps.
    """
    if isinstance(seen, Recording):
        steps, distances, overlap = seen.steps, seen.distances, recorded_overlap(seen)
    else:
        steps = np.asarray(seen, dtype=np.int64)
    steps = steps.reshape(-1)
    far, shared = _looks(distances, len(steps), "distances"), _looks(overlap, len(steps), "overlap")
    x = _on_log(steps)
    trained, losses = (np.asarray(part, dtype=np.float64) for part in (batches or ((), ())))
    if trained.shape != losses.shape:
        raise DataError(f"batches: {trained.shape} steps with {losses.shape} distances; give one distance a step")
    end = max([last or 1, *steps.tolist(), *trained.tolist()])
    band: dict[str, Any] = {"x": [], "y": []}
    if far is not None and far.shape[1] > 1:
        low, high = np.quantile(far, (0.25, 0.75), axis=1)
        band = {"x": [*x, *x[::-1]], "y": [*low.tolist(), *high[::-1].tolist()]}
    guide = [ZERO, float(end)]
    return [
        band,
        _thinned(trained, losses),
        {"x": x if far is not None else [], "y": far.mean(axis=1).tolist() if far is not None else []},
        {"x": guide, "y": [0.0, 0.0]},
        {"x": x if shared is not None else [], "y": shared.mean(axis=1).tolist() if shared is not None else []},
        {"x": guide, "y": [1.0, 1.0]},
    ]


def recorded_overlap(recording: Recording) -> np.ndarray:
    """(K, P) share of the teacher's ten documents among the student's ten, for every look and query."""
    same = recording.rows[..., :, None] == recording.teacher_rows[None, :, None, :]  # (K, P, 10, 10)
    return same.any(axis=2).mean(axis=-1)


def _looks(values: Any, looks: int, name: str) -> np.ndarray | None:
    """(looks, n) or None."""
    if values is None:
        return None
    array = np.asarray(values, dtype=np.float64)
    if array.ndim not in (1, 2) or len(array) != looks or not np.isfinite(array).all():
        raise DataError(f"{name} of shape {array.shape} for {looks} steps: give a number, or a row of numbers, a step")
    return array.reshape(looks, -1) if looks else None


def _thinned(steps: np.ndarray, losses: np.ndarray) -> dict[str, Any]:
    """Means over at most `POINTS` stretches of equal length on the log axis: a live view redraws all of it."""
    if not len(steps):
        return {"x": [], "y": []}
    edges = np.geomspace(ZERO, max(steps.max(), 1) + 1, POINTS + 1)
    place = np.digitize(steps, edges)
    _, starts, counts = np.unique(place, return_index=True, return_counts=True)
    x, y = np.add.reduceat(steps, starts) / counts, np.add.reduceat(losses, starts) / counts
    return {"x": _on_log(x), "y": y.tolist()}


def _on_log(steps: np.ndarray) -> list[float]:
    return np.where(steps <= 0, ZERO, steps).astype(float).tolist()
