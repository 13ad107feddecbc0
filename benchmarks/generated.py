"""Do made queries help a student? `tenth` on pydocs, with few or many observed queries and one kind of extra text.

    python benchmarks/generated.py --hours           # what it will cost, from measured steps; trains nothing
    python benchmarks/generated.py                   # trains what is missing, scores it on dev
    python benchmarks/generated.py --split test      # once, at the end: the same students, test queries

Every student starts from one and the same student, built from the documents (which are always there), and is trained
by query matching alone, documents inherited. With n observed queries an arm adds 2n texts, and takes STEPS steps of 64
over the 3n. So counts and steps are equal, and every observed query is seen equally often in all arms.
*Nothing extra* cannot have all of that: it sees each observed query as often as the others do, in a third of the steps.
With as many steps it would be *repeated*, the observed queries three times over, but for the order of its batches; so
*repeated* is "nothing extra at equal steps". The last step is kept: nothing is selected.

A run is a file in runs/generated/, so an interrupted study goes on; students lie there until the test. What every query
scores in every run goes to docs/generated-values.json (dev: generated-dev-values.json), in the order of the split, so
that anyone can compute the intervals again. The contrasts stood here before a run was made; the first is the primary
one, the others are corrected by Holm. It is the second such study: the first (b72c28eb53d6) had another generator.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import time
from functools import cache
from typing import Any

import numpy as np
from generated_texts import (
    AGAIN,
    DEFAULT,
    EXTRA,
    FEW,
    HELD_OUT,
    NOTHING,
    RUNS,
    SEEDS,
    SENTENCE,
    SIGMAS,
    STATIC,
    WIKI,
    Run,
    Texts,
    reason,
)
from quality import FIELDS, LOG
from results import ROOT, commit, read_json, write_json
from sentence_transformers import SentenceTransformer

import lab
from lab.collection.texts import document_texts
from lab.config import PAPER
from lab.encoders.export import load_student, save_model, stored_parameters, write_folder
from lab.encoders.student import make_student, static_student
from lab.evaluation import difference_interval, holm, p_value, per_query, ratio_interval, vector_distance
from lab.retrieval import ExactIndex, bm25_run
from lab.training import Finished, TrainingData, train
from lab.training.batches import steps_in

OUT = ROOT / "docs" / "generated.json"
MEASURE, STEPS, UNTRAINED, STATIC_RATE = "nDCG@10", 120, "untrained", 3e-3
ARMS = (SENTENCE, *SIGMAS, AGAIN, NOTHING, WIKI, STATIC)
OBSERVED = (FEW, 2_000, 8_000)
PRIMARY = (FEW, DEFAULT, SENTENCE)
CONTRASTS = (
    PRIMARY,
    *((FEW, DEFAULT, other) for other in (NOTHING, WIKI, AGAIN)),
    *((n, DEFAULT, other) for n in OBSERVED[1:] for other in (NOTHING, WIKI, SENTENCE, AGAIN)),
    *((n, DEFAULT, arm) for n in OBSERVED for arm in SIGMAS if arm != DEFAULT),
)
# looked at when test had been read: told apart
AFTERWARDS = tuple((FEW, arm, other) for arm in SIGMAS if arm != DEFAULT for other in (NOTHING, AGAIN, SENTENCE))
CONFIG = lab.DistillConfig(collection="pydocs", student="tenth", queries="train", observed=2_000, select=False,
                           static=False, **PAPER)  # fmt: skip


class Study:
    """What all runs share, loaded when it is first wanted."""

    def __init__(self) -> None:
        self.collection, self.teacher, store = lab.load_collection("pydocs"), lab.load_teacher(), lab.VectorStore()
        self.store, self.texts = store, Texts(self.collection, self.teacher, store)
        self.documents = store.vectors(self.teacher, self.collection.documents, "document")

    def start(self, static: bool = False) -> SentenceTransformer:
        """The untrained student, or the static one of its size; built once and read from then on."""
        folder = RUNS / ("start-static" if static else "start")
        if not folder.exists():
            texts = document_texts(self.collection, self.texts.rows).texts
            if static:
                model = static_student(self.teacher, texts, sum(p.numel() for p in self.start().parameters()))
            else:
                model = make_student(self.teacher, CONFIG.student, texts, self.documents, observed=CONFIG.observed)
            write_folder(folder, lambda target: save_model(model, target))
        return load_student(folder).model

    def train(self, run: Run, steps: int | None = None) -> dict[str, Any]:
        """Train one student, save it, tell what it was trained on."""
        began, made = time.monotonic(), self.texts.of(run)
        steps = steps or STEPS // (1 + EXTRA if run.arm == NOTHING else 1)
        config = lab.DistillConfig(**{**vars(CONFIG), "seed": run.seed,
                                      "epochs": steps / steps_in(len(made), CONFIG.batch, 1),
                                      "rate": STATIC_RATE if run.arm == STATIC else CONFIG.rate})  # fmt: skip
        none, model = np.zeros(len(made), np.int64), self.start(run.arm == STATIC)
        data = TrainingData(made.texts, self.texts.vectors(made), none, self.documents[:1], none[:1], ("",), none[:1])
        (last,) = [event for event in train(model, data, config) if isinstance(event, Finished)]
        if last.step != steps:
            raise AssertionError(f"{run.name}: {last.step} steps taken, {steps} wanted")
        shutil.rmtree(RUNS / run.name, ignore_errors=True)  # of a run that was interrupted before it was scored
        write_folder(RUNS / run.name, lambda target: save_model(model, target))
        digest = config.digest(*made.texts)
        return {
            **vars(run), "texts": len(made), "different texts": len(set(made.texts)), "steps": steps, "config": digest,
            "left out": {asked: made.dropped.get(reason(asked), 0) for asked in HELD_OUT},
            "commit": commit(), "training seconds": round(last.seconds, 1),
            "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip

    @cache  # noqa: B019
    def asked(self, split: str) -> tuple[ExactIndex, tuple[str, ...], tuple[str, ...], np.ndarray]:
        """Index, ids and texts of a split's queries, the teacher's vectors of them."""
        index = ExactIndex(self.documents, self.collection.doc_ids, self.teacher.similarity)
        queries = self.collection.queries[split]
        texts = tuple(queries.values())
        return index, tuple(queries), texts, self.store.vectors(self.teacher, texts, "query")

    def score(self, model: SentenceTransformer | None, split: str) -> dict[str, Any]:
        """nDCG@10 of every query and mean ‖t − s‖; of the teacher where no model is given."""
        index, ids, texts, teacher = self.asked(split)
        vectors = teacher if model is None else lab.DualEncoder(model, "student", "float32").encode(texts, "query")
        values = per_query(index.search(vectors, ids, 10), self.collection.qrels[split], [MEASURE])[MEASURE]
        return {"values": np.round(values, 4).tolist(), "distance": float(vector_distance(teacher, vectors).mean())}

    def references(self, split: str) -> dict[str, Any]:
        """Teacher, BM25 and the student that nobody trained."""
        found, collection = self.score(None, split), self.collection
        words = bm25_run(collection.documents, collection.doc_ids, collection.queries[split], 10)
        values = per_query(words, collection.qrels[split], [MEASURE])[MEASURE]
        return {"teacher": found["values"], "bm25": np.round(values, 4).tolist(),
                UNTRAINED: self.score(self.start(), split)["values"]}  # fmt: skip


def summary(rows: list[dict[str, Any]], references: dict[str, Any], split: str) -> dict[str, Any]:
    """Means with intervals over queries and seeds, and the contrasts named above, of the runs there are."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["observed"], row["seed"])):
        if split in row:
            found.setdefault((row["observed"], row["arm"]), []).append(row)
    values = {key: np.array([row[split]["values"] for row in runs]) for key, runs in found.items()}
    table = [
        {"observed": n, "arm": arm, "seeds": [row["seed"] for row in runs], "texts": runs[0]["texts"],
         "different texts": runs[0]["different texts"], "steps": runs[0]["steps"],
         MEASURE: float(values[n, arm].mean()), "by seed": values[n, arm].mean(axis=1).round(4).tolist(),
         "retention": vars(ratio_interval(values[n, arm], references["teacher"])),
         "distance": float(np.mean([row[split]["distance"] for row in runs])),
         "configs": [row["config"] for row in runs], "commits": sorted({row["commit"] for row in runs})}
        for (n, arm), runs in found.items()
    ]  # fmt: skip
    contrasts, afterwards = (
        [{"observed": n, "arm": ours, "against": theirs, "p": p_value(values[n, ours], values[n, theirs]),
          "difference": vars(difference_interval(values[n, ours], values[n, theirs]))}
         for n, ours, theirs in asked
         if len(found.get((n, ours), ())) == len(found.get((n, theirs), ())) == len(SEEDS)]
        for asked in (CONTRASTS, AFTERWARDS)
    )  # fmt: skip
    others = [each for each in contrasts if (each["observed"], each["arm"], each["against"]) != PRIMARY]
    for each, p in zip(others, holm([other["p"] for other in others]), strict=True):
        each["p_holm"] = float(p)
    return {
        "command": f"python benchmarks/generated.py --split {split}", "commit": commit(), "split": split,
        "measure": MEASURE, "queries": len(references["teacher"]), "steps": STEPS, "primary": list(PRIMARY),
        "references": {name: float(np.mean(known)) for name, known in references.items()},
        UNTRAINED: vars(ratio_interval(references[UNTRAINED], references["teacher"])),
        "contrasts": contrasts, "afterwards": afterwards, "arms": table,
    }  # fmt: skip


