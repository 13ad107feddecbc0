"""Parquet folders, and how a name finds its collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.collection import load_collection
from lab.collection.shipped import shipped_names
from lab.errors import DataError

TABLES: dict[str, dict[str, list[Any]]] = {
    "corpus": {
        "_id": ["d1", "d2"],
        "title": ["Fox", ""],
        "text": ["Red.", "Owl."],
        "topic": ["mammals", None],
    },
    "queries-train": {"_id": ["q0"], "text": ["a fox"], "note": ["more columns do no harm"]},
    "queries-test": {"_id": ["q1", "q2"], "text": ["red", "bird"]},
    "qrels-train": {"query_id": ["q0"], "corpus_id": ["d1"], "score": [1]},
    "qrels-test": {"query_id": ["q1", "q2"], "corpus_id": ["d1", "d2"], "score": [1, 2]},
}


def write(folder: Path, **changed: dict[str, list[Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tables = TABLES | {name.replace("_", "-"): table for name, table in changed.items()}
    for name, table in tables.items():
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
    return folder


def write_beir(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(json.dumps({"_id": "own", "text": "My own document."}), encoding="utf-8")
    return folder


def test_reads_a_folder(tmp_path: Path) -> None:
    collection = load_collection(write(tmp_path))
    assert collection.splits == ("train", "test")
    assert collection.documents == ("Fox. Red.", "Owl.")
    assert collection.fields == {"topic": ("mammals", "")}
    assert dict(collection.queries["test"]) == {"q1": "red", "q2": "bird"}
    assert collection.qrels["test"] == {"q1": {"d1": 1}, "q2": {"d2": 2}}


def test_a_split_is_read_from_its_own_files(tmp_path: Path) -> None:
    write(tmp_path)
    for kind in ("queries", "qrels"):
        (tmp_path / f"{kind}-test.parquet").write_bytes(b"never to be opened")
    collection = load_collection(tmp_path)
    assert len(collection.fingerprint) == 64
    assert dict(collection.queries["train"]) == {"q0": "a fox"}
    with pytest.raises(DataError, match=r"qrels-test\.parquet cannot be read as parquet"):
        collection.qrels["test"]


def test_missing_queries_are_named_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "queries-test.parquet").unlink()
    collection = load_collection(tmp_path)
    assert collection.qrels["test"]
    with pytest.raises(DataError, match=r"queries-test\.parquet does not exist.*git checkout"):
        collection.queries["test"]


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    corpus = write(tmp_path) / "corpus.parquet"
    corpus.write_bytes(corpus.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"corpus\.parquet cannot be read as parquet.*build\.py"):
        load_collection(tmp_path)


BAD_CORPUS: dict[str, tuple[dict[str, list[Any]], str]] = {
    "no column": ({"_id": ["1"], "title": ["a"]}, r"corpus\.parquet has no column 'text', only _id, title"),
    "no rows": ({"_id": [], "title": [], "text": []}, r"corpus\.parquet holds no documents"),
    "null text": ({"_id": ["1", "2"], "title": ["", ""], "text": ["a", None]}, r"row 2: 'text' is missing"),
    "NaN text": ({"_id": ["1"], "title": [""], "text": [float("nan")]}, r"row 1: 'text' is NaN, not text"),
    "id twice": (
        {"_id": ["1", "1"], "title": ["", ""], "text": ["a", "b"]},
        r"row 2: document id '1' stands at",
    ),
}


@pytest.mark.parametrize(("corpus", "message"), BAD_CORPUS.values(), ids=BAD_CORPUS)
def test_mistakes_in_the_corpus(tmp_path: Path, corpus: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_collection(write(tmp_path, corpus=corpus))


BAD_SPLIT: dict[str, tuple[dict[str, dict[str, list[Any]]], str]] = {
    "query not judged": (
        {"queries_test": {"_id": ["q1", "q2", "q3"], "text": ["a", "b", "c"]}},
        r"queries-test\.parquet, row 3: query 'q3' has no judgements",
    ),
    "judged but absent": (
        {"queries_test": {"_id": ["q1"], "text": ["a"]}},
        r"queries-test\.parquet: the qrels judge 1 queries that are not here, the first 'q2'",
    ),
    "empty query": (
        {"queries_test": {"_id": ["q1", "q2"], "text": ["a", ""]}},
        r"queries-test\.parquet, row 2: query 'q2' has an empty text",
    ),
    "unknown document": (
        {"qrels_test": {"query_id": ["q1", "q2"], "corpus_id": ["d1", "d7"], "score": [1, 1]}},
        r"qrels-test\.parquet, row 2: judges document 'd7'",
    ),
    "fractional grade": (
        {"qrels_test": {"query_id": ["q1", "q2"], "corpus_id": ["d1", "d2"], "score": [1.0, 0.5]}},
        r"qrels-test\.parquet, row 1: grade 1\.0 is no whole number",
    ),
    "only zero": (
        {"qrels_test": {"query_id": ["q1", "q2"], "corpus_id": ["d1", "d2"], "score": [1, 0]}},
        r"qrels-test\.parquet, row 2: query 'q2' has no grade above 0",
    ),
}


@pytest.mark.parametrize(("changed", "message"), BAD_SPLIT.values(), ids=BAD_SPLIT)
def test_mistakes_in_a_split(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    collection = load_collection(write(tmp_path, **changed))
    with pytest.raises(DataError, match=message):
        collection.queries["test"]
    assert collection.queries["train"]


# ------------------------------------------------------------------------------------------------- names


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the collections "birds" and "mammals", and a working folder beside it."""
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write(tmp_path / "data" / "mammals")
    write(
        tmp_path / "data" / "birds", corpus={"_id": ["d1", "d2"], "title": ["", ""], "text": ["Tit.", "Owl."]}
    )
    (tmp_path / "data" / "unfinished").mkdir()
    return tmp_path / "data"


