"""AUC a query and the share one vector cannot match, against cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lab.geometry import auc, distances_to_mean, ratio_parts, within_share, within_shares


def test_auc_by_hand() -> None:
    scores = [[0.9, 0.8, 0.1, 0.0], [0.1, 0.9, 0.5, 0.1], [0.5, 0.5, 0.5, 0.5]]
    relevant = np.array([[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]], dtype=bool)
    # first: of 4 pairs the relevant one is above in 3; second: 0 above, one tie of 3 pairs; third: all tied
    assert auc(scores, relevant) == pytest.approx([0.75, 0.5 / 3, 0.5])


def test_auc_is_of_each_query_by_itself() -> None:
    relevant = np.array([[True, False], [True, False]])
    assert auc([[2.0, 1.0], [0.2, 0.1]], relevant).tolist() == [1.0, 1.0]  # pooled it would be 0.75


def test_auc_without_pairs_is_no_number() -> None:
    relevant = np.array([[True, True], [False, False]])
    assert np.isnan(auc([[0.1, 0.2], [0.3, 0.4]], relevant)).all()
    with pytest.raises(ValueError, match="boolean"):
        auc([[0.1, 0.2]], [[1, 0]])


def test_within_share_by_hand() -> None:
    # groups {0, 2} and {10, 12}: within 4 · 1, total 2 · (36 + 16) = 104
    vectors = np.array([[0.0], [2.0], [10.0], [12.0]])
    assert within_share(vectors, [0, 0, 1, 1]) == pytest.approx(4 / 104)
    assert distances_to_mean(vectors, ["b", "b", "a", "a"]) == pytest.approx([1, 1, 1, 1])


def test_within_share_has_an_ideal_and_a_worst_case() -> None:
    constant = np.repeat(np.eye(3), 4, axis=0)
    assert within_share(constant, np.repeat(range(3), 4)) == pytest.approx(0, abs=1e-12)
    assert within_share(np.tile(np.eye(4), (3, 1)), np.repeat(range(3), 4)) == pytest.approx(1)
    assert within_share(np.ones((4, 2)), [0, 0, 1, 1]) == 0
    with pytest.raises(ValueError, match="4 keys"):
        within_share(np.ones((4, 2)), [0, 1])


def test_parts_of_a_ratio_by_hand() -> None:
    # 1 + 5 over 2 + 4 vectors: the ratio is 1, the mean of below 3
    assert ratio_parts([1, 0, 5], [2, 0, 4], ["b", "b", "a"]).tolist() == pytest.approx([1 + 1 / 3, 1 - 1 / 3])
    assert ratio_parts([0.0], [0.0], ["a"]).tolist() == [0]


def test_within_shares_are_a_number_a_text_around_the_share() -> None:
    random = np.random.default_rng(0)
    keys = np.repeat(range(6), [2, 3, 4, 5, 6, 7])  # as documents are: read with few queries, or with many
    vectors = random.standard_normal((27, 3)) + 2 * random.standard_normal((6, 3))[keys]
    shares = within_shares(vectors, keys)
    assert shares.shape == (6,) and shares.mean() == pytest.approx(within_share(vectors, keys))
    # to first order as far as the ratio moves when a text is left out (the jackknife)
    left_out = [within_share(vectors[keys != text], keys[keys != text]) for text in range(6)]
    assert np.corrcoef(shares, left_out)[0, 1] < -0.9


def test_no_single_vector_does_better_than_the_mean() -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((20, 5))
    floor = (distances_to_mean(vectors, [0] * 20) ** 2).mean()
    for _ in range(20):
        assert ((vectors - random.standard_normal(5) * 0.3) ** 2).sum(axis=1).mean() >= floor
