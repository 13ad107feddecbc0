"""What took long to make and ships with the project: checked against its manifest before it is used."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from lab.collection import Collection
from lab.collection.texts import DocumentTexts, TextMix, document_texts, held_out_rows
from lab.cross import Case, PairExplorer, load_cross
from lab.encoders.export import facts as student_facts
from lab.encoders.export import load_student
from lab.encoders.teacher import DualEncoder
from lab.errors import CacheError, DataError
from lab.generation import QueryGenerator, load_embedded
from lab.geometry import MapRecipe
from lab.preparation import held_out_texts, index_rows
from lab.recording import FACTS, Recording
from lab.training import TrainingData

LIVE_MIX = TextMix(sentences=2, spans=1, questions=2, most=12_000)  # what a student can learn from in 45 seconds
DOCUMENTS, TEXTS, STUDENT = "wiki-documents-int8", "wiki-texts-int8", "wiki-student"
GENERAL = "general-tenth"  # a student of both shipped collections
GRID = "wiki-grid"  # recordings of students that copy scores alone
TRIALS = "wiki-guided"
MAP = "wiki-map"
SIZES, SIZE_NAMES, CLINIC = "wiki-dial", ("twentieth", "tenth", "quarter", "half"), "wiki-clinic"
GENERATOR = "query-rewriter"
CROSS = "pydocs-cross"
SPEED = Path(__file__).resolve().parent.parent / "docs" / "speed.json"  # by benchmarks/speed.py


def folder() -> Path:
    """`data/artefacts` of the repository, or of `$LAB_DATA`."""
    base = os.environ.get("LAB_DATA")
    return (Path(base) if base else Path(__file__).resolve().parent.parent / "data") / "artefacts"


def manifest() -> dict[str, Any]:
    """name → {files: [{path, bytes, sha256}], command, commit, licence}.

    Raises:
        DataError: there is no manifest.
    """
    path = folder() / "manifest.json"
    if not path.exists():
        raise DataError(f"no {path}: make it with `make artefacts`, or check the repository out again")
    return json.loads(path.read_text(encoding="utf-8"))


def path(name: str) -> Path:
    """The file or folder of an artefact, whole and unchanged.

    Raises:
        DataError: the manifest does not know the name.
        CacheError: a file is missing or is not the one that was shipped.
    """
    known = manifest()
    if name not in known:
        raise DataError(f"no artefact {name!r}; there are {', '.join(sorted(known))}")
    for file in known[name]["files"]:
        _check(folder() / file["path"], file["bytes"], file["sha256"])
    return folder() / known[name]["at"]


def vectors(name: str) -> np.ndarray:
    """Unit vectors that were stored in eight bits a number: (n, d) float32."""
    return unpack(load_file(path(name)))


def pack(found: np.ndarray) -> dict[str, np.ndarray]:
    """Vectors as int8 with one scale each: a quarter of the size, cosine to the original above 0.9999."""
    scale = np.abs(found).max(axis=1, keepdims=True) / 127
    return {"values": np.round(found / np.maximum(scale, 1e-12)).astype(np.int8), "scale": scale.astype(np.float32)}


def unpack(stored: dict[str, np.ndarray]) -> np.ndarray:
    """What `pack` packed, as unit vectors."""
    found = stored["values"].astype(np.float32) * stored["scale"]
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def save_vectors(found: np.ndarray, target: Path) -> None:
    """Write packed vectors."""
    save_file(pack(found), target)


def live_texts(collection: Collection) -> DocumentTexts:
    """The 12,000 texts of the notebooks' live training; none comes from a held-out document."""
    free = np.setdiff1d(np.arange(len(collection)), held_out_rows(collection))
    return document_texts(collection, free, LIVE_MIX)


def live_data(collection: Collection, watched: int | None = None) -> tuple[TrainingData, DocumentTexts]:
    """What `distill(prepared=…)` wants, from shipped teacher vectors: nothing is encoded.

    Args:
        watched: look at the student through so many of the held-out texts, evenly drawn from them; by default through
            all. A look costs in proportion, and a live training should not spend its time on being looked at.

    Raises:
        DataError: the collection is not the one the vectors were made of.
    """
    made, documents, queries = live_texts(collection), vectors(DOCUMENTS), vectors(TEXTS)
    if len(documents) != len(collection) or len(queries) != len(made):
        raise DataError(f"the shipped vectors are not of {collection.name}; use load_collection('wiki')")
    every = np.arange(len(collection))  # and no two articles have one text: groups are single documents
    data = TrainingData(
        made.texts, queries, made.rows, documents, every, collection.documents, every, index=index_rows(collection),
        settings={"texts": LIVE_MIX, "queries": "documents", "at_least": 0, "unseen": ()}, similarity="cosine",
    )  # fmt: skip
    held = held_out_texts(collection)
    if watched is not None and watched < len(held):
        rows = np.linspace(0, len(held) - 1, watched).round().astype(int)
        held = DocumentTexts(tuple(held.texts[row] for row in rows), held.rows[rows])
    return data, held


