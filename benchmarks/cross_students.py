"""Cross encoder → dual encoder: does a student gain by matching a dual-pooled teacher's vectors, beside its scores?

    python benchmarks/cross_students.py         # after cross.py; writes into docs/cross.json; resumes

A student (`tenth`, cut from the default teacher, with a document tower of its own) reads lists the cross encoders were
trained on, positives and hard negatives, and copies {cls scores, dual scores, dual scores + matching}; labels count in
all three. Three seeds: student s copies cross encoder s. It then searches 5,000 documents by itself (all relevant ones,
the teacher's first 20 of every query, others at random), and re-ranks the teacher's first 20. Primary contrast, named
before any run: dual scores + matching over dual scores, retrieval nDCG@10. Nothing is chosen: settings are those of
`Copying`.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from cross_report import log, told, value
from cross_study import RESULT, ROOT, Study, World, copies, load_targets, write_json
from sentence_transformers import SentenceTransformer

from lab.cross import Copying, Lists, PairTargets, copy_pairs, reordered
from lab.encoders.student import make_student
from lab.encoders.teacher import DualEncoder
from lab.evaluation import difference_interval, holm, mean_interval, p_value
from lab.retrieval import ExactIndex

SIZE, LENGTH, OBSERVED = "tenth", 112, 2_000
LISTS, SEARCHED, FIRST = 1_000, 5_000, 20  # lists copied, documents searched, documents re-ranked
ARMS = {  # what is copied → (cross encoder, how)
    "cls scores": ("cls", Copying(teacher_temperature=1.0, matching=0.0)),
    "dual scores": ("dual", Copying(matching=0.0)),
    "dual scores + matching": ("dual", Copying(matching=1.0)),
}
PRIMARY = ("dual scores + matching", "dual scores")


def run(
    world: World, lists: Lists, arm: str, copied: PairTargets, start: SentenceTransformer, seed: int
) -> dict[str, Any]:
    """Train one student and measure it on the study's test queries."""
    student, config = copy.deepcopy(start), dataclasses.replace(ARMS[arm][1], seed=seed)
    began, losses = time.monotonic(), []
    groups = np.unique(np.array(world.collection.documents), return_inverse=True)[1]
    for event in copy_pairs(student, lists, copied, config, groups):
        losses += [event.loss] if hasattr(event, "loss") else []
    trained = time.monotonic() - began
    encoder = DualEncoder(student, f"{arm} {seed}", "auto")
    queries = world.drawn("test", world.study.test)
    qrels = {query_id: world.collection.qrels["test"][query_id] for query_id in queries}
    rows = corpus(world, queries)
    asked = encoder.encode(list(queries.values()), "query")
    documents = encoder.encode([world.collection.documents[row] for row in rows], "document")
    ids = [world.collection.doc_ids[row] for row in rows]
    found = ExactIndex(documents, ids, "cosine").search(asked, tuple(queries), 20)
    first = world.run(queries, FIRST)
    scores = np.einsum("nd,nkd->nk", asked, documents[np.searchsorted(rows, first.rows)])
    return {
        "arm": arm, "seed": seed, "seconds": [round(trained), round(time.monotonic() - began)],
        "losses": [round(float(np.mean(part)), 4) for part in np.array_split(losses, 5)],
        "retrieval": value(found, qrels).tolist(),
        "re-ranking": value(reordered(first, scores.astype(np.float32), arm), qrels).tolist(),
    }  # fmt: skip


def corpus(world: World, queries: dict[str, str]) -> np.ndarray:
    """Sorted rows of the documents that students search: all relevant ones, the teacher's first, others at random."""
    qrels = world.collection.qrels["test"]
    relevant = {world.collection.row[doc_id] for query_id in queries for doc_id, g in qrels[query_id].items() if g > 0}
    wanted = relevant | set(world.run(queries, FIRST).rows.ravel().tolist())
    others = [r for r in np.random.default_rng(world.study.draw).permutation(len(world.collection)) if r not in wanted]
    return np.array(sorted([*wanted, *others[: max(0, SEARCHED - len(wanted))]]))


def summary(world: World, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The table with its intervals over queries and seeds, and the contrasts."""
    tasks = ("retrieval", "re-ranking")
    values = {task: {arm: np.array([r[task] for r in runs if r["arm"] == arm]) for arm in ARMS} for task in tasks}
    queries = world.drawn("test", world.study.test)
    teacher = value(world.run(queries, FIRST), {q: world.collection.qrels["test"][q] for q in queries})
    pairs = [(task, one, other) for task in tasks for one, other in (PRIMARY, ("dual scores", "cls scores"))]
    contrasts = {f"{task}: {one} over {other}": told(difference_interval(values[task][one], values[task][other]))
                 for task, one, other in pairs}  # fmt: skip
    p = [p_value(values[task][one], values[task][other]) for task, one, other in pairs]
    for contrast, each, corrected in zip(contrasts.values(), p, [None, *holm(p[1:]).tolist()], strict=True):
        contrast |= {"p": each} if corrected is None else {"p": each, "p, Holm": corrected}
    return {
        "command": "python benchmarks/cross_students.py",
        "student": SIZE, "length": LENGTH, "lists": LISTS, "documents": SEARCHED, "first": FIRST,
         "seeds": list(world.study.seeds), "queries": world.study.test,
        "arms": {arm: dataclasses.asdict(how) for arm, (_, how) in ARMS.items()},
        "primary contrast": f"retrieval: {PRIMARY[0]} over {PRIMARY[1]}",
        "teacher": told(mean_interval(teacher)),
        **{task: {arm: told(mean_interval(each)) for arm, each in values[task].items()} for task in tasks},
        "contrasts": contrasts,
        "seconds": [run["seconds"] for run in runs], "losses": {f"{r['arm']} {r['seed']}": r["losses"] for r in runs},
    }  # fmt: skip


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "cross")
    arguments = parser.parse_args()
    study = Study()
    world, runs = World(study, arguments.folder), []
    every = world.lists()
    lists = Lists(every.query_ids[:LISTS], every.queries[:LISTS], every.rows[:LISTS], every.documents)
    texts = [*lists.queries, *(world.collection.documents[row] for row in np.unique(lists.rows))]
    for seed in study.seeds:
        start: SentenceTransformer | None = None
        for arm, (scorer, _) in ARMS.items():
            path = world.folder / f"student-{arm.replace(' ', '-')}-{seed}.json"
            if not path.exists():
                if start is None:
                    start = make_student(world.teacher, SIZE, texts, np.empty(0), seed, OBSERVED)
                    start.max_seq_length = LENGTH
                write_json(path, run(world, lists, arm, load_targets(copies(world, scorer, seed), LISTS), start, seed))
            runs.append(json.loads(path.read_text()))
            means = {task: round(float(np.mean(runs[-1][task])), 4) for task in ("retrieval", "re-ranking")}
            print(arm, seed, means, runs[-1]["seconds"], flush=True)
    found = summary(world, runs)
    write_json(RESULT, json.loads(RESULT.read_text()) | {"students": found})
    each = {arm: np.array([r["retrieval"] for r in runs if r["arm"] == arm]) for arm in ARMS}
    log(world, {"teacher": np.full(study.test, found["teacher"]["value"])} | each,
        [(arm, seed) for arm in ARMS for seed in study.seeds], "copy")  # fmt: skip
    print(json.dumps({name: found[name] for name in ("retrieval", "re-ranking", "contrasts")}, indent=1))


if __name__ == "__main__":
    main()
