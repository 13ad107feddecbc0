"""The map, the landing map, similarities and what a map loses: by values."""

from __future__ import annotations

import numpy as np
import pytest

from lab.errors import DataError
from lab.figures import (
    Chosen,
    chosen_values,
    document_map,
    document_map_values,
    landing_map,
    landing_map_values,
    map_loss_bars,
    map_loss_values,
    similarity_distributions,
    similarity_values,
)
from lab.figures.atlas import FEW, STILL, largest_topics, topic_names
from lab.figures.landing import SHOWN
from lab.geometry import MapLoss, PairSimilarities
from lab.panels import LiveFigure

DOCUMENTS, QUESTIONS, SPOKES, QUESTION, STARS, RINGS, LIST = range(7)
PLACES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [5.0, 5.0], [6.0, 5.0]])
NAMES = ["Zero", "One <b>", "Two", "Three", "Four"]
KINDS = ["Art", "Art", "Art", "Law", "Uncategorized"]


def chosen(relevant: frozenset[int] = frozenset({2})) -> Chosen:
    return Chosen("who & what?", (0.5, 0.5), [1, 2], relevant)


def test_the_map_shows_every_document_its_topic_and_the_questions() -> None:
    values = document_map_values(PLACES, NAMES, KINDS, questions=(PLACES[:2], ["a?", "b<"]))
    assert values[DOCUMENTS]["x"] == PLACES[:, 0].tolist() and values[DOCUMENTS]["y"] == PLACES[:, 1].tolist()
    assert values[DOCUMENTS]["hovertext"] == [
        "Zero<br>Art", "One &lt;b&gt;<br>Art", "Two<br>Art", "Three<br>Law", "Four<br>other"
    ]  # fmt: skip
    assert [name["text"] for name in topic_names(PLACES, KINDS)] == ["<b>Art</b>", "<b>Law</b>"]
    assert values[QUESTIONS]["hovertext"] == ["a?", "b&lt;"] and values[QUESTIONS]["x"] == [0.0, 1.0]
    assert all(trace["x"] == [] for trace in values[STILL:])


def test_a_choice_lights_its_documents_and_lists_them() -> None:
    spokes, question, stars, rings, listed = chosen_values(chosen(), PLACES, NAMES)
    assert spokes["x"] == [0.5, 1.0, None, 0.5, 0.0, None] and spokes["y"] == [0.5, 0.0, None, 0.5, 1.0, None]
    assert (stars["x"], stars["y"]) == ([0.0], [1.0])
    assert rings["hovertext"] == ["1. One &lt;b&gt;", "2. Two"] and rings["x"] == [1.0, 0.0]
    assert (question["x"], question["y"], question["hovertext"]) == ([0.5], [0.5], ["who &amp; what?"])
    assert listed["text"] == ["<b>who &amp; what?</b>", "\u00a0", "1. One &lt;b&gt;", "2. Two ★"]
    assert len(listed["x"]) == len(listed["y"]) == len(listed["hovertext"]) == 4
    assert all(listed["text"]), "plotly never fills a text that was once empty"
    assert sorted(listed["y"], reverse=True) == listed["y"] and min(listed["y"]) > 0


def test_a_relevant_document_that_was_not_found_is_named_and_starred() -> None:
    _, _, stars, _, listed = chosen_values(chosen(frozenset({3})), PLACES, NAMES)
    assert (stars["x"], stars["y"]) == ([5.0], [5.0])
    assert listed["text"][-1] == "not found: Three ★"
    assert "★" not in "".join(chosen_values(chosen(frozenset()), PLACES, NAMES)[-1]["text"])


def test_a_long_question_and_ten_documents_fit_the_list() -> None:
    places, names = np.random.default_rng(0).normal(size=(20, 2)), ["a very long title of an article " * 3] * 20
    listed = chosen_values(Chosen("word " * 60, (0, 0), list(range(10)), {12}), places, names)[-1]
    assert max(len(line) for line in listed["text"]) < 50 and min(listed["y"]) >= 0


