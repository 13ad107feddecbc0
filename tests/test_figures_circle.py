"""Circle World and the two pulls, drawn: figures by their values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lab.figures.circle import circle_figure, circle_values
from lab.figures.pull import pull_figure, pull_values
from lab.geometry.circle import circle_world, turn

(CIRCLE, SAME, OTHER, DOCS, OWN_DOCS, TEACHER, STUDENT, SCORE, MATCHING, NOW, _, OWN, INDEX, KEPT_NOW, _) = range(15)
WORLD = circle_world()


def lines(values: dict) -> int:
    """Chords in a trace: each is a mark, a gap, two ends, a gap."""
    return sum(size > 0 for size in values["marker"]["size"])


@pytest.mark.parametrize("degrees", [0, 10, 40, 180])
def test_chords_are_the_searches_in_the_teachers_index(degrees: int) -> None:
    turned = turn(WORLD, degrees)
    values = circle_values(turned)
    assert (lines(values[SAME]), lines(values[OTHER])) == (turned.kept, 8 - turned.kept)
    ends = {point for trace in (SAME, OTHER) for point in zip(values[trace]["x"], values[trace]["y"], strict=True)}
    assert set(map(tuple, WORLD.documents[turned.top].tolist())) <= ends
    assert values[KEPT_NOW]["y"] == [8, turned.kept] and values[NOW]["x"] == [degrees, degrees]
    assert f"{turned.kept} of 8 in the teacher's index" in circle_figure(turned).layout.title.text


def test_all_of_it_lies_on_the_circle_and_the_curves_are_the_losses() -> None:
    values = circle_values(turn(WORLD, 40))
    for trace in (CIRCLE, DOCS, OWN_DOCS, TEACHER, STUDENT):
        assert np.allclose(np.hypot(values[trace]["x"], values[trace]["y"]), 1)
    assert max(values[SCORE]["y"]) < 1e-12 and set(values[OWN]["y"]) == {8}
    chords = [2 * math.sin(math.radians(angle) / 2) for angle in values[MATCHING]["x"]]
    assert values[MATCHING]["y"] == pytest.approx(chords)
    assert values[INDEX]["y"][0] == 8 and values[INDEX]["y"][-1] == 0


def test_teacher_and_student_differ_by_more_than_colour() -> None:
    figure = circle_figure(turn(WORLD, 40))
    symbols = [figure.data[trace].marker.symbol for trace in (SAME, OTHER, DOCS, OWN_DOCS, TEACHER, STUDENT)]
    assert len(set(symbols)) >= 5 and figure.data[SAME].marker.symbol != figure.data[OTHER].marker.symbol
    assert figure.data[SCORE].line.dash != figure.data[MATCHING].line.dash
    assert figure.data[SAME].line.dash != figure.data[OTHER].line.dash


def test_the_number_of_traces_and_of_legend_entries_never_changes() -> None:
    for degrees in (0, 180):
        figure = circle_figure(turn(WORLD, degrees))
        assert len(figure.data) == 15 and all(len(trace.x) for trace in figure.data)


def test_pulls_are_constant_and_proportional() -> None:
    norm, square, norm_along, square_along, walk, other = pull_values(rate=0.1, steps=30)
    assert norm["y"] == pytest.approx([1.0] * len(norm["x"]))
    assert square["y"] == pytest.approx([2 * far for far in square["x"]])
    assert all(along <= free + 1e-9 for along, free in zip(norm_along["y"], norm["y"], strict=True))
    assert max(square_along["y"]) == pytest.approx(2, abs=0.01)
    assert min(walk["y"]) > 0.01 > other["y"][-1], "the norm trembles, its square creeps on"
    assert len(walk["x"]) == 31 and walk["y"][0] == other["y"][0]


def test_the_pulls_are_drawn_with_a_second_cue() -> None:
    figure = pull_figure()
    assert len({trace.line.dash for trace in figure.data[:4]}) == 4
    assert figure.data[4].marker.symbol != figure.data[5].marker.symbol and figure.layout.yaxis2.type == "log"
