"""A distilled student as a folder: the model anyone can load, and the facts the lab needs to measure it again; and the
way back, from the folder to all it takes to measure it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.collection import Collection, load_collection
from lab.distillation import Distilled
from lab.encoders.card import card
from lab.encoders.export import (
    FACTS,
    facts,
    load_student,
    query_flops,
    save_model,
    stored_bytes,
    stored_parameters,
    write_folder,
)
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import DataError, ModelError
from lab.evaluation import Interval


def save(distilled: Distilled, folder: str | Path) -> dict[str, Any]:
    """Write the student to `folder` (whole or not at all) and return its facts.

    The folder loads with `SentenceTransformer(folder)` where only sentence-transformers is installed. `static/`
    holds the baseline, `recording.*` the recording, `lab.json` the facts, `README.md` the model card.

    Raises:
        ModelError: `folder` exists, is not empty and holds no student of the lab.
    """
    about: dict[str, Any] = {}

    def fill(target: Path) -> None:
        save_model(distilled.student.model, target)
        if distilled.static:
            save_model(distilled.static.model, target / "static")
        if distilled.recording:
            distilled.recording.save(target / "recording")
        about.update(describe(distilled, target))
        (target / FACTS).write_text(json.dumps(about, indent=2, ensure_ascii=False), encoding="utf-8")
        (target / "README.md").write_text(card(about), encoding="utf-8")

    write_folder(Path(folder), fill)
    return about


def describe(distilled: Distilled, written: Path) -> dict[str, Any]:
    """What is known of a student whose weights are in `written`: sizes counted in the files themselves."""
    teacher, student = distilled.teacher, distilled.student
    fidelity = distilled.fidelity
    return {
        "config": dataclasses.asdict(distilled.config),
        "collection": {
            "name": distilled.collection.name,
            "fingerprint": distilled.collection.fingerprint,
            "documents": len(distilled.collection),
        },
        "teacher": {
            "source": teacher.source,
            "fingerprint": teacher.fingerprint,
            "dimension": teacher.dimension,
            "similarity": teacher.similarity,
        },
        "parameters": {"teacher": teacher.parameters, "student": stored_parameters(written)},
        "bytes": stored_bytes(written),
        "flops": {"teacher": query_flops(teacher.model), "student": query_flops(student.model)},
        "texts": distilled.texts,
        "general_texts": distilled.general,
        "steps": distilled.finished.step,
        "best_step": distilled.finished.best_step,
        "minutes": distilled.minutes,
        "fidelity": {
            name: str(value) if isinstance(value, Interval) else value for name, value in vars(fidelity).items()
        },
        "static_fidelity": str(distilled.static_fidelity) if distilled.static_fidelity else None,
    }


def note_measured(folder: str | Path, report: dict[str, Any]) -> None:
    """Write what `lab evaluate` measured (its JSON) into a student's facts and card; a later one of the same collection
    and split takes its place.

    Raises:
        ModelError: `folder` was not written by `lab distill`.
    """
    folder = Path(folder)
    about = facts(folder)
    about["measured"] = about.get("measured", {}) | {f"{report['collection']}, {report['split']}": report}
    for name, text in ((FACTS, json.dumps(about, indent=2, ensure_ascii=False)), ("README.md", card(about))):
        temporary = folder / f".{name}.tmp"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(folder / name)


@dataclass(frozen=True)
class Opened:
    """What a student is measured with.

    facts: its lab.json, None where it has none · notes: what a reader of its figures should know, a line each
    """

    student: DualEncoder
    static: DualEncoder | None
    teacher: DualEncoder
    collection: Collection
    facts: dict[str, Any] | None
    notes: tuple[str, ...]

    @property
    def own_documents(self) -> bool:
        """True where the student encodes documents itself."""
        return self.facts is not None and self.facts["config"].get("documents") == "own"


def open_student(
    folder: str | Path, collection: str | None = None, teacher: str | None = None, device: str = "auto"
) -> Opened:
    """Load a student and what belongs to it; `collection` and `teacher` overrule what it was distilled on and from.

    Raises:
        DataError: no lab.json, and collection or teacher is not named; whatever loading the collection raises.
        ModelError: no such student, or the teacher is not the one it was distilled from: another model's vectors lie
            in another space, however well the dimensions fit.
    """
    folder = Path(folder)
    student = load_student(folder, device)
    known = facts(folder) if (folder / FACTS).exists() else None
    if known is None and not (collection and teacher):
        raise DataError(f"{folder} has no {FACTS}: name --collection and --teacher")
    config = known["config"] if known else {}
    loaded = load_teacher(teacher or config["teacher"], device, config.get("precision", "auto"))
    documents = load_collection(collection or config["collection"])
    notes = []
    if known and not loaded.is_the_model(known["teacher"]["fingerprint"]):
        raise ModelError(
            f"{folder} was distilled from {known['teacher']['source']} (fingerprint"
            f" {known['teacher']['fingerprint'][:12]}…), and {loaded.source} has other weights, tokens, pooling or"
            " prompts: its index is another space. Name the teacher it was distilled from, or distil it again"
        )
    if known and known["collection"]["fingerprint"] != documents.fingerprint:
        was = known["collection"]["name"]
        how = "which has changed since" if was == documents.name else f"and this is {documents.name}"
        notes.append(f"{folder} was distilled on {was}, {how}: texts that are held out here may have trained it")
    static = folder / "static"
    return Opened(
        student, load_student(static, device) if static.exists() else None, loaded, documents, known, tuple(notes)
    )
