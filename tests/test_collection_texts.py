"""Training texts: made of documents alone, repeatable, and never of the documents one measures on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lab.collection import Collection
from lab.collection.texts import TextMix, document_texts, held_out_rows, prose, sentences
from lab.errors import DataError


def collection(count: int = 40, body: str | None = None) -> Collection:
    bodies = [
        body if body is not None else f"Number {i} is here. " + " ".join(f"w{i}x{j}" for j in range(50))
        for i in range(count)
    ]
    return Collection(
        "c", tuple(f"d{i}" for i in range(count)), tuple(f"Title {i}" for i in range(count)), tuple(bodies)
    )


def test_every_text_comes_from_its_document() -> None:
    docs = collection()
    made = document_texts(docs, mix=TextMix(questions=0))
    for text, row in zip(made.texts, made.rows, strict=True):
        assert all(word in f"{docs.titles[row]} {docs.bodies[row]}" for word in text.split())
    assert len(set(made.texts)) == len(made) and set(made.rows) == set(range(40))


def test_lengths_go_from_two_words_to_a_paragraph() -> None:
    lengths = [
        len(t.split())
        for t in document_texts(collection(200), mix=TextMix(titles=False, sentences=0, spans=5, questions=0)).texts
    ]
    assert min(lengths) == 2 and max(lengths) >= 38
    assert np.median(lengths) < 14  # short ones are common: log-uniform


def test_a_document_gives_the_same_texts_whatever_stands_beside_it() -> None:
    few, many = document_texts(collection(3)), document_texts(collection(40), rows=[0, 1, 2])
    assert few.texts == many.texts
    assert document_texts(collection(3), mix=TextMix(seed=1)).texts != few.texts


def test_too_many_texts_are_drawn_at_random_from_all_documents() -> None:
    made = document_texts(collection(100), mix=TextMix(most=150))
    assert len(made) == 150 and len(set(made.rows.tolist())) > 60
    assert (np.diff(made.rows) >= 0).all()


def test_held_out_documents_are_chosen_by_id_not_by_place() -> None:
    docs = collection(100)
    rows = held_out_rows(docs)
    names = {docs.doc_ids[i] for i in rows}
    turned = Collection("c", docs.doc_ids[::-1], docs.titles[::-1], docs.bodies[::-1])
    assert len(rows) == 5 and {turned.doc_ids[i] for i in held_out_rows(turned)} == names
    assert len(held_out_rows(docs, most=2)) == 2


def test_one_document_cannot_be_split_and_one_word_makes_no_query() -> None:
    with pytest.raises(DataError, match="add documents"):
        held_out_rows(collection(1))
    bare = Collection("c", ("a", "b"), ("", ""), ("one", "two"))
    with pytest.raises(DataError, match="two words"):
        document_texts(bare, mix=TextMix(questions=0))


def test_sentences_end_where_a_reader_would_end_them() -> None:
    text = "It was 3.5 metres long. The next one, e.g. this, is longer! Was it? Yes."
    assert sentences(text) == ["It was 3.5 metres long.", "The next one, e.g. this, is longer!"]


def test_questions_ask_about_the_title_or_where_there_is_none_about_a_span() -> None:
    only = TextMix(titles=False, sentences=0, spans=0, questions=4)
    made = document_texts(collection(30), mix=only)
    assert len(made) > 100 and all(f"Title {row}" in text for text, row in zip(made.texts, made.rows, strict=True))
    assert {text.split()[0].lower() for text in made.texts} >= {"what", "who", "how", "when"}
    bare = Collection("c", ("a", "b"), ("", ""), ("red fox runs over snow",) * 2)
    assert all(any(word in text for word in bare.bodies[0].split()) for text in document_texts(bare, mix=only).texts)


def test_names_are_those_inside_sentences_and_change_no_other_text() -> None:
    body = "Kobe lies in Hyogo Prefecture of Japan. The port of Kobe, seen from Mount Rokko, is old. It is old."
    one = Collection("c", ("a", "b"), ("Kobe", "Nara"), (body, "Deer live there."))
    only = TextMix(titles=False, sentences=0, spans=0, questions=0, names=9)
    texts = document_texts(one, mix=only).texts
    names = ("Hyogo Prefecture of Japan", "Kobe", "Mount Rokko")
    assert [name for name in names for text in texts if text.rstrip("?").endswith(name)] == list(names)
    assert len(texts) == 3, "neither 'The' nor 'It'"
    assert len(document_texts(one, mix=dataclasses.replace(only, names=2))) == 2
    assert set(document_texts(one).texts) < set(document_texts(one, mix=TextMix(names=2)).texts)


WORDS = "Returns the roots of a polynomial, each as often\n    as it occurs. They are sorted by absolute value.\n"
CODE = "\n>>> roots([1, -3, 2])\narray([2., 1.])\n\n"
ITEMS = "Choices are:\n - one of three words\n - another of five words here\n"


def test_code_makes_no_texts_where_there_is_prose() -> None:
    page = WORDS + CODE + ITEMS
    assert sentences(prose(page)) == [
        "Returns the roots of a polynomial, each as often as it occurs.",
        "They are sorted by absolute value.",
        "- one of three words",
        "- another of five words here",
    ]
    made = document_texts(Collection("c", ("a",), ("",), (page,)))
    assert not any(sign in text for text in made.texts for sign in ("array", ">>>", "\n"))


def test_code_is_better_than_nothing_and_running_text_is_left_as_it_is() -> None:
    assert prose(CODE * 3) == CODE * 3
    text = "A long line of running text that nobody has wrapped, with (few) signs, goes on to its end. " * 3
    assert prose("\n".join([text] * 4)) == "\n".join([text] * 4)
