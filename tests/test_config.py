"""The keys by which stored studies know their runs again outlive settings that came after them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from lab.collection.texts import TextMix
from lab.config import DistillConfig

QUALITY = Path(__file__).resolve().parents[1] / "docs" / "quality.json"


def test_runs_of_the_quality_table_are_still_those_of_the_default_recipe() -> None:
    for row in json.loads(QUALITY.read_text(encoding="utf-8")):
        config = DistillConfig(collection=row["collection"], student=row["student"], seed=row["seeds"][0])
        assert config.digest() == row["config"]


def test_a_run_from_before_there_were_tables_of_other_words_is_one_of_the_corpus_words() -> None:
    earlier = DistillConfig(collection="wiki", student="tenth", seed=0, table="corpus")
    assert earlier.digest() == "558c058121cb" != DistillConfig(collection="wiki", student="tenth", seed=0).digest()


def test_a_later_setting_that_is_used_makes_another_key() -> None:
    usual = DistillConfig()
    others = [dataclasses.replace(usual, at_least=0), dataclasses.replace(usual, texts=TextMix(names=4))]
    assert len({config.digest() for config in (usual, *others)}) == 3
    assert DistillConfig.from_json(others[1].to_json()) == others[1]


def test_the_sigma_of_queries_that_are_not_made_names_no_other_run() -> None:
    usual, made = DistillConfig(), DistillConfig(queries="train", generated=2)
    assert dataclasses.replace(usual, sigma=3.0).digest() == usual.digest()
    assert dataclasses.replace(made, sigma=3.0).digest() != made.digest()
