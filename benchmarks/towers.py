"""Does inheriting the document tower shrink the difference between training and test risk? Five seeds, either answer.

    python benchmarks/towers.py

The theory says that with frozen documents only the query encoder's class is left in E_n, the deviation term; the
difference |R(s^s) − R_n(s^s)| of one trained student is a lower bound on it. Both arms: `wiki`, a twentieth of the
teacher, one-hot and score losses (no matching), the same texts, steps and seeds; documents are the teacher's, or the
student's own (which reads the first words of each, the teacher all of them). R_n is the risk (binary cross entropy, see
`lab.geometry.bounds`) over the training texts, R that over texts of documents no text of which trained; a text's own
document is relevant, one drawn uniformly is not. Goes to docs/towers.json. Primary contrast: own minus
inherited, paired by seed.
"""

from __future__ import annotations

import json

import numpy as np
from results import ROOT, commit, read_json, write_json

import lab
from lab import artefacts
from lab.collection.core import shortened
from lab.collection.texts import DocumentTexts, document_texts, held_out_rows
from lab.config import PAPER
from lab.geometry import Sample, draw_triples
from lab.losses import LossWeights
from lab.training import TrainingData

OUT = ROOT / "docs" / "towers.json"
SEEDS, TEXTS, HELD, WORDS, EPOCHS = range(5), 640, 640, 12, 6.0
SETTINGS = lab.DistillConfig(
    student="twentieth", losses=LossWeights(one_hot=1.0, score=1.0, query_matching=0.0), epochs=EPOCHS, observed=300,
    probes=1, select=False, static=False, **PAPER,
)  # fmt: skip


def subset(made: DocumentTexts, count: int) -> tuple[tuple[str, ...], np.ndarray]:
    """So many of the texts, drawn with seed 0, and the rows of their documents."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(made))[:count])
    return tuple(made.texts[i] for i in chosen), made.rows[chosen]


def difference(student: lab.DualEncoder, texts: list[tuple[tuple[str, ...], np.ndarray]], documents: np.ndarray,
               words: tuple[str, ...] | None) -> tuple[float, float]:
    """The student's risk on training and on held-out texts; `words`: documents it encodes itself, None: inherited."""
    risks = []
    for asked, rows in texts:
        triples = draw_triples([{int(row)} for row in rows], len(documents))
        vectors = student.encode(asked, "query")
        if words is None:
            found = documents
        else:  # only those that occur are encoded
            found = np.zeros_like(documents)
            needed = np.unique(triples.document)
            found[needed] = student.encode([words[row] for row in needed], "document")
        risks.append(Sample(triples, vectors, vectors, found).risk(student=True))
    return risks[0], risks[1]


def summary(rows: list[dict]) -> dict:
    """The table: the primary contrast with its 95 % interval, bootstrap over seeds, and what it follows from."""
    more = np.array([row["own difference"] - row["inherited difference"] for row in rows])
    draws = np.random.default_rng(0).choice(more, (10_000, len(more))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return {
        "command": "python benchmarks/towers.py",
        "commit": commit(),
        "own minus inherited": {"value": float(more.mean()), "low": float(low), "high": float(high)},
        "settings": {"texts": TEXTS, "held out": HELD, "words": WORDS, "steps": int(EPOCHS * TEXTS / 64)},
        "seeds": rows,
    }


def main() -> None:
    """Ten small trainings, the table. Seeds that are in it are not trained again."""
    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    short, (data, held) = shortened(collection, WORDS), artefacts.live_data(collection)
    train = subset(DocumentTexts(data.texts, data.positives), TEXTS)
    place = {text: row for row, text in enumerate(data.texts)}
    kept = np.array([place[text] for text in train[0]])
    small = TrainingData(
        train[0], data.queries[kept], train[1], data.documents, data.document_rows, short.documents, data.groups,
        index=data.index, settings=data.settings, similarity=data.similarity,
    )  # fmt: skip
    test = subset(document_texts(collection, held_out_rows(collection), artefacts.LIVE_MIX), HELD)
    rows: list[dict] = read_json(OUT, missing={"seeds": []})["seeds"]
    for seed in [seed for seed in SEEDS if seed not in {row["seed"] for row in rows}]:
        row: dict[str, float | int] = {"seed": seed}
        for arm in ("inherited", "own"):
            found = lab.distill(
                SETTINGS, collection=short, teacher=teacher, prepared=(small, held), searched=300, seed=seed,
                documents=arm,
            )  # fmt: skip
            words = short.documents if arm == "own" else None
            on_train, on_test = difference(found.student, [train, test], data.documents, words)
            row |= {f"{arm} train": on_train, f"{arm} test": on_test, f"{arm} difference": abs(on_test - on_train)}
        rows.append(row)
        print(json.dumps(row), flush=True)
        write_json(OUT, summary(rows))


if __name__ == "__main__":
    main()
