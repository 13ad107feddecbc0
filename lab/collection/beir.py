"""Folders in the layout of BEIR (Thakur et al. 2021, https://arxiv.org/abs/2104.08663), read lazily.

    corpus.jsonl         {"_id": "d1", "title": "may be missing", "text": "..."}, one a line
    queries.jsonl        {"_id": "q1", "text": "..."}, the queries of all splits
    qrels/<split>.tsv    query-id <tab> corpus-id <tab> score; a file makes a split

A folder with corpus.jsonl alone is a collection without splits: enough to distil on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from lab.collection.assemble import Rows, assemble, in_usual_order
from lab.collection.core import Collection
from lab.errors import DataError

HEADERS = {"query-id", "query_id", "qid"}  # how the first line of a qrels file begins, where it is a header


def load_beir(folder: Path) -> Collection:
    """The collection in a BEIR folder; only corpus.jsonl is opened now. A DataError names file and line.

    A query of queries.jsonl belongs to the splits whose qrels judge it.
    """
    corpus, queries = folder / "corpus.jsonl", folder / "queries.jsonl"
    files = {path.stem: path for path in (folder / "qrels").glob("*.tsv")}
    splits = in_usual_order(files)
    return assemble(
        folder.resolve().name,
        Rows(str(corpus), partial(json_records, corpus)),
        qrels={split: Rows(str(files[split]), partial(tsv_rows, files[split])) for split in splits},
        queries={split: Rows(str(queries), partial(json_records, queries)) for split in splits},
        shared_queries=True,
    )


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """(place, text) of every line that is not blank, where place is "file:line".

    Raises:
        DataError: the file is not there, cannot be read, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                place = f"{path}:{number}"
                try:  # some editors put a byte order mark before the first line
                    text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise DataError(f"{place}: not UTF-8 ({error.reason}); save the file as UTF-8") from error
                if text.strip():
                    yield place, text
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist, but is needed for what was asked; put it there") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); it must be a readable file") from error


def json_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, record) of every line.

    Raises:
        DataError: a line is no JSON object.
    """
    for place, text in lines(path):
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:  # the latter for brackets nested thousands deep
            raise DataError(f"{place}: malformed JSON ({error}); each line must be a whole object") from error
        if not isinstance(record, dict):
            kind = type(record).__name__
            raise DataError(
                f'{place}: a {kind}, but each line must be an object like {{"_id": "1", "text": "…"}}'
            )
        yield place, record


def tsv_rows(path: Path) -> Iterator[tuple[str, str, str, int]]:
    """(place, query id, document id, grade) of every line; the header may be missing.

    Only a first line that names its columns is taken for a header: anything else is a judgement, and checked.

    Raises:
        DataError: a line without three columns, or a grade that is no whole number.
    """
    for n, (place, text) in enumerate(lines(path)):
        columns = text.split("\t")
        if n == 0 and columns[0].strip().lower() in HEADERS:
            continue
        if len(columns) != 3:
            raise DataError(
                f"{place}: {len(columns)} columns, expected 3 between tabs: query-id, corpus-id, score "
                "(a TREC qrels file has 4 between blanks: drop its second)"
            )
        query_id, doc_id, grade = columns
        if not re.fullmatch(r"-?[0-9]+", grade.strip()):
            raise DataError(
                f"{place}: grade {grade!r} is no whole number; 0 is not relevant, 1 or more relevant"
            )
        yield place, query_id, doc_id, int(grade)
