"""Figures of made queries: what is marked, what is counted, where points stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DataError
from lab.figures import (
    coverage_curves,
    morph_strip,
    morph_values,
    noise_curve,
    variant_distances,
    variant_distances_values,
)
from lab.figures.morph import LOST, marked
from lab.generation.explore import Variants

WORDS = st.lists(st.sampled_from(["fox", "the", "is", "White?", "<b>"]), min_size=1, max_size=7).map(" ".join)


@pytest.mark.parametrize(
    ("made", "changed"),
    [
        ("which fox is white?", []),
        ("Which wolf is white", ["wolf"]),
        ("which is white", [LOST]),
        ("which old fox is white", ["old"]),
        ("lava flows", ["lava", "flows"]),
    ],
)
def test_changed_words_are_marked_and_lost_ones_leave_a_caret(made: str, changed: list[str]) -> None:
    found = marked("Which fox is white", made)
    assert [word for word, new in found if new] == changed
    assert [word for word, _ in found if word != LOST] == made.split()


@given(WORDS, WORDS)
def test_every_made_word_is_shown_once(source: str, made: str) -> None:
    found = marked(source, made)
    assert [word for word, _ in found if word != LOST] == made.split()
    assert (marked(source, source)) == [(word, False) for word in source.split()]


def strip(source: str, sigmas: tuple[float, ...], texts: list[str], kept: list[bool], found: list[str]) -> Variants:
    """What an explorer would have seen, without the distances, which a strip does not show."""
    nowhere = np.zeros(len(texts))
    return Variants(source, "F", sigmas, tuple(texts), np.array(kept), tuple(found), nowhere, nowhere, tuple(texts))


def test_the_strip_has_a_row_a_sigma_and_a_badge_for_each() -> None:
    figure = morph_strip(
        strip("which fox", (0, 1, 2), ["which fox", "a fox", "lava"], [True, True, False], ["F", "F", "L"])
    )
    texts, same, gone = figure.data
    assert list(texts.y) == [0, 1, 2, 3] and list(same.y) == [1, 2] and list(gone.y) == [3]
    assert "<u>" not in texts.text[1] and texts.text[2].count("<u>") == 1 and "lava</span>" in texts.text[3]
    assert gone.text[0].strip() == "L" and gone.marker.symbol != same.marker.symbol
    assert list(figure.layout.yaxis.ticktext) == ["as asked", "σ 0", "σ 1", "σ 2"]
    assert "its top document: F" in figure.layout.title.text


def test_long_texts_are_cut_and_empty_ones_said() -> None:
    values = morph_values(strip("fox", (1, 2), ["word " * 60, ""], [True, False], ["F", "G"]))
    assert values[0]["text"][1].endswith("…") and "(nothing)" in values[0]["text"][2] or LOST in values[0]["text"][2]
    assert "&lt;i&gt;" in morph_values(strip("fox", (1,), ["<i>"], [True], ["F"]))[0]["text"][1]
    with pytest.raises(DataError, match="one of each a row"):
        morph_values(strip("fox", (1,), ["a", "b"], [True], ["F"]))


def test_coverage_curves_differ_in_more_than_colour() -> None:
    radii = np.linspace(0, 1, 5)
    figure = coverage_curves(radii, {"observed": radii / 2, "generated": radii, "sentences": radii**2})
    cues = {(trace.line.dash, trace.marker.symbol) for trace in figure.data}
    assert len(cues) == 3 and [trace.name for trace in figure.data] == ["observed", "generated", "sentences"]
    assert list(figure.data[1].y) == radii.tolist()
    with pytest.raises(DataError, match="as the radii"):
        coverage_curves(radii, {"short": radii[:2]})
    with pytest.raises(DataError, match="one to seven"):
        coverage_curves(radii, {})


def test_noise_curve_draws_intervals_around_the_value() -> None:
    rows = [
        {"sigma": s, "top document kept": {"value": v, "low": v - 0.1, "high": v + 0.05}, "words edited": s / 4,
         "rebuilt exactly": 1 - s / 4}
        for s, v in ((0.0, 0.9), (1.0, 0.6))
    ]  # fmt: skip
    figure = noise_curve(rows, chosen=1.0)
    assert list(figure.data[0].y) == [0.9, 0.6]
    assert list(figure.data[0].error_y.array) == pytest.approx([0.05, 0.05])
    assert list(figure.data[0].error_y.arrayminus) == pytest.approx([0.1, 0.1])
    assert list(figure.data[3].x) == [1.0, 1.0] and not noise_curve(rows).data[3].x
    with pytest.raises(DataError, match="no row"):
        noise_curve([])


def test_landing_sorts_points_by_what_they_still_find() -> None:
    arguments = (["a", "<b>"], [0.1, 0.9], [0.5, 0.3], [True, False], ["n1", "n2"])
    kept, gone, line = variant_distances_values(*arguments)
    assert (kept["x"], kept["y"]) == ([0.1], [0.5]) and (gone["x"], gone["y"]) == ([0.9], [0.3])
    assert "&lt;b&gt;" in gone["hovertext"][0] and "n2" in gone["hovertext"][0] and line["x"] == line["y"]
    assert [len(trace.x) for trace in variant_distances(*arguments).data] == [1, 1, 2]
    with pytest.raises(DataError, match="give one a text"):
        variant_distances_values(["a"], [0.1, 0.2], [0.1], [True], ["n"])