def values_of(rows: list[dict[str, Any]], references: dict[str, Any], split: str) -> dict[str, Any]:
    """What `summary` starts from: of every run and reference, and every query of the split in its order."""
    runs = {Run(row["observed"], row["arm"], row["seed"]).name: row for row in rows if split in row}
    return {
        "split": split, "measure": MEASURE, "commit": commit(), "references": references,
        "left out": {name: row["left out"] for name, row in runs.items() if "left out" in row},
        "runs": {name: row[split]["values"] for name, row in runs.items()},
    }  # fmt: skip


def log(fresh: list[dict[str, Any]], rows: list[dict[str, Any]], references: dict[str, Any]) -> None:
    """Append the test results of fresh rows to the log of all tests; `rows` holds the static students beside them."""
    teacher, bm25 = (float(np.mean(references[name])) for name in ("teacher", "bm25"))
    static = {(row["observed"], row["seed"]): np.mean(row["test"]["values"]) for row in rows if row["arm"] == STATIC}
    with LOG.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        for row in fresh:
            run, values = Run(row["observed"], row["arm"], row["seed"]), row["test"]["values"]
            kept = ratio_interval(values, references["teacher"])
            writer.writerow(dict(zip(FIELDS, (
                row["commit"], row["config"], "pydocs", "test", f"{CONFIG.student}-{run.name.rpartition('-')[0]}",
                run.seed, len(values), f"{teacher:.4f}", f"{bm25:.4f}", f"{static[run.observed, run.seed]:.4f}",
                f"{np.mean(values):.4f}", f"{kept.value:.4f}", f"{kept.low:.4f}", f"{kept.high:.4f}",
                stored_parameters(RUNS / run.name), f"{row['seconds'] / 60:.1f}", "warm",
            ), strict=True)))  # fmt: skip


