"""The theatre: the dartboard of all queries, the two engines on one of them, and what both say in numbers.

One figure out of two, so that one widget can play a recording: a look and a query decide every value in it.
"""

from __future__ import annotations

import textwrap

import numpy as np
import plotly.graph_objects as go

from lab.collection import Collection
from lab.errors import DataError
from lab.evaluation import per_query
from lab.figures.card import told
from lab.figures.dartboard import AXIS, check_place, dartboard, dartboard_values, dartboard_words, ratios
from lab.figures.engines import MEASURE, list_ndcg, recording_at, two_engines, two_engines_values
from lab.figures.style import BODY, INK, TEMPLATE, WIDTH, Values, escape, merge
from lab.recording import Recording
from lab.retrieval import Run

BOARD, ENGINES, SIDE = [0.53, 1.0], [0.0, 0.47], [0.53, 1.0]  # domains: the board's y, the engines' y, the words' x
LINE, LINES = 46, 3  # letters and lines of the question
_WORDS = {
    "type": "scatter", "name": "in numbers", "mode": "text", "textposition": "bottom right", "hoverinfo": "skip",
    "textfont": {"size": BODY, "color": INK}, "showlegend": False, "xaxis": "x3", "yaxis": "y3", "cliponaxis": False,
}  # fmt: skip


def theatre(
    recording: Recording, collection: Collection, look: int = -1, query: int = 0, name: str = "student"
) -> go.Figure:
    """One look at all queries, and at one of them.

    Args:
        recording: over documents of `collection`.
        look, query: positions among the recording's looks (negative: from the end) and queries.
        name: of the student, as it is to be called.

    Raises:
        DataError: no such look or query, or a recording over another collection.
    """
    values = theatre_values(recording, collection, look, query, name)
    board = dartboard(recording, look, query)
    engines = two_engines(
        "", *recording_at(recording, look, query), collection.titles, grades(recording, collection, query)
    )
    below = [
        trace.to_plotly_json() | {"xaxis": "x2", "yaxis": "y2", "showlegend": trace.mode != "markers+text"}
        for trace in engines.data
    ]
    traces = [*(trace.to_plotly_json() for trace in board.data), *below, _WORDS]
    return go.Figure(
        {
            "data": [{"type": "scatter"} | merge(*both) for both in zip(traces, values, strict=True)],
            "layout": {
                "template": TEMPLATE, "width": WIDTH, "height": 800,
                "title": {"text": "Theatre: every query on the board, one of them below"},
                "xaxis": AXIS | {"domain": [0, 0.48], "anchor": "y"},
                "yaxis": AXIS | {"domain": BOARD, "anchor": "x", "scaleanchor": "x"},
                "xaxis2": engines.layout.xaxis.to_plotly_json() | {"domain": [0, 1], "anchor": "y2"},
                "yaxis2": engines.layout.yaxis.to_plotly_json() | {"domain": ENGINES, "anchor": "x2"},
                "xaxis3": AXIS | {"domain": SIDE, "anchor": "y3", "range": [0, 1]},
                "yaxis3": AXIS | {"domain": BOARD, "anchor": "x3", "range": [0, 1]},
                "annotations": [
                    heading.to_plotly_json() | {"xref": "x2", "yref": "y2"} for heading in engines.layout.annotations
                ],
                "legend": {
                    "orientation": "v", "x": SIDE[0], "xanchor": "left", "y": BOARD[0] - 0.06, "yanchor": "bottom",
                    "itemclick": False, "itemdoubleclick": False,
                },
                "margin": {"l": 50, "r": 20, "t": 60, "b": 20},
            },
        }
    )  # fmt: skip


def theatre_values(
    recording: Recording,
    collection: Collection,
    look: int = -1,
    query: int = 0,
    name: str = "student",
    quality: tuple[float, float] | None = None,
) -> Values:
    """What the fifteen traces of `theatre` show: the dartboard's nine, the engines' five, the words.

    Args:
        quality: mean nDCG@10 over all queries of teacher and student at this look, where it is known already.

    Raises:
        DataError: no such look or query, or a recording over another collection.
    """
    check_place(recording, look, query)
    judged = grades(recording, collection, query)
    shown = recording_at(recording, look, query)
    words = _words(recording, collection, look, query, name, quality)
    return [
        *dartboard_values(recording, look, query),
        *two_engines_values(*shown, collection.titles, judged),
        {"x": [0.0], "y": [1.0], "text": ["<br>".join(words)]},
    ]


