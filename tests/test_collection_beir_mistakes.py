"""BEIR folders: what every mistake is answered with, and what no content can do."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.collection import load_collection
from lab.errors import DataError
from tests.beir import HEAD, write

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
