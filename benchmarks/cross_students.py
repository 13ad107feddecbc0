"""Cross encoder → dual encoder: does a student gain by matching a dual-pooled teacher's vectors, beside its scores?

    python benchmarks/cross_students.py --split dev    # after cross.py; writes into docs/cross.json; resumes
    python benchmarks/cross_students.py --split test   # once

A student (`tenth`, cut from the default teacher, with a document tower of its own) reads 600 lists the cross encoders
were trained on, positives and hard negatives, and copies {cls scores, dual scores, dual scores + matching}; labels
count in all three. Primary contrast, named before any run: dual scores + matching over dual scores, retrieval nDCG@10.
Nothing is chosen: settings are those of `Copying`.

How small this is: the students have three seeds, but the cross encoders are those of seed 0 alone, so intervals say
nothing of how another cross encoder would be copied. A student does not search the collection but all relevant
documents and the teacher's first 20 of each query (with others at random, up to 4,000), which is easier; the teacher's
own figure beside it is over all documents. Re-ranking is of the teacher's first 20.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from cross_report import log, told, value
from cross_study import RESULT, SCORERS, Study, World, adapter, trained_models
from results import ROOT, commit, read_json, write_json
from sentence_transformers import SentenceTransformer

from lab.cross import (
    Copying,
    CrossEncoder,
    PairTargets,
    copy_pairs,
    load_cross,
    prepare,
    reordered,
    targets,
)
from lab.encoders.export import load_student, save_model
from lab.encoders.student import make_student
from lab.encoders.teacher import DualEncoder
from lab.evaluation import difference_interval, holm, mean_interval, p_value
from lab.retrieval import ExactIndex
from lab.training import Progress

SIZE, LENGTH, OBSERVED = "tenth", 112, 2_000
COPIED, SEARCHED, FIRST = 600, 4_000, 20  # lists copied, documents searched, documents re-ranked
OF = 0  # seed of the cross encoders
ARMS = {  # what is copied → (cross encoder, how)
    "cls scores": ("cls", Copying(teacher_temperature=1.0, matching=0.0, batch=8)),
    "dual scores": ("dual", Copying(matching=0.0, batch=8)),
    "dual scores + matching": ("dual", Copying(matching=1.0, batch=8)),
}
TASKS = ("retrieval", "re-ranking")
PRIMARY = ("dual scores + matching", "dual scores")


class Copies:
    """The lists, what each cross encoder makes of them, and the untrained student of each seed: made when asked for."""

    def __init__(self, world: World) -> None:
        self.world, self.lists = world, world.lists().first(COPIED)
        self.groups = np.unique(np.array(world.collection.documents), return_inverse=True)[1]
        self._targets: dict[str, PairTargets] = {}
        self._starts: dict[int, SentenceTransformer] = {}

    def targets(self, scorer: str) -> PairTargets:
        """Of all cross encoders at once: the lower layers are the same."""
        if not self._targets:
            prepared = prepare(CrossEncoder.from_teacher(self.world.teacher, self.world.study.cross), self.lists)
            for name in ("cls", "dual"):
                self._targets[name] = targets(load_cross(adapter(self.world, name, OF), self.world.teacher), prepared)
        return self._targets[scorer]

    def start(self, seed: int) -> SentenceTransformer:
        """A student cut from the teacher by the texts of the lists."""
        if seed not in self._starts:
            documents = [self.lists.documents[row] for row in np.unique(self.lists.rows)]
            texts = [*self.lists.queries, *documents]
            self._starts[seed] = make_student(self.world.teacher, SIZE, texts, np.empty(0), seed, OBSERVED)
            self._starts[seed].max_seq_length = LENGTH
        return copy.deepcopy(self._starts[seed])


def train(made: Copies, arm: str, seed: int, folder: Path) -> None:
    """Train one student and keep it."""
    scorer, how = ARMS[arm]
    student = made.start(seed)
    events = copy_pairs(student, made.lists, made.targets(scorer), dataclasses.replace(how, seed=seed), made.groups)
    losses = [event.loss for event in events if isinstance(event, Progress)]
    save_model(student, folder)
    fifths = [round(float(np.mean(part)), 4) for part in np.array_split(losses, 5)]
    write_json(folder / "about.json", {"steps": len(losses), "losses": fifths})


def measure(world: World, student: DualEncoder, split: str) -> dict[str, list[float]]:
    """nDCG@10 of every query of the split's draw: searching by itself, and re-ranking the teacher's first."""
    queries = drawn(world, split)
    qrels = {query_id: world.collection.qrels[split][query_id] for query_id in queries}
    first = world.run(queries, FIRST)
    rows = corpus(world, split, qrels, first.rows)
    asked = student.encode(list(queries.values()), "query")
    documents = student.encode([world.collection.documents[row] for row in rows], "document")
    ids = [world.collection.doc_ids[row] for row in rows]
    found = ExactIndex(documents, ids, "cosine").search(asked, tuple(queries), FIRST)
    scores = np.einsum("nd,nkd->nk", asked, documents[np.searchsorted(rows, first.rows)])
    ranked = reordered(first, scores.astype(np.float32), "re-ranked")
    return {"retrieval": value(found, qrels).tolist(), "re-ranking": value(ranked, qrels).tolist()}


def drawn(world: World, split: str) -> dict[str, str]:
    """The queries that the cross encoders were measured on."""
    return world.drawn(split, world.study.dev if split == "dev" else world.study.test)


def corpus(world: World, split: str, qrels: dict[str, Any], first: np.ndarray) -> np.ndarray:
    """Sorted rows of the documents that students search: all relevant ones, the teacher's first, others at random."""
    relevant = {world.collection.row[doc_id] for judged in qrels.values() for doc_id, g in judged.items() if g > 0}
    wanted = relevant | set(first.ravel().tolist())
    others = [r for r in np.random.default_rng(world.study.draw).permutation(len(world.collection)) if r not in wanted]
    return np.array(sorted([*wanted, *others[: max(0, SEARCHED - len(wanted))]]))


