"""Two engines side by side: the teacher's ten best documents left, the student's right, a line between equal ones.

No projection and nothing to believe: a flat line is a document at the same rank, a steep one moved, a short dotted stub
is a document the other engine does not show at all. (The slope graph is Tufte's, "The Visual Display of Quantitative
Information", 1983.)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import plotly.graph_objects as go

from lab.errors import DataError
from lab.evaluation import per_query
from lab.figures.style import GREY, INK, RELEVANT, SMALL, STUDENT, TEACHER, Values, draw, escape, shorten
from lab.recording import Recording
from lab.retrieval import Run

Document = TypeVar("Document", bound=Hashable)
DEPTH = 10
LEFT, RIGHT, STUB = 0.0, 1.0, 0.14  # where the columns stand, how far a stub reaches
MEASURE = f"nDCG@{DEPTH}"

_COLUMN = {"mode": "markers+text", "textfont": {"size": SMALL, "color": INK}, "hoverinfo": "text", "cliponaxis": False}
_TRACES: tuple[dict[str, Any], ...] = (
    {"name": "in both lists", "mode": "lines", "line": {"color": GREY, "width": 2}, "hoverinfo": "skip"},
    {"name": "in one list", "mode": "lines", "line": {"color": GREY, "width": 2, "dash": "dot"}, "hoverinfo": "skip"},
    {"name": "relevant", "mode": "markers", "marker": RELEVANT.marker(22), "hoverinfo": "skip", "cliponaxis": False},
    {"name": "teacher", "textposition": "middle left", "marker": TEACHER.marker(), **_COLUMN},
    {"name": "student", "textposition": "middle right", "marker": STUDENT.marker(13), **_COLUMN},
)


def two_engines(
    query: str,
    teacher: Sequence[Document],
    student: Sequence[Document],
    titles: Mapping[Document, str] | Sequence[str],
    relevant: Mapping[Document, int] | Iterable[Document] | None = None,
    names: tuple[str, str] = ("teacher", "student"),
) -> go.Figure:
    """The slope graph of two result lists.

    Args:
        teacher, student: documents, best first; ten of each are shown. Ids, or positions in the collection.
        titles: document → title; for positions, the collection's `titles` themselves.
        relevant: the query's judgements (document → grade; all of them, found or not), or a set of relevant documents.
            None where nobody judged: then no star is drawn and no nDCG printed.
        names: headings of the two columns.

    Raises:
        DataError: a list is empty or shows a document twice.
    """
    judged, values = _grades(relevant), two_engines_values(teacher, student, titles, relevant)
    shared = len(set(teacher[:DEPTH]) & set(student[:DEPTH]))
    facts = [f"{shared} of {min(DEPTH, len(teacher))} documents in both lists"]
    if judged:
        left, right = (list_ndcg(shown, judged) for shown in (teacher, student))
        facts.insert(0, f"{MEASURE} of this query: {names[0]} {left:.3f}, {names[1]} {right:.3f}")
    above = {"y": 0.25, "yanchor": "bottom", "showarrow": False}
    headings = [
        {"x": LEFT, "xanchor": "right", "text": f"<b>{escape(names[0])}</b>", **above},
        {"x": RIGHT, "xanchor": "left", "text": f"<b>{escape(names[1])}</b>", **above},
    ]
    traces = [dict(trace) for trace in _TRACES]
    for trace, name in zip(traces[-2:], names, strict=True):
        trace["name"] = name
    return draw(
        traces,
        values,
        height=470,
        title={"text": f"“{escape(shorten(query, 90))}”<br><sup>{' · '.join(facts)}</sup>"},
        xaxis={"range": [-1.05, 2.05], "visible": False, "fixedrange": True},
        yaxis={
            "range": [DEPTH + 0.6, -0.6], "tickvals": list(range(1, DEPTH + 1)), "title": {"text": "rank"},
            "showgrid": False, "showline": False, "ticks": "", "fixedrange": True,
        },
        annotations=headings,
        legend={"y": -0.02, "yanchor": "top", "itemclick": False, "itemdoubleclick": False},
        margin={"l": 50, "r": 20, "t": 70, "b": 40},
    )  # fmt: skip


def two_engines_values(
    teacher: Sequence[Document],
    student: Sequence[Document],
    titles: Mapping[Document, str] | Sequence[str],
    relevant: Mapping[Document, int] | Iterable[Document] | None = None,
) -> Values:
    """What the five traces of `two_engines` show: shared lines, stubs, stars, the teacher's column, the student's.

    Raises:
        DataError: a list is empty or shows a document twice.
    """
    first, second = list(teacher[:DEPTH]), list(student[:DEPTH])
    for name, shown in (("first", first), ("second", second)):
        if not shown or len(set(shown)) < len(shown):
            raise DataError(f"the {name} list is empty or shows a document twice: {shown}; give one engine's ranking")
    judged = _grades(relevant)
    rank = {document: place for place, document in enumerate(second, 1)}
    kept = [(place, rank[document]) for place, document in enumerate(first, 1) if document in rank]
    lost = [place for place, document in enumerate(first, 1) if document not in rank]
    gained = [place for place, document in enumerate(second, 1) if document not in first]
    stubs = [(LEFT, LEFT + STUB, place) for place in lost] + [(RIGHT - STUB, RIGHT, place) for place in gained]
    stars = [
        (x, place)
        for x, shown in ((LEFT, first), (RIGHT, second))
        for place, document in enumerate(shown, 1)
        if judged.get(document, 0) > 0
    ]
    return [
        {"x": [x for _ in kept for x in (LEFT, RIGHT, None)], "y": [y for a, b in kept for y in (a, b, None)]},
        {"x": [x for a, b, _ in stubs for x in (a, b, None)], "y": [y for *_, p in stubs for y in (p, p, None)]},
        {"x": [x for x, _ in stars], "y": [place for _, place in stars]},
        _column(LEFT, first, titles, judged),
        _column(RIGHT, second, titles, judged),
    ]


def list_ndcg(documents: Sequence[Document], relevant: Mapping[Document, int] | Iterable[Document]) -> float:
    """nDCG@10 of one ranking by the field's own tool: the value `evaluate` gives this query."""
    judged = _grades(relevant)
    ids = [str(document) for document in documents[:DEPTH]]
    run = Run("list", ("q",), tuple(ids), [range(len(ids))], [range(len(ids), 0, -1)])  # type: ignore[arg-type]
    grades = {str(document): grade for document, grade in judged.items()}
    return float(per_query(run, {"q": grades}, [MEASURE])[MEASURE][0])