@pytest.mark.parametrize(("documents", "most", "kind", "drawn"), [
    (FEW, None, "scatter", FEW), (FEW + 1, None, "scattergl", FEW + 1), (FEW + 1, 900, "scatter", 900),
])  # fmt: skip
def test_webgl_is_taken_only_for_many_points(documents: int, most: int | None, kind: str, drawn: int) -> None:
    places = np.random.default_rng(0).normal(size=(documents, 2))
    figure = document_map(places, [str(i) for i in range(documents)], most=most)
    assert figure.data[DOCUMENTS].type == kind and len(figure.data[DOCUMENTS].x) == drawn
    # WebGL lies above all SVG: what is to be seen on the map must be of the same kind
    assert [trace.type for trace in figure.data] == [kind] * 6 + ["scatter"]
    row = int(figure.data[DOCUMENTS].hovertext[5])
    assert figure.data[DOCUMENTS].x[5] == places[row, 0]


def test_topics_are_named_by_size_where_they_are_densest_and_apart() -> None:
    assert largest_topics(["b", "a", "a", "Uncategorized", "", "b", "c"], 2) == ["a", "b"]
    random = np.random.default_rng(0)
    # both topics are densest in one place; the smaller one's name has to step aside
    places = np.concatenate([random.normal(size=(400, 2)), random.normal(size=(300, 2)), [[9, 9], [-9, -9]]])
    kinds = ["Large topic"] * 400 + ["Small topic"] * 300 + ["Corner", "Corner"]
    names = topic_names(places, kinds)
    assert [name["text"] for name in names] == ["<b>Large topic</b>", "<b>Small topic</b>", "<b>Corner</b>"]
    drawn = document_map(places, [""] * 702, kinds).layout.annotations
    assert [(name.text, name.x, name.y) for name in drawn] == [(name["text"], name["x"], name["y"]) for name in names]
    assert np.hypot(names[0]["x"], names[0]["y"]) < 1.5
    cell = 18 / 36
    assert abs(names[0]["y"] - names[1]["y"]) > 2 * cell or abs(names[0]["x"] - names[1]["x"]) > 5 * cell


def test_a_live_map_takes_the_values_of_a_choice() -> None:
    live = LiveFigure(document_map(PLACES, NAMES, KINDS))
    live.show([{} for _ in range(STILL)] + chosen_values(chosen(), PLACES, NAMES), now=True)
    wanted = document_map(PLACES, NAMES, KINDS, chosen=chosen())
    for ours, theirs in zip(live.figure().data, wanted.data, strict=True):
        assert (list(ours.x), list(ours.y), ours.text) == (list(theirs.x), list(theirs.y), theirs.text)


def test_positions_must_fit_and_axes_may_be_named() -> None:
    with pytest.raises(DataError, match=r"shape \(5, 2\) for 4 names"):
        document_map(PLACES, NAMES[:4])
    with pytest.raises(DataError, match=r"shape \(1, 2\) for 2 questions"):
        document_map(PLACES, NAMES, questions=(PLACES[:1], ["a", "b"]))
    figure = document_map(PLACES, NAMES, axes=("first", "second"), title="PCA, 9 %")
    assert (figure.layout.xaxis.title.text, figure.layout.title.text) == ("first", "PCA, 9 %")


# --- the landing map


def test_lines_join_teacher_and_student_of_a_question() -> None:
    teacher, student = PLACES[:3], PLACES[2:]
    ground, same, other, t, s = landing_map_values(PLACES, teacher, student, ["a", "b", "c"], [True, False, True])
    assert len(ground["x"]) == 5
    assert same["x"] == [0, 0, None, 0, 6, None] and same["y"] == [0, 1, None, 1, 5, None]
    assert other["x"] == [1, 5, None] and other["y"] == [0, 5, None]
    assert t["x"] == [0, 1, 0] and s["x"] == [0, 5, 6] and s["hovertext"] == ["a", "b", "c"]


