"""The parts of benchmarks/generation.py: speed by the clock, coverage by hand, one part again without the others."""

from __future__ import annotations

import copy
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lab.errors import LabError
from lab.generation import NoiseSettings
from tests.scripts import benchmark
from tests.test_panels_rewriting import QUERIES, Counts, Stumbler

ROOT = Path(__file__).resolve().parents[1]
generation, coverage = benchmark("generation"), benchmark("generation_coverage")
DOCS = json.loads((ROOT / "docs" / "generation.json").read_text(encoding="utf-8"))


def test_speed_is_by_the_clock_on_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    before, threads = torch.get_num_threads(), []

    class Watched(Stumbler):
        def rewrite(self, queries, settings, **changes):
            threads.append(torch.get_num_threads())
            assert len(queries) == generation.TIMED and changes == {"per_query": 1}
            return super().rewrite(queries, settings)

    ticks = iter([0.0, 50.0, *(tick for seconds in (2, 1, 4, 2, 8) for tick in (0.0, float(seconds)))])
    monkeypatch.setattr(generation.time, "perf_counter", lambda: next(ticks))
    found = generation.speed(Watched(), list(QUERIES), NoiseSettings(), load=0.25)
    assert threads == [2] * 6 and torch.get_num_threads() == before, "one to warm up, five that count"
    assert found["seconds"] == [2, 1, 4, 2, 8] and found["queries per second"] == generation.TIMED / 2
    assert (found["smallest"], found["largest"]) == (generation.TIMED / 8, generation.TIMED)
    assert (found["threads"], found["load before"]) == (2, 0.25)


def test_speed_is_not_measured_on_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1}, raising=False)
    with pytest.raises(LabError, match="without taskset"):
        generation.speed(Stumbler(), list(QUERIES), NoiseSettings(), load=0.0)


@pytest.mark.parametrize(
    ("rate", "fast"),
    [({"queries per second": 100.0}, True), ({"queries per second": 99.0}, False),
     ({"queries per processor second": 500.0}, None)],
)  # fmt: skip
def test_the_bar_is_judged_by_the_clock_alone(rate: dict[str, float], fast: bool | None) -> None:
    assert generation.met(DOCS | {generation.SPEED: rate})["100 queries per second"] is fast


def test_one_part_again_keeps_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, told = tmp_path / "generation.json", copy.deepcopy(DOCS)
    out.write_text(json.dumps(told))
    monkeypatch.setattr(generation.lab, "load_teacher", lambda: None, raising=False)
    monkeypatch.setattr(generation, "loaded", lambda source, teacher: type("G", (), {"source": "embedded"}))
    timed = {"queries per second": 123.0}
    monkeypatch.setattr(generation, "speed", lambda generator, queries, settings, load: timed)
    monkeypatch.setattr(generation, "table", lambda collection, *more: [{"collection": collection.name}])
    for part, key in (("speed", generation.SPEED), ("coverage", generation.COVERAGE)):
        monkeypatch.setattr(sys, "argv", ["generation.py", "--only", part, "--out", str(out)])
        generation.main()
        found = json.loads(out.read_text())
        assert {name: found[name] for name in told if name not in (key, "met")} == {
            name: told[name] for name in told if name not in (key, "met")
        }
        assert found[key]["command"].endswith(f"--only {part}") and len(found[key]["commit"]) == 12
        told = found
    assert told["met"]["100 queries per second"] is True
    assert [each["collection"] for each in told[generation.COVERAGE]["rows"]] == ["wiki", "pydocs"]
    out.write_text(json.dumps(told | {"generator": "another"}))
    with pytest.raises(LabError, match="is of another"):
        generation.main()


def test_coverage_by_hand() -> None:
    # four queries at 0, 90, 180 and 270 degrees: the first two are one half, the others the other
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    queries = ["to the right", "upwards", "to the left", "downwards"]
    alone = coverage.row(queries, vectors, [], vectors[:0], np.zeros(0, np.int64))
    assert alone["distance to the nearest"] == pytest.approx(np.sqrt(2))  # right: 90 degrees from downwards
    assert alone["covered within"]["1"]["value"] == 0.0 and alone["texts"] == alone["equal to a held-out query"] == 0
    # one text beside each: beside "upwards" what "to the left" says, beside "to the left" its own words
    texts, added = ["x", "To the left!", "to the left", "y"], np.array([[1.0, 0.0], [-1, 0], [-1, 0], [0, -1]])
    more = coverage.row(queries, vectors, texts, added, np.arange(4))
    assert more["equal to a held-out query"] == 1, "a text beside a held-out query is not in the pool"
    assert more["covered within"]["1"]["value"] == 0.25 and more["texts"] == 4
    assert more["distance to the nearest"] == pytest.approx(np.sqrt(2) * 3 / 4)


def test_every_query_is_held_out_once_and_never_observed_then() -> None:
    both = coverage.halves(7)
    assert sorted(np.concatenate([held for _, held in both])) == list(range(7))
    assert all(not set(observed) & set(held) for observed, held in both)
    many = [f"query {number}" for number in range(400)]
    assert len(set(coverage.drawn(many))) == coverage.COUNT and coverage.drawn(many) == coverage.drawn(many)


class Collection:
    """Three queries, and documents of one sentence each."""

    name, queries = "foxes", {"dev": dict(enumerate(QUERIES))}


def test_a_table_has_a_row_a_sigma_beside_its_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sentences:
        texts = tuple(f"a hot fox and {number}" for number in range(2 * len(QUERIES)))

        def draw(self, count: int, seed: int) -> Sentences:
            assert count == len(self.texts)
            return self

    monkeypatch.setattr(coverage, "FromDocuments", lambda collection, mix: Sentences())
    rows: list[dict[str, Any]] = coverage.table(Collection(), Stumbler(), Counts(), (0.0, 1.0))
    assert [each["added"] for each in rows] == ["nothing", "sentences of documents", "made", "made"]
    assert [each["texts"] for each in rows] == [0, 6, 6, 6] and {each["queries"] for each in rows} == {3}
    still, moved = rows[2:]
    assert still["edits"] == still["words edited"] == 0.0
    assert moved["edits"] == pytest.approx(1 / 3) and moved["words edited"] == pytest.approx(1 / 6)


def test_the_stored_coverage_is_of_every_sigma_and_edits_rise_with_it() -> None:
    told = DOCS[generation.COVERAGE]
    assert told["command"] == "python benchmarks/generation.py --only coverage"
    for name in generation.COLLECTIONS:
        nothing, sentences, *made = [each for each in told["rows"] if each["collection"] == name]
        assert [each["sigma"] for each in made] == list(generation.SIGMAS)
        assert {each["queries"] for each in (nothing, sentences, *made)} == {coverage.COUNT}
        assert {each["texts"] for each in (sentences, *made)} == {coverage.PER_QUERY * coverage.COUNT}
        for measure in ("words edited", "edits"):
            values = [each[measure] for each in made]
            assert values == sorted(values), f"{name}: {measure} does not rise with σ"
        for each in (sentences, *made):  # more texts can only cover more
            assert each["distance to the nearest"] <= nothing["distance to the nearest"]
