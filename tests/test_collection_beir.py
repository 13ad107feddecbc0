"""BEIR folders: what is read when, and what is tolerated."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from lab.collection import load_collection
from lab.errors import DataError
from tests.beir import CORPUS, QRELS, as_lines, write


def test_reads_a_folder(tmp_path: Path) -> None:
    collection = load_collection(write(tmp_path))
    assert collection.name == tmp_path.name
    assert collection.doc_ids == ("d1", "d2", "d3")
    assert collection.titles == ("Fox", "", "Owl")
    assert collection.bodies == ("A red animal.", "No title here.", "A bird.")
    assert collection.fields == {}
    assert {split: dict(collection.queries[split]) for split in collection.splits} == {
        "dev": {"q1": "red animal"},
        "test": {"q2": "bird"},
    }
    assert collection.qrels["dev"] == {"q1": {"d1": 1}}
    assert collection.qrels["test"] == {"q2": {"d3": 2, "d1": 0}}


def test_a_corpus_alone_is_a_collection_without_splits(tmp_path: Path) -> None:
    collection = load_collection(str(write(tmp_path, queries=None, qrels={})))
    assert collection.splits == ()
    assert len(collection.queries) == 0
    assert len(collection) == 3


def test_splits_stand_in_the_usual_order(tmp_path: Path) -> None:
    judged = "q1\td1\t1\n"
    names = ("zulu", "test", "alpha", "dev", "train")
    collection = load_collection(write(tmp_path, qrels=dict.fromkeys(names, judged)))
    assert collection.splits == ("train", "dev", "test", "alpha", "zulu")


# ---------------------------------------------------------------------------------------------- laziness


def test_only_the_corpus_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    opened: list[str] = []
    really_open = Path.open

    def watched(self: Path, *args: Any, **options: Any) -> Any:
        opened.append(self.name)
        return really_open(self, *args, **options)

    monkeypatch.setattr(Path, "open", watched)
    collection = load_collection(tmp_path)
    assert collection.documents and collection.fingerprint and collection.splits
    assert opened == ["corpus.jsonl"]
    assert collection.qrels["dev"]
    assert opened == ["corpus.jsonl", "dev.tsv"]
    assert collection.queries["dev"]
    assert opened == ["corpus.jsonl", "dev.tsv", "queries.jsonl"]


def test_unreadable_queries_and_judgements_leave_the_corpus_usable(tmp_path: Path) -> None:
    write(tmp_path, queries=None, qrels={})
    (tmp_path / "queries.jsonl").mkdir()  # opening a folder fails for every user, root too
    (tmp_path / "qrels" / "test.tsv").mkdir(parents=True)
    collection = load_collection(tmp_path)
    assert len(collection.documents) == 3
    assert collection.splits == ("test",)
    with pytest.raises(DataError, match=r"test\.tsv cannot be read"):
        collection.qrels["test"]


def test_unreadable_queries_are_named_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path, queries=None)
    (tmp_path / "queries.jsonl").mkdir()
    with pytest.raises(DataError, match=r"queries\.jsonl cannot be read"):
        load_collection(tmp_path).queries["dev"]


def test_missing_queries_are_named_when_asked_for(tmp_path: Path) -> None:
    collection = load_collection(write(tmp_path, queries=None))
    assert collection.qrels["dev"] == {"q1": {"d1": 1}}
    with pytest.raises(DataError, match=r"queries\.jsonl does not exist"):
        collection.queries["dev"]


def test_a_mistake_in_one_split_leaves_the_others(tmp_path: Path) -> None:
    collection = load_collection(write(tmp_path, qrels={"dev": QRELS["dev"], "test": "q2\tnowhere\t1\n"}))
    assert dict(collection.queries["dev"]) == {"q1": "red animal"}
    with pytest.raises(DataError, match=r"test\.tsv:1"):
        collection.queries["test"]


# --------------------------------------------------------------------------------------------- tolerated


def test_whole_numbers_as_ids_become_strings(tmp_path: Path) -> None:
    corpus = [{"_id": 7, "text": "a"}, {"_id": 8, "text": "b"}]
    collection = load_collection(write(tmp_path, corpus, [{"_id": 1, "text": "x"}], {"test": "1\t7\t1\n"}))
    assert collection.doc_ids == ("7", "8")
    assert dict(collection.queries["test"]) == {"1": "x"}


def test_a_title_may_be_null_or_missing(tmp_path: Path) -> None:
    collection = load_collection(
        write(tmp_path, [{"_id": "1", "text": "a"}, {"_id": "2", "title": None, "text": "b"}])
    )
    assert collection.titles == ("", "")


def test_windows_line_ends_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    corpus = "\ufeff" + as_lines(CORPUS).replace("\n", "\r\n") + "\r\n\r\n"
    qrels = {split: "\ufeff" + text.replace("\n", "\r\n") + "\r\n" for split, text in QRELS.items()}
    collection = load_collection(write(tmp_path, corpus, qrels=qrels))
    assert collection.doc_ids == ("d1", "d2", "d3")
    assert collection.qrels["test"] == {"q2": {"d3": 2, "d1": 0}}


def test_qrels_need_no_header(tmp_path: Path) -> None:
    collection = load_collection(write(tmp_path, qrels={"test": "q2\td3\t2\n"}))
    assert collection.qrels["test"] == {"q2": {"d3": 2}}


def test_a_judgement_may_stand_twice_with_the_same_grade(tmp_path: Path) -> None:
    collection = load_collection(write(tmp_path, qrels={"test": "q2\td3\t2\nq2\td3\t2\n"}))
    assert collection.qrels["test"] == {"q2": {"d3": 2}}


def test_further_text_columns_become_fields(tmp_path: Path) -> None:
    corpus = [
        {"_id": "1", "text": "a", "metadata": {"year": 1}},
        {"_id": "2", "text": "b", "topic": "birds", "year": 1990},
        {"_id": "3", "text": "c"},
    ]
    assert load_collection(write(tmp_path, corpus)).fields == {"topic": ("", "birds", "")}


def test_empty_documents_are_kept_and_counted(tmp_path: Path) -> None:
    corpus = [*CORPUS, {"_id": "d4", "title": "", "text": " "}, {"_id": "d5", "text": ""}]
    with pytest.warns(UserWarning, match=r"2 of 5 documents have neither.*corpus\.jsonl:4"):
        collection = load_collection(write(tmp_path, corpus))
    assert collection.documents[3:] == (" ", "")


def test_a_title_without_body_is_no_empty_document(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        collection = load_collection(write(tmp_path, [{"_id": "1", "title": "Fox", "text": ""}]))
    assert collection.documents == ("Fox",)
