"""A corpus too small to hold the words people ask in gets general texts beside its own; they have no document."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from lab.collection import load_collection
from lab.collection.general import filled_up
from lab.collection.texts import NO_DOCUMENT, document_texts, held_out_rows
from lab.config import DistillConfig
from lab.distillation import distill
from lab.encoders.teacher import load_teacher
from lab.errors import DataError, LabError
from lab.losses import LossWeights
from lab.preparation import fit_prepared, training_data
from lab.saving import save
from lab.store import VectorStore


@pytest.fixture(scope="module")
def some(tiny_config: DistillConfig) -> DistillConfig:
    return dataclasses.replace(tiny_config, at_least=400, epochs=1)


def test_own_texts_are_half_of_the_number_and_general_ones_the_rest(some: DistillConfig) -> None:
    tiny = load_collection(some.collection)
    own = document_texts(tiny)
    found = filled_up(own, 400, tiny)
    times = -(-200 // len(own))
    assert times >= 2 and found.texts[: times * len(own)] == own.texts * times
    general = found.texts[times * len(own) :]
    assert len(found) == 400 and len(general) == len(set(general)) > 100 and not set(general) & set(own.texts)
    assert (found.rows[times * len(own) :] == NO_DOCUMENT).all()
    np.testing.assert_array_equal(found.rows[: times * len(own)], np.tile(own.rows, times))
    wiki = load_collection("wiki")
    taken = set(general) & set(wiki.titles)
    assert taken and not taken & {wiki.titles[row] for row in held_out_rows(wiki)}
    exact = filled_up(own, 2 * len(own), tiny)  # one round of them is half already
    assert exact.texts[: len(own)] == own.texts and len(exact) == 2 * len(own)


def test_enough_texts_and_the_wiki_itself_stay_as_they_are(some: DistillConfig) -> None:
    tiny, wiki = load_collection(some.collection), load_collection("wiki")
    own = document_texts(tiny)
    assert filled_up(own, len(own), tiny) is own and filled_up(own, 0, tiny) is own
    few = document_texts(wiki, range(3))
    assert filled_up(few, 400, wiki) is few


def test_a_lab_without_its_collections_trains_on_what_there_is(
    some: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    own = document_texts(load_collection(some.collection))
    assert filled_up(own, 400, load_collection(some.collection)) is own


def test_a_general_text_is_matched_as_the_teacher_has_it(some: DistillConfig, tmp_path: Path) -> None:
    tiny, teacher, store = load_collection(some.collection), load_teacher(some.teacher, "cpu", "float32"), VectorStore()
    data, _ = training_data(dataclasses.replace(some, document_pull=0.6), tiny, teacher, store)
    general = data.positives == NO_DOCUMENT
    assert 100 < general.sum() < 200 and data.targets is not None
    # alone, not beside others: sums in another order
    np.testing.assert_allclose(data.queries[0], teacher.encode([data.texts[0]])[0], atol=1e-5)
    again = data.texts.index(data.texts[0], 1)  # the second round
    np.testing.assert_array_equal(data.queries[again], data.queries[0])
    np.testing.assert_array_equal(data.targets[general], data.queries[general])
    assert not np.allclose(data.targets[~general], data.queries[~general])
    found = distill(some)
    assert found.texts == 400 and found.general == general.sum() and found.finished.step > 0
    save(found, tmp_path / "student")
    card = (tmp_path / "student" / "README.md").read_text(encoding="utf-8")
    assert f"| 400, {found.general} of them general ones, queries" in card


@pytest.mark.parametrize("change", [{"losses": LossWeights(score=1)}, {"hard_negatives": 2}, {"documents": "own"}])
def test_where_every_text_needs_its_document_there_is_none_without(some: DistillConfig, change: dict) -> None:
    tiny, teacher, store = load_collection(some.collection), load_teacher(some.teacher, "cpu", "float32"), VectorStore()
    wanted = dataclasses.replace(some, **change)
    own, _ = training_data(wanted, tiny, teacher, store)
    assert (own.positives >= 0).all()
    filled, _ = training_data(some, tiny, teacher, store, every_document=True)
    with pytest.raises(DataError, match="filled up with general texts"):
        fit_prepared(wanted, tiny, filled, teacher.similarity)


def test_a_study_knows_its_runs_from_before_there_was_this_setting() -> None:
    usual = DistillConfig(collection="wiki", student="tenth", seed=0)
    assert "at_least" not in usual.told()
    assert dataclasses.replace(usual, at_least=0).digest() != usual.digest()
    assert usual.digest("a text") != usual.digest()
    with pytest.raises(LabError, match="at_least=-1"):
        DistillConfig(at_least=-1)
