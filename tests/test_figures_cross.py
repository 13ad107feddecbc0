"""Figures of cross encoders: what is drawn where, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from lab.errors import DataError
from lab.figures import forest, moved_query, moved_query_values, rows_of, style, token_heat, token_influence
from lab.figures.heat import MOST

IV = {"value": 0.5, "low": 0.4, "high": 0.7}


def test_the_best_point_is_the_mean_and_the_line_leads_from_it() -> None:
    vectors = np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 2.0, 0], [0, -2.0, 0]])
    line, wrong, right, best, teacher, ring = moved_query_values(vectors, [0, 0, 5.0], "abcd", [0, 1, 0, 0], chosen=2)
    assert (best["x"], best["y"]) == ([pytest.approx(0)], [pytest.approx(0)])
    assert np.hypot(ring["x"][0], ring["y"][0]) == pytest.approx(2) and line["x"][1] == ring["x"][0]
    assert len(wrong["x"]) == 3 and len(right["x"]) == 1 and right["hovertext"][0].startswith("b<br>1.00")
    # the teacher's point projects onto the middle; only the words say how far it truly is
    assert abs(teacher["x"][0]) < 1e-9 and "5.00" in teacher["hovertext"][0]


def test_the_title_tells_what_the_plane_shows() -> None:
    vectors = np.vstack([np.eye(4), -np.eye(4)])
    figure = moved_query(vectors, np.zeros(4), list("abcdefgh"), [0] * 8, "q", 0.25)
    assert "plane shows 50%" in figure.layout.title.text and "25% of the variance" in figure.layout.title.text


@pytest.mark.parametrize(
    ("names", "relevant", "chosen"), [("ab", [0, 0, 0], 0), ("abc", [0, 0], 0), ("abc", [0, 0, 0], 3)]
)
def test_moved_query_refuses(names, relevant, chosen) -> None:
    with pytest.raises(DataError):
        moved_query_values(np.eye(3), np.zeros(3), names, relevant, chosen)


def test_heat_has_a_cell_a_pair_also_where_words_repeat() -> None:
    figure = token_heat(["a", "b"], ["x", "x", "y"], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], "t")
    assert figure.data[0].z[1][2] == 0.6 and figure.layout.xaxis.ticktext == ("x", "x", "y")
    long = token_heat(["a"], ["x"] * 99, np.zeros((1, 99)), "t")
    assert len(long.data[0].z[0]) == len(long.layout.xaxis.ticktext) == MOST
    with pytest.raises(DataError, match="row a query token"):
        token_heat(["a"], ["x"], [[1.0, 2.0]], "t")


def test_influence_has_signs_beside_its_colours() -> None:
    figure = token_influence(["a", "b"], ["x", "x", "y"], [0.5, -0.01], [-1.0, 0.0, 0.2], "t")
    query, document = figure.data
    assert [list(trace.text[0]) for trace in figure.data] == [["+", ""], ["−", "", "+"]]
    assert query.zmax == document.zmax == -document.zmin == 1.0
    assert figure.layout.xaxis2.ticktext == ("x", "x", "y")
    assert len(token_influence(["a"], ["x"] * 99, [1.0], np.ones(99), "t").data[1].z[0]) == MOST
    with pytest.raises(DataError, match="one a token"):
        token_influence(["a"], ["x"], [1.0], [1.0, 2.0], "t")


def test_forest_draws_intervals_and_lines() -> None:
    figure = forest({"one": {"a": IV, "b": IV}, "two": {"a": IV, "b": IV}}, "t", "x", lines={"chance": 0.5})
    assert [trace.name for trace in figure.data] == ["one", "two", "chance"]
    assert figure.data[0].error_x.array[0] == pytest.approx(0.2) and figure.data[2].x == (0.5, 0.5)
    assert figure.data[0].y != figure.data[1].y and figure.layout.yaxis.ticktext == ("a", "b")
    assert rows_of({"a": IV, "b": IV}, {"b": "B"}) == {"B": IV}


def test_where_a_row_is_the_teacher_the_others_are_no_students() -> None:
    marker = forest({"one": {"a": IV, "b": IV}}, "t", "x", teacher="a").data[0].marker
    assert (marker.color, marker.symbol) == ((style.BLUE, style.INK), ("circle", "square"))
    with pytest.raises(DataError, match="no row"):
        forest({"one": {"a": IV}}, "t", "x", teacher="c")


def test_forest_refuses() -> None:
    with pytest.raises(DataError, match="other rows"):
        forest({"one": {"a": IV}, "two": {"b": IV}}, "t", "x")
    with pytest.raises(DataError, match="series"):
        forest({}, "t", "x")
    with pytest.raises(DataError, match="no 'c'"):
        rows_of({"a": IV}, ["c"])
