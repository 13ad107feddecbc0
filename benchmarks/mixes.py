"""Which texts should a document give? The default mix beside others, under one recipe, on dev.

    python benchmarks/mixes.py
    python benchmarks/mixes.py --collections wiki --mixes default names --seeds 0   # as many as there is time for

`tenth`, 80,000 texts, one pass over them (half of the default recipe's), three seeds; where all documents give texts
(seen), and where those relevant to dev queries give none (unseen). A mix takes the place of other texts, it adds no
time. The primary contrast: `names` against `default` on wiki's unseen documents, nDCG@10, named when seed 0 had been
seen and before seeds 1 and 2 were; all other contrasts with the default are Holm-corrected. All arms but *every word*
have a table of the corpus' words, as the default had when they ran. No test query is read. A run
goes to docs/mixes/, and one that is there is not made again; the table of what is there goes to docs/mixes.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from quality import NAMES, relevant
from results import ROOT, commit, stored, write_json

import lab
from lab.collection.texts import TextMix
from lab.evaluation import difference_interval, holm, p_value, ratio_interval
from lab.progress import ProgressBars

FOLDER, OUT = ROOT / "docs" / "mixes", ROOT / "docs" / "mixes.json"
MIXES = {
    "default": TextMix(),
    "names": NAMES,
    "names beside all sentences": TextMix(names=10),
    "no questions": TextMix(questions=0),
    "fewer sentences": TextMix(sentences=4),
    "titles and sentences": TextMix(spans=0, questions=0),
    "every word": TextMix(),  # no mix of its own: its table holds words that the corpus has not used
}
EVERY_WORD = "every word"
COLLECTIONS, ROWS, SEEDS = ("wiki", "pydocs"), ("seen", "unseen"), (0, 1, 2)
PRIMARY = ("wiki", "unseen", "names")
ENGINES = ("teacher", "bm25", "student")


def settings(collection: str, row: str, mix: str, seed: int) -> lab.DistillConfig:
    """Of one run."""
    return lab.DistillConfig(
        collection=collection, texts=MIXES[mix], seed=seed, epochs=1.0, static=False,
        table="teacher" if mix == EVERY_WORD else "corpus",
        unseen=relevant(collection, "dev") if row == "unseen" else (),
    )  # fmt: skip


def path_of(collection: str, row: str, mix: str, seed: int) -> Path:
    """The file of a run."""
    return FOLDER / f"{Path(collection).name}-{row}-{mix.replace(' ', '-')}-{seed}.json"


def run(collection: str, row: str, mix: str, seed: int) -> None:
    """One student, evaluated on dev; nothing where it is there already."""
    config, path = settings(collection, row, mix, seed), path_of(collection, row, mix, seed)
    if stored(path, config.digest()):
        return
    with ProgressBars() as bars:
        found = lab.distill(config, listen=bars)
    report = lab.evaluate(found.student, found.collection, "dev", found.teacher)
    write_json(path, {
        "config": config.digest(), "commit": commit(), "steps": found.finished.step, "texts": found.texts,
        "distance": float(np.mean(report.distances)), "fidelity": vars(found.fidelity.overlap),
        "values": {engine: np.round(report.values[engine]["nDCG@10"], 4).tolist() for engine in ENGINES},
    }, indent=None)  # fmt: skip
    print(collection, row, mix, seed, report.retention(), flush=True)


def table() -> list[dict]:
    """Of every mix that has runs: retention, distance, and nDCG@10 over the default's at the seeds both have."""
    told = []
    for collection, row in ((collection, row) for collection in COLLECTIONS for row in ROWS):
        runs = {mix: _runs(collection, row, mix) for mix in MIXES}
        for mix, mine in runs.items():
            if not mine:
                continue
            both = sorted(mine.keys() & runs["default"].keys())
            values = {seed: each["values"] for seed, each in mine.items()}
            student, teacher = (np.array([each[of] for each in values.values()]) for of in ("student", "teacher"))
            each = {
                "collection": collection, "row": row, "mix": mix, "seeds": sorted(mine), "queries": teacher.shape[1],
                "retention": vars(ratio_interval(student, teacher[0])),
                "bm25": vars(ratio_interval(next(iter(values.values()))["bm25"], teacher[0])),
                "distance": float(np.mean([run["distance"] for run in mine.values()])),
            }  # fmt: skip
            if mix != "default" and both:
                pair = [np.array([runs[of][seed]["values"]["student"] for seed in both]) for of in (mix, "default")]
                each |= {"over default": vars(difference_interval(*pair)), "p": p_value(*pair), "paired seeds": both}
            told.append(each)
    others = [each for each in told if "p" in each and (each["collection"], each["row"], each["mix"]) != PRIMARY]
    for each, p in zip(others, holm([each["p"] for each in others]), strict=True):
        each["p_holm"] = float(p)
    return told


def _runs(collection: str, row: str, mix: str) -> dict[int, dict]:
    found = ((seed, path_of(collection, row, mix, seed)) for seed in SEEDS)
    kept = {seed: stored(path, settings(collection, row, mix, seed).digest()) for seed, path in found if path.exists()}
    return {seed: run for seed, run in kept.items() if run}


def main() -> None:
    """Run what is missing, write and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collections", nargs="+", default=COLLECTIONS)
    parser.add_argument("--rows", nargs="+", default=ROWS, choices=ROWS)
    parser.add_argument("--mixes", nargs="*", default=list(MIXES), choices=[*MIXES, []])
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    asked = parser.parse_args()
    for seed in asked.seeds:
        for mix in asked.mixes:
            for row in asked.rows:
                for collection in asked.collections:
                    run(collection, row, mix, seed)
    write_json(OUT, {"command": "python benchmarks/mixes.py", "split": "dev", "primary": PRIMARY, "table": table()})
    for each in table():
        print(json.dumps(each))


if __name__ == "__main__":
    main()
