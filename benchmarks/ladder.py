"""The paper's ablation on the lab's data: rungs that differ in one thing, at equal steps, on dev queries.

    make ladder                                 # all of it; about 2.5 hours on 2 cores, --hours says how many here
    python benchmarks/ladder.py --quick         # a small first pass, see QUICK
    python benchmarks/ladder.py --sizes tenth   # a part, without the table; parts may run side by side
    python benchmarks/ladder.py --table         # train nothing: the table of the runs that are there

`pydocs` trains on its observed pairs; `wiki` has none, its pairs are made from documents. Two starts: the teacher's
layers, and random weights in the same shape. A student with documents of its own reads the first words of each; where
documents are inherited they are the teacher's of the whole text. All are searched among the same documents: those
relevant to a dev query and others drawn at random. The test split is not read.

Per-query values go to docs/ladder/, one file a run, and are not made again; the table and the intervals to
docs/ladder.json. Intervals: paired bootstrap over dev queries and seeds; each step at the level that Holm's correction
leaves it among the steps of its block (collection, size, start).
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import itertools
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import lab
from lab import artefacts
from lab.collection.core import shortened
from lab.collection.texts import DocumentTexts, TextMix, document_texts, held_out_rows
from lab.config import PAPER
from lab.evaluation import difference_interval, holm, p_value, per_query, ratio_interval
from lab.generation import SENTENCES as SENTENCE_MIX
from lab.generation import FromDocuments, FromQueries
from lab.preparation import held_out_texts, index_rows
from lab.retrieval import ExactIndex
from lab.teaching import measure_pace
from lab.teaching.ladder import ARMS, GENERATED, OBSERVED, SENTENCES, STEPS
from lab.training import TrainingData

ROOT = Path(__file__).resolve().parent.parent
OUT, FOLDER = ROOT / "docs" / "ladder.json", ROOT / "docs" / "ladder"
# seconds where the lab's minutes were measured: a step, what a word of own documents adds to it, all but the steps
STEP, WORD, REST = 0.06, 0.005, 25.0
MADE = TextMix(sentences=1, spans=0, questions=1)  # wiki's pairs


@dataclasses.dataclass(frozen=True)
class Study:
    """One pass over the ladder: what is held equal in all its runs."""

    collections: tuple[str, ...] = ("pydocs", "wiki")
    sizes: tuple[str, ...] = ("tenth", "quarter")
    starts: tuple[str, ...] = ("teacher", "random")
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 250
    words: int = 32  # of a document that a student encodes itself
    pairs: int = 8_000  # a student trains on; and as many made texts where an arm has them
    searched: int = 3_000  # documents in the index
    observed: int = 2_000

    def runs(self) -> list[tuple[str, str, str, int, str]]:
        """Block by block, all arms of a seed in turn: what is there after an interruption can be compared."""
        return list(itertools.product(self.collections, self.sizes, self.starts, self.seeds, ARMS))

    def hours(self, speed: float) -> float:
        """On a machine so many times as fast as the reference."""
        own = sum(ARMS[arm].documents == "own" for *_, arm in self.runs())
        seconds = len(self.runs()) * (REST + self.steps * STEP) + own * self.steps * self.words * WORD
        return seconds / 3600 / speed


PARTS = ("collections", "sizes", "starts", "seeds")  # what a run may do a part of, see --help
QUICK = Study(("pydocs",), ("tenth",), steps=100, words=16, pairs=1_500, searched=2_000, observed=300)


class World:
    """A collection with its pairs, the three sets of texts, and the index in which all are searched."""

    def __init__(self, name: str, study: Study) -> None:
        self.full, self.teacher, self.store = lab.load_collection(name), lab.load_teacher(), lab.VectorStore()
        self.short = shortened(self.full, study.words)
        self.vectors = self.store.vectors(self.teacher, self.full.documents, "document")
        first: dict[str, int] = {}
        self.groups = np.array([first.setdefault(text, row) for row, text in enumerate(self.full.documents)])
        self.held = held_out_texts(self.full)
        self.pairs = self._pairs(study.pairs)
        self.qrels, asked = self.full.qrels["dev"], self.full.queries["dev"]
        self.ids, self.texts = tuple(asked), tuple(asked.values())
        wanted = {self.full.row[doc] for judged in self.qrels.values() for doc, grade in judged.items() if grade > 0}
        others = np.setdiff1d(np.arange(len(self.full)), list(wanted))
        drawn = np.random.default_rng(0).permutation(others)[: max(0, study.searched - len(wanted))]
        self.rows = np.sort(np.concatenate([sorted(wanted), drawn])).astype(int)
        queries = self.store.vectors(self.teacher, self.texts, "query")
        self.teacher_values = self.values(queries, self.vectors[self.rows])

    def _pairs(self, count: int) -> DocumentTexts:
        free = np.setdiff1d(np.arange(len(self.full)), held_out_rows(self.full))
        if "train" not in self.full.splits:  # no observed pairs: made from documents, and labelled so in the table
            made = document_texts(self.full, free, MADE)
        else:
            asked, judged, known = self.full.queries["train"], self.full.qrels["train"], set(free.tolist())
            rows = {asked[i]: self.full.row[max(judged[i], key=judged[i].__getitem__)] for i in asked}
            kept = {text: row for text, row in rows.items() if row in known}
            made = DocumentTexts(tuple(kept), np.fromiter(kept.values(), np.int64, len(kept)))
        chosen = np.sort(np.random.default_rng(0).permutation(len(made))[:count])
        return DocumentTexts(tuple(made.texts[i] for i in chosen), made.rows[chosen])

    def data(self, texts: str) -> TrainingData:
        """The pairs, and as many made texts where the arm asks for them."""
        wanted, rows, count = self.pairs.texts, self.pairs.rows, len(self.pairs)
        if texts == GENERATED:  # a made query keeps the document of the query it was made of
            made = FromQueries(artefacts.query_generator(self.teacher), wanted).draw(count)
            wanted, rows = (*wanted, *made.texts), np.concatenate([rows, rows[made.rows]])
        elif texts == SENTENCES:
            free = np.setdiff1d(np.arange(len(self.full)), held_out_rows(self.full))
            made = FromDocuments(self.full, SENTENCE_MIX, free).draw(count)
            wanted, rows = (*wanted, *made.texts), np.concatenate([rows, made.rows])
        queries = self.store.vectors(self.teacher, wanted, "query")
        settings = {"texts": TextMix(), "queries": "documents", "unseen": ()}  # none of them shaped these texts
        return TrainingData(
            wanted, queries, rows, self.vectors, np.arange(len(self.full)), self.short.documents, self.groups,
            index=index_rows(self.full), settings=settings,
        )  # fmt: skip

    def values(self, queries: np.ndarray, documents: np.ndarray) -> np.ndarray:
        """nDCG@10 a dev query."""
        index = ExactIndex(documents, [self.full.doc_ids[row] for row in self.rows], self.teacher.similarity)
        return per_query(index.search(queries, self.ids, 10), self.qrels, ["nDCG@10"])["nDCG@10"]


def one(world: World, data: TrainingData, config: lab.DistillConfig, arm: str) -> dict:
    """Train one student; its values in the index it is meant for, and in the teacher's."""
    found = lab.distill(
        config, collection=world.short, teacher=world.teacher, store=world.store, prepared=(data, world.held),
        searched=300, **ARMS[arm].changes(),
    )  # fmt: skip
    queries = found.student.encode(world.texts, "query")
    documents, theirs = world.vectors[world.rows], None
    if ARMS[arm].documents == "own":
        theirs = float(world.values(queries, documents).mean() / world.teacher_values.mean())
        documents = found.student.encode([world.short.documents[row] for row in world.rows], "document")
    values = world.values(queries, documents)
    return {
        "share": float(values.mean() / world.teacher_values.mean()), "share in the teacher's index": theirs,
        "texts": len(data.texts), "parameters": found.student.parameters, "steps": found.finished.step,
        "values": np.round(values, 3).tolist(),
    }  # fmt: skip


