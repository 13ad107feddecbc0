"""Does what is measured without judgements tell how much a student keeps? At least 20 students a collection and kind of
target, good and bad, on dev queries.

    python benchmarks/fidelity.py --collections wiki pydocs

Each student is measured on texts of held-out documents, without judgements (overlap@10 with the teacher, nDCG@10
against the teacher's list, mean distance ‖t − s‖, the theory's R_Emb,Q), and on dev: R_Emb,Q of the questions
themselves, nDCG@10, and the risk of the theorem (binary cross entropy over every relevant pair and one irrelevant
document each, drawn uniformly, see `lab.geometry.bounds`). The table and Spearman's correlations over the students,
with bootstrap intervals over them, go to docs/fidelity.json: one for students whose targets were the teacher's
vectors, one for those of the recipe, whose targets are drawn to documents (they agree less and keep more). Students
already there are not trained again.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json

import numpy as np
from results import ROOT, commit, read_json, write_json
from scipy.stats import spearmanr

import lab
from lab.collection.texts import TextMix
from lab.config import PAPER
from lab.evaluation import per_query, vector_distance
from lab.geometry import Sample, draw_triples
from lab.losses import LossWeights
from lab.preparation import training_data
from lab.retrieval import ExactIndex

OUT, COMMAND = ROOT / "docs" / "fidelity.json", "python benchmarks/fidelity.py --collections wiki pydocs"
BASE = lab.DistillConfig(
    static=False, observed=500, texts=TextMix(sentences=2, spans=1, questions=1, most=4_000), at_least=0, probes=1
)
SIZES = ("quarter", "twentieth", "tenth")  # the default last: what follows starts from the same cut
RECIPE = {name: getattr(lab.DistillConfig(), name) for name in PAPER} | {"table": "corpus"}  # as it was then
SCORES = LossWeights(score=1.0, query_matching=0.0)


def students() -> list[dict]:
    """Changes to `BASE`: three sizes at six lengths of training (2 to 126 steps), and losses, rates and starts that go
    wrong on purpose; all with the teacher's vectors as targets, and again with the recipe's pulled ones where the loss
    has targets at all."""
    sized = [
        {**targets, "student": size, "epochs": epochs, "select": False}
        for size, targets, epochs in itertools.product(SIZES, (PAPER, RECIPE), (0.03, 0.08, 0.2, 0.5, 1.0, 2.0))
    ]
    others = [
        {"rate": 1e-2, "epochs": 1.0, "select": False},
        {"rate": 1e-4, "epochs": 1.0, "select": False},
        {"losses": LossWeights(distance="squared"), "epochs": 1.0, "select": False},
        {"observed": 10, "epochs": 0.2, "select": False},
    ]
    twice = [{**targets, **changes} for changes, targets in itertools.product(others, (PAPER, RECIPE))]
    return [*sized, *twice, {**PAPER, "losses": SCORES, "epochs": 1.0, "select": False}]


class Dev:
    """The dev split of a collection: what the teacher does there, once, and what a student does."""

    def __init__(self, documents: lab.Collection, teacher: lab.DualEncoder, store: lab.VectorStore) -> None:
        self.qrels, queries = documents.qrels["dev"], documents.queries["dev"]
        self.ids, self.texts = tuple(queries), tuple(queries.values())
        self.documents = store.vectors(teacher, documents.documents, "document")
        self.queries = store.vectors(teacher, self.texts, "query")
        self.index = ExactIndex(self.documents, documents.doc_ids, teacher.similarity)
        relevant = [{documents.row[doc] for doc, grade in self.qrels[i].items() if grade > 0} for i in self.ids]
        self.triples = draw_triples(relevant, len(documents))
        self.teacher = self.ndcg(self.queries)

    def ndcg(self, vectors: np.ndarray) -> float:
        """Mean nDCG@10 of these query vectors in the teacher's index."""
        return float(per_query(self.index.search(vectors, self.ids, 10), self.qrels, ["nDCG@10"])["nDCG@10"].mean())

    def row(self, student: lab.DualEncoder) -> dict[str, float]:
        """What a student keeps, and the gaps that are left."""
        mine = student.encode(self.texts, "query")
        ndcg, sample = self.ndcg(mine), Sample(self.triples, self.queries, mine, self.documents)
        return {
            "dev distance": float(vector_distance(self.queries, mine).mean()),
            "retention": ndcg / self.teacher,
            "gap": self.teacher - ndcg,
            "risk gap": sample.risk(True) - sample.risk(False),
        }


def named(collection: str, changes: dict) -> dict:
    """What a student is called in the table."""
    plain = {k: v if isinstance(v, (str, int, float, bool)) else repr(v) for k, v in changes.items()}
    return {"collection": collection, **plain}


def row_of(found: lab.Distilled) -> dict[str, float | None]:
    """What is known without judgements."""
    return {
        "overlap": found.fidelity.overlap.value,
        "ndcg": found.fidelity.ndcg.value,
        "distance": found.fidelity.distance.value if found.fidelity.distance else None,
        "parameters": found.student.parameters,
        "steps": found.finished.step,
    }


def measure(collection: str) -> list[dict]:
    """One row a student."""
    told = read_json(OUT, missing={"students": []})
    known = told["students"]
    documents, teacher, store = lab.load_collection(collection), lab.load_teacher(), lab.VectorStore()
    config = dataclasses.replace(BASE, collection=collection)
    prepared = training_data(config, documents, teacher, store, every_document=True)
    dev = Dev(documents, teacher, store)
    rows = []
    for changes in students():
        name = named(collection, changes)
        if there := [row for row in known if row["changes"] == name]:
            rows += there
            continue
        found = lab.distill(config, collection=documents, teacher=teacher, store=store, prepared=prepared, **changes)
        rows.append({"changes": name, "commit": commit(), **row_of(found), **dev.row(found.student)})
        print(json.dumps(rows[-1]), flush=True)
        others = [row for row in known if row["changes"]["collection"] != collection]
        write_json(OUT, {**told, "students": others + rows})
    return rows


def of(rows: list[dict], targets: dict[str, float]) -> list[dict]:
    """The students with these targets: what agreement with the teacher says of retention holds among those alone."""
    return [row for row in rows if row["changes"]["document_pull"] == targets["document_pull"]]


def correlation(rows: list[dict], name: str, target: str, resamples: int = 2_000) -> dict[str, float]:
    """Spearman's rank correlation of a measure with `target`; 95 % percentile interval over the students (seed 0)."""
    pairs = np.array([(row[name], row[target]) for row in rows])
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
    asked = {"retention": ("overlap", "ndcg", "distance"), "gap": ("distance", "dev distance"),
             "risk gap": ("distance", "dev distance")}  # fmt: skip
    table = {
        collection: {
            kind: {
                target: {name: correlation(of(found, targets), name, target) for name in names}
                for target, names in asked.items()
            }
            for kind, targets in (("teacher's vectors", PAPER), ("pulled", RECIPE))
        }
        for collection, found in rows.items()
    }
    known = read_json(OUT)
    table = known.get("spearman", {}) | table
    write_json(OUT, {"command": COMMAND, "commit": commit(), "spearman": table, "students": known["students"]})
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
