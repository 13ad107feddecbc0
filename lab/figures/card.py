"""The student card: what a student is, what it kept and what it cost, on one picture that closes a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import plotly.graph_objects as go
from scipy.stats import binomtest

from lab.errors import DataError
from lab.evaluation import Interval, mean_intervals
from lab.figures.dartboard import keeps, ratios
from lab.figures.distance import recorded_overlap
from lab.figures.style import INK, SMALL, STUDENT, TEACHER, Look, Values, draw, escape
from lab.recording import FACTS, Recording
from lab.report import MAIN, Report

SELECTED = "held-out overlap@10"  # the measure by which a distillation keeps its best look


def _traces(who: Look) -> tuple[dict[str, Any], ...]:
    return (
        {
            "name": "kept", "type": "bar", "orientation": "h", "width": 0.5, "hoverinfo": "skip",
            "marker": {"color": who.colour, "opacity": 0.45, "line": {"color": INK, "width": 0.5},
                       "pattern": {"shape": who.pattern}},
        },
        {
            "name": "interval", "mode": "markers", "marker": who.marker(12), "cliponaxis": False,
            "hovertemplate": "%{text}<extra></extra>",
        },
        {"name": "as the teacher", "mode": "lines", "line": TEACHER.line(2), "hoverinfo": "skip"},
        {
            "name": "words", "mode": "text", "textposition": "middle right", "hoverinfo": "skip", "cliponaxis": False,
            "textfont": {"size": SMALL, "color": INK},
        },
    )  # fmt: skip


def student_card(recording: Recording, name: str = "student") -> go.Figure:
    """Bars from 0 to the teacher's 1, each with its 95 % interval over queries; size, minutes and speed above.

    Retention, size, minutes and speed are there if `described` or `known` put them into the recording.

    Raises:
        DataError: the recording holds no look.
    """
    rows, facts = card_rows(recording), recording.about.get(FACTS, {})
    look = best_look(recording)
    step = recording.steps[look]
    looked = f"step {step:,}, {len(recording.queries)} queries"
    if facts.get("queries") and facts["queries"] != len(recording.queries):
        looked += f"; {MAIN}: {facts['queries']} {facts['split']} queries"
    head = [" · ".join(_said(facts)), f"{looked}; whiskers: 95 % interval over queries"]
    return draw(
        _traces(TEACHER if _is_teacher(recording, look) else STUDENT),
        card_values(rows),
        height=175 + 44 * len(rows),
        title={"text": "".join([escape(name), *(f"<br><sup>{words}</sup>" for words in head if words)])},
        showlegend=False,
        xaxis={"range": [-0.025, 1.34], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"},
        yaxis={
            "tickvals": list(range(len(rows))), "ticktext": list(rows), "range": [len(rows) - 0.4, -0.6],
            "showgrid": False, "ticks": "",
        },
        margin={"l": 60, "r": 20, "t": 95, "b": 40},
    )  # fmt: skip


def card_values(rows: Mapping[str, Interval]) -> Values:
    """What the four traces of `student_card` show of `card_rows`: bars, tips with whiskers, the teacher, words."""
    means, places = [each.value for each in rows.values()], list(range(len(rows)))
    return [
        {"x": means, "y": places},
        {
            "x": means, "y": places, "text": [f"{name}: {each}" for name, each in rows.items()],
            "error_x": {
                "type": "data", "color": INK, "thickness": 1.5, "symmetric": False,
                "array": [each.high - each.value for each in rows.values()],
                "arrayminus": [each.value - each.low for each in rows.values()],
            },
        },
        {"x": [1.0, 1.0], "y": [-0.6, len(rows) - 0.4]},
        {
            "x": [max(1.0, *(each.high for each in rows.values())) + 0.03] * len(rows), "y": places,
            "text": [f"<b>{each.value:.0%}</b> [{each.low:.0%}, {each.high:.0%}]" for each in rows.values()],
        },
    ]  # fmt: skip


def card_rows(recording: Recording) -> dict[str, Interval]:
    """Name of a bar → its mean with interval, at the look that was kept.

    Raises:
        DataError: the recording holds no look.
    """
    look, rows = best_look(recording), {}
    if kept := recording.about.get(FACTS, {}).get("retention"):
        rows[f"of the teacher's {MAIN}"] = Interval(**kept)
    measured = {
        "k-NN overlap@10": recorded_overlap(recording)[look],
        "same top document": keeps(recording)[look].astype(float),
        "… and provably so": (ratios(recording)[look] < 1).astype(float),
    }
    drawn = dict(zip(measured, mean_intervals(list(measured.values())), strict=True))
    if not _is_teacher(recording, look):  # of whom nothing is estimated
        queries = len(recording.queries)
        drawn |= {name: _none_or_all(each.value, queries) for name, each in drawn.items() if each.value in (0, 1)}
    return rows | drawn


def _is_teacher(recording: Recording, look: int) -> bool:
    return not recording.distances[look].any()


def _none_or_all(share: float, queries: int) -> Interval:
    """Of 0 or 1, the interval of Clopper and Pearson (Biometrika 1934): of queries that are all alike the bootstrap
    draws the same again and again, and is sure of what it has seen so few of.
    """
    bounds = binomtest(round(share * queries), queries).proportion_ci(0.95)
    return Interval(share, float(bounds.low), float(bounds.high))


def best_look(recording: Recording) -> int:
    """The look whose weights were kept; the last one where that was not measured.

    Raises:
        DataError: the recording holds no look.
    """
    if not len(recording.steps):
        raise DataError("this recording holds no look: record a training of at least one step")
    scores = recording.measures.get(SELECTED)
    return len(recording.steps) - 1 if scores is None else int(scores.argmax())


def described(
    recording: Recording, report: Report, minutes: float | None = None, speed: float | None = None
) -> Recording:
    """The recording with what its report knows: retention with interval, parameters of teacher and student.

    Args:
        minutes: of the distillation, wall clock.
        speed: queries a second over the teacher's in the same run, see benchmarks/speed.py.
    """
    parameters = {engine: report.parameters[engine] for engine in ("teacher", "student")}
    return known(
        recording, report.retention(), parameters, report.metrics, split=report.split, queries=len(report.distances),
        minutes=minutes, speed=speed,
    )  # fmt: skip


def known(
    recording: Recording,
    retention: Interval,
    parameters: Mapping[str, int],
    metrics: Mapping[str, Mapping[str, float]],
    *,
    split: str = "dev",
    queries: int | None = None,
    minutes: float | None = None,
    speed: float | None = None,
) -> Recording:
    """The same where there is no report: everything measured by hand.

    Args:
        parameters: of "teacher" and "student" · metrics: of "teacher", "student", "bm25": measure → mean.
        split, queries: what retention was measured on, and how many.
        minutes, speed: see `described`.
    """
    facts = {
        "retention": asdict(retention), "split": split, "queries": queries, "parameters": dict(parameters),
        "metrics": {engine: dict(values) for engine, values in metrics.items()}, "minutes": minutes, "speed": speed,
    }  # fmt: skip
    return replace(recording, about={**recording.about, FACTS: facts})


def told(recording: Recording) -> list[str]:
    """Size, retention and BM25's share in words, where `described` put them into the recording; of the look that was
    kept."""
    facts = recording.about.get(FACTS, {})
    kept = facts.get("retention")
    return [
        *_said({"parameters": facts.get("parameters")}),
        *([f"keeps {kept['value']:.0%} [{kept['low']:.0%}, {kept['high']:.0%}] of {MAIN} in the end"] if kept else []),
        *_beside_bm25(facts.get("metrics", {})),
    ]


def _said(facts: dict[str, Any]) -> list[str]:
    words = []
    if sizes := facts.get("parameters"):
        times = sizes["teacher"] / sizes["student"]
        share = f", 1/{times:.0f}" if times > 4.5 else f", 1/{times:.1f}" if times != 1 else ""
        words.append(f"{sizes['student'] / 1e6:.1f}M parameters{share}")
    if facts.get("minutes") is not None:
        words.append(f"{facts['minutes']:.1f} minutes")
    if facts.get("speed") is not None:
        rate = f"{rates['student']:.0f} queries a second, " if (rates := facts.get("per second")) else ""
        words.append(f"{rate}{facts['speed']:.1f} × the teacher's" + ("" if rate else " queries a second"))
    return [*words, *_beside_bm25(facts.get("metrics", {}))]


def _beside_bm25(metrics: dict[str, Any]) -> list[str]:
    """No student without the peer that needs no training: below it, it has failed."""
    if not {"teacher", "student", "bm25"} <= set(metrics):
        return []
    teacher, student, bm25 = (metrics[engine][MAIN] for engine in ("teacher", "student", "bm25"))
    return [f"BM25 {bm25 / teacher:.0%}" + (": the student is below it, it failed" if student < bm25 else "")]
