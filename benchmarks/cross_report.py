"""What the study found: re-ranking with intervals, the two bars, AUC per query, and what no dual encoder can match."""

from __future__ import annotations

import csv
import dataclasses
import json
from typing import Any

import numpy as np
from cross_study import LOG, MEASURE, SCORERS, Study, World, result, trained_models
from results import commit, read_json, write_json

from lab.cross import reordered
from lab.evaluation import difference_interval, holm, mean_interval, p_value, per_query
from lab.evaluation.bootstrap import Interval
from lab.geometry import auc, distances_to_mean, ratio_parts, within_shares
from lab.retrieval import Run

WEIGHTS = tuple(round(0.1 * step, 1) for step in range(11))  # of the cross encoder beside its teacher, tried on dev
PRIMARY = "dual over teacher"
MARGIN = -0.02  # nDCG@10 that `dual` may lose against `cls`
Found = dict[str, np.ndarray]  # see cross.read: models along axis 0, the untrained one first


def report(world: World, split: str, run: Run, found: Found, runs: list[tuple[str, int]]) -> None:
    """All numbers of a split into the study's file; of test, a line a run in the log as well."""
    qrels = {query_id: world.collection.qrels[split][query_id] for query_id in run.query_ids}
    path = result(world.study)
    before = read_json(path, missing={})
    values = {"teacher": value(run, qrels)} | reranked(run, found, runs, qrels)
    if split == "dev":
        weights, tried = choose(run, found, runs, qrels)
    else:
        weights, tried = before["dev"]["weights"], None
        chosen = {name: before["dev"][name] for name in ("models", "queries", "commit")}
    for scorer in SCORERS:
        values[f"{scorer} + teacher"] = mixed(run, found, runs, scorer, weights[scorer], qrels)
    relevant, compared = judged(run, qrels), contrasts(values)
    key, training = trained_models(world, runs)
    part = {
        "models": key, "training": training,  # two parts may be of two trainings: each says which
        "queries": len(run), "of them with a relevant document among the first": int(relevant.any(axis=1).sum()),
        "depth": run.k, "tokens of a pair": world.study.read, "measure": MEASURE,
        "seeds": sorted({seed for _, seed in runs}), "commit": commit(),
        "re-ranking": {name: told(mean_interval(each)) for name, each in values.items()},
        "by seed": {name: np.atleast_2d(each).mean(axis=1).round(4).tolist() for name, each in values.items()},
        "weights": weights, "weights tried": tried, "primary contrast": PRIMARY, "contrasts": compared,
        "bar 0": {s: compared[f"{s} over teacher"]["low"] > 0 for s in SCORERS},
        "dual not inferior to cls": {"margin": MARGIN, "met": compared["dual over cls"]["low"] >= MARGIN},
        "auc": areas(run, found, runs, relevant), "floors": floors(run, found, runs),
    }  # fmt: skip
    if split == "test":
        part["weights chosen on"] = chosen
    else:  # what each length of pair gave, with the mean over the seeds of each
        part["lengths tried"] = lengths(before.get("dev", {}), key, world.study.read, values)
        if world.study.read != Study.read:  # only to see: the default length's numbers stay
            write_json(path, before | {"dev": before["dev"] | {"lengths tried": part["lengths tried"]}})
            return
    study = world.study
    write_json(path, before | {"command": study.command, "pairs": study.pairs, "config": dataclasses.asdict(study),
                               split: part | each_query(study, run, values)})  # fmt: skip
    if split == "test":
        log(world, values, runs, "cross-made" if study.mix else "cross")
    print(json.dumps(part, indent=1), flush=True)


def lengths(before: dict[str, Any], models: str, read: int, values: dict[str, np.ndarray]) -> dict[str, Any]:
    """Tokens of a pair → mean of each row, with those already there, as far as they are of these models and queries."""
    queries, known = values["teacher"].shape[-1], before.get("lengths tried", {})
    if (known.get("models"), known.get("queries")) != (models, queries):
        known = {"models": models, "queries": queries}
    return known | {str(read): {name: round(float(each.mean()), 4) for name, each in values.items()}}


def each_query(study: Study, run: Run, values: dict[str, np.ndarray]) -> dict[str, Any]:
    """The measure of every query, a list a seed; not of observed pairs, whose 1,000 queries would fill the file."""
    if study.mix is None:
        return {}
    rounded = {name: np.atleast_2d(each).round(4).tolist() for name, each in values.items()}
    return {"query ids": run.query_ids, "by query": rounded}


def choose(run: Run, found: Found, runs: list[tuple[str, int]], qrels: dict[str, Any]) -> tuple[Any, Any]:
    """How much of each scorer's score beside the teacher's orders dev best: the weights, and what each gave."""
    tried = {
        scorer: {weight: float(mixed(run, found, runs, scorer, weight, qrels).mean()) for weight in WEIGHTS}
        for scorer in SCORERS
    }
    best = {scorer: max(means, key=lambda weight: (means[weight], weight)) for scorer, means in tried.items()}
    return best, {scorer: {str(w): round(mean, 4) for w, mean in means.items()} for scorer, means in tried.items()}