def grades(recording: Recording, collection: Collection, query: int) -> dict[int, int] | None:
    """Position of a document → grade, of a probe query that somebody judged; None where nobody did.

    Raises:
        DataError: the recording was made over another collection.
    """
    if recording.about["collection"]["fingerprint"] != collection.fingerprint:
        raise DataError(
            f"the recording is of {recording.about['collection']['name']}, not of this {collection.name}:"
            " load the collection it was made with"
        )
    judged = collection.qrels.get(recording.about.get("probes", ""), {}).get(recording.query_ids[query])
    return None if judged is None else {collection.row[document]: grade for document, grade in judged.items()}


def recorded_ndcg(recording: Recording, collection: Collection, look: int = -1) -> tuple[np.ndarray, np.ndarray] | None:
    """nDCG@10 of teacher and student per query, (P,) each, at one look; None where the probes are not judged."""
    if grades(recording, collection, 0) is None:
        return None
    qrels = judgements(recording, collection)
    teacher, student = (per_query(run, qrels, [MEASURE])[MEASURE] for run in recorded_runs(recording, collection, look))
    return teacher, student


def recorded_runs(recording: Recording, collection: Collection, look: int = -1) -> tuple[Run, Run]:
    """The lists of teacher and student at one look as runs."""
    # Rows are best first. Scores were stored in 16 bits, where close ones tie: ranks say the order without a tie.
    ranks = np.broadcast_to(np.arange(recording.rows.shape[2], 0, -1), recording.teacher_rows.shape)
    teacher, student = (
        Run(name, tuple(recording.query_ids), collection.doc_ids, rows, ranks)
        for name, rows in (("teacher", recording.teacher_rows), ("student", recording.rows[look]))
    )
    return teacher, student


def judgements(recording: Recording, collection: Collection) -> dict[str, dict[str, int]]:
    """Query id → judgements; where nobody judged the probes, the teacher's first document is the right one.

    Raises:
        DataError: the recording was made over another collection.
    """
    if grades(recording, collection, 0) is None:
        first = recording.teacher_rows[:, 0]
        return {key: {collection.doc_ids[row]: 1} for key, row in zip(recording.query_ids, first, strict=True)}
    return {key: dict(collection.qrels[recording.about["probes"]][key]) for key in recording.query_ids}


def mean_ndcg(recording: Recording, collection: Collection, look: int = -1) -> tuple[float, float] | None:
    """`recorded_ndcg`, averaged over the queries."""
    both = recorded_ndcg(recording, collection, look)
    return None if both is None else (float(both[0].mean()), float(both[1].mean()))


def _words(
    recording: Recording,
    collection: Collection,
    look: int,
    query: int,
    name: str,
    quality: tuple[float, float] | None,
) -> list[str]:
    teacher, student = recording_at(recording, look, query)
    lines = [f"<b>{escape(line)}</b>" for line in _folded(f"“{recording.queries[query]}”")]
    size, *rest = told(recording) or [""]
    lines += [" · ".join(filter(None, [f"{escape(name)} at step {recording.steps[look]:,}", size]))]
    lines += rest
    shared = f"{len(set(teacher) & set(student))} of {len(teacher)} documents shared"
    lines.append(f"this query: {shared}, ratio {ratios(recording)[look, query]:.1f}")
    judged = grades(recording, collection, query)
    if judged is not None:
        one = [list_ndcg(rows, judged) for rows in (teacher, student)]
        lines.append(f"{MEASURE} of this query: teacher {one[0]:.3f}, student {one[1]:.3f}")
    quality = quality or mean_ndcg(recording, collection, look)
    if quality is not None:
        lines.append(f"{MEASURE} of all {len(recording.queries)}: teacher {quality[0]:.3f}, student {quality[1]:.3f}")
    return [*lines, *dartboard_words(recording, look)]


def _folded(text: str) -> list[str]:
    """At most `LINES` lines of at most `LINE` letters."""
    return textwrap.wrap(text, LINE, max_lines=LINES, placeholder=" …")
