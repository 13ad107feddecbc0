"""More words or wider vectors? A tenth's table divided in three ways, on documents that came later, without judgements.

    python benchmarks/known_items.py     # three students a seed, a minute and a half of one core each

140 dev questions cannot tell divisions of one budget apart. Known items can: titles, spans and questions made of wiki's
held-out documents and of those relevant to dev queries, none of which gives a training text; the document that a text
was made of is what it is to find (nDCG@10; documents of equal text share the place). One pass over 80,000 texts. A text
is put by whether the table has a row for each of its tokens. Goes to docs/known_items.json. No test query is read. The
primary contrast is every word against wider, fewer words.
"""

from __future__ import annotations

import argparse

import numpy as np
from mixes import EVERY_WORD, ROOT, settings
from results import commit, write_json

import lab
from lab.collection.texts import DocumentTexts, TextMix, document_texts, held_out_rows
from lab.encoders.sizes import Plan
from lab.evaluation import difference_interval, p_value, ratio_interval
from lab.progress import ProgressBars
from lab.targets import ranks

OUT = ROOT / "docs" / "known_items.json"
COLLECTION, PRIMARY = "wiki", "wider, fewer words"
# the same budget: what the default does with it, and rows given for width or width for rows
ARMS: dict[str, str | Plan] = {
    EVERY_WORD: "tenth",
    PRIMARY: Plan((5,), 64, 64, 24_801),
    "much wider, fewer still": Plan((5,), 64, 72, 21_806),
}
ASKED = TextMix(sentences=0, spans=2, questions=6, seed=99)  # another seed than any training's: other words in them


def known_items(collection: lab.Collection, unseen: tuple[str, ...]) -> DocumentTexts:
    """Texts of documents that no student has read."""
    rows = np.union1d(held_out_rows(collection), [collection.row[doc_id] for doc_id in unseen])
    return document_texts(collection, rows.astype(int), ASKED)


def scores(queries: np.ndarray, documents: np.ndarray, items: DocumentTexts, groups: np.ndarray) -> np.ndarray:
    """(n,) nDCG@10 of finding one document: 1/log2(rank + 1), 0 behind the tenth."""
    before = ranks(queries, documents, items.rows, groups)
    return np.where(before < 10, 1 / np.log2(before + 2), 0.0)


def main() -> None:
    """Train what is asked for, compare, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    seeds = parser.parse_args().seeds
    collection, teacher, store = lab.load_collection(COLLECTION), lab.load_teacher(), lab.VectorStore()
    usual = settings(COLLECTION, "unseen", EVERY_WORD, seeds[0])
    items = known_items(collection, usual.unseen)
    documents = store.vectors(teacher, collection.documents, "document", lambda *_: None)
    tokens = [teacher.model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in items.texts]
    own = scores(teacher.encode(list(items.texts)), documents, items, collection.groups)
    found, tables = {arm: [] for arm in ARMS}, {}
    for seed in seeds:
        for arm, size in ARMS.items():
            with ProgressBars() as bars:
                made = lab.distill(usual, student=size, seed=seed, listen=bars, store=store, collection=collection,
                                   teacher=teacher)  # fmt: skip
            found[arm].append(scores(made.student.encode(list(items.texts)), documents, items, collection.groups))
            there = set(teacher.model.tokenizer.convert_tokens_to_ids(list(made.student.model.tokenizer.get_vocab())))
            whole = np.array([there.issuperset(each) for each in tokens])
            table = made.student.model.transformers_model.embeddings.word_embeddings
            tables[arm] = {"table": list(table.weight.shape), "parameters": made.student.parameters, "whole": whole}
    told = {}
    for arm, table in tables.items():
        values, whole = np.array(found[arm]), table.pop("whole")
        lost = (own - values.mean(0)) / own.sum()
        told[arm] = table | {
            "kept": vars(ratio_interval(values, own)), "whole texts": int(whole.sum()),
            "lost with whole words": float(lost[whole].sum()), "lost with others": float(lost[~whole].sum()),
        }  # fmt: skip
        if arm != EVERY_WORD:
            pair = [np.array(found[each]) for each in (EVERY_WORD, arm)]
            told[arm] |= {"every word over it": vars(difference_interval(*pair)), "p": p_value(*pair)}
        print(arm, told[arm], flush=True)
    write_json(OUT, {"command": "python benchmarks/known_items.py", "commit": commit(), "collection": COLLECTION,
                     "seeds": list(seeds), "items": len(items), "primary": PRIMARY, "arms": told})  # fmt: skip


if __name__ == "__main__":
    main()
