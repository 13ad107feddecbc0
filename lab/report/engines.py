"""The engines of every report, over the same queries and documents: teacher, student, static student and BM25."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lab.collection import Collection
from lab.encoders.teacher import DualEncoder
from lab.errors import ModelError
from lab.evaluation import vector_distance
from lab.retrieval import BM25Settings, ExactIndex, Run, bm25_run
from lab.store import VectorStore

NO_STATIC = f"{'static':<10}not measured here: give static=, or distil without --no-static"


@dataclass(frozen=True)
class Engines:
    """What they found.

    runs: engine → Run, those of the vectors first, in one order · distances: (n_queries,) ‖t − s‖ of student and static
    parameters: of the engines that have any · bm25: its settings in words
    """

    runs: Mapping[str, Run]
    distances: Mapping[str, np.ndarray]
    parameters: Mapping[str, int]
    bm25: str


def search_all(
    student: DualEncoder,
    collection: Collection,
    queries: Mapping[str, str],
    teacher: DualEncoder,
    static: DualEncoder | None = None,
    own_documents: bool = False,
    store: VectorStore | None = None,
    k: int = 100,
) -> Engines:
    """Search `queries` (id → text) in all documents with every engine, `k` deep; arguments as of `lab.evaluate`.

    Raises:
        ModelError: the student's vectors do not fit the teacher's index.
    """
    if student.dimension != teacher.dimension:
        raise ModelError(
            f"the student gives {student.dimension} dimensions, the teacher {teacher.dimension}: this student was not"
            " distilled from this teacher"
        )
    store = store or VectorStore()
    texts, ids = tuple(queries.values()), tuple(queries)
    index = ExactIndex(store.vectors(teacher, collection.documents, "document"), collection.doc_ids, teacher.similarity)
    vectors = {"teacher": store.vectors(teacher, texts, "query"), "student": student.encode(texts, "query")}
    if static:
        vectors["static"] = static.encode(texts, "query")
    runs = {name: index.search(found, ids, k, name) for name, found in vectors.items()}
    if own_documents:
        own = ExactIndex(
            store.vectors(student, collection.documents, "document"), collection.doc_ids, student.similarity
        )
        runs["student"] = own.search(vectors["student"], ids, k, "student")
    settings = BM25Settings()
    runs["bm25"] = bm25_run(collection.documents, collection.doc_ids, queries, k, settings=settings)
    sizes = {"teacher": teacher.parameters, "student": student.parameters} | (
        {"static": static.parameters} if static else {}
    )
    distances = {name: vector_distance(vectors["teacher"], vectors[name]) for name in vectors if name != "teacher"}
    return Engines(runs, distances, sizes, settings.describe())
