"""p values and Holm's correction of them: by hand, false alarms, order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.evaluation.bootstrap import (
    holm,
    p_value,
)

RNG = np.random.default_rng(7)
TEACHER = RNG.beta(4, 2, 300)
STUDENT = np.clip(TEACHER + RNG.normal(-0.03, 0.1, 300), 0, 1)


def test_p_values() -> None:
    assert p_value(STUDENT, TEACHER) < 0.01
    rng = np.random.default_rng(5)
    noise = [p_value(rng.normal(size=60), rng.normal(size=60), resamples=400) for _ in range(300)]
    assert 0.02 <= np.mean(np.array(noise) < 0.05) <= 0.09  # false alarms
    assert 0.4 <= np.mean(np.array(noise) < 0.5) <= 0.6
    # 0.5 [−1, 2] / n: of the four draws (−1, −1), (−1, 2), (2, −1), (2, 2) one is below 0.
    assert p_value([-1.0, 2.0], [0.0, 0.0]) == pytest.approx(0.5, abs=0.03)


def test_few_queries_that_agree_prove_little() -> None:
    assert p_value([1.0], [0.0]) == 1.0
    assert p_value([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]) == 0.25
    assert p_value(np.ones(30), np.zeros(30)) == pytest.approx(2 / 10_001)


def test_holm_by_hand() -> None:
    # Sorted 0.005·4, 0.01·3, 0.03·2, then 0.04·1 raised to the 0.06 before it.
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]).tolist() == [1.0, 1.0]
    assert holm([0.02]).tolist() == [0.02]
    assert holm([]).tolist() == []


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_corrects_upwards_between_nothing_and_bonferroni(p: list[float]) -> None:
    corrected = holm(p)
    assert (corrected >= np.array(p)).all()
    assert corrected.min() == min(1, len(p) * min(p))  # Bonferroni for the smallest
    assert corrected.max() <= min(1, len(p) * max(p))
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()  # the order stays
