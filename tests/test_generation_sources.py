"""Filters, counts and mixes of made queries; sources that need no generator."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lab import load_collection
from lab.collection.texts import TextMix, document_texts
from lab.errors import DataError, LabError
from lab.generation import SENTENCES, Filters, FromDocuments, Made, Repeated, joined, mixed
from lab.generation.filters import degenerate, filtered, same_words, words

QUERIES = ("which fox is white", "volcano on Hawaii")


class Axes:
    """An encoder whose vector of a text counts three words."""

    fingerprint, dimension = "axes", 3

    def encode(self, texts, kind):
        return np.array([[words(text).count(w) + 1e-3 for w in ("fox", "volcano", "white")] for text in texts])


def test_words_ignore_case_and_punctuation() -> None:
    assert words("What's  the Fox?") == ("what", "s", "the", "fox")


def test_texts_are_compared_by_their_words_alone() -> None:
    assert same_words(["Which  FOX is white?", "which fox", ""], QUERIES).tolist() == [True, False, False]
    assert same_words([], QUERIES).tolist() == [] and same_words(["fox"], []).tolist() == [False]


@pytest.mark.parametrize(
    ("text", "bad"),
    [("", True), ("?", True), ("fox", True), ("fox fox", False), ("the the the fox", True), ("the fox the den", False)],
)
def test_degenerate_texts(text: str, bad: bool) -> None:
    assert degenerate(text) is bad


def test_every_reason_is_counted_and_the_rest_kept_in_order() -> None:
    texts = ["Which fox is white?", "white fox where", "fox", "white fox, where", "volcano ON hawaii", "lava island"]
    made = filtered(texts, np.array([0, 0, 0, 0, 1, 1]), QUERIES)
    assert made.texts == ("white fox where", "lava island") and made.rows.tolist() == [0, 1]
    assert made.dropped == {"identical": 2, "degenerate": 1, "made twice": 1}
    assert "2 queries made; dropped: 2 identical" in str(made)
    assert len(made) + sum(made.dropped.values()) == len(texts)


def test_filters_can_be_left_out() -> None:
    loose = Filters(identical=False, degenerate=False)
    assert filtered(["which fox is white", "fox"], np.array([0, 0]), QUERIES, loose).texts[1] == "fox"


def test_too_far_is_measured_from_the_own_source() -> None:
    texts, rows = ["a white fox there", "a volcano there", "the volcano of lava"], np.array([0, 0, 1])
    made = filtered(texts, rows, QUERIES, Filters(closest=0.5), Axes())
    assert made.texts == ("a white fox there", "the volcano of lava") and made.dropped["too far"] == 1
    with pytest.raises(LabError, match="give the encoder"):
        filtered(texts, rows, QUERIES, Filters(closest=0.5))
    with pytest.raises(LabError, match="a cosine"):
        Filters(closest=1.5)


def test_joined_parts_name_no_text_twice() -> None:
    both = joined([Made(("a b", "c d"), np.array([0, 1]), {"identical": 1}), Made(("c d", "e f"), np.array([4, 5]))])
    assert both.texts == ("a b", "c d", "e f") and both.rows.tolist() == [0, 1, 5]
    assert both.dropped == {"identical": 1, "made twice": 1}


def test_documents_give_as_many_as_asked_for(tiny_collection_dir) -> None:
    source = FromDocuments(load_collection(tiny_collection_dir))
    made = source.draw(20, seed=1)
    assert len(set(made.texts)) == 20 and made.texts == source.draw(20, seed=1).texts != source.draw(20).texts
    for text, row in zip(made.texts, made.rows, strict=True):
        document = words(source.collection.documents[row])
        assert set(words(text)) & set(document), f"{text!r} has nothing of {document}"
    with pytest.raises(DataError, match="100,000 queries wanted"):
        source.draw(100_000)


@pytest.mark.parametrize("mix", [TextMix(), SENTENCES, TextMix(names=3, seed=2, most=15)])
def test_without_a_count_the_documents_give_all_their_mix_gives(tiny_collection_dir, mix: TextMix) -> None:
    collection, rows = load_collection(tiny_collection_dir), [0, 2, 3]
    made, known = FromDocuments(collection, mix, rows).draw(seed=5), document_texts(collection, rows, mix)
    assert made.texts == known.texts and made.rows.dtype == np.int64 and np.array_equal(made.rows, known.rows)


def test_sentences_are_sentences_of_the_documents(tiny_collection_dir) -> None:
    collection = load_collection(tiny_collection_dir)
    made = FromDocuments(collection, SENTENCES, rows=[2, 3]).draw(2)
    assert set(made.texts) == {collection.bodies[2], collection.bodies[3]}


def test_repeated_queries_are_repeated_evenly() -> None:
    made = Repeated(QUERIES).draw(5)
    assert sorted(Counter(made.texts).values()) == [2, 3]
    assert all(QUERIES[row] == text for row, text in zip(made.rows, made.texts, strict=True))
    with pytest.raises(DataError, match="to repeat"):
        Repeated(()).draw(2)


def test_a_mix_gives_each_source_its_share(tiny_collection_dir) -> None:
    documents, repeated = FromDocuments(load_collection(tiny_collection_dir)), Repeated(QUERIES)
    made = mixed({documents: 5, repeated: 1}, 12)
    assert sum(text in QUERIES for text in made.texts) == 2 and len(made) == 12
    assert len(mixed({documents: 1, repeated: 9}, 40)) == 40  # queries over again, never fewer than asked for
    with pytest.raises(DataError, match="one share above 0"):
        mixed({documents: 0}, 3)
