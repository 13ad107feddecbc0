"""Extra queries without a generator: texts of documents, and the observed queries over again.

They stand behind the same interface as the generator, so that a study can swap one source for another at equal counts,
and `lab distill` gets its texts through it: all that the mix of its settings gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from lab.collection import Collection
from lab.collection.texts import TextMix, document_texts
from lab.errors import DataError
from lab.generation.made import Made, picked


@dataclass(frozen=True, eq=False)
class FromDocuments:
    """Titles, sentences, spans and questions of a collection's documents; `mix` says which and how many.

    rows: documents that may be used; None: all of them. Leave out those whose texts are held out.
    """

    collection: Collection
    mix: TextMix = field(default_factory=TextMix)
    rows: Iterable[int] | None = None
    name: str = "documents"

    def draw(self, count: int | None = None, seed: int = 0) -> Made:
        """`count` of the texts the mix gives, drawn at random; None: all of them, whatever the seed.

        Raises:
            DataError: the documents give fewer, or none.
        """
        found = document_texts(self.collection, self.rows, self.mix)
        made = Made(found.texts, found.rows)
        return made if count is None else picked(made, count, f"{self.name} of {self.collection.name}", seed)


SENTENCES = TextMix(titles=False, spans=0, questions=0)  # nothing but sentences


@dataclass(frozen=True, eq=False)
class Repeated:
    """The observed queries again: the control that shows what more steps alone would do."""

    queries: tuple[str, ...]
    name: str = "observed, repeated"

    def draw(self, count: int, seed: int = 0) -> Made:
        """Every query equally often, as far as the count allows; here, and only here, texts occur twice.

        Raises:
            DataError: there is no query.
        """
        if not self.queries or count < 1:
            raise DataError(f"{len(self.queries)} queries to repeat, {count} wanted: give at least one of each")
        rounds = -(-count // len(self.queries))
        random = np.random.default_rng(seed)
        rows = np.concatenate([random.permutation(len(self.queries)) for _ in range(rounds)])[:count]
        return Made(tuple(self.queries[i] for i in rows), rows.astype(np.int64))
