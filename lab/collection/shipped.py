"""The collections that come with the lab, as parquet: one folder each under data/.

    corpus.parquet             _id, title, text and further string columns
    queries-<split>.parquet    _id, text
    qrels-<split>.parquet      query_id, corpus_id, score

One file a split: the queries of dev and test are never opened by something that reads train.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lab.collection.assemble import Rows, assemble, in_usual_order
from lab.collection.core import Collection
from lab.errors import DataError


def data_folder() -> Path:
    """Where the shipped collections lie: the folder LAB_DATA names, or data/ beside the package.

    It may not exist: a package installed without its repository has none.
    """
    named = os.environ.get("LAB_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "data"


def shipped_names() -> tuple[str, ...]:
    """Names of the collections in the data folder, e.g. ("pydocs", "wiki")."""
    return tuple(sorted(path.parent.name for path in data_folder().glob("*/corpus.parquet")))


def load_shipped(folder: Path) -> Collection:
    """The collection in a folder of parquet files; only corpus.parquet is opened now. Errors name the row."""
    corpus = folder / "corpus.parquet"
    splits = in_usual_order(path.stem.removeprefix("qrels-") for path in folder.glob("qrels-*.parquet"))
    qrels = {split: folder / f"qrels-{split}.parquet" for split in splits}
    queries = {split: folder / f"queries-{split}.parquet" for split in splits}
    return assemble(
        folder.resolve().name,
        Rows(str(corpus), partial(records, corpus, ("_id", "title", "text"), others=True)),
        qrels={split: Rows(str(path), partial(judgement_rows, path)) for split, path in qrels.items()},
        queries={
            split: Rows(str(path), partial(records, path, ("_id", "text"))) for split, path in queries.items()
        },
        shared_queries=False,
    )


def judgement_rows(path: Path) -> Iterator[tuple[str, str, str, Any]]:
    """(place, query id, document id, grade) of every row."""
    for place, record in records(path, ("query_id", "corpus_id", "score")):
        yield place, record["query_id"], record["corpus_id"], record["score"]


def records(
    path: Path, columns: Sequence[str], *, others: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, record) of every row, with the named columns, and with `others` all further ones.

    Raises:
        DataError: the file is missing, damaged, or lacks a column.
    """
    import pyarrow as pa  # here, so that a BEIR folder does not wait for it
    import pyarrow.parquet as pq

    mend = "`git checkout` it, or rebuild it with the build.py beside it"
    try:
        with pq.ParquetFile(path) as file:  # pq.read_table first imports its datasets, for half a second
            present = file.schema_arrow.names
            absent = [name for name in columns if name not in present]
            if absent:
                raise DataError(f"{path} has no column {absent[0]!r}, only {', '.join(present)}; {mend}")
            table = file.read(columns=None if others else list(columns))
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; {mend}") from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as parquet ({error}); {mend}") from error
    for number, record in enumerate(table.to_pylist(), 1):
        yield f"{path}, row {number}", record
