"""A recording: how a student's geometry moved while it was trained, small enough to ship and to replay.

For up to 150 probe queries at up to 25 log-spaced steps: ‖t − s‖, the student's first ten documents with their
scores, and a few measures. Vectors are not kept: every picture of the lab is drawn from distances and rankings,
which need no projection.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from lab.errors import CacheError, DataError
from lab.retrieval import Run

DEPTH = 10
MOST_PROBES = 150
SHOWN = "shown"  # the documents that `rows` count among, where they do not count all
FACTS = "facts"  # where `about` holds what looks alone do not know: retention, sizes, speed; see figures.card


@dataclass(frozen=True)
class Recording:
    """K looks at P probe queries.

    steps: (K,) int64 · distances: (K, P) ‖t − s‖ · rows: (K, P, 10) positions of documents, best first · scores: (K,
        P, 10)
    teacher_rows, teacher_scores: (P, 10) · radius: (P,) safe radius of each query, see `geometry.safe_radius`
    measures: name → (K,) · about: JSON values: query ids and texts, config, collection, teacher
    """

    steps: np.ndarray
    distances: np.ndarray
    rows: np.ndarray
    scores: np.ndarray
    teacher_rows: np.ndarray
    teacher_scores: np.ndarray
    radius: np.ndarray
    measures: dict[str, np.ndarray]
    about: dict[str, Any]

    @property
    def query_ids(self) -> list[str]:
        return self.about["query_ids"]

    @property
    def queries(self) -> list[str]:
        return self.about["queries"]

    def save(self, stem: str | Path) -> Path:
        """Write `<stem>.safetensors` and `<stem>.json`, each to a temporary name first. Returns the first path."""
        stem = Path(stem)
        stem.parent.mkdir(parents=True, exist_ok=True)
        tensors = {
            **_stored_rows(rows=self.rows, teacher_rows=self.teacher_rows),
            "steps": self.steps.astype(np.int64),
            "distances": self.distances.astype(np.float16),
            "scores": self.scores.astype(np.float16),
            "teacher_scores": self.teacher_scores.astype(np.float16),
            "radius": self.radius.astype(np.float32),
        }
        tensors |= {f"measure.{name}": np.asarray(values, np.float32) for name, values in self.measures.items()}
        path, words = stem.with_suffix(".safetensors"), stem.with_suffix(".json")
        for target, write in (
            (path, lambda to: save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, to)),
            (words, lambda to: Path(to).write_text(json.dumps(self.about, ensure_ascii=False), encoding="utf-8")),
        ):
            temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
            write(temporary)
            os.replace(temporary, target)
        return path

    @classmethod
    def load(cls, stem: str | Path) -> Recording:
        """Read what `save` wrote.

        Raises:
            DataError: there is no such recording.
            CacheError: a file is damaged.
        """
        path, words = Path(stem).with_suffix(".safetensors"), Path(stem).with_suffix(".json")
        if not path.exists() or not words.exists():
            raise DataError(f"no recording at {path} and {words.name}; make one with distill(..., record=...)")
        try:
            tensors = load_file(path)
            about = json.loads(words.read_text(encoding="utf-8"))
            rows, teacher_rows = (tensors[name].astype(np.int64) for name in ("rows", "teacher_rows"))
            if SHOWN in tensors:
                rows, teacher_rows = (tensors[SHOWN].astype(np.int64)[each] for each in (rows, teacher_rows))
            measures = {k.removeprefix("measure."): v for k, v in tensors.items() if k.startswith("measure.")}
            return cls(
                tensors["steps"],
                tensors["distances"].astype(np.float32),
                rows,
                tensors["scores"].astype(np.float32),
                teacher_rows,
                tensors["teacher_scores"].astype(np.float32),
                tensors["radius"],
                measures,
                about,
            )
        except (SafetensorError, KeyError, ValueError, IndexError) as error:
            raise CacheError(f"the recording {path} is damaged ({error}); delete it and record again") from error


def _stored_rows(**rows: np.ndarray) -> dict[str, np.ndarray]:
    """Positions of documents in as few bytes as they take: of a large corpus, places among those that were found."""
    found, places = np.unique(np.concatenate([each.ravel() for each in rows.values()]), return_inverse=True)
    if found.max(initial=0) <= np.iinfo(np.int16).max:
        return {name: each.astype(np.int16) for name, each in rows.items()}
    if 2 * len(found) > len(places) or len(found) > np.iinfo(np.uint16).max:  # hardly one was found twice
        return {name: each.astype(np.int32) for name, each in rows.items()}
    parts = np.split(places.astype(np.uint16), np.cumsum([each.size for each in rows.values()])[:-1])
    stored = {name: part.reshape(rows[name].shape) for name, part in zip(rows, parts, strict=True)}
    return stored | {SHOWN: found.astype(np.int32)}


def of_teacher(recording: Recording) -> Recording:
    """What the teacher itself would have left behind: at every look of `recording` in its own place with its own lists.

    Where it is known how large and good the student is, the teacher's numbers stand in the student's place.
    """
    looks = len(recording.steps)
    about = dict(recording.about)
    if facts := about.get(FACTS):
        sizes, metrics = facts["parameters"], facts["metrics"]
        about[FACTS] = {
            **facts, "retention": {"value": 1.0, "low": 1.0, "high": 1.0}, "speed": 1.0, "minutes": None,
            "parameters": {**sizes, "student": sizes["teacher"]},
            "metrics": {**metrics, "student": metrics["teacher"]},
        }  # fmt: skip
        if rates := facts.get("per second"):
            about[FACTS]["per second"] = {**rates, "student": rates["teacher"]}
    return replace(
        recording,
        distances=np.zeros_like(recording.distances),
        rows=np.repeat(recording.teacher_rows[None], looks, axis=0),
        scores=np.repeat(recording.teacher_scores[None], looks, axis=0),
        measures={},
        about=about,
    )


class Recorder:
    """Collects looks during a training."""

    def __init__(
        self, teacher: Run, positions: np.ndarray, radius: np.ndarray, queries: dict[str, str], about: dict[str, Any]
    ) -> None:
        """
        Args:
            teacher: the teacher's run over the probe queries, at least ten documents deep where there are so many.
            positions: row of a run → position of the document in the collection (runs may search a sample of it).
            radius: (P,) safe radius of each.
            queries: id → text of the probes, in the order of the run.
        """
        count = min(MOST_PROBES, len(teacher))
        self._kept = list(teacher.query_ids[:count])
        self._teacher = teacher.select(self._kept)
        self._positions = np.asarray(positions)
        self._radius = np.asarray(radius)[:count]
        self._about = {**about, "query_ids": self._kept, "queries": [queries[i] for i in self._kept]}
        self._steps: list[int] = []
        self._looks: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._measures: dict[str, list[float]] = {}

    def add(self, step: int, run: Run, distances: np.ndarray, measures: dict[str, float]) -> None:
        """One look: the student's run over (at least) the probes and ‖t − s‖ in the same order."""
        first = run.select(self._kept)
        self._steps.append(step)
        self._looks.append((np.asarray(distances)[: len(self._kept)], first.rows[:, :DEPTH], first.scores[:, :DEPTH]))
        for name, value in measures.items():
            self._measures.setdefault(name, []).append(value)

    def kept(self) -> dict[str, np.ndarray]:
        """All looks so far, number for number, to be written into a checkpoint."""
        if not self._looks:
            return {}
        distances, rows, scores = (np.stack(parts) for parts in zip(*self._looks, strict=True))
        looks = {"steps": np.array(self._steps), "distances": distances, "rows": rows, "scores": scores}
        return looks | {f"measure.{name}": np.array(values) for name, values in self._measures.items()}

    def restore(self, kept: dict[str, np.ndarray]) -> None:
        """Take up the looks that a run made before it was interrupted.

        Raises:
            CacheError: there are none, or they are of other queries.
        """
        shape = kept["distances"].shape[1:] if "distances" in kept else None
        if shape != (len(self._kept),):
            raise CacheError(
                f"the checkpoint holds {'no looks' if shape is None else f'looks at {shape[0]} queries'} of a recording"
                f" of {len(self._kept)} queries; delete it to start anew"
            )
        self._steps = kept["steps"].tolist()
        self._looks = list(zip(kept["distances"], kept["rows"], kept["scores"], strict=True))
        measures = {name: values for name, values in kept.items() if name.startswith("measure.")}
        self._measures = {name.removeprefix("measure."): values.tolist() for name, values in measures.items()}

    def recording(self) -> Recording:
        """All looks so far, rows as positions in the whole collection.

        Raises:
            DataError: nothing was looked at yet.
        """
        if not self._looks:
            raise DataError("nothing to record: add() a look first")
        distances, rows, scores = (np.stack(parts) for parts in zip(*self._looks, strict=True))
        return Recording(
            np.array(self._steps),
            distances,
            self._positions[rows],
            scores,
            self._positions[self._teacher.rows[:, :DEPTH]],
            self._teacher.scores[:, :DEPTH],
            self._radius,
            {name: np.array(values) for name, values in self._measures.items()},
            self._about,
        )
