"""What students are compared in, and one of them trained and measured: shared by ladder, presets and notebook 06.

A student with documents of its own reads the first words of each; where documents are inherited they are the teacher's
of the whole text. All are searched among the same documents: those relevant to a dev query and others drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lab import artefacts
from lab.collection import Collection
from lab.collection.core import shortened
from lab.collection.texts import DocumentTexts, TextMix, document_texts, held_out_rows
from lab.config import DistillConfig
from lab.distillation import distill
from lab.encoders.teacher import DualEncoder
from lab.evaluation import per_query
from lab.generation import SENTENCES as SENTENCE_MIX
from lab.generation import FromDocuments, FromQueries
from lab.preparation import held_out_texts, index_rows
from lab.retrieval import ExactIndex, Run, bm25_run
from lab.store import VectorStore
from lab.teaching.ladder import GENERATED, OBSERVED, SENTENCES
from lab.training import Finished, TrainingData

MADE = TextMix(sentences=1, spans=0, questions=1)  # pairs of a collection that observed none
LOOKED = 300  # documents a student is looked at in while it trains; nothing is chosen by that look
METRIC = "nDCG@10"


class World:
    """A collection with its pairs, the three sets of texts, and the index in which all are searched.

    full, short: all documents, and the first `words` words of each · vectors: (N, d) the teacher's, of the whole text
    rows: documents in the index · ids, texts: of the dev queries · teacher_values: its nDCG@10, one a query
    """

    def __init__(
        self, full: Collection, teacher: DualEncoder, store: VectorStore, *, words: int, pairs: int, searched: int
    ) -> None:
        self.full, self.teacher, self.store = full, teacher, store
        self.short = shortened(full, words)
        self.vectors = store.vectors(teacher, full.documents, "document")
        self.held = held_out_texts(full)
        self.pairs = self._pairs(pairs)
        self.qrels, asked = full.qrels["dev"], full.queries["dev"]
        self.ids, self.texts = tuple(asked), tuple(asked.values())
        wanted = {full.row[doc] for judged in self.qrels.values() for doc, grade in judged.items() if grade > 0}
        others = np.setdiff1d(np.arange(len(full)), list(wanted))
        drawn = np.random.default_rng(0).permutation(others)[: max(0, searched - len(wanted))]
        self.rows = np.sort(np.concatenate([sorted(wanted), drawn])).astype(int)
        queries = store.vectors(teacher, self.texts, "query")
        self.teacher_values = self.values(queries, self.vectors[self.rows])

    def _pairs(self, count: int) -> DocumentTexts:
        free = np.setdiff1d(np.arange(len(self.full)), held_out_rows(self.full))
        if "train" not in self.full.splits:  # no observed pairs: made from documents, see `kind_of_pairs`
            made = document_texts(self.full, free, MADE)
        else:
            asked, judged, known = self.full.queries["train"], self.full.qrels["train"], set(free.tolist())
            rows = {asked[i]: self.full.row[max(judged[i], key=judged[i].__getitem__)] for i in asked}
            kept = {text: row for text, row in rows.items() if row in known}
            made = DocumentTexts(tuple(kept), np.fromiter(kept.values(), np.int64, len(kept)))
        chosen = np.sort(np.random.default_rng(0).permutation(len(made))[:count])
        return DocumentTexts(tuple(made.texts[i] for i in chosen), made.rows[chosen])

    @property
    def kind_of_pairs(self) -> str:
        """Where the pairs come from, as a label of tables."""
        return OBSERVED if "train" in self.full.splits else "made from documents"

    def data(self, texts: str = OBSERVED) -> TrainingData:
        """The pairs, and as many made texts where the arm asks for them."""
        wanted, rows, count = self.pairs.texts, self.pairs.rows, len(self.pairs)
        if texts == GENERATED:  # a made query keeps the document of the query it was made of
            made = FromQueries(artefacts.query_generator(self.teacher), wanted).draw(count)
            wanted, rows = (*wanted, *made.texts), np.concatenate([rows, rows[made.rows]])
        elif texts == SENTENCES:
            free = np.setdiff1d(np.arange(len(self.full)), held_out_rows(self.full))
            made = FromDocuments(self.full, SENTENCE_MIX, free).draw(count)
            wanted, rows = (*wanted, *made.texts), np.concatenate([rows, made.rows])
        queries = self.store.vectors(self.teacher, wanted, "query")
        # none of them shaped these texts
        settings = {"texts": TextMix(), "queries": "documents", "at_least": 0, "unseen": ()}
        return TrainingData(
            wanted, queries, rows, self.vectors, np.arange(len(self.full)), self.short.documents, self.full.groups,
            index=index_rows(self.full), settings=settings, similarity=self.teacher.similarity,
        )  # fmt: skip

    def values(self, queries: np.ndarray, documents: np.ndarray) -> np.ndarray:
        """nDCG@10 a dev query: (Q,), of (Q, d) queries in (len(rows), d) documents."""
        index = ExactIndex(documents, [self.full.doc_ids[row] for row in self.rows], self.teacher.similarity)
        return self._measured(index.search(queries, self.ids, 10))

    @cached_property
    def bm25_values(self) -> np.ndarray:
        """The same of BM25, in the same documents, whole: the peer that nobody trains."""
        documents, names = zip(*((self.full.documents[row], self.full.doc_ids[row]) for row in self.rows), strict=True)
        return self._measured(bm25_run(documents, names, dict(zip(self.ids, self.texts, strict=True)), 10))

    def _measured(self, run: Run) -> np.ndarray:
        return per_query(run, self.qrels, [METRIC])[METRIC]

    def share(self, values: np.ndarray) -> float:
        """Of the teacher's mean."""
        return float(values.mean() / self.teacher_values.mean())


