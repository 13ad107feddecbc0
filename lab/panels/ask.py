"""Ask both engines anything: pick a question or type your own, and two lists stand side by side.

A recording holds lists of the queries it was made with and no vectors, so it cannot answer a new one. Here two encoders
answer: the teacher and a student that is there as a whole, both in the teacher's index.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from lab.collection import Collection
from lab.encoders.teacher import DualEncoder
from lab.errors import LabError
from lab.evaluation import per_query
from lab.figures.engines import two_engines
from lab.figures.style import escape
from lab.panels.live import panels_are_live
from lab.panels.redrawn import RedrawnFigure
from lab.panels.shown import Shown
from lab.retrieval import ExactIndex

DEPTH, MEASURE = 10, "nDCG@10"
SPLIT = "dev"  # whose questions are offered: test is for the last number only
NAMES = ("teacher", "student, full run")
SAYS = (
    "Two encoders answer here, whatever is typed: the teacher and the student of a full run that ships. The recordings"
    " above hold lists, no vectors, so their students and their looks cannot be asked anything new."
)


class AskBoth(Shown):
    """Show it in a notebook, or call `ask(text)` and take `figure()`.

    question: the box to pick from or to type into · words: what is said below it
    panel: the widgets, None where panels are static
    """

    def __init__(
        self,
        collection: Collection,
        documents: np.ndarray,
        teacher: DualEncoder,
        student: DualEncoder,
        question: str | None = None,
        live: bool | None = None,
    ) -> None:
        """
        Args:
            documents: (n, d) the teacher's vectors of the collection's documents.
            student: in the teacher's space.
            question: asked at first; by default the first one of the dev split.
            live: False for the figure alone; by default what `LAB_PANELS` says.
        """
        self._index = ExactIndex(documents, collection.doc_ids, teacher.similarity)
        self._engines = (teacher, student)
        self._titles = dict(zip(collection.doc_ids, collection.titles, strict=True))
        offered = collection.queries.get(SPLIT, {})
        self._judged: Mapping[str, Mapping[str, int]] = {
            text: collection.qrels[SPLIT][query] for query, text in offered.items()
        }
        self._lock = threading.RLock()  # an answer takes a while, and clicks may come in different threads
        self._figure = self._answer(question or next(iter(self._judged), "what is this about"))
        if panels_are_live() if live is None else live:
            self._all = self._quality(offered, collection.qrels.get(SPLIT, {}))  # only the live panel says it
            self.question = widgets.Combobox(
                options=list(self._judged), value=self._asked, ensure_option=False, continuous_update=False,
                description="Ask both:", placeholder="type a question of your own and press Enter",
                style={"description_width": "initial"}, layout=widgets.Layout(width="60em"),
            )  # fmt: skip
            self.words = widgets.HTML(self._said())
            self._shown = RedrawnFigure(self._figure)
            self.question.observe(lambda change: self._put(self._typed, change["new"]), "value")
            self.panel = widgets.VBox([self.question, self.words, self._shown.widget])

    def ask(self, text: str) -> go.Figure:
        """Both engines' ten documents of any text, as a figure; the panel shows it, too.

        Raises:
            LabError: an empty question.
        """
        with self._lock:
            figure = self._show(text)
            if self.panel is not None:
                with self._silently():
                    self.question.value = text
            return figure

    def figure(self) -> go.Figure:
        """What was asked last: the static twin."""
        with self._lock:
            return self._figure

    def _besides(self) -> str:
        return SAYS.rstrip(".")

    def _typed(self, text: str) -> None:
        if text.strip():  # a cleared box is on its way to another question
            self._show(text)  # and leaves the box alone, where the next one may stand by now

    def _show(self, text: str) -> go.Figure:
        with self._lock:
            if text != self._asked:
                self._figure = self._answer(text)
                if self.panel is not None:
                    self.words.value = self._said()
                    self._shown.show(self._figure)
            return self._figure

    def _answer(self, text: str) -> go.Figure:
        if not text.strip():
            raise LabError("an empty question: type some words, or pick one of the list")
        lists = []
        for engine in self._engines:
            run = self._index.search(engine.encode([text], "query"), ["asked"], DEPTH)
            lists.append([doc_id for doc_id, _ in run.top("asked", DEPTH)])
        self._asked = text
        return two_engines(text, lists[0], lists[1], self._titles, self._judged.get(text), names=NAMES)

    def _quality(self, offered: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]]) -> str:
        """Of all questions that are offered, as each list's nDCG stands beside its name for the one that is asked."""
        if not offered:
            return ""
        means = []
        for name, engine in zip(NAMES, self._engines, strict=True):
            run = self._index.search(engine.encode(list(offered.values()), "query"), tuple(offered), DEPTH)
            means.append(f"{name} {per_query(run, qrels, [MEASURE])[MEASURE].mean():.3f}")
        return f" {MEASURE} of all {len(offered)} {SPLIT} questions: {'; '.join(means)}."

    def _said(self) -> str:
        judged = "" if self._asked in self._judged else " Nobody judged this question, so there is no star and no nDCG."
        return f"<p>{escape(SAYS + judged + self._all)}</p>"
