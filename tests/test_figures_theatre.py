"""The theatre's figure by values, without a panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lab.collection import Collection
from lab.distillation import Distilled
from lab.errors import DataError
from lab.figures import dartboard_values, list_ndcg, theatre, theatre_values, two_engines_values
from lab.figures.theatre import grades, mean_ndcg, recorded_ndcg
from lab.panels import Theatre
from lab.recording import Recording
from tests.test_panels_theatre import BOARD, ENGINES, WORDS


def test_the_figure_is_board_and_engines_of_one_look(recording: Recording, collection: Collection) -> None:
    values = theatre_values(recording, collection, 2, 1, "half")
    judged = {collection.row[doc]: g for doc, g in collection.qrels["dev"][recording.query_ids[1]].items()}
    assert values[BOARD] == dartboard_values(recording, 2, 1)
    teacher, student = recording.teacher_rows[1].tolist(), recording.rows[2, 1].tolist()
    assert values[ENGINES] == two_engines_values(teacher, student, collection.titles, judged)
    words = values[WORDS]["text"][0]
    assert f"step {recording.steps[2]:,}" in words and "half" in words
    assert f"teacher {list_ndcg(teacher, judged):.3f}, student {list_ndcg(student, judged):.3f}" in words
    figure = theatre(recording, collection, 2, 1, "half")
    assert {trace.xaxis for trace in figure.data[BOARD]} == {"x"} or figure.data[0].xaxis is None
    assert {trace.xaxis for trace in figure.data[ENGINES]} == {"x2"} and figure.data[WORDS].xaxis == "x3"
    assert len(figure.layout.annotations) == 2 and not figure.layout.shapes and not figure.frames


def test_quality_is_that_of_evaluate(seven: Distilled, recording: Recording, collection: Collection) -> None:
    from lab.report import evaluate

    report = evaluate(seven.student, collection, "dev", seven.teacher)
    look = int(np.flatnonzero(recording.steps == seven.finished.best_step)[0])
    teacher, student = recorded_ndcg(recording, collection, look)
    assert teacher == pytest.approx(report.values["teacher"]["nDCG@10"])
    assert student == pytest.approx(report.values["student"]["nDCG@10"])
    assert mean_ndcg(recording, collection, look) == pytest.approx((teacher.mean(), student.mean()))


def test_unjudged_probes_get_no_star_and_no_ndcg(recording: Recording, collection: Collection) -> None:
    held = replace(recording, about={**recording.about, "probes": "held-out"})
    assert grades(held, collection, 0) is None and mean_ndcg(held, collection) is None
    assert "nDCG" not in theatre_values(held, collection)[WORDS]["text"][0]


def test_bm25s_share_is_not_called_the_students(
    seven: Distilled, recording: Recording, collection: Collection
) -> None:
    from lab.figures import described
    from lab.report import evaluate

    known = described(recording, evaluate(seven.student, collection, "dev", seven.teacher))
    lines = theatre_values(known, collection)[WORDS]["text"][0].split("<br>")
    (kept,), (bm25,) = ([line for line in lines if line.startswith(word)] for word in ("keeps ", "BM25 "))
    assert kept.endswith("of nDCG@10 in the end") and "nDCG" not in bm25


def test_a_recording_of_another_collection_is_refused(recording: Recording, collection: Collection) -> None:
    other = replace(recording, about={**recording.about, "collection": {"name": "other", "fingerprint": "0"}})
    with pytest.raises(DataError, match="of other, not of this"):
        theatre(other, collection)
    with pytest.raises(DataError, match="of other"):
        Theatre(other, collection, live=False)
    with pytest.raises(DataError, match="look 99"):
        theatre(recording, collection, 99)
