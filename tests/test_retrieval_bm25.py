"""BM25 by hand, its ties, its silence, and what it refuses."""

from __future__ import annotations

import math

import pytest

from lab.errors import DataError
from lab.retrieval.bm25 import BM25Settings, bm25_run

DOCUMENTS = ["solar panels and solar power", "wind power", "the history of painting", "wind power"]
IDS = ["a", "b", "c", "d"]


def by_hand(frequency: int, length: int, mean_length: float, in_documents: int, n: int) -> float:
    """Lucene's BM25 of one term with k1 = 0.9, b = 0.4."""
    idf = math.log(1 + (n - in_documents + 0.5) / (in_documents + 0.5))
    return idf * frequency / (frequency + 0.9 * (1 - 0.4 + 0.4 * length / mean_length))


def test_scores_by_hand() -> None:
    run = bm25_run(DOCUMENTS, IDS, {"q": "the power of solar"}, k=4)
    # Words that count: solar panel solar power | wind power | histori paint | wind power
    lengths, mean_length = [4, 2, 2, 2], 2.5
    solar = by_hand(2, lengths[0], mean_length, 1, 4)
    expected = {"a": solar + by_hand(1, lengths[0], mean_length, 3, 4), "b": by_hand(1, 2, mean_length, 3, 4)}
    top = dict(run.top("q"))
    # "of" is a stop word of Lucene's list, so the third document shares no word with the query.
    assert list(top) == ["a", "b", "d"]
    assert top["a"] == pytest.approx(expected["a"], rel=1e-5)
    assert top["b"] == top["d"] == pytest.approx(expected["b"], rel=1e-5)


def test_words_are_stemmed_and_case_is_ignored() -> None:
    assert [doc_id for doc_id, _ in bm25_run(DOCUMENTS, IDS, {"q": "PAINTINGS, historic"}).top("q")] == ["c"]
    whole = bm25_run(DOCUMENTS, IDS, {"q": "paintings"}, settings=BM25Settings(stemmer=None))
    assert whole.top("q") == []


def test_ties_and_their_edge_go_to_the_lower_row() -> None:
    documents = ["filler text", *["equal words"] * 30]
    run = bm25_run(documents, [str(i) for i in range(31)], {"q": "equal"}, k=7)
    assert run.rows.tolist() == [[1, 2, 3, 4, 5, 6, 7]]


def test_a_document_without_a_shared_word_is_not_found() -> None:
    queries = {"none": "xylophone", "stop": "the of and", "empty": "", "q": "history"}
    run = bm25_run(DOCUMENTS, IDS, queries, k=3)
    assert run.query_ids == ("none", "stop", "empty", "q")
    assert [run.top(query_id) for query_id in ("none", "stop", "empty")] == [[], [], []]
    assert run.rows[3].tolist() == [2, -1, -1]


def test_the_settings_are_fixed_and_said() -> None:
    said = BM25Settings().describe()
    assert said.startswith("BM25 (lucene, k1=0.9, b=0.4, stemmer english, stop words english, bm25s ")
    assert "stemmer none, stop words none" in BM25Settings(stemmer=None, stopwords=None).describe()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    bm25_run(DOCUMENTS, IDS, {"q": "wind"})
    assert capfd.readouterr() == ("", "")


def test_k_is_cut_to_the_collection() -> None:
    assert bm25_run(DOCUMENTS, IDS, {"q": "wind"}, k=100).k == 4


@pytest.mark.parametrize(("documents", "doc_ids", "queries", "k", "message"), [
    ([], [], {"q": "a"}, 1, "0 documents"),
    (["one"], ["a", "b"], {"q": "a"}, 1, "1 documents for 2 ids"),
    (["one"], ["a"], {}, 1, "no queries"),
    (["one"], ["a"], {"q": "one"}, 0, "k = 0"),
    (["the of", "!"], ["a", "b"], {"q": "one"}, 1, "no document holds a word"),
])
def test_bad_input_is_refused(documents: list[str], doc_ids: list[str], queries: dict[str, str], k: int,
                              message: str) -> None:
    with pytest.raises(DataError, match=message):
        bm25_run(documents, doc_ids, queries, k)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"k1": -1.0}, "k1=-1"), ({"b": 1.5}, "b=1.5"), ({"k1": math.nan}, "k1=nan"),
    ({"method": "bm25+"}, "unknown BM25 variant"), ({"stemmer": "klingon"}, "unknown stemmer 'klingon'"),
])
def test_senseless_settings_are_refused(wrong: dict[str, float | str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        BM25Settings(**wrong)  # type: ignore[arg-type]


def test_unknown_stop_words_are_refused() -> None:
    with pytest.raises(ValueError, match="klingon not recognized"):
        bm25_run(DOCUMENTS, IDS, {"q": "wind"}, settings=BM25Settings(stopwords="klingon"))
