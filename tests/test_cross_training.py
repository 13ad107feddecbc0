"""Training a cross encoder, saving its changes, re-ranking, and copying it into a dual encoder: with tiny models."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from lab.collection import load_collection
from lab.cross import (
    Copying,
    CrossConfig,
    CrossEncoder,
    PairTargets,
    about_cross,
    copy_pairs,
    load_cross,
    mine,
    prepare,
    rerank,
    save_cross,
    targets,
    train_cross,
)
from lab.cross.lowrank import adapt, merge
from lab.cross.students import pair_loss
from lab.encoders.teacher import load_teacher
from lab.errors import CacheError, DataError, LabError, ModelError
from lab.retrieval import ExactIndex, Run
from lab.training import Finished, Progress

CONFIG = CrossConfig(
    length=40, layers=2, rank=4, batch=4, epochs=12, rate=1e-2, negatives=3, depth=11, precision="float32"
)


@pytest.fixture(scope="module")
def teacher(tiny_teacher_dir):
    return load_teacher(tiny_teacher_dir, "cpu", "float32")


@pytest.fixture(scope="module")
def collection(tiny_collection_dir):
    return load_collection(tiny_collection_dir)


@pytest.fixture(scope="module")
def run(teacher, collection) -> Run:
    queries = collection.queries["dev"] | collection.queries["test"]
    index = ExactIndex(teacher.encode(collection.documents, "document"), collection.doc_ids, "cosine")
    return index.search(teacher.encode(list(queries.values())), tuple(queries), 12)


@pytest.fixture(scope="module")
def lists(collection, run):
    queries = dict(collection.queries["dev"]) | dict(collection.queries["test"])
    return mine(collection, run, queries, dict(collection.qrels["dev"]) | dict(collection.qrels["test"]), 3, 11)


def trained(teacher, lists, config) -> tuple[CrossEncoder, list[float]]:
    model = CrossEncoder.from_teacher(teacher, config)
    events = list(train_cross(model, prepare(model, lists)))
    assert isinstance(events[-1], Finished) and events[-1].step == len(events) - 1
    return model, [event.loss for event in events if isinstance(event, Progress)]


@pytest.fixture(scope="module")
def both(teacher, lists) -> dict[str, tuple[CrossEncoder, list[float]]]:
    return {scorer: trained(teacher, lists, dataclasses.replace(CONFIG, scorer=scorer)) for scorer in ("cls", "dual")}


def test_lists_begin_with_a_relevant_document_and_hold_no_other(collection, lists) -> None:
    for query_id, rows in zip(lists.query_ids, lists.rows, strict=True):
        split = "dev" if query_id in collection.qrels["dev"] else "test"
        relevant = {collection.row[doc_id] for doc_id in collection.qrels[split][query_id]}
        assert rows[0] in relevant and not relevant & set(rows[1:].tolist()) and len(set(rows.tolist())) == 4


def test_mining_says_when_there_are_too_few(collection, run) -> None:
    dev = collection.queries["dev"], collection.qrels["dev"]
    with pytest.raises(DataError, match="raise depth"):
        mine(collection, run, *dev, negatives=9, depth=5)
    one, other = (mine(collection, run, *dev, seed=seed).rows for seed in (0, 1))
    assert (mine(collection, run, *dev, seed=0).rows == one).all() and (one != other).any()


@pytest.mark.parametrize("scorer", ["cls", "dual"])
def test_training_orders_its_lists_and_changes_nothing_else(
    scorer: str, teacher, lists, both, tiny_teacher_dir
) -> None:
    before = load_teacher(tiny_teacher_dir, "cpu", "float32").model.state_dict()
    model, losses = both[scorer]
    assert np.mean(losses[-3:]) < 0.75 * np.mean(losses[:2])
    scores = model.scores(*lists.flat()).reshape(lists.rows.shape)
    assert (scores.argmax(axis=1) == 0).mean() > 0.5  # chance: a quarter
    assert all(torch.equal(tensor, before[name]) for name, tensor in teacher.model.state_dict().items())


def test_the_same_seed_gives_the_same_weights(teacher, lists) -> None:
    config = dataclasses.replace(CONFIG, epochs=1)
    first, second, other = (
        trained(teacher, lists, dataclasses.replace(config, seed=seed))[0].scores(*lists.flat()) for seed in (0, 0, 1)
    )
    assert (first == second).all() and (first != other).any()


def test_low_rank_changes_start_at_nothing_and_merge_exactly() -> None:
    layers = torch.nn.ModuleList([torch.nn.Linear(6, 5)])
    given, plain = torch.randn(3, 6), layers[0]
    before = plain(given)
    change = adapt(layers, 2, seed=0)["0"]
    assert torch.equal(layers[0](given), before)
    torch.nn.init.normal_(change.up)
    after = layers[0](given)
    assert not torch.allclose(after, before)
    merge(layers)
    assert isinstance(layers[0], torch.nn.Linear) and torch.allclose(layers[0](given), after, atol=1e-5)


def test_an_adapter_reads_pairs_as_long_as_it_was_trained_on_unless_told_otherwise(teacher, both, tmp_path) -> None:
    model = copy.deepcopy(both["dual"][0])
    model.config = dataclasses.replace(model.config, length=24, training_length=16)
    save_cross(model, tmp_path / "adapter.safetensors", {})
    lengths = [load_cross(tmp_path / "adapter.safetensors", teacher, *more).config.length for more in ((), (20,))]
    assert lengths == [16, 20]


@pytest.mark.parametrize("scorer", ["cls", "dual"])
def test_what_is_saved_comes_back(scorer: str, teacher, lists, both, tmp_path) -> None:
    model = copy.deepcopy(both[scorer][0])
    save_cross(model, tmp_path / "adapter.safetensors", {"queries": 7})
    again = load_cross(tmp_path / "adapter.safetensors", teacher)
    assert again.config == model.config and about_cross(tmp_path / "adapter.safetensors")["queries"] == 7
    assert again.scores(*lists.flat()) == pytest.approx(model.scores(*lists.flat()), abs=0.02)
    merge(model.layers)
    with pytest.raises(ModelError, match="before it is merged"):
        save_cross(model, tmp_path / "other.safetensors")


def test_a_torn_file_and_another_encoder_are_refused(teacher, both, tmp_path) -> None:
    path = tmp_path / "adapter.safetensors"
    save_cross(both["dual"][0], path)
    other = load_teacher(str(_other_teacher(tmp_path)), "cpu", "float32")
    with pytest.raises(ModelError, match="another encoder"):
        load_cross(path, other)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CacheError, match="no whole cross encoder"):
        load_cross(path, teacher)


def _other_teacher(folder):
    from tests.tiny import teacher_folder

    made = SentenceTransformer(str(teacher_folder(folder)))
    with torch.no_grad():
        made.transformers_model.get_input_embeddings().weight.add_(0.1)
    made.save_pretrained(str(folder / "other"))
    return folder / "other"


class ByLength:
    def scores(self, queries, documents):
        return np.array([-len(text) for text in documents], np.float32)


def test_rerank_orders_the_first_documents_and_no_others(collection, run) -> None:
    queries = dict(collection.queries["dev"]) | dict(collection.queries["test"])
    found = rerank(ByLength(), run, queries, collection.documents, depth=5, name="short first")
    assert found.k == 5 and found.name == "short first"
    for line in range(len(run)):
        assert set(found.rows[line]) == set(run.rows[line, :5])
        lengths = [len(collection.documents[row]) for row in found.rows[line]]
        assert lengths == sorted(lengths)
    with pytest.raises(DataError, match="12 documents"):
        rerank(ByLength(), run, queries, collection.documents[:3])
    with pytest.raises(DataError, match="no text"):
        rerank(ByLength(), run, {}, collection.documents)


def test_equal_scores_keep_the_first_order(collection, run) -> None:
    class Same:
        def scores(self, queries, documents):
            return np.zeros(len(documents), np.float32)

    queries = dict(collection.queries["dev"]) | dict(collection.queries["test"])
    # a run puts equal scores in row order; within it nothing is lost
    found = rerank(Same(), run, queries, collection.documents, depth=4)
    assert [set(row) for row in found.rows.tolist()] == [set(row) for row in run.rows[:, :4].tolist()]


def test_pair_loss_is_zero_for_a_perfect_copy_of_certain_scores() -> None:
    vectors = torch.eye(4)
    queries, documents = vectors[:1], torch.stack([vectors[0], vectors[1]])[None]
    copied = PairTargets(torch.tensor([[1.0, 0.0]]), queries[:, None].expand(1, 2, 4), documents)
    groups, config = np.array([[0, 1]]), Copying(temperature=0.01, teacher_temperature=0.01)
    assert pair_loss(queries, documents, copied, groups, config).item() == pytest.approx(0, abs=1e-6)
    # away from it: the query at right angles to its target, both documents in place
    off = pair_loss(vectors[2:3], documents, copied, groups, dataclasses.replace(config, score=0.0, temperature=1.0))
    assert off.item() == pytest.approx(np.log(2) + 2**0.5, rel=1e-5)


def test_a_twin_in_the_batch_is_no_negative() -> None:
    vectors = torch.eye(3)
    documents = torch.stack([vectors[:2], torch.stack([vectors[0], vectors[2]])])  # both lists: the same right one
    copied = PairTargets(torch.zeros(2, 2), torch.zeros(2, 2, 3), documents)
    config = Copying(score=0.0, matching=0.0, temperature=0.01)
    loss = pair_loss(vectors[[0, 0]], documents, copied, np.array([[0, 1], [0, 2]]), config)
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_a_dual_encoder_copies_pairs_and_matching_brings_it_nearer(both, lists, collection, tiny_teacher_dir) -> None:
    model, _ = both["dual"]
    copied, groups = targets(model, prepare(model, lists)), np.arange(len(collection))
    whole = model.predict(*lists.flat())  # tiny texts: nothing is cut either way
    assert torch.allclose(copied.scores.ravel(), whole.scores, atol=1e-4)
    assert torch.allclose(copied.documents.flatten(0, 1), whole.documents, atol=1e-4)
    distances = {}
    for matching in (0.0, 1.0):
        student = SentenceTransformer(str(tiny_teacher_dir), device="cpu")
        config = Copying(matching=matching, epochs=10, batch=4, rate=5e-3, precision="float32")
        events = copy_pairs(student, lists, copied, config, groups)
        losses = [event.loss for event in events if isinstance(event, Progress)]
        assert np.mean(losses[-3:]) < np.mean(losses[:3])
        vectors = torch.from_numpy(student.encode(list(lists.queries)))
        distances[matching] = float((vectors[:, None] - copied.queries).norm(dim=-1).mean())
    assert distances[1.0] < 0.9 * distances[0.0]


def test_settings_out_of_range_are_named() -> None:
    with pytest.raises(LabError, match="matching=-1"):
        Copying(matching=-1)
    with pytest.raises(LabError, match="rate=0"):
        Copying(rate=0)
    with pytest.raises(LabError, match="layers=0"):
        CrossConfig(layers=0)


def test_targets_of_other_lists_are_refused(lists, collection, tiny_teacher_dir) -> None:
    student = SentenceTransformer(str(tiny_teacher_dir), device="cpu")
    wrong = PairTargets(torch.zeros(2, 4), torch.zeros(2, 4, 32), torch.zeros(2, 4, 32))
    with pytest.raises(DataError, match="targets of shape"):
        next(copy_pairs(student, lists, wrong, Copying(), np.arange(len(collection))))
