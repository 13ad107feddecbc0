"""Which questions does a student lose on documents that came later? Those with words that its texts did not have.

    python benchmarks/lost_words.py     # trains nothing: the runs of benchmarks/mixes.py, seconds

Wiki's dev questions, the documents relevant to them gave no text. A question is put by its rarest token: how often that
token is in the 80,000 training texts. What is lost is the teacher's nDCG@10 minus the student's, summed over the
questions of a class, mean of the seeds. Goes to docs/lost_words.json.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mixes import EVERY_WORD, ROOT, path_of, settings
from results import read_json, write_json

import lab
from lab.collection.texts import DocumentTexts, document_texts, held_out_rows
from lab.encoders.vocabulary import token_counts

OUT = ROOT / "docs" / "lost_words.json"
CLASSES = {"never": (0, 0), "1 to 4 times": (1, 4), "5 to 19 times": (5, 19), "more often": (20, None)}
ARMS, SEEDS, COLLECTION = ("default", "names", EVERY_WORD), (0, 1, 2), "wiki"


def rarest(tokenizer: Any, queries: list[str], texts: DocumentTexts) -> np.ndarray:
    """(n,) how often the rarest token of each query is in the texts."""
    counts = token_counts(tokenizer, texts.texts)
    return np.array([counts[tokenizer(query, add_special_tokens=False)["input_ids"]].min() for query in queries])


def classes(seen: np.ndarray, lost: np.ndarray) -> dict[str, dict[str, float]]:
    """Class → its questions and what is lost in them, `lost` of shape (n,)."""
    told = {}
    for name, (low, high) in CLASSES.items():
        mine = (seen >= low) & (seen <= (high if high is not None else seen.max()))
        told[name] = {"questions": int(mine.sum()), "lost": round(float(lost[mine].sum()), 2)}
    return told


def main() -> None:
    """Count, write and print."""
    collection, teacher = lab.load_collection(COLLECTION), lab.load_teacher()
    config = settings(COLLECTION, "unseen", "default", SEEDS[0])
    closed = np.union1d(held_out_rows(collection), [collection.row[doc_id] for doc_id in config.unseen])
    texts = document_texts(collection, np.setdiff1d(np.arange(len(collection)), closed), config.texts)
    seen = rarest(teacher.model.tokenizer, list(collection.queries["dev"].values()), texts)
    told = {}
    for arm in ARMS:
        runs = [read_json(path_of(COLLECTION, "unseen", arm, seed)) for seed in SEEDS]
        values = {of: np.array([run["values"][of] for run in runs]) for of in ("teacher", "student")}
        told[arm] = classes(seen, (values["teacher"] - values["student"]).mean(0))
        print(arm, told[arm])
    found = {"command": "python benchmarks/lost_words.py", "collection": COLLECTION, "seeds": SEEDS, "arms": told}
    write_json(OUT, found)


if __name__ == "__main__":
    main()
