"""The grid of notebook 03: students that copy scores alone, and one that copies vectors, as recordings.

Score distillation × {start from the teacher's layers, random start} × {inherited documents, documents of their own};
matching as the reference. Same texts, steps, rate, seed and looks in every cell. A student with documents of its own
reads title and first 24 words of each: every step encodes 64 of them.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import lab
from lab import artefacts
from lab.collection.core import shortened
from lab.config import PAPER
from lab.losses import LossWeights
from lab.progress import ProgressBars

WORDS = 24
SEARCHED = 1_000  # documents a look is searched in: a student with its own encodes them each time
SCORES = LossWeights(query_matching=0, score=1, temperature=0.05)
SETTINGS = lab.DistillConfig(epochs=4.25, batch=64, probes=15, static=False, select=False, losses=SCORES, **PAPER)
CELLS = {
    "scores-teacher-inherited": {"start": "teacher", "documents": "inherited"},
    "scores-random-inherited": {"start": "random", "documents": "inherited"},
    "scores-teacher-own": {"start": "teacher", "documents": "own"},
    "scores-random-own": {"start": "random", "documents": "own"},
    "matching-teacher-inherited": {"losses": LossWeights()},
}


def build(target: Path) -> None:
    """Five trainings of 799 steps; a quarter of an hour on one core, most of it for documents of their own."""
    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    short = shortened(collection, WORDS)
    data, held = artefacts.live_data(collection)
    data = dataclasses.replace(data, document_texts=short.documents)
    for name, changes in CELLS.items():
        with ProgressBars() as bars:
            found = lab.distill(
                dataclasses.replace(SETTINGS, **changes),
                collection=short, teacher=teacher, prepared=(data, held),
                record=True, probes="dev", searched=SEARCHED, listen=bars,
            )  # fmt: skip
        assert found.recording is not None
        found.recording.save(target / name)
