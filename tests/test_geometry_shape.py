"""The shape of one space, alignment, uniformity and spread: by hand, by the papers' code, and what they do not see."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lab.geometry import (
    alignment,
    cosines,
    distances,
    mean_distance,
    spearman_similarities,
    spread,
    uniformity,
)
from tests.drawn import normal, rotation

SEEDS = st.integers(0, 2**32 - 1)


def test_alignment_by_hand() -> None:
    x, y = [[2, 0], [0, 1]], [[0, 3], [0, 5]]  # unit vectors √2 and 0 apart
    assert alignment(x, y) == pytest.approx(1)
    assert alignment(x, y, alpha=1) == pytest.approx(math.sqrt(2) / 2)


def test_uniformity_by_hand() -> None:
    # squared distances 4, 2, 2
    expected = math.log((math.exp(-8) + 2 * math.exp(-4)) / 3)
    assert uniformity([[5, 0], [-3, 0], [0, 1]]) == pytest.approx(expected)
    assert uniformity([[5, 0], [-3, 0]], t=1) == pytest.approx(-4)
    assert uniformity([[0.6, 0.8]] * 3) == pytest.approx(0)


def test_uniformity_is_the_papers_code_also_over_chunks() -> None:
    x = torch.nn.functional.normalize(torch.from_numpy(normal(0, 1100, 6)), dim=1)
    assert uniformity(x.numpy()) == pytest.approx(torch.pdist(x).pow(2).mul(-2).exp().mean().log().item())


def test_spread_by_hand() -> None:
    # cosines 0.6, 0, 0: 2 · 0.36 over 6 ordered pairs, whatever the lengths
    assert spread([[5, 0, 0], [0.6, 0.8, 0], [0, 0, 2]]) == pytest.approx(0.12)
    assert spread(np.eye(4)) == pytest.approx(0)
    assert spread([[1, 2], [2, 4], [-3, -6]]) == pytest.approx(1)


@given(seed=SEEDS)
def test_shape_measures_do_not_see_rotation_order_or_length(seed: int) -> None:
    x, y, turn = normal(seed, 7, 4), normal(seed + 1, 7, 4), rotation(seed, 4)
    random = np.random.default_rng(seed)
    order, lengths = random.permutation(7), random.uniform(0.1, 9, size=(7, 1))
    moved, along = (lengths * x @ turn)[order], (y @ turn)[order]
    assert uniformity(moved) == pytest.approx(uniformity(x))
    assert spread(moved) == pytest.approx(spread(x))
    assert alignment(moved, along) == pytest.approx(alignment(x, y))
    assert cosines(moved, along) == pytest.approx(cosines(x, y)[order])
    assert distances(x @ turn, y @ turn) == pytest.approx(distances(x, y))
    # the student alone rotated is another student
    assert mean_distance(x, x @ turn) > 0.01 and spearman_similarities(x, x @ turn) == pytest.approx(1)
