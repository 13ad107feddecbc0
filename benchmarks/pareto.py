"""What does a size cost in quality, at equal minutes? Students of 1/3 to 1/20, each trained equally long.

    python benchmarks/pareto.py                                  # 2 collections × 5 sizes × 3 seeds × 2 minutes
    python benchmarks/pareto.py --collections wiki --seeds 0     # a part
    python benchmarks/pareto.py --table                          # train nothing: the table of the runs that are there

The default recipe, documents only; nothing but the size and the number of steps differs. Minutes are those of the
training loop's own clock (see presets.py, whose rule for equal time this is), on one core: run it there with `taskset`,
and leave that core alone. Retention of nDCG@10 on dev, no test query is read; all documents give training texts. Beside
every student stand BM25 and the static student of its size, which trains as long as it needs to (three passes,
seconds), with the first seed alone. One file a run in docs/pareto/; the table goes to docs/pareto.json.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from presets import SLACK, timed
from results import ROOT, commit, stored, write_json

import lab
from lab.evaluation import ratio_interval
from lab.preparation import training_data
from lab.progress import ProgressBars
from lab.teaching.rungs import epochs_for

OUT, FOLDER = ROOT / "docs" / "pareto.json", ROOT / "docs" / "pareto"
COLLECTIONS, SIZES, SEEDS = ("wiki", "pydocs"), ("1/3", "quarter", "1/6", "tenth", "twentieth"), (0, 1, 2)
SECONDS, MEASURE = 120.0, "nDCG@10"


def config_of(collection: str, size: str, seed: int) -> lab.DistillConfig:
    """The default; the number of steps follows from the time."""
    return lab.DistillConfig(collection=collection, student=size, seed=seed, static=seed == SEEDS[0])


def path_of(collection: str, size: str, seed: int, seconds: float) -> Path:
    """The file of a run."""
    return FOLDER / f"{Path(collection).name}-{size.replace('/', '-')}-{seed}-{seconds:g}s.json"


def key_of(config: lab.DistillConfig, seconds: float) -> str:
    """A run is known again by its settings and its time."""
    return config.digest(f"{seconds} seconds")


class Bench:
    """A collection with its texts and their vectors, made once; and how long a step of a size takes."""

    def __init__(self, collection: str) -> None:
        self.teacher, self.store = lab.load_teacher(), lab.VectorStore()
        self.collection, self.pace = lab.load_collection(collection), dict[str, float]()
        config = config_of(collection, SIZES[0], SEEDS[0])
        with ProgressBars() as bars:
            self.prepared = training_data(config, self.collection, self.teacher, self.store, bars)

    def run(self, config: lab.DistillConfig, seconds: float) -> dict[str, Any]:
        """One student, trained so long and measured on dev."""

        def train(steps: int) -> lab.Distilled:
            return lab.distill(
                config, collection=self.collection, teacher=self.teacher, store=self.store, prepared=self.prepared,
                epochs=epochs_for(steps, len(self.prepared[0].texts), config.batch),
            )  # fmt: skip

        found = timed(train, seconds, self.pace.get(config.student))
        self.pace[config.student] = found.finished.seconds / found.finished.step
        peers = {"static": found.static, "store": self.store}
        report = lab.evaluate(found.student, self.collection, "dev", self.teacher, **peers)
        return {
            "config": key_of(config, seconds), "commit": commit(), "collection": config.collection,
            "student": config.student, "seed": config.seed, "parameters": report.parameters["student"],
            "teacher parameters": report.parameters["teacher"], "steps": found.finished.step,
            "best step": found.finished.best_step, "seconds": round(found.finished.seconds, 1),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "fidelity": vars(found.fidelity.overlap),
            "values": {engine: np.round(each[MEASURE], 4).tolist() for engine, each in report.values.items()},
        }  # fmt: skip


def runs(collections: Sequence[str], seeds: Sequence[int], seconds: float, train: bool = True) -> list[dict[str, Any]]:
    """All runs; those that are there are read, the others left out where `train` is False."""
    table, benches = [], dict[str, Bench]()
    for seed, collection, size in itertools.product(seeds, collections, SIZES):  # all sizes of a seed in turn
        config, path = config_of(collection, size, seed), path_of(collection, size, seed, seconds)
        found = stored(path, key_of(config, seconds))
        if found is None and train:
            if collection not in benches:
                benches[collection] = Bench(collection)
                benches[collection].pace |= {
                    row["student"]: row["seconds"] / row["steps"] for row in table if row["collection"] == collection
                }
            found = benches[collection].run(config, seconds)
            if abs(found["seconds"] - seconds) > SLACK * seconds:
                print(f"not kept, {found['seconds']} s are not {seconds:g}: leave this core alone, and start again")
                continue
            write_json(path, found, None)
            kept = np.mean(found["values"]["student"]) / np.mean(found["values"]["teacher"])
            print(f"{collection} {size} {seed}: {found['steps']} steps, {found['seconds']} s, {kept:.3f}", flush=True)
        if found is not None:
            table.append(found)
    return table


def summary(table: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What is committed: of each collection and size retention with its interval over queries and seeds, and of its
    peers."""
    rows = []
    for collection, size in itertools.product(COLLECTIONS, SIZES):
        mine = [row for row in table if (row["collection"], row["student"]) == (collection, size)]
        if not mine:
            continue
        teacher = mine[0]["values"]["teacher"]
        static = next((row["values"]["static"] for row in mine if "static" in row["values"]), None)
        rows.append({
            "collection": collection, "student": size, "parameters": mine[0]["parameters"],
            "times smaller": round(mine[0]["teacher parameters"] / mine[0]["parameters"], 1),
            "seeds": [row["seed"] for row in mine], "queries": len(teacher),
            "retention": vars(ratio_interval(np.array([row["values"]["student"] for row in mine]), teacher)),
            "static": vars(ratio_interval(static, teacher)) if static else None,
            "bm25": vars(ratio_interval(mine[0]["values"]["bm25"], teacher)),
            # of texts of documents that gave none: what selection sees, and what dev's 140 questions are too few for
            "overlap@10": round(float(np.mean([row["fidelity"]["value"] for row in mine])), 4),
            "steps": [row["steps"] for row in mine], "best step": [row["best step"] for row in mine],
            "seconds": [row["seconds"] for row in mine],
        })  # fmt: skip
    return {
        "command": "python benchmarks/pareto.py", "commits": sorted({row["commit"] for row in table}),
        "seconds": seconds, "cores": sorted({row["cores"] for row in table}),
        "measure": f"{MEASURE} on dev, share of the teacher", "rows": rows,
    }  # fmt: skip


def main() -> None:
    """Train what is missing, write and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collections", nargs="+", default=COLLECTIONS, choices=COLLECTIONS)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS, choices=SEEDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of training, the same for all")
    parser.add_argument("--table", action="store_true", help="train nothing: the table of the runs that are there")
    asked = parser.parse_args()
    runs(asked.collections, asked.seeds, asked.seconds, train=not asked.table)
    if table := runs(COLLECTIONS, SEEDS, asked.seconds, train=False):
        told = summary(table, asked.seconds)
        write_json(OUT, told)
        for row in told["rows"]:
            kept = row["retention"]
            print(f"{row['collection']} {row['student']}: {kept['value']:.3f} [{kept['low']:.3f}, {kept['high']:.3f}]")


if __name__ == "__main__":
    main()
