"""Numbers for the shape of a space and for how well a student copies it: one sourced formula each.

Every one raises LabError for shapes that do not fit, NaN or infinity, and says which array it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata, skew

from lab.errors import LabError
from lab.geometry.checks import Floats, matrix, neighbours, pair, unit

CHUNK = 512  # rows of an n × n table held at once


def distances(teacher: npt.ArrayLike, student: npt.ArrayLike) -> Floats:
    """‖t_i − s_i‖₂ per text, what embedding matching minimises (arXiv 2301.12005). In units of the vectors.

    Args: teacher, student: (n, d).
    Returns: (n,), ≥ 0; for unit vectors ≤ 2.
    """
    left, right = pair("teacher", teacher, "student", student)
    return np.linalg.norm(left - right, axis=1)


def mean_distance(teacher: npt.ArrayLike, student: npt.ArrayLike) -> float:
    """Mean of `distances`: R_Emb of arXiv 2301.12005 over these texts."""
    return float(distances(teacher, student).mean())


def cosines(teacher: npt.ArrayLike, student: npt.ArrayLike) -> Floats:
    """Cosine of teacher and student vector per text: (n, d) twice → (n,) in [−1, 1]; 0 for a zero vector.

    The vector space model's measure (Salton, Wong and Yang 1975).
    """
    left, right = pair("teacher", teacher, "student", student)
    return np.clip((unit(left) * unit(right)).sum(axis=1), -1.0, 1.0)


def knn_overlap(teacher_rows: npt.ArrayLike, student_rows: npt.ArrayLike, k: int | None = None) -> Floats:
    """Share of the teacher's k nearest documents that are among the student's k, whatever their order.

    The agreement at depth k of Webber, Moffat and Zobel 2010 (a similarity measure for indefinite rankings).

    Args: teacher_rows, student_rows: (n, ≥ k) integers, best first, as a search returns them; k: default all.
    Returns: (n,) in [0, 1], multiples of 1/k.
    Raises: LabError: two shapes, no positions, or a k out of range.
    """
    left, right = neighbours("teacher_rows", teacher_rows, k), neighbours("student_rows", student_rows, k)
    if left.shape != right.shape:
        raise LabError(f"teacher_rows {left.shape} and student_rows {right.shape} must have one shape.")
    both = np.sort(np.concatenate([left, right], axis=1), axis=1)  # a document in both lists stands twice
    return (np.diff(both, axis=1) == 0).sum(axis=1) / left.shape[1]


def spearman_scores(teacher_scores: npt.ArrayLike, student_scores: npt.ArrayLike) -> Floats:
    """Spearman's ρ between two rankings of the same documents, per query; ties share their mean rank
    (Spearman 1904).

    Args: teacher_scores, student_scores: (n queries, m ≥ 2 documents).
    Returns: (n,) in [−1, 1]; 0 where one side scores all documents alike and so ranks nothing.
    Raises: LabError: two shapes, NaN, or fewer than 2 documents.
    """
    left, right = pair("teacher_scores", teacher_scores, "student_scores", student_scores)
    if left.shape[1] < 2:
        raise LabError("teacher_scores must cover at least 2 documents; one alone has no order.")
    middle = (left.shape[1] + 1) / 2
    x, y = rankdata(left, axis=1) - middle, rankdata(right, axis=1) - middle
    scale = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return (x * y).sum(axis=1) / np.where(scale > 0, scale, 1.0)


def spearman_similarities(teacher: npt.ArrayLike, student: npt.ArrayLike) -> float:
    """Spearman's ρ between all pairwise inner products of n texts in two spaces, of whatever dimensions.

    Representational similarity analysis (Kriegeskorte et al., Front. Syst. Neurosci. 2, 2008). Does not see a
    rotation or a scaling of either space. Memory n², so for probes rather than for a corpus.

    Args: teacher: (n ≥ 3, d); student: (n, any d).
    """
    left, right = _same_texts(teacher, student, rows=3)
    upper = np.triu_indices(len(left), k=1)
    return float(spearman_scores((left @ left.T)[upper][None], (right @ right.T)[upper][None])[0])


def linear_cka(teacher: npt.ArrayLike, student: npt.ArrayLike, *, debiased: bool = False) -> float:
    """Linear centred kernel alignment, ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F) with centred columns.

    Kornblith et al. 2019, arXiv 1905.00414. 1 where one space is a rotation, shift and scaling of the other.
    With few texts the plain value is high for *unrelated* spaces too (0.72 for 150 random texts in 384
    dimensions). `debiased` puts that at 0, by the unbiased HSIC of Song et al. (JMLR 13, 2012) in its
    feature-space form; it may fall slightly below 0.

    Args: teacher: (n, d), n ≥ 2 (4 if debiased); student: (n, any d).
    Returns: a number ≤ 1; 0 where one space has collapsed to a point.
    """
    left, right = _same_texts(teacher, student, rows=4 if debiased else 2)
    left, right = _centred(left), _centred(right)
    across, within = _hsic(left, right, debiased), _hsic(left, left, debiased) * _hsic(right, right, debiased)
    return across / float(np.sqrt(within)) if within > 0 else 0.0


def alignment(x: npt.ArrayLike, y: npt.ArrayLike, alpha: float = 2.0) -> float:
    """E ‖x_i − y_i‖^α over positive pairs of unit vectors (Wang & Isola 2020, arXiv 2005.10242).

    Args: x, y: (n, d), row i of both is one pair (a query and its document); normalised here.
    Returns: in [0, 2^α]; lower is closer.
    """
    left, right = pair("x", x, "y", y)
    return float((np.linalg.norm(unit(left) - unit(right), axis=1) ** alpha).mean())


def uniformity(x: npt.ArrayLike, t: float = 2.0) -> float:
    """log E exp(−t ‖x_i − x_j‖²) over pairs of different texts (Wang & Isola 2020, arXiv 2005.10242).

    Args: x: (n ≥ 2, d), normalised here. Time n², memory n × 512.
    Returns: ≤ 0; 0 for a collapse, towards −2t = −4 for directions spread evenly in a high dimension.
    """
    points = unit(matrix("x", x, rows=2))
    squares = (points**2).sum(axis=1)
    total = 0.0
    for rows, products in _products(points):
        gaps = np.maximum(squares[rows, None] + squares[None, :] - 2 * products, 0.0)
        total += float(np.exp(-t * gaps).sum())
    n = len(points)
    return min(float(np.log((total - n) / (n * (n - 1)))), 0.0)  # the n pairs (i, i) contribute exp(0) each


def spread(x: npt.ArrayLike) -> float:
    """Mean squared cosine of two different texts, the quantity the spread-out loss pushes down.

    1/(n(n−1)) Σ_{i≠j} cos(x_i, x_j)² (after Zhang et al., ICCV 2017; arXiv 2509.20354).

    Args: x: (n ≥ 2, d). Time n·d², so a whole corpus is fine.
    Returns: in [0, 1]: 1 = collapsed onto one line, 1/d for random directions; the higher, the *less* spread out.
    """
    points = unit(matrix("x", x, rows=2))
    # Σ_ij (x_iᵀx_j)² = ‖XᵀX‖_F², a d × d table instead of n × n; then without the pairs i = j.
    total = (points.T @ points) ** 2
    own = (points**2).sum(axis=1) ** 2
    n = len(points)
    return float(np.clip((total.sum() - own.sum()) / (n * (n - 1)), 0.0, 1.0))


def hubness(rows: npt.ArrayLike, n_documents: int) -> float:
    """Skewness of N_k, how often a document is among a query's k nearest (Radovanović et al., JMLR 11, 2010).

    Args: rows: (n queries, k) integers; n_documents: documents there are, also those never found.
    Returns: E(N_k − μ)³/σ³; 0 where N_k is symmetric about its mean, large where a few hubs are in many lists.
    Raises: LabError for rows that are no positions, or beyond `n_documents`.
    """
    found = neighbours("rows", rows)
    if found.max() >= n_documents:
        raise LabError(f"rows holds position {found.max()}, but n_documents is {n_documents}.")
    occurrences = np.bincount(found.ravel(), minlength=n_documents)
    return float(skew(occurrences)) if occurrences.std() > 0 else 0.0


def margins(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> Floats:
    """Best relevant score minus best irrelevant score per query: positive where a relevant one is first.

    The margin of a multi-class classifier (Crammer and Singer, JMLR 2001, section 2), documents in place of classes.

    Args: scores: (n queries, m documents); relevant: bool (n, m).
    Returns: (n,), in units of the scores.
    Raises: LabError for shapes that differ, NaN, or a query with no relevant or no irrelevant document.
    """
    table, mask = matrix("scores", scores), np.asarray(relevant)
    if mask.dtype != bool or mask.shape != table.shape:
        raise LabError(f"relevant must be boolean of shape {table.shape}, got {mask.dtype} {mask.shape}.")
    one_kind = mask.all(axis=1) | ~mask.any(axis=1)
    if one_kind.any():
        query = int(np.flatnonzero(one_kind)[0])
        raise LabError(f"relevant must mark some but not all documents; row {query} marks none or all.")
    return np.where(mask, table, -np.inf).max(axis=1) - np.where(mask, -np.inf, table).max(axis=1)


def _same_texts(teacher: npt.ArrayLike, student: npt.ArrayLike, rows: int) -> tuple[Floats, Floats]:
    left, right = matrix("teacher", teacher, rows), matrix("student", student, rows)
    if len(left) != len(right):
        raise LabError(f"teacher has {len(left)} rows, student {len(right)}: they must be the same texts.")
    return left, right


def _centred(x: Floats) -> Floats:
    """Columns of mean 0; exactly 0 where all rows are equal and rounding would leave noise."""
    rest = x - x.mean(axis=0)
    return rest if np.linalg.norm(rest) > 1e-12 * np.linalg.norm(x) else np.zeros_like(x)


def _hsic(x: Floats, y: Floats, debiased: bool) -> float:
    """⟨XXᵀ, YYᵀ⟩ of centred x, y, up to a factor that cancels in a ratio, unbiased if asked for."""
    value = float(((y.T @ x) ** 2).sum())
    if debiased:
        n, a, b = len(x), (x**2).sum(axis=1), (y**2).sum(axis=1)
        value += float(a.sum() * b.sum() / ((n - 1) * (n - 2)) - n / (n - 2) * (a @ b))
    return value


def _products(points: Floats) -> Iterator[tuple[slice, Floats]]:
    for start in range(0, len(points), CHUNK):
        rows = slice(start, start + CHUNK)
        yield rows, points[rows] @ points.T
