"""What the teacher's own ranking says of training texts: where a text's vector should lie, and its hard negatives.

A target is the teacher's vector of the text, drawn a little towards the document it came from. The teacher's vector
says what the teacher makes of the text alone. The document says more: whoever asks this wants that. A student that
copies the sum keeps the teacher's geometry and learns whose words are whose, from documents alone. Texts are made
without a look at what they ask for, so one counts only where the teacher itself finds the document with it (the round
trip of Promptagator, arXiv 2209.11755, here among the first `DEPTH`).
"""

from __future__ import annotations

import numpy as np

from lab.errors import DataError

_SCORES = 20_000_000  # held at once: the corpus may be large
DEPTH = 20  # ranks; a text that finds its document later is not about it, and keeps the teacher's vector


def as_ranked(documents: np.ndarray, similarity: str) -> np.ndarray:
    """(N, dim) documents whose inner products rank as the teacher does: of unit length where it goes by the cosine."""
    if similarity != "cosine":
        return documents
    length = np.linalg.norm(documents, axis=1, keepdims=True)
    return documents if np.allclose(length, 1, atol=1e-3) else documents / np.maximum(length, 1e-12)


def pulled(
    queries: np.ndarray, documents: np.ndarray, positives: np.ndarray, groups: np.ndarray, pull: float
) -> np.ndarray:
    """t' = |t| · (t/|t| + pull · d/|d|), scaled back to the length of t, where the teacher ranks d among its first.

    Args:
        queries: (n, dim) the teacher's vectors of the texts · documents: (N, dim) of all documents
        positives: (n,) row of each text's document · groups: (N,) equal for documents of equal text
        pull: share of the document's direction, 0 or more; 1 is the middle between text and document.
    Returns: (n, dim) float32.
    """
    kept = (positives >= 0) & (ranks(queries, documents, positives, groups) < DEPTH)  # a general text has no document
    length = np.linalg.norm(queries, axis=1, keepdims=True)
    own = documents[positives]
    own = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-12)
    sums = queries / np.maximum(length, 1e-12) + pull * own
    sums *= length / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return np.where(kept[:, None], sums, queries).astype(np.float32)


def ranks(queries: np.ndarray, documents: np.ndarray, positives: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(n,) how many documents the teacher puts before each text's own one; twins of it do not count."""
    found = np.empty(len(queries), np.int64)
    chunk = max(1, _SCORES // len(documents))
    for start in range(0, len(queries), chunk):
        scores = queries[start : start + chunk] @ documents.T
        own = positives[start : start + chunk]
        before = scores > scores[np.arange(len(own)), own][:, None]
        found[start : start + chunk] = (before & (groups[None, :] != groups[own][:, None])).sum(1)
    return found


def hard_negatives(
    queries: np.ndarray, documents: np.ndarray, positives: np.ndarray, groups: np.ndarray, count: int
) -> np.ndarray:
    """(n, count) rows: the teacher's best documents that are not the text's own nor its twin, from rank 2 on.

    Args as of `pulled`; count: wanted a text.
    Raises: DataError where there are fewer documents.
    """
    wanted = min(len(documents), count + 50)
    if wanted - 1 < count:
        raise DataError(
            f"{count} hard negatives wanted of {len(documents)} documents; bring more documents or fewer negatives"
        )
    out = np.empty((len(queries), count), np.int64)
    for start in range(0, len(queries), 1024):
        scores = queries[start : start + 1024] @ documents.T
        best = np.argpartition(-scores, wanted - 1, axis=1)[:, :wanted]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1), 1)
        for offset, rows in enumerate(best):
            others = rows[groups[rows] != groups[positives[start + offset]]]
            out[start + offset] = np.resize(others, count)
    return out
