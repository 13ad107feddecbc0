"""Queries a second: each student against its teacher, in one run, one query at a time and in batches, on idle cores.

    python benchmarks/speed.py                          # writes docs/speed.json: the student that ships, and the four
                                                        # sizes as cut out of the teacher (how fast a student is does
                                                        # not depend on what it learnt)
    python benchmarks/speed.py out/tenth out/quarter    # students in folders; only printed

The figure to quote is the ratio to the teacher; absolute numbers are this machine's. Repeats are interleaved, so that a
machine that slows down slows all encoders alike; the median of the repeats is told with the smallest and largest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from results import ROOT, commit, write_json

import lab
from lab import artefacts
from lab.encoders.student import make_student
from lab.teaching.pace import encoding_seconds

OUT = ROOT / "docs" / "speed.json"
REPEATS, SINGLE, BATCH = 7, 60, 512
OBSERVED = 300  # texts the teacher reads before it is cut: what a token means is of no matter here


def as_cut(teacher: lab.DualEncoder) -> dict[str, lab.DualEncoder]:
    """Untrained students of all sizes, over the vocabulary of the notebooks' texts."""
    data, _ = artefacts.live_data(lab.load_collection("wiki"))
    return {
        name: lab.DualEncoder(make_student(teacher, name, data.texts, data.queries, observed=OBSERVED), name, "float32")
        for name in artefacts.SIZE_NAMES
    }


def measured(encoders: dict[str, lab.DualEncoder], texts: list[str]) -> dict[str, Any]:
    """Name → parameters, and queries a second alone and in batches, beside the encoder called "teacher"."""
    found: dict[str, dict[str, list[float]]] = {name: {"one by one": [], "batches": []} for name in encoders}
    for repeat in range(REPEATS + 1):
        for name, encoder in encoders.items():
            one, many = encoding_seconds(encoder, texts[:SINGLE]), encoding_seconds(encoder, texts, BATCH)
            if repeat:  # the first round warms up
                found[name]["one by one"].append(SINGLE / one)
                found[name]["batches"].append(BATCH / many)
    told: dict[str, Any] = {}
    for name, rates in found.items():
        told[name] = {"parameters": encoders[name].parameters}
        for how, values in rates.items():
            ratios = np.array(values) / np.array(found["teacher"][how])
            told[name][how] = {
                "queries per second": float(np.median(values)),
                "times the teacher": float(np.median(ratios)),
                "smallest": float(ratios.min()),
                "largest": float(ratios.max()),
            }
    return told


def main() -> None:
    """Measure and print; write what ships."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", nargs="*", type=Path)
    parser.add_argument("--collection", default="wiki")
    arguments = parser.parse_args()
    queries = list(lab.load_collection(arguments.collection).queries["dev"].values())
    texts = (queries * (BATCH // len(queries) + 1))[:BATCH]
    teacher = lab.load_teacher(precision="float32")
    folders = arguments.students or [artefacts.path(artefacts.STUDENT)]
    students = {path.name: lab.load_student(path) for path in folders}
    sizes = {} if arguments.students else as_cut(teacher)
    told = measured({"teacher": teacher} | sizes | students, texts)
    print(json.dumps(told, indent=1))
    if not arguments.students:
        write_json(OUT, {"command": "python benchmarks/speed.py", "commit": commit(), "encoders": told})


if __name__ == "__main__":
    main()
