"""Pairs a second when re-ranking: the lab's `CrossEncoder` against sentence-transformers', in one run.

    python benchmarks/rerank_speed.py           # writes docs/rerank_speed.json

Equal weights (the default teacher's six layers), equal length, equal precision (both under one autocast), the same
pairs. Repeats are interleaved, and seconds are the process's own, so that what else the machine is doing counts for
neither; on one thread, for threads that wait for each other use the processor too. The figure to quote is the median of
the ratios. The lab's scorers differ only behind the last
layer; theirs has the pooler of BERT and a linear map.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from results import ROOT, commit, write_json
from transformers import BertForSequenceClassification

import lab
from lab.cross import CrossConfig, CrossEncoder, StoredCrossEncoder

PAIRS, LENGTH, REPEATS, LEAST = 96, 128, 7, 0.9


def as_theirs(teacher: lab.DualEncoder, folder: Path) -> Path:
    """The teacher's encoder as a sentence-transformers cross encoder: its layers, a new pooler and a new linear map."""
    encoder = teacher.model.transformers_model
    torch.manual_seed(0)
    model = BertForSequenceClassification(type(encoder.config)(**(encoder.config.to_dict() | {"num_labels": 1})))
    missing, unexpected = model.bert.load_state_dict(encoder.state_dict(), strict=False)
    if unexpected or any("pooler" not in name for name in missing):
        raise SystemExit(f"the weights are not equal: {missing}, {unexpected}")
    model.save_pretrained(folder)
    teacher.model.tokenizer.save_pretrained(folder)
    return folder


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "rerank_speed.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    collection, teacher = lab.load_collection("pydocs"), lab.load_teacher()
    queries = list(collection.queries["dev"].values())[:PAIRS]
    documents = list(collection.documents[:: len(collection) // PAIRS][:PAIRS])
    told: dict[str, object] = {"command": "python benchmarks/rerank_speed.py", "commit": commit(), "pairs": PAIRS,
                               "length": LENGTH, "repeats": REPEATS, "threads": torch.get_num_threads()}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = as_theirs(teacher, Path(folder))
        for precision in dict.fromkeys(("float32", teacher.precision)):
            theirs = StoredCrossEncoder(path, precision=precision, length=LENGTH)
            runs: dict[str, Callable[[], object]] = {
                "sentence-transformers": lambda t=theirs: t.scores(queries, documents)
            }
            for scorer in ("cls", "dual"):
                config = CrossConfig(scorer=scorer, length=LENGTH, precision=precision)
                model = CrossEncoder.from_teacher(teacher, config)
                runs[scorer] = lambda m=model: m.scores(queries, documents)
            told[precision] = measured(runs)
    met = {precision: all(told[precision][s]["ratio"] >= LEAST for s in ("cls", "dual"))  # type: ignore[index]
           for precision in dict.fromkeys(("float32", teacher.precision))}  # fmt: skip
    told["at least"] = LEAST
    told["met"] = met
    write_json(arguments.out, told)
    print(json.dumps(told, indent=1))


def measured(runs: dict[str, Callable[[], object]]) -> dict[str, dict[str, float]]:
    """Pairs a second of each, and the ratio to the first one; the first round warms up."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(REPEATS + 1):
        for name, run in runs.items():
            began = time.process_time()
            run()
            if repeat:
                rates[name].append(PAIRS / (time.process_time() - began))
    first = np.array(next(iter(rates.values())))
    return {
        name: {"pairs per processor second": float(np.median(each)), "ratio": float(np.median(each / first)),
               "smallest": float((each / first).min()), "largest": float((each / first).max())}
        for name, each in rates.items()
    }  # fmt: skip


if __name__ == "__main__":
    main()
