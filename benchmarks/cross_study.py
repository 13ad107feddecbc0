"""What the parts of the study share: its setting, the queries it draws, where results lie and how they are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cross_pairs import MADE, MIX, made_queries, with_gaps
from results import ROOT, key_of

import lab
from lab.collection.texts import TextMix
from lab.cross import CrossConfig, Lists, about_cross, mine
from lab.encoders.teacher import DualEncoder
from lab.retrieval import ExactIndex, Run

DOCS, LOG = ROOT / "docs", ROOT / "docs" / "test_log.csv"
RESULT = DOCS / "cross.json"  # of pydocs; cross-<collection>.json of another
SCORERS, MEASURE = ("cls", "dual"), "nDCG@10"


@dataclass(frozen=True)
class Study:
    """All that decides the study's numbers."""

    collection: str = "pydocs"
    mix: TextMix | None = None  # texts that stand for queries where none were observed; None: the train split's
    train: int = 2_000  # so many of these, drawn with `draw`
    draw: int = 0  # seed of all draws of queries and negatives
    seeds: tuple[int, ...] = (0, 1, 2)
    cross: CrossConfig = field(default_factory=CrossConfig)
    dev: int = 1_000  # queries of dev, to choose by
    dev_depth: int = 20  # of the teacher's documents re-ranked on dev
    test: int = 1_000  # of test, re-ranked once
    read: int = 112  # tokens of a pair that is re-ranked: as many as in training, which is what dev chose
    depth: int = 100  # of the teacher's documents re-ranked on test
    moved: int = 20  # first documents over which a query's vector is watched

    @property
    def key(self) -> str:
        """What the cross encoders depend on, their seeds apart."""
        what = [self.collection, self.train, self.draw, dataclasses.asdict(self.cross)]
        if self.mix:  # observed pairs keep the key they had
            what.append(dataclasses.asdict(self.mix))
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]

    @property
    def pairs(self) -> str:
        """What the cross encoders are trained on, in words."""
        return MADE if self.mix else "observed pairs"

    @property
    def command(self) -> str:
        """What runs it."""
        option = "" if self.collection == Study.collection else f" --collection {self.collection}"
        return f"python benchmarks/cross.py{option}"

    def config(self, scorer: str, seed: int) -> CrossConfig:
        return dataclasses.replace(self.cross, scorer=scorer, seed=seed)


STUDIES = {
    "pydocs": Study(),
    # all its questions, and on dev as many documents as on test; all else, the length of pairs too, is as on pydocs
    "wiki": Study("wiki", MIX, dev=140, dev_depth=100, test=400),
}


class World:
    """Collection, teacher and the teacher's vectors; one instance a process.

    `collection` and `teacher` default to the study's and to the lab's.
    """

    def __init__(
        self,
        study: Study,
        folder: Path,
        collection: lab.Collection | None = None,
        teacher: DualEncoder | None = None,
    ) -> None:
        self.study, self.folder = study, folder / study.key
        self.folder.mkdir(parents=True, exist_ok=True)
        self.collection = collection or lab.load_collection(study.collection)
        self.teacher, self.store = teacher or lab.load_teacher(), lab.VectorStore()
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
        """What all six cross encoders, and later the students, are trained on; of made pairs, over documents with gaps
        (`cross_pairs.with_gaps`)."""
        study = self.study
        if study.mix is None:
            return self._mined(self.drawn("train", study.train), self.collection.qrels["train"])
        made = made_queries(self.collection, study.mix, study.train, study.draw)
        queries = {f"made-{number}": text for number, text in enumerate(made.texts)}
        own = [self.collection.doc_ids[row] for row in made.rows]
        relevant = {query_id: {doc_id: 1} for query_id, doc_id in zip(queries, own, strict=True)}
        return with_gaps(self.collection, self._mined(queries, relevant))

    def _mined(self, queries: dict[str, str], relevant: Mapping[str, Mapping[str, int]]) -> Lists:
        cross = self.study.cross
        run = self.run(queries, cross.depth)
        return mine(self.collection, run, queries, relevant, cross.negatives, cross.depth, self.study.draw)


def result(study: Study) -> Path:
    """The file that the study's numbers go to."""
    return RESULT if study.collection == Study.collection else DOCS / f"cross-{study.collection}.json"


def trained_models(world: World, runs: Sequence[tuple[str, int]]) -> tuple[str, dict[str, Any]]:
    """Twelve digits that tell these trained cross encoders from any others of the same settings, and how each was
    trained. Only the seconds it took say nothing of the model."""
    training = {f"{scorer}-{seed}": about_cross(adapter(world, scorer, seed)) for scorer, seed in runs}
    return key_of({name: about | {"seconds": None} for name, about in training.items()}), training


def adapter(world: World, scorer: str, seed: int) -> Path:
    """Where a cross encoder is kept."""
    return world.folder / f"{scorer}-{seed}.safetensors"
