"""The map to ask: by its controls, by clicks, from code; static and live show the same."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from lab.collection import Collection, load_collection
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import DataError, LabError
from lab.geometry import landing, pca_map
from lab.panels import MapPanel
from lab.panels.map import DOCUMENTS, QUESTIONS, RINGS, document_names, document_topics
from lab.retrieval import ExactIndex

SPOKES, QUESTION, STARS, LIST = 2, 3, 4, 6
FOX = "which animal with white fur lives near the North Pole"


@pytest.fixture(scope="module")
def teacher(tiny_teacher_dir: Path) -> DualEncoder:
    return load_teacher(str(tiny_teacher_dir), "cpu", "float32")


@pytest.fixture(scope="module")
def collection(tiny_collection_dir: Path) -> Collection:
    return load_collection(tiny_collection_dir)


@pytest.fixture(scope="module")
def vectors(collection: Collection, teacher: DualEncoder) -> np.ndarray:
    return teacher.encode(collection.documents, "document")


@pytest.fixture
def panel(collection: Collection, vectors: np.ndarray, teacher: DualEncoder) -> MapPanel:
    return MapPanel(collection, vectors, pca_map(vectors).positions, teacher, live=True)


def data(panel: MapPanel) -> Any:
    return panel._live.widget.data


def click(panel: MapPanel, trace: int, *points: int) -> None:
    """What plotly's widget does when the browser reports a click."""
    for call in data(panel)[trace]._click_callbacks:
        call(data(panel)[trace], SimpleNamespace(point_inds=list(points)), None)


def test_it_opens_with_the_first_question_searched(
    panel: MapPanel, collection: Collection, vectors: np.ndarray, teacher: DualEncoder
) -> None:
    run = ExactIndex(vectors, collection.doc_ids, teacher.similarity).search(teacher.encode([FOX]), ["q"], 10)
    found = panel.selection()
    assert found["doc_id"].tolist() == [doc for doc, _ in run.top("q")]
    assert np.allclose(found["similarity"], [score for _, score in run.top("q")], atol=1e-5)
    assert found["rank"].tolist() == list(range(1, 11))
    assert set(found["title"][found["relevant"]]) <= {"Arctic fox", "Red fox"}
    places = pca_map(vectors).positions
    assert np.allclose(found[["x", "y"]], places[run.rows[0]])
    assert np.allclose([data(panel)[QUESTION].x[0], data(panel)[QUESTION].y[0]],
                       landing(run.rows, run.scores, places)[0], atol=1e-4)  # fmt: skip


def test_a_question_of_the_list_is_chosen_by_the_combobox(panel: MapPanel) -> None:
    assert panel.split.options == ("dev",) and len(panel.question.options) == 3
    still = [data(panel)[place].x for place in range(2)]
    panel.question.value = "instrument with a single reed"
    assert panel.figure().data[QUESTION].hovertext == ("instrument with a single reed",)
    assert data(panel)[LIST].text[0] == "<b>instrument with a single reed</b>"
    assert data(panel)[RINGS].hovertext[0] == f"1. {panel.selection()['title'][0]}"
    assert len(data(panel)[STARS].x) == 1
    assert all(np.array_equal(x, data(panel)[place].x) for place, x in enumerate(still))


def test_a_question_of_ones_own_has_no_judgements(panel: MapPanel) -> None:
    panel.question.value = "a reed in the wind"
    assert not panel.selection()["relevant"].any() and len(data(panel)[STARS].x) == 0
    assert panel.words.value.endswith("not judged")
    panel.question.value = "  "  # the reader has cleared the field to type anew
    assert panel.question.value == "  " and data(panel)[QUESTION].hovertext == ("a reed in the wind",)


def test_a_click_does_what_the_controls_do(panel: MapPanel, collection: Collection) -> None:
    click(panel, QUESTIONS, 2)
    assert panel.question.value == "instrument with a single reed"
    by_click = panel.selection()
    click(panel, DOCUMENTS, 4)
    near = panel.selection()
    assert data(panel)[QUESTION].hovertext == ("Violin",)
    assert "Violin" not in near["title"].tolist() and len(near) == 10
    click(panel, QUESTIONS, 2)  # the combobox holds this question already
    assert panel.selection().equals(by_click)
    click(panel, RINGS, 1)
    assert data(panel)[QUESTION].hovertext == (by_click["title"][1],)
    panel.document.value = "Violin"
    assert panel.selection().equals(near)
    click(panel, DOCUMENTS)  # a click beside all points
    assert panel.selection().equals(near)


def test_the_boxes_say_what_is_chosen_after_a_click_and_one_of_them_is_empty(panel: MapPanel) -> None:
    click(panel, DOCUMENTS, 4)
    assert (panel.question.value, panel.document.value) == ("", "Violin")
    assert data(panel)[QUESTION].hovertext == ("Violin",), "setting the boxes chose something else"
    click(panel, QUESTIONS, 2)
    assert (panel.question.value, panel.document.value) == ("instrument with a single reed", "")
    click(panel, RINGS, 0)
    assert (panel.question.value, panel.document.value) == ("", data(panel)[QUESTION].hovertext[0])
    panel.question.value = "a reed in the wind"
    assert panel.document.value == ""


