"""One query under the noise: its variants, what the teacher finds with them, and where they land among real queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lab.errors import DataError
from lab.generation.generator import NoiseSettings, QueryGenerator
from lab.generation.measures import nearest_row
from lab.geometry.checks import matrix, unit
from lab.store import Encoder


@dataclass(frozen=True)
class Variants:
    """n texts made of one query.

    source: the query · top: title of its best document · sigmas: (n,) noise of each · texts: n, as they were made
    kept: (n,) bool, same best document · found: n titles of their best documents · own: (n,) ‖a − b‖ to the source
    other: (n,) to the nearest other real query · neighbours: n, that query
    """

    source: str
    top: str
    sigmas: tuple[float, ...]
    texts: tuple[str, ...]
    kept: np.ndarray
    found: tuple[str, ...]
    own: np.ndarray
    other: np.ndarray
    neighbours: tuple[str, ...]


class Explorer:
    """Generator, teacher, the vectors of the documents, and the real queries that variants are compared with.

    Raises:
        DataError: another number of titles than of vectors, or fewer than two queries.
    """

    def __init__(
        self, generator: QueryGenerator, teacher: Encoder, documents: Any, titles: Sequence[str], queries: Sequence[str]
    ) -> None:
        """
        Args:
            documents: (m, d) the teacher's vectors · titles: m · queries: real ones, two or more.

        Raises:
            DataError: titles do not fit the vectors, or there are not two queries.
        """
        if len(documents) != len(titles) or len(set(queries)) < 2:
            raise DataError(
                f"{len(documents)} vectors, {len(titles)} titles, {len(queries)} queries: a title a vector, two queries"
            )
        self._generator, self.teacher, self._titles = generator, teacher, titles
        self.documents, self.queries = np.asarray(documents), tuple(dict.fromkeys(queries))
        self._units = unit(matrix("documents", documents))  # once: every σ and every query asks them again
        self._vectors = self._encoded(self.queries)

    def variants(self, query: str, sigma: float, count: int = 10, settings: NoiseSettings | None = None) -> Variants:
        """`count` variants at one σ, unfiltered: those that came out as they went in are among them."""
        asked = replace(settings or NoiseSettings(), sigma=sigma, per_query=count)
        return self._seen(query, self._generator.rewrite([query], asked), [sigma] * count)

    def strip(self, query: str, sigmas: Sequence[float], settings: NoiseSettings | None = None) -> Variants:
        """One variant a σ, all with the same noise turned up: what `morph_strip` shows."""
        asked = replace(settings or NoiseSettings(), per_query=1)
        made = [self._generator.rewrite([query], asked, sigma=sigma)[0] for sigma in sigmas]
        return self._seen(query, made, sigmas)

    def _seen(self, query: str, made: Sequence[str], sigmas: Sequence[float]) -> Variants:
        encoded = self._encoded([query, *(text or "?" for text in made)])
        source, vectors = encoded[0], encoded[1:]
        top, *found = nearest_row(encoded, self._units)[0].tolist()
        others = [place for place, text in enumerate(self.queries) if text != query]
        near, other = nearest_row(vectors, self._vectors[others])
        return Variants(
            query, self._titles[top], tuple(map(float, sigmas)), tuple(made), np.array(found) == top,
            tuple(self._titles[row] for row in found), np.linalg.norm(vectors - source, axis=1), other,
            tuple(self.queries[others[place]] for place in near),
        )  # fmt: skip

    def _encoded(self, texts: Sequence[str]) -> np.ndarray:
        return unit(matrix("vectors", self.teacher.encode(texts, "query")))
