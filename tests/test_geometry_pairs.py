from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import LabError
from lab.geometry import anisotropy, pair_similarities


def test_three_kinds_of_pairs_by_hand() -> None:
    documents = [[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1], [-1, 0]]
    found = pair_similarities([[2, 0], [0, 1]], documents, [{1}, [3]], hard=2, random=99)
    assert np.allclose(found.relevant, [0.8, 1.0])  # lengths play no part
    assert np.allclose(found.hard, [1.0, 0.6, 0.8, 0.6])  # the nearest that are not relevant, best first
    assert np.allclose(sorted(found.random[:4]), [-1, 0, 0.6, 1]) and len(found.random) == 8


@given(st.integers(0, 999), st.integers(1, 12), st.integers(1, 12))
def test_hard_is_never_easier_than_random_and_relevant_is_in_neither(seed: int, hard: int, random: int) -> None:
    generator = np.random.default_rng(seed)
    queries, documents = generator.normal(size=(5, 4)), generator.normal(size=(12, 4))
    relevant = [generator.permutation(12)[: generator.integers(1, 4)].tolist() for _ in range(5)]
    found = pair_similarities(queries, documents, relevant, hard, random, seed)
    assert len(found.relevant) == sum(map(len, relevant))
    assert len(found.hard) == sum(min(hard, 12 - len(rows)) for rows in relevant)
    assert found.hard.mean() >= pair_similarities(queries, documents, relevant, 12, 1).hard.mean() - 1e-12
    again = pair_similarities(queries * 3, documents * 5, relevant, hard, random, seed)
    assert np.allclose(again.random, found.random)


def test_pairs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LabError, match="at least one document for each of the 2 queries"):
        pair_similarities(np.eye(2), np.eye(2), [[0], []])
    with pytest.raises(LabError, match="queries have 2 dimensions, documents 3"):
        pair_similarities(np.eye(2), np.eye(3), [[0], [1]])


def test_anisotropy_by_hand_and_at_its_ends() -> None:
    assert anisotropy([[1, 0], [0.6, 0.8], [0, 1]]) == pytest.approx(1.4 / 3)
    assert anisotropy(np.ones((6, 3))) == pytest.approx(1)
    assert anisotropy([[1, 0], [-1, 0]]) == pytest.approx(-1)
    triangle = np.radians([0, 120, 240])
    assert anisotropy(np.stack([np.cos(triangle), np.sin(triangle)], axis=1)) == pytest.approx(-1 / 2)


@given(st.integers(2, 40), st.integers(1, 9), st.integers(0, 999))
def test_anisotropy_is_the_mean_over_pairs(n: int, d: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(n, d))
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    expected = (unit @ unit.T)[np.triu_indices(n, k=1)].mean()
    assert anisotropy(points) == pytest.approx(expected, abs=1e-12)
    assert anisotropy(points * np.random.default_rng(1).uniform(1, 9, size=(n, 1))) == pytest.approx(expected, abs=1e-9)
