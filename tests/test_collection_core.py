"""The collection object: what it promises, whatever it was read from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.collection import Collection
from lab.collection.core import LazySplits, UnknownSplit
from lab.errors import DataError


def small(**changes: Any) -> Collection:
    parts: dict[str, Any] = {
        "name": "small",
        "doc_ids": ["d1", "d2", "d3"],
        "titles": ["Fox", "", "Owl"],
        "bodies": ["A red animal.", "No title here.", "Owl: a bird."],
        "queries": {"dev": {"q1": "which animal is red"}, "test": {"q2": "bird", "q3": "untitled"}},
        "qrels": {"dev": {"q1": {"d1": 2, "d2": 0}}, "test": {"q2": {"d3": 1}, "q3": {"d2": 1, "d1": -1}}},
        "fields": {"topic": ["mammals", "", "birds"]},
    }
    return Collection(**(parts | changes))


def refuse() -> Any:
    raise AssertionError("a split was loaded that nobody asked for")


def test_holds_what_it_was_given() -> None:
    collection = small()
    assert len(collection) == 3
    assert collection.doc_ids == ("d1", "d2", "d3")
    assert collection.splits == ("dev", "test")
    assert dict(collection.queries["test"]) == {"q2": "bird", "q3": "untitled"}
    assert collection.qrels["dev"]["q1"] == {"d1": 2, "d2": 0}
    assert collection.fields["topic"] == ("mammals", "", "birds")
    assert collection.row == {"d1": 0, "d2": 1, "d3": 2}
    assert repr(collection) == "Collection(small: 3 documents; splits: dev, test)"


@pytest.mark.parametrize(
    ("title", "body", "document"),
    [
        ("Fox", "A red animal.", "Fox. A red animal."),
        ("", "No title here.", "No title here."),
        ("Owl", "Owl: a bird.", "Owl: a bird."),
        ("Owl", "An owl is a bird.", "Owl. An owl is a bird."),
        ("Title alone", "", "Title alone"),
        ("", "", ""),
    ],
)
def test_documents_join_title_and_body(title: str, body: str, document: str) -> None:
    collection = small(titles=[title, "", ""], bodies=[body, "x", "y"])
    assert collection.documents == (document, "x", "y")


BAD = {
    "empty": (
        {"doc_ids": [], "titles": [], "bodies": [], "fields": {}, "queries": {}, "qrels": {}},
        "is empty",
    ),
    "lengths": ({"titles": ["Fox"]}, "differ in length.*'titles': 1"),
    "field length": ({"fields": {"topic": ["a"]}}, "differ in length.*'topic': 1"),
    "duplicate id": ({"doc_ids": ["d1", "d2", "d1"]}, "'d1' stands twice"),
    "NaN text": ({"bodies": ["a", float("nan"), "c"]}, "bodies holds float"),
    "missing text": ({"bodies": ["a", None, "c"]}, "bodies holds NoneType"),
    "number as id": ({"doc_ids": ["d1", 2, "d3"]}, "doc_ids holds int"),
    "all blank": ({"titles": ["", " ", ""], "bodies": ["", "\n", ""]}, "all 3 documents are empty"),
    "split without qrels": ({"qrels": {"dev": {"q1": {"d1": 1}}}}, "every split needs both"),
    "unknown document": ({"qrels": {"dev": {"q1": {"d9": 1}}, "test": {}}}, "dev.*'d9'.*not in the corpus"),
    "unknown query": (
        {"queries": {"dev": {"q1": "a"}}, "qrels": {"dev": {"q1": {"d1": 1}, "q9": {"d1": 1}}}},
        r"queries\['dev'\].*'q9'",
    ),
    "query not judged": (
        {"queries": {"dev": {"q1": "a", "q7": "b"}}, "qrels": {"dev": {"q1": {"d1": 1}}}},
        "'q7' has no judgements",
    ),
    "query judged with nothing": (
        {"queries": {"dev": {"q1": "a"}}, "qrels": {"dev": {"q1": {}}}},
        "'q1' has no judgements",
    ),
    "only zero grades": (
        {"queries": {"dev": {"q1": "a"}}, "qrels": {"dev": {"q1": {"d1": 0, "d2": -1}}}},
        "'q1' has no grade above 0.*remove",
    ),
    "fractional grade": (
        {"queries": {"dev": {"q1": "a"}}, "qrels": {"dev": {"q1": {"d1": 0.5}}}},
        "grade 0.5 is no whole number",
    ),
    "truth as grade": (
        {"queries": {"dev": {"q1": "a"}}, "qrels": {"dev": {"q1": {"d1": True}}}},
        "grade True is no whole number",
    ),
    "empty query": (
        {"queries": {"dev": {"q1": " "}}, "qrels": {"dev": {"q1": {"d1": 1}}}},
        "'q1' has an empty text",
    ),
    "split without judgements": ({"queries": {"dev": {}}, "qrels": {"dev": {}}}, "holds no judgements"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        small(**changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: setattr(c, "name", "other"),
        lambda c: c.fields.update(topic=()),
        lambda c: c.row.update(d1=5),
        lambda c: c.queries.update(dev={}),
        lambda c: c.queries["dev"].update(q1="other"),
        lambda c: c.qrels["dev"].pop("q1"),
        lambda c: c.qrels["dev"]["q1"].update(d2=1),
    ],
)
def test_cannot_be_changed(change: Callable[[Collection], None]) -> None:
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        change(small())


def test_later_changes_to_what_it_was_given_do_not_reach_it() -> None:
    bodies = ["a", "b", "c"]
    qrels = {"dev": {"q1": {"d1": 1}}}
    collection = small(bodies=bodies, queries={"dev": {"q1": "a"}}, qrels=qrels)
    bodies[0] = "changed"
    qrels["dev"]["q1"]["d2"] = 3
    assert collection.bodies[0] == "a"
    assert collection.qrels["dev"]["q1"] == {"d1": 1}


def test_fingerprint_depends_on_all_of_the_documents_and_on_nothing_else() -> None:
    same = small(name="other", queries={}, qrels={})
    assert same.fingerprint == small().fingerprint
    changed = [
        small(doc_ids=["d1", "d2", "d4"], queries={}, qrels={}),
        small(titles=["Fox", "", "Owls"]),
        small(bodies=["A red animal.", "No title here.", "Owl: a bird"]),
        small(fields={"topic": ["mammals", "", "bird"]}),
        small(fields={}),
        small(titles=["Fo", "x", "Owl"]),  # the same letters, divided otherwise
    ]
    assert len({small().fingerprint, *(collection.fingerprint for collection in changed)}) == 7


@given(st.lists(st.text(), min_size=2, max_size=2), st.lists(st.text(), min_size=2, max_size=2))
def test_fingerprints_agree_exactly_where_texts_do(one: list[str], other: list[str]) -> None:
    def fingerprint(titles: list[str]) -> str:
        return Collection(name="c", doc_ids=("1", "2"), titles=tuple(titles), bodies=("a", "b")).fingerprint

    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_nothing_about_the_documents_loads_a_split() -> None:
    lazy: LazySplits[Any] = LazySplits({"dev": refuse, "test": refuse})
    collection = small(queries=lazy, qrels=lazy)
    assert collection.splits == ("dev", "test")
    assert len(collection.documents) == len(collection) == 3
    assert len(collection.fingerprint) == 64
    assert "test" in repr(collection)
    assert "dev" in collection.queries and "train" not in collection.queries
    assert len(collection.queries) == 2
    assert repr(collection.queries) == "LazySplits(dev, test)"
    assert collection == collection and collection != small()


def test_a_split_is_loaded_once_and_alone() -> None:
    loads: list[str] = []

    def load() -> dict[str, str]:
        loads.append("dev")
        return {"q1": "a"}

    lazy: LazySplits[dict[str, str]] = LazySplits({"dev": load, "test": refuse})
    assert lazy["dev"] is lazy["dev"]
    assert loads == ["dev"]


def test_a_split_that_failed_is_tried_again() -> None:
    answers = iter([DataError("not yet"), {"q1": "a"}])

    def load() -> dict[str, str]:
        answer = next(answers)
        if isinstance(answer, DataError):
            raise answer
        return answer

    lazy = LazySplits({"dev": load})
    with pytest.raises(DataError, match="not yet"):
        lazy["dev"]
    assert lazy["dev"] == {"q1": "a"}


def test_an_unknown_split_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownSplit) as caught:
        small().queries["train"]
    assert str(caught.value) == "no split 'train'; this collection has: dev, test"
    assert isinstance(caught.value, DataError) and isinstance(caught.value, KeyError)
    assert small().queries.get("train") is None  # so that it is a mapping like any other
    with pytest.raises(DataError, match="none at all"):
        small(queries={}, qrels={}).qrels["test"]


def test_documents_of_equal_text_are_one_group() -> None:
    found = Collection("twins", ("a", "b", "c"), ("", "T", ""), ("x", "y", "x"))
    assert found.groups.tolist() == [0, 1, 0] and not found.groups.flags.writeable
