"""What the parts of the study share: its setting, the queries it draws, where results lie and how they are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from results import ROOT

import lab
from lab.cross import CrossConfig, Lists, mine
from lab.retrieval import ExactIndex, Run

RESULT, LOG = ROOT / "docs" / "cross.json", ROOT / "docs" / "test_log.csv"
SCORERS, MEASURE = ("cls", "dual"), "nDCG@10"


@dataclass(frozen=True)
class Study:
    """All that decides the study's numbers."""

    collection: str = "pydocs"
    train: int = 2_000  # queries of the train split, drawn with `draw`
    draw: int = 0  # seed of all draws of queries and negatives
    seeds: tuple[int, ...] = (0, 1, 2)
    cross: CrossConfig = field(default_factory=CrossConfig)
    dev: int = 1_000  # of dev, to choose by
    test: int = 1_000  # of test, re-ranked once
    read: int = 112  # tokens of a pair that is re-ranked: as many as in training, which is what dev chose
    depth: int = 100  # of the teacher's documents re-ranked
    moved: int = 20  # first documents over which a query's vector is watched

    @property
    def key(self) -> str:
        """What the cross encoders depend on, their seeds apart."""
        what = [self.collection, self.train, self.draw, dataclasses.asdict(self.cross)]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]

    def config(self, scorer: str, seed: int) -> CrossConfig:
        return dataclasses.replace(self.cross, scorer=scorer, seed=seed)


class World:
    """Collection, teacher and the teacher's vectors; one instance a process."""

    def __init__(self, study: Study, folder: Path) -> None:
        self.study, self.folder = study, folder / study.key
        self.folder.mkdir(parents=True, exist_ok=True)
        self.collection, self.teacher, self.store = (
            lab.load_collection(study.collection),
            lab.load_teacher(),
            lab.VectorStore(),
        )
        documents = self.store.vectors(self.teacher, list(self.collection.documents), "document")
        self.index = ExactIndex(documents, self.collection.doc_ids, self.teacher.similarity)

    def drawn(self, split: str, count: int) -> dict[str, str]:
        """So many queries of a split, in the split's order."""
        queries = self.collection.queries[split]
        picked = np.sort(np.random.default_rng(self.study.draw).permutation(len(queries))[:count])
        ids = list(queries)
        return {ids[i]: queries[ids[i]] for i in picked}

    def run(self, queries: dict[str, str], depth: int) -> Run:
        """The teacher's first documents."""
        vectors = self.store.vectors(self.teacher, list(queries.values()), "query")
        return self.index.search(vectors, tuple(queries), depth, "teacher")

    def lists(self) -> Lists:
        """What all six cross encoders, and later the students, are trained on."""
        study = self.study
        queries = self.drawn("train", study.train)
        run = self.run(queries, study.cross.depth)
        relevant = self.collection.qrels["train"]
        return mine(self.collection, run, queries, relevant, study.cross.negatives, study.cross.depth, study.draw)


def adapter(world: World, scorer: str, seed: int) -> Path:
    """Where a cross encoder is kept."""
    return world.folder / f"{scorer}-{seed}.safetensors"
