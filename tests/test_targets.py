"""Targets drawn to the document a text was made from: values by hand, invariances, and where it is left alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from lab.collection import load_collection
from lab.config import PAPER, DistillConfig
from lab.distillation import distill
from lab.encoders.teacher import load_teacher
from lab.errors import LabError
from lab.losses import LossBatch, LossWeights, total
from lab.preparation import fit_prepared, training_data
from lab.store import VectorStore
from lab.targets import DEPTH, as_ranked, hard_negatives, pulled, ranks
from lab.training.loop import _optimiser


def test_the_middle_between_a_text_and_its_document_by_hand():
    queries, documents = np.eye(2, dtype=np.float32)[:1], np.eye(2, dtype=np.float32)[1:]
    found = pulled(queries, documents, np.array([0]), np.array([0]), 1.0)
    assert found == pytest.approx(np.array([[0.5**0.5, 0.5**0.5]]))
    found = pulled(queries, documents, np.array([0]), np.array([0]), 0.75)
    assert found == pytest.approx(np.array([[0.8, 0.6]]))


def test_a_text_keeps_its_length_and_a_document_counts_by_direction_alone():
    queries, documents = np.array([[3.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32)
    found = [pulled(queries, documents * scale, np.array([0]), np.array([0]), 0.75) for scale in (1, 7)]
    assert found[0] == pytest.approx(np.array([[2.4, 1.8]])) and found[1] == pytest.approx(found[0])


def test_a_text_that_does_not_find_its_document_keeps_the_teachers_vector():
    others = np.tile([[1.0, 0.0]], (DEPTH, 1))
    documents = np.vstack([others, [[0.0, 1.0]]]).astype(np.float32)
    queries, own = np.array([[1.0, 0.0]], np.float32), np.array([DEPTH])
    apart = np.arange(len(documents))
    assert ranks(queries, documents, own, apart).tolist() == [DEPTH]
    assert pulled(queries, documents, own, apart, 0.6) == pytest.approx(queries)
    # twins of the document itself are no competition; one competitor fewer is enough
    twins = apart.copy()
    twins[0] = DEPTH
    assert ranks(queries, documents, own, twins).tolist() == [DEPTH - 1]
    assert pulled(queries, documents, own, twins, 0.6) != pytest.approx(queries)


def test_matching_goes_to_the_target_and_scores_stay_the_teachers():
    teacher, target, student = torch.eye(3)[:1], torch.eye(3)[1:2], torch.eye(3)[2:]
    index = torch.eye(3)
    batch = LossBatch(student_queries=student, teacher_queries=teacher, query_targets=target, index=index)
    both = LossWeights(index_score=1.0)
    at_target = dataclasses.replace(batch, student_queries=target)
    at_teacher = dataclasses.replace(batch, student_queries=teacher)
    assert total(both, at_target)[1]["query_matching"] == pytest.approx(0.0)
    assert total(both, at_teacher)[1]["query_matching"] == pytest.approx(2**0.5)
    assert total(both, at_teacher)[1]["index_score"] == pytest.approx(0.0, abs=1e-6)


def test_training_data_holds_the_targets_its_config_asks_for(tiny_config):
    store, collection = VectorStore(None), load_collection(tiny_config.collection)
    teacher = load_teacher(tiny_config.teacher, "cpu", "float32")
    data, held = training_data(tiny_config, collection, teacher, store)
    assert data.targets is not None and len(data.documents) == len(collection)
    wanted = pulled(data.queries, data.documents, data.positives, data.groups, tiny_config.document_pull)
    assert np.array_equal(data.targets, wanted) and not np.allclose(wanted, data.queries)
    plain = dataclasses.replace(tiny_config, **PAPER)
    _, again = fit_prepared(plain, collection, data, "cosine")
    assert again.targets is None, "the paper's own matching has the teacher's vectors for targets"
    assert training_data(plain, collection, teacher, store)[0].targets is None


def test_a_teacher_of_cosines_is_not_misled_by_long_vectors():
    random = np.random.default_rng(0)
    queries, documents = (random.normal(size=(n, 4)).astype(np.float32) for n in (5, 30))
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    long = documents * random.uniform(0.2, 9, size=(30, 1)).astype(np.float32)
    own, apart = np.arange(5), np.arange(30)
    assert np.array_equal(
        hard_negatives(queries, as_ranked(long, "cosine"), own, apart, 3),
        hard_negatives(queries, documents, own, apart, 3),
    )
    assert np.array_equal(ranks(queries, as_ranked(long, "cosine"), own, apart), ranks(queries, documents, own, apart))
    assert not np.array_equal(ranks(queries, as_ranked(long, "dot"), own, apart), ranks(queries, documents, own, apart))
    assert as_ranked(documents, "cosine") is documents, "unit vectors are not copied"


def test_layers_of_the_teacher_move_at_their_share_of_the_rate(tiny_config):
    model = load_teacher(tiny_config.teacher, "cpu").model
    names = {id(p): name for name, p in model.named_parameters()}
    shares = {
        names[id(p)]: group["share"] for group in _optimiser(model, tiny_config).param_groups for p in group["params"]
    }
    assert {share for name, share in shares.items() if "encoder.layer." in name} == {tiny_config.layer_rate}
    assert {share for name, share in shares.items() if "encoder.layer." not in name} == {1.0}


def test_layers_that_are_not_the_teachers_move_at_the_whole_rate(tiny_config, tiny_teacher_dir):
    for change in ({"start": "random"}, {"student": str(tiny_teacher_dir)}):
        found = distill(dataclasses.replace(tiny_config, epochs=1, **change), store=VectorStore(None))
        assert found.config.layer_rate == 1.0, change
    assert distill(dataclasses.replace(tiny_config, epochs=1), store=VectorStore(None)).config.layer_rate < 1.0


def test_a_student_that_is_not_matched_has_no_targets(tiny_config, monkeypatch):
    monkeypatch.setattr("lab.preparation.INDEX_DOCUMENTS", 5)
    scores = dataclasses.replace(tiny_config, losses=LossWeights(index_score=1.0, query_matching=0.0))
    collection, teacher = load_collection(scores.collection), load_teacher(scores.teacher, "cpu", "float32")
    data, _ = training_data(scores, collection, teacher, VectorStore(None))
    assert data.targets is None and len(data.documents) == 5, "and so no document was read for them"


@pytest.mark.parametrize("name", ["document_pull", "layer_rate"])
def test_a_pull_or_a_share_below_nothing_is_refused(name):
    with pytest.raises(LabError, match=name):
        DistillConfig(**{name: -0.1})
    with pytest.raises(LabError, match=name):
        DistillConfig(**{name: float("nan")})
