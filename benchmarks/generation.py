"""The embedded query generator on dev queries: what each σ does to them, how many a second it makes, which σ to choose.

    python benchmarks/generation.py                       # writes docs/generation.json; idle cores
    python benchmarks/generation.py --generator FOLDER    # another generator: an embedded one's folder, BART, T5

Per σ, over all dev queries: how many are rebuilt exactly, the share of tokens edited, whether the teacher's best
document stays the same (95 % bootstrap interval over queries), drift and diversity. The default σ is the largest of the
grid at which the best document is kept for at least 80 %. Dev queries are looked at, nothing is trained.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import lab
from lab import artefacts
from lab.errors import LabError
from lab.evaluation import mean_interval
from lab.generation import NoiseSettings, QueryGenerator, load_embedded, load_generator
from lab.generation.filters import words
from lab.generation.load import RECIPE
from lab.generation.measures import diversity, drift, edit_share, top_kept

OUT = Path(__file__).resolve().parent.parent / "docs" / "generation.json"
SIGMAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
MASKS = (0.0, 0.02, 0.05, 0.1)  # at the default σ
PER_QUERY, KEPT, TIMED, REPEATS = 3, 0.80, 280, 3


def row(
    generator: QueryGenerator,
    teacher: lab.DualEncoder,
    queries: list[str],
    vectors: np.ndarray,
    documents: np.ndarray,
    settings: NoiseSettings,
) -> dict[str, Any]:
    """All that is measured at one σ. vectors: the teacher's of the queries, the same for every σ."""
    made = generator.rewrite(queries, settings)
    sources = np.repeat(np.arange(len(queries)), settings.per_query)
    said = [(words(queries[source]), words(text)) for source, text in zip(sources, made, strict=True)]
    before, after = vectors[sources], teacher.encode([text or "?" for text in made])
    by_query = top_kept(before, after, documents).reshape(len(queries), -1).mean(axis=1)
    kept = mean_interval(by_query)
    return {
        "sigma": settings.sigma,
        "rebuilt exactly": float(np.mean([a == b for a, b in said])),
        "words edited": float(np.mean([edit_share(a, b) for a, b in said])),
        "top document kept": {"value": kept.value, "low": kept.low, "high": kept.high},
        "drift": float(drift(before, after).mean()),
        "diversity": diversity(after, sources),
        "queries": len(queries),
        "made": len(made),
    }


def default_sigma(rows: list[dict[str, Any]], least: float = KEPT) -> float:
    """The largest σ up to which, from 0 on, the top document is kept for at least `least` of the queries.

    Raises:
        LabError: not even without noise.
    """
    chosen = None
    for found in sorted(rows, key=lambda found: found["sigma"]):
        if found["top document kept"]["value"] < least:
            break
        chosen = found["sigma"]
    if chosen is None:
        raise LabError(f"no σ keeps the top document for {least:.0%} of the queries: train the generator further")
    return chosen


def speed(generator: QueryGenerator, queries: list[str], settings: NoiseSettings) -> dict[str, float]:
    """Made queries a second, in batches: median of the repeats after one that warms up."""
    texts, rates = (queries * (TIMED // len(queries) + 1))[:TIMED], []
    for repeat in range(REPEATS + 1):
        began = time.perf_counter()
        generator.rewrite(texts, settings, per_query=1)
        if repeat:
            rates.append(TIMED / (time.perf_counter() - began))
    return {"queries per second": float(np.median(rates)), "smallest": min(rates), "largest": max(rates),
            "threads": torch.get_num_threads()}  # fmt: skip


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", help="folder or hub id; default: the shipped one")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    if arguments.generator is None:
        generator = artefacts.query_generator(teacher)
    elif (Path(arguments.generator) / RECIPE).exists():
        generator = load_embedded(Path(arguments.generator), teacher)
    else:
        generator = load_generator(arguments.generator)
    queries, documents = list(collection.queries["dev"].values()), artefacts.vectors(artefacts.DOCUMENTS)
    vectors, rows = teacher.encode(queries), []
    for sigma in SIGMAS:
        settings = NoiseSettings(sigma=sigma, per_query=PER_QUERY)
        rows.append(row(generator, teacher, queries, vectors, documents, settings))
        print(json.dumps(rows[-1]), flush=True)
    told = {
        "generator": generator.source,
        "settings": {"mask": NoiseSettings().mask, "search": "greedy"},
        "per sigma, wiki dev queries": rows,
        "default sigma": default_sigma(rows),
    }
    told["per masking probability, at the default sigma"] = [
        {"mask": mask}
        | row(generator, teacher, queries, vectors, documents, NoiseSettings(sigma=told["default sigma"], mask=mask))
        for mask in MASKS
    ]
    told["speed at the default sigma"] = speed(generator, queries, NoiseSettings(sigma=told["default sigma"]))
    arguments.out.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(told["speed at the default sigma"]))


if __name__ == "__main__":
    main()
