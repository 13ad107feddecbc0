"""A part of benchmarks/generation.py: how many held-out queries lie near a text to train on, how many words change.

COUNT dev queries of a collection, drawn with SEED, fall into two halves. One plays the observed queries and the other
is held out, then the other way round, so that every query is held out once. To the observed ones PER_QUERY texts each
are added: made of them at some σ, as they come, unfiltered; or as many sentences of documents; or none. A held-out
query is covered within a radius if an observed or an added text is at most that far from it in the teacher's space.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import lab
from lab.evaluation import mean_interval
from lab.generation import SENTENCES, FromDocuments, NoiseSettings, QueryGenerator
from lab.generation.filters import same_words, words
from lab.generation.measures import edit_share, edits, nearest

COUNT, SEED, PER_QUERY, RADII = 140, 0, 2, (0.8, 1.0)  # wiki has 140 dev queries; two texts a query, as in the paper
NOTHING, FROM_DOCUMENTS, MADE = "nothing", "sentences of documents", "made"


def drawn(queries: list[str]) -> list[str]:
    """COUNT of them, or all where there are fewer, in an order in which either half is a random one."""
    return [queries[i] for i in np.random.default_rng(SEED).permutation(len(queries))[:COUNT]]


def halves(count: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(observed, held out) twice: positions, the second time the other way round."""
    first, second = np.arange(count // 2), np.arange(count // 2, count)
    return (first, second), (second, first)


def row(
    queries: list[str], vectors: np.ndarray, texts: list[str], added: np.ndarray, sources: np.ndarray
) -> dict[str, Any]:
    """What added texts do to the queries held out.

    vectors: (n, d) the teacher's of the n queries · texts, added: m of them and their (m, d) vectors
    sources: (m,) the query beside which each is added, so that none is added when its source is held out
    """
    gaps, equal = np.empty(len(queries)), 0
    for observed, held in halves(len(queries)):
        mine = np.flatnonzero(np.isin(sources, observed))
        gaps[held] = nearest(vectors[held], np.concatenate([vectors[observed], added[mine]]))
        equal += int(same_words([texts[i] for i in mine], [queries[i] for i in held]).sum())
    covered = {f"{radius:g}": vars(mean_interval((gaps <= radius).astype(float))) for radius in RADII}
    return {"texts": len(texts), "equal to a held-out query": equal, "covered within": covered,
            "distance to the nearest": float(gaps.mean())}  # fmt: skip


def table(
    collection: lab.Collection, generator: QueryGenerator, teacher: lab.DualEncoder, sigmas: tuple[float, ...]
) -> list[dict[str, Any]]:
    """Rows of a collection: nothing added, sentences, made queries of every σ with the words edited."""
    queries = drawn(list(collection.queries["dev"].values()))
    vectors, sources = teacher.encode(queries), np.repeat(np.arange(len(queries)), PER_QUERY)
    found = FromDocuments(collection, SENTENCES).draw(len(sources), SEED).texts
    # they come document by document; either half is to get any of them
    found = [found[i] for i in np.random.default_rng(SEED).permutation(len(found))]
    rows = [
        {"added": NOTHING} | row(queries, vectors, [], vectors[:0], sources[:0]),
        {"added": FROM_DOCUMENTS} | row(queries, vectors, found, teacher.encode(found), sources),
    ]
    for sigma in sigmas:
        made = generator.rewrite(queries, NoiseSettings(sigma=sigma, per_query=PER_QUERY))
        pairs = [(words(queries[source]), words(text)) for source, text in zip(sources, made, strict=True)]
        rows.append({
            "added": MADE, "sigma": sigma, "words edited": float(np.mean([edit_share(*pair) for pair in pairs])),
            "edits": float(np.mean([edits(*pair) for pair in pairs])),
        } | row(queries, vectors, made, teacher.encode([text or "?" for text in made]), sources))  # fmt: skip
    return [{"collection": collection.name, "queries": len(queries)} | each for each in rows]
