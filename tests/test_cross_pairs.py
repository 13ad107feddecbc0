"""Segments are right: under truncation, padding on either side, and tokenizers without token types."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from tokenizers import processors

from lab.cross.pairs import DOCUMENT, QUERY, SPECIAL, collate, tokenize_pairs
from lab.errors import DataError, ModelError
from tests.tiny import wordpiece

QUERIES = ["a fox", "volcano in the sea of Italy"]
DOCUMENTS = ["The red fox is the largest of the foxes.", "Etna is a volcano"]


def words(tokenizer, batch, row, part) -> list[str]:
    return tokenizer.convert_ids_to_tokens(batch.ids[row][getattr(batch, part)[row]].tolist())


def pieces(tokenizer, text) -> list[str]:
    return tokenizer.convert_ids_to_tokens(tokenizer(text, add_special_tokens=False)["input_ids"])


def roberta_like():
    """`<s> q </s> </s> d </s>`, and no token types."""
    tokenizer = copy.deepcopy(wordpiece())
    tokenizer.backend_tokenizer.post_processor = processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    return tokenizer


@pytest.mark.parametrize("make", [wordpiece, roberta_like], ids=["bert", "without token types"])
def test_each_segment_holds_its_own_words(make) -> None:
    tokenizer = make()
    batch = collate(tokenize_pairs(tokenizer, QUERIES, DOCUMENTS, 64), tokenizer.pad_token_id)
    for row in range(2):
        assert words(tokenizer, batch, row, "query") == pieces(tokenizer, QUERIES[row])
        assert words(tokenizer, batch, row, "document") == pieces(tokenizer, DOCUMENTS[row])
    assert not (batch.query & batch.document).any()


@pytest.mark.parametrize("make", [wordpiece, roberta_like], ids=["bert", "without token types"])
def test_with_specials_every_real_token_but_the_first_has_an_owner(make) -> None:
    tokenizer = make()
    batch = collate(tokenize_pairs(tokenizer, QUERIES, DOCUMENTS, 64), tokenizer.pad_token_id, "specials")
    owned = batch.query | batch.document
    assert (owned[:, 1:] == batch.mask[:, 1:].bool()).all() and not owned[:, 0].any()
    assert words(tokenizer, batch, 0, "document")[-1] == "[SEP]" and words(tokenizer, batch, 0, "query")[-1] == "[SEP]"


def test_truncation_takes_from_the_longer_segment() -> None:
    tokenizer = wordpiece()
    query, document = "white fur", " ".join(["volcano"] * 80)
    (pair,) = tokenize_pairs(tokenizer, [query], [document], 16)
    assert len(pair) == 16
    assert (pair.kinds == QUERY).sum() == len(pieces(tokenizer, query))
    assert (pair.kinds == DOCUMENT).sum() == 16 - 3 - (pair.kinds == QUERY).sum()
    assert pair.kinds[0] == pair.kinds[-1] == SPECIAL


def test_the_tokenizers_padding_side_does_not_matter() -> None:
    left = copy.deepcopy(wordpiece())
    left.padding_side = "left"
    a, b = (collate(tokenize_pairs(each, QUERIES, DOCUMENTS, 64), 0) for each in (wordpiece(), left))
    for part in ("ids", "mask", "query", "document"):
        assert (getattr(a, part) == getattr(b, part)).all()
    assert a.mask[:, 0].all(), "padding stands on the right"


def test_padding_belongs_to_nobody() -> None:
    tokenizer = wordpiece()
    batch = collate(tokenize_pairs(tokenizer, QUERIES, [DOCUMENTS[0], "Etna"], 64), tokenizer.pad_token_id, "specials")
    padding = batch.mask == 0
    assert padding.any() and not (batch.query | batch.document)[padding].any()


def test_an_empty_document_keeps_its_separator() -> None:
    (pair,) = tokenize_pairs(wordpiece(), ["a fox"], [""], 64)
    assert not (pair.kinds == DOCUMENT).any()
    assert np.flatnonzero(pair.owners == DOCUMENT).tolist() == [len(pair) - 1]


def test_what_cannot_be_paired_is_named() -> None:
    class Slow:
        is_fast = False

    with pytest.raises(DataError, match="2 queries and 1 documents"):
        tokenize_pairs(wordpiece(), QUERIES, DOCUMENTS[:1], 64)
    with pytest.raises(ModelError, match="fast tokenizer"):
        tokenize_pairs(Slow(), QUERIES, DOCUMENTS, 64)
    with pytest.raises(ModelError, match="no room"):
        tokenize_pairs(wordpiece(), QUERIES, DOCUMENTS, 4)
    assert tokenize_pairs(wordpiece(), [], [], 64) == []
