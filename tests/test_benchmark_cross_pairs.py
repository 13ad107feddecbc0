"""Pairs made from documents for cross encoders: what is cut, what is never read, and a whole study of seconds."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lab.collection import Collection
from lab.collection.core import LazySplits
from lab.cross import CrossConfig
from lab.encoders.teacher import load_teacher
from lab.errors import DataError
from tests.conftest import DOCUMENTS, QUERIES
from tests.scripts import benchmark

CROSS = CrossConfig(
    length=40, training_length=40, layers=1, rank=2, epochs=2.5, negatives=3, depth=11, precision="float32"
)
RUNS = [("cls", 0), ("dual", 0)]


@pytest.fixture(scope="module")
def pairs() -> Any:
    return benchmark("cross_pairs")


@pytest.fixture
def opened() -> list[str]:
    """Names of the splits that were read."""
    return []


@pytest.fixture
def collection(opened: list[str]) -> Collection:
    """The tiny collection with three sentences an article; whoever reads a split is noted."""

    def loader(split: str, part: int) -> Any:
        def load() -> dict[str, Any]:
            opened.append(split)
            return {key: entry[part] for key, entry in QUERIES[split].items()}

        return load

    bodies = [f"{text} Many people ask about {title}. Number {key[1:]} was written down last."
              for key, (title, text) in DOCUMENTS.items()]  # fmt: skip
    queries, qrels = (LazySplits({split: loader(split, part) for split in QUERIES}) for part in (0, 1))
    titles = tuple(title for title, _ in DOCUMENTS.values())
    return Collection("tiny", tuple(DOCUMENTS), titles, tuple(bodies), queries, qrels)


@pytest.fixture
def world(pairs, collection, tiny_teacher_dir, tmp_path: Path, monkeypatch) -> Any:
    study = benchmark("cross_study")
    monkeypatch.setattr(study, "DOCS", tmp_path)
    monkeypatch.setattr(study.Study, "read", 40)  # the length whose numbers stay; the tiny teacher has 64 positions
    settings = study.Study(
        "tiny", pairs.MIX, train=16, seeds=(0,), cross=CROSS, dev=3, dev_depth=11, test=4, read=40, depth=11, moved=4
    )
    teacher = load_teacher(tiny_teacher_dir, "cpu", "float32")
    return study.World(settings, tmp_path, collection, teacher)


def one(body: str, title: str = "Carmen") -> Any:
    return SimpleNamespace(titles=(title,), bodies=(body,))


def test_all_sentences_a_text_stands_in_are_found(pairs) -> None:
    carmen = one("Carmen is an opera. The libretto is by Meilhac. Bizet died after the 33rd night. It is by Bizet.")
    assert pairs.quoted(carmen, 0, "The libretto is by Meilhac.") == (1,)
    assert pairs.quoted(carmen, 0, "Carmen died after the 33rd") == (2,)  # a span behind the title
    assert pairs.quoted(carmen, 0, "Meilhac. Bizet died") == (1, 2)
    assert pairs.quoted(carmen, 0, "is by") == (1, 3)
    assert pairs.quoted(carmen, 0, "an oper") == () == pairs.quoted(carmen, 0, "what nobody wrote")


def test_a_text_that_would_stay_or_leave_nothing_is_no_query(pairs) -> None:
    assert pairs.quoted(one("Carmen is an opera."), 0, "Carmen is an opera.") == ()
    assert pairs.quoted(one("A bow. A bow and arrow."), 0, "A bow") == ()
    assert pairs.quoted(one("Bow and arrow are old. So is the sling.", "Bow and arrow"), 0, "Bow and arrow") == ()


def test_what_was_quoted_is_not_in_the_relevant_document(world, collection) -> None:
    lists = world.lists()
    assert len(lists) == 16 and lists.rows.shape == (16, 4) and len(set(lists.rows.ravel().tolist())) == 64
    for query, rows in zip(lists.queries, lists.rows.tolist(), strict=True):
        right = lists.documents[rows[0]]
        own = next(row for row, title in enumerate(collection.titles) if right.startswith(title))
        quote = query if query in collection.bodies[own] else query.removeprefix(f"{collection.titles[own]} ")
        assert quote in collection.bodies[own] and quote not in right and len(right) > len(collection.titles[own]) + 2


def test_negatives_are_other_documents_with_a_gap_as_large(world, collection) -> None:
    lists = world.lists()
    places = {title: row for row, title in enumerate(collection.titles)}
    for rows in lists.rows.tolist():
        texts = [lists.documents[row] for row in rows]
        sources = [next(place for title, place in places.items() if text.startswith(title)) for text in texts]
        assert len(set(sources)) == 4, "the relevant document is no negative"
        left = [sum(s in text for s in _sentences(collection.bodies[row]))
                for text, row in zip(texts, sources, strict=True)]  # fmt: skip
        assert len(set(left)) == 1 and 0 < left[0] < 3


def _sentences(body: str) -> list[str]:
    return benchmark("cross_pairs").sentences(body, 1)


def test_training_reads_documents_alone(world, opened: list[str]) -> None:
    lists = world.lists()
    benchmark("cross").train(world, RUNS[1:])
    assert opened == []
    asked = {text for split in QUERIES.values() for text, _ in split.values()}
    assert not asked & set(lists.queries)


def test_lists_of_queries_from_elsewhere_are_refused(pairs, world, collection) -> None:
    mined = world._mined(*({"q": each} for each in ("volcano on an island", {"d04": 1})))
    with pytest.raises(DataError, match=r"leaves nothing of 'd04'"):
        pairs.with_gaps(collection, mined)
    with pytest.raises(DataError, match=r"pairs made from documents of tiny: 999 queries wanted"):
        pairs.made_queries(collection, pairs.MIX, 999)


def test_a_study_resumes_and_says_what_it_was_made_from(world, tmp_path: Path, monkeypatch) -> None:
    cross, report = benchmark("cross"), benchmark("cross_report")
    cross.train(world, RUNS)
    run, found = cross.judge(world, "dev", (0,))
    for name in ("train_cross", "prepare", "read"):
        monkeypatch.setattr(cross, name, lambda *_: pytest.fail("done twice"))
    cross.train(world, RUNS)
    again, same = cross.judge(world, "dev", (0,))
    assert again.query_ids == run.query_ids and all(np.array_equal(same[name], found[name]) for name in found)
    monkeypatch.setattr(report, "log", lambda *_: pytest.fail("dev is no test"))
    report.report(world, "dev", run, found, RUNS)
    told = json.loads((tmp_path / "cross-tiny.json").read_text(encoding="utf-8"))
    assert told["pairs"] == "pairs made from documents" and told["config"]["mix"]["questions"] == 0
    assert told["command"].endswith("--collection tiny") and told["dev"]["commit"]
    assert told["dev"]["query ids"] == list(QUERIES["dev"])
    values = {name: np.array(each) for name, each in told["dev"]["by query"].items()}
    assert values["teacher"].shape == values["dual"].shape == (1, 3)
    for name, each in values.items():
        assert each.mean() == pytest.approx(told["dev"]["re-ranking"][name]["value"], abs=1e-4)


def test_studies_differ_in_data_alone() -> None:
    study = benchmark("cross_study")
    pydocs, wiki = study.STUDIES["pydocs"], study.STUDIES["wiki"]
    assert pydocs == study.Study() and pydocs.pairs == "observed pairs"
    assert (wiki.cross, wiki.train, wiki.seeds, wiki.read) == (pydocs.cross, pydocs.train, pydocs.seeds, pydocs.read)
    assert study.result(pydocs).name == "cross.json" and study.result(wiki).name == "cross-wiki.json"
    told = json.loads(study.RESULT.read_text(encoding="utf-8"))["config"]["cross"]
    assert dataclasses.asdict(pydocs.cross) == told
    assert len({pydocs.key, wiki.key, dataclasses.replace(wiki, mix=None).key}) == 3
