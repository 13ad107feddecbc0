"""The rungs as settings, and the arithmetic of benchmarks/ladder.py."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import lab
from lab.config import DistillConfig
from lab.encoders.teacher import load_teacher
from lab.losses import LossWeights
from lab.losses.total import TERMS
from lab.teaching.ladder import ARMS, BESIDE, PRESETS, REPORTED, RUNGS, STEPS, differences, told_steps
from tests.scripts import benchmark

ladder = benchmark("ladder")


@pytest.mark.parametrize(("below", "above"), list(zip(list(RUNGS)[:-1], list(RUNGS)[1:], strict=True)))
def test_a_rung_is_the_one_below_it_and_one_thing_more(below: str, above: str) -> None:
    assert len(differences(below, above)) == 1


def test_the_control_differs_from_generation_in_its_texts_alone() -> None:
    assert differences("as many sentences instead", "+ generated queries") == {"texts": ("sentences", "generated")}
    assert ARMS["matching alone"].settings() | {"query_matching": 0.0} == dict.fromkeys(TERMS, 0.0) | {
        "documents": "inherited", "texts": "observed"
    }  # fmt: skip
    assert set(BESIDE) <= {name for step in STEPS for name in step}


def test_reported_shares_are_the_quotients_of_the_figures() -> None:
    assert REPORTED["NQ"]["+ generated queries"] == pytest.approx(0.889, abs=5e-4)
    assert REPORTED["MSMARCO"]["+ query matching"] == pytest.approx(0.952, abs=5e-4)
    assert all(list(found) == list(RUNGS) for found in REPORTED.values())


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_settings_of_the_config_and_say_what_they_leave_out(name: str) -> None:
    config = dataclasses.replace(DistillConfig(), **PRESETS[name].settings)
    assert isinstance(config.losses, LossWeights) and "arXiv" in PRESETS[name].source
    assert name.endswith("-like") and len(PRESETS[name].departures) >= 2


def test_steps_are_told_with_their_interval_and_beside_what_was_reported() -> None:
    given = {"gain": 0.1, "low": 0.02, "high": 0.2, "p": 0.0123}
    last = {"from": "+ query matching", "to": "+ generated queries"}
    sure, none, other = told_steps([
        given | last, given | last | {"low": -0.02}, given | {"from": "+ query matching", "to": "matching alone"},
    ])  # fmt: skip
    assert sure["gain, share of the teacher"] == "+0.100 [+0.020, +0.200]" and sure["Holm's p"] == "0.012"
    assert (sure["beyond the interval"], none["beyond the interval"]) == ("yes", "no")
    assert sure["NQ"] == "+0.043, same sign" and sure["MSMARCO"] == "-0.016, other sign"
    assert none["NQ"].endswith("undecided here") and other["NQ"] == "not reported"


def test_the_full_study_takes_at_most_eight_hours_where_the_lab_was_measured() -> None:
    study = ladder.Study()
    assert study.hours(1.0) <= 8 and study.hours(2.0) == pytest.approx(study.hours(1.0) / 2)
    assert len(study.runs()) == 2 * 2 * 2 * 3 * len(ARMS)
    assert {start for _, _, start, *_ in study.runs()} == {"teacher", "random"}


@pytest.mark.parametrize("observed", [True, False])
def test_a_small_climb_trains_once_and_tells_what_was_searched(
    observed: bool, tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three arms, three steps: documents of its own, inherited ones, matching; with and without a train split."""
    folder = tmp_path / "world"
    shutil.copytree(tiny_collection_dir, folder)
    if observed:
        (folder / "qrels" / "train.tsv").write_text((folder / "qrels" / "test.tsv").read_text(encoding="utf-8"))
    monkeypatch.setattr(ladder, "FOLDER", tmp_path / "runs")
    monkeypatch.setattr(lab, "load_teacher", lambda: load_teacher(str(tiny_teacher_dir), "cpu", "float32"))
    kept = {arm: ARMS[arm] for arm in ("direct", "+ inherited documents", "matching alone")}
    monkeypatch.setattr(ladder, "ARMS", kept)
    study = ladder.Study((str(folder),), ("half",), ("teacher",), (0,), steps=3, words=4, pairs=6, observed=8)
    table = ladder.climb(study)
    assert [row["arm"] for row in table] == list(kept) and all(row["steps"] == 3 for row in table)
    assert {row["pairs"] for row in table} == {"observed" if observed else "made from documents"}
    assert table[0]["share in the teacher's index"] is not None and table[2]["share in the teacher's index"] is None
    assert table[1]["share"] == pytest.approx(np.mean(table[1]["values"]) / np.mean(table[1]["teacher"]), abs=2e-3)
    monkeypatch.setattr(ladder, "one", lambda *_: pytest.fail("a run that is there is not made again"))
    assert ladder.climb(study) == table
    assert ladder.climb(dataclasses.replace(study, steps=4), train=False) == []


