"""Queries a second: each student against its teacher, in one run, one query at a time and in batches, on idle cores.

    python benchmarks/speed.py out/tenth out/quarter

The figure to quote is the ratio to the teacher; absolute numbers are this machine's. Repeats are interleaved, so that a
machine that slows down slows all encoders alike; the median of the repeats is printed with the smallest and largest.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import lab

REPEATS, SINGLE, BATCH = 7, 60, 512


def seconds(encoder: lab.DualEncoder, texts: list[str], batch: int) -> float:
    """Wall clock for all texts."""
    began = time.perf_counter()
    for start in range(0, len(texts), batch):
        encoder.encode(texts[start : start + batch], "query")
    return time.perf_counter() - began


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", nargs="+", type=Path)
    parser.add_argument("--collection", default="wiki")
    arguments = parser.parse_args()
    queries = list(lab.load_collection(arguments.collection).queries["dev"].values())
    texts = (queries * (BATCH // len(queries) + 1))[:BATCH]
    encoders = {"teacher": lab.load_teacher(precision="float32")} | {
        path.name: lab.load_student(path) for path in arguments.students
    }
    found: dict[str, dict[str, list[float]]] = {name: {"one by one": [], "batches": []} for name in encoders}
    for repeat in range(REPEATS + 1):
        for name, encoder in encoders.items():
            one, many = seconds(encoder, texts[:SINGLE], 1), seconds(encoder, texts, BATCH)
            if repeat:  # the first round warms up
                found[name]["one by one"].append(SINGLE / one)
                found[name]["batches"].append(BATCH / many)
    told = {}
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
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
