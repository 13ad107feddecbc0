"""The verb from end to end on a tiny teacher: what it encodes, what it tells, how it goes on when interrupted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import lab
from lab.config import PAPER, DistillConfig
from lab.distillation import Distilled, distill
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import CacheError
from lab.losses import LossWeights
from lab.preparation import Looked, Stage, training_data
from lab.store import VectorStore
from lab.training import Finished, Progress
from tests.tiny import HIDDEN


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
