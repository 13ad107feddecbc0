"""A teacher that scores by cosine but stores vectors of any length: scores are cosines, matching copies the lengths."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from torch.nn.functional import normalize

from lab.config import DistillConfig
from lab.distillation import distill
from lab.encoders.teacher import load_teacher
from lab.geometry.safe_radius import safe_radius
from lab.losses import LossBatch, LossWeights, total
from lab.targets import as_ranked
from lab.training import Progress, TrainingData, train
from tests.tiny import TEXTS

SCORES = LossWeights(one_hot=1, score=1, margin=1, index_score=1, query_matching=0)
MATCHING = LossWeights(query_matching=1, document_matching=1, negative_matching=1)


def batch_of(lengths: tuple[float, ...], cosine: bool) -> LossBatch:
    """Eight queries with their documents and two hard negatives each; `lengths` of student, teacher, index."""
    generator = torch.Generator().manual_seed(0)

    def some(length: float, *shape: int) -> Tensor:
        return length * normalize(torch.randn(*shape, 16, generator=generator), dim=-1)

    student, teacher, index = lengths
    return LossBatch(
        some(student, 8), some(teacher, 8), some(teacher, 8), some(student, 8), some(teacher, 8, 2),
        some(student, 8, 2), some(index, 30), cosine=cosine,
    )  # fmt: skip


def test_score_terms_read_directions_and_matching_reads_vectors() -> None:
    unit, long = batch_of((1, 1, 1), cosine=False), batch_of((0.3, 7, 5), cosine=True)
    for name, value in total(SCORES, unit)[1].items():
        torch.testing.assert_close(total(SCORES, long)[1][name], value, msg=lambda text, name=name: f"{name}: {text}")
        assert total(SCORES, dataclasses.replace(long, cosine=False))[1][name] != pytest.approx(value.item(), rel=0.05)
    raw, said = total(MATCHING, dataclasses.replace(long, cosine=False))[1], total(MATCHING, long)[1]
    assert {name: value.item() for name, value in raw.items()} == {name: value.item() for name, value in said.items()}


@pytest.fixture(scope="module")
def long_teacher_dir(tiny_teacher_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny teacher without its last module: it still scores by cosine, its vectors are not of unit length."""
    model, path = SentenceTransformer(str(tiny_teacher_dir), device="cpu"), tmp_path_factory.mktemp("long") / "teacher"
    SentenceTransformer(modules=list(model)[:-1], similarity_fn_name="cosine", device="cpu").save(str(path))
    return path


@pytest.mark.parametrize(("similarity", "equal"), [("cosine", True), ("dot", False)])
def test_the_loop_scores_as_the_teacher_does(long_teacher_dir: Path, similarity: str, equal: bool) -> None:
    teacher = load_teacher(long_teacher_dir, "cpu", "float32")
    vectors, rows = teacher.encode(TEXTS), np.arange(len(TEXTS))
    assert teacher.similarity == "cosine" and not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=0.1)
    config = DistillConfig(
        batch=8, epochs=1, precision="float32", device="cpu", losses=LossWeights(score=1, query_matching=1)
    )

    def first(found: np.ndarray) -> float:
        data = TrainingData(tuple(TEXTS), found, rows, found, rows, tuple(TEXTS), rows, similarity=similarity)
        model = SentenceTransformer(str(long_teacher_dir), device="cpu")
        torch.manual_seed(0)  # of dropout: this model is trained as it was loaded
        return next(e.terms["score"] for e in train(model, data, config) if isinstance(e, Progress))

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (first(vectors) == pytest.approx(first(unit), rel=1e-4)) is equal


def test_a_recordings_safe_radius_is_that_of_the_ranking(long_teacher_dir: Path, tiny_config: DistillConfig) -> None:
    config = dataclasses.replace(tiny_config, teacher=str(long_teacher_dir), epochs=1, static=False)
    found = distill(config, record=True)
    recording = found.recording
    assert recording is not None
    queries = found.teacher.encode(recording.queries)
    documents = found.teacher.encode(found.collection.documents, "document")
    np.testing.assert_allclose(
        recording.radius, safe_radius(queries, as_ranked(documents, "cosine")).radius, rtol=1e-3, atol=1e-5
    )
    raw = safe_radius(queries, documents).radius
    assert not np.allclose(recording.radius, raw, rtol=1e-2)
