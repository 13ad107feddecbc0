from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lab.errors import DataError
from lab.evaluation import Interval
from lab.figures import quality_bars
from lab.figures.style import LOOKS, TEMPLATE, draw, look, shorten

QUALITY = {"bm25": Interval(0.6, 0.5, 0.65), "static": 0.5, "teacher": Interval(0.8, 0.7, 0.9), "yours": 0.72}


def test_engines_stand_in_one_order_with_mean_whiskers_and_words() -> None:
    figure = quality_bars(QUALITY, {"teacher": 22_700_000, "yours": 2_200_000})
    bars, tips, words = figure.data
    assert list(figure.layout.yaxis.ticktext) == ["teacher", "your student", "static student", "BM25"]
    assert list(bars.x) == [0.8, 0.72, 0.5, 0.6] == list(tips.x)
    assert np.allclose(tips.error_x.array, [0.1, 0, 0, 0.05]) and np.allclose(tips.error_x.arrayminus, [0.1, 0, 0, 0.1])
    assert words.text[0] == "<b>0.800</b> · 22.7M parameters"
    assert words.text[1] == "<b>0.720</b> · 90 % of the teacher · 2.2M parameters"
    assert words.text[3] == "<b>0.600</b> · 75 % of the teacher"


def test_bars_begin_at_zero_and_differ_by_more_than_colour() -> None:
    figure = quality_bars(QUALITY)
    assert figure.layout.xaxis.range[0] == 0
    assert len(set(figure.data[0].marker.pattern.shape)) == len(set(figure.data[1].marker.symbol)) == 4


def test_an_unknown_engine_is_drawn_under_its_own_name() -> None:
    assert quality_bars({"mine too": 0.4}).layout.yaxis.ticktext == ("mine too",)
    with pytest.raises(DataError, match="no engine to draw"):
        quality_bars({})


def test_engines_keep_their_looks_apart() -> None:
    engines = [each for name, each in LOOKS.items() if name not in ("shipped", "document", "relevant")]
    for cue in ("label", "colour", "symbol", "dash", "pattern"):
        assert len({getattr(each, cue) for each in engines}) == len(engines), cue
    teacher, student = look("teacher"), look("student")
    assert (teacher.colour, teacher.symbol) == ("#0072B2", "circle")
    assert (student.colour, student.symbol) == ("#E69F00", "triangle-up")
    assert look("relevant").symbol == "star" and look("document").colour == "#8c8c8c"
    assert dataclasses.replace(look("nobody"), label="") == dataclasses.replace(look("other"), label="")


def test_values_lie_over_the_look_of_a_trace() -> None:
    figure = draw([{"marker": {"size": 9, "color": "red"}, "name": "n"}], [{"x": [1], "marker": {"color": "blue"}}])
    assert figure.data[0].marker.size == 9 and figure.data[0].marker.color == "blue"
    assert figure.layout.template == TEMPLATE and figure.data[0].type == "scatter"
    with pytest.raises(ValueError, match="zip"):
        draw([{}, {}], [{}])


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [("short", 10, "short"), ("a b\nc", 10, "a b c"), ("one two three", 9, "one two…"), ("x" * 20, 5, "xxxx…")],
)
def test_long_text_is_cut_at_a_word(text: str, most: int, shown: str) -> None:
    assert shorten(text, most) == shown
