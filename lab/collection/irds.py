"""Any collection of ir_datasets (MacAvaney et al. 2021, https://ir-datasets.com), read through that package.

"irds:beir/scifact" has the documents of beir/scifact, and as splits what lies below it over the same
documents ("train", "test"). The package is an extra; it downloads at the first use, into a cache of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from lab.collection.assemble import Rows, assemble
from lab.collection.core import Collection
from lab.errors import DataError, OfflineError


def load_irds(identifier: str) -> Collection:
    """The collection ir_datasets calls `identifier`; queries and judgements are read when asked for.

    Nobody can mend a published collection, so judgements of absent documents and queries without a relevant
    one are left out, with a warning.

    Raises:
        DataError: the package is missing, does not know the identifier, or has no documents of that name.
        OfflineError: it cannot fetch the data.
    """
    try:
        import ir_datasets
    except ImportError as error:
        raise DataError(
            f'irds:{identifier} needs the package ir_datasets: pip install "embeddistill-lab[data]"'
        ) from error
    try:
        dataset = ir_datasets.load(identifier)
    except KeyError as error:
        near = difflib.get_close_matches(identifier, list(ir_datasets.registry), n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise DataError(
            f"ir_datasets knows no {identifier!r}; {hint}https://ir-datasets.com lists all"
        ) from error
    if not dataset.has_docs():
        raise DataError(f"irds:{identifier} has no documents of its own; name a collection below it")

    source = f"irds:{identifier}"
    parts = split_datasets(ir_datasets, identifier, dataset)
    return assemble(
        identifier.replace("/", "-"),
        Rows(source, partial(document_records, source, dataset)),
        qrels={
            name: Rows(f"{source}, qrels of {name}", partial(qrel_rows, source, part))
            for name, part in parts.items()
        },
        queries={
            name: Rows(f"{source}, queries of {name}", partial(query_records, source, part))
            for name, part in parts.items()
        },
        shared_queries=True,
        published=True,
    )


def split_datasets(ir_datasets: Any, identifier: str, dataset: Any) -> dict[str, Any]:
    """The judged datasets over the same documents: the dataset itself, and those whose ids go on from its id.

    The dataset itself is called by the last part of its identifier where that is a usual name, else "test".
    """
    parts = {}
    if dataset.has_queries() and dataset.has_qrels():
        last = identifier.rsplit("/", 1)[-1]
        parts[last if last in ("train", "dev", "validation") else "test"] = dataset
    for name in list(ir_datasets.registry):
        if name.startswith(f"{identifier}/"):
            below = ir_datasets.load(name)
            complete = below.has_docs() and below.has_queries() and below.has_qrels()
            if complete and below.docs_handler() == dataset.docs_handler():
                parts.setdefault(name.removeprefix(f"{identifier}/"), below)
    return parts


def document_records(source: str, dataset: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, record) of every document."""
    for n, doc in enumerate(fetched(source, dataset.docs_iter), 1):
        record = {"_id": doc.doc_id, "title": getattr(doc, "title", ""), "text": text_of_row(doc)}
        yield f"{source}, document {n}", record


def query_records(source: str, dataset: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, record) of every query."""
    for n, query in enumerate(fetched(source, dataset.queries_iter), 1):
        yield f"{source}, query {n}", {"_id": query.query_id, "text": text_of_row(query)}


def qrel_rows(source: str, dataset: Any) -> Iterator[tuple[str, str, str, int]]:
    """(place, query id, document id, grade) of every judgement."""
    for n, qrel in enumerate(fetched(source, dataset.qrels_iter), 1):
        yield f"{source}, judgement {n}", qrel.query_id, qrel.doc_id, qrel.relevance


def text_of_row(row: Any) -> Any:
    """Its `text`, or what ir_datasets itself takes for the text where the column is called otherwise."""
    return row.text if hasattr(row, "text") else row.default_text()


def fetched(source: str, rows: Callable[[], Iterable[Any]]) -> Iterator[Any]:
    """The rows; the package downloads at the first row, and has several ways to fail.

    Raises:
        OfflineError: the package could not fetch them.
    """
    try:
        yield from rows()
    except (OSError, RuntimeError) as error:
        raise OfflineError(
            f"{source} could not be fetched ({str(error)[:200]}); ir_datasets downloads a collection at its "
            "first use: connect once, or take a folder in BEIR layout"
        ) from error
