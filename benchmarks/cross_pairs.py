"""Pairs made from documents, for a collection of which no queries were observed. Dev and test are never opened.

A text of an article is the query: a sentence, or a span behind the title. The article without the sentences that the
text was taken from is relevant to it (the inverse cloze task, arXiv 1906.00300): with them, a cross encoder would learn
to find a string. The gap must not tell which document is relevant, so the others of a list lose sentences as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.collection import Collection
from lab.collection.texts import TextMix, document_texts, held_out_rows, sentences
from lab.cross import Lists
from lab.errors import DataError
from lab.generation import Made
from lab.generation.made import picked

MADE = "pairs made from documents"
# no titles: they quote no sentence; no questions: a word or two of them do; short spans, as people type them
MIX = TextMix(titles=False, questions=0, spans=1, span_words=(3, 8))


def made_queries(collection: Collection, mix: TextMix, count: int, seed: int = 0) -> Made:
    """So many texts of documents, each with the row of its own; those of held-out documents are left out, as they are
    wherever texts are made.

    Raises:
        DataError: fewer texts whose document has a sentence beside those that were quoted.
    """
    rows = np.setdiff1d(np.arange(len(collection)), held_out_rows(collection))
    texts = document_texts(collection, rows, mix)
    kept = [i for i, text in enumerate(texts.texts) if quoted(collection, int(texts.rows[i]), text)]
    made = Made(tuple(texts.texts[i] for i in kept), texts.rows[kept], {"quoting all there is": len(texts) - len(kept)})
    return picked(made, count, f"{MADE} of {collection.name}", seed)


def quoted(collection: Collection, row: int, text: str) -> tuple[int, ...]:
    """Places of the document's sentences in which the text stands, behind the title or alone.

    Empty where that is in none, where it is in all, and where the words would stand in the document without them, too.
    """
    title, parts = collection.titles[row].strip(), sentences(collection.bodies[row], shortest=1)
    words = [part.split() for part in parts]
    every = [word for part in words for word in part]
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in words]).tolist()
    for quote in (text, text.removeprefix(f"{title} ")):
        wanted = quote.split()
        size = len(wanted)
        starts = [at for at in range(len(every) - size + 1) if every[at : at + size] == wanted]
        if starts:
            places = {place for at in starts for place in owner[at : at + size]}
            rest = " ".join([title, *(part for place, part in enumerate(parts) if place not in places)])
            whole = len(places) == len(parts) or " ".join(wanted) in " ".join(rest.split())
            return () if whole else tuple(sorted(places))
    return ()


def with_gaps(collection: Collection, mined: Lists) -> Lists:
    """Lists mined with whole documents, over documents with gaps: the relevant one loses the sentences of its query,
    each other one as many at that place, as far as it has them; one is always left.

    rows: (n, C) positions among the n · C documents, which are texts of their own

    Raises:
        DataError: a query that is no text of its first document, or of all its sentences.
    """
    sources, bodies = mined.rows.ravel().tolist(), []
    for query, rows in zip(mined.queries, mined.rows.tolist(), strict=True):
        lost = quoted(collection, rows[0], query)
        if not lost:
            raise DataError(f"{query!r} leaves nothing of {collection.doc_ids[rows[0]]!r}: draw texts by made_queries")
        bodies.append(_without(sentences(collection.bodies[rows[0]], shortest=1), lost))
        for row in rows[1:]:
            parts = sentences(collection.bodies[row], shortest=1)
            count = min(len(lost), max(0, len(parts) - 1))
            start = min(lost[0], len(parts) - count)
            bodies.append(_without(parts, range(start, start + count)))
    ids, titles = tuple(map(str, range(len(sources)))), tuple(collection.titles[row] for row in sources)
    # a collection, so that titles stand before bodies as they do in all documents
    cut = Collection(f"{collection.name}, with gaps", ids, titles, tuple(bodies))
    return Lists(mined.query_ids, mined.queries, np.arange(len(sources)).reshape(mined.rows.shape), cut.documents)


def _without(parts: Sequence[str], lost: Sequence[int]) -> str:
    return " ".join(part for place, part in enumerate(parts) if place not in lost)
