"""The paper's ablation on the lab's data: rungs that differ in one thing, at equal steps, on dev queries.

    make ladder                                 # all of it; about 2.5 hours on 2 cores, --hours says how many here
    python benchmarks/ladder.py --quick         # a small first pass, see QUICK
    python benchmarks/ladder.py --sizes tenth   # a part, without the table; parts may run side by side
    python benchmarks/ladder.py --table         # train nothing: the table of the runs that are there

`pydocs` trains on its observed pairs; `wiki` has none, its pairs are made from documents. Two starts: the teacher's
layers, and random weights in the same shape. In what all are searched: `lab.teaching.rungs`. No test split is read.

Per-query values go to docs/ladder/, one file a run, and are not made again; the table and the intervals to
docs/ladder.json. Intervals: paired bootstrap over dev queries and seeds; each step at the level that Holm's correction
leaves it among the steps of its block (collection, size, start).
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from results import ROOT, commit, key_of, stored, write_json

import lab
from lab.config import PAPER
from lab.evaluation import difference_interval, holm, p_value, ratio_interval
from lab.teaching import measure_pace
from lab.teaching.ladder import ARMS, STEPS
from lab.teaching.rungs import World, epochs_for, train_one
from lab.training import TrainingData

OUT, FOLDER = ROOT / "docs" / "ladder.json", ROOT / "docs" / "ladder"
# seconds where the lab's minutes were measured: a step, what a word of own documents adds to it, all but the steps
STEP, WORD, REST = 0.06, 0.005, 25.0


@dataclasses.dataclass(frozen=True)
class Study:
    """One pass over the ladder: what is held equal in all its runs."""

    collections: tuple[str, ...] = ("pydocs", "wiki")
    sizes: tuple[str, ...] = ("tenth", "quarter")
    starts: tuple[str, ...] = ("teacher", "random")
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 250
    words: int = 32  # of a document that a student encodes itself
    pairs: int = 8_000  # a student trains on; and as many made texts where an arm has them
    searched: int = 3_000  # documents in the index
    observed: int = 2_000

    def runs(self) -> list[tuple[str, str, str, int, str]]:
        """Block by block, all arms of a seed in turn: what is there after an interruption can be compared."""
        return list(itertools.product(self.collections, self.sizes, self.starts, self.seeds, ARMS))

    def hours(self, speed: float) -> float:
        """On a machine so many times as fast as the reference."""
        own = sum(ARMS[arm].documents == "own" for *_, arm in self.runs())
        seconds = len(self.runs()) * (REST + self.steps * STEP) + own * self.steps * self.words * WORD
        return seconds / 3600 / speed


PARTS = ("collections", "sizes", "starts", "seeds")  # what a run may do a part of, see --help
QUICK = Study(("pydocs",), ("tenth",), steps=100, words=16, pairs=1_500, searched=2_000, observed=300)


def one(world: World, data: TrainingData, config: lab.DistillConfig, arm: str) -> dict:
    """Train one student; its values in the index it is meant for, and its share in the teacher's."""
    found = train_one(world, data, config, **ARMS[arm].changes())
    return {
        "share": world.share(found.values),
        "share in the teacher's index": None if found.theirs is None else world.share(found.theirs),
        "texts": len(data.texts), "parameters": found.student.parameters, "steps": found.finished.step,
        "values": np.round(found.values, 3).tolist(),
    }  # fmt: skip


def climb(study: Study, train: bool = True) -> list[dict]:
    """All runs of the study; those that are there already are read, the others left out where `train` is False."""
    worlds: dict[str, World] = {}
    texts: dict[tuple[str, str], TrainingData] = {}
    table = []
    for collection, size, start, seed, arm in study.runs():
        config = lab.DistillConfig(
            collection=collection, student=size, start=start, seed=seed, observed=study.observed, probes=1,
            select=False, static=False, **PAPER,
        )  # fmt: skip
        told = {**config.told(), "arm": arm, "rung": dataclasses.asdict(ARMS[arm]),
                **{name: getattr(study, name) for name in ("steps", "words", "pairs", "searched")}}  # fmt: skip
        key = key_of(told)
        path = FOLDER / f"{Path(collection).name}-{size}-{start}-{list(ARMS).index(arm)}-{seed}.json"
        if known := stored(path, key):
            table.append(known)
            continue
        if not train:
            continue
        if collection not in worlds:
            worlds[collection] = World(
                lab.load_collection(collection), lab.load_teacher(), lab.VectorStore(),
                words=study.words, pairs=study.pairs, searched=study.searched,
            )  # fmt: skip
        world = worlds[collection]
        kind = (collection, ARMS[arm].texts)
        if kind not in texts:
            texts[kind] = world.data(ARMS[arm].texts)
        epochs = epochs_for(study.steps, len(texts[kind].texts), config.batch)
        row = one(world, texts[kind], dataclasses.replace(config, epochs=epochs), arm)
        table.append({"collection": collection, "size": size, "start": start, "seed": seed, "arm": arm, "config": key,
                      "pairs": world.kind_of_pairs,
                      "teacher": np.round(world.teacher_values, 3).tolist(), **row})  # fmt: skip
        write_json(path, table[-1], None)
        print(f"{collection} {size} {start} {seed} {arm}: {row['share']:.3f} of the teacher", flush=True)
    return table


