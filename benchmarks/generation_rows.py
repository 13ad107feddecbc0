"""A part of benchmarks/generation.py: what is measured of made queries at one σ, over all dev queries of a collection.

PER_QUERY texts are made of every query. Shares are of texts, intervals (95 %, bootstrap) over queries. Short and long
queries are told apart as well. Rebuilt and edited are meant as the encoder reads a query: its tokenizer drops accents.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

import lab
from lab.encoders.lengths import token_lengths
from lab.evaluation import mean_interval
from lab.generation import Filters, NoiseSettings, QueryGenerator
from lab.generation.filters import DEGENERATE, IDENTICAL, TOO_FAR, TWICE, filtered, words
from lab.generation.measures import diversity, drift, edit_share, top_kept

PER_QUERY = 3
LONGEST = 24  # tokens of a short query, [CLS] and [SEP] included
STRICT = Filters(closest=0.7)  # the strict filter of notebook 04
REASONS = (IDENTICAL, TWICE, DEGENERATE, TOO_FAR)


def row(
    generator: QueryGenerator,
    teacher: lab.DualEncoder,
    queries: list[str],
    vectors: np.ndarray,
    documents: np.ndarray,
    tokens: np.ndarray,
    settings: NoiseSettings,
) -> dict[str, Any]:
    """All that is measured at one σ. vectors, tokens: the teacher's of the queries, the same for every σ."""
    made = generator.rewrite(queries, settings)
    sources = np.repeat(np.arange(len(queries)), settings.per_query)
    asked = [words(text) for text in generator.as_read(queries)]
    said = [(asked[source], words(text)) for source, text in zip(sources, made, strict=True)]
    before, after = vectors[sources], teacher.encode([text or "?" for text in made])
    by_query = top_kept(before, after, documents).reshape(len(queries), -1).mean(axis=1)
    exact = np.array([a == b for a, b in said], dtype=float).reshape(len(queries), -1).mean(axis=1)
    left = filtered(made, sources, queries, STRICT, teacher)
    return {
        "sigma": settings.sigma,
        "mask": settings.mask,
        "rebuilt exactly": float(exact.mean()),
        "words edited": float(np.mean([edit_share(a, b) for a, b in said])),
        "top document kept": mean_interval(by_query).as_json(),
        "drift": float(drift(before, after).mean()),
        "diversity": diversity(after, sources),
        "queries": len(queries),
        "made": len(made),
        "dropped": {reason: left.dropped.get(reason, 0) for reason in REASONS},
        "left": len(left),
        "by length": by_length(tokens, exact, by_query),
    }


def by_length(tokens: np.ndarray, exact: np.ndarray, kept: np.ndarray) -> list[dict[str, Any]]:
    """Short queries and long ones apart. exact, kept: (n,) of what was made of each query, the share that is so."""
    short = tokens <= LONGEST
    groups = {f"at most {LONGEST}": short, f"more than {LONGEST}": ~short}
    return [
        {"tokens": name, "queries": int(mine.sum()), "rebuilt exactly": float(exact[mine].mean()),
         "top document kept": mean_interval(kept[mine]).as_json()}
        for name, mine in groups.items() if mine.any()
    ]  # fmt: skip


class Rows:
    """Rows over all dev queries of a collection, each measured once, whichever part of the file asks for it."""

    def __init__(self, generator: QueryGenerator, teacher: lab.DualEncoder) -> None:
        self._generator, self._teacher, self._store = generator, teacher, lab.VectorStore()
        self._asked: dict[str, tuple[list[str], np.ndarray, np.ndarray, np.ndarray]] = {}
        self._found: dict[tuple[str, float, float], dict[str, Any]] = {}

    def of(self, name: str, sigma: float, mask: float = NoiseSettings().mask) -> dict[str, Any]:
        """The row of a collection at one σ and one masking probability."""
        if name not in self._asked:
            collection, teacher = lab.load_collection(name), self._teacher
            queries = list(collection.queries["dev"].values())
            documents = self._store.vectors(teacher, list(collection.documents), "document")
            self._asked[name] = queries, teacher.encode(queries), documents, token_lengths(teacher.model, queries)
        key = name, sigma, mask
        if key not in self._found:
            settings = NoiseSettings(sigma=sigma, mask=mask, per_query=PER_QUERY)
            found = row(self._generator, self._teacher, *self._asked[name], settings)
            self._found[key] = {"collection": name} | found
            print(json.dumps(self._found[key]), flush=True)
        return self._found[key]
