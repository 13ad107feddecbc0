"""Prepared data is used again only for what it was made for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import lab
from lab.collection import Collection
from lab.collection.texts import TextMix
from lab.config import PAPER, DistillConfig
from lab.distillation import distill
from lab.encoders.teacher import load_teacher
from lab.errors import DataError, LabError
from lab.losses import LossWeights
from lab.preparation import fit_prepared, training_data
from lab.store import VectorStore


@pytest.fixture(scope="module")
def prepared(config: DistillConfig):
    collection, teacher = lab.load_collection(config.collection), load_teacher(config.teacher, "cpu", "float32")
    return collection, teacher, training_data(config, collection, teacher, VectorStore(None), every_document=True)


def test_prepared_data_refuses_settings_it_was_not_made_with(config: DistillConfig, prepared) -> None:
    collection, teacher, both = prepared
    changes = [{"queries": "train"}, {"texts": TextMix(sentences=1)}, {"unseen": ("d02",)}]
    for change in changes:
        with pytest.raises(LabError, match=rf"{next(iter(change))}=.*cannot be honoured.*made with.*Leave .* out"):
            distill(config, collection=collection, teacher=teacher, prepared=both, **change)
        unsaid = (dataclasses.replace(both[0], settings=None), both[1])
        with pytest.raises(LabError, match="did not say how"):
            distill(config, collection=collection, teacher=teacher, prepared=unsaid, **change)
    other = Collection("other", collection.doc_ids[:5], collection.titles[:5], collection.bodies[:5])
    changed = dataclasses.replace(collection, name="changed", bodies=collection.bodies[::-1])  # as many, not the same
    with pytest.raises(DataError, match="the 12 documents of the prepared data are not those of changed"):
        distill(config, collection=changed, teacher=teacher, prepared=both)
    with pytest.raises(DataError, match="the 12 documents of the prepared data are not those of other"):
        distill(config, collection=other, teacher=teacher, prepared=both)


def test_prepared_data_says_what_it_was_made_with(config: DistillConfig, prepared) -> None:
    collection, teacher, _ = prepared
    few = dataclasses.replace(config, texts=TextMix(sentences=1), epochs=1, static=False, table="corpus")
    both = training_data(few, collection, teacher, VectorStore(None))
    for asked in (few, dataclasses.replace(few, texts=TextMix())):  # the same, or nothing in particular
        found = distill(asked, collection=collection, teacher=teacher, prepared=both)
        assert found.config == few and found.texts == len(both[0].texts)


def test_hard_negatives_are_found_for_prepared_data(config: DistillConfig, prepared) -> None:
    collection, teacher, (data, _) = prepared
    wanted = dataclasses.replace(config, hard_negatives=2, losses=LossWeights(score=1))
    straight, _ = training_data(wanted, collection, teacher, VectorStore(None))
    _, fitted = fit_prepared(wanted, collection, data, "cosine")
    assert data.negatives is None and np.array_equal(fitted.negatives, straight.negatives)
    assert fit_prepared(wanted, collection, straight, "cosine")[1].negatives is straight.negatives
    assert fit_prepared(config, collection, straight, "cosine")[1].negatives is None  # nobody asked for them


def test_prepared_data_without_the_documents_a_loss_reads_is_refused(
    config: DistillConfig, prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.preparation.INDEX_DOCUMENTS", 5)
    collection, teacher, _ = prepared
    plain = dataclasses.replace(config, **PAPER)
    both = training_data(plain, collection, teacher, VectorStore(None))
    needing = ({"hard_negatives": 2}, {"losses": LossWeights(score=1)}, {"documents": "own"}, {"document_pull": 0.5})
    for change in needing:
        with pytest.raises(DataError, match=r"all 12 document vectors.*holds 5.*every_document=True"):
            distill(plain, collection=collection, teacher=teacher, prepared=both, **change)
