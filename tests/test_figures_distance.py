from __future__ import annotations

import numpy as np
import pytest

from lab.errors import DataError
from lab.figures import distance_curve, distance_values
from lab.figures.distance import POINTS, ZERO, recorded_overlap
from tests.test_figures_engines import recording

BAND, BATCHES, MEAN, GUIDE, OVERLAP, FULL = range(6)


def test_the_curve_shows_mean_and_middle_half() -> None:
    far = np.array([[0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0, 1.0]])
    values = distance_values([1, 10], far, [0.25, 0.75])
    assert values[MEAN] == {"x": [1.0, 10.0], "y": [2.0, 1.0]}
    assert values[BAND] == {"x": [1.0, 10.0, 10.0, 1.0], "y": [1.0, 1.0, 1.0, 3.0]}  # down the quartiles and back
    assert values[OVERLAP] == {"x": [1.0, 10.0], "y": [0.25, 0.75]}
    assert values[GUIDE]["y"] == [0, 0] and values[FULL]["y"] == [1, 1]


def test_step_0_has_a_place_on_the_log_axis() -> None:
    figure = distance_curve([0, 1, 2], [1.2, 1.1, 0.9], [0.1, 0.2, 0.3])
    assert list(figure.data[MEAN].x) == [ZERO, 1, 2]
    ticks = dict(zip(figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext, strict=True))
    assert figure.layout.xaxis.type == "log" and ticks[ZERO] == "0" and ticks[1000] == "1,000"


def test_a_recording_is_drawn_from_its_rows() -> None:
    kept = recording(looks=3, queries=4)
    values = distance_values(kept)
    by_hand = [
        np.mean([len(set(kept.rows[look, q]) & set(kept.teacher_rows[q])) / 10 for q in range(4)]) for look in range(3)
    ]
    assert values[OVERLAP]["y"] == pytest.approx(by_hand)
    assert recorded_overlap(kept).shape == (3, 4) and 0 < np.mean(by_hand) < 1
    assert values[MEAN]["y"] == [1.0, 1.0, 1.0]


def test_nothing_seen_yet_is_a_figure_too() -> None:
    empty, full = (
        distance_curve(()),
        distance_curve([0, 5], [[1.0, 2.0], [0.5, 1.0]], [0.1, 0.5], batches=([1, 2], [1.0, 0.9])),
    )
    assert [trace.name for trace in empty.data] == [trace.name for trace in full.data]
    assert [len(empty.data[place].x) for place in (BAND, BATCHES, MEAN, OVERLAP)] == [0, 0, 0, 0]
    assert all(len(full.data[place].x) for place in range(6))


def test_distances_may_be_missing_while_the_overlap_is_known() -> None:
    values = distance_values([0, 1], None, [0.2, 0.4])
    assert values[MEAN]["y"] == [] and values[OVERLAP]["y"] == [0.2, 0.4]


def test_the_axis_reaches_steps_that_are_still_to_come() -> None:
    assert distance_values([0, 1], [1, 1], [0, 0], last=500)[GUIDE]["x"] == [ZERO, 500]
    assert distance_values([0, 700], [1, 1], [0, 0], last=500)[GUIDE]["x"] == [ZERO, 700]


def test_thousands_of_batches_become_means_of_stretches() -> None:
    steps = np.arange(1, 5001)
    shown = distance_values((), batches=(steps, 2.0 - steps / 5000))[BATCHES]
    assert 100 < len(shown["x"]) <= POINTS
    assert shown["x"] == sorted(shown["x"]) and shown["x"][0] == 1
    # a mean of a straight line lies on the line
    assert np.allclose(shown["y"], 2.0 - np.array(shown["x"]) / 5000)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1, 2], [1.0], [0.1, 0.2]), r"distances of shape \(1,\) for 2 steps"),
        (([1, 2], [1.0, 1.0], [0.1]), r"overlap of shape \(1,\) for 2 steps"),
        (([1, 2], [1.0, float("nan")], [0.1, 0.2]), "distances of shape"),
    ],
)
def test_values_that_do_not_fit_are_refused(arguments: tuple, said: str) -> None:
    with pytest.raises(DataError, match=said):
        distance_curve(*arguments)
    with pytest.raises(DataError, match="one distance a step"):
        distance_curve((), batches=([1, 2], [0.3]))
