"""A recording on disk: as small as it promises, the same when it comes back, and refused where it is damaged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from lab.collection import load_collection
from lab.config import DistillConfig
from lab.errors import CacheError, DataError
from lab.recording import DEPTH, MOST_PROBES, Recorder, Recording
from lab.retrieval import Run

LARGEST = 250_000  # bytes, both files


def runs(looks: int, queries: int, documents: int, seed: int = 0) -> tuple[list[Run], tuple[str, ...]]:
    """Random rankings: nothing compresses, nothing repeats."""
    random = np.random.default_rng(seed)
    ids, docs = tuple(f"q{number}" for number in range(queries)), tuple(f"d{number}" for number in range(documents))
    made = []
    for _ in range(looks + 1):
        rows = np.stack([random.permutation(documents)[:DEPTH] for _ in ids])
        made.append(Run("any", ids, docs, rows, np.sort(random.random(rows.shape), axis=1)[:, ::-1]))
    return made, ids


def record(looks: int, queries: int, documents: int, texts: dict[str, str] | None = None) -> Recording:
    (teacher, *students), ids = runs(looks, queries, documents)
    texts = texts or {name: f"question {name}" for name in ids}
    recorder = Recorder(teacher, np.arange(documents), np.ones(queries), texts, {"config": {"seed": 0}})
    for step, run in enumerate(students):
        recorder.add(step, run, np.full(queries, 1 / (step + 1)), {"overlap@10": 0.5, "mean distance": 1.0})
    return recorder.recording()


def test_a_full_recording_stays_under_its_limit(tmp_path: Path) -> None:
    asked = (load_collection("wiki").queries["dev"] | load_collection("pydocs").queries["dev"]).values()
    texts = dict(zip((f"q{number}" for number in range(200)), asked, strict=False))
    usual = DistillConfig()
    found = record(looks=usual.probes, queries=200, documents=40_000, texts=texts)
    found.about["config"] = dataclasses.asdict(usual)
    assert found.distances.shape == (24, MOST_PROBES) and found.rows.max() > np.iinfo(np.int16).max
    found.save(tmp_path / "full")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= LARGEST


def test_one_of_a_large_corpus_and_long_texts_stays_under_it_too(tmp_path: Path) -> None:
    """The usual probes are held-out texts of up to forty words; a student finds what it found before, mostly."""
    random = np.random.default_rng(0)
    texts = {f"q{number}": " ".join(["retrieval"] * 30) for number in range(MOST_PROBES)}
    found = record(looks=24, queries=MOST_PROBES, documents=100_000, texts=texts)
    near = random.integers(0, 100_000, (MOST_PROBES, 40))  # of each query
    picked = random.permuted(np.broadcast_to(np.arange(40), (24, MOST_PROBES, 40)), axis=2)[:, :, :DEPTH]
    rows = np.take_along_axis(np.broadcast_to(near, (24, *near.shape)), picked, axis=2)
    found = dataclasses.replace(found, rows=rows)
    found.about["config"] = dataclasses.asdict(DistillConfig())
    found.save(tmp_path / "large")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= LARGEST
    again = Recording.load(tmp_path / "large")
    assert np.array_equal(again.rows, found.rows) and np.array_equal(again.teacher_rows, found.teacher_rows)


@pytest.mark.parametrize("documents", [30, 40_000])
def test_it_comes_back_as_it_was(tmp_path: Path, documents: int) -> None:
    kept = record(looks=3, queries=6, documents=documents)
    kept.save(tmp_path / "r")
    again = Recording.load(tmp_path / "r")
    for name in ("steps", "rows", "teacher_rows", "radius"):
        assert np.array_equal(getattr(again, name), getattr(kept, name)), name
    for name in ("distances", "scores", "teacher_scores"):
        assert getattr(again, name) == pytest.approx(getattr(kept, name), abs=5e-4), name
    assert again.about == kept.about and again.queries == [f"question q{number}" for number in range(6)]
    assert {name: values.tolist() for name, values in again.measures.items()} == {
        "overlap@10": [0.5] * 3,
        "mean distance": [1.0] * 3,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.json", "r.safetensors"]


@pytest.mark.parametrize("damage", ["tensors cut off", "words cut off", "another file"])
def test_a_damaged_one_is_named(tmp_path: Path, damage: str) -> None:
    path = record(looks=2, queries=3, documents=30).save(tmp_path / "r")
    if damage == "tensors cut off":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "words cut off":
        path.with_suffix(".json").write_text('{"query_ids": ["q0"', encoding="utf-8")
    else:
        from safetensors.numpy import save_file

        save_file({"vectors": np.zeros((2, 2))}, path)
    with pytest.raises(CacheError, match=r"r\.safetensors is damaged.*delete it and record again"):
        Recording.load(tmp_path / "r")


def test_a_missing_one_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no recording at .*none\.safetensors and none\.json.*record="):
        Recording.load(tmp_path / "none")
