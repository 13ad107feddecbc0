from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lab.errors import DataError
from lab.figures import dartboard, dartboard_values
from lab.figures.dartboard import DISC, GAP, KEPT, LOST, RIM, dartboard_words, keeps, ratios
from lab.geometry import safe_radius
from lab.recording import Recorder, Recording
from lab.retrieval import ExactIndex

RINGS, LABELS, CIRCLE, BEFORE, NOW, _, _, CENTRE, CHOSEN = range(9)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def recorded(noises: tuple[float, ...] = (1.0, 0.3, 0.02), queries: int = 12, seed: int = 0) -> Recording:
    """Real searches in five dimensions: students that stand ever closer to their teacher."""
    random = np.random.default_rng(seed)
    documents, teacher = unit(random.normal(size=(40, 5))), unit(random.normal(size=(queries, 5)))
    ids = [f"q{number}" for number in range(queries)]
    index = ExactIndex(documents, [f"d{number}" for number in range(40)])
    radius = safe_radius(teacher, documents).radius
    recorder = Recorder(
        index.search(teacher, ids, 10), np.arange(40), radius, {name: f"question {name}?" for name in ids}, {}
    )
    direction = unit(random.normal(size=teacher.shape))
    for step, noise in enumerate(noises):
        student = unit(teacher + noise * direction)
        far = np.linalg.norm(student - teacher, axis=1)
        recorder.add(step, index.search(student, ids, 10), far, {"mean distance": float(far.mean())})
    return recorder.recording()


def radii(trace: dict) -> np.ndarray:
    return np.hypot(np.array(trace["x"], float), np.array(trace["y"], float))


def test_whoever_is_inside_the_disc_has_kept_its_document() -> None:
    for seed in range(20):
        found = recorded(seed=seed)
        inside = ratios(found) < 1
        assert keeps(found)[inside].all()
    assert inside.any() and not inside.all() and not keeps(recorded())[0].all()


def test_kept_is_that_the_first_document_is_the_teachers() -> None:
    random = np.random.default_rng(3)
    documents, teacher = unit(random.normal(size=(40, 5))), unit(random.normal(size=(9, 5)))
    student = unit(teacher + 0.5 * random.normal(size=teacher.shape))
    ids = [f"q{number}" for number in range(9)]
    index = ExactIndex(documents, [f"d{number}" for number in range(40)])
    safe = safe_radius(teacher, documents)
    recorder = Recorder(index.search(teacher, ids, 10), np.arange(40), safe.radius, dict.fromkeys(ids, "q"), {})
    recorder.add(0, index.search(student, ids, 10), np.linalg.norm(student - teacher, axis=1), {})
    assert keeps(recorder.recording())[0].tolist() == ((student @ documents.T).argmax(axis=1) == safe.top).tolist()


def test_a_recording_without_a_look_is_refused() -> None:
    index = ExactIndex(np.eye(12), [f"d{number}" for number in range(12)])
    recorder = Recorder(index.search(np.eye(12)[:1], ["q"], 10), np.arange(12), np.ones(1), {"q": "text"}, {})
    with pytest.raises(DataError, match="look first"):
        recorder.recording()


def test_every_query_is_one_dart_at_its_own_angle_in_every_look() -> None:
    found = recorded()
    angles = []
    for look in range(3):
        values = dartboard_values(found, look)
        darts = [
            (number, np.arctan2(x, y))
            for trace in (KEPT, LOST)
            for number, x, y in zip(*(values[trace][key] for key in ("customdata", "x", "y")), strict=True)
        ]
        assert sorted(number for number, _ in darts) == list(range(12))
        angles.append([angle % (2 * np.pi) for _, angle in sorted(darts)])
        assert values[KEPT]["customdata"] == np.flatnonzero(keeps(found)[look]).tolist()
    assert np.allclose(angles[0], angles[1]) and np.allclose(angles[0], angles[2])
    assert (np.diff(angles[0]) > 0).all() and angles[0][0] > GAP and angles[0][-1] < 2 * np.pi - GAP


def test_the_board_shrinks_as_the_student_comes_closer() -> None:
    found = recorded()
    now = [radii(dartboard_values(found, look)[NOW])[0] for look in range(3)]
    assert now[0] > now[1] > now[2]
    assert {radii(dartboard_values(found, look)[BEFORE])[0] for look in range(3)} == {now[0]}


def test_one_is_drawn_on_the_disc_and_far_ones_on_the_rim() -> None:
    found = recorded(noises=(1.0,), queries=4)
    radius = np.array([1.0, 1.0, 1.0, 0.0])
    placed = replace(found, distances=np.array([[0.5, 1.0, 1e6, 0.7]]), radius=radius)
    values = dartboard_values(placed)
    darts = sorted(
        (number, round(r, 6))
        for trace in (KEPT, LOST)
        for number, r in zip(values[trace]["customdata"], radii(values[trace]), strict=True)
    )
    assert [r for _, r in darts] == [DISC / 2, DISC, 1.0, 1.0]
    assert np.allclose(radii(values[CIRCLE]), DISC)
    assert values[LABELS]["text"][0] == "1" and str(int(RIM)) in values[LABELS]["text"][-1]
    assert ratios(replace(placed, distances=np.zeros((1, 4))))[0].tolist() == [0, 0, 0, 0]
    assert ratios(replace(placed, radius=np.full(4, np.inf)))[0].tolist() == [0, 0, 0, 0]


def test_colour_is_not_the_only_cue_and_the_title_counts() -> None:
    found = recorded()
    figure = dartboard(found, 1, chosen=5)
    kept, lost = figure.data[KEPT], figure.data[LOST]
    assert kept.marker.symbol != lost.marker.symbol and kept.marker.color != lost.marker.color
    inside, keeping = (int(each[1].sum()) for each in (ratios(found) < 1, keeps(found)))
    assert f"{inside} of 12 queries inside" in figure.layout.title.text
    assert f"{keeping} kept the top document" in figure.layout.title.text and "step 1" in figure.layout.title.text
    assert dartboard_words(found, 1)[2].startswith(f"median ratio {np.median(ratios(found)[1]):.1f}")
    place = [*kept.customdata, *lost.customdata].index(5)
    assert figure.data[CHOSEN].x[0] == [*kept.x, *lost.x][place]
    assert not figure.layout.shapes and not figure.frames and len(dartboard(found).data[CHOSEN].x) == 0
    assert figure.layout.yaxis.scaleanchor == "x"  # a circle is a circle


@pytest.mark.parametrize(("look", "query"), [(3, None), (-4, None), (0, 12), (0, -1)])
def test_looks_and_queries_that_do_not_exist_are_refused(look: int, query: int | None) -> None:
    with pytest.raises(DataError, match="3 looks at 12 queries"):
        dartboard(recorded(), look, query)
