"""How far a student's scores, and its risk, can be from its teacher's: Cauchy–Schwarz pair by pair, the theorem once.

The step that can be checked on every pair (q, d), e the vectors, s = ⟨e_q, e_d⟩:

    |s^t − s^s| = |⟨e^t_q − e^s_q, e^t_d⟩ + ⟨e^s_q, e^t_d − e^s_d⟩|
                ≤ ‖e^t_q − e^s_q‖ · ‖e^t_d‖ + ‖e^s_q‖ · ‖e^t_d − e^s_d‖.

Averaged over the pairs it gives the matching terms of EmbedDistill's bound on the gap between a student's and its
teacher's risk (arXiv 2301.12005), risk being binary cross entropy, norms at most K:

    R(s^s) − R(s^t) ≤ E_n(F, G) + 2K·R_Emb,Q + 2K·R_Emb,D + Δ(s^t; S_n)
                      + K²·(E|σ(s^t) − y| + 1/n Σ_i |σ(s^t_i) − y_i|).

Its three named parts are reported by others; this exact form was not checked against the paper. Read here: Δ is how
far the teacher's own risk on the sample S_n is from its risk at large. E_n, the largest such difference over all
students, cannot be computed; the student at hand gives a lower bound on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.errors import LabError
from lab.geometry.checks import Floats, matrix, pair

Rows = npt.NDArray[np.int64]
ROUNDING = 1e-6  # by which a norm may exceed K: float32 vectors of length 1 do


@dataclass(frozen=True, eq=False)
class ScoreBound:
    """change: (n, m) |s^t − s^s| of n queries and m documents · bound: (n, m), nowhere below it"""

    change: Floats
    bound: Floats

    @property
    def tightness(self) -> Floats:
        """(n, m) change / bound, 0 to 1 up to rounding; 1 where both are 0, a perfect copy."""
        return np.divide(self.change, self.bound, out=np.ones_like(self.change), where=self.bound > 0)


def score_bound(
    teacher_queries: npt.ArrayLike,
    student_queries: npt.ArrayLike,
    teacher_documents: npt.ArrayLike,
    student_documents: npt.ArrayLike | None = None,
) -> ScoreBound:
    """Every pair's change of score and its Cauchy–Schwarz bound, in float64.

    Args:
        teacher_queries, student_queries: (n, d).
        teacher_documents, student_documents: (m, d); None: the student inherits the teacher's documents.
    Raises: LabError for shapes that do not fit, or NaN.
    """
    asked, mine = pair("teacher_queries", teacher_queries, "student_queries", student_queries)
    texts = matrix("teacher_documents", teacher_documents)
    own = texts if student_documents is None else pair("", texts, "student_documents", student_documents)[1]
    if texts.shape[1] != asked.shape[1]:
        raise LabError(f"queries have {asked.shape[1]} dimensions, documents {texts.shape[1]}.")
    # as the difference of vectors: of two nearly equal scores no digit would be left
    change = np.abs((asked - mine) @ texts.T + (0.0 if own is texts else mine @ (texts - own).T))
    away = np.linalg.norm(asked - mine, axis=1), np.linalg.norm(texts - own, axis=1)  # (n,), (m,)
    bound = np.outer(away[0], np.linalg.norm(texts, axis=1)) + np.outer(np.linalg.norm(mine, axis=1), away[1])
    return ScoreBound(change, bound)


@dataclass(frozen=True, eq=False)
class Triples:
    """(q, d, y): query, document: (n,) rows · label: (n,) 1.0 where d is relevant to q, else 0.0"""

    query: Rows
    document: Rows
    label: Floats


def draw_triples(relevant: Sequence[AbstractSet[int]], documents: int, negatives: int = 1, seed: int = 0) -> Triples:
    """Every relevant pair once, each followed by `negatives` documents drawn uniformly from its irrelevant ones.

    Args: relevant: a set of document rows a query; documents: how many there are.
    Raises: LabError for a query with no relevant document, with relevant ones alone, or with rows that do not exist.
    """
    random, found = np.random.default_rng(seed), []
    for query, rows in enumerate(relevant):
        if not rows or len(rows) >= documents or min(rows) < 0 or max(rows) >= documents:
            raise LabError(f"query {query} needs between 1 and {documents - 1} relevant rows below {documents}.")
        for row in sorted(rows):
            found.append((query, row, 1))
            for _ in range(negatives):
                while (other := int(random.integers(documents))) in rows:
                    pass
                found.append((query, other, 0))
    columns = np.array(found, dtype=np.int64)
    return Triples(columns[:, 0], columns[:, 1], columns[:, 2].astype(np.float64))


@dataclass(frozen=True, eq=False)
class Sample:
    """Vectors of both models for a set of triples; student_documents None: inherited.

    teacher_queries, student_queries: (n, d) · teacher_documents, student_documents: (m, d)
    """

    triples: Triples
    teacher_queries: npt.ArrayLike
    student_queries: npt.ArrayLike
    teacher_documents: npt.ArrayLike
    student_documents: npt.ArrayLike | None = None

    def scores(self, student: bool) -> Floats:
        """⟨e_q, e_d⟩ a triple, the teacher's or the student's."""
        queries = matrix("queries", self.student_queries if student else self.teacher_queries)
        own = student and self.student_documents is not None
        documents = matrix("documents", self.student_documents if own else self.teacher_documents)  # type: ignore[arg-type]
        return (queries[self.triples.query] * documents[self.triples.document]).sum(axis=1)

    def risk(self, student: bool) -> float:
        """Mean binary cross entropy of the labels under σ(s)."""
        return float(cross_entropy(self.scores(student), self.triples.label).mean())


def sigmoid(scores: npt.ArrayLike) -> Floats:
    """σ(s) = 1 / (1 + e⁻ˢ)."""
    return 1 / (1 + np.exp(-np.asarray(scores, dtype=np.float64)))


def cross_entropy(scores: npt.ArrayLike, labels: npt.ArrayLike) -> Floats:
    """−y log σ(s) − (1 − y) log(1 − σ(s)) = log(1 + eˢ) − y·s, stable for large scores."""
    values = np.asarray(scores, dtype=np.float64)
    return np.logaddexp(0.0, values) - np.asarray(labels, dtype=np.float64) * values


@dataclass(frozen=True)
class GapBound:
    """The theorem's right side term by term, and the gap it bounds.

    deviation: |R(s^s) − R_n(s^s)|, a lower bound on E_n · queries: 2K·R_Emb,Q · documents: 2K·R_Emb,D
    teacher: Δ, |R(s^t) − R_n(s^t)| · labels: K²·(E|σ(s^t) − y| + 1/n Σ|σ(s^t_i) − y_i|)
    gap: R(s^s) − R(s^t) · scale: K · possible: the largest gap to this teacher that scores in [−K², K²] allow
    """

    deviation: float
    queries: float
    documents: float
    teacher: float
    labels: float
    gap: float
    scale: float
    possible: float

    @property
    def total(self) -> float:
        """With `deviation` in place of E_n: at most the theorem's own right side."""
        return self.deviation + self.queries + self.documents + self.teacher + self.labels

    @property
    def vacuous(self) -> bool:
        """True where the bound says no more than that scores are bounded."""
        return self.total >= self.possible