def test_a_name_is_looked_up_in_the_data_folder(data: Path) -> None:
    assert shipped_names() == ("birds", "mammals")
    collection = load_collection("birds")
    assert (collection.name, collection.documents) == ("birds", ("Tit.", "Owl."))


def test_a_shipped_name_goes_before_a_folder_of_that_name_unless_a_path_is_meant(data: Path) -> None:
    write_beir(Path("birds"))
    assert load_collection("birds").documents == ("Tit.", "Owl.")
    assert load_collection("./birds").documents == ("My own document.",)
    assert load_collection(Path("birds")).documents == ("My own document.",)


def test_an_unknown_name_is_answered_with_those_there_are(data: Path) -> None:
    with pytest.raises(
        DataError, match=r"No collection 'fish'.*birds, mammals\. A BEIR folder holds corpus\.jsonl"
    ):
        load_collection("fish")


def test_a_folder_without_a_corpus_is_answered_with_what_it_holds(data: Path) -> None:
    Path("mine").mkdir()
    with pytest.raises(DataError, match=r"'mine' holds no corpus\.jsonl, but nothing"):
        load_collection("mine")
    Path("mine/docs.json").touch()
    with pytest.raises(DataError, match=r"'mine' holds no corpus\.jsonl, but docs\.json"):
        load_collection("mine")


def test_a_file_is_answered_with_a_request_for_its_folder(data: Path) -> None:
    write_beir(Path("mine"))
    with pytest.raises(DataError, match="'mine/corpus.jsonl' is a file; give the folder"):
        load_collection("mine/corpus.jsonl")


def test_without_a_data_folder_own_folders_still_load(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_DATA", "nowhere")
    write_beir(Path("mine"))
    assert len(load_collection("mine")) == 1
    with pytest.raises(DataError, match="Shipped in nowhere: none, set LAB_DATA"):
        load_collection("wiki")
