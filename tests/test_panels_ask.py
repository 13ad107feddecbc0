"""Both engines asked anything: the lists are those of a search, a typed question has no star."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from lab.collection import Collection, load_collection
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import LabError
from lab.evaluation import per_query
from lab.figures import two_engines
from lab.panels import AskBoth
from lab.panels.ask import NAMES, SAYS
from lab.retrieval import ExactIndex

STAR, TEACHER, STUDENT = 2, 3, 4


class Turned:
    """A student that stands elsewhere."""

    def __init__(self, teacher: DualEncoder) -> None:
        self._teacher = teacher

    def encode(self, texts, kind="query"):
        return np.roll(self._teacher.encode(texts, kind), 1, axis=1)


@pytest.fixture(scope="module")
def collection(tiny_collection_dir: Path) -> Collection:
    return load_collection(str(tiny_collection_dir))


@pytest.fixture(scope="module")
def teacher(tiny_teacher_dir: Path) -> DualEncoder:
    return load_teacher(tiny_teacher_dir, "cpu", "float32")


@pytest.fixture(scope="module")
def documents(collection: Collection, teacher: DualEncoder) -> np.ndarray:
    return teacher.encode(collection.documents, "document")


@pytest.fixture
def both(collection: Collection, documents: np.ndarray, teacher: DualEncoder) -> AskBoth:
    return AskBoth(collection, documents, teacher, Turned(teacher), live=True)


def test_the_lists_are_those_of_a_search(
    both: AskBoth, collection: Collection, documents: np.ndarray, teacher: DualEncoder
) -> None:
    text = "a reed in the wind"
    index = ExactIndex(documents, collection.doc_ids, teacher.similarity)
    runs = [index.search(engine.encode([text]), ["q"], 10) for engine in (teacher, Turned(teacher))]
    lists = [[doc for doc, _ in run.top("q")] for run in runs]
    titles = dict(zip(collection.doc_ids, collection.titles, strict=True))
    assert both.ask(text) == two_engines(text, *lists, titles, names=NAMES) == both.figure()


def test_what_is_typed_is_answered_and_has_no_star(both: AskBoth) -> None:
    first = both.question.options[0]
    assert both.question.value == first and "Nobody judged" not in both.words.value
    assert "nDCG@10 of this query" in both.figure().layout.title.text
    both.question.value = "a reed in the wind"
    shown = both._shown.figure()
    assert "a reed in the wind" in shown.layout.title.text and "nDCG" not in shown.layout.title.text
    assert not shown.data[STAR].x and len(shown.data[TEACHER].x) == 10 and shown.data[STUDENT].name == NAMES[1]
    assert "Nobody judged this question" in both.words.value and "The recordings" in both.words.value
    both.question.value = "  "  # cleared, to type anew
    assert both._shown.figure() == shown
    both.question.value = first
    assert "nDCG" in both._shown.figure().layout.title.text and "Nobody" not in both.words.value


def test_beside_one_question_stands_what_all_of_them_give(
    both: AskBoth, collection: Collection, documents: np.ndarray, teacher: DualEncoder
) -> None:
    asked, index = collection.queries["dev"], ExactIndex(documents, collection.doc_ids, teacher.similarity)
    for name, engine in zip(NAMES, (teacher, Turned(teacher)), strict=True):
        run = index.search(engine.encode(list(asked.values())), tuple(asked), 10)
        mean = per_query(run, collection.qrels["dev"], ["nDCG@10"])["nDCG@10"].mean()
        assert f"{name} {mean:.3f}" in both.words.value
    assert f"of all {len(asked)} dev questions" in both.words.value
    both.ask("a reed in the wind")
    assert f"of all {len(asked)} dev questions" in both.words.value


def test_code_asks_as_the_box_does(both: AskBoth) -> None:
    figure = both.ask("a reed in the wind")
    assert both.question.value == "a reed in the wind" and both._shown.figure() == figure
    with pytest.raises(LabError, match="empty question"):
        both.ask("")


def test_static_shows_the_figure_and_says_who_answers(
    collection: Collection, documents: np.ndarray, teacher: DualEncoder, monkeypatch: pytest.MonkeyPatch,
    displayed: list,
) -> None:
    monkeypatch.setenv("LAB_PANELS", "static")
    still = AskBoth(collection, documents, teacher, Turned(teacher), "a reed in the wind")
    still._ipython_display_()
    figure, words = displayed
    assert type(figure) is go.Figure and still.panel is None
    assert words["text/plain"] == f"{SAYS} Run this cell for the live panel."
