"""The fingerprint names what a teacher's vectors depend on: the same wherever it is read, another after any change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

from lab import artefacts
from lab.encoders.export import facts
from lab.encoders.teacher import DualEncoder, load_teacher
from tests.tiny import HIDDEN

ROOT = Path(__file__).resolve().parents[1]
READ = """
import sys
from lab import artefacts
from lab.encoders.export import facts
from lab.encoders.teacher import load_teacher
teacher = load_teacher(sys.argv[1], "cpu", "float32")
teacher.encode(["a text of another length"])
print(teacher.fingerprint)
"""


def one_weight(teacher: DualEncoder) -> DualEncoder:
    with torch.no_grad():
        list(teacher.model.parameters())[-1].view(-1)[-1].add_(1e-3)
    return teacher


def pooled(teacher: DualEncoder, mode: str, *after: torch.nn.Module) -> DualEncoder:
    model = SentenceTransformer(modules=[teacher.model[0], Pooling(HIDDEN, mode), *after], device="cpu")
    return DualEncoder(model, teacher.source, "float32")


def prompt(teacher: DualEncoder, kind: str) -> DualEncoder:
    teacher.model.prompts[kind] = "ask: "
    return teacher


def shorter(teacher: DualEncoder) -> DualEncoder:
    teacher.model.max_seq_length = 47
    return teacher


def another_token(teacher: DualEncoder) -> DualEncoder:
    teacher.model.tokenizer.add_tokens(["zyzzyva"])
    return teacher


def setting(teacher: DualEncoder, name: str, value: object) -> DualEncoder:
    setattr(teacher.model.transformers_model.config, name, value)
    return teacher


CHANGES: dict[str, Callable[[DualEncoder], DualEncoder]] = {
    "precision": lambda teacher: DualEncoder(teacher.model, teacher.source, "bfloat16"),
    "one weight": one_weight,
    "pooling": lambda teacher: pooled(teacher, "cls", Normalize()),
    "no normalisation": lambda teacher: pooled(teacher, "mean"),
    "query prompt": lambda teacher: prompt(teacher, "query"),
    "document prompt": lambda teacher: prompt(teacher, "document"),
    "length": shorter,
    "tokenizer": another_token,
    "heads": lambda teacher: setting(teacher, "num_attention_heads", HIDDEN),
    "activation": lambda teacher: setting(teacher, "hidden_act", "relu"),
}


def read_elsewhere(folder: Path, seed: int) -> str:
    """The fingerprint as a process of its own tells it, with its own order of hashes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-c", READ, str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_the_fingerprint_is_the_same_in_another_process_and_folder(tiny_teacher_dir: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(tiny_teacher_dir, tmp_path / "moved")
    here = load_teacher(tiny_teacher_dir, "cpu", "float32").fingerprint
    assert len(here) == 64
    assert load_teacher(moved, "cpu", "float32").fingerprint == here
    assert read_elsewhere(moved, 1) == here


def test_use_does_not_change_it(tiny_teacher_dir: Path) -> None:
    teacher = load_teacher(tiny_teacher_dir, "cpu", "float32")
    teacher.encode(["a text", "and a longer text"])  # tokenizers remember how they padded last
    same = pooled(load_teacher(tiny_teacher_dir, "cpu", "float32"), "mean", Normalize())
    same.model.prompts = dict(teacher.model.prompts)
    assert teacher.fingerprint == same.fingerprint, "the changes below must come from what they change alone"


def test_every_change_gives_one_of_its_own(tiny_teacher_dir: Path) -> None:
    alike = defaultdict(list)
    for name, change in {"unchanged": lambda teacher: teacher, **CHANGES}.items():
        alike[change(load_teacher(tiny_teacher_dir, "cpu", "float32")).fingerprint].append(name)
    assert [names for names in alike.values() if len(names) > 1] == []


def test_what_is_usual_is_left_out() -> None:
    """The default teacher has its family's heads and activation, and keeps the name that stored vectors go by."""
    known = facts(artefacts.path(artefacts.STUDENT))["teacher"]["fingerprint"]
    assert load_teacher(device="cpu").is_the_model(known)
