"""Geometric knowledge distillation for retrieval, after EmbedDistill (arXiv 2301.12005).

Five verbs do the work: `load_collection`, `load_teacher`, `distill`, `evaluate`, `compare`. They are imported when
first used, so `import lab` costs nothing.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

if sys.platform == "darwin":
    # torch and faiss each bring an OpenMP runtime; macOS aborts the second one unless it is told that this is meant
    os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")

if TYPE_CHECKING:
    from lab.collection import Collection, load_collection
    from lab.config import DistillConfig
    from lab.distillation import Distilled, distill
    from lab.encoders.export import load_student, pair
    from lab.encoders.sizes import Plan
    from lab.encoders.teacher import DualEncoder, load_teacher
    from lab.evaluation import compare
    from lab.recording import Recording
    from lab.report import evaluate, evaluate_fidelity
    from lab.saving import save
    from lab.store import VectorStore

__version__ = "0.1.0"

_WHERE = {
    "Collection": "lab.collection",
    "DistillConfig": "lab.config",
    "Distilled": "lab.distillation",
    "DualEncoder": "lab.encoders.teacher",
    "Plan": "lab.encoders.sizes",
    "Recording": "lab.recording",
    "VectorStore": "lab.store",
    "compare": "lab.evaluation",
    "distill": "lab.distillation",
    "evaluate": "lab.report",
    "evaluate_fidelity": "lab.report",
    "load_collection": "lab.collection",
    "load_student": "lab.encoders.export",
    "load_teacher": "lab.encoders.teacher",
    "pair": "lab.encoders.export",
    "save": "lab.saving",
}
__all__ = [
    "Collection",
    "DistillConfig",
    "Distilled",
    "DualEncoder",
    "Plan",
    "Recording",
    "VectorStore",
    "compare",
    "distill",
    "evaluate",
    "evaluate_fidelity",
    "load_collection",
    "load_student",
    "load_teacher",
    "pair",
    "save",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"lab has no {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_WHERE[name]), name)
