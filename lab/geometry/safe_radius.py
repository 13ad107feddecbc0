"""How far a student's query vector may stray before the teacher's top document can be lost.

Documents stay frozen, scores are inner products. Let t be the teacher's vector of a query, d₁ its top
document and s_j = ⟨t, d_j⟩. The safe radius is

    r = min over j with d_j ≠ d₁ of (s₁ − s_j) / ‖d₁ − d_j‖.

Any student vector q with ‖q − t‖ < r keeps d₁ on top. Proof: for every such j, by Cauchy–Schwarz,

    ⟨q, d₁ − d_j⟩ = ⟨t, d₁ − d_j⟩ + ⟨q − t, d₁ − d_j⟩ ≥ (s₁ − s_j) − ‖q − t‖·‖d₁ − d_j‖ > 0.

No larger radius will do: let j* attain the minimum and step from t against d₁ − d_j*. After r·(1 + ε) the
two have changed places. So r is the distance from t to the nearest query vector that prefers another
document, the wall of the cell in which d₁ wins. ‖q − t‖ < r is enough for the first rank, not necessary: most
directions reach a wall later, or never.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.errors import LabError
from lab.geometry.checks import Floats, matrix

Rows = npt.NDArray[np.int64]
CHUNK = 128  # queries at once: four tables of 128 × 10,033 float64 are 41 MB
NEAR = 1e-4  # below this relative distance ‖a‖² + ‖b‖² − 2⟨a, b⟩ has lost too many digits


@dataclass(frozen=True)
class SafeRadius:
    """The safe radii of n queries: where ‖t − s‖ / radius < 1, the top document is provably kept."""

    radius: Floats  # (n,), ≥ 0, in units of the query vectors; inf where no other document exists
    top: Rows  # (n,), the teacher's top document, ties to the lower row
    rival: Rows  # (n,), the document that takes over just outside; −1 where none


def safe_radius(queries: npt.ArrayLike, documents: npt.ArrayLike, *, tolerance: float = 1e-6) -> SafeRadius:
    """Safe radius of each query, computed in float64 and in chunks.

    Args:
        queries: (n, d), the teacher's vectors t.
        documents: (m, d), as the teacher scores them by inner product: normalised where it uses cosine.
        tolerance: documents nearer to d₁ than tolerance · ‖d₁‖ are the same document and no rivals. The
            default is the noise of encoding one text in two float32 batches; 0 spares exact copies alone.
    Raises: LabError for shapes that do not fit, NaN or a negative tolerance.
    """
    vectors, texts = _inputs(queries, documents, tolerance)
    squares = np.einsum("md,md->m", texts, texts)  # (m,), ‖d_j‖²
    radius, top, rival = [], [], []
    for start in range(0, len(vectors), CHUNK):
        scores = vectors[start : start + CHUNK] @ texts.T  # (c, m)
        first = scores.argmax(axis=1)  # (c,), the lower row of a tie
        fall = scores.max(axis=1, keepdims=True) - scores  # (c, m), s₁ − s_j ≥ 0
        gap = _gaps(texts, squares, first)  # (c, m), ‖d₁ − d_j‖
        rivals = gap > tolerance * np.sqrt(squares[first, None])
        ratio = np.divide(fall, gap, out=np.full_like(fall, np.inf), where=rivals)
        worst = ratio.argmin(axis=1)
        smallest = ratio[np.arange(len(worst)), worst]
        radius.append(smallest)
        top.append(first)
        rival.append(np.where(np.isfinite(smallest), worst, -1))
    return SafeRadius(np.concatenate(radius), np.concatenate(top), np.concatenate(rival))


def _inputs(queries: npt.ArrayLike, documents: npt.ArrayLike, tolerance: float) -> tuple[Floats, Floats]:
    vectors, texts = matrix("queries", queries), matrix("documents", documents)
    if vectors.shape[1] != texts.shape[1]:
        raise LabError(f"queries have {vectors.shape[1]} dimensions, documents {texts.shape[1]}.")
    if not tolerance >= 0:
        raise LabError(f"tolerance must be at least 0, got {tolerance}.")
    return vectors, texts


def _gaps(texts: Floats, squares: Floats, first: Rows) -> Floats:
    """‖d₁ − d_j‖ of the documents `first` (c,) from all others: (c, m). Exact where they nearly coincide."""
    sums = squares[first, None] + squares[None, :]
    gap = sums - 2 * (texts[first] @ texts.T)
    near = gap <= NEAR**2 * sums
    for row in range(len(first)):  # row by row: in a collapsed space all documents are near
        columns = np.flatnonzero(near[row])
        gap[row, columns] = ((texts[first[row]] - texts[columns]) ** 2).sum(axis=1)
    return np.sqrt(gap, out=gap)
