"""The verb from end to end on a tiny teacher: what it reads, what it saves, what anyone can load."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import lab
from lab.collection import Collection
from lab.collection.texts import TextMix
from lab.config import PAPER, DistillConfig
from lab.distillation import Distilled, distill
from lab.encoders.export import facts, load_student, pair, query_flops, stored_parameters
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import CacheError, DataError, LabError, ModelError
from lab.generation import Made, NoiseSettings
from lab.losses import LossWeights
from lab.preparation import Looked, Stage, fit_prepared, training_data
from lab.recording import Recording
from lab.report import evaluate
from lab.saving import save
from lab.store import VectorStore
from lab.training import Finished, Progress
from tests.tiny import HIDDEN


@pytest.fixture(scope="module")
def config(tiny_config: DistillConfig) -> DistillConfig:
    return dataclasses.replace(tiny_config, epochs=20, probes=8, static=True)


@pytest.fixture(scope="module")
def distilled(config: DistillConfig) -> Distilled:
    return distill(config, record=True)


@pytest.fixture(scope="module")
def folder(distilled: Distilled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "student"
    save(distilled, path)
    return path


def test_the_student_answers_in_the_teachers_space(distilled: Distilled) -> None:
    texts = distilled.collection.documents
    student, teacher = distilled.student.encode(texts), distilled.teacher.encode(texts)
    assert student.shape == teacher.shape == (12, HIDDEN)
    assert (student * teacher).sum(1).mean() > 0.9
    assert distilled.student.parameters <= distilled.teacher.parameters / 1.9


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
    assert set(opened) == {"train"} and set(more.texts) - set(plain.texts) == set(queries["train"].values())
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


def test_matching_on_queries_encodes_only_the_documents_it_is_looked_at_in(
    config: DistillConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.preparation.INDEX_DOCUMENTS", 5)
    asked: list[tuple[str, int]] = []
    encode = DualEncoder.encode

    def spy(self, texts, kind="query"):
        asked.append((kind, len(texts)))
        return encode(self, texts, kind)

    monkeypatch.setattr(DualEncoder, "encode", spy)
    plain = dataclasses.replace(config, static=False, **PAPER)
    found = distill(dataclasses.replace(plain, epochs=2), store=VectorStore(None))
    assert [count for kind, count in asked if kind == "document"] == [5]
    assert found.finished.step > 5
    asked.clear()
    distill(dataclasses.replace(plain, epochs=1), store=VectorStore(None), record=True)
    assert [count for kind, count in asked if kind == "document"] == [12]  # a recording shows them all


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


def test_a_recorded_run_trains_as_one_that_is_not(config: DistillConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.preparation.INDEX_DOCUMENTS", 5)
    ranks = dataclasses.replace(config, epochs=1, static=False, select=False, losses=LossWeights(index_score=1.0))
    plain, recorded = (distill(ranks, store=VectorStore(None), record=record) for record in (False, True))
    texts = ["polar bear", "where do penguins live?"]
    assert np.array_equal(plain.student.encode(texts), recorded.student.encode(texts))


def test_events_tell_the_whole_story(config: DistillConfig) -> None:
    events: list = []
    distill(dataclasses.replace(config, epochs=1), listen=events.append)
    stages = [e.name for e in events if isinstance(e, Stage)]
    assert stages[0] == "teacher encodes documents" and "building the student" in stages
    steps = [e for e in events if isinstance(e, Progress)]
    assert steps[-1].step == steps[-1].steps and steps[-1].seconds_left == 0
    assert sum(isinstance(e, Finished) for e in events) == 1


def test_every_look_is_told_while_it_trains(config: DistillConfig) -> None:
    events: list = []
    found = distill(dataclasses.replace(config, epochs=2, static=False), record=True, listen=events.append)
    looks = [e for e in events if isinstance(e, Looked)]
    kept = found.recording
    assert kept is not None and [e.step for e in looks] == kept.steps.tolist()
    assert np.allclose([e.distance for e in looks], kept.measures["mean distance"], atol=1e-6)
    assert np.allclose([e.overlap for e in looks], kept.measures["overlap@10"], atol=1e-6)
    assert events.index(looks[1]) < max(n for n, e in enumerate(events) if isinstance(e, Progress))
    chosen = next(e for e in looks if e.step == found.finished.best_step)
    assert found.fidelity.overlap.value == pytest.approx(chosen.overlap, abs=0.02)  # the same texts


class Killed(BaseException):
    """The process is gone: nothing of ours runs any more."""


def test_an_interrupted_recording_goes_on_bit_for_bit(
    config: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.training.loop.CHECKPOINT_SECONDS", 0.0)
    run, path = dataclasses.replace(config, epochs=3, static=False), tmp_path / "checkpoint.safetensors"

    def killed(event: object) -> None:
        if isinstance(event, Progress) and event.step == 5:
            raise Killed

    whole = distill(run, record=True).recording
    with pytest.raises(Killed):
        distill(run, record=True, checkpoint=path, listen=killed)
    looked: list[int] = []
    resumed = distill(
        run, record=True, checkpoint=path, listen=lambda e: looked.append(e.step) if isinstance(e, Looked) else None
    ).recording
    assert whole is not None and resumed is not None
    assert 0 < len(looked) < len(whole.steps), "it must have gone on, not begun anew"
    for name in ("steps", "distances", "rows", "scores", "teacher_rows", "teacher_scores", "radius"):
        ours, theirs = getattr(resumed, name), getattr(whole, name)
        assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs), name
    assert whole.measures.keys() == resumed.measures.keys()
    assert all(np.array_equal(resumed.measures[name], values) for name, values in whole.measures.items())


def test_a_recording_is_not_resumed_from_a_run_without_one(
    config: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.training.loop.CHECKPOINT_SECONDS", 0.0)
    run, path = dataclasses.replace(config, epochs=1, static=False), tmp_path / "checkpoint.safetensors"
    distill(run, checkpoint=path, stop=lambda: True)
    with pytest.raises(CacheError, match="another run; delete it"):
        distill(run, checkpoint=path, record=True)
    collection, teacher, store = lab.load_collection(run.collection), load_teacher(run.teacher, "cpu"), VectorStore()
    data, held = training_data(run, collection, teacher, store)
    fewer = dataclasses.replace(data, texts=data.texts[:-1], queries=data.queries[:-1], positives=data.positives[:-1])
    with pytest.raises(CacheError, match="another run; delete it"):
        distill(run, checkpoint=path, prepared=(fewer, held))


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
    few = dataclasses.replace(config, texts=TextMix(sentences=1), epochs=1, static=False)
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


def test_the_saved_folder_is_the_student_and_holds_no_code(folder: Path, distilled: Distilled) -> None:
    texts = ["white fur", "a board game for two players", "volcano"]
    loaded = load_student(folder, "cpu")
    assert np.abs(loaded.encode(texts) - distilled.student.encode(texts)).max() < 1e-5
    assert (
        np.abs(SentenceTransformer(str(folder), device="cpu").encode_query(texts) - loaded.encode(texts)).max() < 1e-5
    )
    kinds = {p.suffix for p in folder.rglob("*") if p.is_file()}
    assert kinds <= {".json", ".safetensors", ".md", ".txt"}
    about = facts(folder)
    assert about["parameters"]["student"] == stored_parameters(folder) == loaded.parameters
    assert about["flops"]["student"] == query_flops(loaded.model) < about["flops"]["teacher"]
    assert json.dumps(about["config"]["student"]) == '"half"'
    card = (folder / "README.md").read_text()
    assert f"{loaded.parameters:,} parameters" in card and "no retention" in card
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert f"{about['bytes'] / 1e6:.1f} MB" in card and about["bytes"] >= size
    assert f"{about['flops']['student'] / 1e6:.1f} MFLOPs for a 12-token query" in card
    assert distilled.teacher.source in card and f"{distilled.collection.name}, 12 documents" in card
    assert str(distilled.fidelity.overlap) in card and str(distilled.fidelity.distance) in card


LOAD_ELSEWHERE = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("lab", "faiss", "plotly", "ipywidgets", "umap", "bm25s", "ir_measures"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, Forbidden())
import numpy as np
from sentence_transformers import SentenceTransformer
vectors = SentenceTransformer(sys.argv[1], device="cpu", trust_remote_code=False).encode_query(sys.argv[3:])
np.save(sys.argv[2], vectors, allow_pickle=False)
assert "lab" not in sys.modules
"""


