"""Slices: on which kind of query does one engine lose? Cut the queries in three by a property, and look.

Many slices make some of them look bad by chance, so the p values are corrected for all that are looked at
(Holm). The intervals are not: each covers its own slice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lab.errors import DataError
from lab.evaluation.bootstrap import holm, mean_interval, p_value

WORD = re.compile(r"\w+")
THIRDS = ("low", "middle", "high")
COLUMNS = ["property", "third", "from", "to", "queries", "difference", "low", "high", "p"]


def words(text: str) -> list[str]:
    """Lower-case runs of letters, digits and underscores: a plain rule that belongs to no model."""
    return WORD.findall(text.lower())


def rarest_word_frequency(queries: Mapping[str, str], documents: Sequence[str]) -> dict[str, int | None]:
    """{query id: number of documents that hold the query's rarest word}.

    0 where a word of the query stands in no document, None where the query has no word.
    """
    frequency = Counter(word for document in documents for word in set(words(document)))
    return {query_id: min((frequency[word] for word in words(text)), default=None)
            for query_id, text in queries.items()}


def slice_table(difference: Any, properties: Mapping[str, Any], *, level: float = 0.95,
                rng_seed: int = 0) -> pd.DataFrame:
    """Mean difference in the low, middle and high third of the queries by each property.

    difference   (n_queries,)
    properties   {name: (n_queries,) numbers}; queries with NaN stand in no slice of that property

    Columns: property, third, from, to (smallest and largest value inside), queries, difference, low, high
    (bootstrap interval at `level`), p (two-sided bootstrap, that slice alone), p_holm (corrected for all rows
    of the table). Equal values never fall into two slices, so thirds can differ in size, and one that would
    be empty is left out.

    Raises:
        DataError: a property of another shape than the differences.
    """
    values = np.asarray(difference, dtype=np.float64)
    lines = []
    for name, numbers in properties.items():
        column = np.asarray(numbers, dtype=np.float64)
        if column.shape != values.shape:
            raise DataError(f"property {name!r} has the shape {column.shape}, the differences "
                            f"{values.shape}: one value a query")
        third_of = _thirds(column)
        for third, label in enumerate(THIRDS):
            inside = third_of == third
            if inside.any():
                part = values[inside]
                interval = mean_interval(part, level=level, rng_seed=rng_seed)
                p = p_value(part, np.zeros_like(part), rng_seed=rng_seed)
                lines.append((name, label, column[inside].min(), column[inside].max(), int(inside.sum()),
                              interval.value, interval.low, interval.high, p))
    table = pd.DataFrame(lines, columns=COLUMNS)
    table["p_holm"] = holm(table["p"].to_numpy(dtype=np.float64))
    return table


def _thirds(column: np.ndarray) -> np.ndarray:
    """(n_queries,) 0, 1, 2, or -1 for NaN."""
    known = np.isfinite(column)
    third_of = np.full(column.shape, -1)
    if known.any():
        # Edges are values of the data, so equal values always land on the same side.
        edges = np.quantile(column[known], [1 / 3, 2 / 3], method="inverted_cdf")
        third_of[known] = np.searchsorted(edges, column[known], side="left")
    return third_of
