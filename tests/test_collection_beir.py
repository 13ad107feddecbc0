"""BEIR folders: what is read when, what is tolerated, and what every mistake is answered with."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.collection import load_collection
from lab.errors import DataError

CORPUS = [
    {"_id": "d1", "title": "Fox", "text": "A red animal."},
    {"_id": "d2", "title": "", "text": "No title here."},
    {"_id": "d3", "title": "Owl", "text": "A bird."},
]
QUERIES = [
    {"_id": "q1", "text": "red animal"},
    {"_id": "q2", "text": "bird"},
    {"_id": "q3", "text": "unjudged"},
]
QRELS = {
    "dev": "query-id\tcorpus-id\tscore\nq1\td1\t1\n",
    "test": "query-id\tcorpus-id\tscore\nq2\td3\t2\nq2\td1\t0\n",
}


def as_lines(records: list[Any]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def write(
    folder: Path,
    corpus: list[Any] | str | bytes = CORPUS,  # type: ignore[assignment]
    queries: list[Any] | str | bytes | None = QUERIES,  # type: ignore[assignment]
    qrels: dict[str, str] = QRELS,
) -> Path:
    """A BEIR folder; a list becomes JSON lines, text and bytes are written as they are."""
    for name, content in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        if content is not None:
            text = as_lines(content) if isinstance(content, list) else content
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for split, text in qrels.items():
        (folder / "qrels").mkdir(exist_ok=True)
        (folder / "qrels" / f"{split}.tsv").write_bytes(text.encode())
    return folder


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


# --------------------------------------------------------------------------------------------- mistakes

GOOD = '{"_id": "1", "text": "a"}\n'
BAD_CORPUS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", r"corpus\.jsonl holds no documents"),
    "blank lines": ("\n \n", r"corpus\.jsonl holds no documents"),
    "malformed": (GOOD + '{"_id": "2", "text": \n', r"corpus\.jsonl:2: malformed JSON"),
    "cut off": (GOOD + '{"_id": "2", "te', r"corpus\.jsonl:2: malformed JSON"),
    "nested too deep": ("[" * 100_000 + "\n", r"corpus\.jsonl:1: malformed JSON"),
    "no object": (GOOD + '["2", "a"]\n', r"corpus\.jsonl:2: a list, but each line must be an object"),
    "no id": (GOOD + '{"text": "a"}\n', r"corpus\.jsonl:2: '_id' is missing"),
    "null id": (GOOD + '{"_id": null, "text": "a"}\n', r"corpus\.jsonl:2: '_id' is missing"),
    "empty id": (GOOD + '{"_id": "", "text": "a"}\n', r"corpus\.jsonl:2: '_id' is empty"),
    "id with a fraction": (
        '{"_id": 1.5, "text": "a"}\n',
        r"corpus\.jsonl:1: '_id' is of type float, not text",
    ),
    "truth as id": ('{"_id": true, "text": "a"}\n', r"corpus\.jsonl:1: '_id' is of type bool, not text"),
    "id twice": (GOOD + "\n" + GOOD, r"corpus\.jsonl:3: document id '1' stands at .*corpus\.jsonl:1 already"),
    "number and text of one id": (GOOD + '{"_id": 1, "text": "b"}\n', "document id '1' stands at"),
    "no text": ('{"_id": "1"}\n', r"corpus\.jsonl:1: 'text' is missing"),
    "null text": ('{"_id": "1", "text": null}\n', r"corpus\.jsonl:1: 'text' is missing"),
    "NaN text": ('{"_id": "1", "text": NaN}\n', r"corpus\.jsonl:1: 'text' is NaN, not text"),
    "NaN title": ('{"_id": "1", "title": NaN, "text": "a"}\n', r"corpus\.jsonl:1: 'title' is NaN, not text"),
    "number as text": ('{"_id": "1", "text": 5}\n', r"corpus\.jsonl:1: 'text' is of type int, not text"),
    "list as text": ('{"_id": "1", "text": ["a"]}\n', r"corpus\.jsonl:1: 'text' is of type list, not text"),
    "half a character": (
        '{"_id": "1", "text": "\\ud83d"}\n',
        r"corpus\.jsonl:1: 'text' holds half a surrogate",
    ),
    "half a character in a field": (
        '{"_id": "1", "text": "a", "topic": "\\ud83d"}\n',
        r"corpus\.jsonl:1: 'topic' holds half a surrogate",
    ),
    "not UTF-8": (
        GOOD.encode() + '{"_id": "2", "text": "é"}\n'.encode("latin-1"),
        r"corpus\.jsonl:2: not UTF-8",
    ),
}


@pytest.mark.parametrize(("corpus", "message"), BAD_CORPUS.values(), ids=BAD_CORPUS)
def test_mistakes_in_the_corpus(tmp_path: Path, corpus: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_collection(write(tmp_path, corpus))


def test_a_corpus_of_empty_documents(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="all 2 documents are empty"), pytest.warns(UserWarning):
        load_collection(write(tmp_path, [{"_id": "1", "text": ""}, {"_id": "2", "text": " "}]))


ONE = '{"_id": "q1", "text": "a"}\n'
BAD_QUERIES: dict[str, tuple[str | bytes, str]] = {
    "malformed": (ONE + "{", r"queries\.jsonl:2: malformed JSON"),
    "no id": (ONE + '{"text": "a"}\n', r"queries\.jsonl:2: '_id' is missing"),
    "id twice": (ONE + ONE, r"queries\.jsonl:2: query id 'q1' stands at .*queries\.jsonl:1 already"),
    "no text": ('{"_id": "q1"}\n', r"queries\.jsonl:1: 'text' is missing"),
    "empty text": ('{"_id": "q1", "text": " "}\n', r"queries\.jsonl:1: query 'q1' has an empty text"),
    "NaN text": ('{"_id": "q1", "text": NaN}\n', r"queries\.jsonl:1: 'text' is NaN"),
    "judged but absent": (
        '{"_id": "q5", "text": "a"}\n',
        r"queries\.jsonl: the qrels judge 1 queries .*'q1'",
    ),
    "empty file": ("", r"queries\.jsonl: the qrels judge 1 queries .*'q1'"),
}


@pytest.mark.parametrize(("queries", "message"), BAD_QUERIES.values(), ids=BAD_QUERIES)
def test_mistakes_in_the_queries(tmp_path: Path, queries: str | bytes, message: str) -> None:
    collection = load_collection(write(tmp_path, queries=queries))
    with pytest.raises(DataError, match=message):
        collection.queries["dev"]


HEAD = "query-id\tcorpus-id\tscore\n"
BAD_QRELS: dict[str, tuple[str, str]] = {
    "unknown document": (
        HEAD + "q1\td1\t1\nq1\td9\t1\n",
        r"dev\.tsv:3: judges document 'd9', which is not in",
    ),
    "unknown document, grade 0": (HEAD + "q1\td1\t1\nq1\td9\t0\n", r"dev\.tsv:3: judges document 'd9'"),
    "fraction": (HEAD + "q1\td1\t1.0\n", r"dev\.tsv:2: grade '1\.0' is no whole number"),
    "word": (HEAD + "q1\td1\trelevant\n", r"dev\.tsv:2: grade 'relevant' is no whole number"),
    "no grade": (HEAD + "q1\td1\t\n", r"dev\.tsv:2: grade '' is no whole number"),
    "NaN": (HEAD + "q1\td1\tnan\n", r"dev\.tsv:2: grade 'nan' is no whole number"),
    "bad first line without header": ("q1\td1\tx\n", r"dev\.tsv:1: grade 'x' is no whole number"),
    "two columns": (HEAD + "q1\td1\n", r"dev\.tsv:2: 2 columns, expected 3"),
    "blanks instead of tabs": (HEAD + "q1 d1 1\n", r"dev\.tsv:2: 1 columns, expected 3"),
    "TREC": ("q1\t0\td1\t1\n", r"dev\.tsv:1: 4 columns, expected 3.*drop its second"),
    "two grades": (
        HEAD + "q1\td1\t1\nq1\td1\t2\n",
        r"dev\.tsv:3: query 'q1' and document 'd1' have grade 1 already",
    ),
    "only zero": (
        HEAD + "q2\td3\t1\nq1\td1\t0\nq1\td2\t0\n",
        r"dev\.tsv:3: query 'q1' has no grade above 0.*remove",
    ),
    "header alone": (HEAD, r"dev\.tsv holds no judgements"),
    "empty file": ("", r"dev\.tsv holds no judgements"),
}


@pytest.mark.parametrize(("qrels", "message"), BAD_QRELS.values(), ids=BAD_QRELS)
def test_mistakes_in_the_judgements(tmp_path: Path, qrels: str, message: str) -> None:
    collection = load_collection(write(tmp_path, qrels={"dev": qrels}))
    with pytest.raises(DataError, match=message):
        collection.qrels["dev"]
    with pytest.raises(DataError, match=message):  # a split's queries are those its judgements name
        collection.queries["dev"]


# -------------------------------------------------------------------------------------------- properties

ids = st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=["Cs"]), min_size=1).filter(
    str.strip
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
full_texts = texts.filter(str.strip)


@st.composite
def collections(draw: st.DrawFn) -> tuple[list[dict[str, str]], dict[str, str], dict[str, dict[str, int]]]:
    doc_ids = draw(st.lists(ids, min_size=1, max_size=6, unique=True))
    corpus = [{"_id": doc_id, "title": draw(texts), "text": draw(full_texts)} for doc_id in doc_ids]
    queries = draw(st.dictionaries(ids, full_texts, min_size=1, max_size=5))
    grades = st.dictionaries(st.sampled_from(doc_ids), st.integers(-1, 3), min_size=1)
    qrels = {query_id: draw(grades) | {draw(st.sampled_from(doc_ids)): 1} for query_id in queries}
    return corpus, queries, qrels


@given(collections(), st.booleans())
def test_what_is_written_is_what_is_read(
    content: tuple[list[dict[str, str]], dict[str, str], dict[str, dict[str, int]]], ascii_only: bool
) -> None:
    corpus, queries, qrels = content

    def written(records: list[dict[str, str]]) -> str:
        return "\n".join(json.dumps(record, ensure_ascii=ascii_only) for record in records)

    table = HEAD + "".join(f"{q}\t{d}\t{grade}\n" for q, docs in qrels.items() for d, grade in docs.items())
    with tempfile.TemporaryDirectory() as folder:
        write(
            Path(folder),
            written(corpus),
            written([{"_id": query_id, "text": text} for query_id, text in queries.items()]),
            {"test": table},
        )
        collection = load_collection(folder)
        assert list(collection.doc_ids) == [record["_id"] for record in corpus]
        assert list(collection.titles) == [record["title"] for record in corpus]
        assert list(collection.bodies) == [record["text"] for record in corpus]
        assert dict(collection.queries["test"]) == queries
        assert collection.qrels["test"] == qrels


@given(st.binary(max_size=80))
def test_any_bytes_are_a_collection_or_a_data_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(Path(folder), GOOD, content, {"test": "q\t1\t1\n"})
        (Path(folder) / "qrels" / "dev.tsv").write_bytes(content)
        collection = load_collection(folder)
        for split in ("dev", "test"):
            try:
                assert collection.queries[split]
            except DataError as error:
                assert str(folder) in str(error)
