"""How much of the teacher a student keeps: several seeds of the default recipe, documents only, reported with
intervals.

    python benchmarks/quality.py --collections wiki pydocs --students quarter tenth --split test
    python benchmarks/quality.py --table     # train nothing: all docs/quality*.json again, from the stored values

One line a run is appended to docs/test_log.csv, per-query values go to docs/quality/; a run that is already there
with the same config is not repeated. Minutes are wall clock on otherwise idle cores; `--cold` empties the store of
vectors first (by using a new one), as a first run on a new corpus would find it. `--unseen` takes documents that are
relevant to the split's queries out of the training texts: they stay in the index, as articles added later would. `--on`
measures students elsewhere than they were distilled on: `--collections wiki --on pydocs`, or
`--collections wiki+pydocs --on wiki pydocs`. `--names` trains on the mix of texts that is called so in
benchmarks/mixes.py, for corpora that grow; its rows tell the difference from the default mix where that was measured.
`--corpus-words` is the recipe of before, whose table held what the corpus uses and nothing else; rows of now tell the
difference from it where both were measured.
The bar beside BM25: a student is to be above it beyond the interval wherever the teacher is.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from results import ROOT, commit, read_json, stored, write_json

import lab
import lab.report
from lab.collection.texts import TextMix
from lab.evaluation import difference_interval, normalised_gain_interval, p_value, ratio_interval
from lab.progress import ProgressBars

LOG, FOLDER = ROOT / "docs" / "test_log.csv", ROOT / "docs" / "quality"
FIELDS = ("commit", "config", "collection", "split", "student", "seed", "queries", "teacher", "bm25", "static", "value",
          "retention", "low", "high", "parameters", "minutes", "store")  # fmt: skip
MEASURE = "nDCG@10"
NAMES, OF_NAMES = TextMix(names=10, sentences=4, questions=5), "-names"
OF_CORPUS = "-corpus-words"


def run(config: lab.DistillConfig, split: str, cold: bool, on: Sequence[str]) -> list[dict]:
    """Distil once, evaluate and log on each collection of `on`; what is there already is read."""
    digest = config.digest()
    kept = {name: stored(path_of(name, config, split), digest) for name in on}
    if not all(kept.values()):
        with ProgressBars() as bars, tempfile.TemporaryDirectory() as folder:
            store = lab.VectorStore(folder) if cold else lab.VectorStore()
            found = lab.distill(config, store=store, listen=bars)
            about = lab.save(found, Path(folder) / "student")
            served = lab.load_student(Path(folder) / "student")
            about |= {"minutes": found.minutes, "store": "cold" if cold else "warm", "config": digest}
            for name in (name for name in on if not kept[name]):
                collection = found.collection if name == config.collection else lab.load_collection(name)
                report = lab.evaluate(served, collection, split, found.teacher, static=found.static, store=store)
                kept[name] = keep(report, label(name, config), config, about, path_of(name, config, split))
    return [kept[name] for name in on]


def label(on: str, config: lab.DistillConfig) -> str:
    """How a row is called: by the collection it is measured on, and by what makes it unlike the plain case."""
    elsewhere = f"-from-{Path(config.collection).name}" if on != config.collection else ""
    names, table = OF_NAMES if config.texts.names else "", OF_CORPUS if config.table == "corpus" else ""
    return Path(on).name + elsewhere + ("-unseen" if config.unseen else "") + names + table


def path_of(on: str, config: lab.DistillConfig, split: str) -> Path:
    """The file of a run."""
    return file_of(label(on, config), split, config.student, config.seed)


def file_of(name: str, split: str, student: str, seed: int) -> Path:
    """The file of a run whose collection is called so in the tables."""
    return FOLDER / f"{name}-{split}-{Path(student).name}-{seed}.json"


def keep(report: lab.report.Report, name: str, config: lab.DistillConfig, about: dict, path: Path) -> dict:
    """One line of the log, one file of per-query values."""
    share = report.retention(MEASURE)
    row = dict(zip(FIELDS, (
        commit(), about["config"], name, report.split, config.student, config.seed, len(report.distances),
        *(f"{report.metrics[e][MEASURE]:.4f}" for e in ("teacher", "bm25", "static", "student")),
        f"{share.value:.4f}", f"{share.low:.4f}", f"{share.high:.4f}", about["parameters"]["student"],
        f"{about['minutes']:.1f}", about["store"],
    ), strict=True))  # fmt: skip
    new = not LOG.exists()
    with LOG.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        writer.writerow(row)
    result = {
        **row,
        "settings": dataclasses.asdict(config),
        "fidelity": about["fidelity"],
        "metrics": report.metrics,
        "values": {engine: np.round(v[MEASURE], 4).tolist() for engine, v in report.values.items()},
    }
    write_json(path, result, indent=None)
    return result


def summary(runs: list[dict]) -> dict:
    """Mean over seeds; interval by paired bootstrap over queries and seeds."""
    values = _values(runs)
    teacher, bm25 = values["teacher"][0], values["bm25"][0]
    kept, static = ratio_interval(values["student"], teacher), ratio_interval(values["static"], teacher)
    gain = normalised_gain_interval(values["student"], teacher, bm25)
    return {
        "collection": runs[0]["collection"], "split": runs[0]["split"], "student": runs[0]["student"],
        "seeds": [run["seed"] for run in runs], "queries": runs[0]["queries"],
        "teacher": float(teacher.mean()), "bm25": float(bm25.mean()), "student_value": float(values["student"].mean()),
        "static_value": float(values["static"].mean()),
        "retention": vars(kept), "retention_static": vars(static), "over_bm25": str(gain), "below_bm25": gain.failed,
        "teacher_minus_bm25": vars(gain.teacher_over_bm25), "student_minus_bm25": vars(gain.student_over_bm25),
        "static_minus_bm25": vars(difference_interval(values["static"], bm25)),
        "above_bm25_as_the_teacher": gain.student_over_bm25.low > 0 if gain.teacher_over_bm25.low > 0 else None,
        "parameters": int(runs[0]["parameters"]), "minutes": [float(run["minutes"]) for run in runs],
        "store": [run["store"] for run in runs], "commit": runs[-1]["commit"], "config": runs[0]["config"],
    } | over(runs)  # fmt: skip


def over(runs: list[dict]) -> dict:
    """nDCG@10 of the mix of names over that of the default mix, and of the present table over that of the corpus'
    words, seed by seed; nothing where the other was not measured.
    """
    name, told = runs[0]["collection"], {}
    for key, other in (("over_default", name.replace(OF_NAMES, "")), ("over_corpus_words", name + OF_CORPUS)):
        paths = [file_of(other, run["split"], run["student"], run["seed"]) for run in runs]
        if other != name and all(path.exists() for path in paths):
            pair = [_values(each)["student"] for each in (runs, [read_json(path) for path in paths])]
            told[key] = vars(difference_interval(*pair)) | {"p": p_value(*pair)}
    return told


def _values(runs: list[dict]) -> dict[str, np.ndarray]:
    """engine → (seeds, queries)"""
    return {engine: np.array([run["values"][engine] for run in runs]) for engine in runs[0]["values"]}


def again(table: list[dict]) -> list[dict]:
    """The rows of a table, from the stored values of their seeds."""
    files = [[file_of(row["collection"], row["split"], row["student"], seed) for seed in row["seeds"]] for row in table]
    return [summary([read_json(path) for path in paths]) for paths in files]


def relevant(name: str, split: str) -> tuple[str, ...]:
    """Ids of the documents judged relevant to any query of the split."""
    qrels = lab.load_collection(name).qrels[split]
    return tuple(sorted({doc_id for judged in qrels.values() for doc_id, grade in judged.items() if grade > 0}))


def main() -> None:
    """Run what is missing, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collections", nargs="+", default=["wiki", "pydocs"])
    parser.add_argument("--students", nargs="+", default=["quarter", "tenth"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--split", default="test")
    parser.add_argument("--cold", action="store_true", help="a new store for every run, as on a new corpus")
    parser.add_argument("--on", nargs="+", help="measure on these collections in place of the one distilled on")
    parser.add_argument("--unseen", action="store_true", help="relevant documents give no training text")
    parser.add_argument("--names", action="store_true", help="more of the texts are names that documents mention")
    parser.add_argument("--corpus-words", action="store_true", help="no word in the table that the corpus does not use")
    parser.add_argument("--out", type=Path, help="default: docs/quality.json, or one named after what is unlike it")
    parser.add_argument("--table", action="store_true", help="train nothing: all tables again, of the stored values")
    arguments = parser.parse_args()
    if arguments.table:
        for path in sorted(ROOT.glob("docs/quality*.json")):
            write_json(path, again(read_json(path)))
        return
    unlike = ("" if arguments.split == "test" else f"-{arguments.split}") + ("-unseen" if arguments.unseen else "")
    unlike += ("-elsewhere" if arguments.on else "") + (OF_NAMES if arguments.names else "")
    unlike += OF_CORPUS if arguments.corpus_words else ""
    texts = NAMES if arguments.names else TextMix()
    out = arguments.out or ROOT / "docs" / f"quality{unlike}.json"
    table = []
    for collection in arguments.collections:
        unseen = relevant(collection, arguments.split) if arguments.unseen else ()
        for student in arguments.students:
            runs = []
            for seed in arguments.seeds:
                config = lab.DistillConfig(
                    collection=collection, student=student, seed=seed, unseen=unseen, texts=texts,
                    table="corpus" if arguments.corpus_words else "auto",
                )  # fmt: skip
                runs.append(run(config, arguments.split, arguments.cold, arguments.on or [collection]))
            table += [summary(list(same)) for same in zip(*runs, strict=True)]
            print(json.dumps(table[-1]), flush=True)
            write_json(out, table)


if __name__ == "__main__":
    main()
