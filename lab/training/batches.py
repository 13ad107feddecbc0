"""Batches of texts of about one length: on a CPU, padding is paid for like any other token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lab.errors import DataError

_CHUNK = 50  # batches that are sorted together: enough to waste little padding, few enough to stay mixed


def epoch_batches(lengths: Sequence[int], batch: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The batches of one epoch, each an int64 array of positions. A pure function of its arguments: resuming needs no
    state.

    Every text occurs exactly once; the last batch of a chunk may be smaller.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(lengths))
    length = np.asarray(lengths)
    batches: list[np.ndarray] = []
    for start in range(0, len(order), batch * _CHUNK):
        chunk = order[start : start + batch * _CHUNK]
        chunk = chunk[np.argsort(length[chunk], kind="stable")]
        batches += [chunk[i : i + batch] for i in range(0, len(chunk), batch)]
    return [batches[i] for i in random.permutation(len(batches))]


def all_batches(lengths: Sequence[int], batch: int, seed: int, steps: int, start: int = 0) -> Iterator[np.ndarray]:
    """Batches for steps `start` … `steps` − 1, epoch after epoch.

    Raises:
        DataError: no texts.
    """
    if not len(lengths):
        raise DataError("there is no text to train on: bring documents, or a mix of texts that takes some of them")
    step = epoch = 0
    while step < steps:
        for rows in epoch_batches(lengths, batch, seed, epoch):
            if step >= steps:
                return
            if step >= start:
                yield rows
            step += 1
        epoch += 1


def steps_in(texts: int, batch: int, epochs: float) -> int:
    """Steps of `epochs` passes over the texts, at least one."""
    return max(1, round(epochs * len(epoch_batches([1] * texts, batch, 0, 0))))


def probe_steps(steps: int, probes: int) -> list[int]:
    """Steps after which the student is looked at: 0, then log-spaced, the last step always. Strictly increasing.

    Early on the geometry moves at every step, later hardly at all: equal steps on a log scale show both.
    """
    if steps <= probes:
        return list(range(steps + 1))
    spaced = np.unique(np.round(np.geomspace(1, steps, max(2, probes - 1))).astype(int))
    return [0, *spaced.tolist()]
