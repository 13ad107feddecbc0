"""A fixed set of queries through which a student is looked at again and again while it trains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.collection import Collection
from lab.collection.texts import DocumentTexts
from lab.encoders.teacher import DualEncoder
from lab.evaluation.fidelity import overlap, vector_distance
from lab.geometry import linear_cka, spearman_similarities
from lab.retrieval import ExactIndex, Run
from lab.store import VectorStore
from lab.training import TrainingData

DEPTH = 10
IN_TEACHERS_INDEX = "overlap@10 in the teacher's index"  # the same as overlap@10 where documents are inherited
OWN_DOCUMENTS = (
    1500  # a student with a document tower of its own is looked at over so many documents: it encodes them each time
)


@dataclass(frozen=True)
class Look:
    """What was seen of P queries: the student's vectors and run, ‖t − s‖ and overlap@10 per query,
    measures of geometry.
    """

    vectors: np.ndarray
    run: Run
    distances: np.ndarray
    overlaps: np.ndarray
    measures: dict[str, float]

    @property
    def score(self) -> float:
        """What selection goes by."""
        return float(self.overlaps.mean())


class Probe:
    """Queries, the teacher's vectors and run of them, and the documents they are searched in."""

    def __init__(
        self,
        collection: Collection,
        query_ids: tuple[str, ...],
        texts: tuple[str, ...],
        encoder: DualEncoder,
        data: TrainingData,
        store: VectorStore,
        own_documents: bool,
        sample: int | None = None,
    ) -> None:
        """
        Args:
            sample: search in so many of the documents, drawn with a fixed seed; by default in all of them, or in
                `OWN_DOCUMENTS` where the student encodes them itself. Students of one sample can be compared.
        """
        self.texts = texts
        self._ids = query_ids
        self.teacher_vectors = store.vectors(encoder, texts, "query")
        kept = np.arange(len(data.document_rows))
        most = sample or (OWN_DOCUMENTS if own_documents else len(kept))
        if len(kept) > most:
            kept = np.sort(np.random.default_rng(0).permutation(kept)[:most])
        self.positions = data.document_rows[kept]
        self.documents = data.documents[kept]
        self._own = [collection.documents[i] for i in self.positions] if own_documents else None
        self._doc_ids = [collection.doc_ids[i] for i in self.positions]
        self._metric = encoder.similarity
        self._index = ExactIndex(self.documents, self._doc_ids, self._metric)
        self.teacher = self._index.search(self.teacher_vectors, query_ids, DEPTH, "teacher")

    @classmethod
    def of_texts(
        cls,
        collection: Collection,
        teacher: DualEncoder,
        data: TrainingData,
        texts: DocumentTexts,
        store: VectorStore,
        own_documents: bool = False,
        sample: int | None = None,
    ) -> Probe:
        """Texts made from held-out documents: needs no judgement."""
        ids = tuple(f"text-{number}" for number in range(len(texts)))
        return cls(collection, ids, texts.texts, teacher, data, store, own_documents, sample)

    @classmethod
    def of_queries(
        cls,
        collection: Collection,
        split: str,
        teacher: DualEncoder,
        data: TrainingData,
        store: VectorStore,
        own_documents: bool = False,
        sample: int | None = None,
    ) -> Probe:
        """Real queries of a split, to be looked at, never trained on."""
        queries = collection.queries[split]
        return cls(collection, tuple(queries), tuple(queries.values()), teacher, data, store, own_documents, sample)

    def look(self, student: DualEncoder) -> Look:
        """Search with the student's query vectors: in the teacher's index, or in the student's own where it encodes
        documents."""
        vectors = student.encode(self.texts, "query")
        run = self._index.search(vectors, self._ids, DEPTH, "student")
        overlaps = there = overlap(self.teacher, run, run.k)
        if self._own is not None:
            index = ExactIndex(student.encode(self._own, "document"), self._doc_ids, self._metric)
            run = index.search(vectors, self._ids, DEPTH, "student")
            overlaps = overlap(self.teacher, run, run.k)
        distances = vector_distance(self.teacher_vectors, vectors)
        measures = {
            "mean distance": float(distances.mean()),
            "overlap@10": float(overlaps.mean()),
            IN_TEACHERS_INDEX: float(there.mean()),
            "linear CKA": linear_cka(self.teacher_vectors, vectors, debiased=True),
            "Spearman": spearman_similarities(self.teacher_vectors, vectors),
        }
        return Look(vectors, run, distances, overlaps, measures)
