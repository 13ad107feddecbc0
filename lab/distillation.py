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
from lab.collection.texts import NO_DOCUMENT, DocumentTexts
from lab.config import DistillConfig
from lab.encoders.sizes import cut_out
from lab.encoders.student import check_student, make_student, static_student
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.encoders.vocabulary import table_for
from lab.evaluation import Fidelity, fidelity
from lab.generation import QueryGenerator
from lab.geometry import safe_radius
from lab.preparation import Looked, Stage, fit_prepared, training_data
from lab.probe import Probe
from lab.recording import Recorder, Recording
from lab.store import VectorStore
from lab.targets import as_ranked
from lab.training import Event, Finished, TrainingData, train

STATIC_EPOCHS, STATIC_RATE = 3.0, 3e-3


Listener = Callable[[Event | Stage | Looked], None]


@dataclass(frozen=True)
class Distilled:
    """A finished distillation.

    student, static: encoders in the teacher's space (static None where config.static is False)
    fidelity: of the student, on texts of documents it never saw · minutes: wall clock, everything included; of a run
    that was interrupted, also the training before that · texts: it was trained on, `general` of them of no document
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
    general: int
    finished: Finished
    minutes: float


def distill(
    config: DistillConfig | None = None,
    *,
    collection: Collection | None = None,
    teacher: DualEncoder | None = None,
    store: VectorStore | None = None,
    prepared: tuple[TrainingData, DocumentTexts] | None = None,
    record: bool = False,
    probes: Literal["held-out", "dev"] = "held-out",
    searched: int | None = None,
    listen: Listener | None = None,
    stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
    generator: QueryGenerator | None = None,
    **changes: Any,
) -> Distilled:
    """Distil a student.

    Args:
        config: all settings; `changes` replaces single ones, e.g. `distill(student="quarter", seed=1)`.
        collection, teacher: already loaded ones, in place of those the config names.
        prepared: what `training_data` returned, for a second student from the same texts, or from shipped vectors. A
            setting of the config that it was not made with is refused, see `preparation.fit_prepared`.
        record: keep a `Recording`; of held-out texts, or (`probes="dev"`) of the dev split's queries, to look at only.
        searched: look at the student in a sample of so many documents, to compare students with and without documents
            of their own; by default in all that are encoded (4,000, or all in a recorded run and where a loss or hard
            negatives read them), or in 1,500 where the student encodes them.
        listen: gets `Stage`s, `Looked`s and the training's events; the function itself prints nothing.
        stop: asked between steps; True ends training with the best student so far.
        checkpoint: file for exact resume, looks of the recording included.
        generator: makes what `config.generated` asks for; the shipped one is `artefacts.query_generator()`.

    Raises:
        DataError, ModelError, OfflineError, CacheError: see the parts; each names what was wrong and how to mend it.
    """
    began = time.monotonic()
    config = _settled(dataclasses.replace(config or DistillConfig(), **changes))
    tell = listen or (lambda _: None)
    collection = collection or load_collection(config.collection)
    teacher = teacher or load_teacher(config.teacher, config.device, config.precision)
    store = store or VectorStore()

    check_student(config.student, teacher)
    if prepared:
        config, data = fit_prepared(config, collection, prepared[0], teacher.similarity)
        held = prepared[1]
    else:
        data, held = training_data(config, collection, teacher, store, tell, record, generator)
    tell(Stage("building the student"))
    if config.table == "auto":
        config = dataclasses.replace(config, table=table_for(teacher.model.tokenizer, data.texts, held.texts))
    model = make_student(
        teacher, config.student, data.texts, data.queries, config.seed, config.observed, config.start, store,
        config.table,
    )  # fmt: skip
    probe = Probe.of_texts(collection, teacher, data, held, store, config.documents == "own", searched)
    recorder, recorded = (
        (None, None) if not record else _recorder(config, collection, teacher, data, store, probe, probes, searched)
    )

    def look(step: int) -> float:
        encoder = DualEncoder(model, str(config.student), config.precision)
        seen = probe.look(encoder)
        tell(Looked(step, seen.distances, seen.overlaps))
        if recorder and recorded:
            shown = seen if recorded is probe else recorded.look(encoder)
            recorder.add(step, shown.run, shown.distances, {**shown.measures, "held-out overlap@10": seen.score})
        return seen.score

    finished = _run(
        train(
            model,
            data,
            config,
            probe=look,
            stop=stop,
            checkpoint=checkpoint,
            keeper=recorder,
            key=_key(config, collection, teacher, data, f"{probes if record else 'not recorded'} {searched}"),
        ),
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
        general=int((data.positives == NO_DOCUMENT).sum()),
        finished=finished,
        minutes=(time.monotonic() - began + finished.before) / 60,
    )


def _settled(config: DistillConfig) -> DistillConfig:
    """Without what is meant for layers of the teacher, where the student has none of them; documents of the student's
    own are matched where no term of the loss would teach it to encode them.
    """
    changes: dict[str, Any] = {}
    if not (config.start == "teacher" and cut_out(config.student)):
        changes["layer_rate"] = 1.0
    if config.documents == "own" and not config.losses.reads_documents:
        changes["losses"] = dataclasses.replace(config.losses, document_matching=1.0)
    return dataclasses.replace(config, **changes)


def _recorder(
    config: DistillConfig,
    collection: Collection,
    teacher: DualEncoder,
    data: TrainingData,
    store: VectorStore,
    probe: Probe,
    kind: str,
    searched: int | None,
) -> tuple[Recorder, Probe]:
    if kind == "dev":
        probe = Probe.of_queries(collection, "dev", teacher, data, store, config.documents == "own", searched)
    radius = safe_radius(probe.teacher_vectors, as_ranked(probe.documents, teacher.similarity)).radius
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
    own = data.positives != NO_DOCUMENT  # general texts take a table's room from the corpus' own words
    if not own.all():
        data = dataclasses.replace(
            data, texts=tuple(data.texts[row] for row in np.flatnonzero(own)), queries=data.queries[own],
            positives=data.positives[own], targets=None if data.targets is None else data.targets[own],
        )  # fmt: skip
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


def _key(config: DistillConfig, collection: Collection, teacher: DualEncoder, data: TrainingData, recorded: str) -> str:
    what = [config.to_json(), collection.fingerprint, teacher.fingerprint, recorded, *data.texts]
    digest = hashlib.sha256("\0".join(what).encode())
    digest.update(data.queries.tobytes())  # stored in eight bits they are not those just encoded
    return digest.hexdigest()
