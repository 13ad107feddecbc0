"""Cross encoders on pydocs: `cls` and `dual` from the teacher's weights, three seeds, re-ranking its first 100.

    python benchmarks/cross.py                        # trains, looks at dev, re-ranks test once; resumes
    python benchmarks/cross.py --only dev --seeds 0   # one stage, or some seeds, alone
    python benchmarks/cross.py --collection wiki --only train dev    # pairs made from documents (cross_pairs.py)
    python benchmarks/cross.py --collection wiki --only test         # once

Every run is kept in out/cross/ as soon as it ends, re-ranking in pieces of ten queries. The result is docs/cross.json,
of wiki docs/cross-wiki.json; one line a run of test goes to docs/test_log.csv. Lower layers are the teacher's and
frozen: what they make of a pair is computed once for all six models. A pair is read at the length the models were
trained with, one for both scorers: read at 256 tokens, `cls` loses 0.047 of nDCG@10 on dev and `dual` gains 0.013
(`--read 256 --only dev`; docs/cross.json keeps what each length gave). Each part of that file names its models.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np
import torch
from cross_report import Found, report
from cross_study import SCORERS, STUDIES, Study, World, adapter, trained_models
from results import ROOT
from safetensors.numpy import load_file, save_file

from lab.cross import CrossEncoder, load_cross, prepare, save_cross, train_cross
from lab.cross.encoder import batches
from lab.device import autocast
from lab.retrieval import Run
from lab.training import Finished, Progress

STAGES = ("train", "dev", "test")
PIECE = 10  # queries re-ranked between two writes


def train(world: World, runs: list[tuple[str, int]]) -> None:
    """All cross encoders that are not there yet."""
    missing = [run for run in runs if not adapter(world, *run).exists()]
    if not missing:
        return
    lists, began = world.lists(), time.monotonic()
    prepared = prepare(CrossEncoder.from_teacher(world.teacher, world.study.cross), lists)
    tokens = sum(map(len, prepared.pairs))
    print(f"{len(lists)} lists, {tokens:,} tokens below in {time.monotonic() - began:.0f} s", flush=True)
    for scorer, seed in missing:
        model, losses = CrossEncoder.from_teacher(world.teacher, world.study.config(scorer, seed)), []
        for event in train_cross(model, prepared):
            if isinstance(event, Progress):
                losses.append(event.loss)
                if event.step == 5 and (scorer, seed) == missing[0]:
                    hours = event.seconds_left * len(missing) / 3600
                    print(f"about {hours:.2f} hours of training for {len(missing)} runs", flush=True)
            elif isinstance(event, Finished):
                about = {"steps": event.step, "seconds": event.seconds, "tokens": tokens,
                         "losses": [float(np.mean(part)) for part in np.array_split(losses, 10)]}  # fmt: skip
        save_cross(model, adapter(world, scorer, seed), about)
        print(scorer, seed, about, flush=True)


def judge(world: World, split: str, seeds: tuple[int, ...]) -> tuple[Run, Found]:
    """The teacher's run, and what the untrained model and all runs of these seeds make of its documents.

    A piece of queries at a time; each piece is kept.
    """
    study = world.study
    count, depth = (study.dev, study.dev_depth) if split == "dev" else (study.test, study.depth)
    queries = world.drawn(split, count)
    run, texts = world.run(queries, depth), list(queries.values())
    key, _ = trained_models(world, [(scorer, seed) for seed in seeds for scorer in SCORERS])  # trained anew, read anew
    name = f"{split}-{count}-{depth}-{study.read}-seeds{''.join(map(str, seeds))}-{key}"
    pieces: list[Found] = []
    models: list[CrossEncoder] = []
    began, fresh = time.monotonic(), 0
    for start in range(0, count, PIECE):
        path = world.folder / f"{name}-{start}.safetensors"
        if not path.exists():
            models = models or everyone(world, seeds)
            found = read(world, models, texts[start : start + PIECE], run.rows[start : start + PIECE])
            save_file(found, path.with_suffix(".tmp"))
            path.with_suffix(".tmp").rename(path)
            fresh += PIECE
            hours = (time.monotonic() - began) / fresh * (count - start - PIECE) / 3600
            print(f"{split}: {start + PIECE} of {count} queries, {hours:.2f} hours left", flush=True)
        pieces.append(load_file(path))
    return run, {key: np.concatenate([piece[key] for piece in pieces], axis=1) for key in pieces[0]}


def everyone(world: World, seeds: tuple[int, ...]) -> list[CrossEncoder]:
    """The untrained model, then seed by seed the trained ones, all of them reading at the study's length."""
    read = world.study.read
    plain = dataclasses.replace(world.study.config("dual", seeds[0]), length=read)
    return [
        CrossEncoder.from_teacher(world.teacher, plain),
        *(load_cross(adapter(world, scorer, seed), world.teacher, read) for seed in seeds for scorer in SCORERS),
    ]


def read(world: World, models: list[CrossEncoder], texts: list[str], rows: np.ndarray) -> Found:
    """All models over all pairs of some queries; the frozen layers once for all.

    Returns {scores, cosines: (models, queries, depth), queries, documents: (models, queries, moved, d) float16 segment
    vectors of the first documents}.
    """
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
    parser.add_argument("--collection", choices=tuple(STUDIES), default=Study.collection)
    parser.add_argument("--only", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "cross")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(Study.seeds))
    parser.add_argument("--read", type=int, default=Study.read, help="tokens of a pair that is re-ranked")
    arguments = parser.parse_args()
    study, seeds = dataclasses.replace(STUDIES[arguments.collection], read=arguments.read), tuple(arguments.seeds)
    world = World(study, arguments.folder)
    runs = [(scorer, seed) for seed in seeds for scorer in SCORERS]
    if "train" in arguments.only:
        train(world, runs)
    for split in STAGES[1:]:
        if split in arguments.only:
            report(world, split, *judge(world, split, seeds), runs)


if __name__ == "__main__":
    main()
