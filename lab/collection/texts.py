"""Training texts made from documents alone: what a reader of the document might type to find it.

No observed query is needed: a student that copies the teacher on titles, single sentences and spans of 2 to 40 words
copies it on real queries of such lengths too. Queries as long as a paragraph have nothing like them here. Every text
remembers the document it came from, so that texts of held-out documents never train the student that is measured on
them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lab.collection.core import Collection
from lab.errors import DataError, LabError
from lab.settings import check_kinds

# openings of English questions, none of them about any collection
_OPENINGS = (
    "what is",
    "what is the",
    "what are the",
    "what was the",
    "who is",
    "who was the",
    "who were the",
    "when was the",
    "when did",
    "where is the",
    "where was",
    "which",
    "which of the",
    "how many",
    "how much",
    "how long is the",
    "how do",
    "how does",
    "how to",
    "why is",
    "why did",
    "is the",
    "does",
    "was the",
    "can",
    "in what year was the",
)
_LINKS = ("of", "in", "for", "and", "by", "from", "the", "with")

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])|\n\s*\n")
_ITEM = re.compile(r"\n(?=\s*[-*•] )")
_LINE = 80  # characters; a text whose lines are shorter on average was wrapped or laid out by hand
_TEXT_LETTERS, _PROSE_LETTERS = 0.955, 0.88  # shares of letters and blanks: running text has more; code has fewer
_ENOUGH_PROSE = 20  # words; a document with fewer is taken as it is
# up to four capitalised words inside a sentence: mostly names, of things that may have no document or get one later
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'’-]+(?: (?:of |the |de |and )?[A-Z][\w'’-]+){0,3}")


NO_DOCUMENT = -1  # the row of a text that no document of the collection gave


@dataclass(frozen=True)
class TextMix:
    """How many texts of each kind one document gives.

    Raises:
        LabError: a number below the least it can be, or the longest span shorter than the shortest.
    """

    titles: bool = True  # the title, and the title with the description where the collection has one
    sentences: int = 12  # at most so many sentences a document, its first ones, prose rather than code
    spans: int = 3  # spans of random length from a random place, every other one led by the title
    questions: int = 6  # question words, a short span, the title, a third as many without one; nobody asked them
    names: int = 0  # names a document mentions, its first ones; alone, behind question words, or with a short span too
    span_words: tuple[int, int] = (2, 40)  # shortest and longest span; log-uniform: short ones are common
    most: int = 80_000  # above this, texts are drawn at random so that large corpora stay affordable
    seed: int = 0  # of the spans; apart from the training's seed, so that the teacher encodes them once for all seeds

    def __post_init__(self) -> None:
        check_kinds(self)
        for name, least in (("sentences", 0), ("spans", 0), ("questions", 0), ("names", 0), ("most", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise LabError(f"{name}={getattr(self, name)}: must be at least {least}")
        if not 1 <= self.span_words[0] <= self.span_words[1]:
            raise LabError(f"span_words={self.span_words}: the shortest, at least 1, and the longest")


@dataclass(frozen=True)
class DocumentTexts:
    """Texts with the document each came from.

    texts: n strings, unique unless they were filled up (`general.py`)
    rows: (n,) int64 positions into the collection's documents, or NO_DOCUMENT
    """

    texts: tuple[str, ...]
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)


def sentences(text: str, shortest: int = 3) -> list[str]:
    """The sentences of a text with at least `shortest` words (a plain rule: end mark, space, capital or digit)."""
    return [s.strip() for s in _SENTENCE_END.split(text) if len(s.split()) >= shortest]


def prose(text: str) -> str:
    """What of a text people would ask in: all of running text; of a page of code, tables and wrapped lines the
    sentences that are prose, each a paragraph, unless there are hardly any."""
    if not _laid_out(text):
        return text
    unwrapped = _ITEM.sub("\n\n", text)
    joined = (" ".join(part.split()) for part in re.split(r"\n\s*\n", unwrapped))
    kept = [s for part in joined for s in sentences(part) if _letters(s) >= _PROSE_LETTERS]
    return "\n\n".join(kept) if sum(len(s.split()) for s in kept) >= _ENOUGH_PROSE else text


def _laid_out(text: str) -> bool:
    lines = text.count("\n") + 1
    return lines > 3 and len(text) < _LINE * lines and _letters(text) < _TEXT_LETTERS


def _letters(text: str) -> float:
    return sum(c.isalpha() or c.isspace() for c in text) / max(1, len(text))


def held_out_rows(collection: Collection, share: float = 0.05, most: int = 400) -> np.ndarray:
    """Documents whose texts never train: those with the smallest sha256 of their id, so that growth reshuffles nothing.

    Returns: sorted int64 positions, at least one and at most `most`.

    Raises:
        DataError: fewer than two documents.
    """
    if len(collection) < 2:
        raise DataError(f"{collection.name}: one document cannot be split into training and held-out; add documents")
    keys = [hashlib.sha256(f"held-out {i}".encode()).digest() for i in collection.doc_ids]
    count = max(1, min(most, int(len(keys) * share)))
    return np.sort(np.argsort(np.array(keys, dtype="S32"), kind="stable")[:count])


def document_texts(
    collection: Collection, rows: Iterable[int] | None = None, mix: TextMix | None = None
) -> DocumentTexts:
    """Texts from the documents at `rows` (all of them by default), unique, in document order, seeded per document.

    Raises:
        DataError: the documents hold no text that a query could be made of.
    """
    mix = mix or TextMix()
    wanted = range(len(collection)) if rows is None else rows
    found: dict[str, int] = {}
    for row in wanted:
        for text in _one_document(collection, int(row), mix):
            found.setdefault(text, int(row))
    if not found:
        raise DataError(f"{collection.name}: no document gave a training text of two words or more")
    texts, origin = list(found), np.fromiter(found.values(), dtype=np.int64)
    if len(texts) > mix.most:
        kept = np.sort(np.random.default_rng(mix.seed).choice(len(texts), mix.most, replace=False))
        texts, origin = [texts[i] for i in kept], origin[kept]
    return DocumentTexts(tuple(texts), origin)


def _one_document(collection: Collection, row: int, mix: TextMix) -> Iterable[str]:
    title, body = collection.titles[row].strip(), prose(collection.bodies[row].strip())
    # one generator a document: adding a document leaves the texts of the others as they were
    random = np.random.default_rng(
        [mix.seed, int.from_bytes(hashlib.sha256(collection.doc_ids[row].encode()).digest()[:8])]
    )
    if mix.titles and title:
        yield title
        if description := _description(collection, row):
            yield f"{title}, {description}"
    yield from sentences(body)[: mix.sentences]
    words = body.split()
    shortest, longest = mix.span_words
    for number in range(mix.spans if len(words) >= shortest else 0):
        length = round(np.exp(random.uniform(np.log(shortest), np.log(min(longest, len(words)) + 0.49))))
        start = int(random.integers(0, len(words) - min(length, len(words)) + 1))
        span = " ".join(words[start : start + length])
        yield f"{title} {span}" if title and number % 2 == 0 else span
    if words or title:
        # without a title a question is a phrase behind a question word, and a few of them show all there is to see
        count = mix.questions if title else -(-mix.questions // 3)
        yield from _questions(title, words, count, random)
    if mix.names:
        for name in list(dict.fromkeys(_NAME.findall(body)))[: mix.names]:
            if random.random() < 1 / 3:
                yield name
            else:
                yield from _questions(name, words if random.random() < 0.5 else [], 1, random)


def _questions(title: str, words: list[str], count: int, random: np.random.Generator) -> Iterable[str]:
    for _ in range(count):
        opening, link = random.choice(_OPENINGS), random.choice(_LINKS)
        length = int(random.integers(1, 4 if title else 9))
        start = int(random.integers(0, max(1, len(words) - length + 1)))
        span = " ".join(words[start : start + length]).strip(".,;:()")
        text = f"{opening} {span} {link} {title}" if title and span else f"{opening} {title or span}"
        yield (text[0].upper() + text[1:] if random.random() < 0.5 else text) + ("?" if random.random() < 0.7 else "")


def _description(collection: Collection, row: int) -> str:
    column = collection.fields.get("description")
    return column[row].strip() if column else ""
