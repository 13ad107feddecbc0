"""The loop: it learns, repeats itself exactly, resumes exactly, stops at once, keeps the best."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lab.config import DistillConfig
from lab.encoders.sizes import Plan
from lab.encoders.student import make_student
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import CacheError, LabError, ModelError
from lab.losses import LossWeights
from lab.training import Finished, Progress, TrainingData, train
from lab.training import loop as module
from lab.training.batches import all_batches, epoch_batches, probe_steps, steps_in
from tests.tiny import TEXTS

CONFIG = DistillConfig(batch=4, epochs=6, rate=3e-3, precision="float32", device="cpu", probes=6)


@pytest.fixture(scope="module")
def teacher(tiny_teacher_dir: Path) -> DualEncoder:
    return load_teacher(tiny_teacher_dir, "cpu", "float32")


@pytest.fixture(scope="module")
def data(teacher: DualEncoder) -> TrainingData:
    vectors = teacher.encode(TEXTS)
    rows = np.arange(len(TEXTS))
    return TrainingData(tuple(TEXTS), vectors, rows, vectors, rows, tuple(TEXTS), rows)


def student(teacher: DualEncoder):
    return make_student(teacher, Plan((2,), 32, 16, 10_000), TEXTS, teacher.encode(TEXTS))


def weights(model) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_matching_brings_the_student_to_the_teacher(teacher: DualEncoder, data: TrainingData) -> None:
    model = student(teacher)
    before = np.linalg.norm(model.encode(TEXTS) - data.queries, axis=1).mean()
    events = list(train(model, data, CONFIG))
    after = np.linalg.norm(model.encode(TEXTS) - data.queries, axis=1).mean()
    assert after < 0.7 * before
    steps = [e.step for e in events if isinstance(e, Progress)]
    assert steps == list(range(1, steps_in(len(TEXTS), 4, 6) + 1))
    assert isinstance(events[-1], Finished) and not events[-1].stopped


def test_the_same_seed_gives_the_same_student_and_another_does_not(teacher: DualEncoder, data: TrainingData) -> None:
    found = []
    for seed in (0, 0, 1):
        model = student(teacher)
        list(train(model, data, dataclasses.replace(CONFIG, epochs=2, seed=seed)))
        found.append(weights(model))
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])


def test_an_interrupted_run_resumes_to_the_very_same_student(
    teacher: DualEncoder, data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    whole, broken, resumed = student(teacher), student(teacher), student(teacher)

    def run(model, **how):
        return train(model, data, CONFIG, probe=lambda step: float(weights(model)[0]), **how)

    list(run(whole))
    path = tmp_path / "checkpoint.safetensors"
    for event in run(broken, checkpoint=path, key="k"):
        if isinstance(event, Progress) and event.step == 9:
            break  # as if the process had been killed: no further event is asked for
    assert path.exists()
    events = list(run(resumed, checkpoint=path, key="k"))
    assert min(e.step for e in events if isinstance(e, Progress)) > 1
    assert torch.equal(weights(whole), weights(resumed))
    assert not path.exists()
    finished = events[-1]
    assert isinstance(finished, Finished) and 0 < finished.before < finished.seconds


def test_a_checkpoint_of_another_run_or_a_damaged_one_is_refused(
    teacher: DualEncoder, data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    path = tmp_path / "checkpoint.safetensors"
    list(train(student(teacher), data, CONFIG, stop=lambda: True, checkpoint=path, key="one"))
    with pytest.raises(CacheError, match="another run"):
        list(train(student(teacher), data, CONFIG, checkpoint=path, key="two"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CacheError, match=r"cannot be read.*delete it"):
        list(train(student(teacher), data, CONFIG, checkpoint=path, key="one"))


def test_stop_is_obeyed_after_the_running_step(teacher: DualEncoder, data: TrainingData) -> None:
    events = list(train(student(teacher), data, CONFIG, stop=lambda: True))
    assert [e.step for e in events if isinstance(e, Progress)] == [1]
    assert isinstance(events[-1], Finished) and events[-1].stopped


def test_the_best_look_is_kept_unless_selection_is_off(teacher: DualEncoder, data: TrainingData) -> None:
    def run(select: bool):
        model, kept = student(teacher), {}

        def probe(step: int) -> float:
            kept[step] = weights(model)
            return float(step == 2)  # a student that is best after two steps

        *_, last = train(model, data, dataclasses.replace(CONFIG, select=select), probe=probe)
        return model, kept, last

    model, kept, last = run(True)
    assert last.best_step == 2 and torch.equal(weights(model), kept[2])
    model, kept, last = run(False)
    assert last.best_step == last.step and torch.equal(weights(model), kept[last.step])


def test_the_index_that_is_ranked_is_the_one_that_was_asked_for(teacher: DualEncoder, data: TrainingData) -> None:
    config = dataclasses.replace(CONFIG, losses=LossWeights(index_score=1, query_matching=0), epochs=1)
    whole, some, same = student(teacher), student(teacher), student(teacher)
    list(train(whole, data, config))
    list(train(some, dataclasses.replace(data, index=np.arange(3)), config))
    list(train(same, dataclasses.replace(data, documents=data.documents[:3]), config))
    assert torch.equal(weights(some), weights(same)) and not torch.equal(weights(some), weights(whole))


@pytest.mark.parametrize(
    ("losses", "documents", "negatives", "terms"),
    [
        (LossWeights(one_hot=1, score=1), "inherited", 0, {"one_hot", "score", "query_matching"}),
        (LossWeights(index_score=0.5), "inherited", 0, {"index_score", "query_matching"}),
        (LossWeights(margin=1, query_matching=0), "inherited", 2, {"margin"}),
        (
            LossWeights(document_matching=1, spread_out=1),
            "own",
            0,
            {"query_matching", "document_matching", "spread_out"},
        ),
        (LossWeights(score=1, negative_matching=1), "own", 2, {"query_matching", "score", "negative_matching"}),
    ],
)
def test_every_loss_trains(teacher: DualEncoder, data: TrainingData, losses, documents, negatives, terms) -> None:
    rows = (np.arange(len(TEXTS))[:, None] + [[1, 2]]) % len(TEXTS) if negatives else None
    config = dataclasses.replace(CONFIG, epochs=10, losses=losses, documents=documents)
    events = [
        e for e in train(student(teacher), dataclasses.replace(data, negatives=rows), config) if isinstance(e, Progress)
    ]
    assert set(events[0].terms) == terms
    assert set(events[0].gradients) == (terms if len(terms) > 1 else set())
    assert np.mean([e.loss for e in events[-5:]]) < np.mean([e.loss for e in events[:5]])


def test_a_run_that_blows_up_says_so(teacher: DualEncoder, data: TrainingData) -> None:
    broken = dataclasses.replace(data, queries=np.full_like(data.queries, 1e38))
    with pytest.raises((ModelError, ValueError), match=r"lower the rate|NaN|infinit|finite"):
        list(train(student(teacher), broken, dataclasses.replace(CONFIG, losses=LossWeights(distance="squared"))))


@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 3), st.integers(0, 2))
def test_an_epoch_holds_every_text_once(texts: int, batch: int, seed: int, epoch: int) -> None:
    batches = epoch_batches([n % 7 for n in range(texts)], batch, seed, epoch)
    assert sorted(np.concatenate(batches)) == list(range(texts)) and max(map(len, batches)) <= batch


@given(st.integers(10, 400), st.integers(8, 32), st.integers(0, 3))
def test_texts_of_a_batch_are_of_about_one_length(texts: int, batch: int, seed: int) -> None:
    lengths = np.random.default_rng(seed).integers(2, 64, texts)
    batches = sorted(sorted(lengths[rows].tolist()) for rows in epoch_batches(lengths.tolist(), batch, seed, 0))
    # up to 50 batches are sorted together: no two of them share more than the length at which they meet
    assert all(shorter[-1] <= longer[0] for shorter, longer in itertools.pairwise(batches))


@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 29))
def test_a_resumed_order_is_the_tail_of_the_whole(texts: int, steps: int, start: int) -> None:
    whole = list(all_batches([1] * texts, 3, 0, steps))
    tail = list(all_batches([1] * texts, 3, 0, steps, min(start, steps)))
    assert len(whole) == steps
    assert all(np.array_equal(a, b) for a, b in zip(whole[min(start, steps) :], tail, strict=True))


@given(st.integers(1, 100_000), st.integers(2, 30))
def test_looks_are_log_spaced_and_include_both_ends(steps: int, probes: int) -> None:
    looks = probe_steps(steps, probes)
    assert looks[0] == 0 and looks[-1] == steps and looks == sorted(set(looks)) and len(looks) <= max(probes, 2) + 1


@pytest.mark.parametrize(
    "change", [{"queries": "test"}, {"documents": "both"}, {"rate": 0}, {"epochs": -1}, {"warmup": 1.0}]
)
def test_a_config_that_makes_no_sense_is_refused(change: dict) -> None:
    with pytest.raises(LabError, match=next(iter(change))):
        DistillConfig(**change)


def test_every_setting_says_what_it_is_and_none_can_be_changed() -> None:
    lines = inspect.getsource(DistillConfig).split("    def ")[0]
    for field in dataclasses.fields(DistillConfig):
        stated = re.search(rf"^    {field.name}: (.*?)(?=^    \w+: |\Z)", lines, re.MULTILINE | re.DOTALL)
        assert stated and "# " in stated[1], f"{field.name} has no comment"
    with pytest.raises(dataclasses.FrozenInstanceError):
        DistillConfig().seed = 1  # type: ignore[misc]


def test_a_config_survives_json_and_unknown_keys_are_named() -> None:
    config = DistillConfig(student="quarter", losses=LossWeights(score=0.5))
    assert DistillConfig.from_json(config.to_json()) == config
    with pytest.raises(LabError, match="colour"):
        DistillConfig.from_json('{"colour": 1}')


@pytest.mark.parametrize(("inside", "known"), [("losses", "query_matching"), ("texts", "span_words")])
def test_an_unknown_setting_inside_another_is_named(inside: str, known: str) -> None:
    with pytest.raises(LabError, match=rf"settings of {inside} \['colour'\]; this version knows .*'{known}'"):
        DistillConfig.from_dict({inside: {"colour": 1}})


@pytest.mark.parametrize(("text", "message"), [('{"seed": 1', "no JSON"), ("[1]", "a list, not an object")])
def test_a_config_that_is_no_object_is_a_lab_error(text: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        DistillConfig.from_json(text)
