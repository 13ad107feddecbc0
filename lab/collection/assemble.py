"""From rows to a collection: the documents now, each split's judgements and queries when they are asked for.

A reader says where rows stand and how to get at them; what is read when, and which checks apply, is said here
once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from lab.collection.checks import checked_documents, checked_judgements, checked_queries
from lab.collection.core import Collection, Judgements, LazySplits, Queries


class Rows(NamedTuple):
    """Where rows come from, for messages, and a function that opens it and yields them."""

    source: str
    read: Callable[[], Iterable[Any]]


def assemble(
    name: str,
    corpus: Rows,
    qrels: Mapping[str, Rows],
    queries: Mapping[str, Rows],
    *,
    shared_queries: bool,
    published: bool = False,
) -> Collection:
    """A collection of which `corpus` alone is read now.

    corpus   rows of (place, record with "_id", "title", "text")
    qrels    split -> rows of (place, query id, document id, grade)
    queries  split -> rows of (place, record with "_id", "text")

    `shared_queries`: the rows of a split's queries may hold those of other splits too. `published`: nobody
    here can mend the judgements, see `checked_judgements`.

    Raises:
        DataError: a mistake in the corpus now, one in a split when it is asked for.
    """
    documents = checked_documents(corpus.read(), corpus.source)

    def judgements(split: str) -> Judgements:
        return checked_judgements(
            qrels[split].read(), collection.row, qrels[split].source, published=published
        )

    def texts(split: str) -> Queries:
        judged = collection.qrels[split]
        return checked_queries(queries[split].read(), judged, queries[split].source, shared=shared_queries)

    collection = Collection(
        name=name,
        doc_ids=documents.doc_ids,
        titles=documents.titles,
        bodies=documents.bodies,
        queries=LazySplits({split: partial(texts, split) for split in queries}),
        qrels=LazySplits({split: partial(judgements, split) for split in qrels}),
        fields=documents.fields,
    )
    return collection


def in_usual_order(splits: Iterable[str]) -> list[str]:
    """Names of splits: train, dev, test first, others by name."""
    usual = ("train", "dev", "test")
    return sorted(splits, key=lambda split: (usual.index(split) if split in usual else len(usual), split))