def small(collection: Collection, asked: int, pairs: int, words: int) -> Collection:
    """A part that a lesson can encode: so many dev queries and train queries, drawn with seed 0, and their documents'
    first words.
    """
    random = np.random.default_rng(0)
    chosen = {
        split: [list(collection.queries[split])[i] for i in random.permutation(len(collection.queries[split]))[:count]]
        for split, count in (("dev", asked), ("train", pairs))
    }
    judged = {split: {i: collection.qrels[split][i] for i in ids} for split, ids in chosen.items()}
    rows = sorted({collection.row[doc] for each in judged.values() for docs in each.values() for doc in docs})
    short = shortened(collection, words)
    return Collection(
        name=f"{short.name}, a part",
        doc_ids=tuple(short.doc_ids[row] for row in rows),
        titles=tuple(short.titles[row] for row in rows),
        bodies=tuple(short.bodies[row] for row in rows),
        queries={split: {i: collection.queries[split][i] for i in ids} for split, ids in chosen.items()},
        qrels=judged,
    )


@dataclass(frozen=True, eq=False)
class Trained:
    """values: (Q,) nDCG@10 in the index the student is meant for · theirs: in the teacher's, where that is another"""

    student: DualEncoder
    finished: Finished
    values: np.ndarray
    theirs: np.ndarray | None


def train_one(world: World, data: TrainingData, config: DistillConfig, **changes: Any) -> Trained:
    """Train one student and search with it; `changes` are settings, or further arguments of `distill`."""
    found = distill(
        config, collection=world.short, teacher=world.teacher, store=world.store, prepared=(data, world.held),
        searched=LOOKED, **changes,
    )  # fmt: skip
    queries = found.student.encode(world.texts, "query")
    values, theirs = world.values(queries, world.vectors[world.rows]), None
    if found.config.documents == "own":
        own = found.student.encode([world.short.documents[row] for row in world.rows], "document")
        values, theirs = world.values(queries, own), values
    return Trained(found.student, found.finished, values, theirs)


def epochs_for(steps: int, texts: int, batch: int) -> float:
    """Passes over so many texts that are so many steps; the last batch of a pass may be smaller."""
    return steps / -(-texts // batch)
