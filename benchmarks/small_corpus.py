"""Do general texts help where a corpus is small? `pydocs` cut down to the documents of 500 dev queries.

    python benchmarks/small_corpus.py

Two arms, `tenth`, three seeds: the corpus' own texts alone (at_least=0), and filled up to 40,000 with texts of the
shipped wiki. Named beforehand: filled up minus own alone, nDCG@10. Intervals over queries and seeds. Runs that are in
docs/small_corpus.json are not made again. No test split is read.
"""

from __future__ import annotations

import json

import numpy as np
from results import ROOT, commit, read_json, write_json

import lab
from lab.collection import Collection
from lab.evaluation import difference_interval, p_value, ratio_interval

OUT, ARMS, SEEDS, QUERIES = ROOT / "docs" / "small_corpus.json", {"own alone": 0, "filled up": 40_000}, (0, 1, 2), 500


def small() -> Collection:
    """The documents relevant to the first dev queries, and those queries."""
    whole = lab.load_collection("pydocs")
    queries = dict(list(whole.queries["dev"].items())[:QUERIES])
    qrels = {query: whole.qrels["dev"][query] for query in queries}
    rows = sorted({whole.row[doc_id] for judged in qrels.values() for doc_id in judged})
    return Collection(
        f"pydocs, {len(rows)} documents", *(tuple(column[row] for row in rows) for column in
        (whole.doc_ids, whole.titles, whole.bodies)), {"dev": queries}, {"dev": qrels},
    )  # fmt: skip


def main() -> None:
    """Six students, the table."""
    collection, teacher = small(), lab.load_teacher()
    told = read_json(OUT, missing={"runs": []})
    runs = told["runs"]
    for seed in SEEDS:
        for arm, at_least in ARMS.items():
            if any((run["arm"], run["seed"]) == (arm, seed) for run in runs):
                continue
            found = lab.distill(collection=collection, teacher=teacher, seed=seed, at_least=at_least, table="corpus")
            report = lab.evaluate(found.student, collection, "dev", teacher, static=found.static)
            runs.append({
                "arm": arm, "seed": seed, "texts": found.texts, "general": found.general, "minutes": found.minutes,
                "steps": found.finished.step, "commit": commit(), "parameters": found.student.parameters,
                "values": {engine: np.round(v["nDCG@10"], 4).tolist() for engine, v in report.values.items()},
            })  # fmt: skip
            print(arm, seed, f"{report.retention()}", flush=True)
            write_json(OUT, {"runs": runs}, indent=None)
    of = {
        arm: {engine: np.array([run["values"][engine] for run in runs if run["arm"] == arm])
              for engine in ("teacher", "bm25", "student", "static")}
        for arm in ARMS
    }  # fmt: skip
    teachers = of["own alone"]["teacher"][0]
    gain = difference_interval(of["filled up"]["student"], of["own alone"]["student"])
    table = {
        arm: {engine: ratio_interval(values[engine], teachers).as_json() for engine in ("student", "static")}
        for arm, values in of.items()
    }
    bm25 = ratio_interval(of["own alone"]["bm25"][0], teachers).as_json()
    write_json(OUT, {
        "command": "python benchmarks/small_corpus.py", "collection": collection.name, "split": "dev",
        "queries": len(teachers), "seeds": SEEDS, "teacher": float(teachers.mean()),
        "retention": table | {"bm25": bm25},
        "filled up minus own alone": gain.as_json()
        | {"p": p_value(of["filled up"]["student"], of["own alone"]["student"])},
        "runs": runs,
    }, indent=None)  # fmt: skip
    print(json.dumps(table), gain)


if __name__ == "__main__":
    main()
