from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DataError
from lab.evaluation import per_query
from lab.figures import list_ndcg, recording_at, two_engines, two_engines_values
from lab.recording import Recording
from lab.retrieval import Run

TITLES = [f"Article {number}" for number in range(40)]
LINES, STUBS, STARS, TEACHER, STUDENT = range(5)
lists = st.lists(st.integers(0, 39), min_size=1, max_size=10, unique=True)


def pairs(trace: dict) -> list[tuple[float, float]]:
    """The line segments of a trace, (y of the left end, y of the right end)."""
    y = trace["y"]
    assert len(y) % 3 == 0 and all(value is None for value in y[2::3])
    return list(zip(y[0::3], y[1::3], strict=True))


def test_equal_documents_are_joined_and_others_get_a_stub() -> None:
    values = two_engines_values([7, 8, 9], [9, 7, 1], TITLES, {8: 1, 1: 2})
    assert pairs(values[LINES]) == [(1, 2), (3, 1)]
    assert list(zip(values[STUBS]["x"][0::3], values[STUBS]["y"][0::3], strict=True)) == [(0.0, 2), (0.86, 3)]
    assert list(zip(values[STARS]["x"], values[STARS]["y"], strict=True)) == [(0.0, 2), (1.0, 3)]
    assert [text.strip() for text in values[TEACHER]["text"]] == ["Article 7", "Article 8", "Article 9"]
    assert [text.strip() for text in values[STUDENT]["text"]] == ["Article 9", "Article 7", "Article 1"]


@given(lists, lists)
def test_every_document_is_joined_or_stubbed_once(teacher: list[int], student: list[int]) -> None:
    values = two_engines_values(teacher, student, TITLES)
    joined, stubs = pairs(values[LINES]), pairs(values[STUBS])
    assert len(joined) == len(set(teacher) & set(student))
    assert all(teacher[left - 1] == student[right - 1] for left, right in joined)
    assert len(stubs) == len(set(teacher) ^ set(student))
    assert values[STARS]["x"] == []


@given(lists, lists, st.dictionaries(st.integers(0, 39), st.integers(0, 2), max_size=6))
def test_whatever_is_shown_the_traces_stay_the_same(teacher: list[int], student: list[int], grades: dict) -> None:
    figure = two_engines("q", teacher, student, TITLES, grades if any(grades.values()) else None)
    assert [trace.name for trace in figure.data] == ["in both lists", "in one list", "relevant", "teacher", "student"]
    assert [len(trace.y) for trace in figure.data[3:]] == [len(teacher), len(student)]
    assert not figure.layout.shapes and not figure.frames


def test_the_title_has_the_numbers_of_a_judged_query_only() -> None:
    judged = two_engines("who?", ["a", "b"], ["b", "a"], {"a": "A", "b": "B"}, {"a": 1, "c": 1})
    ideal = 1 + 1 / np.log2(3)  # two relevant documents, one of them found by nobody
    assert (
        f"nDCG@10 of this query: teacher {1 / ideal:.3f}, student {1 / np.log2(3) / ideal:.3f}"
        in judged.layout.title.text
    )
    assert "2 of 2 documents in both lists" in judged.layout.title.text
    assert "nDCG" not in two_engines("who?", ["a"], ["a"], {"a": "A"}).layout.title.text


@given(lists, st.dictionaries(st.integers(0, 39), st.integers(1, 3), min_size=1, max_size=8))
def test_ndcg_of_a_list_is_that_of_the_whole_run(found: list[int], grades: dict[int, int]) -> None:
    others = [row for row in range(40) if row not in found]
    rows = np.array([found + others]) if len(found) == 10 else np.array([found + [-1] * (10 - len(found))])
    scores = np.where(rows >= 0, -np.arange(rows.shape[1], dtype=float), -np.inf)
    run = Run("r", ("q",), tuple(map(str, range(40))), rows, scores)
    expected = per_query(run, {"q": {str(row): grade for row, grade in grades.items()}}, ["nDCG@10"])["nDCG@10"][0]
    assert list_ndcg(found, grades) == pytest.approx(expected)


def test_a_set_of_relevant_documents_will_do() -> None:
    assert list_ndcg(["a", "b"], {"b"}) == pytest.approx(1 / np.log2(3))


@pytest.mark.parametrize(
    ("teacher", "student", "named"), [([], [1], "first"), ([1], [], "second"), ([1, 1], [2], "first")]
)
def test_lists_that_are_no_ranking_are_refused(teacher: list[int], student: list[int], named: str) -> None:
    with pytest.raises(DataError, match=f"the {named} list is empty or shows a document twice"):
        two_engines("q", teacher, student, TITLES)


def test_titles_and_queries_are_text_not_markup() -> None:
    figure = two_engines("is <b>x</b> & y?", ["a"], ["a"], {"a": "<script> & co"})
    assert "&lt;b&gt;x&lt;/b&gt; &amp; y?" in figure.layout.title.text
    assert figure.data[TEACHER].text[0].strip() == "&lt;script&gt; &amp; co"
    assert "&lt;script&gt;" in figure.data[TEACHER].hovertext[0]


def test_colour_is_never_the_only_cue() -> None:
    figure = two_engines("q", [1, 2], [2, 3], TITLES, {2: 1})
    markers = [trace.marker for trace in figure.data[2:]]
    assert len({marker.symbol for marker in markers}) == len({marker.color for marker in markers}) == 3
    assert figure.data[LINES].line.dash != figure.data[STUBS].line.dash


def recording(looks: int = 3, queries: int = 4) -> Recording:
    random = np.random.default_rng(0)
    rows = np.stack([[random.permutation(40)[:10] for _ in range(queries)] for _ in range(looks)])
    teacher = np.stack([random.permutation(40)[:10] for _ in range(queries)])
    return Recording(
        np.arange(looks), np.ones((looks, queries)), rows, -np.ones(rows.shape).cumsum(-1), teacher,
        -np.ones(teacher.shape).cumsum(-1), np.ones(queries), {}, {},
    )  # fmt: skip


def test_a_recording_gives_both_lists_of_a_look() -> None:
    kept = recording()
    teacher, student = recording_at(kept, 2, 1)
    assert teacher == kept.teacher_rows[1].tolist() and student == kept.rows[2, 1].tolist()
    assert recording_at(kept, -1, 1) == (teacher, student)
    assert two_engines("q", teacher, student, TITLES).data[STUDENT].y == tuple(range(1, 11))
    with pytest.raises(DataError, match="3 looks at 4 queries"):
        recording_at(kept, 3, 0)
    with pytest.raises(DataError, match="look 0, query 9"):
        recording_at(replace(kept), 0, 9)
