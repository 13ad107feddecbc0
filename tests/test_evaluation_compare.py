"""Two runs side by side: ranks, differences, counts, slices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lab.errors import DataError
from lab.evaluation.bootstrap import difference_interval, holm
from lab.evaluation.compare import compare
from lab.evaluation.slices import rarest_word_frequency, slice_table
from lab.retrieval.run import Run

DOCS = tuple(f"d{i}" for i in range(12))
QUERIES = {"q0": "solar power", "q1": "who painted the night watch", "q2": "wind", "q3": "C++ of 11, and C++"}
QRELS = {"q0": {"d0": 1, "d4": 0}, "q1": {"d1": 1, "d2": 1}, "q2": {"d2": 1}, "q3": {"d11": 1}}


def make(firsts: list[list[int]], name: str) -> Run:
    """Ten places a query: the given documents first, then the rest in order."""
    rows = [(first + [row for row in range(12) if row not in first])[:10] for first in firsts]
    scores = np.tile(np.arange(10, 0, -1.0), (len(rows), 1))
    return Run(name, tuple(QUERIES), DOCS, np.array(rows), scores)


TEACHER = make([[0], [1, 2], [3, 2], [5]], "teacher")
STUDENT = make([[4, 0], [5, 2, 1], [2], [6]], "student")


def test_values_by_hand() -> None:
    table = compare(TEACHER, STUDENT, QRELS, QUERIES).table
    assert table["query_id"].tolist() == list(QUERIES)
    assert table["rank_a"].tolist()[:3] == [1, 1, 2]
    assert table["rank_b"].tolist()[:3] == [2, 2, 1]
    assert table["rank_a"].isna().tolist() == table["rank_b"].isna().tolist() == [False, False, False, True]
    both = 1 + 1 / math.log2(3)
    teacher = [1.0, 1.0, 1 / math.log2(3), 0.0]
    student = [1 / math.log2(3), (1 / math.log2(3) + 1 / math.log2(4)) / both, 1.0, 0.0]
    assert table["ndcg_a"].tolist() == pytest.approx(teacher)
    assert table["ndcg_b"].tolist() == pytest.approx(student)
    assert table["difference"].tolist() == pytest.approx(np.subtract(student, teacher))
    assert table["words"].tolist() == [2, 5, 1, 5]
    assert list(table.columns) == ["query_id", "query", "rank_a", "rank_b", "ndcg_a", "ndcg_b", "difference",
                                   "words"]


def test_the_greatest_loss_comes_first() -> None:
    comparison = compare(TEACHER, STUDENT, QRELS, QUERIES)
    frame = comparison.frame()
    assert frame["query_id"].tolist() == ["q0", "q1", "q3", "q2"]
    assert frame.index.tolist() == [0, 1, 2, 3]
    frame.loc[0, "difference"] = 9.0
    assert comparison.table["difference"].max() < 1


def test_counts_and_the_other_way_round() -> None:
    counts = compare(TEACHER, STUDENT, QRELS, QUERIES).counts()
    assert (counts.wins, counts.ties, counts.losses) == (1, 1, 2)
    assert str(counts) == "1 wins, 1 ties, 2 losses"
    back = compare(STUDENT, TEACHER, QRELS, QUERIES).counts()
    assert (back.wins, back.ties, back.losses) == (2, 1, 1)


def test_a_run_against_itself() -> None:
    comparison = compare(TEACHER, TEACHER, QRELS, QUERIES)
    interval, p = comparison.overall()
    assert (interval.value, interval.low, interval.high, p) == (0.0, 0.0, 0.0, 1.0)
    assert comparison.counts().ties == 4
    assert str(comparison) == ("teacher against teacher: nDCG@10 difference 0.000 [0.000, 0.000], "
                               "p = 1.0000, 0 wins, 4 ties, 0 losses over 4 queries")


def test_the_overall_difference_is_the_paired_one() -> None:
    comparison = compare(TEACHER, STUDENT, QRELS, QUERIES)
    expected = difference_interval(comparison.table["ndcg_b"], comparison.table["ndcg_a"])
    assert comparison.overall()[0] == expected
    assert expected.value < 0


def test_extra_columns_as_arrays_or_mappings() -> None:
    table = compare(TEACHER, STUDENT, QRELS, QUERIES, distance=np.array([0.1, 0.2, 0.3, 0.4]),
                    token_count={"q3": 7, "q2": 3, "q1": 6, "q0": 4}, rarest=[3, 1, 0, None]).table
    assert table["distance"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert table["tokens"].tolist() == [4, 6, 3, 7]
    assert table["rarest"].tolist()[:3] == [3, 1, 0]
    assert table["rarest"].isna().tolist() == [False, False, False, True]


def test_the_rarest_word() -> None:
    documents = ["Solar power, solar panels", "wind power", "power of wind", "Night"]
    queries = {"a": "solar power", "b": "power", "c": "wind at night", "d": "NIGHT", "e": "?!"}
    assert rarest_word_frequency(queries, documents) == {"a": 1, "b": 3, "c": 0, "d": 1, "e": None}
    table = compare(TEACHER, STUDENT, QRELS, QUERIES, documents=documents).table
    assert table["rarest"].tolist() == [1, 0, 2, 0]


def test_slices_by_hand() -> None:
    difference = [-0.6, -0.5, -0.4, 0.0, 0.0, 0.0, 0.1, 0.2, 0.3]
    table = slice_table(difference, {"length": [1, 2, 3, 4, 5, 6, 7, 8, 9]})
    assert table["third"].tolist() == ["low", "middle", "high"]
    assert table["queries"].tolist() == [3, 3, 3]
    assert (table["from"].tolist(), table["to"].tolist()) == ([1, 4, 7], [3, 6, 9])
    assert table["difference"].tolist() == pytest.approx([-0.5, 0.0, 0.2])
    assert table["low"].tolist() == pytest.approx([-0.6, 0.0, 0.1])  # 1 of 27 draws is three times the lowest
    assert table["high"].tolist() == pytest.approx([-0.4, 0.0, 0.3])
    assert table["p"].tolist() == [0.25, 1.0, 0.25]
    assert table["p_holm"].tolist() == [0.75, 1.0, 0.75]


def test_equal_values_stay_together_and_missing_ones_stay_out() -> None:
    table = slice_table(np.arange(8.0), {"length": [2, 2, 2, 2, 2, 3, 4, np.nan], "same": [1] * 8})
    length = table[table["property"] == "length"]
    assert length["from"].tolist() == [2.0, 3.0]
    assert length["queries"].tolist() == [5, 2]
    assert length["third"].tolist() == ["low", "high"]
    assert table[table["property"] == "same"]["queries"].tolist() == [8]


def test_a_planted_loss_is_found_in_its_slice_only() -> None:
    rng = np.random.default_rng(0)
    rarity, length = rng.integers(0, 300, 300), rng.integers(2, 20, 300)
    difference = rng.normal(0, 0.1, 300) - 0.15 * (rarity < 100)
    table = slice_table(difference, {"rarest": rarity, "words": length}).set_index(["property", "third"])
    assert table.loc[("rarest", "low"), "p_holm"] < 0.01
    assert table.loc[("rarest", "low"), "high"] < -0.1
    assert table.loc[("rarest", "high"), "p_holm"] > 0.05
    assert (table["p_holm"].to_numpy() == holm(table["p"].to_numpy())).all()


def test_slices_of_a_comparison() -> None:
    distance, rarest = [0.1, 0.2, 0.3, 0.4], [3, 1, 0, None]
    table = compare(TEACHER, STUDENT, QRELS, QUERIES, distance=distance, rarest=rarest).slices()
    assert isinstance(table, pd.DataFrame)
    assert list(dict.fromkeys(table["property"])) == ["words", "rarest", "distance"]
    assert table.groupby("property")["queries"].sum().to_dict() == {"words": 4, "rarest": 3, "distance": 4}


@pytest.mark.parametrize(("change", "message"), [
    ({"queries": {"q0": "a"}}, r"query 'q1' has no text \(3 such"),
    ({"qrels": {"q0": {"d0": 1}}}, "'q1'.*no positive judgement"),
    ({"b": STUDENT.select(["q0"])}, "different queries"),
    ({"distance": [0.1]}, "distance has 1 values for 4 queries"),
    ({"token_count": {"q0": 1}}, r"tokens has no value for query 'q1' \(3 missing\)"),
])
def test_bad_input_is_refused(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"a": TEACHER, "b": STUDENT, "qrels": QRELS, "queries": QUERIES} | change
    with pytest.raises(DataError, match=message):
        compare(**arguments)


def test_a_property_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="property 'length'"):
        slice_table([0.1, 0.2], {"length": [1, 2, 3]})
