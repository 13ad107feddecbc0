"""A random start: the student's architecture with nothing of the teacher's weights in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lab.encoders.sizes import Plan
from lab.encoders.student import make_student
from lab.encoders.teacher import DualEncoder, load_teacher
from lab.errors import ModelError
from tests.tiny import LAYERS, TEXTS, backbone, wordpiece

WHOLE = Plan(tuple(range(LAYERS)), 64, 24, 10_000)


@pytest.fixture(scope="module")
def teacher(tiny_teacher_dir: Path) -> DualEncoder:
    return load_teacher(tiny_teacher_dir, "cpu", "float32")


@pytest.fixture(scope="module")
def vectors(teacher: DualEncoder) -> np.ndarray:
    return teacher.encode(TEXTS)


def test_only_the_weights_differ(teacher: DualEncoder, vectors: np.ndarray) -> None:
    cut = make_student(teacher, WHOLE, TEXTS, vectors).state_dict()
    new = make_student(teacher, WHOLE, TEXTS, vectors, start="random").state_dict()
    assert {name: tensor.shape for name, tensor in cut.items()} == {name: tensor.shape for name, tensor in new.items()}
    matrices = [name for name, tensor in cut.items() if tensor.is_floating_point() and tensor.ndim > 1]
    assert len(matrices) > 10 and not any(torch.equal(cut[name], new[name]) for name in matrices)


def test_a_random_start_knows_nothing_of_the_teacher(teacher: DualEncoder, vectors: np.ndarray) -> None:
    def cosine(start: str) -> float:
        student = DualEncoder(make_student(teacher, WHOLE, TEXTS, vectors, start=start), start, "float32")
        return float((student.encode(TEXTS) * vectors).sum(1).mean())

    assert abs(cosine("random")) < 0.3 < cosine("teacher") - 0.2


def test_the_seed_decides_and_nobody_elses_seed_is_touched(teacher: DualEncoder, vectors: np.ndarray) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (
        make_student(teacher, WHOLE, TEXTS, vectors, seed, start="random").state_dict() for seed in (3, 3, 4)
    )
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_nothing_is_observed_for_it(
    teacher: DualEncoder, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.encoders.student.observe", lambda *_: pytest.fail("the teacher was read"))
    make_student(teacher, WHOLE, TEXTS, vectors, start="random")


def test_a_checkpoint_brings_its_own_weights(teacher: DualEncoder, vectors: np.ndarray, tmp_path: Path) -> None:
    backbone("distilbert").save_pretrained(tmp_path)
    wordpiece().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"start='random' is for the sizes half"):
        make_student(teacher, tmp_path, TEXTS, vectors, start="random")