def recording_at(recording: Recording, look: int, query: int) -> tuple[list[int], list[int]]:
    """The teacher's and the student's ten documents of one probe query at one look: positions in the collection.

    Raises:
        DataError: no such look or query.
    """
    looks, queries = recording.rows.shape[:2]
    if not (-looks <= look < looks and -queries <= query < queries):
        raise DataError(f"look {look}, query {query}: this recording has {looks} looks at {queries} queries")
    return recording.teacher_rows[query].tolist(), recording.rows[look, query].tolist()


def _column(x: float, shown: list[Any], titles: Any, judged: Mapping[Any, int]) -> dict[str, Any]:
    names = [escape(shorten(titles[document] or "(no title)")) for document in shown]
    marks = [" ★" if judged.get(document, 0) > 0 else "" for document in shown]
    padding = ("", "   ") if x == LEFT else ("   ", "")
    return {
        "x": [x] * len(shown),
        "y": list(range(1, len(shown) + 1)),
        "text": [padding[0] + name + padding[1] for name in names],
        "hovertext": [
            f"{place}. {escape(titles[document])}{mark}"
            for place, (document, mark) in enumerate(zip(shown, marks, strict=True), 1)
        ],
    }


def _grades(relevant: Mapping[Any, int] | Iterable[Any] | None) -> Mapping[Any, int]:
    if relevant is None:
        return {}
    return relevant if isinstance(relevant, Mapping) else dict.fromkeys(relevant, 1)
