"""Builds `pydocs-cross`: the changes of one `cls` and one `dual` cross encoder, and queries to look at them with.

The models are seed 0 of benchmarks/cross.py; they are trained here (about ten minutes on one core) where that has not
been run. Cases are dev queries with the teacher's first 20 documents: drawn, not picked, among those that have both
relevant and other documents there.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CASES, DOCUMENTS, DRAW = 10, 20, 1


def build(target: Path) -> None:
    """Write the folder."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from cross import train
    from cross_report import judged
    from cross_study import SCORERS, Study, World, adapter

    study = Study()
    world = World(study, ROOT / "out" / "cross")
    train(world, [(scorer, 0) for scorer in SCORERS])
    target.mkdir()
    for scorer in SCORERS:
        shutil.copy(adapter(world, scorer, 0), target / f"{scorer}.safetensors")
    queries = dict(world.collection.queries["dev"])
    run = world.run(queries, DOCUMENTS)
    relevant = judged(run, world.collection.qrels["dev"])
    both = np.flatnonzero(relevant.any(axis=1) & ~relevant.all(axis=1))
    drawn = np.random.default_rng(DRAW).choice(both, CASES, replace=False)
    cases = [
        {"query": queries[run.query_ids[line]], "documents": [run.doc_ids[row] for row in run.rows[line]],
         "relevant": relevant[line].tolist()}
        for line in drawn
    ]  # fmt: skip
    (target / "cases.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
