"""Measures by hand, every judged query counted, and the order of the run kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.evaluation.metrics import MEASURES, means, per_query, require_same_queries
from lab.retrieval.run import Run

DOCS = tuple(f"d{i}" for i in range(6))


def make(rows: list[list[int]], query_ids: list[str] | None = None, docs: tuple[str, ...] = DOCS,
         name: str = "r") -> Run:
    array = np.array(rows)
    scores = np.where(array < 0, -np.inf, np.arange(array.shape[1], 0, -1.0))
    return Run(name, tuple(query_ids or [f"q{i}" for i in range(len(rows))]), docs, array, scores)


def test_values_by_hand() -> None:
    run = make([[2, 1, 3, 0, 4, 5], [0, 1, 2, 3, 4, 5]])
    qrels = {"q0": {"d1": 2, "d3": 1, "d2": 0}, "q1": {"d0": 1}}
    values = per_query(run, qrels, ["nDCG@10", "MRR@10", "R@2", "nDCG@1"])
    ndcg = (2 / math.log2(3) + 1 / math.log2(4)) / (2 + 1 / math.log2(3))
    assert values["nDCG@10"] == pytest.approx([ndcg, 1.0])
    assert values["MRR@10"] == pytest.approx([0.5, 1.0])
    assert values["R@2"] == pytest.approx([0.5, 1.0])
    assert values["nDCG@1"] == pytest.approx([0.0, 1.0])
    assert means(values)["MRR@10"] == pytest.approx(0.75)


def test_the_standard_measures_and_their_cutoffs() -> None:
    docs = tuple(f"d{i}" for i in range(120))
    run = make([list(range(120))], docs=docs)
    qrels = {"q0": {"d4": 1, "d10": 1, "d20": 1, "d99": 1, "d100": 1}}
    values = per_query(run, qrels)
    assert tuple(values) == MEASURES == ("nDCG@10", "MRR@10", "R@5", "R@20", "R@100")
    assert {name: value[0] for name, value in values.items() if name != "nDCG@10"} == pytest.approx(
        {"MRR@10": 1 / 5, "R@5": 1 / 5, "R@20": 2 / 5, "R@100": 4 / 5})
    late = per_query(run, {"q0": {"d10": 1}}, ["MRR@10", "RR@10"])
    assert late["MRR@10"].tolist() == late["RR@10"].tolist() == [0.0]


def test_values_keep_the_order_of_the_run() -> None:
    run = make([[0, 1], [1, 0], [2, 1]], ["z", "a", "m"])
    values = per_query(run, {"a": {"d0": 1}, "m": {"d5": 1}, "z": {"d0": 1}}, ["RR@2", "MRR@2"])
    assert values["RR@2"].tolist() == values["MRR@2"].tolist() == [1.0, 0.5, 0.0]


def test_a_query_for_which_nothing_was_found_counts_zero() -> None:
    run = make([[0, 1, 2], [-1, -1, -1]])
    values = per_query(run, {"q0": {"d0": 1}, "q1": {"d0": 1}}, ["nDCG@3", "MRR@3", "R@3"])
    assert {name: value.tolist() for name, value in values.items()} == dict.fromkeys(values, [1.0, 0.0])


def test_one_query_and_a_small_collection() -> None:
    values = per_query(make([[1, 0]], docs=("d0", "d1")), {"q0": {"d0": 1}})
    assert values["R@100"].tolist() == [1.0]
    assert values["MRR@10"].tolist() == [0.5]


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    per_query(make([[0, 1, 2, 3, 4, 5]]), {"q0": {"d0": 1}})
    assert capfd.readouterr() == ("", "")


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_agrees_with_the_formula(data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(6)))
    grades = data.draw(st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any))
    gains = [grades[row] for row in order]
    ideal = sorted(grades, reverse=True)
    discount = [1 / math.log2(place + 2) for place in range(6)]
    ndcg = sum(g * w for g, w in zip(gains[:3], discount, strict=False)) / sum(
        g * w for g, w in zip(ideal[:3], discount, strict=False))
    first = next(place for place, gain in enumerate(gains) if gain)
    qrels = {"q0": dict(zip(DOCS, grades, strict=True))}
    values = per_query(make([list(order)]), qrels, ["nDCG@3", "MRR@10", "R@3"])
    assert values["nDCG@3"][0] == pytest.approx(ndcg)
    assert values["MRR@10"][0] == pytest.approx(1 / (first + 1))
    assert values["R@3"][0] == pytest.approx(sum(g > 0 for g in gains[:3]) / sum(g > 0 for g in gains))


@pytest.mark.parametrize(("qrels", "measures", "message"), [
    ({"q0": {"d0": 1}}, ["MRR@2"], "query 'q1' of run 'r' has no positive judgement"),
    ({"q0": {"d0": 1}, "q1": {"d0": 0}}, ["MRR@2"], "'q1'.*no positive"),
    ({"q0": {"d0": 1}, "q1": {"d0": 1}, "q8": {"d0": 1}}, ["MRR@2"], "1 judged queries were not .*'q8'"),
    ({"q0": {"d0": 1}, "q1": {"d0": 1}}, ["R@3"], "looks at 3 documents a query, run 'r' holds 2"),
    ({"q0": {"d0": 1}, "q1": {"d0": 1}}, ["precision of sorts"], "unknown measure 'precision of sorts'"),
    ({"q0": {"d0": 1}, "q1": {"d0": 1}}, ["Foo@10"], "unknown measure 'Foo@10'"),
    ({"q0": {"d0": 1}, "q1": {"d0": 1}}, [], "no measures"),
])
def test_bad_input_is_refused(qrels: dict[str, dict[str, int]], measures: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        per_query(make([[0, 1], [1, 0]]), qrels, measures)


def test_a_query_judged_irrelevant_only_need_not_be_searched() -> None:
    assert per_query(make([[0]]), {"q0": {"d0": 1}, "q9": {"d0": 0}}, ["R@1"])["R@1"].tolist() == [1.0]


def test_runs_over_other_queries_or_documents_are_refused() -> None:
    run = make([[0], [1]])
    require_same_queries(run, make([[2], [3]], name="s"))
    with pytest.raises(DataError, match="another order"):
        require_same_queries(run, run.select(["q1", "q0"]))
    with pytest.raises(DataError, match="only one of them holds 'q1'"):
        require_same_queries(run, run.select(["q0"]))
    with pytest.raises(DataError, match="different documents"):
        require_same_queries(run, make([[0], [1]], docs=("a", "b")))
