"""Cross encoders on pydocs: `cls` and `dual` from the teacher's weights, three seeds, re-ranking its first 100.

    python benchmarks/cross.py                  # trains, chooses nothing, looks at dev, re-ranks test once; resumes
    python benchmarks/cross.py --only train     # one stage alone: train, dev, test

Every run is kept in out/cross/ as soon as it ends, re-ranking in pieces of ten queries. The result is docs/cross.json;
one line goes to docs/test_log.csv. Lower layers are the teacher's and frozen: what they make of a pair is computed once
for all six models. All models read a pair at `length` tokens, the teacher's own; they were trained on shorter ones.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from cross_report import choose, report
from cross_study import ROOT, Study, World, adapter, copies, save_targets
from safetensors.numpy import load_file, save_file

from lab.cross import CrossEncoder, load_cross, prepare, save_cross, targets, train_cross
from lab.cross.encoder import batches
from lab.device import autocast
from lab.retrieval import Run
from lab.training import Finished, Progress

PIECE = 10  # queries re-ranked between two writes
DEV_DEPTH = 20  # documents re-ranked on dev


def train(world: World, runs: list[tuple[str, int]]) -> None:
    """All cross encoders that are not there yet, and what each makes of the pairs it was trained on."""
    missing = [run for run in runs if not adapter(world, *run).exists() or not copies(world, *run).exists()]
    if not missing:
        return
    lists, began = world.lists(), time.monotonic()
    prepared = prepare(CrossEncoder.from_teacher(world.teacher, world.study.cross), lists)
    tokens = sum(map(len, prepared.pairs))
    print(f"{len(lists)} lists, {tokens:,} tokens below in {time.monotonic() - began:.0f} s", flush=True)
    for scorer, seed in missing:
        if adapter(world, scorer, seed).exists():
            save_targets(
                targets(load_cross(adapter(world, scorer, seed), world.teacher), prepared), copies(world, scorer, seed)
            )
            continue
        model, losses = CrossEncoder.from_teacher(world.teacher, world.study.config(scorer, seed)), []
        for event in train_cross(model, prepared):
            if isinstance(event, Progress):
                losses.append(event.loss)
                if event.step == 5 and (scorer, seed) == missing[0]:
                    hours = event.seconds_left * len(missing) / 3600
                    print(f"about {hours:.2f} hours of training for {len(missing)} runs", flush=True)
            elif isinstance(event, Finished):
                about = {"study": world.study.key, "steps": event.step, "seconds": event.seconds, "tokens": tokens,
                         "losses": [float(np.mean(part)) for part in np.array_split(losses, 10)]}  # fmt: skip
        save_cross(model, adapter(world, scorer, seed), about)
        save_targets(targets(model, prepared), copies(world, scorer, seed))
        print(scorer, seed, about, flush=True)


def judge(
    world: World, split: str, count: int, depth: int, runs: list[tuple[str, int]]
) -> tuple[Run, dict[str, np.ndarray]]:
    """Read the teacher's first documents with every model, untrained first.

    Returns the teacher's run and {scores, cosines: (models, queries, depth), queries, documents: (models, queries,
    moved, d) float16 segment vectors of the first documents}.
    """
    queries = world.drawn(split, count)
    run = world.run(queries, depth)
    plain = CrossEncoder.from_teacher(world.teacher, world.study.config("dual", 0))
    models = [plain, *(load_cross(adapter(world, *each), world.teacher) for each in runs)]
    texts, parts, began = list(queries.values()), [], time.monotonic()
    for start in range(0, len(texts), PIECE):
        path = world.folder / f"{split}-{count}-{depth}-{len(runs)}-{start}.safetensors"
        if not path.exists():
            found = read(world, models, texts[start : start + PIECE], run.rows[start : start + PIECE])
            temporary = path.with_suffix(".tmp")
            save_file(found, temporary)
            temporary.rename(path)
            done = start + PIECE
            left = (time.monotonic() - began) / done * (len(texts) - done) / 3600
            print(f"{split}: {done} of {len(texts)} queries, {left:.2f} hours left", flush=True)
        parts.append(load_file(path))
    return run, {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}


def read(world: World, models: list[CrossEncoder], texts: list[str], rows: np.ndarray) -> dict[str, np.ndarray]:
    """All models over all pairs of some queries; the frozen layers once for all."""
    base, depth = models[0], rows.shape[1]
    moved = min(world.study.moved, depth)
    pairs = base.pairs(
        [text for text in texts for _ in range(depth)], [world.collection.documents[r] for r in rows.ravel()]
    )
    shape = (len(models), len(pairs))
    scores, cosines = np.empty(shape, np.float32), np.empty(shape, np.float32)
    vectors = {name: np.empty((*shape, base.head.in_features), np.float16) for name in ("queries", "documents")}
    with torch.inference_mode(), autocast(base.device, base.precision):
        for at in batches(pairs):
            batch = base.collate([pairs[i] for i in at])
            states = base.below(batch)
            for number, model in enumerate(models):
                found = model.read(model.above(states, batch), batch)
                scores[number, at] = found.scores.numpy()
                cosines[number, at] = (found.queries * found.documents).sum(-1).numpy()
                vectors["queries"][number, at] = found.queries.half().numpy()
                vectors["documents"][number, at] = found.documents.half().numpy()
    grid = (len(models), len(texts), depth)
    first = {name: np.ascontiguousarray(v.reshape(*grid, -1)[:, :, :moved]) for name, v in vectors.items()}
    return {"scores": scores.reshape(grid), "cosines": cosines.reshape(grid), **first}


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("train", "dev", "test"))
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "cross")
    parser.add_argument("--seeds", nargs="+", type=int)
    arguments = parser.parse_args()
    study = Study()
    world = World(study, arguments.folder)
    seeds = arguments.seeds or study.seeds
    if arguments.only in (None, "train"):
        train(world, [run for run in study.runs if run[1] in seeds])
    runs = [run for run in study.runs if run[1] in seeds]
    if arguments.only in (None, "dev"):
        choose(world, *judge(world, "dev", study.dev, DEV_DEPTH, runs), runs)
    if arguments.only in (None, "test"):
        report(world, *judge(world, "test", study.test, study.depth, runs), runs)


if __name__ == "__main__":
    main()