def hours(study: Study, runs: list[Run]) -> float:
    """Hours of training, from twenty steps over sentences and over queries; made queries and vectors come on top."""
    cost = {arm: study.train(Run(FEW, arm, 0), 20)["training seconds"] / 20 for arm in (SENTENCE, AGAIN)}
    long = (SENTENCE, WIKI)
    share = {NOTHING: 1 / (1 + EXTRA)}
    return sum(STEPS * share.get(run.arm, 1) * cost[SENTENCE if run.arm in long else AGAIN] for run in runs) / 3600


def main() -> None:
    """Run what is missing, score, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--observed", nargs="+", type=int, choices=OBSERVED, default=OBSERVED)
    parser.add_argument("--hours", action="store_true")
    arguments = parser.parse_args()
    split, study = arguments.split, Study()
    runs = [Run(n, arm, seed) for n in arguments.observed for arm in ARMS for seed in SEEDS]
    if arguments.hours:
        print(f"{len(runs)} runs, {hours(study, runs):.2f} hours of training")
        return
    rows, fresh = [], []
    for run in runs:
        path = RUNS / f"{run.name}.json"
        row = read_json(path) if path.exists() else study.train(run)
        if split not in row:
            row[split] = study.score(load_student(RUNS / run.name).model, split)
            write_json(path, row, None)
            fresh.append(row)
            mean = float(np.mean(row[split]["values"]))
            print(f"{run.name}: {mean:.4f}, distance {row[split]['distance']:.3f}, {row['seconds']} s", flush=True)
        rows.append(row)
    references = study.references(split)
    if split == "test":
        log(fresh, rows, references)
    told = summary(rows, references, split)
    name = "generated" if split == "test" else "generated-dev"
    write_json(OUT.with_name(f"{name}.json"), told)
    write_json(OUT.with_name(f"{name}-values.json"), values_of(rows, references, split), None)
    for each in told["contrasts"]:
        print(json.dumps(each, ensure_ascii=False))


if __name__ == "__main__":
    main()
