"""Collections of ir_datasets, against a stand-in with the interface of its release 0.6.3."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from lab.collection import load_collection
from lab.errors import DataError, OfflineError


class Doc(NamedTuple):
    doc_id: str
    text: str
    title: str


class Abstract(NamedTuple):
    doc_id: str
    url: str
    abstract: str

    def default_text(self) -> str:
        return self.abstract


class Query(NamedTuple):
    query_id: str
    text: str


class Topic(NamedTuple):
    query_id: str
    title: str
    narrative: str

    def default_text(self) -> str:
        return self.title


class Qrel(NamedTuple):
    query_id: str
    doc_id: str
    relevance: int
    iteration: str = "0"


class Dataset:
    """What ir_datasets.load returns: a has_ and an _iter method for each kind of rows."""

    def __init__(self, docs: Any = None, queries: Any = None, qrels: Any = None) -> None:
        self.docs, self.queries, self.qrels = docs, queries, qrels
        self.opened: list[str] = []

    def has_docs(self) -> bool:
        return self.docs is not None

    def has_queries(self) -> bool:
        return self.queries is not None

    def has_qrels(self) -> bool:
        return self.qrels is not None

    def docs_handler(self) -> Any:
        return self.docs

    def docs_iter(self) -> Iterator[Any]:
        return self._rows("docs")

    def queries_iter(self) -> Iterator[Any]:
        return self._rows("queries")

    def qrels_iter(self) -> Iterator[Any]:
        return self._rows("qrels")

    def _rows(self, kind: str) -> Iterator[Any]:
        rows = getattr(self, kind)
        self.opened.append(kind)
        if isinstance(rows, Exception):
            raise rows
        yield from rows


DOCS = [Doc("d1", "A red animal.", "Fox"), Doc("d2", "A bird.", "")]
QUERIES = [Query("q1", "red"), Query("q2", "bird"), Query("q3", "unjudged")]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Dataset]:
    """What the stand-in knows; a test adds to it."""
    known = {
        "beir": Dataset(),
        "beir/toy": Dataset(DOCS, QUERIES),
        "beir/toy/train": Dataset(DOCS, QUERIES[:1], [Qrel("q1", "d1", 1)]),
        "beir/toy/test": Dataset(DOCS, QUERIES, [Qrel("q2", "d2", 2), Qrel("q2", "d1", 0)]),
        "beir/toy/v2": Dataset([*DOCS, Doc("d3", "c", "")], QUERIES, [Qrel("q1", "d1", 1)]),
        "beir/toys": Dataset(DOCS, QUERIES, [Qrel("q1", "d1", 1)]),
    }
    module = ModuleType("ir_datasets")
    module.registry = known  # type: ignore[attr-defined]
    module.load = known.__getitem__  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ir_datasets", module)
    return known


def test_reads_documents_and_the_splits_below(registry: dict[str, Dataset]) -> None:
    collection = load_collection("irds:beir/toy")
    assert collection.name == "beir-toy"
    assert collection.documents == ("Fox. A red animal.", "A bird.")
    assert collection.splits == ("train", "test")  # v2 has other documents, toys lies beside it
    assert dict(collection.queries["train"]) == {"q1": "red"}
    assert dict(collection.queries["test"]) == {"q2": "bird"}
    assert collection.qrels["test"] == {"q2": {"d2": 2, "d1": 0}}


def test_queries_are_opened_when_asked_for(registry: dict[str, Dataset]) -> None:
    collection = load_collection("irds:beir/toy")
    assert collection.fingerprint and collection.documents
    assert [name for name, dataset in registry.items() if dataset.opened] == ["beir/toy"]
    assert registry["beir/toy"].opened == ["docs"]
    assert collection.queries["train"]
    assert sorted(registry["beir/toy/train"].opened) == ["qrels", "queries"]
    assert registry["beir/toy/test"].opened == []


@pytest.mark.parametrize(
    ("identifier", "split"), [("beir/toy/train", "train"), ("beir/toy/test", "test"), ("beir/toys", "test")]
)
def test_a_judged_dataset_is_a_split_itself(
    registry: dict[str, Dataset], identifier: str, split: str
) -> None:
    assert load_collection(f"irds:{identifier}").splits == (split,)


def test_columns_of_other_names_are_read_by_their_default_text(registry: dict[str, Dataset]) -> None:
    topics = [Topic("1", "bird", "Anything about birds.")]
    registry["trec"] = Dataset([Abstract("a", "http://x", "On owls.")], topics, [Qrel("1", "a", 1)])
    collection = load_collection("irds:trec")
    assert collection.documents == ("On owls.",)
    assert dict(collection.queries["test"]) == {"1": "bird"}


def test_what_cannot_be_found_is_left_out_with_a_warning(registry: dict[str, Dataset]) -> None:
    qrels = [Qrel("q1", "d1", 1), Qrel("q1", "gone", 1), Qrel("q2", "d1", 0), Qrel("q3", "gone", 2)]
    registry["trec"] = Dataset(DOCS, QUERIES, qrels)
    collection = load_collection("irds:trec")
    with pytest.warns(
        UserWarning, match="left out 2 judgements .* and 2 queries without a relevant document"
    ):
        assert collection.qrels["test"] == {"q1": {"d1": 1}}
    assert dict(collection.queries["test"]) == {"q1": "red"}


def test_a_missing_package_is_answered_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_datasets", None)  # makes the import fail, installed or not
    with pytest.raises(DataError, match=r'pip install "embeddistill-lab\[data\]"'):
        load_collection("irds:beir/toy")


def test_an_unknown_identifier_is_answered_with_near_ones(registry: dict[str, Dataset]) -> None:
    with pytest.raises(DataError, match="knows no 'beir/tov'; did you mean beir/toy"):
        load_collection("irds:beir/tov")
    with pytest.raises(DataError, match="knows no 'xyz'; https://ir-datasets.com lists all"):
        load_collection("irds:xyz")


def test_an_identifier_without_documents_is_refused(registry: dict[str, Dataset]) -> None:
    with pytest.raises(DataError, match="irds:beir has no documents of its own"):
        load_collection("irds:beir")


@pytest.mark.parametrize(
    "failure", [ConnectionError("no route to host"), RuntimeError("All download sources failed")], ids=str
)
def test_a_failed_download_says_so(registry: dict[str, Dataset], failure: Exception) -> None:
    registry["far"] = Dataset(failure)
    with pytest.raises(OfflineError, match=f"irds:far could not be fetched .{failure}.*connect once"):
        load_collection("irds:far")
    registry["near"] = Dataset(DOCS, QUERIES, failure)
    collection = load_collection("irds:near")
    with pytest.raises(OfflineError, match="irds:near could not be fetched"):
        collection.qrels["test"]


def test_mistakes_name_the_row(registry: dict[str, Dataset]) -> None:
    registry["bad"] = Dataset([DOCS[0], Doc("d1", "again", "")])
    with pytest.raises(
        DataError, match="irds:bad, document 2: document id 'd1' stands at irds:bad, document 1"
    ):
        load_collection("irds:bad")
