"""`distill`: from a collection and a teacher to a student that searches the teacher's index.

Reads top to bottom: documents → texts → the teacher's vectors of both → student → training → how faithful it became.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sentence_transformers import SentenceTransformer

from lab.collection import Collection, load_collection
from lab.collection.texts import DocumentTexts, document_texts, held_out_rows
from lab.config import DistillConfig
from lab.encoders.student import make_student, static_student
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import DataError
from lab.evaluation import Fidelity, fidelity
from lab.geometry import safe_radius
from lab.probe import Probe
from lab.recording import Recorder, Recording
from lab.store import VectorStore
from lab.training import Event, Finished, TrainingData, train

HELD_OUT_QUERIES = 300  # half a second a look; the interval of an overlap is then about ±2 points
STATIC_EPOCHS, STATIC_RATE = 3.0, 3e-3


@dataclass(frozen=True)
class Stage:
    """What is being done now, for a progress line: `done` of `total` (0 of 0 where it cannot be counted)."""

    name: str
    done: int = 0
    total: int = 0


Listener = Callable[[Event | Stage], None]


@dataclass(frozen=True)
class Distilled:
    """A finished distillation.

    student, static: encoders in the teacher's space (static None where config.static is False)
    fidelity: of the student, on texts of documents it never saw · minutes: wall clock, everything included
    """

    student: DualEncoder
    static: DualEncoder | None
    teacher: DualEncoder
    collection: Collection
    config: DistillConfig
    fidelity: Fidelity
    static_fidelity: Fidelity | None
    recording: Recording | None
    texts: int
    finished: Finished
    minutes: float


def distill(
    config: DistillConfig | None = None,
    *,
    collection: Collection | None = None,
    teacher: DualEncoder | None = None,
    store: VectorStore | None = None,
    record: bool = False,
    probes: Literal["held-out", "dev"] = "held-out",
    listen: Listener | None = None,
    stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
    **changes: Any,
) -> Distilled:
    """Distil a student.

    Args:
        config: all settings; `changes` replaces single ones, e.g. `distill(student="quarter", seed=1)`.
        collection, teacher: already loaded ones, in place of those the config names.
        record: keep a `Recording`; of held-out texts, or (`probes="dev"`) of the dev split's queries, to look at only.
        listen: gets `Stage`s and the training's events; the function itself prints nothing.
        stop: asked between steps; True ends training with the best student so far.
        checkpoint: file for exact resume.

    Raises:
        DataError, ModelError, OfflineError, CacheError: see the parts; each names what was wrong and how to mend it.
    """
    began = time.monotonic()
    config = dataclasses.replace(config or DistillConfig(), **changes)
    tell = listen or (lambda _: None)
    collection = collection or load_collection(config.collection)
    teacher = teacher or load_teacher(config.teacher, config.device, config.precision)
    store = store or VectorStore()

    data, held = training_data(config, collection, teacher, store, tell)
    tell(Stage("building the student"))
    model = make_student(teacher, config.student, data.texts, data.queries, config.seed)
    probe = Probe.of_texts(collection, teacher, data.documents, held, store, own_documents=config.documents == "own")
    recorder, recorded = (
        (None, None) if not record else _recorder(config, collection, teacher, data, store, probe, probes)
    )

    def look(step: int) -> float:
        encoder = DualEncoder(model, config.student, config.precision)
        seen = probe.look(encoder)
        if recorder and recorded:
            shown = seen if recorded is probe else recorded.look(encoder)
            recorder.add(step, shown.run, shown.distances, {**shown.measures, "held-out overlap@10": seen.score})
        return seen.score

    finished = _run(
        train(model, data, config, probe=look, stop=stop, checkpoint=checkpoint, key=_key(config, collection, teacher)),
        tell,
    )
    student = DualEncoder(model, f"{config.student} of {teacher.source}", "float32")
    seen = probe.look(student)
    static = _static(config, teacher, data, student.parameters, tell) if config.static else None
    return Distilled(
        student=student,
        static=static,
        teacher=teacher,
        collection=collection,
        config=config,
        fidelity=fidelity(probe.teacher, seen.run, distance=seen.distances),
        static_fidelity=_fidelity(probe, static) if static else None,
        recording=recorder.recording() if recorder else None,
        texts=len(data.texts),
        finished=finished,
        minutes=(time.monotonic() - began) / 60,
    )


def training_data(
    config: DistillConfig,
    collection: Collection,
    teacher: DualEncoder,
    store: VectorStore,
    tell: Listener | None = None,
) -> tuple[TrainingData, DocumentTexts]:
    """Texts to train on with the teacher's vectors, and the texts of held-out documents to measure on.

    Only documents are read, unless `config.queries` is "train".
    """
    tell = tell or (lambda _: None)
    held_rows = held_out_rows(collection)
    free = np.setdiff1d(np.arange(len(collection)), held_rows)
    made = document_texts(collection, free, config.texts, config.seed)
    # seed 0 whatever the run: students of several seeds are measured on the same held-out texts
    held = document_texts(collection, held_rows, config.texts, seed=0)
    chosen = np.sort(np.random.default_rng(0).permutation(len(held))[:HELD_OUT_QUERIES])
    held = DocumentTexts(tuple(held.texts[i] for i in chosen), held.rows[chosen])
    if config.queries == "train":
        made = _with_train_queries(collection, made, held)
    documents = store.vectors(
        teacher,
        collection.documents,
        "document",
        lambda done, total: tell(Stage("teacher encodes documents", done, total)),
    )
    queries = store.vectors(
        teacher, made.texts, "query", lambda done, total: tell(Stage("teacher encodes training texts", done, total))
    )
    first: dict[str, int] = {}
    groups = np.array([first.setdefault(text, row) for row, text in enumerate(collection.documents)])
    negatives = (
        _hard_negatives(queries, documents, groups, made.rows, config.hard_negatives) if config.hard_negatives else None
    )
    return TrainingData(made.texts, queries, made.rows, documents, collection.documents, groups, negatives), held


def _with_train_queries(collection: Collection, made: DocumentTexts, held: DocumentTexts) -> DocumentTexts:
    if "train" not in collection.splits:
        raise DataError(
            f"{collection.name} has no train split (it has {', '.join(collection.splits) or 'none'}); use queries='documents'"
        )
    texts, rows = list(made.texts), made.rows.tolist()
    known = set(texts) | set(held.texts)
    for query_id, text in collection.queries["train"].items():
        judged = collection.qrels["train"][query_id]
        if text not in known:
            texts.append(text)
            rows.append(collection.row[max(judged, key=lambda doc_id: judged[doc_id])])
    return DocumentTexts(tuple(texts), np.array(rows, dtype=np.int64))


def _hard_negatives(
    queries: np.ndarray, documents: np.ndarray, groups: np.ndarray, positives: np.ndarray, count: int
) -> np.ndarray:
    """(n, count) rows: the teacher's best documents that are not the text's own nor its twin, from rank 2 on."""
    wanted = min(len(documents), count + 50)
    if wanted - 1 < count:
        raise DataError(
            f"{count} hard negatives wanted of {len(documents)} documents; bring more documents or fewer negatives"
        )
    out = np.empty((len(queries), count), np.int64)
    for start in range(0, len(queries), 1024):
        scores = queries[start : start + 1024] @ documents.T
        best = np.argpartition(-scores, wanted - 1, axis=1)[:, :wanted]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1), 1)
        for offset, rows in enumerate(best):
            others = rows[groups[rows] != groups[positives[start + offset]]]
            out[start + offset] = np.resize(others, count)
    return out


def _recorder(
    config: DistillConfig,
    collection: Collection,
    teacher: DualEncoder,
    data: TrainingData,
    store: VectorStore,
    probe: Probe,
    kind: str,
) -> tuple[Recorder, Probe]:
    if kind == "dev":
        probe = Probe.of_queries(
            collection, "dev", teacher, data.documents, store, own_documents=config.documents == "own"
        )
    vectors = probe.teacher_vectors
    radius = safe_radius(vectors, data.documents).radius
    about = {
        "collection": {"name": collection.name, "fingerprint": collection.fingerprint},
        "teacher": {"source": teacher.source, "fingerprint": teacher.fingerprint},
        "config": dataclasses.asdict(config),
        "probes": kind,
    }
    return Recorder(
        probe.teacher, probe.positions, radius, dict(zip(probe.teacher.query_ids, probe.texts, strict=True)), about
    ), probe


def _static(
    config: DistillConfig, teacher: DualEncoder, data: TrainingData, parameters: int, tell: Listener
) -> DualEncoder:
    tell(Stage("training the static student beside it"))
    model: SentenceTransformer = static_student(teacher, data.texts, parameters)
    plain = dataclasses.replace(
        config,
        epochs=STATIC_EPOCHS,
        rate=STATIC_RATE,
        documents="inherited",
        losses=type(config.losses)(),
        precision="float32",
    )
    _run(train(model, data, plain), lambda _: None)
    return DualEncoder(model, f"static student of {teacher.source}", "float32")


def _fidelity(probe: Probe, encoder: DualEncoder) -> Fidelity:
    seen = probe.look(encoder)
    return fidelity(probe.teacher, seen.run, distance=seen.distances)


def _run(events: Any, tell: Listener) -> Finished:
    last: Finished | None = None
    for event in events:
        tell(event)
        if isinstance(event, Finished):
            last = event
    assert last is not None
    return last


def _key(config: DistillConfig, collection: Collection, teacher: DualEncoder) -> str:
    return hashlib.sha256(f"{config.to_json()}{collection.fingerprint}{teacher.fingerprint}".encode()).hexdigest()
