"""What segment vectors of pairs say: do they tell relevant pairs from others, and does one vector a text suffice?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from lab.geometry.checks import Floats, matrix


def auc(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> Floats:
    """Per query: the share of (relevant, other) pairs in which the relevant document scores higher; ties count half.

    The area under the ROC curve of each query by itself (Mann and Whitney 1947). Pooled over queries it would reward an
    encoder for giving easy queries high scores throughout, which orders no list.

    Args: scores: (n queries, m documents); relevant: bool (n, m).
    Returns: (n,) in [0, 1], 0.5 for chance; NaN where a query has no relevant document among the m, or no other.
    """
    table, mask = matrix("scores", scores), np.asarray(relevant)
    if mask.dtype != bool or mask.shape != table.shape:
        raise ValueError(f"relevant must be boolean of shape {table.shape}, got {mask.dtype} {mask.shape}.")
    ranks = rankdata(table, axis=1)
    right = mask.sum(axis=1)
    pairs = right * (mask.shape[1] - right)
    above = (ranks * mask).sum(axis=1) - right * (right + 1) / 2
    return np.divide(above, pairs, out=np.full(len(table), np.nan), where=pairs > 0)


def within_share(vectors: npt.ArrayLike, groups: Sequence[int] | npt.ArrayLike) -> float:
    """Share of the variance of vectors that lies within groups: what no single vector a group can match.

    Σ_g Σ_{i∈g} ‖v_i − mean_g‖² / Σ_i ‖v_i − mean‖². A dual encoder has one vector a query, whatever the document: over
    a query's vectors q←(q, d) the best it can do is their mean, and this share is left. The same over a document's
    vectors d←(q, d) is the floor of R_Emb,D (arXiv 2301.12005), here of its square.

    Args: vectors: (n, d); groups: n keys, the text each vector stands for.
    Returns: in [0, 1]; 0 where all vectors of a text are one, 1 where the means of all texts are one; 0 if nothing
        varies at all.
    """
    return float(within_shares(vectors, groups).mean())


def within_shares(vectors: npt.ArrayLike, groups: Sequence[int] | npt.ArrayLike) -> Floats:
    """A number a text whose mean is `within_share`: what an interval over texts is drawn from (`ratio_parts`).

    Args: as `within_share`.
    Returns: (number of texts,), in the order of their keys; 0 throughout if nothing varies at all.
    """
    points, keys = matrix("vectors", vectors), np.asarray(groups)
    if keys.shape != (len(points),):
        raise ValueError(f"groups must hold {len(points)} keys, one a vector, got shape {keys.shape}.")
    total = ((points - points.mean(axis=0)) ** 2).sum(axis=1)
    return ratio_parts(distances_to_mean(points, keys) ** 2, total, keys)


def ratio_parts(above: npt.ArrayLike, below: npt.ArrayLike, groups: Sequence[int] | npt.ArrayLike) -> Floats:
    """A number a group whose mean is Σ above / Σ below, and whose spread over groups is that ratio's to first order.

    r + (above_g − r · below_g) / mean_g(below_g), the linearised ratio estimator (Cochran, "Sampling Techniques", 1977,
    ch. 6); a single number may lie outside the range of the ratio.

    Args: above, below: (n,), none of `below` negative; groups: n keys.
    Returns: (number of groups,); 0 throughout where nothing is below.
    """
    _, at = np.unique(np.asarray(groups), return_inverse=True)
    over, under = (np.bincount(at, values).astype(np.float64) for values in (above, below))
    if not under.any():
        return under
    ratio = over.sum() / under.sum()
    return ratio + (over - ratio * under) / under.mean()


def distances_to_mean(vectors: npt.ArrayLike, groups: Sequence[int] | npt.ArrayLike) -> Floats:
    """‖v_i − mean of its group‖ for every vector: (n, d) and n keys → (n,), in units of the vectors."""
    points = matrix("vectors", vectors)
    _, at = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.bincount(at)
    sums = np.zeros((len(counts), points.shape[1]))
    np.add.at(sums, at, points)
    return np.linalg.norm(points - (sums / counts[:, None])[at], axis=1)
