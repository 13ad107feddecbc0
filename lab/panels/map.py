"""The map to ask: pick or type a question, or click a point, and its ten nearest documents are lit and listed.

A thin shell: `MapPanel.figure()` draws the same without a widget, `select(…)` does what the controls do, and
`selection()` gives what is shown as a table.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lab.collection import Collection
from lab.encoders.teacher import DualEncoder
from lab.errors import DataError, LabError
from lab.figures.atlas import STILL, Chosen, chosen_values, document_map
from lab.geometry import landing
from lab.panels.live import LiveFigure, panels_are_live
from lab.panels.shown import Shown
from lab.retrieval import ExactIndex

K = 10
LOOKED_AT = ("dev",)  # splits whose questions may be shown: test is for the last number only
DOCUMENTS, QUESTIONS, RINGS = 0, 1, 5  # traces of `document_map` whose points can be clicked
_WIDE = {"description_width": "initial"}


class MapPanel(Shown):
    """A map with questions on it. Show it in a notebook, or use `select`, `selection` and `figure`.

    panel: the widgets, None where panels are static

    Raises:
        DataError: another number of vectors or positions than of documents, or no dev questions.
    """

    def __init__(
        self,
        collection: Collection,
        vectors: Any,
        positions: Any,
        encoder: DualEncoder,
        *,
        title: str | None = None,
        live: bool | None = None,
    ) -> None:
        """
        Args:
            vectors: (n, d) of the collection's documents, in its order; positions: (n, 2) on a map.
            encoder: of questions, in the space of the vectors; it encodes the split's once, and what is typed.
            live: False for the static view; by default what `LAB_PANELS` says.

        Raises:
            DataError: another number of vectors or positions than documents; no dev split.
        """
        self._collection, self._encoder = collection, encoder
        self._vectors, self._positions = np.asarray(vectors, np.float32), np.asarray(positions, np.float64)
        if not len(self._vectors) == len(self._positions) == len(collection):
            raise DataError(
                f"{len(self._vectors)} vectors and {len(self._positions)} positions for {len(collection)} documents of"
                f" {collection.name}: give one of each a document, in the collection's order"
            )
        splits = [split for split in collection.splits if split in LOOKED_AT]
        if not splits:
            raise DataError(
                f"{collection.name} has no dev questions to put on the map; draw `document_map` without any"
            )
        self.names = document_names(collection)
        self.topics = document_topics(collection)
        self._index = ExactIndex(self._vectors, collection.doc_ids, encoder.similarity)
        self._title = title or f"{collection.name}: {len(collection):,} documents, and where its questions land"
        self._ask_all(splits[0])
        self._chosen, self._scores = self._of_question(self._texts[0])
        self._live: LiveFigure | None = None
        self._lock: Any = threading.RLock()
        if panels_are_live() if live is None else live:
            self._build(splits)

    def select(self, what: str | int) -> pd.DataFrame:
        """Choose a question by its text (one of the split's, or your own), or a document by its row: `selection()`.

        Raises:
            LabError: an empty text, or no such document.
        """
        with self._lock:  # clicks may come in different threads: figure, boxes and words are of one choice
            if isinstance(what, str):
                self._chosen, self._scores = self._of_question(what)
            else:
                self._chosen, self._scores = self._of_document(int(what))
            if self._live:
                changed = chosen_values(self._chosen, self._positions, self.names)
                self._live.show([{} for _ in range(STILL)] + changed, now=True)
                with self._silently():  # the twins show what was clicked, or selected in code; one of them is empty
                    self.question.value = what if isinstance(what, str) else ""
                    self.document.value = "" if isinstance(what, str) else self.names[int(what)]
                self._tell()
            return self.selection()

    def selection(self) -> pd.DataFrame:
        """The documents that are lit, best first: rank, title, topic, cosine, relevant, doc_id, x, y."""
        rows = list(self._chosen.rows)
        topics = self.topics or [""] * len(self._collection)
        return pd.DataFrame(
            {
                "rank": range(1, len(rows) + 1),
                "title": [self.names[row] for row in rows],
                "topic": [topics[row] for row in rows],
                "similarity": self._scores,
                "relevant": [row in self._chosen.relevant for row in rows],
                "doc_id": [self._collection.doc_ids[row] for row in rows],
                "x": self._positions[rows, 0],
                "y": self._positions[rows, 1],
            }
        )

    def figure(self) -> go.Figure:
        """What is shown now, as a plain figure: the static twin."""
        return document_map(
            self._positions,
            self.names,
            self.topics,
            questions=(self._asked, self._texts),
            chosen=self._chosen,
            title=self._title,
        )

    def _ask_all(self, split: str) -> None:
        queries, judged = self._collection.queries[split], self._collection.qrels[split]
        row = self._collection.row
        self._texts = list(queries.values())
        self._relevant = {
            text: frozenset(row[doc] for doc, grade in judged[query].items() if grade > 0)
            for query, text in queries.items()
        }
        run = self._index.search(self._encoder.encode(self._texts, "query"), tuple(queries), K)
        self._run = {text: (run.rows[i], run.scores[i]) for i, text in enumerate(self._texts)}
        self._asked = landing(run.rows, run.scores, self._positions)

    def _of_question(self, text: str) -> tuple[Chosen, np.ndarray]:
        if not text.strip():
            raise LabError("an empty question: type some words, or pick one of the list")
        if text not in self._run:
            run = self._index.search(self._encoder.encode([text], "query"), ["typed"], K)
            return self._chose(text, run.rows[0], run.scores[0], frozenset())
        return self._chose(text, *self._run[text], self._relevant[text])

    def _of_document(self, row: int) -> tuple[Chosen, np.ndarray]:
        if not 0 <= row < len(self._collection):
            raise LabError(f"document {row}: {self._collection.name} has rows 0 to {len(self._collection) - 1}")
        run = self._index.search(self._vectors[[row]], ["document"], K + 1)
        others = run.rows[0] != row  # a document is its own nearest
        rows, scores = run.rows[0][others][:K], run.scores[0][others][:K]
        x, y = self._positions[row].tolist()
        return Chosen(self.names[row], (x, y), rows.tolist()), scores

    def _chose(
        self, text: str, rows: np.ndarray, scores: np.ndarray, relevant: frozenset[int]
    ) -> tuple[Chosen, np.ndarray]:
        x, y = landing(rows[None], scores[None], self._positions)[0].tolist()
        return Chosen(text, (x, y), rows.tolist(), relevant), scores

    # --- widgets

    def _build(self, splits: Sequence[str]) -> None:
        self._live = LiveFigure(self.figure())
        self._lock = self._live.lock
        self.split = widgets.Dropdown(options=splits, description="split", style=_WIDE, layout={"width": "9em"})
        self.question = widgets.Combobox(
            options=self._texts, value=self._chosen.words, description="question (pick or type)", ensure_option=False,
            continuous_update=False, style=_WIDE, layout={"width": "44em"},
        )  # fmt: skip
        self.document = widgets.Combobox(
            options=list(dict.fromkeys(self.names)), placeholder="or a document, by its title", description="document",
            ensure_option=True, continuous_update=False, style=_WIDE, layout={"width": "32em"},
        )  # fmt: skip
        self.words = widgets.Label()
        self.question.observe(self._picked, "value")
        self.document.observe(self._named, "value")
        for trace, call in (
            (DOCUMENTS, self._clicked),
            (QUESTIONS, self._clicked_question),
            (RINGS, self._clicked_ring),
        ):
            self._live.widget.data[trace].on_click(call)
        self._tell()
        self.panel = widgets.VBox(
            [widgets.HBox([self.split, self.question]), self.document, self.words, self._live.widget]
        )

    def _tell(self) -> None:
        found, wanted = self.selection(), self._chosen.relevant
        ranks = ", ".join(map(str, found["rank"][found["relevant"]]))
        judged = (
            f"relevant: rank {ranks}" if ranks else "no relevant document among the ten" if wanted else "not judged"
        )
        self.words.value = f"cosines {found['similarity'].iloc[0]:.3f} to {found['similarity'].iloc[-1]:.3f} · {judged}"

    def _picked(self, change: dict[str, Any]) -> None:
        if change["new"].strip():
            self._put(self.select, change["new"])

    def _named(self, change: dict[str, Any]) -> None:
        if change["new"] in self.names:
            self._put(self.select, self.names.index(change["new"]))

    def _clicked(self, _: Any, points: Any, __: Any) -> None:
        for row in points.point_inds[:1]:
            self._put(self.select, int(row))

    def _clicked_question(self, _: Any, points: Any, __: Any) -> None:
        for place in points.point_inds[:1]:
            self._put(self.select, self._texts[int(place)])

    def _clicked_ring(self, _: Any, points: Any, __: Any) -> None:
        for place in points.point_inds[:1]:
            self._put(self.select, int(self._chosen.rows[int(place)]))


def document_names(collection: Collection) -> list[str]:
    """What to call each document: its title, where there is none its id."""
    return [title or doc_id for title, doc_id in zip(collection.titles, collection.doc_ids, strict=True)]


def document_topics(collection: Collection) -> Sequence[str] | None:
    """The topic of each document, or the package it documents; None where the collection has neither."""
    return next((collection.fields[name] for name in ("topic", "package") if name in collection.fields), None)
