"""Arrays as the measures want them: float64, finite, of agreeing shapes. What is not is named and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lab.errors import LabError

Floats = npt.NDArray[np.float64]


def matrix(name: str, values: npt.ArrayLike, rows: int = 1) -> Floats:
    """`values` as a float64 array (n, d) with n ≥ `rows` and d ≥ 1, without NaN or infinity.

    float64 because differences of nearly equal scores decide a rank, and float32 has 7 digits of them.

    Raises:
        LabError: another shape, NaN or infinity.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] < rows or array.shape[1] == 0:
        raise LabError(f"{name} must be of shape (n, d) with n ≥ {rows}, got shape {array.shape}.")
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise LabError(f"{name} holds NaN or infinity, first in row {row}.")
    return array


def pair(first: str, a: npt.ArrayLike, second: str, b: npt.ArrayLike, rows: int = 1) -> tuple[Floats, Floats]:
    """Two matrices of one shape.

    Raises:
        LabError: as of `matrix`, or two shapes.
    """
    left, right = matrix(first, a, rows), matrix(second, b, rows)
    if left.shape != right.shape:
        raise LabError(f"{first} {left.shape} and {second} {right.shape} must have the same shape.")
    return left, right


def neighbours(name: str, rows: Any, k: int | None = None) -> npt.NDArray[np.int64]:
    """`rows` as an int64 array (n, k) of positions, the first `k` columns, no position twice in a row.

    Raises:
        LabError: no such array, a k out of range, a negative position, or one that stands twice.
    """
    array = np.asarray(rows)
    if array.ndim != 2 or array.size == 0 or not np.issubdtype(array.dtype, np.integer):
        raise LabError(f"{name} must hold integers of shape (n, k), got {array.dtype} {array.shape}.")
    if k is not None and not 1 <= k <= array.shape[1]:
        raise LabError(f"k must lie between 1 and the {array.shape[1]} columns of {name}, got {k}.")
    array = array[:, :k].astype(np.int64)
    if array.min() < 0:
        raise LabError(f"{name} holds a negative position; search for no more documents than there are.")
    if (np.diff(np.sort(array, axis=1), axis=1) == 0).any():
        raise LabError(f"{name} names a document twice in one row.")
    return array


def unit(array: Floats) -> Floats:
    """Rows divided by their length; a zero row stays zero, so that a dead student can still be measured."""
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    return array / np.where(lengths > 0, lengths, 1.0)
