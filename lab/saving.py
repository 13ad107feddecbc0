"""A distilled student as a folder: the model anyone can load, and the facts the lab needs to measure it again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from lab.distillation import Distilled
from lab.encoders.export import FACTS, card, query_flops, save_model, stored_bytes, stored_parameters, write_folder
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
        (target / FACTS).write_text(json.dumps(about, indent=2, ensure_ascii=False))
        (target / "README.md").write_text(card(about))

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
        "steps": distilled.finished.step,
        "best_step": distilled.finished.best_step,
        "minutes": distilled.minutes,
        "fidelity": {
            name: str(value) if isinstance(value, Interval) else value for name, value in vars(fidelity).items()
        },
        "static_fidelity": str(distilled.static_fidelity),
    }