def gap_bound(train: Sample, test: Sample, scale: float = 1.0) -> GapBound:
    """Each term measured: S_n is `train`, expectations are means over `test`.

    R_Emb is a mean over the triples of S_n, so a query counts as often as it is asked there.

    Args: scale: K, no vector may be longer.
    Raises: LabError for a vector longer than K, or shapes that do not fit.
    """
    for sample in (train, test):
        _within(sample, scale)
    queries, documents = _distance(train)
    doubt = [np.abs(sigmoid(each.scores(False)) - each.triples.label).mean() for each in (test, train)]
    return GapBound(
        deviation=abs(test.risk(True) - train.risk(True)),
        queries=2 * scale * queries,
        documents=2 * scale * documents,
        teacher=abs(test.risk(False) - train.risk(False)),
        labels=scale**2 * float(sum(doubt)),
        gap=test.risk(True) - test.risk(False),
        scale=scale,
        possible=float(np.logaddexp(0.0, scale**2)) - test.risk(False),  # every triple scored as wrongly as can be
    )


def _distance(sample: Sample) -> tuple[float, float]:
    """R_Emb,Q and R_Emb,D of the sample."""
    asked, mine = pair("teacher_queries", sample.teacher_queries, "student_queries", sample.student_queries)
    queries = float(np.linalg.norm(asked - mine, axis=1)[sample.triples.query].mean())
    if sample.student_documents is None:
        return queries, 0.0
    texts, own = pair("teacher_documents", sample.teacher_documents, "student_documents", sample.student_documents)
    return queries, float(np.linalg.norm(texts - own, axis=1)[sample.triples.document].mean())


def _within(sample: Sample, scale: float) -> None:
    for name in ("teacher_queries", "student_queries", "teacher_documents", "student_documents"):
        if (vectors := getattr(sample, name)) is not None:
            longest = float(np.linalg.norm(matrix(name, vectors), axis=1).max())
            if longest > scale * (1 + ROUNDING):
                raise LabError(f"{name} holds a vector of length {longest:.4f}, above K = {scale}: raise scale.")
