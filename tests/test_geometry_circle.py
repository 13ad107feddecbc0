"""Circle World: what a rotation of both towers changes, worked out by hand; how hard the two norms pull."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import LabError
from lab.geometry.circle import CircleWorld, circle_world, descend, on_circle, pull, rotation, score_loss, turn


def test_a_quarter_turn_by_hand() -> None:
    """Documents north, east, south, west, a query at each: turned by 90° every query finds its neighbour's document."""
    four = on_circle(np.array([0.0, 90.0, 180.0, 270.0]))
    turned = turn(CircleWorld(four, four), 90)
    assert np.allclose(turned.queries[0], [0, 1]) and np.allclose(turned.documents[3], [1, 0])
    assert turned.teacher_top.tolist() == turned.own_top.tolist() == [0, 1, 2, 3]
    assert turned.top.tolist() == [1, 2, 3, 0]
    assert (turned.kept, turned.kept_in_own) == (0, 4)
    assert turned.matching_loss == pytest.approx(math.sqrt(2))
    assert turned.score_loss == pytest.approx(0, abs=1e-12)


@given(st.floats(-360, 360), st.integers(0, 50))
def test_scores_never_see_the_turn_and_matching_sees_its_chord(degrees: float, seed: int) -> None:
    turned = turn(circle_world(seed=seed), degrees)
    assert turned.score_loss < 1e-12
    assert turned.kept_in_own == len(turned.queries)
    assert turned.matching_loss == pytest.approx(2 * abs(math.sin(math.radians(degrees) / 2)), abs=1e-9)


def test_the_score_loss_sees_what_one_tower_alone_does() -> None:
    world = circle_world()
    scores = world.queries @ world.documents.T
    assert score_loss(scores, world.queries @ rotation(20) @ world.documents.T) > 0.1


def test_the_world_shown_breaks_with_the_turn_and_is_whole_without() -> None:
    kept = [turn(circle_world(), degrees).kept for degrees in (0, 40, 180)]
    assert kept == [8, 0, 0]
    assert 0 < turn(circle_world(), 10).kept < 8, "a small turn breaks some, not all"
    assert np.allclose(np.linalg.norm(circle_world(5, 7).documents, axis=1), 1)


@pytest.mark.parametrize("degrees", [1.0, 40.0, 90.0, 170.0])
def test_pulls_are_those_worked_out_by_hand(degrees: float) -> None:
    """Of the vector: 1, and 2‖t − s‖. Along the circle: d/dθ 2 sin(θ/2) = cos(θ/2), and d/dθ 2(1 − cos θ) = 2 sin θ."""
    angle = math.radians(degrees)
    assert pull(degrees, "norm") == pytest.approx((1.0, math.cos(angle / 2)))
    assert pull(degrees, "squared") == pytest.approx((4 * math.sin(angle / 2), 2 * math.sin(angle)))


def test_at_the_teacher_nothing_pulls() -> None:
    assert pull(0.0, "norm") == pull(0.0, "squared") == (0.0, 0.0)


@given(st.floats(0.5, 179.5))
def test_the_square_is_twice_the_cosine_term_in_value_and_in_pull_along_the_circle(degrees: float) -> None:
    assert pull(degrees, "squared")[1] == pytest.approx(2 * pull(degrees, "cosine")[1])
    squared, cosine = descend(degrees, "squared", 0.05, 10), descend(degrees, "cosine", 0.1, 10)
    assert np.allclose(squared, cosine), "one loss, at twice the rate"


def test_the_norm_arrives_and_trembles_the_square_creeps() -> None:
    norm, square = descend(57.0, "norm", 0.1, 60), descend(57.0, "squared", 0.1, 60)
    assert norm[0] == square[0] == pytest.approx(2 * math.sin(math.radians(28.5)))
    assert (np.diff(square) < 0).all() and square[-1] < 1e-4
    assert norm[-20:].max() > 0.01 and norm[-20:].max() < 0.1, "steps of constant length pass the goal again and again"
    assert np.allclose(np.diff(norm[4:9]), -0.1, atol=0.01), "near the goal the circle is a straight line"


def test_bad_input_is_refused() -> None:
    with pytest.raises(LabError, match="two documents"):
        circle_world(3, 1)
    with pytest.raises(LabError, match="finite"):
        turn(circle_world(), float("nan"))
    with pytest.raises(LabError, match="flat"):
        turn(CircleWorld(np.eye(3), np.eye(3)), 3)
    with pytest.raises(LabError, match="rate"):
        descend(3, rate=0)
