"""A collection is a small immutable object: documents at hand, queries and judgements read when asked for.

Distillation reads documents alone, so a collection must be usable without opening the queries it will later
be judged by. `LazySplits` sees to that: the names of the splits are known at once, a split's contents are
read on first use and kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np

from lab.collection.checks import checked_judgements, checked_queries
from lab.errors import DataError

T = TypeVar("T")
Queries = Mapping[str, str]  # query id -> text
Judgements = Mapping[str, Mapping[str, int]]  # query id -> document id -> grade; above 0 is relevant


class UnknownSplit(DataError, KeyError):
    """A split the collection does not have."""

    __str__ = Exception.__str__  # KeyError would show the message in quotes


class LazySplits(Mapping[str, T], Generic[T]):
    """An immutable mapping from a split's name to its contents, which are loaded on first use and kept.

    Names, length, `in` and repr never load anything. A loader that raises is called again at the next use.
    An unknown name raises UnknownSplit, which names the splits there are.
    """

    def __init__(self, loaders: Mapping[str, Callable[[], T]]) -> None:
        self._loaders = dict(loaders)
        self._loaded: dict[str, T] = {}

    def __getitem__(self, split: str) -> T:
        if split not in self._loaders:
            names = ", ".join(self._loaders) or "none at all"
            raise UnknownSplit(f"no split {split!r}; this collection has: {names}")
        if split not in self._loaded:
            self._loaded[split] = self._loaders[split]()
        return self._loaded[split]

    def __contains__(self, split: object) -> bool:
        return split in self._loaders

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)

    def __repr__(self) -> str:
        return f"LazySplits({', '.join(self._loaders)})"


@dataclass(frozen=True, eq=False, repr=False)
class Collection:
    """Documents with, per split, queries and judgements.

    name      how it is called in tables and file names
    doc_ids   n_documents ids, in the order every matrix of document vectors has
    titles    n_documents titles, "" where a document has none
    bodies    n_documents texts
    queries   split -> {query id: text}; read from disk when a split is asked for
    qrels     split -> {query id: {document id: grade}}; likewise, every query with at least one grade above 0
    fields    further columns of n_documents strings each, e.g. "description", "topic"

    Plain dicts and lists may be given; they are copied, checked and frozen. Two collections are equal only
    if they are the same object: compare `fingerprint`, since comparing contents would open the queries.

    Raises:
        DataError: columns differ in length, hold something other than strings or no text at all, an id stands twice, or
            queries and qrels do not fit each other and the documents.
    """

    name: str
    doc_ids: tuple[str, ...]
    titles: tuple[str, ...]
    bodies: tuple[str, ...]
    queries: Mapping[str, Queries] = field(default_factory=dict)
    qrels: Mapping[str, Judgements] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("doc_ids", "titles", "bodies"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        fields = {name: tuple(column) for name, column in self.fields.items()}
        object.__setattr__(self, "fields", MappingProxyType(fields))
        self._check_documents()
        if set(self.queries) != set(self.qrels):
            raise DataError(
                f"collection {self.name!r}: queries have the splits {sorted(self.queries)}, qrels have "
                f"{sorted(self.qrels)}; every split needs both"
            )
        if not isinstance(self.qrels, LazySplits):
            object.__setattr__(self, "qrels", self._checked_qrels())
        if not isinstance(self.queries, LazySplits):
            object.__setattr__(self, "queries", self._checked_queries())

    def _check_documents(self) -> None:
        columns = {"doc_ids": self.doc_ids, "titles": self.titles, "bodies": self.bodies, **self.fields}
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"collection {self.name!r}: columns differ in length: {lengths}")
        if not self.doc_ids:
            raise DataError(f"collection {self.name!r} is empty; give it at least one document")
        for name, column in columns.items():
            others = set(map(type, column)) - {str}
            if others:
                kinds = ", ".join(sorted(kind.__name__ for kind in others))
                raise DataError(f"collection {self.name!r}: {name} holds {kinds}; every value must be a str")
        if len(self.row) < len(self.doc_ids):
            twice = next(name for i, name in enumerate(self.doc_ids) if self.row[name] != i)
            raise DataError(
                f"collection {self.name!r}: document id {twice!r} stands twice; ids must be unique"
            )
        if not any(text.strip() for column in (self.bodies, self.titles) for text in column):
            raise DataError(
                f"collection {self.name!r}: all {len(self)} documents are empty; is it the right column?"
            )

    def _checked_qrels(self) -> LazySplits[Judgements]:
        def check(split: str, judged: Judgements) -> Judgements:
            place = f"collection {self.name!r}, qrels[{split!r}]"
            rows = (
                (place, query, doc, grade) for query, docs in judged.items() for doc, grade in docs.items()
            )
            silent = next((query for query, docs in judged.items() if not docs), None)
            if silent is not None:
                raise DataError(f"{place}: query {silent!r} has no judgements; leave it out of the split")
            return checked_judgements(rows, self.row, place)

        return _loaded({split: check(split, judged) for split, judged in self.qrels.items()})

    def _checked_queries(self) -> LazySplits[Queries]:
        def check(split: str, texts: Queries) -> Queries:
            place = f"collection {self.name!r}, queries[{split!r}]"
            records = ((place, {"_id": query, "text": text}) for query, text in texts.items())
            return checked_queries(records, self.qrels[split], place, shared=False)

        return _loaded({split: check(split, texts) for split, texts in self.queries.items()})

    def __len__(self) -> int:
        return len(self.doc_ids)

    def __repr__(self) -> str:
        return f"Collection({self.name}: {len(self):,} documents; splits: {', '.join(self.splits) or 'none'})"

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that have queries and judgements; none for a folder with a corpus alone."""
        return tuple(self.qrels)

    @cached_property
    def row(self) -> Mapping[str, int]:
        """Position of every document id in `doc_ids`."""
        return MappingProxyType({doc_id: i for i, doc_id in enumerate(self.doc_ids)})

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """The n_documents texts to encode: "title. body", or the body alone if it begins with the title."""
        return tuple(map(_joined, self.titles, self.bodies))

    @cached_property
    def groups(self) -> np.ndarray:
        """(n_documents,) int64, equal for documents of equal text: the row of the first of them."""
        first: dict[str, int] = {}
        groups = np.array([first.setdefault(text, row) for row, text in enumerate(self.documents)], np.int64)
        groups.setflags(write=False)
        return groups

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of all the documents hold: ids, titles, bodies, further fields. Opens no queries."""
        digest = hashlib.sha256()
        columns = {"doc_ids": self.doc_ids, "titles": self.titles, "bodies": self.bodies}
        for name, column in [*columns.items(), *sorted(self.fields.items())]:
            for value in (name, *column):
                content = value.encode("utf-8", "surrogatepass")
                digest.update(len(content).to_bytes(8, "big"))  # keeps "ab", "c" apart from "a", "bc"
                digest.update(content)
        return digest.hexdigest()


def shortened(collection: Collection, words: int) -> Collection:
    """The same documents, bodies cut after so many words, under a name that says so; queries and qrels as before."""
    bodies = tuple(" ".join(body.split()[:words]) for body in collection.bodies)
    return dataclasses.replace(collection, name=f"{collection.name}, first {words} words", bodies=bodies)


def _joined(title: str, body: str) -> str:
    opens_with_title = body.startswith(title) and not body[len(title) : len(title) + 1].isalnum()
    if not title or opens_with_title:
        return body
    stop = "" if title.endswith((".", "?", "!")) else "."
    return f"{title}{stop} {body}" if body else title


def _loaded(contents: Mapping[str, T]) -> LazySplits[T]:
    """Splits that are at hand already."""
    return LazySplits({split: lambda value=value: value for split, value in contents.items()})  # type: ignore[misc]
