"""Does label-free fidelity tell how much a student keeps? At least 20 students a collection, good and bad, on dev
queries.

    python benchmarks/fidelity.py --collections wiki pydocs

Each student is measured twice: on texts of held-out documents, without judgements (overlap@10 with the teacher, nDCG@10
against the teacher's list), and by its true nDCG@10 retention on dev. The table and Spearman's correlation over the
students, with a bootstrap interval over them, go to docs/fidelity.json. Students already there are not trained again.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

import lab
from lab.collection.texts import TextMix
from lab.losses import LossWeights
from lab.preparation import training_data

OUT = Path(__file__).resolve().parent.parent / "docs" / "fidelity.json"
BASE = lab.DistillConfig(
    static=False, observed=2_000, texts=TextMix(sentences=2, spans=1, questions=1, most=12_000), probes=2
)
SCORES = LossWeights(score=1.0, query_matching=0.0)


def students() -> list[dict]:
    """Changes to `BASE`: three sizes at six lengths of training, and losses, rates and starts that go wrong on
    purpose."""
    sized = [
        {"student": size, "epochs": epochs, "select": False}
        for size, epochs in itertools.product(("quarter", "tenth", "twentieth"), (0.02, 0.06, 0.2, 0.5, 1.0, 2.0))
    ]
    squared = LossWeights(distance="squared")
    others = [
        {"losses": squared, "epochs": 0.5, "select": False},
        {"losses": SCORES, "epochs": 0.5, "select": False},
        {"rate": 1e-2, "epochs": 0.5, "select": False},
        {"rate": 1e-4, "epochs": 0.5, "select": False},
        {"observed": 10, "epochs": 0.2, "select": False},
    ]
    return sized + others


def measure(collection: str) -> list[dict]:
    """One row a student."""
    known = json.loads(OUT.read_text())["students"] if OUT.exists() else []
    documents, teacher, store = lab.load_collection(collection), lab.load_teacher(), lab.VectorStore()
    config = dataclasses.replace(BASE, collection=collection)
    prepared = training_data(config, documents, teacher, store, every_document=True)
    rows = []
    for changes in students():
        name = {
            "collection": collection,
            **{k: v if isinstance(v, (str, int, float, bool)) else repr(v) for k, v in changes.items()},
        }
        if found := [row for row in known if row["changes"] == name]:
            rows += found
            continue
        distilled = lab.distill(
            config, collection=documents, teacher=teacher, store=store, prepared=prepared, **changes
        )
        report = lab.evaluate(distilled.student, documents, "dev", teacher, store=store)
        rows.append({
            "changes": name,
            "overlap": distilled.fidelity.overlap.value,
            "ndcg": distilled.fidelity.ndcg.value,
            "distance": distilled.fidelity.distance.value if distilled.fidelity.distance else None,
            "retention": report.retention().value,
            "parameters": distilled.student.parameters,
        })  # fmt: skip
        print(json.dumps(rows[-1]), flush=True)
        others = [row for row in known if row["changes"]["collection"] != collection]
        OUT.write_text(json.dumps({"students": others + rows}, indent=1))
    return rows


def correlation(rows: list[dict], name: str, resamples: int = 2_000) -> dict[str, float]:
    """Spearman's rank correlation of a fidelity with retention; 95 % percentile interval over the students (seed 0)."""
    pairs = np.array([(row[name], row["retention"]) for row in rows])
    random = np.random.default_rng(0)
    draws = [spearmanr(*pairs[random.integers(0, len(pairs), len(pairs))].T).statistic for _ in range(resamples)]
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return {
        "value": float(spearmanr(*pairs.T).statistic),
        "low": float(low),
        "high": float(high),
        "students": len(pairs),
    }


def main() -> None:
    """Train what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collections", nargs="+", default=["wiki", "pydocs"])
    arguments = parser.parse_args()
    rows = {collection: measure(collection) for collection in arguments.collections}
    table = {
        collection: {name: correlation(found, name) for name in ("overlap", "ndcg", "distance")}
        for collection, found in rows.items()
    }
    known = json.loads(OUT.read_text())
    OUT.write_text(json.dumps({"spearman with dev retention": table, **known}, indent=1) + "\n")
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
