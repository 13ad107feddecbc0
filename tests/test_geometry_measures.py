"""The measures against numbers worked out by hand, other people's code, and the changes they must not see."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from lab.errors import LabError
from lab.geometry import (
    alignment,
    cosines,
    distances,
    hubness,
    knn_overlap,
    linear_cka,
    margins,
    mean_distance,
    spearman_scores,
    spearman_similarities,
    spread,
    uniformity,
)
from lab.losses import matching, spread_out
from tests.drawn import normal, rotation

SEEDS = st.integers(0, 2**32 - 1)


def test_distances_by_hand() -> None:
    teacher, student = [[0, 0, 0], [1, 2, 2]], [[3, 4, 0], [0, 0, 0]]
    assert distances(teacher, student).tolist() == [5, 3]
    assert mean_distance(teacher, student) == 4


def test_cosines_by_hand() -> None:
    got = cosines([[1, 0, 0], [0, 1, 0], [1, 1, 1]], [[3, 4, 0], [0, -2, 0], [0, 0, 0]])
    assert got.tolist() == pytest.approx([0.6, -1, 0])


@given(seed=SEEDS)
def test_distances_and_cosines_are_the_losses(seed: int) -> None:
    teacher, student = normal(seed, 6, 5), normal(seed + 1, 6, 5)
    s, t = torch.from_numpy(student), torch.from_numpy(teacher)
    assert mean_distance(teacher, student) == pytest.approx(matching(s, t).item())
    assert 1 - cosines(teacher, student).mean() == pytest.approx(matching(s, t, "cosine").item())
    unit = s / s.norm(dim=1, keepdim=True)
    assert spread(student) == pytest.approx(spread_out(unit).item())


def test_knn_overlap_by_hand() -> None:
    teacher, student = [[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[2, 9, 0], [6, 7, 8], [8, 6, 7]]
    assert knn_overlap(teacher, student).tolist() == pytest.approx([2 / 3, 0, 1])
    assert knn_overlap(teacher, student, k=2).tolist() == [0, 0, 0.5]


@given(seed=SEEDS, k=st.integers(1, 8))
def test_knn_overlap_is_what_sets_say(seed: int, k: int) -> None:
    random = np.random.default_rng(seed)
    a, b = (np.stack([random.permutation(12)[:8] for _ in range(5)]) for _ in range(2))
    expected = [len(set(x[:k]) & set(y[:k])) / k for x, y in zip(a, b, strict=True)]
    assert knn_overlap(a, b, k).tolist() == pytest.approx(expected)
    assert knn_overlap(a, random.permuted(a, axis=1)).tolist() == [1] * 5


def test_spearman_scores_by_hand() -> None:
    # 1 − 6·(1 + 1)/(4·15); ranks (1, 2.5, 2.5, 4) and (1, 2, 3, 4): 4.5/√(4.5·5); a constant ranks nothing
    teacher = [[10, 20, 30, 40], [1, 2, 2, 3], [5, 5, 5, 5]]
    student = [[1, 2, 4, 3], [1, 2, 3, 4], [1, 2, 3, 4]]
    assert spearman_scores(teacher, student).tolist() == pytest.approx([0.8, math.sqrt(0.9), 0])


@given(seed=SEEDS)
def test_spearman_scores_is_scipys_and_sees_the_order_alone(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 9, size=(2, 3, 12)).astype(float)  # with ties
    expected = [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)]
    assert spearman_scores(a, b).tolist() == pytest.approx(expected)
    assert spearman_scores(np.exp(a), 3 * b - 7).tolist() == pytest.approx(expected)


def test_spearman_similarities_by_hand() -> None:
    # similarities of the pairs 12, 13, 23: (0.8, 0, 0.6) and (0.6, 0, 0.8): ranks 312 and 213, 1 − 6·2/(3·8)
    teacher, student = [[1, 0], [0.8, 0.6], [0, 1]], [[1, 0], [0.6, 0.8], [0, 1]]
    assert spearman_similarities(teacher, student) == pytest.approx(0.5)


def test_linear_cka_by_hand() -> None:
    # centred columns (1, −1, 0) and (1, 0, −1): 1²/(2·2)
    assert linear_cka([[1], [-1], [0]], [[5], [4], [3]]) == pytest.approx(0.25)


@pytest.mark.parametrize("debiased", [False, True])
def test_cka_of_a_collapsed_student_is_zero_not_noise(debiased: bool) -> None:
    collapsed = np.repeat(normal(0, 1, 384), 150, axis=0)
    assert (collapsed - collapsed.mean(axis=0)).any()  # rounding alone leaves a direction
    assert linear_cka(normal(1, 150, 384), collapsed, debiased=debiased) == 0


def song_unbiased(x: np.ndarray, y: np.ndarray) -> float:
    """HSIC₁ of Song et al. (2012) as printed there, from Gram matrices without their diagonal."""
    n, one = len(x), np.ones(len(x))
    k, m = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    product = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return float(product - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3))


@given(seed=SEEDS, size=st.integers(5, 12))
def test_debiased_cka_is_that_of_the_unbiased_hsic(seed: int, size: int) -> None:
    x, y = normal(seed, size, 3), normal(seed, size, 3) + 0.5 * normal(seed + 1, size, 3)
    expected = song_unbiased(x, y) / math.sqrt(song_unbiased(x, x) * song_unbiased(y, y))
    assert linear_cka(x, y, debiased=True) == pytest.approx(expected)


def test_plain_cka_of_unrelated_spaces_is_high_with_few_texts() -> None:
    x, y = normal(0, 2, 150, 384)
    assert linear_cka(x, y) == pytest.approx(384 / (384 + 150), abs=0.02)  # about 0.72
    assert linear_cka(x, y, debiased=True) == pytest.approx(0, abs=0.03)


@given(seed=SEEDS, scale=st.floats(0.1, 10), debiased=st.booleans())
def test_cka_and_similarities_do_not_see_rotation_and_scale(seed: int, scale: float, debiased: bool) -> None:
    x, y = normal(seed, 9, 4), normal(seed + 1, 9, 6)
    turned = scale * x @ rotation(seed, 4)
    assert linear_cka(turned + 3, y, debiased=debiased) == pytest.approx(linear_cka(x, y, debiased=debiased))
    assert linear_cka(turned - 2, x, debiased=debiased) == pytest.approx(1)
    assert linear_cka(x, y) == pytest.approx(linear_cka(y, x))
    assert spearman_similarities(turned, y) == pytest.approx(spearman_similarities(x, y))
    assert spearman_similarities(turned, x) == pytest.approx(1)
    order = np.random.default_rng(seed).permutation(9)
    assert linear_cka(x[order], y[order]) == pytest.approx(linear_cka(x, y))
    assert spearman_similarities(x[order], y[order]) == pytest.approx(spearman_similarities(x, y))


def test_hubness_by_hand() -> None:
    assert hubness([[0], [1], [2]], n_documents=3) == 0
    assert hubness([[0], [0], [1]], n_documents=3) == pytest.approx(0)  # counts 2, 1, 0 are symmetric
    # counts 3, 0, 0: deviations 2, −1, −1, so (6/3)/(6/3)^1.5
    assert hubness([[0], [0], [0]], n_documents=3) == pytest.approx(1 / math.sqrt(2))
    # documents that nobody finds count: 1 hub among 100 has skewness (99 − 1)/√99
    assert hubness([[7]], n_documents=100) == pytest.approx(98 / math.sqrt(99))


def test_hubness_does_not_see_which_document_or_rank() -> None:
    random = np.random.default_rng(0)
    rows = np.stack([random.choice(30, 5, replace=False, p=np.arange(30) / 435) for _ in range(40)])
    names = random.permutation(30)
    assert hubness(names[rows][:, ::-1], 30) == pytest.approx(hubness(rows, 30))


def test_margins_by_hand() -> None:
    scores = [[0.9, 0.5, 0.7], [0.2, 0.8, 0.1], [0.3, 0.3, 0.1]]
    relevant = np.array([[1, 0, 0], [1, 0, 1], [1, 0, 0]], dtype=bool)
    assert margins(scores, relevant).tolist() == pytest.approx([0.2, -0.6, 0])


@given(seed=SEEDS)
def test_margin_is_positive_exactly_where_a_relevant_document_is_first(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, relevant = random.normal(size=(8, 6)), random.random((8, 6)) < 0.3
    relevant[:, 0], relevant[:, 5] = True, False
    first = relevant[np.arange(8), scores.argmax(axis=1)]
    assert ((margins(scores, relevant) > 0) == first).all()


def test_float32_and_tensors_are_taken() -> None:
    x, y = normal(0, 5, 4).astype(np.float32), torch.randn(5, 4)
    assert distances(x, y).dtype == np.float64
    assert mean_distance(x, y) == pytest.approx(np.linalg.norm(x - y.numpy(), axis=1).mean(), rel=1e-6)


A, HOLE = np.ones((2, 3)), np.array([[1.0, 2.0], [np.nan, 1.0]])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: distances(A, A[:1]), "teacher .2, 3. and student .1, 3. must have the same shape"),
        (lambda: distances(A[0], A[0]), "teacher must be of shape"),
        (lambda: cosines(A[:, :2], HOLE), "student holds NaN or infinity, first in row 1"),
        (lambda: knn_overlap([[1, 2]], [[1, 2], [3, 4]]), "must have one shape"),
        (lambda: knn_overlap([[1, 1]], [[1, 2]]), "teacher_rows names a document twice"),
        (lambda: knn_overlap([[1, 2]], [[3, -1]]), "student_rows holds a negative position"),
        (lambda: knn_overlap([[1.5, 2]], [[1, 2]]), "teacher_rows must hold integers"),
        (lambda: knn_overlap([[1, 2]], [[1, 2]], k=3), "k must lie between 1 and the 2"),
        (lambda: knn_overlap([[1, 2]], [[1, 2]], k=0), "k must lie between 1 and the 2"),
        (lambda: spearman_scores([[1.0]], [[1.0]]), "at least 2 documents"),
        (lambda: spearman_similarities(A, A), "teacher must be of shape .n, d. with n ≥ 3"),
        (lambda: linear_cka(np.ones((3, 2)), np.ones((4, 2))), "teacher has 3 rows, student 4"),
        (lambda: linear_cka(np.ones((3, 2)), np.ones((3, 2)), debiased=True), "n ≥ 4"),
        (lambda: alignment(A, A[:, :2]), "x .2, 3. and y .2, 2."),
        (lambda: uniformity(A[:1]), "x must be of shape .n, d. with n ≥ 2"),
        (lambda: spread(HOLE), "x holds NaN"),
        (lambda: hubness([[3]], n_documents=3), "rows holds position 3, but n_documents is 3"),
        (lambda: margins([[1, 2]], [[1, 0]]), "relevant must be boolean"),
        (lambda: margins([[1, 2], [3, 4]], [[True, False], [True, True]]), "row 1 marks none or all"),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], named: str) -> None:
    with pytest.raises(LabError, match=named):
        call()