def contrasts(rows: list[dict], steps: Sequence[tuple[str, str]] = STEPS) -> list[dict]:
    """The steps of one block, in shares of the teacher, with Holm's p and intervals at the levels it leaves."""
    values: dict[str, np.ndarray] = {}
    for arm in {arm for step in steps for arm in step}:
        if found := [row["values"] for row in sorted(rows, key=lambda row: row["seed"]) if row["arm"] == arm]:
            values[arm] = np.array(found)
    teacher = float(np.mean(rows[0]["teacher"]))
    pairs = [(a, b) for a, b in steps if a in values and b in values and len(values[a]) == len(values[b])]
    if not pairs:
        return []
    p = np.array([p_value(values[b], values[a]) for a, b in pairs])
    places = np.argsort(np.argsort(p, kind="stable"))
    out = []
    for (a, b), corrected, place in zip(pairs, holm(p), places, strict=True):
        found = difference_interval(values[b], values[a], level=1 - 0.05 / (len(pairs) - int(place)))
        low, high = found.low / teacher, found.high / teacher
        out.append({"from": a, "to": b, "gain": found.value / teacher, "low": low, "high": high, "p": float(corrected),
                    "seeds": len(values[a])})  # fmt: skip
    return out


def when() -> dict[str, str]:
    """Commit and date, as they stand in a table."""
    return {"commit": commit(), "date": f"{datetime.now(UTC):%Y-%m-%d}"}


def summary(table: list[dict], study: Study) -> dict:
    """What is committed: shares, intervals, settings, commit and date."""
    blocks = {}
    for block in dict.fromkeys((row["collection"], row["size"], row["start"]) for row in table):
        rows = [row for row in table if (row["collection"], row["size"], row["start"]) == block]
        arms = {}
        for arm in (arm for arm in ARMS if any(row["arm"] == arm for row in rows)):
            values = np.array([row["values"] for row in rows if row["arm"] == arm])
            arms[arm] = vars(ratio_interval(values, rows[0]["teacher"])) | {"seeds": len(values)}
        blocks[", ".join(block)] = {"arms": arms, "steps": contrasts(rows)}
    runs = [{k: v for k, v in row.items() if k not in ("values", "teacher")} for row in table]
    return {
        "study": dataclasses.asdict(study), **when(), "measure": "nDCG@10 on dev, share of the teacher",
        "blocks": blocks, "runs": runs,
    }  # fmt: skip


def main() -> None:
    """Say how long, climb, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the small pass that is stated above")
    parser.add_argument("--hours", action="store_true", help="only say how long it takes on this machine")
    parser.add_argument("--table", action="store_true", help="train nothing: the table of the runs that are there")
    for name in PARTS:
        among = getattr(Study(), name)
        parser.add_argument(f"--{name}", nargs="+", type=type(among[0]), choices=among, help="these alone; no table")
    arguments = parser.parse_args()
    chosen = {name: tuple(getattr(arguments, name)) for name in PARTS if getattr(arguments, name)}
    study = dataclasses.replace(QUICK if arguments.quick else Study(), **chosen)
    print(f"{len(study.runs())} trainings: about {study.hours(measure_pace(3).speed):.1f} hours here", flush=True)
    table = [] if arguments.hours else climb(study, not arguments.table)
    if table and not chosen:  # a part would put its few blocks in the place of all
        write_json(OUT, summary(table, study))


if __name__ == "__main__":
    main()
