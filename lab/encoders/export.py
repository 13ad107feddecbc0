"""What is served is what is counted: a plain sentence-transformers folder, and its numbers."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Router
from torch.utils.flop_counter import FlopCounterMode

from lab.encoders.lengths import token_lengths
from lab.encoders.teacher import DualEncoder, load_folder
from lab.errors import ModelError

FACTS = "lab.json"  # what the student was distilled from and on; the only file sentence-transformers does not know
QUERY_TOKENS = 12  # length of the query whose cost is told, special tokens included; it is said wherever the cost is


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a temporary sibling, then put it in place of `folder`. An interrupted save leaves the old one whole, there
    or (for the moment between two renames) beside it under a name that ends in `.old`.

    Raises:
        ModelError: `folder` exists, is not empty and was not written by the lab.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / FACTS).exists():
        raise ModelError(f"{folder} exists and is not a student of this lab; choose another --out, or empty it")
    temporary, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{kind}") for kind in ("tmp", "old"))
    for left in _left_by_a_kill(folder, "tmp"):
        shutil.rmtree(left)
    temporary.mkdir(parents=True)
    fill(temporary)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)  # of a killed process that had our number
        os.replace(folder, old)
    try:
        os.replace(temporary, folder)
    except OSError:
        if old.exists():
            os.replace(old, folder)
        raise
    for before in _left_by_a_kill(folder, "old"):  # the one just moved is among them
        shutil.rmtree(before, ignore_errors=True)


def _left_by_a_kill(folder: Path, kind: str) -> list[Path]:
    """What saves of this folder, and of no other one, left beside it."""
    if not folder.parent.is_dir():
        return []
    name = re.compile(rf"\.{re.escape(folder.name)}\.\d+\.{kind}")
    return [each for each in folder.parent.iterdir() if name.fullmatch(each.name)]


def save_model(model: SentenceTransformer, folder: Path) -> None:
    """A sentence-transformers folder with safetensors weights and no Python file."""
    model.save_pretrained(str(folder), create_model_card=False, safe_serialization=True)


def load_student(folder: str | Path, device: str = "auto", precision: str = "float32") -> DualEncoder:
    """A student saved by the lab (or any dual encoder folder). float32 by default: what a user of the folder gets.

    Raises:
        ModelError: no such folder, or not a dual encoder.
    """
    if not Path(folder).is_dir():
        raise ModelError(f"no student at {folder}; make one with: lab distill --collection C --out {folder}")
    return DualEncoder(load_folder(Path(folder), device), str(folder), precision)


def facts(folder: str | Path) -> dict[str, Any]:
    """What `lab distill` noted beside the weights.

    Raises:
        ModelError: the folder was not written by `lab distill`, or the file is torn.
    """
    path = Path(folder) / FACTS
    if not path.exists():
        raise ModelError(
            f"{folder} has no {FACTS}: it was not written by lab distill; name teacher and collection yourself"
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ModelError(f"{path} is torn ({error}): distil the student again, or bring the file back") from error


def stored_parameters(folder: Path) -> int:
    """Parameters in the safetensors files of a folder, the token table included, sub-models in `static/` not."""
    total = 0
    for path in sorted(folder.rglob("*.safetensors")):
        if _served(path, folder):
            with safe_open(path, framework="pt") as file:
                total += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return total


def stored_bytes(folder: Path) -> int:
    """Bytes of a served folder, `static/` and recordings aside."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and _served(path, folder))


def _served(path: Path, folder: Path) -> bool:
    return "static" not in path.relative_to(folder).parts and not path.name.startswith("recording")


def query_flops(model: SentenceTransformer, tokens: int = QUERY_TOKENS) -> int:
    """Floating point operations for one query of so many tokens, special ones included, a prompt left out.

    torch counts products of matrices, all but those inside its fused attention: 0.5 % of the default teacher's.
    """
    special = int(token_lengths(model, [""])[0])
    features = model.preprocess([" ".join(["a"] * max(1, tokens - special))])
    features = {k: v.to(model.device) if isinstance(v, torch.Tensor) else v for k, v in features.items()}
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(features)
    return counter.get_total_flops()


def pair(student: SentenceTransformer, teacher: SentenceTransformer) -> SentenceTransformer:
    """The asymmetric dual encoder as one model: `encode_query` by the student, `encode_document` by the teacher.

    Raises:
        ModelError: the two do not end in the same dimension.
    """
    ours, theirs = student.get_embedding_dimension(), teacher.get_embedding_dimension()
    if ours != theirs:
        raise ModelError(f"the student gives {ours} dimensions, the teacher {theirs}: they cannot share an index")
    router = Router.for_query_document(query_modules=list(student), document_modules=list(teacher))
    return SentenceTransformer(
        modules=[router],
        prompts={"query": student.prompts.get("query", ""), "document": teacher.prompts.get("document", "")},
        similarity_fn_name=teacher.similarity_fn_name,
        device=str(teacher.device),
    )
