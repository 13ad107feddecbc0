"""A run keeps its promises, refuses what breaks them, and survives a TREC file."""

from __future__ import annotations

from pathlib import Path

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.evaluation.metrics import per_query
from lab.retrieval.run import Run

DOCS = ("d0", "d1", "d2", "d3")


def make(rows: list[list[int]], scores: list[list[float]], name: str = "teacher",
         docs: tuple[str, ...] = DOCS) -> Run:
    return Run(name, tuple(f"q{i}" for i in range(len(rows))), docs, np.array(rows), np.array(scores))


def test_top_gives_ids_and_scores_best_first() -> None:
    run = make([[2, 0, 1]], [[0.75, 0.5, 0.25]])
    assert run.top("q0", 2) == [("d2", 0.75), ("d0", 0.5)]
    assert run.k == 3
    assert len(run) == 1
    assert repr(run) == "Run('teacher', 1 queries, 3 of 4 documents each)"


def test_ties_go_to_the_lower_row_and_nothing_else_moves() -> None:
    run = make([[3, 2, 0, 1]], [[0.9, 0.5, 0.5, 0.1]])
    assert run.rows.tolist() == [[3, 0, 2, 1]]
    assert run.scores.dtype == np.float32
    assert run.rows.dtype == np.int64


def test_scores_that_are_equal_in_float32_are_ties() -> None:
    assert make([[1, 0]], [[0.5 + 1e-12, 0.5]]).rows.tolist() == [[0, 1]]


def test_arrays_are_copies_that_cannot_be_changed() -> None:
    rows = np.array([[0, 1]])
    run = Run("r", ("q",), DOCS, rows, np.array([[2.0, 1.0]]))
    rows[0, 0] = 3
    assert run.rows[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        run.scores[0, 0] = 9.0


def test_places_without_a_document_are_not_results() -> None:
    run = make([[1, -1], [-1, -1]], [[0.5, -np.inf], [-np.inf, -np.inf]])
    assert run.top("q0") == [("d1", 0.5)]
    assert run.top("q1") == []
    assert [tuple(each) for each in run.scored_docs()] == [("q0", "d1", 0.5)]
    assert run.found.tolist() == [[True, False], [False, False]]


def test_select_keeps_the_order_asked_for() -> None:
    run = make([[0], [1], [2]], [[0.1], [0.2], [0.3]]).select(["q2", "q0"])
    assert run.query_ids == ("q2", "q0")
    assert run.rows.tolist() == [[2], [0]]
    with pytest.raises(DataError, match="'q1'.*1 unknown"):
        run.select(["q1"])
    with pytest.raises(DataError, match="no query 'q1'"):
        run.top("q1")


@pytest.mark.parametrize(("rows", "scores", "message"), [
    ([[0, 4]], [[1.0, 0.5]], r"query 'q0'.*outside 0…3"),
    ([[0, 1], [0, -2]], [[1.0, 0.5], [1.0, 0.5]], r"query 'q1'.*outside"),
    ([[0, 1], [2, 3]], [[1.0, 0.5], [1.0, np.nan]], r"query 'q1'.*NaN or infinite"),
    ([[0, 1]], [[np.inf, 0.5]], r"query 'q0'.*NaN or infinite"),
    ([[0, -1]], [[1.0, 0.0]], r"query 'q0'.*-inf"),
    ([[0, 1], [2, 3]], [[1.0, 0.5], [0.5, 1.0]], r"query 'q1'.*best first"),
    ([[1, 1]], [[1.0, 0.5]], r"query 'q0'.*twice"),
    ([[0, 1]], [[1.0]], r"\(1, 2\).*\(1, 1\)"),
    ([[], []], [[], []], r"empty"),
    ([[0, 1, 2, 3, 0]], [[5.0, 4.0, 3.0, 2.0, 1.0]], r"5 documents a query, the collection only 4"),
])
def test_what_breaks_a_promise_is_refused(rows: list[list[int]], scores: list[list[float]],
                                          message: str) -> None:
    with pytest.raises(DataError, match=message):
        make(rows, scores)


def test_other_bad_shapes_are_refused() -> None:
    with pytest.raises(DataError, match="empty"):
        Run("r", (), DOCS, np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(DataError, match="'a' twice"):
        Run("r", ("a", "b", "a"), DOCS, np.zeros((3, 1)), np.zeros((3, 1)))
    with pytest.raises(DataError, match="n_queries"):
        Run("r", ("a",), DOCS, np.zeros(3), np.zeros(3))


def test_a_trec_file_has_six_columns_and_ranks_from_one(tmp_path: Path) -> None:
    run = make([[2, 0], [1, -1]], [[0.75, 0.5], [0.25, -np.inf]], name="tenth student")
    path = run.to_trec(tmp_path / "a.trec")
    assert path.read_text(encoding="utf-8") == ("q0 Q0 d2 1 0.75 tenth_student\n"
                                "q0 Q0 d0 2 0.5 tenth_student\n"
                                "q1 Q0 d1 1 0.25 tenth_student\n")
    assert [file.name for file in tmp_path.iterdir()] == ["a.trec"]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_run_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory,
                                        data: st.DataObject) -> None:
    docs = tuple(f"d{i}" for i in range(6))
    k = data.draw(st.integers(1, 6))
    numbers = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 0.5])  # the second kind makes ties
    rows = [data.draw(st.permutations(range(6)))[:k] for _ in range(3)]
    scores = [sorted(data.draw(st.lists(numbers, min_size=k, max_size=k)), reverse=True) for _ in range(3)]
    run = make(rows, scores, docs=docs)
    path = run.to_trec(tmp_path_factory.mktemp("trec") / "r.trec")
    again = list(ir_measures.read_trec_run(str(path)))  # what other tools of the field read
    assert [(each.query_id, each.doc_id) for each in again] == [
        (query, docs[row]) for query, line in zip(run.query_ids, run.rows, strict=True) for row in line]
    read = np.array([each.score for each in again], np.float32).reshape(run.scores.shape)
    np.testing.assert_allclose(read, run.scores, rtol=1e-5, atol=1e-11)
    assert (np.diff(read) < 0).all(), "a tie is left to the reader's own rule"
    if (np.diff(run.scores) < -1e-9).all():  # no ties to lower
        assert read.tolist() == run.scores.tolist()


def test_trec_eval_ranks_tied_documents_as_the_run_does(tmp_path: Path) -> None:
    # trec_eval breaks ties by falling document id: it would put d3 first, the run puts d0 first.
    run = make([[0, 1, 2, 3]], [[0.0] * 4])
    qrels = {"q0": {"d0": 1}}
    exported = list(ir_measures.read_trec_run(str(run.to_trec(tmp_path / "r.trec"))))
    for name, results in (("file", exported), ("iterator", list(run.scored_docs()))):
        value = ir_measures.pytrec_eval.calc_aggregate([ir_measures.nDCG @ 10], qrels, results)
        assert value[ir_measures.nDCG @ 10] == 1.0, name
    assert per_query(run, qrels, ["nDCG@10"])["nDCG@10"].tolist() == [1.0]


def test_ids_with_blanks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="document id 'a b'"):
        make([[0]], [[1.0]], docs=("a b",)).to_trec(tmp_path / "x.trec")
    assert list(tmp_path.iterdir()) == []
