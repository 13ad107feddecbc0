"""Ideas of three successors as settings, each trained for the same time: what is a step worth that takes longer?

    python benchmarks/presets.py                 # 4 arms × 3 seeds × 60 s of training, half an hour in all
    python benchmarks/presets.py --seconds 20    # another time, told in the table
    python benchmarks/presets.py --table         # train nothing: the table of the runs that are there

`PRESETS` of lab.teaching.ladder beside the package's own default, all on `pydocs`, size `tenth` cut out of the teacher,
with the ladder's pairs, documents and dev queries. A preset is named for what it resembles; it is no reproduction.

Equal time is time of the training loop's own clock, which runs during steps alone: encoding by the teacher, mining and
looks are not in it. The rate has to come down to 0 at the end, so nothing is stopped midway: a first run of `PILOT`
steps tells the pace, the next takes as many steps as fit; one that was off by more than `SLACK` is made again at the
pace it had. Run it on idle cores: whatever else runs takes steps from whoever is training then.

A student with documents of its own is measured in its own index, and in the teacher's. One file a run in docs/presets/;
the table goes to docs/presets.json, with intervals over dev queries and seeds and, Holm-corrected, the differences from
the default.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np
from ladder import Study, contrasts, when
from results import ROOT, key_of, stored, write_json

import lab
from lab.evaluation import ratio_interval
from lab.teaching.ladder import PRESETS
from lab.teaching.rungs import Trained, World, epochs_for, train_one
from lab.training import TrainingData

OUT, FOLDER = ROOT / "docs" / "presets.json", ROOT / "docs" / "presets"
STUDY = Study(("pydocs",), ("tenth",), ("teacher",))
DEFAULT = "default matching"
ARMS: Mapping[str, Mapping[str, Any]] = {DEFAULT: {}, **{name: each.settings for name, each in PRESETS.items()}}
PILOT, SLACK, TRIES = 20, 0.1, 4


def config_of(arm: str, size: str, start: str, seed: int, study: Study = STUDY) -> lab.DistillConfig:
    """The default with the arm's settings; nothing is chosen by looks, as in the ladder."""
    usual = lab.DistillConfig(
        collection=study.collections[0], student=size, start=start, seed=seed, observed=study.observed, probes=1,
        select=False, static=False, table="corpus",
    )  # fmt: skip
    return dataclasses.replace(usual, **ARMS[arm])


Timed = TypeVar("Timed", Trained, lab.Distilled)


def timed(train: Callable[[int], Timed], seconds: float, pace: float | None = None) -> Timed:
    """A student trained for about so many seconds.

    Args:
        train: makes one, given how many steps.
        pace: of an earlier run, in seconds a step.
    """
    pace = pace or seconds / PILOT
    for _ in range(TRIES):
        steps = max(1, round(seconds / pace))
        found = train(steps)
        pace = found.finished.seconds / found.finished.step
        if abs(found.finished.seconds - seconds) <= SLACK * seconds:
            break
    return found


def _steps(world: World, data: TrainingData, config: lab.DistillConfig, steps: int) -> Trained:
    return train_one(world, data, config, epochs=epochs_for(steps, len(data.texts), config.batch))


def runs(seconds: float, study: Study = STUDY, train: bool = True) -> list[dict]:
    """All runs; those that are there already are read, the others left out where `train` is False."""
    table: list[dict] = []
    world = data = None
    (collection,), (size,), (start,) = study.collections, study.sizes, study.starts
    for seed, arm in itertools.product(study.seeds, ARMS):  # all arms of a seed in turn
        config = config_of(arm, size, start, seed, study)
        held = {name: getattr(study, name) for name in ("words", "pairs", "searched")}
        told = {**config.told(), **held, "arm": arm, "seconds": seconds}
        key = key_of(told)
        path = FOLDER / f"{arm.replace(' ', '-').lower()}-{seed}.json"
        if known := stored(path, key):
            table.append(known)
            continue
        if not train:
            continue
        if world is None or data is None:
            world = World(lab.load_collection(collection), lab.load_teacher(), lab.VectorStore(), **held)
            data = world.data()
        before = [row["seconds"] / row["steps"] for row in table if row["arm"] == arm]
        make = partial(_steps, world, data, config)
        found = timed(make, seconds, before[-1] if before else None)
        table.append({
            "arm": arm, "seed": seed, "config": key, "share": world.share(found.values), "steps": found.finished.step,
            "seconds": round(found.finished.seconds, 2), "batch": config.batch, "documents": config.documents,
            "parameters": found.student.parameters, "pairs": world.kind_of_pairs,
            "values": np.round(found.values, 3).tolist(), "teacher": np.round(world.teacher_values, 3).tolist(),
            "bm25": np.round(world.bm25_values, 3).tolist(),
            "values in the teacher's index": None if found.theirs is None else np.round(found.theirs, 3).tolist(),
        })  # fmt: skip
        write_json(path, table[-1], None)
        row = table[-1]
        print(f"{arm} {seed}: {row['steps']} steps, {row['seconds']} s, {row['share']:.3f} of the teacher", flush=True)
    return table


def summary(table: list[dict], seconds: float, study: Study = STUDY) -> dict:
    """What is committed."""
    teacher = table[0]["teacher"]
    arms = {}
    for arm in (arm for arm in ARMS if any(row["arm"] == arm for row in table)):
        rows = [row for row in table if row["arm"] == arm]
        own = rows[0]["documents"] == "own"
        inside = np.array([row["values in the teacher's index" if own else "values"] for row in rows])
        arms[arm] = {
            **vars(ratio_interval(np.array([row["values"] for row in rows]), teacher)), "seeds": len(rows),
            "documents": rows[0]["documents"], "in the teacher's index": vars(ratio_interval(inside, teacher)),
            "steps": [row["steps"] for row in rows], "seconds": [row["seconds"] for row in rows],
            "departures": list(PRESETS[arm].departures) if arm in PRESETS else [],
        }  # fmt: skip
    settings = config_of(DEFAULT, study.sizes[0], study.starts[0], study.seeds[0], study)
    dropped = ("values", "teacher", "bm25", "values in the teacher's index")
    return {
        "seconds": seconds, **when(), "measure": "nDCG@10 on dev, share of the teacher", "queries": len(teacher),
        "study": {name: getattr(study, name) for name in ("words", "pairs", "searched", "seeds")},
        "config": dataclasses.asdict(settings),
        "settings": {arm: json.loads(json.dumps(dict(each), default=vars)) for arm, each in ARMS.items()},
        "bm25": float(np.mean(table[0]["bm25"]) / np.mean(teacher)), "arms": arms,
        "over the default": contrasts(table, [(DEFAULT, arm) for arm in PRESETS]),
        "runs": [{k: v for k, v in row.items() if k not in dropped} for row in table],
    }  # fmt: skip


def main() -> None:
    """Train, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of training, the same for all")
    parser.add_argument("--table", action="store_true", help="train nothing: the table of the runs that are there")
    arguments = parser.parse_args()
    if table := runs(arguments.seconds, train=not arguments.table):
        write_json(OUT, summary(table, arguments.seconds))


if __name__ == "__main__":
    main()