def climb(study: Study, train: bool = True) -> list[dict]:
    """All runs of the study; those that are there already are read, the others left out where `train` is False."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    worlds: dict[str, World] = {}
    texts: dict[tuple[str, str], TrainingData] = {}
    table = []
    for collection, size, start, seed, arm in study.runs():
        config = lab.DistillConfig(
            collection=collection, student=size, start=start, seed=seed, observed=study.observed, probes=1,
            select=False, static=False, **PAPER,
        )  # fmt: skip
        told = {**dataclasses.asdict(config), "arm": arm, "rung": dataclasses.asdict(ARMS[arm]),
                **{name: getattr(study, name) for name in ("steps", "words", "pairs", "searched")}}  # fmt: skip
        key = hashlib.sha256(json.dumps(told, default=dict, sort_keys=True).encode()).hexdigest()[:12]
        path = FOLDER / f"{Path(collection).name}-{size}-{start}-{list(ARMS).index(arm)}-{seed}.json"
        if path.exists() and (known := json.loads(path.read_text()))["config"] == key:
            table.append(known)
            continue
        if not train:
            continue
        if collection not in worlds:
            worlds[collection] = World(collection, study)
        world = worlds[collection]
        kind = (collection, ARMS[arm].texts)
        if kind not in texts:
            texts[kind] = world.data(ARMS[arm].texts)
        epochs = study.steps / -(-len(texts[kind].texts) // config.batch)  # the last batch of an epoch may be smaller
        row = one(world, texts[kind], dataclasses.replace(config, epochs=epochs), arm)
        table.append({"collection": collection, "size": size, "start": start, "seed": seed, "arm": arm, "config": key,
                      "pairs": OBSERVED if "train" in world.full.splits else "made from documents",
                      "teacher": np.round(world.teacher_values, 3).tolist(), **row})  # fmt: skip
        path.write_text(json.dumps(table[-1]))
        print(f"{collection} {size} {start} {seed} {arm}: {row['share']:.3f} of the teacher", flush=True)
    return table


def contrasts(rows: list[dict]) -> list[dict]:
    """The steps of one block, in shares of the teacher, with Holm's p and intervals at the levels it leaves."""
    values: dict[str, np.ndarray] = {}
    for arm in ARMS:
        if found := [row["values"] for row in sorted(rows, key=lambda row: row["seed"]) if row["arm"] == arm]:
            values[arm] = np.array(found)
    teacher = float(np.mean(rows[0]["teacher"]))
    pairs = [(a, b) for a, b in STEPS if a in values and b in values and len(values[a]) == len(values[b])]
    if not pairs:
        return []
    p = np.array([p_value(values[b], values[a]) for a, b in pairs])
    places = np.argsort(np.argsort(p, kind="stable"))
    out = []
    for (a, b), corrected, place in zip(pairs, holm(p), places, strict=True):
        found = difference_interval(values[b], values[a], level=1 - 0.05 / (len(pairs) - int(place)))
        low, high = found.low / teacher, found.high / teacher
        out.append({"from": a, "to": b, "gain": found.value / teacher, "low": low, "high": high, "p": float(corrected),
                    "seeds": len(values[a])})  # fmt: skip
    return out


