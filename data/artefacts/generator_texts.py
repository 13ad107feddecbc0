"""What the embedded query generator learns to rebuild: texts of documents, and how they are spoilt beforehand.

Titles, sentences, spans and questions out of both collections' documents: no query is asked for. A sentence of one
document may still be, word for word, a query made of another. Those that are a dev or test query of either collection
are left out, which is all that these two splits are opened for here; train queries stay.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

import lab
from lab.collection.texts import TextMix, document_texts, sentences
from lab.generation.filters import same_words

COLLECTIONS, HELD_OUT = ("wiki", "pydocs"), ("dev", "test")
MIX = TextMix(sentences=100, spans=6, questions=3, span_words=(2, 30), most=10**9)
SHORTEST, LONGEST = 4, 64  # tokens of a training text, [CLS] and [SEP] included
CORRUPTED, MASKED, DELETED, SWAPPED = 0.5, 0.10, 0.08, 0.05  # share of texts; shares of a corrupted text's tokens

_IS = re.compile(r"^(?:The |A |An )?(.{2,60}?) (is|was|are|were) ((?:a|an|the|one of)\b[^.;(]{4,90})")
_OF = re.compile(r"\b(is|was|are|were)? ?the ((?:[a-z]{3,} )?[a-z]{3,}) of\b")
_ASKED = ("What is the {} of {}?", "what was the {} of {}", "Who is the {} of {}?", "who was the {} of {}",
          "When was the {} of {}?", "How is the {} of {} called?", "{} of {}", "what are the {} of {}",
          "Which is the {} of {}?", "What is {1}'s {0}?")  # fmt: skip


def questions(collection: lab.Collection, seed: int = 0) -> list[str]:
    """Questions in proper English: what first sentences state, turned round; and nouns that the documents themselves
    use before "of", asked about titles."""
    random = np.random.default_rng(seed)
    nouns = Counter(match[1] for body in collection.bodies for match in set(_OF.findall(body)))
    common = sorted(noun for noun, count in nouns.items() if count >= 4)  # counted in sets, whose order no seed holds
    found = []
    for title, body in zip(collection.titles, collection.bodies, strict=True):
        first = next(iter(sentences(body)), "")
        if match := _IS.match(first):
            verb, rest = match[2], match[3].strip(" ,")
            word = random.choice(["What", "Who", "Which", "what", "who"])
            found += [f"{word} {verb} {rest}?", f"{word} {verb} {title}?"]
            if "," in rest:
                found.append(f"{word} {verb} {rest.split(',')[0]}")
        for _ in range(4 if title and common else 0):
            noun = str(random.choice(common))
            found.append(str(random.choice(_ASKED)).format(noun, re.sub(r" \(.*", "", title)))
    return found


def training_texts() -> list[str]:
    """All of them, each once, and none that says what a dev or test query says."""
    texts: dict[str, None] = {}
    held_out: list[str] = []
    for name in COLLECTIONS:
        collection = lab.load_collection(name)
        made = [*document_texts(collection, mix=MIX).texts, *questions(collection)]
        texts.update(dict.fromkeys(text for text in made if _plain(text)))
        held_out += [query for split in HELD_OUT for query in collection.queries[split].values()]
    equal = same_words(tuple(texts), held_out)
    return [text for text, known in zip(texts, equal, strict=True) if not known]


def token_ids(tokenizer: Any) -> list[list[int]]:
    """The training texts as the teacher's token ids."""
    ids = tokenizer(training_texts(), truncation=False)["input_ids"]
    return [row for row in ids if SHORTEST <= len(row) <= LONGEST]


def _plain(text: str) -> bool:
    """Prose, not code: most characters are letters, and it stands on one line of thought."""
    letters = sum(character.isalpha() or character == " " for character in text)
    return ">>>" not in text and letters >= 0.85 * len(text)


def corrupt(row: list[int], mask: int, random: np.random.Generator, share: float = CORRUPTED) -> list[int]:
    """A text as the encoder reads it: now and then with tokens masked, deleted and swapped; ends stay."""
    if random.random() > share:
        return row
    inner = [mask if random.random() < MASKED else token for token in row[1:-1]]
    kept = [token for token in inner if random.random() > DELETED] or inner
    for place in range(len(kept) - 1):
        if random.random() < SWAPPED:
            kept[place], kept[place + 1] = kept[place + 1], kept[place]
    return [row[0], *kept, row[-1]]


def padded(rows: list[list[int]], fill: int) -> Tensor:
    """(n, longest) int64."""
    out = np.full((len(rows), max(map(len, rows))), fill)
    for place, row in enumerate(rows):
        out[place, : len(row)] = row
    return torch.from_numpy(out)
