"""Look inside: one query beside many documents, one pair through the eyes of all three encoders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lab.collection import Collection
from lab.cross.encoder import CrossEncoder
from lab.cross.influence import Influence, influence
from lab.encoders.teacher import DualEncoder
from lab.errors import DataError


@dataclass(frozen=True)
class Case:
    """A query with documents to read it beside. rows: n positions in the collection · relevant: n booleans"""

    query: str
    rows: tuple[int, ...]
    relevant: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Moved:
    """A case as the dual scorer reads it.

    vectors: (n, d) the query's vector beside each document · teacher: (d,) the one the dual encoder has
    names, relevant: of the documents · scores: (n,) of the dual scorer
    """

    query: str
    vectors: np.ndarray
    teacher: np.ndarray
    names: tuple[str, ...]
    relevant: tuple[bool, ...]
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class View:
    """One pair.

    scores: encoder → its score · query_tokens, document_tokens: of lengths m and n
    cosines: (m, n) of the dual scorer's states
    cls: what each token adds to the score of the scorer `cls`
    """

    query: str
    document: str
    scores: dict[str, float]
    query_tokens: list[str]
    document_tokens: list[str]
    cosines: np.ndarray
    cls: Influence


class PairExplorer:
    """Two cross encoders and the dual encoder they came from, over a collection.

    Args:
        models: "cls" and "dual" → cross encoder · cases: at least one.

    Raises:
        DataError: no case, or no models named "dual" and "cls".
    """

    def __init__(
        self, collection: Collection, teacher: DualEncoder, models: dict[str, CrossEncoder], cases: Sequence[Case]
    ) -> None:
        if not cases or not {"dual", "cls"} <= set(models):
            raise DataError("give at least one case, and models with the names 'dual' and 'cls'")
        self.collection, self.teacher, self.models, self.cases = collection, teacher, models, tuple(cases)
        self._read: dict[int, Moved] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What documents are called: their title, their id where they have none."""
        return tuple(
            title or doc_id for title, doc_id in zip(self.collection.titles, self.collection.doc_ids, strict=True)
        )

    def moved(self, number: int) -> Moved:
        """Read a case's query beside all its documents; a second time it is remembered."""
        if number not in self._read:
            case = self.cases[number]
            texts = [self.collection.documents[row] for row in case.rows]
            found = self.models["dual"].predict([case.query] * len(texts), texts)
            names = tuple(self.names[row] for row in case.rows)
            own = self.teacher.encode([case.query])[0]
            self._read[number] = Moved(
                case.query, found.queries.numpy(), own, names, case.relevant, found.scores.numpy()
            )
        return self._read[number]

    def document(self, number: int, place: int) -> str:
        """Text of a case's document."""
        return self.collection.documents[self.cases[number].rows[place]]

    def view(self, query: str, document: str) -> View:
        """Both cross encoders' scores of any pair, the dual encoder's cosine, and the tokens.

        Raises:
            DataError: an empty query or document.
        """
        if not query.strip() or not document.strip():
            raise DataError("an empty text has no tokens to look at: type a query and a document")
        scores = {name: float(model.scores([query], [document])[0]) for name, model in self.models.items()}
        q, d = self.teacher.encode([query], "query")[0], self.teacher.encode([document], "document")[0]
        rows, columns, cosines = self.models["dual"].tokens(query, document)
        cls = influence(self.models["cls"], query, document)
        return View(query, document, {"dual encoder": float(q @ d), **scores}, rows, columns, cosines, cls)