def summary(table: list[dict], study: Study) -> dict:
    """What is committed: shares, intervals, settings, commit and date."""
    blocks = {}
    for block in dict.fromkeys((row["collection"], row["size"], row["start"]) for row in table):
        rows = [row for row in table if (row["collection"], row["size"], row["start"]) == block]
        arms = {}
        for arm in (arm for arm in ARMS if any(row["arm"] == arm for row in rows)):
            values = np.array([row["values"] for row in rows if row["arm"] == arm])
            arms[arm] = vars(ratio_interval(values, rows[0]["teacher"])) | {"seeds": len(values)}
        blocks[", ".join(block)] = {"arms": arms, "steps": contrasts(rows)}
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    runs = [{k: v for k, v in row.items() if k not in ("values", "teacher")} for row in table]
    return {
        "study": dataclasses.asdict(study), "commit": commit, "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "measure": "nDCG@10 on dev, share of the teacher", "blocks": blocks, "runs": runs,
    }  # fmt: skip


def main() -> None:
    """Say how long, climb, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the small pass that is stated above")
    parser.add_argument("--hours", action="store_true", help="only say how long it takes on this machine")
    parser.add_argument("--table", action="store_true", help="train nothing: the table of the runs that are there")
    for name in PARTS:
        among = getattr(Study(), name)
        parser.add_argument(f"--{name}", nargs="+", type=type(among[0]), choices=among, help="these alone; no table")
    arguments = parser.parse_args()
    chosen = {name: tuple(getattr(arguments, name)) for name in PARTS if getattr(arguments, name)}
    study = dataclasses.replace(QUICK if arguments.quick else Study(), **chosen)
    print(f"{len(study.runs())} trainings: about {study.hours(measure_pace(3).speed):.1f} hours here", flush=True)
    table = [] if arguments.hours else climb(study, not arguments.table)
    if table and not chosen:  # a part would put its few blocks in the place of all
        OUT.write_text(json.dumps(summary(table, study), indent=1) + "\n")


if __name__ == "__main__":
    main()
