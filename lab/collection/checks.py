"""Rows in, frozen mappings out: whatever a collection is read from, its rows pass the same checks here.

A reader (JSON lines, parquet, ir_datasets) yields records together with the place they stood at, such as
"corpus.jsonl:12", so that every complaint can name file and line.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from lab.errors import DataError

Record = tuple[str, Mapping[str, Any]]  # place, columns


class Documents(NamedTuple):
    """The columns of a corpus, n_documents values each, as `Collection` wants them."""

    doc_ids: tuple[str, ...]
    titles: tuple[str, ...]
    bodies: tuple[str, ...]
    fields: dict[str, tuple[str, ...]]


def text_of(value: object, place: str, column: str) -> str:
    """The value if it is text that can be encoded.

    Raises:
        DataError: missing, no text, or half a surrogate pair in it.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"{place}: {column!r} holds half a surrogate pair, which is no character; "
                "it was probably cut in the middle of one: write it anew from the source"
            ) from error
        return value
    if value is None:
        raise DataError(f"{place}: {column!r} is missing; every record needs it")
    kind = "NaN" if value != value else f"of type {type(value).__name__}"  # NaN alone differs from itself
    raise DataError(f"{place}: {column!r} is {kind}, not text; fill missing values or drop the record")


def id_of(value: object, place: str, column: str = "_id") -> str:
    """An id as a string: many files hold whole numbers.

    Raises:
        DataError: an empty id, or neither text nor a whole number.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    identifier = text_of(value, place, column)
    if not identifier.strip():
        raise DataError(f"{place}: {column!r} is empty; every record needs an id of its own")
    return identifier


def checked_documents(records: Iterable[Record], source: str) -> Documents:
    """Columns of a corpus: "_id", "title" (may be missing), "text", and all others that hold strings.

    Documents without title and text are kept, since well-known collections have some (Cranfield's 471 and
    995), and counted in a warning.

    Raises:
        DataError: a corpus without documents, an id that is missing or stands twice, a text that is missing or none.
    """
    place_of: dict[str, str] = {}
    titles: list[str] = []
    bodies: list[str] = []
    fields: dict[str, list[str]] = {}
    blank: list[str] = []
    for n, (place, record) in enumerate(records):
        doc_id = id_of(record.get("_id"), place)
        if doc_id in place_of:
            raise DataError(
                f"{place}: document id {doc_id!r} stands at {place_of[doc_id]} already; ids must be unique"
            )
        place_of[doc_id] = place
        title = record.get("title")
        titles.append("" if title is None else text_of(title, place, "title"))
        bodies.append(text_of(record.get("text"), place, "text"))
        if not (titles[-1].strip() or bodies[-1].strip()):
            blank.append(place)
        for column, value in record.items():
            if column not in ("_id", "title", "text") and isinstance(value, str):
                values = fields.setdefault(column, [])
                values += [""] * (n - len(values))  # documents before this one that lack the column
                values.append(text_of(value, place, column))
    if not place_of:
        raise DataError(f"{source} holds no documents; it needs one record each, with '_id' and 'text'")
    if blank:
        warnings.warn(
            f"{source}: {len(blank)} of {len(place_of):,} documents have neither title nor text, the first "
            f"at {blank[0]}; they are kept, and encoded as empty text",
            stacklevel=2,
        )
    padded = {
        column: tuple(values + [""] * (len(place_of) - len(values))) for column, values in fields.items()
    }
    return Documents(tuple(place_of), tuple(titles), tuple(bodies), padded)


def checked_queries(
    records: Iterable[Record], judged: Iterable[str], source: str, *, shared: bool
) -> Mapping[str, str]:
    """{query id: text} of the judged queries, in the order of the records.

    `shared` says whether the records are those of all splits (BEIR), or of one, where a query without
    judgements is a mistake.

    Raises:
        DataError: ids that are missing or stand twice, empty texts, judged queries that are not there.
    """
    wanted = set(judged)
    place_of: dict[str, str] = {}
    texts: dict[str, str] = {}
    for place, record in records:
        query_id = id_of(record.get("_id"), place)
        if query_id in place_of:
            raise DataError(
                f"{place}: query id {query_id!r} stands at {place_of[query_id]} already; ids must be unique"
            )
        place_of[query_id] = place
        text = text_of(record.get("text"), place, "text")
        if not text.strip():
            raise DataError(f"{place}: query {query_id!r} has an empty text; remove it and its judgements")
        if query_id in wanted:
            texts[query_id] = text
        elif not shared:
            raise DataError(
                f"{place}: query {query_id!r} has no judgements; remove it, or judge a document for it"
            )
    missing = sorted(wanted - set(texts))
    if missing:
        raise DataError(
            f"{source}: the qrels judge {len(missing)} queries that are not here, the first {missing[0]!r}; "
            "add them, or remove their judgements"
        )
    return MappingProxyType(texts)


def checked_judgements(
    rows: Iterable[tuple[str, str, str, object]],
    documents: Mapping[str, int],
    source: str,
    *,
    published: bool = False,
) -> Mapping[str, Mapping[str, int]]:
    """{query id: {document id: grade}} from rows of (place, query id, document id, grade).

    Where judgements are `published`, so that nobody here can mend them, unknown documents and queries without a
    grade above 0 are left out and counted in a warning.

    Raises:
        DataError: an unknown document, a grade that is no whole number, two grades for one pair, a query without any
            grade above 0 (nothing found could count for it), no rows at all.
    """
    grades: dict[str, dict[str, int]] = {}
    place_of: dict[str, str] = {}
    unknown = 0
    for place, query_id, doc_id, grade in rows:
        if not isinstance(grade, int) or isinstance(grade, bool):
            raise DataError(
                f"{place}: grade {grade!r} is no whole number; use 0 for not relevant, 1 or more for relevant"
            )
        place_of.setdefault(query_id, place)
        of_query = grades.setdefault(query_id, {})
        if doc_id not in documents:
            if not published:
                raise DataError(
                    f"{place}: judges document {doc_id!r}, which is not in the corpus; "
                    "add the document, or remove the judgement"
                )
            unknown += 1
        elif of_query.setdefault(doc_id, grade) != grade:
            raise DataError(
                f"{place}: query {query_id!r} and document {doc_id!r} have grade {of_query[doc_id]} already, "
                f"now {grade}; keep one"
            )
    hopeless = [query_id for query_id, of_query in grades.items() if max(of_query.values(), default=0) <= 0]
    if hopeless and not published:
        raise DataError(
            f"{place_of[hopeless[0]]}: query {hopeless[0]!r} has no grade above 0, so nothing found can "
            f"count for it ({len(hopeless)} such queries); remove its judgements, or add a positive one"
        )
    if unknown or hopeless:
        warnings.warn(
            f"{source}: left out {unknown} judgements of documents that are not in the corpus, and "
            f"{len(hopeless)} queries without a relevant document",
            stacklevel=2,
        )
    for query_id in hopeless:
        del grades[query_id]
    if not grades:
        raise DataError(
            f"{source} holds no judgements; it needs a query id, a document id and a grade in each row"
        )
    return MappingProxyType({query_id: MappingProxyType(grades[query_id]) for query_id in grades})
