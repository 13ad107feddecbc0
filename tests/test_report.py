"""A student beside its teacher, BM25 and the static student: what is told, and what cannot be measured."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense

from lab.config import DistillConfig
from lab.distillation import Distilled, distill
from lab.encoders.teacher import DualEncoder
from lab.errors import DataError, ModelError
from lab.losses import LossWeights
from lab.report import evaluate
from tests.tiny import HIDDEN


def test_a_student_with_its_own_documents_is_searched_in_its_own_index(config: DistillConfig) -> None:
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
    assert told["metrics"] == few.metrics and "not measured" not in str(few) and json.loads(json.dumps(told)) == told
    assert str(few).count("no retention: the teacher scores 0 on 3 of 4") == 1 and "bm25" in str(few)


def test_the_teacher_as_its_own_student_keeps_everything(distilled: Distilled) -> None:
    report = evaluate(distilled.teacher, distilled.collection, "test", distilled.teacher)
    assert report.as_json()["metrics"]["static"] is None and "static    not measured" in str(report)
    kept = report.retention()
    assert (kept.value, kept.low, kept.high) == (1, 1, 1) and report.distances.max() < 1e-6


def test_evaluate_refuses_what_cannot_be_measured(distilled: Distilled) -> None:
    with pytest.raises(DataError, match=r"no judged split 'train'.*fidelity"):
        evaluate(distilled.student, distilled.collection, "train", distilled.teacher)
    wide = SentenceTransformer(modules=[*distilled.student.model, Dense(HIDDEN, 7)], device="cpu")
    with pytest.raises(ModelError, match="7 dimensions, the teacher 32"):
        evaluate(DualEncoder(wide, "wide", "float32"), distilled.collection, "test", distilled.teacher)
