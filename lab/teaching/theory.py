"""Notebook 05: samples for the theorem, and the two exercises, a pair's bound and the risk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lab import artefacts
from lab.collection import Collection
from lab.collection.texts import DocumentTexts, document_texts, held_out_rows
from lab.config import DistillConfig
from lab.encoders.teacher import DualEncoder
from lab.geometry import Sample, cross_entropy, draw_triples, sigmoid
from lab.teaching.checks import check

BOUND_HINT = "np.linalg.norm(tq - sq) is the first factor; each difference is multiplied by what it is scored with."
RISK_HINT = "p = 1 / (1 + np.exp(-scores)); a relevant pair costs -log p, an irrelevant one -log(1 - p)."


def theorem_samples(
    collection: Collection, teacher: DualEncoder, student: DualEncoder, documents: np.ndarray, count: int = 500
) -> tuple[Sample, Sample]:
    """Training and test triples of the shipped student: texts it trained on, and as many of documents held out.

    A text's own document is relevant; for each, one of all others, drawn uniformly, is not.

    Args: documents: (N, d) the teacher's vectors, inherited. Returns: S_n, and a sample of what it was drawn from.
    """
    mix = DistillConfig.from_dict(artefacts.facts()["config"]).texts
    held = held_out_rows(collection)
    free = np.setdiff1d(np.arange(len(collection)), held)
    samples = []
    for made in (document_texts(collection, free, mix), document_texts(collection, held, mix)):
        texts, rows = _drawn(made, count)
        triples = draw_triples([{int(row)} for row in rows], len(documents))
        samples.append(Sample(triples, teacher.encode(texts), student.encode(texts), documents))
    return samples[0], samples[1]


def _drawn(made: DocumentTexts, count: int) -> tuple[list[str], np.ndarray]:
    chosen = np.sort(np.random.default_rng(0).permutation(len(made))[:count])
    return [made.texts[i] for i in chosen], made.rows[chosen]


# Exercise 1. The query is off by 0.5 and becomes 1.3 long, the document of length 2 by 1: 0.5·2 + 1.3·1.
_TQ, _SQ = np.array([0.8, 0.8]), np.array([0.5, 1.2])
_TD, _SD = np.array([1.2, 1.6]), np.array([0.6, 0.8])


def solve_pair_bound(tq: np.ndarray, sq: np.ndarray, td: np.ndarray, sd: np.ndarray) -> float:
    """‖t_q − s_q‖·‖t_d‖ + ‖s_q‖·‖t_d − s_d‖, by Cauchy–Schwarz."""
    norm = np.linalg.norm
    return float(norm(tq - sq) * norm(td) + norm(sq) * norm(td - sd))


_BOUND_MISTAKES: dict[str, Callable[..., Any]] = {
    "That is the change of the score itself; the bound does not know the angles, only lengths.":
        lambda tq, sq, td, sd: abs(tq @ td - sq @ sd),
    "The documents moved as well: add ‖s_q‖·‖t_d − s_d‖.":
        lambda tq, sq, td, sd: np.linalg.norm(tq - sq) * np.linalg.norm(td),
    "Add the two terms with their factors: each difference is multiplied by the vector it is scored with.":
        lambda tq, sq, td, sd: np.linalg.norm(tq - sq) + np.linalg.norm(td - sd),
    "Almost: from ⟨t_q − s_q, t_d⟩ the rest is ⟨s_q, t_d − s_d⟩, with the student's query, not the teacher's.":
        lambda tq, sq, td, sd: np.linalg.norm(tq - sq) * np.linalg.norm(td)
        + np.linalg.norm(tq) * np.linalg.norm(td - sd),
}  # fmt: skip


def check_pair_bound(yours: Callable[..., Any]) -> None:
    """Print whether `yours(tq, sq, td, sd)` is the Cauchy–Schwarz bound of one pair. Never raises."""
    vectors = _TQ.copy(), _SQ.copy(), _TD.copy(), _SD.copy()
    check(yours, vectors, 2.3, _BOUND_MISTAKES)


# Exercise 2. Three pairs; the second is relevant and scored low.
_SCORES, _LABELS = np.array([0.8, -0.2, 0.1]), np.array([1.0, 1.0, 0.0])


def solve_risk(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean binary cross entropy of labels under σ(scores)."""
    p = 1 / (1 + np.exp(-scores))
    return float(-(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean())


_RISK_MISTAKES: dict[str, Callable[..., Any]] = {
    "That is the sum: the risk is the mean over the triples.": lambda s, y: cross_entropy(s, y).sum(),
    "The labels are the wrong way round: a relevant pair costs −log p.": lambda s, y: cross_entropy(s, 1 - y).mean(),
    "The irrelevant pairs are missing: each costs −log(1 − p).": lambda s, y: (-y * np.log(sigmoid(s))).mean(),
    "That is the mean |σ(s) − y|, the doubt of the theorem's last term: take logarithms.":
        lambda s, y: np.abs(sigmoid(s) - y).mean(),
}  # fmt: skip


def check_risk(yours: Callable[..., Any]) -> None:
    """Print whether `yours(scores, labels)` is the theorem's risk. Never raises."""
    check(yours, (_SCORES.copy(), _LABELS.copy()), solve_risk(_SCORES, _LABELS), _RISK_MISTAKES)
