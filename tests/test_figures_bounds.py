from __future__ import annotations

import numpy as np
import pytest

from lab.figures import bound_scatter, bound_values, gap_bars, gap_scatter, gap_values, guarantee_curve
from lab.figures.bounds import TERMS
from lab.geometry import GapBound, score_bound

BOUND = GapBound(
    deviation=0.1, queries=0.9, documents=0.0, teacher=0.02, labels=0.8, gap=0.03, scale=1.0, possible=0.76
)  # fmt: skip


def pairs(seed: int = 0) -> tuple:
    random = np.random.default_rng(seed)
    t, s, d = (random.normal(size=(rows, 6)) for rows in (8, 8, 40))
    found = score_bound(t, s, d)
    return found, np.argsort(np.argsort(-(t @ d.T), axis=1), axis=1) < 3


def test_the_scatter_shows_pairs_of_both_kinds_under_the_diagonal() -> None:
    bound, nearest = pairs()
    other, near, diagonal, spread, near_spread = bound_values(bound, nearest, shown=100)
    assert (len(other["x"]), len(near["x"])) == (100, 24)
    assert all(y <= x + 1e-4 for dots in (other, near) for x, y in zip(dots["x"], dots["y"], strict=True))
    assert diagonal["x"] == diagonal["y"] and diagonal["x"][1] >= max(other["x"] + near["x"])
    assert sum(spread["y"]) == pytest.approx(1) and sum(near_spread["y"]) == pytest.approx(1)


def test_the_drawn_pairs_are_those_of_their_kind() -> None:
    bound, nearest = pairs(1)
    near = bound_values(bound, nearest, shown=10**6)[1]
    wanted = zip(bound.bound[nearest].round(4), bound.change[nearest].round(4), strict=True)
    assert sorted(zip(near["x"], near["y"], strict=True)) == sorted(wanted)


def test_the_distribution_is_of_all_pairs_and_the_heading_counts_them() -> None:
    bound, nearest = pairs()
    few, many = bound_values(bound, nearest, shown=1), bound_values(bound, nearest)
    assert few[3] == many[3] and len(few[0]["x"]) == 1
    assert "320 of 320 pairs" in bound_scatter(bound, nearest).layout.title.text


def test_the_bars_add_up_and_the_line_is_where_nothing_is_said() -> None:
    *terms, measured, line = gap_values(BOUND)
    assert sum(bar["x"][0] for bar in terms) == pytest.approx(BOUND.total) and len(terms) == len(TERMS)
    assert measured["x"] == [0.03] and line["x"] == [0.76, 0.76]
    figure = gap_bars(BOUND)
    assert figure.layout.barmode == "stack" and "vacuous" in figure.layout.title.text
    looks = {(bar.marker.color, bar.marker.pattern.shape) for bar in figure.data[: len(TERMS)]}
    assert len(looks) == len({shape for _, shape in looks}) == len(TERMS), "a second cue beside colour"


def test_a_bound_that_says_something_is_not_called_vacuous() -> None:
    tight = GapBound(0.1, 0.2, 0.0, 0.0, 0.1, 0.03, 1.0, 0.76)
    assert "vacuous" not in gap_bars(tight).layout.title.text


def test_curve_and_scatter_draw_what_they_are_given() -> None:
    figure = guarantee_curve([0.01, 0.1], [1.0, 0.2], [1.0, 0.9])
    assert [list(trace.y) for trace in figure.data] == [[1.0, 0.9], [1.0, 0.2]]
    students = [
        {"changes": {"collection": name, "student": "tenth"}, "distance": far, "gap": gap}
        for name, far, gap in (("wiki", 0.5, 0.1), ("pydocs", 0.6, 0.2), ("wiki", 0.7, 0.3))
    ]
    wiki, pydocs = gap_scatter(students).data
    assert (list(wiki.x), list(wiki.y), list(pydocs.x)) == ([0.5, 0.7], [0.1, 0.3], [0.6])
    assert wiki.marker.symbol != pydocs.marker.symbol and wiki.text[0] == "student tenth"