def summary(
    world: World, split: str, runs: dict[str, list[dict[str, list[float]]]], seeds: list[int]
) -> dict[str, Any]:
    """The table with its intervals over queries and seeds, and the contrasts."""
    values = {task: {arm: np.array([each[task] for each in found]) for arm, found in runs.items()} for task in TASKS}
    pairs = [(task, one, other) for task in TASKS for one, other in (PRIMARY, ("dual scores", "cls scores"))]
    contrasts = {f"{task}: {one} over {other}": told(difference_interval(values[task][one], values[task][other]))
                 for task, one, other in pairs}  # fmt: skip
    p = [p_value(values[task][one], values[task][other]) for task, one, other in pairs]
    for contrast, each in zip(contrasts.values(), [p[0], *holm(p[1:]).tolist()], strict=True):
        contrast["p"] = round(each, 5)
    queries = drawn(world, split)
    qrels = {query_id: world.collection.qrels[split][query_id] for query_id in queries}
    first = world.run(queries, FIRST)
    return {
        "queries": len(queries), "seeds": seeds, "documents": len(corpus(world, split, qrels, first.rows)),
        "first": FIRST, "commit": commit(), "primary contrast": f"retrieval: {PRIMARY[0]} over {PRIMARY[1]}",
        "teacher, all documents": told(mean_interval(value(first, qrels))),
        **{task: {arm: told(mean_interval(each)) for arm, each in values[task].items()} for task in TASKS},
        "contrasts": contrasts,
    }  # fmt: skip


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "cross")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(Study.seeds))
    arguments = parser.parse_args()
    world = World(Study(), arguments.folder)
    made = Copies(world)
    key, copied = trained_models(world, [(name, OF) for name in SCORERS])
    runs: dict[str, list[dict[str, list[float]]]] = {arm: [] for arm in ARMS}
    abouts: dict[str, Any] = {}
    for seed in arguments.seeds:
        for arm in ARMS:
            folder = world.folder / f"student-{COPIED}-{key}-{arm.replace(' ', '-')}-{seed}"
            if not (folder / "about.json").exists():
                train(made, arm, seed, folder)
            result = folder / f"{arguments.split}.json"
            if not result.exists():
                write_json(result, measure(world, load_student(folder, precision="auto"), arguments.split))
            runs[arm].append(read_json(result))
            abouts[f"{arm} {seed}"] = read_json(folder / "about.json")
            means = {task: round(float(np.mean(runs[arm][-1][task])), 4) for task in TASKS}
            print(arm, seed, means, abouts[f"{arm} {seed}"], flush=True)
    found = {"models": key, "copied": copied} | summary(world, arguments.split, runs, arguments.seeds)
    before = read_json(RESULT)
    how = {"command": "python benchmarks/cross_students.py", "student": SIZE, "length": LENGTH, "lists": COPIED,
           "cross encoders": f"seed {OF}",
           "arms": {arm: dataclasses.asdict(how) for arm, (_, how) in ARMS.items()},
           "training": abouts}  # fmt: skip
    write_json(RESULT, before | {"students": before.get("students", {}) | how | {arguments.split: found}})
    if arguments.split == "test":
        each = {arm: np.array([one["retrieval"] for one in found]) for arm, found in runs.items()}
        teacher = {"teacher": np.full(world.study.test, found["teacher, all documents"]["value"])}
        log(world, teacher | each, [(arm, seed) for arm in ARMS for seed in arguments.seeds], "copy")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
