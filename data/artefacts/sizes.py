"""Four students of four sizes, as recordings over the dev queries: what the size dial turns through.

Each trains for two passes over the 12,000 texts of the notebooks' live training, whose vectors ship: minutes instead
of an hour, and a reader can repeat it. A full run of `lab distill` reads 80,000 texts and comes closer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lab
from lab import artefacts
from lab.config import PAPER
from lab.errors import DataError
from lab.figures.card import described
from lab.progress import ProgressBars

MOST_BYTES = 250_000  # of one recording


def build(target: Path, names: tuple[str, ...] = artefacts.SIZE_NAMES, **settings: Any) -> None:
    """Distil each size on the live texts, seed 0, and write its recording into the folder `target`.

    Args:
        settings: for `distill`, in place of the live texts.

    Raises:
        DataError: a recording is larger than it may be.
    """
    if not settings:
        collection = lab.load_collection("wiki")
        settings = {"collection": collection, "prepared": artefacts.live_data(collection)}
    wanted = {"seed": 0, "static": False} | PAPER | settings
    for name in names:
        with ProgressBars() as bars:
            found = lab.distill(student=name, record=True, probes="dev", listen=bars, **wanted)
        assert found.recording is not None
        report = lab.evaluate(found.student, found.collection, "dev", found.teacher)
        path = described(found.recording, report).save(target / name)
        written = sum(path.with_suffix(suffix).stat().st_size for suffix in (".safetensors", ".json"))
        if written > MOST_BYTES:
            raise DataError(f"the recording of {name} has {written:,} bytes, more than {MOST_BYTES:,}: fewer probes=")
