"""`lab doctor`: is everything here that the lab needs? One line a check, [OK] or [FAIL] with the mend."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from lab.collection import load_collection
from lab.device import pick_device, resolve_precision
from lab.encoders.teacher import load_teacher
from lab.errors import LabError
from lab.store import default_folder

PACKAGES = (
    "torch", "transformers", "sentence-transformers", "accelerate", "faiss-cpu", "ir-measures", "bm25s",
    "umap-learn", "plotly", "ipywidgets", "jupyterlab",
)  # fmt: skip
ROOM = 2e9  # bytes of cache that a large run may need


@dataclass(frozen=True)
class Check:
    """One finding."""

    name: str
    passed: bool
    found: str

    def __str__(self) -> str:
        return f"[{'OK' if self.passed else 'FAIL'}] {self.name}: {self.found}"


def checks() -> Iterator[Check]:
    """All checks, one after the other; none of them raises."""
    version = platform.python_version()
    yield Check(
        "Python",
        sys.version_info >= (3, 11),
        f"{version}{'' if sys.version_info >= (3, 11) else '; 3.11 or newer is needed'}",
    )
    for package in PACKAGES:
        try:
            yield Check(package, True, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Check(package, False, "not installed; run make lab, or pip install -e .")
    device = pick_device()
    yield Check(
        "device",
        True,
        f"{device}, {resolve_precision(device, 'auto')}, {torch.get_num_threads()} threads, {os.cpu_count()} cores",
    )
    folder = default_folder()
    parent = next(p for p in (folder, *folder.parents) if p.exists())
    free, writable = shutil.disk_usage(parent).free, os.access(parent, os.W_OK)
    wanted = f"{free / 1e9:.1f} GB free at {folder}" + (
        "" if writable else "; not writable, set LAB_CACHE to a folder of yours"
    )
    yield Check("store", writable and free > ROOM, wanted)
    for name in ("wiki", "pydocs"):
        yield _tried(f"collection {name}", lambda name=name: str(load_collection(name)))
    yield _tried("teacher", _teacher)


def _teacher() -> str:
    teacher = load_teacher()
    vectors = teacher.encode(["one query"])
    return f"{teacher.source}, {teacher.parameters:,} parameters, {vectors.shape[1]} dimensions"


def _tried(name: str, work) -> Check:
    try:
        return Check(name, True, work())
    except (LabError, OSError) as error:
        return Check(name, False, str(error))