def contrasts(values: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Differences with paired intervals; p values of all but the primary one are Holm-corrected."""
    pairs = {
        "dual over teacher": ("dual", "teacher"),
        "cls over teacher": ("cls", "teacher"),
        "dual over cls": ("dual", "cls"),
        "dual + teacher over teacher": ("dual + teacher", "teacher"),
        "cls + teacher over teacher": ("cls + teacher", "teacher"),
    }
    found = {name: told(difference_interval(values[one], values[other])) for name, (one, other) in pairs.items()}
    p = {name: p_value(values[one], values[other]) for name, (one, other) in pairs.items()}
    others = [name for name in pairs if name != PRIMARY]
    corrected = dict(zip(others, holm([p[name] for name in others]).tolist(), strict=True))
    for name, each in found.items():
        each["p"] = round(corrected.get(name, p[name]), 5)
    return found


def value(run: Run, qrels: dict[str, Any]) -> np.ndarray:
    """(n,) nDCG@10 of each query."""
    return per_query(run, qrels, [MEASURE])[MEASURE]


def reranked(run: Run, found: Found, runs: list[tuple[str, int]], qrels: dict[str, Any]) -> dict[str, np.ndarray]:
    """untrained: (n,); each scorer: (seeds, n) values of the teacher's documents in the new order."""
    each = [value(reordered(run, scores, "re-ranked"), qrels) for scores in found["scores"]]
    return {"untrained": each[0]} | {scorer: np.stack([each[i] for i in of(runs, scorer)]) for scorer in SCORERS}


def mixed(run: Run, found: Found, runs: list[tuple[str, int]], scorer: str, weight: float, qrels: Any) -> np.ndarray:
    """(seeds, n): the order of weight · cross encoder + (1 − weight) · teacher, each in units of its spread a query."""
    teacher = run.scores / run.scores.std(axis=1, keepdims=True)
    values = []
    for number in of(runs, scorer):
        scores = found["scores"][number]
        both = weight * scores / np.maximum(scores.std(axis=1, keepdims=True), 1e-9) + (1 - weight) * teacher
        values.append(value(reordered(run, both.astype(np.float32), "mixed"), qrels))
    return np.stack(values)


def areas(run: Run, found: Found, runs: list[tuple[str, int]], relevant: np.ndarray) -> dict[str, Any]:
    """AUC per query of relevant documents against the teacher's other first ones: by segment cosine, and by score."""
    kept = relevant.any(axis=1) & ~relevant.all(axis=1)
    right = relevant[kept]

    def area(tables: list[np.ndarray]) -> dict[str, float]:
        return told(mean_interval(np.stack([auc(table[kept], right) for table in tables])))

    told_of = {"teacher": area([run.scores]), "untrained, segments": area([found["cosines"][0]])}
    for scorer in SCORERS:
        rows = of(runs, scorer)
        told_of[f"{scorer}, segments"] = area([found["cosines"][i] for i in rows])
        told_of[f"{scorer}, score"] = area([found["scores"][i] for i in rows])
    return {"queries": int(kept.sum()), **told_of}


def floors(run: Run, found: Found, runs: list[tuple[str, int]]) -> dict[str, Any]:
    """How far segment vectors move with the other text: shares of variance and mean distances, with intervals over
    texts and seeds."""
    n, moved = found["queries"].shape[1:3]
    query_of = np.repeat(np.arange(n), moved)
    document_of = run.rows[:, :moved].ravel()
    rows, counts = np.unique(document_of, return_counts=True)
    several = np.isin(document_of, rows[counts > 1])
    models = {"untrained": [0], **{scorer: of(runs, scorer) for scorer in SCORERS}}
    out: dict[str, Any] = {"documents a query": moved, "documents with several queries": int((counts > 1).sum())}
    for name, numbers in models.items():
        out[name] = {}
        for side, texts, kept, keys in (
            ("query", "queries", slice(None), query_of),
            ("document", "documents", several, document_of[several]),
        ):
            vectors = [found[texts][i].reshape(len(query_of), -1).astype(np.float32)[kept] for i in numbers]
            shares = np.stack([within_shares(each, keys) for each in vectors])
            far = np.stack([ratio_parts(distances_to_mean(each, keys), np.ones(len(keys)), keys) for each in vectors])
            out[name] |= {f"{side} share": told(mean_interval(shares)), f"{side} distance": told(mean_interval(far))}
    return out


def judged(run: Run, qrels: dict[str, Any]) -> np.ndarray:
    """(n, depth) bool: which of the teacher's documents are relevant."""
    return np.array([[qrels[query_id].get(run.doc_ids[row], 0) > 0 for row in rows]
                     for query_id, rows in zip(run.query_ids, run.rows, strict=True)])  # fmt: skip


def of(runs: list[tuple[str, int]], scorer: str) -> list[int]:
    """Places of a scorer's models; 0 is the untrained one."""
    return [1 + place for place, (name, _) in enumerate(runs) if name == scorer]


def told(interval: Interval) -> dict[str, float]:
    """An interval as JSON."""
    return {name: round(getattr(interval, name), 4) for name in ("value", "low", "high")}


def log(world: World, values: dict[str, np.ndarray], runs: list[tuple[str, int]], kind: str = "cross") -> None:
    """A line a run in docs/test_log.csv; the columns of other engines stay empty."""
    with LOG.open(newline="", encoding="utf-8") as file:
        fields = csv.DictReader(file).fieldnames or []
    with LOG.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fields)
        for scorer, seed in runs:
            of_scorer = [each for name, each in runs if name == scorer]
            row = {"commit": commit(), "config": world.study.key, "collection": world.study.collection, "split": "test",
                   "student": f"{kind}-{scorer}", "seed": seed, "queries": values["teacher"].shape[-1],
                   "teacher": f"{values['teacher'].mean():.4f}",
                   "value": f"{values[scorer][of_scorer.index(seed)].mean():.4f}", "store": "warm"}  # fmt: skip
            writer.writerow(dict.fromkeys(fields, "") | row)