def test_clicks_of_many_threads_leave_figure_boxes_and_words_of_one_choice(panel: MapPanel) -> None:
    """Each choice waits for the figure's own lock, which a redraw holds as well."""
    assert panel._lock is panel._live.lock
    texts, errors = list(panel.question.options), []

    def hammer(first: int) -> None:
        try:
            for turn in range(6):
                panel.select(texts[(first + turn) % 3] if turn % 2 else (first + turn) % 12)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=hammer, args=(first,)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    (shown,) = data(panel)[QUESTION].hovertext
    assert shown == (panel.question.value or panel.document.value) == panel._chosen.words
    said = panel.words.value.split("cosines ")[1].split(" ")[0]
    assert said == f"{panel.selection()['similarity'].iloc[0]:.3f}"


def test_code_and_controls_agree(panel: MapPanel, collection: Collection) -> None:
    table = panel.select("volcano on an island in the Pacific")
    assert table.equals(panel.selection()) and panel.question.value == "volcano on an island in the Pacific"
    panel.select(0)
    twin = panel.figure()
    assert type(twin) is go.Figure
    for live, still in zip(data(panel), twin.data, strict=True):
        assert np.allclose(np.array(live.x, float), np.array(still.x, float), equal_nan=True)
        assert live.hovertext == still.hovertext and live.text == still.text
    for wrong, said in (("", "an empty question"), (12, "rows 0 to 11"), (-1, "rows 0 to 11")):
        with pytest.raises(LabError, match=said):
            panel.select(wrong)


def test_the_words_say_whether_the_relevant_one_was_found(
    panel: MapPanel, collection: Collection, vectors: np.ndarray, teacher: DualEncoder
) -> None:
    for text in panel.question.options:
        found = panel.select(text)
        ranks = found["rank"][found["relevant"]].tolist()
        assert ranks and panel.words.value.endswith(f"relevant: rank {', '.join(map(str, ranks))}")
    farthest = int((vectors @ teacher.encode([FOX])[0]).argmin())  # two of the twelve are not among the ten
    judged = {"dev": {**collection.qrels["dev"], "q1": {collection.doc_ids[farthest]: 1}}}
    other = dataclasses.replace(collection, queries={"dev": collection.queries["dev"]}, qrels=judged)
    missed = MapPanel(other, vectors, pca_map(vectors).positions, teacher, live=True)
    assert not missed.selection()["relevant"].any()
    assert missed.words.value.endswith("no relevant document among the ten")


def test_the_test_split_is_never_opened(collection: Collection, vectors: np.ndarray, teacher: DualEncoder) -> None:
    class Sealed(dict):
        def __getitem__(self, split: str) -> Any:
            assert split == "dev", f"{split} was opened"
            return super().__getitem__(split)

    opened = {split: dict(collection.queries[split]) for split in ("dev", "test")}
    seen = SimpleNamespace(
        name="tiny", splits=("dev", "test"), queries=Sealed(opened), qrels=Sealed({"dev": collection.qrels["dev"]}),
        row=collection.row, doc_ids=collection.doc_ids, titles=collection.titles, fields={}, __len__=None,
    )  # fmt: skip
    sealed = type("Sealed", (SimpleNamespace,), {"__len__": lambda self: len(self.doc_ids)})(**vars(seen))
    assert MapPanel(sealed, vectors, pca_map(vectors).positions, teacher, live=False).panel is None
    sealed.splits = ("test",)
    with pytest.raises(DataError, match="has no dev questions"):
        MapPanel(sealed, vectors, pca_map(vectors).positions, teacher, live=False)


def test_static_shows_the_figure_alone(
    collection: Collection, vectors: np.ndarray, teacher: DualEncoder, monkeypatch: pytest.MonkeyPatch, displayed: list
) -> None:
    monkeypatch.setenv("LAB_PANELS", "static")
    still = MapPanel(collection, vectors, pca_map(vectors).positions, teacher)
    still.select("instrument with a single reed")
    still._ipython_display_()
    figure, words = displayed
    assert type(figure) is go.Figure and figure.data[QUESTION].hovertext == ("instrument with a single reed",)
    assert words["text/plain"] == "Run this cell for the live panel." and still.panel is None
    displayed.clear()
    live = MapPanel(collection, vectors, pca_map(vectors).positions, teacher, live=True)
    live._ipython_display_()
    assert displayed == [live.panel]


def test_vectors_and_positions_must_be_those_of_the_collection(
    collection: Collection, vectors: np.ndarray, teacher: DualEncoder
) -> None:
    with pytest.raises(DataError, match="11 vectors and 12 positions for 12 documents"):
        MapPanel(collection, vectors[:11], pca_map(vectors).positions, teacher, live=False)


def test_documents_without_titles_are_called_by_their_id() -> None:
    plain = Collection("plain", ("a", "b"), ("", "B"), ("x", "y"), fields={"package": ("numpy", "scipy")})
    assert document_names(plain) == ["a", "B"] and document_topics(plain) == ("numpy", "scipy")
    assert document_topics(Collection("bare", ("a",), ("",), ("x",))) is None


def test_a_selection_is_redrawn_in_a_blink(panel: MapPanel) -> None:
    """No clock decides here: the work of a choice does not grow with the map, so its messages stay small."""
    sent: list = []
    panel._live.widget._send_update_msg = lambda *_, **message: sent.append(message)  # type: ignore[method-assign]
    panel.select("instrument with a single reed")
    assert sent and {place for message in sent for place in message["trace_indexes"]} <= {2, 3, 4, 5, 6}
