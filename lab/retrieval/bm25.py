"""BM25, the baseline that no dense student should lose to, by bm25s with a stemmer.

One fixed setting for every collection and never tuned: k1 = 0.9 and b = 0.4, the default of Anserini and
Pyserini and so of the BM25 numbers usually printed beside BEIR results (from Trotman, Puurula and Burgess,
"Improvements to BM25 and Language Models Examined", ADCS 2014), with Lucene's idf, Lucene's 33 English stop
words and Snowball's English stemmer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
import Stemmer

from lab.errors import DataError
from lab.retrieval.run import NOTHING, Run

# BM25L and BM25+ score even documents without any word of the query, so nothing is "not found" there.
METHODS = ("lucene", "robertson", "atire")


@dataclass(frozen=True)
class BM25Settings:
    """What a BM25 number depends on; printed wherever one is.

    Raises:
        DataError: a number out of range, an unknown variant or stemmer.
    """

    k1: float = 0.9  # how fast repeated words stop counting
    b: float = 0.4  # how much long documents are held back, 0 to 1
    method: str = "lucene"  # the variant, a name of bm25s (Kamphuis et al., ECIR 2020, compare them)
    stemmer: str | None = "english"  # a Snowball language, None for whole words
    stopwords: str | None = "english"  # a list of bm25s, None to keep every word

    def __post_init__(self) -> None:
        if not (self.k1 >= 0 and 0 <= self.b <= 1):
            raise DataError(f"BM25 with k1={self.k1}, b={self.b}: k1 must be 0 or more, b between 0 and 1")
        if self.method not in METHODS:
            raise DataError(f"unknown BM25 variant {self.method!r}: use one of {', '.join(METHODS)}")
        if self.stemmer is not None and self.stemmer not in Stemmer.algorithms():
            raise DataError(f"unknown stemmer {self.stemmer!r}: use None, or one of "
                            f"{', '.join(Stemmer.algorithms())}")

    def describe(self) -> str:
        return (f"BM25 ({self.method}, k1={self.k1:g}, b={self.b:g}, stemmer {self.stemmer or 'none'}, stop "
                f"words {self.stopwords or 'none'}, bm25s {bm25s.__version__})")


def bm25_run(documents: Sequence[str], doc_ids: Sequence[str], queries: Mapping[str, str], k: int = 100, *,
             settings: BM25Settings | None = None, name: str = "bm25") -> Run:
    """The k best documents for each query by BM25.

    documents  n texts, and doc_ids their ids
    queries    {query id: text}

    A document that shares no word with the query is not found: its place holds row -1, as Lucene would return
    a shorter list. (Filled up with zero scores, the first documents of the collection would be found by every
    query.) Ties go to the lower row.

    Raises:
        DataError: no documents or queries, another number of ids than texts, k below 1, no word in any document.
    """
    settings = settings or BM25Settings()
    if len(documents) != len(doc_ids) or not len(documents):
        raise DataError(f"{len(documents)} documents for {len(doc_ids)} ids: BM25 needs at least one, and an "
                        "id for each")
    if not queries:
        raise DataError("no queries to search: give {query id: text}")
    if k < 1:
        raise DataError(f"k = {k}: ask for at least one document")
    index, words = _build(documents, settings), _tokens(list(queries.values()), settings)

    k = min(k, len(documents))
    rows = np.full((len(queries), k), NOTHING, dtype=np.int64)
    scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
    for place, query_words in enumerate(words):
        known = index.get_tokens_ids(query_words)
        if known:
            found = index.get_scores_from_ids(known)  # (n,) float32, 0 where no word is shared
            best = _best(found, k)
            rows[place, : len(best)], scores[place, : len(best)] = best, found[best]
    return Run(name, tuple(queries), tuple(doc_ids), rows, scores)


def _build(documents: Sequence[str], settings: BM25Settings) -> bm25s.BM25:
    words = _tokens(documents, settings)
    if not any(words):
        raise DataError("no document holds a word of two letters or more that is not a stop word: nothing "
                        "for BM25 to index")
    index = bm25s.BM25(k1=settings.k1, b=settings.b, method=settings.method, backend="numpy")
    index.index(words, show_progress=False)
    return index


def _tokens(texts: Sequence[str], settings: BM25Settings) -> list[list[str]]:
    stem = None if settings.stemmer is None else Stemmer.Stemmer(settings.stemmer)
    return bm25s.tokenize(list(texts), stopwords=settings.stopwords or [], stemmer=stem, return_ids=False,
                          show_progress=False)


def _best(scores: np.ndarray, k: int) -> np.ndarray:
    """Rows of the at most k largest scores above 0, best first, ties by lower row."""
    matching = np.flatnonzero(scores > 0)
    if len(matching) > k:
        edge = np.partition(scores[matching], len(matching) - k)[len(matching) - k]
        matching = matching[scores[matching] >= edge]  # ties at the edge stay in, the sort decides
    return matching[np.argsort(-scores[matching], kind="stable")][:k]
