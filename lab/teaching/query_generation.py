"""The exercises of notebook 04: how large the noise is, and which share of the held-out queries is covered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.generation.measures import coverage
from lab.teaching.checks import check

NOISE_HINT = "The RMS is the root of the mean of the squares of all numbers; σ multiplies it."
COVERED_HINT = (
    "For every held-out row the smallest np.linalg.norm of its difference to a pool row; then the share ≤ radius."
)

# Three states of two dimensions: the squares are 1, 4, 4, 9, 16, 20, their mean is 9.
_STATES = np.array([[1.0, -2.0], [2.0, 3.0], [-4.0, np.sqrt(20.0)]])
_SIGMA = 0.5


def solve_noise_size(states: np.ndarray, sigma: float) -> float:
    """Standard deviation of the noise: σ times the root mean square of the encoder's states (n, d)."""
    return float(sigma * np.sqrt((states**2).mean()))


_NOISE_MISTAKES: dict[str, Callable[[Any, Any], Any]] = {
    "That is σ alone: noise is measured against the states, so multiply by their RMS.":
        lambda states, sigma: sigma,
    "That is σ times the mean square: take the root.":
        lambda states, sigma: sigma * (states**2).mean(),
    "That is σ times the mean: signs cancel, so square before you average.":
        lambda states, sigma: sigma * states.mean(),
    "That is σ times the standard deviation: the RMS does not subtract the mean.":
        lambda states, sigma: sigma * states.std(),
    "That is σ times the norm of the whole matrix: divide by the number of its entries under the root.":
        lambda states, sigma: sigma * np.linalg.norm(states),
    "That is σ times the mean length of a state: a length grows with the dimensions, the RMS does not.":
        lambda states, sigma: sigma * np.linalg.norm(states, axis=1).mean(),
    "That is σ times the mean absolute value: square, average, take the root.":
        lambda states, sigma: sigma * np.abs(states).mean(),
}  # fmt: skip


def check_noise_size(yours: Callable[[np.ndarray, float], Any]) -> None:
    """Print whether `yours(states, sigma)` is the standard deviation of the noise. Never raises."""
    check(yours, (_STATES.copy(), _SIGMA), solve_noise_size(_STATES, _SIGMA), _NOISE_MISTAKES)


# Five held-out queries on the unit circle, a pool of two at 0 and 90 degrees; distances 0, 0.35, 0.77, 1.41, 0.17.
_DEGREES = np.deg2rad([0.0, 20.0, 135.0, 180.0, 100.0])
_HELD_OUT = np.stack([np.cos(_DEGREES), np.sin(_DEGREES)], axis=1)
_POOL = np.array([[1.0, 0.0], [0.0, 1.0]])
_RADIUS = 0.5


def solve_covered(held_out: np.ndarray, pool: np.ndarray, radius: float) -> float:
    """Share of the held-out queries (n, d) with one of the pool (m, d) within the radius; unit vectors."""
    return float(coverage(held_out, pool, [radius])[0])


def _gaps(held_out: np.ndarray, pool: np.ndarray) -> np.ndarray:
    return np.linalg.norm(held_out[:, None] - pool[None, :], axis=2)  # (n, m)


_COVERED_MISTAKES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "That is the mean over all pairs: a held-out query is covered if one of the pool is near, not all of them.":
        lambda held, pool, radius: (_gaps(held, pool) <= radius).mean(),
    "That is the share of the pool that stands near a held-out query: count the held-out ones.":
        lambda held, pool, radius: (_gaps(held, pool).min(axis=0) <= radius).mean(),
    "That is the share that is near all of the pool: take the smallest distance, not the largest.":
        lambda held, pool, radius: (_gaps(held, pool).max(axis=1) <= radius).mean(),
    "That is the number of covered queries: divide by how many there are.":
        lambda held, pool, radius: (_gaps(held, pool).min(axis=1) <= radius).sum(),
    "That is the share that is not covered: within means ≤ radius.":
        lambda held, pool, radius: (_gaps(held, pool).min(axis=1) > radius).mean(),
    "That compares cosines with the radius: the radius is a distance.":
        lambda held, pool, radius: ((held @ pool.T).max(axis=1) <= radius).mean(),
    "That is the mean distance to the nearest: compare it with the radius first.":
        lambda held, pool, radius: _gaps(held, pool).min(axis=1).mean(),
}  # fmt: skip


def check_covered(yours: Callable[[np.ndarray, np.ndarray, float], Any]) -> None:
    """Print whether `yours(held_out, pool, radius)` is the share covered. Never raises."""
    arguments = (_HELD_OUT.copy(), _POOL.copy(), _RADIUS)
    check(yours, arguments, solve_covered(*arguments), _COVERED_MISTAKES)
