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
generation, coverage, rows = benchmark("generation"), benchmark("generation_coverage"), benchmark("generation_rows")
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
    out.write_text(json.dumps(told), encoding="utf-8")
    monkeypatch.setattr(generation.lab, "load_teacher", lambda: None, raising=False)
    monkeypatch.setattr(generation, "loaded", lambda source, teacher: type("G", (), {"source": "embedded"}))
    timed = {"queries per second": 123.0}
    monkeypatch.setattr(generation, "speed", lambda generator, queries, settings, load: timed)
    monkeypatch.setattr(generation, "table", lambda collection, *more: [{"collection": collection.name}])
    for part, key in (("speed", generation.SPEED), ("coverage", generation.COVERAGE)):
        monkeypatch.setattr(sys, "argv", ["generation.py", "--only", part, "--out", str(out)])
        generation.main()
        found = json.loads(out.read_text(encoding="utf-8"))
        assert {name: found[name] for name in told if name not in (key, "met")} == {
            name: told[name] for name in told if name not in (key, "met")
        }
        assert found[key]["command"].endswith(f"--only {part}") and len(found[key]["commit"]) == 12
        told = found
    assert told["met"]["100 queries per second"] is True
    assert [each["collection"] for each in told[generation.COVERAGE]["rows"]] == ["wiki", "pydocs"]
    out.write_text(json.dumps(told | {"generator": "another"}), encoding="utf-8")
    with pytest.raises(LabError, match="is of another"):
        generation.main()


def test_a_row_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[Any] = []
    store = type("Store", (), {"vectors": lambda self, teacher, texts, kind: Counts().encode(texts)})
    monkeypatch.setattr(rows.lab, "VectorStore", store)
    monkeypatch.setattr(rows.lab, "load_collection", lambda name: Collection())
    monkeypatch.setattr(rows, "token_lengths", lambda model, texts: np.array([24, 25, 3]))
    kept = {"top document kept": {"value": 0.9}}
    monkeypatch.setattr(rows, "row", lambda *asked: measured.append(asked) or {"sigma": asked[-1].sigma} | kept)
    teacher = Counts()
    teacher.model = None
    told = generation.noise(rows.Rows(Stumbler(), teacher))
    assert [row["sigma"] for row in told[generation.PER_SIGMA]["pydocs"]] == list(generation.SIGMAS)
    assert told["default sigma"] == generation.SIGMAS[-1], "all is kept up to there"
    assert all(asked[5].tolist() == [24, 25, 3] for asked in measured)
    two, bare, masks = 2 * len(generation.SIGMAS), 2 * 2, 2  # of the four masks one is none, one the default
    assert len(measured) == two + bare + masks


def test_the_default_sigma_is_the_least_that_either_collection_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    most = {"wiki": 1.0, "pydocs": 0.5}

    class Given:
        def of(self, name: str, sigma: float, mask: float = 0.02) -> dict[str, Any]:
            value = 0.8 if sigma <= most[name] else 0.79
            return {"collection": name, "sigma": sigma, "mask": mask, "top document kept": {"value": value}}

    assert generation.noise(Given())["default sigma"] == 0.5
    most["wiki"] = 0.25
    assert generation.noise(Given())["default sigma"] == 0.25


def test_short_and_long_queries_add_up_to_their_row() -> None:
    assert DOCS["settings"]["longest"] == rows.LONGEST
    for row in [*DOCS[generation.PER_SIGMA]["wiki"], *DOCS[generation.PER_SIGMA]["pydocs"], *DOCS["without masking"]]:
        counts = [each["queries"] for each in row["by length"]]
        assert counts == ([140] if row["collection"] == "wiki" else [837, 182])
        for of in (lambda each: each["rebuilt exactly"], lambda each: each["top document kept"]["value"]):
            assert of(row) == pytest.approx(np.average([of(each) for each in row["by length"]], weights=counts))


def test_prose_about_the_generator_is_what_was_measured() -> None:
    """recipe.md, The query generator."""
    text, chosen = (ROOT / "docs" / "recipe.md").read_text(encoding="utf-8"), DOCS["default sigma"]
    part = text.split("## The query generator\n")[1].split("\n## ")[0]
    bare = {(row["collection"], row["sigma"]): row for row in DOCS["without masking"]}
    grid = {(name, row["sigma"]): row for name, found in DOCS[generation.PER_SIGMA].items() for row in found}

    def told(value: float, words: str) -> str:
        return f"{words}, {'met' if value >= 0.8 else 'missed'}"

    exact, kept = [], []
    for name in generation.COLLECTIONS:
        value = bare[name, 0.0]["rebuilt exactly"]
        exact.append(told(value, f"{value:.3f}"))
        found = grid[name, chosen]["top document kept"]
        kept.append(told(found["value"], f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"))
    assert f"| rebuilt exactly, σ 0, no masks | {exact[0]} | {exact[1]} |" in part
    assert f"| best document kept, σ {chosen:g} | {kept[0]} | {kept[1]} |" in part
    for sigma in (0.0, chosen):
        values = [f"{bare[name, sigma]['top document kept']['value']:.3f}" for name in generation.COLLECTIONS]
        assert f"| {values[0]} | {values[1]} |" in part
    for place, words in enumerate(("at most 24 tokens, 837", "more than 24 tokens, 182", "all")):
        rows_of = [bare["pydocs", 0.0], *(grid["pydocs", sigma] for sigma in (0.5, 0.75, 1.0))]
        of = [row if words == "all" else row["by length"][place] for row in rows_of]
        values = [of[0]["rebuilt exactly"], *(row["top document kept"]["value"] for row in of)]
        assert f"| {words} | " + " | ".join(f"{each:.3f}" for each in values) + " |" in part
    masks = [row["top document kept"]["value"] for row in DOCS["per masking probability, at the default sigma"]]
    assert f"on wiki: {', '.join(f'{value:.3f}' for value in masks)}." in " ".join(part.split())


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

    name, queries, documents = "foxes", {"dev": dict(enumerate(QUERIES))}, ("fox", "volcano")


def test_a_table_has_a_row_a_sigma_beside_its_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sentences:
        texts = tuple(f"a hot fox and {number}" for number in range(2 * len(QUERIES)))

        def draw(self, count: int, seed: int) -> Sentences:
            assert count == len(self.texts)
            return self

    monkeypatch.setattr(coverage, "FromDocuments", lambda collection, mix: Sentences())
    found: list[dict[str, Any]] = coverage.table(Collection(), Stumbler(), Counts(), (0.0, 1.0))
    assert [each["added"] for each in found] == ["nothing", "sentences of documents", "made", "made"]
    assert [each["texts"] for each in found] == [0, 6, 6, 6] and {each["queries"] for each in found} == {3}
    still, moved = found[2:]
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
