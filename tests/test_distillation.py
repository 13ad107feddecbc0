"""The verb from end to end on a tiny teacher: what it encodes, what it tells, how it goes on when interrupted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel

import lab
from lab.config import PAPER, DistillConfig
from lab.distillation import Distilled, distill
from lab.encoders.export import facts, load_student
from lab.encoders.sizes import Plan
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import CacheError, LabError, ModelError
from lab.losses import LossWeights
from lab.preparation import Looked, Stage, training_data
from lab.saving import save
from lab.store import VectorStore
from lab.training import Finished, Progress
from tests.tiny import HIDDEN, wordpiece


def test_the_student_answers_in_the_teachers_space(distilled: Distilled) -> None:
    texts = distilled.collection.documents
    student, teacher = distilled.student.encode(texts), distilled.teacher.encode(texts)
    assert student.shape == teacher.shape == (12, HIDDEN)
    assert (student * teacher).sum(1).mean() > 0.9
    assert distilled.student.parameters <= distilled.teacher.parameters / 1.9


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


def test_documents_of_its_own_are_learnt_by_one_switch(config: DistillConfig) -> None:
    found = distill(dataclasses.replace(config, documents="own", epochs=1, static=False, select=False))
    assert found.config.losses == LossWeights(document_matching=1.0)
    scores = LossWeights(score=1.0, query_matching=0.0)  # reads documents: they are learnt already
    kept = distill(dataclasses.replace(found.config, losses=scores))
    assert kept.config.losses == scores


def test_a_student_is_cut_by_sizes_given_by_hand(config: DistillConfig, tmp_path: Path) -> None:
    sizes = {"layers": [0, 2], "intermediate": 48, "embedding": 16, "vocabulary": 10_000}
    wanted = DistillConfig.from_dict({**dataclasses.asdict(config), "student": sizes, "epochs": 0.1, "static": False,
                                     "table": "corpus"})  # fmt: skip
    save(found := distill(wanted), tmp_path / "student")
    told = load_student(tmp_path / "student", "cpu").model.transformers_model.config
    assert (told.num_hidden_layers, told.intermediate_size, told.embedding_size) == (2, 48, 16)
    assert DistillConfig.from_dict(facts(tmp_path / "student")["config"]) == wanted
    assert found.config.layer_rate == config.layer_rate and "layers 0, 2 × 48" in found.student.source
    for changed, words in (({"layers": [3]}, "layers are 0 to 2"), ({"embedding": 32}, "embedding=32: 31 at most")):
        with pytest.raises(ModelError, match=words):
            distill(DistillConfig.from_dict({**dataclasses.asdict(wanted), "student": sizes | changed}))


class Killed(BaseException):
    """The process is gone: nothing of ours runs any more."""


def test_a_table_of_the_corpus_or_of_the_teachers_words(config: DistillConfig) -> None:
    """What "auto" came to is told, and other words have vectors of their own."""
    plain = dataclasses.replace(config, epochs=0.5, static=False, student=Plan((0,), 8, 8, 130))
    tables = {wanted: distill(plain, table=wanted) for wanted in ("corpus", "teacher", "auto")}
    assert [tables[wanted].config.table for wanted in ("corpus", "teacher")] == ["corpus", "teacher"]
    words = {wanted: set(found.student.model.tokenizer.get_vocab()) for wanted, found in tables.items()}
    assert tables["auto"].config.table != "auto" and words["auto"] == words[tables["auto"].config.table]
    teacher = tables["corpus"].teacher.model.tokenizer
    assert words["corpus"] < set(teacher.get_vocab()) and words["teacher"] - words["corpus"]
    with pytest.raises(LabError, match="table='all': choose one of"):
        distill(plain, table="all")


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


def test_a_model_of_its_own_is_one_student_whenever_and_however_often_it_is_made(
    config: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its checkpoint brings dropout and another width: the same seed and a resumed run end in the same student all the
    same, and what is saved holds the map to the teacher's space."""
    monkeypatch.setattr("lab.training.loop.CHECKPOINT_SECONDS", 0.0)
    sizes = {"hidden_size": 20, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
    narrow = BertConfig(vocab_size=len(wordpiece()), max_position_embeddings=64, **sizes)
    assert narrow.hidden_dropout_prob == narrow.attention_probs_dropout_prob == 0.1
    BertModel(narrow).save_pretrained(tmp_path / "own")
    wordpiece().save_pretrained(tmp_path / "own")
    run = dataclasses.replace(config, student=str(tmp_path / "own"), epochs=2, static=False, select=False)
    path, texts = tmp_path / "checkpoint.safetensors", ["polar bear", "where do penguins live?"]

    def killed(event: object) -> None:
        if isinstance(event, Progress) and event.step == 4:
            raise Killed

    found = distill(run)
    whole = found.student.encode(texts)
    assert np.array_equal(distill(run).student.encode(texts), whole)
    with pytest.raises(Killed):
        distill(run, checkpoint=path, listen=killed)
    assert np.array_equal(distill(run, checkpoint=path).student.encode(texts), whole)
    save(found, tmp_path / "saved")
    served = SentenceTransformer(str(tmp_path / "saved"), device="cpu").encode_query(texts)
    assert served.shape == (2, HIDDEN) and np.abs(served - whole).max() < 1e-5


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