def test_a_moving_student_moves_nothing_else() -> None:
    random = np.random.default_rng(0)
    ground, teacher = random.normal(size=(5_000, 2)), random.normal(size=(30, 2))
    before = landing_map(ground, teacher, teacher + 0.1)
    after = landing_map(ground, teacher, teacher + 9)
    assert before.layout.xaxis.range == after.layout.xaxis.range
    assert before.data[0].x == after.data[0].x and before.data[3].x == after.data[3].x
    assert len(before.data[0].x) == SHOWN and {trace.type for trace in before.data} == {"scatter"}
    live = LiveFigure(before)
    live.show(landing_map_values(ground, teacher, teacher + 9), now=True)
    assert live.figure().data[4].x == after.data[4].x and live.figure().data[1].y == after.data[1].y
    assert sum(len(trace.x) for trace in before.data) < 1_600


def test_landings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="3 places of the teacher, 2 of the student"):
        landing_map(PLACES, PLACES[:3], PLACES[:2])
    with pytest.raises(DataError, match="student of shape"):
        landing_map(PLACES, PLACES[:3], np.full((3, 2), np.inf))


# --- similarities


def test_shares_of_each_kind_add_up_to_one_and_means_are_marked() -> None:
    random = np.random.default_rng(0)
    found = PairSimilarities(random.uniform(0.3, 1, 50), random.uniform(0.1, 0.8, 70), random.uniform(-0.3, 0.3, 90))
    values = similarity_values(found)
    assert all(sum(area["y"]) == pytest.approx(1) for area in values[:3])
    assert values[3]["x"] == pytest.approx([found.random.mean(), found.hard.mean(), found.relevant.mean()])
    assert values[3]["text"][2].startswith("relevant<br>mean 0.6")
    assert all(min(area["x"]) >= -1.05 and max(area["x"]) <= 1.05 for area in values[:3])


def test_a_cosine_falls_into_the_bin_around_it() -> None:
    found = PairSimilarities(np.array([1.0]), np.array([0.0]), np.array([-1.0, 0.04]))
    values = similarity_values(found)
    assert dict(zip(values[2]["x"], values[2]["y"], strict=True)) == pytest.approx({0.96: 0.0, 1.0: 1.0}, abs=1e-9)
    peaks = [x for x, y in zip(values[0]["x"], values[0]["y"], strict=True) if y]
    assert peaks == pytest.approx([-1.0, 0.04])
    with pytest.raises(DataError, match="no pair of the kind 'hard'"):
        similarity_distributions(PairSimilarities(np.ones(1), np.empty(0), np.ones(1)))


# --- what a map loses


def loss(*overlap: float, k: int = 4) -> MapLoss:
    return MapLoss(np.array(overlap), 0.9, k, 0.01)


def test_bars_count_documents_by_kept_neighbours() -> None:
    first, second = map_loss_values({"UMAP": loss(0, 0.25, 0.25, 1), "PCA": loss(0, 0)})
    assert first["x"] == [0, 1, 2, 3, 4] and first["y"] == [0.25, 0.5, 0, 0, 0.25]
    assert second["y"] == [1, 0, 0, 0, 0]
    figure = map_loss_bars({"UMAP": loss(0, 0.25, 0.25, 1), "PCA": loss(0, 0)})
    assert figure.data[0].name == "UMAP: 1.5 of 4 kept on average, trustworthiness 0.900"
    assert len({trace.marker.pattern.shape for trace in figure.data[:2]}) == 2


def test_maps_looked_at_in_different_ways_are_not_compared() -> None:
    for losses in ({}, {"a": loss(1), "b": loss(1, k=5)}, {name: loss(1) for name in "abcd"}):
        with pytest.raises(DataError, match="give one to three maps"):
            map_loss_bars(losses)


def test_colour_is_never_the_only_cue() -> None:
    figure = document_map(PLACES, NAMES, KINDS, questions=(PLACES[:1], ["a"]), chosen=chosen())
    marked = [figure.data[place].marker for place in (STARS, RINGS, QUESTION)]
    assert len({marker.symbol for marker in marked}) == 3
    figure = landing_map(PLACES, PLACES, PLACES)
    assert figure.data[1].line.dash != figure.data[2].line.dash and len({t.marker.symbol for t in figure.data[3:]}) == 2
    figure = similarity_distributions(PairSimilarities(np.ones(1), np.ones(1), np.ones(1)))
    assert len({trace.line.dash for trace in figure.data[:3]}) == len(set(figure.data[3].marker.symbol)) == 3
