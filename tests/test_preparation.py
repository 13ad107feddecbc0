"""What a training reads: documents, the train split where it is asked for, and nothing of dev and test."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

import lab
from lab.collection import Collection, load_collection
from lab.collection.texts import TextMix, document_texts, held_out_rows
from lab.config import DistillConfig
from lab.distillation import distill
from lab.encoders.teacher import load_teacher
from lab.errors import DataError, LabError
from lab.generation import FromDocuments, Made, NoiseSettings
from lab.preparation import fit_prepared, held_out_texts, training_data
from lab.store import VectorStore


def of_free_documents(collection: Collection) -> set[str]:
    """The dev queries whose best document is none of the held-out ones, which nothing may train on."""
    held = {collection.doc_ids[row] for row in held_out_rows(collection)}
    judged = collection.qrels["dev"]
    return {q for i, q in collection.queries["dev"].items() if max(judged[i], key=lambda d: judged[i][d]) not in held}


def test_dev_and_test_queries_are_never_opened(
    config: DistillConfig, tiny_collection_dir: Path, tmp_path: Path
) -> None:
    """Documents-only distillation works where queries and judgements cannot be read at all."""
    (tmp_path / "corpus.jsonl").write_bytes((tiny_collection_dir / "corpus.jsonl").read_bytes())
    (tmp_path / "queries.jsonl").mkdir()  # opening a folder as a file fails even for root, whom permissions do not stop
    (tmp_path / "qrels").mkdir()
    for split in ("dev", "test"):
        (tmp_path / "qrels" / f"{split}.tsv").mkdir()
    found = distill(dataclasses.replace(config, collection=str(tmp_path), epochs=1), record=True)
    assert found.texts > 12
    with pytest.raises((OSError, ValueError)):
        _ = found.collection.queries["test"]


def test_the_one_file_of_queries_gives_those_of_train_alone(
    config: DistillConfig, tiny_collection_dir: Path, tmp_path: Path
) -> None:
    """A BEIR folder has one queries.jsonl, which must be read; the judgements of dev and test need not, and are not."""
    shutil.copytree(tiny_collection_dir, tmp_path / "world")
    qrels = tmp_path / "world/qrels"
    (qrels / "dev.tsv").rename(qrels / "train.tsv")
    (qrels / "test.tsv").unlink()
    for split in ("dev", "test"):
        (qrels / f"{split}.tsv").mkdir()
    collection = lab.load_collection(tmp_path / "world")
    teacher = load_teacher(config.teacher, "cpu", "float32")
    data, held = training_data(dataclasses.replace(config, queries="train"), collection, teacher, VectorStore(None))
    whole = lab.load_collection(tiny_collection_dir)
    texts = {*data.texts, *held.texts}
    assert texts >= of_free_documents(whole) and not texts & set(whole.queries["test"].values())


def test_only_the_train_split_is_added_on_demand(config: DistillConfig, tiny_collection_dir: Path) -> None:
    whole = lab.load_collection(tiny_collection_dir)
    opened: list[str] = []

    class Spy(dict):
        def __getitem__(self, split: str):
            opened.append(split)
            return dict.__getitem__(self, split)

    queries = Spy(train=dict(whole.queries["dev"]), test=dict(whole.queries["test"]))
    qrels = Spy(train=dict(whole.qrels["dev"]), test=dict(whole.qrels["test"]))
    spied = Collection("spied", whole.doc_ids, whole.titles, whole.bodies)
    object.__setattr__(spied, "queries", queries)
    object.__setattr__(spied, "qrels", qrels)
    teacher, store = load_teacher(config.teacher, "cpu", "float32"), VectorStore()
    plain, _ = training_data(config, spied, teacher, store)
    assert opened == []
    more, _ = training_data(dataclasses.replace(config, queries="train"), spied, teacher, store)
    asked = of_free_documents(whole)
    assert set(opened) == {"train"} and set(more.texts) - set(plain.texts) == asked
    assert 0 < len(asked) < len(queries["train"]), "fidelity is measured on documents that nothing trained on"
    at = more.texts.index("which animal with white fur lives near the North Pole")
    assert spied.doc_ids[more.positives[at]] == "d02"  # the higher grade
    unseen = dataclasses.replace(config, queries="train", unseen=("d02",))
    assert more.texts[at] not in training_data(unseen, spied, teacher, store)[0].texts


class Numbering:
    """A generator that says every query again and puts numbers to it."""

    asked: list[NoiseSettings]

    def __init__(self) -> None:
        self.asked = []

    def generate(self, queries, settings, filters, encoder):
        self.asked.append(settings)
        rows = np.repeat(np.arange(len(queries)), settings.per_query)
        texts = [f"{queries[row]} {number}" for number, row in enumerate(rows)]
        return Made(tuple(texts), rows)


def test_queries_are_made_of_the_train_split_alone(config: DistillConfig, tiny_collection_dir: Path) -> None:
    whole = lab.load_collection(tiny_collection_dir)
    asked = {"d02": "white fox", "d05": "red planet"}
    split = {"train": {f"q{i}": text for i, text in enumerate(asked.values())}}
    judged = {"train": {f"q{i}": {doc_id: 1} for i, doc_id in enumerate(asked)}}
    collection = Collection("trained", whole.doc_ids, whole.titles, whole.bodies, queries=split, qrels=judged)
    teacher, generator, store = load_teacher(config.teacher, "cpu", "float32"), Numbering(), VectorStore(None)
    some = dataclasses.replace(config, queries="train", generated=3, sigma=0.5)
    with pytest.raises(LabError, match="needs a generator"):
        training_data(some, collection, teacher, store)
    plain, _ = training_data(dataclasses.replace(some, generated=0), collection, teacher, store, generator=generator)
    assert generator.asked == []
    more, _ = training_data(some, collection, teacher, store, generator=generator)
    made = dict(zip(more.texts, more.positives.tolist(), strict=True))
    made = {text: row for text, row in made.items() if text not in plain.texts}
    assert len(made) == 6 and [settings.sigma for settings in generator.asked] == [0.5]
    assert {text.rpartition(" ")[0]: collection.doc_ids[row] for text, row in made.items()} == {
        text: doc_id for doc_id, text in asked.items()
    }
    with pytest.raises(LabError, match="cannot be honoured"):
        fit_prepared(dataclasses.replace(some, generated=1), collection, more, "cosine")
    assert fit_prepared(some, collection, more, "cosine")[0] == some
    with pytest.raises(LabError, match="queries='train'"):
        dataclasses.replace(config, generated=2)
    with pytest.raises(LabError, match="generated=-1"):
        dataclasses.replace(some, generated=-1)


def test_a_missing_train_split_is_named(config: DistillConfig) -> None:
    with pytest.raises(DataError, match="no train split"):
        distill(dataclasses.replace(config, queries="train"))


@pytest.mark.parametrize("mix", [TextMix(), TextMix(sentences=2, questions=0, names=2, seed=3), TextMix(most=9)])
def test_its_texts_are_those_a_study_draws_from_the_documents(
    config: DistillConfig, monkeypatch: pytest.MonkeyPatch, mix: TextMix
) -> None:
    """One interface: what `lab distill` trains on is `FromDocuments`, and the texts are those of the core, in order."""
    drawn: list[FromDocuments] = []
    own = FromDocuments.draw
    monkeypatch.setattr(FromDocuments, "draw", lambda source, *given: drawn.append(source) or own(source, *given))
    collection, teacher = lab.load_collection(config.collection), load_teacher(config.teacher, "cpu", "float32")
    some = dataclasses.replace(config, texts=mix, at_least=0)
    data, held = training_data(some, collection, teacher, VectorStore(None))
    assert [source.mix for source in drawn] == [mix, TextMix()], "texts to train on, texts to look through"
    free = np.setdiff1d(np.arange(len(collection)), held_out_rows(collection))
    known, looked = document_texts(collection, free, mix), document_texts(collection, held_out_rows(collection))
    assert data.texts == known.texts and data.positives.tolist() == known.rows.tolist()
    assert set(held.texts) == set(looked.texts)


def test_held_out_documents_give_no_training_text(config: DistillConfig) -> None:
    collection = lab.load_collection(config.collection)
    data, held = training_data(config, collection, load_teacher(config.teacher, "cpu", "float32"), VectorStore())
    assert not set(held.rows.tolist()) & set(data.positives.tolist()) and len(held) > 0


def test_unseen_documents_give_no_text_and_stay_in_the_index(config: DistillConfig) -> None:
    collection, teacher = lab.load_collection(config.collection), load_teacher(config.teacher, "cpu", "float32")
    plain, _ = training_data(config, collection, teacher, VectorStore(None), every_document=True)
    hidden = collection.doc_ids[int(plain.positives[0])]
    changed = dataclasses.replace(config, unseen=(hidden,))
    data, _ = training_data(changed, collection, teacher, VectorStore(None), every_document=True)
    assert set(data.positives.tolist()) == set(plain.positives.tolist()) - {collection.row[hidden]}
    assert np.array_equal(data.documents, plain.documents)
    assert DistillConfig.from_json(changed.to_json()) == changed
    with pytest.raises(DataError, match="has no document 'nobody'"):
        training_data(dataclasses.replace(config, unseen=("nobody",)), collection, teacher, VectorStore(None))


def test_hard_negatives_are_neither_the_document_nor_its_twin(config: DistillConfig) -> None:
    whole = lab.load_collection(config.collection)
    twins = Collection(
        "twins", (*whole.doc_ids, "copy"), (*whole.titles, whole.titles[0]), (*whole.bodies, whole.bodies[0])
    )
    teacher = load_teacher(config.teacher, "cpu", "float32")
    data, _ = training_data(dataclasses.replace(config, hard_negatives=3), twins, teacher, VectorStore(None))
    assert data.negatives is not None and data.negatives.shape == (len(data.texts), 3)
    assert (data.groups[data.negatives] != data.groups[data.positives][:, None]).all()
    scores = data.queries @ data.documents.T
    chosen = np.take_along_axis(scores, data.negatives, 1)
    assert (np.diff(chosen, axis=1) <= 1e-6).all() and (chosen[:, 0] >= np.median(scores, axis=1)).all()


@pytest.mark.parametrize(("name", "shared"), [("wiki", 0), ("pydocs", 32)])
def test_as_many_held_out_texts_are_also_in_other_documents_as_readme_says(name: str, shared: int) -> None:
    collection = load_collection(name)
    free = np.setdiff1d(np.arange(len(collection)), held_out_rows(collection))
    trained, held = document_texts(collection, free), held_out_texts(collection)
    assert not set(held.rows) & set(free)
    assert len(set(trained.texts) & set(held.texts)) == shared
