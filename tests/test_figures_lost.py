"""Why a query was lost: the table by hand-computed values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lab.collection import Collection, load_collection
from lab.errors import DataError
from lab.figures.lost import compared, lost_html, lost_table
from lab.recording import Recording


@pytest.fixture(scope="module")
def collection(tiny_collection_dir: Path) -> Collection:
    return load_collection(str(tiny_collection_dir))


@pytest.fixture
def recording(collection: Collection) -> Recording:
    """Three dev queries, one look, lists of ten; the second query lost the teacher's first document."""
    teacher = np.array([[first, *(row for row in range(12) if row != first)][:10] for first in (1, 3, 5)])
    student = teacher.copy()[None]
    student[0, 1] = [row for row in range(12) if row != 3][:10]
    scores = np.tile(np.linspace(0.9, 0.1, 10), (3, 1))
    about = {
        "collection": {"name": collection.name, "fingerprint": collection.fingerprint}, "probes": "dev",
        "query_ids": ["q1", "q2", "q3"], "queries": list(collection.queries["dev"].values()),
    }  # fmt: skip
    return Recording(
        about=about, steps=np.array([0]), distances=np.array([[0.2, 0.7, 0.4]]), radius=np.full(3, 0.1),
        teacher_rows=teacher, teacher_scores=scores, rows=student, scores=scores[None], measures={},
    )  # fmt: skip


def test_the_lost_query_stands_beside_the_median_of_the_kept(recording: Recording, collection: Collection) -> None:
    found = lost_table(recording, compared(recording, collection, 0), 0, 1)
    assert list(found.columns) == ["this query", "median of 2 kept", "share"]
    said = found.to_numpy().tolist()
    assert said[0] == ["1", "1", 0.0]  # the teacher has d04 first
    assert said[1] == ["beyond 10", "1", 1.0]  # the student does not show it
    assert said[2] == ["0.700", "0.300", 1.0]  # between 0.2 and 0.4
    assert said[3] == ["7", "7.5", 0.5]  # kept: ten words and five
    assert said[4][0] == "0"  # no document says Pacific


def test_the_words_say_which_kind_of_query_it_is(recording: Recording, collection: Collection) -> None:
    comparison = compared(recording, collection, 0)
    lost, kept = (lost_html(recording, comparison, 0, query) for query in (1, 0))
    assert "lost the teacher's first document" in lost and "beyond 10" in lost and "100%" in lost
    assert "kept the teacher's first document" in kept


def test_where_nobody_judged_the_teachers_first_document_is_the_right_one(
    recording: Recording, collection: Collection
) -> None:
    recording.about["probes"] = "held-out"
    comparison = compared(recording, collection, 0)
    assert comparison.table["rank_a"].tolist() == [1, 1, 1]
    assert comparison.table["rank_b"].isna().tolist() == [False, True, False]


def test_a_wrong_place_is_named(recording: Recording, collection: Collection) -> None:
    with pytest.raises(DataError, match="look 3"):
        compared(recording, collection, 3)
    with pytest.raises(DataError, match="query 9"):
        lost_table(recording, compared(recording, collection, 0), 0, 9)
