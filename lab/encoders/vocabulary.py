"""Trim a tokenizer to the tokens a corpus uses. What is left out is spelled with smaller pieces, down to its letters;
only letters of a writing that the corpus hardly uses are lost.

Two kinds can be trimmed safely: WordPiece (greedy longest match: a missing word falls apart into its pieces) and
Unigram (the same through the best path). BPE cannot: a merge needs all its parents. It is returned whole.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from lab.errors import ModelError

TABLES = ("auto", "corpus", "teacher")  # which tokens a student has vectors for
LACKING = 0.05  # share of unread documents' texts with a token the corpus has not used, from which on it is open
_UNUSED = re.compile(r"\[.+\]")  # places BERT keeps free
HARDLY = 0.01  # share of a corpus' letters; a writing with fewer keeps only those that were seen
PROMISED = 0.5  # how much of the count that Zipf's law promises a token counts beside those that were seen


@dataclass(frozen=True)
class Vocabulary:
    """A trimmed tokenizer and, for each of its tokens, the id that token has at the teacher.

    kept: (V,) int64, increasing, so order and special tokens stay as they were
    """

    tokenizer: PreTrainedTokenizerFast
    kept: np.ndarray


def token_counts(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> np.ndarray:
    """How often each token occurs in the texts: (V,) int64, special tokens not counted."""
    counts = np.zeros(len(tokenizer), np.int64)
    for start in range(0, len(texts), 4096):
        some = list(texts[start : start + 4096])
        # verbose: that a text is longer than the model reads is no news here
        for ids in tokenizer(some, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]:
            np.add.at(counts, ids, 1)
    return counts


def table_for(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], unread: Sequence[str]) -> str:
    """ "teacher" where one in twenty of the unread texts has a token that `texts` lack, else "corpus".

    Documents that come later will bring words as those did that were held out, and a word without a vector is spelled
    with pieces that mean something else. Where the corpus' words are all there are, room is better spent on them.

    Args:
        texts: what trains · unread: texts of documents that gave none of those, as they would be asked for
    """
    counts = token_counts(tokenizer, texts)
    lacking = [(token_counts(tokenizer, [text])[counts == 0] > 0).any() for text in unread]
    return "teacher" if lacking and np.mean(lacking) >= LACKING else "corpus"


def promised(tokenizer: PreTrainedTokenizerFast, counts: np.ndarray) -> np.ndarray:
    """What was counted, and what a token's place in the vocabulary promises: (V,) float64.

    The learners of WordPiece and Unigram number tokens by how frequent they were where the vocabulary was learnt, so by
    Zipf's law the r-th of V is expected once in r · (1 + 1/2 + … + 1/V) tokens. A word the corpus has not used yet is
    then worth more than one that it used once and nobody else does. Letters stand first whatever they are worth, and
    are promised nothing: `trim` decides on them.
    """
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    special = set(tokenizer.all_special_ids)
    word = np.array(
        [i not in special and len(_letters(t)) > 1 and not _UNUSED.fullmatch(t) for i, t in enumerate(tokens)]
    )
    place = np.maximum(1, np.cumsum(word))
    expected = counts.sum() / (place * (1 / np.arange(1, len(tokens) + 1)).sum())
    return counts + PROMISED * np.where(word, expected, 0)


def trimmable(tokenizer: PreTrainedTokenizerFast) -> bool:
    """True for WordPiece and Unigram, the two models whose tokens can be left out one by one."""
    return _spec(tokenizer)["model"]["type"] in ("WordPiece", "Unigram")


def trim(
    tokenizer: PreTrainedTokenizerFast, counts: np.ndarray, size: int, worth: np.ndarray | None = None
) -> Vocabulary:
    """Keep special tokens, letters and the most frequent tokens, `size` in all.

    Letters stay whether seen or not, so that every word the teacher can spell the student can spell; but unseen ones of
    a writing that the corpus hardly uses go (a vocabulary for English holds 1,500 Chinese, Greek and other letters, for
    which a small table has no room). A word with such a letter is then read as one that is not known.

    Args:
        counts: (V,) occurrences of each token in the corpus, which tell its writings.
        size: tokens wanted; at least the special ones and the letters are kept.
        worth: (V,) by which the others are chosen, say, what is `promised`; what is 0 is left out. Default: the counts.

    Raises:
        ModelError: `counts` does not fit the tokenizer.
    """
    if len(counts) != len(tokenizer):
        raise ModelError(f"{len(counts)} counts for a tokenizer of {len(tokenizer)} tokens; count with token_counts()")
    if size >= len(tokenizer) or not trimmable(tokenizer):
        return Vocabulary(tokenizer, np.arange(len(tokenizer)))
    spec = _spec(tokenizer)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    always = _always(tokenizer, spec, tokens, counts)
    worth = counts if worth is None else worth
    by_worth = (int(i) for i in np.argsort(-worth, kind="stable") if i not in always and worth[i] > 0)
    best = [i for _, i in zip(range(size - len(always)), by_worth, strict=False)]
    kept = np.array(sorted(always | set(best)), dtype=np.int64)
    return Vocabulary(_rebuild(tokenizer, spec, tokens, kept), kept)


def bounds(
    tokenizer: PreTrainedTokenizerFast, counts: np.ndarray, worth: np.ndarray | None = None
) -> tuple[int, int]:
    """How many tokens no trimming leaves out, and how many the largest table would hold; all where none may go.

    Args as of `trim`.
    """
    if not trimmable(tokenizer):
        return len(tokenizer), len(tokenizer)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    always = _always(tokenizer, _spec(tokenizer), tokens, counts)
    return len(always), len(always.union(np.flatnonzero((counts if worth is None else worth) > 0).tolist()))


def _always(
    tokenizer: PreTrainedTokenizerFast, spec: dict[str, Any], tokens: list[str], counts: np.ndarray
) -> set[int]:
    writings: Counter[str] = Counter()
    for row in np.flatnonzero(counts > 0):
        for letter in _letters(tokens[row]):
            writings[_writing(letter)] += counts[row]
    used = {writing for writing, count in writings.items() if count >= HARDLY * writings.total()}
    letters = {
        row
        for row, token in enumerate(tokens)
        if len(letter := _letters(token)) <= 1 and (letter.isascii() or counts[row] > 0 or _writing(letter) in used)
    }
    return letters | set(tokenizer.all_special_ids) | {t["id"] for t in spec["added_tokens"]}


def _writing(letter: str) -> str:
    """LATIN, GREEK, CJK, …: the first word of its name in Unicode."""
    return unicodedata.name(letter, "").partition(" ")[0]


def _letters(token: str) -> str:
    return token.removeprefix("##").removeprefix("▁")


def _spec(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError("the teacher has a slow (pure Python) tokenizer; save it with a tokenizer.json first")
    return json.loads(backend.to_str())


def _rebuild(
    tokenizer: PreTrainedTokenizerFast, spec: dict[str, Any], tokens: list[str], kept: np.ndarray
) -> PreTrainedTokenizerFast:
    new_id = {int(old): new for new, old in enumerate(kept)}
    model = spec["model"]
    if model["type"] == "WordPiece":
        model["vocab"] = {tokens[old]: new for old, new in new_id.items()}
    else:
        model["vocab"] = [model["vocab"][old] for old in new_id]
        if model.get("unk_id") is not None:
            model["unk_id"] = new_id[model["unk_id"]]
    for added in spec["added_tokens"]:
        added["id"] = new_id[added["id"]]
    _renumber_template(spec.get("post_processor"), new_id)
    spec["truncation"] = spec["padding"] = None
    special = {
        name: str(token)
        for name, token in tokenizer.special_tokens_map.items()
        if isinstance(token, str) or hasattr(token, "content")
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(spec)),
        model_max_length=tokenizer.model_max_length,
        padding_side=tokenizer.padding_side,
        **special,
    )


def _renumber_template(node: Any, new_id: dict[int, int]) -> None:
    """Special-token ids hide at several depths of a post-processor (template, BERT and RoBERTa forms)."""
    if not isinstance(node, dict):
        return
    for child in node.get("processors", []):
        _renumber_template(child, new_id)
    for token in node.get("special_tokens", {}).values():
        token["ids"] = [new_id[i] for i in token["ids"]]
    for name in ("sep", "cls"):
        if isinstance(node.get(name), list):
            node[name] = [node[name][0], new_id[node[name][1]]]
