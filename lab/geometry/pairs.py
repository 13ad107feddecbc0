"""How similar are a query and its document? Alone that number says nothing: beside other pairs it does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.errors import LabError
from lab.geometry.checks import Floats, matrix, unit


@dataclass(frozen=True)
class PairSimilarities:
    """Cosines of queries with three kinds of documents.

    relevant: judged relevant · hard: the nearest of those that are not · random: drawn at random of those that are not
    """

    relevant: Floats
    hard: Floats
    random: Floats


def pair_similarities(
    queries: npt.ArrayLike,
    documents: npt.ArrayLike,
    relevant: Sequence[Collection[int]],
    hard: int = 10,
    random: int = 100,
    seed: int = 0,
) -> PairSimilarities:
    """Cosines of relevant pairs, of hard negatives and of random pairs.

    Hard negatives in the sense of ANCE (Xiong et al. 2020, arXiv 2007.00808): what the encoder itself puts nearest and
    nobody judged relevant. Some of them may be relevant all the same: judgements are never complete.

    Args:
        queries: (n, d); documents: (m, d); relevant: n collections of positions of documents, none of them empty.
        hard, random: documents a query, at most what is there.
    Returns: one cosine a pair, in the order of the queries: `relevant` (pairs judged,), `hard` (n · hard,), `random`
        (n · random,).
    Raises: LabError for shapes that do not fit, NaN, or a query without a relevant document.
    """
    left, right = unit(matrix("queries", queries)), unit(matrix("documents", documents))
    if left.shape[1] != right.shape[1]:
        raise LabError(f"queries have {left.shape[1]} dimensions, documents {right.shape[1]}.")
    if len(relevant) != len(left) or not all(len(rows) for rows in relevant):
        raise LabError(f"relevant must name at least one document for each of the {len(left)} queries.")
    generator = np.random.default_rng(seed)
    kinds: tuple[list[Floats], ...] = ([], [], [])
    for vector, wanted in zip(left, relevant, strict=True):
        found = right @ vector  # (m,)
        rows = np.array(sorted(wanted))
        others = np.setdiff1d(np.arange(len(right)), rows)
        drawn = generator.permutation(others)[:random]
        nearest = others[np.argsort(-found[others], kind="stable")[:hard]]
        for kind, chosen in zip(kinds, (rows, nearest, drawn), strict=True):
            kind.append(np.clip(found[chosen], -1.0, 1.0))
    return PairSimilarities(*(np.concatenate(kind) for kind in kinds))


def anisotropy(x: npt.ArrayLike) -> float:
    """Mean cosine of two different texts (Ethayarajh 2019, arXiv 1909.00512): how far the space is a narrow cone.

    Args: x: (n ≥ 2, d), normalised here. Time n·d.
    Returns: 1 for a collapse to one direction, 0 where directions cancel; at least −1/(n − 1).
    Raises: LabError for fewer than two rows, or NaN.
    """
    points = unit(matrix("x", x, rows=2))
    n = len(points)
    # Σ_ij cos(x_i, x_j) = ‖Σ_i x_i‖², then without the pairs i = j
    return float(((points.sum(axis=0) ** 2).sum() - (points**2).sum()) / (n * (n - 1)))