def test_the_folder_loads_where_only_sentence_transformers_is(
    folder: Path, distilled: Distilled, tmp_path: Path
) -> None:
    texts = ["white fur", "board game with stones"]
    command = [sys.executable, "-c", LOAD_ELSEWHERE, str(folder), str(tmp_path / "v.npy"), *texts]
    subprocess.run(command, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    assert np.abs(np.load(tmp_path / "v.npy") - distilled.student.encode(texts)).max() < 1e-5


def test_an_asymmetric_pair_routes_queries_and_documents(distilled: Distilled, tmp_path: Path) -> None:
    both = pair(distilled.student.model, distilled.teacher.model)
    both.save_pretrained(str(tmp_path))
    again = SentenceTransformer(str(tmp_path), device="cpu")
    texts = ["white fur", "volcano"]
    assert np.allclose(again.encode_query(texts), distilled.student.encode(texts), atol=1e-5)
    assert np.allclose(again.encode_document(texts), distilled.teacher.encode(texts), atol=1e-5)


def test_a_save_replaces_a_student_but_no_stranger(distilled: Distilled, tmp_path: Path) -> None:
    save(distilled, tmp_path / "mine")
    save(distilled, tmp_path / "mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("precious")
    with pytest.raises(ModelError, match="not a student"):
        save(distilled, tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "other"]  # nothing temporary is left


def test_a_recording_survives_the_disk_and_tells_of_progress(folder: Path, distilled: Distilled) -> None:
    kept, again = distilled.recording, Recording.load(folder / "recording")
    assert kept is not None
    assert np.array_equal(kept.rows, again.rows) and np.array_equal(kept.steps, again.steps)
    assert np.allclose(kept.distances, again.distances, atol=2e-3)
    assert again.queries == kept.queries and set(again.measures) >= {"mean distance", "overlap@10"}
    assert again.distances[-1].mean() < again.distances[0].mean()
    assert (again.radius > 0).all() and again.rows.max() < len(distilled.collection)
    inside = again.distances < 0.99 * again.radius
    assert (again.rows[inside][:, 0] == np.broadcast_to(again.teacher_rows[:, 0], inside.shape)[inside]).all()


def test_a_student_with_its_own_documents_is_searched_in_its_own_index(config: DistillConfig) -> None:
    from lab.losses import LossWeights

    own = dataclasses.replace(
        config, documents="own", losses=LossWeights(one_hot=1, query_matching=0), epochs=4, static=False
    )
    found = distill(own, record=True)
    report = evaluate(found.student, found.collection, "dev", found.teacher, own_documents=True)
    apart = evaluate(found.student, found.collection, "dev", found.teacher)
    assert not np.array_equal(report.runs["student"].scores, apart.runs["student"].scores)
    assert found.static is None and found.recording is not None


def test_evaluate_stands_the_student_beside_teacher_bm25_and_static(distilled: Distilled) -> None:
    report = evaluate(distilled.student, distilled.collection, "test", distilled.teacher, static=distilled.static)
    assert set(report.metrics) == {"teacher", "student", "static", "bm25"}
    assert report.retention().value == pytest.approx(
        report.metrics["student"]["nDCG@10"] / report.metrics["teacher"]["nDCG@10"]
    )
    told = report.as_json()
    assert told["queries"] == 4 and set(told["retention"]["nDCG@10"]) == {"value", "low", "high"}
    assert {"nDCG@10", "MRR@10", "R@100"} <= set(told["metrics"]["bm25"])
    assert len(report.comparison().frame()) == 4 and "distance" in report.comparison().frame()


def test_queries_that_allow_no_ratio_leave_the_other_numbers(distilled: Distilled) -> None:
    report = evaluate(distilled.student, distilled.collection, "test", distilled.teacher, static=distilled.static)
    poor = {
        engine: {name: kept * [1, 0, 0, 0] for name, kept in values.items()} for engine, values in report.values.items()
    }
    few = dataclasses.replace(report, values=poor)  # a resample may hold none of the one query that finds anything
    with pytest.raises(DataError, match="3 of 4 queries"):
        few.retention()
    told = few.as_json()
    assert (
        told["retention"]["nDCG@10"] == told["retention_static"]["nDCG@10"] == dict.fromkeys(("value", "low", "high"))
    )
    assert told["metrics"] == few.metrics and json.loads(json.dumps(told)) == told
    assert str(few).count("no retention: the teacher scores 0 on 3 of 4") == 1 and "bm25" in str(few)


def test_the_teacher_as_its_own_student_keeps_everything(distilled: Distilled) -> None:
    report = evaluate(distilled.teacher, distilled.collection, "test", distilled.teacher)
    kept = report.retention()
    assert (kept.value, kept.low, kept.high) == (1, 1, 1) and report.distances.max() < 1e-6


def test_evaluate_refuses_what_cannot_be_measured(distilled: Distilled, folder: Path) -> None:
    with pytest.raises(DataError, match=r"no judged split 'train'.*fidelity"):
        evaluate(distilled.student, distilled.collection, "train", distilled.teacher)
    from sentence_transformers.sentence_transformer.modules import Dense

    wide = SentenceTransformer(
        modules=[*SentenceTransformer(str(folder), device="cpu"), Dense(HIDDEN, 7)], device="cpu"
    )
    with pytest.raises(ModelError, match="7 dimensions, the teacher 32"):
        evaluate(DualEncoder(wide, "wide", "float32"), distilled.collection, "test", distilled.teacher)
