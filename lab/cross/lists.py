"""What a cross encoder is trained on: a query, a relevant document, and documents the teacher takes for relevant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.collection import Collection
from lab.errors import DataError
from lab.retrieval import Run


@dataclass(frozen=True, eq=False)
class Lists:
    """n lists of C documents each.

    query_ids, queries: n ids and texts · rows: (n, C) positions in the collection, the relevant document in column 0
    documents: texts of all documents of the collection
    """

    query_ids: tuple[str, ...]
    queries: tuple[str, ...]
    rows: np.ndarray
    documents: Sequence[str]

    def __len__(self) -> int:
        return len(self.queries)

    def first(self, count: int) -> Lists:
        """The first so many."""
        return Lists(self.query_ids[:count], self.queries[:count], self.rows[:count], self.documents)

    def flat(self) -> tuple[list[str], list[str]]:
        """Texts of all n · C pairs, list after list."""
        every = [query for query in self.queries for _ in range(self.rows.shape[1])]
        return every, [self.documents[row] for row in self.rows.ravel()]


def mine(
    collection: Collection,
    run: Run,
    queries: Mapping[str, str],
    relevant: Mapping[str, Mapping[str, int]],
    negatives: int = 3,
    depth: int = 50,
    seed: int = 0,
) -> Lists:
    """A list a query: one of its relevant documents and so many that the teacher ranks high and nobody judged relevant.

    A document whose text equals a relevant one's is no negative: it would be told right and wrong at once.

    Args:
        run: the teacher's first `depth` or more documents of every query.
        queries: query id → text, those to make lists of · relevant: their judgements.

    Raises:
        DataError: too few documents that are not relevant among the first `depth` of a query.
    """
    random = np.random.default_rng(seed)
    ids = tuple(queries)
    rows = np.empty((len(ids), 1 + negatives), np.int64)
    for line, query_id in enumerate(ids):
        right = [collection.row[doc_id] for doc_id, grade in relevant[query_id].items() if grade > 0]
        texts = {collection.documents[row] for row in right}
        found = [row for row in run.rows[run.position[query_id], :depth].tolist() if row >= 0]
        wrong = [row for row in found if row not in right and collection.documents[row] not in texts]
        if len(wrong) < negatives:
            raise DataError(
                f"query {query_id!r} has {len(wrong)} documents among the teacher's first {depth} that are not relevant"
                f", {negatives} are needed: raise depth, or lower negatives"
            )
        rows[line] = [random.choice(right), *random.choice(wrong, negatives, replace=False)]
    return Lists(ids, tuple(queries.values()), rows, collection.documents)
