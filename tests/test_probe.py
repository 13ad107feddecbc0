"""What a student is looked at in: the teacher's index, its own documents, a sample of either."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lab.config import DistillConfig
from lab.distillation import distill
from lab.errors import LabError
from lab.losses import LossWeights
from lab.probe import IN_TEACHERS_INDEX

SAMPLE = 11  # of 12 documents
SCORES = LossWeights(query_matching=0, score=1)


@pytest.fixture(scope="module")
def config(tiny_config: DistillConfig) -> DistillConfig:
    return dataclasses.replace(tiny_config, losses=SCORES)


def test_inherited_documents_are_the_teachers_index(config: DistillConfig) -> None:
    seen = distill(config, record=True).recording
    assert seen is not None
    assert np.array_equal(seen.measures[IN_TEACHERS_INDEX], seen.measures["overlap@10"])


def test_own_documents_are_looked_at_in_both_indexes_of_one_sample(config: DistillConfig) -> None:
    own = distill(config, documents="own", start="random", record=True, searched=SAMPLE).recording
    inherited = distill(config, record=True, searched=SAMPLE).recording
    assert own is not None and inherited is not None
    assert not np.array_equal(own.measures[IN_TEACHERS_INDEX], own.measures["overlap@10"])
    assert np.array_equal(own.teacher_rows, inherited.teacher_rows), "looked at in one sample they can be compared"
    left_out = set(range(12)) - set(own.teacher_rows.ravel().tolist()) - set(own.rows.ravel().tolist())
    assert len(left_out) >= 1 and own.about["config"]["start"] == "random"


def test_the_start_is_one_of_two() -> None:
    with pytest.raises(LabError, match="start='middle': choose one of 'teacher', 'random'"):
        DistillConfig(start="middle")
    assert DistillConfig.from_json(DistillConfig(start="random").to_json()).start == "random"