@pytest.mark.parametrize(
    ("words", "written"), [(["--sizes", "tenth", "--seeds", "1", "2"], False), (["--table"], True)]
)
def test_a_part_of_the_study_leaves_the_table_alone(
    words: list[str], written: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    climbed = []
    monkeypatch.setenv("LAB_PACE", "30")
    monkeypatch.setattr(ladder, "OUT", tmp_path / "ladder.json")
    monkeypatch.setattr(ladder, "climb", lambda study, train: climbed.append((study, train)) or [{"a run": 1}])
    monkeypatch.setattr(ladder, "summary", lambda table, study: {"runs": table})
    monkeypatch.setattr(sys, "argv", ["ladder.py", *words])
    ladder.main()
    ((study, train),) = climbed
    assert (tmp_path / "ladder.json").exists() == written and train != written
    assert (study.sizes, study.seeds) == ((ladder.Study.sizes, (0, 1, 2)) if written else (("tenth",), (1, 2)))


def rows(gains: dict[str, float], queries: int = 60, seeds: int = 3) -> list[dict]:
    random = np.random.default_rng(0)
    base = random.uniform(0.2, 0.6, queries)
    return [
        {"arm": arm, "seed": seed, "teacher": (base + 0.3).tolist(),
         "values": (base + gain + random.normal(0, 0.02, queries)).tolist()}
        for arm, gain in gains.items() for seed in range(seeds)
    ]  # fmt: skip


def test_a_real_step_is_found_and_none_is_not() -> None:
    found = ladder.contrasts(rows({"direct": 0.0, "+ scores": 0.1, "+ inherited documents": 0.1}))
    first, second = found
    assert (first["from"], first["to"], first["seeds"]) == ("direct", "+ scores", 3)
    assert first["low"] > 0 and first["p"] < 0.01 and first["gain"] == pytest.approx(0.1 / 0.7, abs=0.02)
    assert second["low"] < 0 < second["high"] and second["p"] > 0.05


def test_the_smallest_p_gets_the_widest_level() -> None:
    """Holm: among two steps the surer one is shown at 97.5 %, the other at 95 %; with one step, at 95 %."""
    both = ladder.contrasts(rows({"direct": 0.0, "+ scores": 0.1, "+ inherited documents": 0.1}))[0]
    alone = ladder.contrasts(rows({"direct": 0.0, "+ scores": 0.1}))[0]
    assert both["high"] - both["low"] > alone["high"] - alone["low"]
    assert alone["gain"] == pytest.approx(both["gain"])


def test_steps_without_runs_or_with_other_seeds_are_left_out() -> None:
    found = rows({"direct": 0.0, "+ scores": 0.1})
    assert ladder.contrasts([row for row in found if row["arm"] == "direct"]) == []
    assert ladder.contrasts([row for row in found if row["arm"] == "direct" or row["seed"] == 0]) == []


def test_every_successor_cites_its_paper_and_every_preset_is_described() -> None:
    text = (Path(__file__).resolve().parents[1] / "docs" / "successors.md").read_text(encoding="utf-8")
    works, presets = (
        [row for row in part.splitlines() if row.startswith("| ")][1:] for part in text.split("\n## Three of them")
    )
    cited = [re.findall(r"\[arXiv (\d{4}\.\d{5})\]\(https://arxiv\.org/abs/(\d{4}\.\d{5})\)", row) for row in works]
    assert len(works) > 5 and all(len(ids) == 1 and ids[0][0] == ids[0][1] for ids in cited), cited
    assert [row.split("|")[1].strip() for row in presets] == list(PRESETS)
