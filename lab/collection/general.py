"""General texts for a corpus that gives too few: some hundred documents do not hold the words that people ask in.

They are made, like all training texts, from documents alone: those of the shipped wiki.
"""

from __future__ import annotations

import numpy as np

from lab.collection.core import Collection
from lab.collection.shipped import data_folder, load_shipped, shipped_names
from lab.collection.texts import NO_DOCUMENT, DocumentTexts, TextMix, document_texts, held_out_rows

GENERAL = "wiki"


def filled_up(made: DocumentTexts, at_least: int, collection: Collection, seed: int = 0) -> DocumentTexts:
    """Where there are fewer than `at_least`: these, repeated until they are half of it, and general ones for the rest.

    General texts have no document of the collection. Held-out documents of the wiki give none. Nothing is added to the
    wiki itself, nor where the lab was installed without its collections.
    """
    if len(made) >= at_least or GENERAL not in shipped_names():
        return made
    source = load_shipped(data_folder() / GENERAL)
    if source.fingerprint == collection.fingerprint:
        return made
    times = -(-at_least // (2 * len(made)))
    missing = at_least - times * len(made)
    free = np.setdiff1d(np.arange(len(source)), held_out_rows(source))
    drawn = np.sort(np.random.default_rng(seed).permutation(free)[:missing])  # from as many documents as there can be
    known = set(made.texts)
    found = document_texts(source, drawn, TextMix(most=missing, seed=seed)).texts if missing else ()
    more = tuple(text for text in found if text not in known)
    rows = np.concatenate([*[made.rows] * times, np.full(len(more), NO_DOCUMENT)])
    return DocumentTexts(made.texts * times + more, rows)
