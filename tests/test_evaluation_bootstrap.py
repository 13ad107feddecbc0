"""Intervals: hand-computed cases, exact invariances, seeds, bad input."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.evaluation.bootstrap import (
    Interval,
    difference_interval,
    holm,
    mean_interval,
    mean_intervals,
    normalised_gain_interval,
    p_value,
    ratio_interval,
)

RNG = np.random.default_rng(7)
TEACHER = RNG.beta(4, 2, 300)
STUDENT = np.clip(TEACHER + RNG.normal(-0.03, 0.1, 300), 0, 1)
BM25 = np.clip(TEACHER - RNG.uniform(0.0, 0.4, 300), 0, 1)


def test_an_interval_prints_itself() -> None:
    interval = Interval(0.9468, 0.931, 0.9624)
    assert str(interval) == "0.947 [0.931, 0.962]"
    assert interval.level == 0.95


def test_all_resamples_of_three_queries_by_hand() -> None:
    # 27 equally likely draws of (0, 0, 3): mean 0 in 8, 1 in 12, 2 in 6, 3 in 1 of them.
    means = sorted(sum(draw) / 3 for draw in itertools.product([0, 0, 3], repeat=3))
    assert [means.count(m) for m in (0, 1, 2, 3)] == [8, 12, 6, 1]
    assert mean_interval([0, 0, 3]) == Interval(1.0, 0.0, 3.0)  # the 3 has 3.7 %, more than the 2.5 % cut off
    assert mean_interval([0, 0, 3], level=0.9) == Interval(1.0, 0.0, 2.0, 0.9)  # less than the 5 % cut off
    assert mean_interval([0, 0, 3], level=0.2) == Interval(1.0, 1.0, 1.0, 0.2)  # 40 % to 60 % all lies at 1


def test_means_of_several_measures_have_the_bounds_they_have_alone() -> None:
    assert mean_intervals([TEACHER, STUDENT, BM25], level=0.9) == [
        mean_interval(values, level=0.9) for values in (TEACHER, STUDENT, BM25)
    ]


@pytest.mark.parametrize("values", [[], [TEACHER, TEACHER[1:]]])
def test_measures_of_other_queries_are_not_drawn_together(values: list[Any]) -> None:
    with pytest.raises(DataError, match="all of the same queries"):
        mean_intervals(values)


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    values = np.tile([0.0, 1.0], 200)  # variance 1/4, so the mean of 400 has standard error 1/40
    interval = mean_interval(values, resamples=40_000)
    assert interval.value == 0.5
    assert interval.low == pytest.approx(0.5 - 1.96 / 40, abs=0.003)
    assert interval.high == pytest.approx(0.5 + 1.96 / 40, abs=0.003)
    narrow = mean_interval(values, level=0.5, resamples=40_000)
    assert narrow.high - narrow.low == pytest.approx(2 * 0.6745 / 40, abs=0.003)


def test_a_ratio_by_hand() -> None:
    interval = ratio_interval([0.5, 0.25, 1.0], [1.0, 0.5, 2.0])
    assert (interval.value, interval.low, interval.high) == (0.5, 0.5, 0.5)  # half on every query: no doubt
    # Two queries, ratios of the four draws: 1/2, 1/1, 1/1, (0.5 + 1)/(1 + 1) = 3/4 twice.
    assert ratio_interval([0.5, 1.0], [1.0, 1.0]) == Interval(0.75, 0.5, 1.0)


def test_pairing_matters() -> None:
    paired = ratio_interval(STUDENT, TEACHER)
    shuffled = ratio_interval(np.random.default_rng(0).permutation(STUDENT), TEACHER)
    assert shuffled.value == pytest.approx(paired.value)
    assert shuffled.high - shuffled.low > 1.5 * (paired.high - paired.low)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=40))
def test_equal_engines_differ_by_exactly_nothing(values: list[float]) -> None:
    assert difference_interval(values, values, resamples=200) == Interval(0.0, 0.0, 0.0)
    assert ratio_interval(values, values, resamples=200) == Interval(1.0, 1.0, 1.0)
    assert p_value(values, values, resamples=200) == 1.0
    below = np.array(values) - 0.005
    assert normalised_gain_interval(values, values, below, resamples=200).interval == Interval(1.0, 1.0, 1.0)


def test_the_order_of_the_queries_does_not_matter() -> None:
    order = np.random.default_rng(3).permutation(len(TEACHER))
    here, there = ratio_interval(STUDENT, TEACHER), ratio_interval(STUDENT[order], TEACHER[order])
    width = here.high - here.low
    assert there.value == pytest.approx(here.value)
    assert abs(there.low - here.low) < 0.1 * width
    assert abs(there.high - here.high) < 0.1 * width


def test_swapping_and_scaling() -> None:
    forward, back = difference_interval(STUDENT, TEACHER), difference_interval(TEACHER, STUDENT)
    assert back.value == -forward.value
    assert back.low == pytest.approx(-forward.high, abs=1e-4)
    assert p_value(STUDENT, TEACHER) == p_value(TEACHER, STUDENT)
    one, ten = ratio_interval(STUDENT, TEACHER), ratio_interval(10 * STUDENT, 10 * TEACHER)
    assert (ten.value, ten.low, ten.high) == pytest.approx((one.value, one.low, one.high))


def test_one_rng_seed_one_result() -> None:
    assert ratio_interval(STUDENT, TEACHER) == ratio_interval(STUDENT, TEACHER)
    assert ratio_interval(STUDENT, TEACHER, rng_seed=1) != ratio_interval(STUDENT, TEACHER)


def test_the_gain_over_bm25() -> None:
    gain = normalised_gain_interval(STUDENT, TEACHER, BM25)
    assert gain.interval is not None
    expected = (STUDENT.mean() - BM25.mean()) / (TEACHER.mean() - BM25.mean())
    assert gain.interval.value == pytest.approx(expected)
    assert gain.interval.low < expected < gain.interval.high
    assert gain.teacher_over_bm25 == difference_interval(TEACHER, BM25)
    assert gain.student_over_bm25 == difference_interval(STUDENT, BM25)
    assert not gain.failed
    assert str(gain) == str(gain.interval)


def test_no_gain_where_the_teacher_is_not_above_bm25() -> None:
    just_below = TEACHER + np.where(np.arange(300) % 2, 0.1, -0.11)  # above on average, but not beyond doubt
    gain = normalised_gain_interval(STUDENT, TEACHER, just_below)
    assert gain.interval is None
    assert gain.teacher_over_bm25.value == pytest.approx(0.005)
    assert "not above BM25 beyond the 95% interval" in gain.reason
    assert str(gain).startswith("not defined: the teacher")


def test_a_student_below_bm25_failed() -> None:
    gain = normalised_gain_interval(BM25 - 0.05, TEACHER, BM25)
    assert gain.failed
    assert gain.interval is not None
    assert gain.interval.value < 0


def test_resamples_without_a_gain_count_at_both_ends_by_hand() -> None:
    # Of 27 draws, by how often the third query is in them: 8 give the gain 1 − 0.5/3, 12 give 1 − 0.5/(5/3),
    # 6 give 1 − 0.5/(1/3), and 1 has the teacher below BM25 and no gain.
    above = np.array([3.0, 3.0, -1.0])

    def ends(level: float) -> tuple[float, float]:
        gain = normalised_gain_interval(above - 0.5, above, np.zeros(3), level=level, resamples=200_000)
        interval = gain.interval
        assert interval is not None
        assert interval.value == pytest.approx(0.7)
        return interval.low, interval.high

    assert ends(0.50)[0] == pytest.approx(-0.5)  # 7 of 27 draws at or below; without the one only 6 of 26
    assert ends(0.36)[1] == pytest.approx(1 - 0.5 / 3)  # above 18 of 27 draws; without the one above 18 of 26


def test_seeds_that_agree_change_nothing() -> None:
    three = np.stack([STUDENT] * 3)
    for one, many in ((mean_interval(STUDENT), mean_interval(three)),
                      (ratio_interval(STUDENT, TEACHER), ratio_interval(three, TEACHER)),
                      (difference_interval(STUDENT, TEACHER), difference_interval(three, TEACHER))):
        assert (many.value, many.low, many.high) == pytest.approx((one.value, one.low, one.high))
    assert p_value(three, TEACHER) == p_value(STUDENT, TEACHER)
    gains = [normalised_gain_interval(s, TEACHER, BM25).interval for s in (STUDENT, three)]
    assert gains[0] is not None
    assert gains[1] is not None
    assert gains[1].low == pytest.approx(gains[0].low)


def test_the_spread_of_seeds_alone_by_hand() -> None:
    # Equal queries, two seeds: a quarter of the draws each for both ends, half in the middle.
    interval = mean_interval([[0.0] * 5, [1.0] * 5])
    assert interval == Interval(0.5, 0.0, 1.0)
    assert mean_interval([[0.0] * 5, [1.0] * 5], level=0.4) == Interval(0.5, 0.5, 0.5, 0.4)
    paired = difference_interval([[0.0] * 5, [1.0] * 5], [[0.5] * 5, [1.5] * 5])
    assert paired == Interval(-0.5, -0.5, -0.5)


def test_one_query_has_no_spread() -> None:
    assert mean_interval([0.4]) == Interval(0.4, 0.4, 0.4)


def test_ten_thousand_resamples_of_a_thousand_queries_take_under_a_second() -> None:
    values = np.random.default_rng(0).random(1000)
    started = time.process_time()  # not the clock on the wall: other work may share the processor
    ratio_interval(values, values + 0.1)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(("call", "message"), [
    (lambda: mean_interval([]), r"shape \(0,\)"),
    (lambda: mean_interval(np.zeros((2, 2, 2))), r"shape \(2, 2, 2\)"),
    (lambda: mean_interval([0.5, np.nan]), "1 values are NaN"),
    (lambda: mean_interval([0.5], level=1.0), "level = 1.0"),
    (lambda: mean_interval([0.5], resamples=0), "resamples = 0"),
    (lambda: difference_interval([0.5], [0.5, 0.6]), "cannot be paired"),
    (lambda: difference_interval([[0.5], [0.5]], [[0.5], [0.5], [0.5]]), "cannot be paired"),
    (lambda: ratio_interval([0.5], [[0.5], [0.5]]), r"teacher has the shape \(2, 1\)"),
    (lambda: ratio_interval([0.0, 0.0], [0.0, 0.0]), "teacher scores 0 on 2 of 2"),
    (lambda: ratio_interval([0.5, 0.5], [1.0, 0.0]), "teacher scores 0 on 1 of 2"),
    (lambda: normalised_gain_interval([0.5], [0.5], [[0.5]]), "bm25 has the shape"),
    (lambda: normalised_gain_interval([0.5] * 2, [0.5] * 2, [0.1] * 3), "cannot be paired"),
    (lambda: holm([0.5, 1.5]), "from 0 to 1"),
    (lambda: holm([0.5, np.nan]), "from 0 to 1"),
])
def test_bad_input_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()