def save_map(positions: np.ndarray, recipe: MapRecipe, collection: Collection, target: Path) -> None:
    """Write positions in 32 bits, and as metadata of the file the recipe, umap-learn's version and the collection."""
    from importlib.metadata import version

    told = {
        "recipe": json.dumps(dataclasses.asdict(recipe)),
        "umap-learn": version("umap-learn"),
        "collection": collection.fingerprint,
    }
    save_file({"positions": np.ascontiguousarray(positions, np.float32)}, target, metadata=told)


def article_map(collection: Collection, name: str = MAP) -> tuple[np.ndarray, dict[str, Any]]:
    """Where each article lies on the shipped UMAP of the teacher's vectors: (n, 2) float32; and the recipe of the map.

    Raises:
        DataError: the collection is not the one that was mapped.
    """
    with safe_open(path(name), "numpy") as file:
        told, positions = file.metadata(), file.get_tensor("positions")
    if told["collection"] != collection.fingerprint:
        raise DataError(f"the shipped map is not of {collection.name}; use load_collection('wiki'), or map it yourself")
    return positions, {**json.loads(told["recipe"]), "umap-learn": told["umap-learn"]}


def student(name: str = STUDENT, device: str = "auto") -> DualEncoder:
    """A shipped student (stored in 16 bits, computed in 32)."""
    return load_student(path(name), device)


def static(name: str = STUDENT, device: str = "auto") -> DualEncoder:
    """The static student that was trained beside a shipped student."""
    return load_student(path(name) / "static", device)


def trials() -> list[dict[str, Any]]:
    """How the guided experiments came out where the lab was made; `figures.trials.Trial.from_json` reads each."""
    return json.loads(path(TRIALS).read_text(encoding="utf-8"))


def facts(name: str = STUDENT) -> dict[str, Any]:
    """How a shipped student was made, and how good it is."""
    return student_facts(path(name))


def grid() -> dict[str, Recording]:
    """Name → recording of the students in `data/artefacts/grid.py`, over the dev questions."""
    return {file.stem: Recording.load(file) for file in sorted(path(GRID).glob("*.safetensors"))}


def sizes() -> dict[str, Recording]:
    """Name of a size → recording of a student of that size over the dev queries, the smallest first; with the speed
    of its size where that was measured."""
    found, known = {name: Recording.load(path(SIZES) / name) for name in SIZE_NAMES}, speeds()
    return {name: _with_speed(each, known.get(name), known.get("teacher")) for name, each in found.items()}


def speeds() -> dict[str, tuple[float, float]]:
    """Name of a size, or "teacher" → queries a second, one at a time, and that over the teacher's in the same run:
    docs/speed.json.

    How fast a student is depends on its size and not on what it learnt, so the recordings need not be made again for
    it. Without that file, as beside data of one's own (`$LAB_DATA`), nothing is known and the answer is empty.
    """
    if not SPEED.exists():
        return {}
    found = json.loads(SPEED.read_text(encoding="utf-8"))["encoders"]
    alone = {name: found[name]["one by one"] for name in ("teacher", *SIZE_NAMES) if name in found}
    return {name: (each["queries per second"], each["times the teacher"]) for name, each in alone.items()}


def _with_speed(
    recording: Recording, student: tuple[float, float] | None, teacher: tuple[float, float] | None
) -> Recording:
    facts = recording.about.get(FACTS)
    if facts is None or student is None or teacher is None:
        return recording
    speed = {"speed": student[1], "per second": {"student": student[0], "teacher": teacher[0]}}
    return dataclasses.replace(recording, about={**recording.about, FACTS: {**facts, **speed}})


def clinic() -> dict[str, Recording]:
    """Case → recording of a patient of the clinic; see `lab.teaching.clinic`."""
    cases = sorted(path(CLINIC).glob("case-*.json"))
    return {case.stem.replace("-", " "): Recording.load(case) for case in cases}


def query_generator(teacher: DualEncoder | None = None, device: str = "auto") -> QueryGenerator:
    """The shipped query generator; `teacher`: the default one, where it is loaded already."""
    return load_embedded(path(GENERATOR), teacher, device)


def pair_explorer(collection: Collection, teacher: DualEncoder) -> PairExplorer:
    """The shipped cross encoders over `pydocs`, with dev queries to look at.

    Args:
        teacher: the default one, whose encoder they change.

    Raises:
        DataError: the collection lacks a document of the cases.
    """
    at = path(CROSS)
    models = {scorer: load_cross(at / f"{scorer}.safetensors", teacher) for scorer in ("cls", "dual")}
    cases = []
    for case in json.loads((at / "cases.json").read_text(encoding="utf-8")):
        if missing := [doc_id for doc_id in case["documents"] if doc_id not in collection.row]:
            raise DataError(f"{collection.name} has no document {missing[0]!r}; use load_collection('pydocs')")
        rows = tuple(collection.row[doc_id] for doc_id in case["documents"])
        cases.append(Case(case["query"], rows, tuple(case["relevant"])))
    return PairExplorer(collection, teacher, models, cases)


@cache
def _digest(file: Path, modified: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _check(file: Path, size: int, sha256: str) -> None:
    if not file.exists():
        raise CacheError(f"{file} is missing; check the repository out again, or run `make artefacts`")
    if file.stat().st_size != size or _digest(file, file.stat().st_mtime_ns) != sha256:
        raise CacheError(f"{file} is not the file that was shipped (sha256 differs); git checkout -- {file.name}")
