"""What a trained cross encoder adds to its encoder: two thin matrices a layer's matrix, in 16 bits, and the settings.

The encoder itself is not stored again: 1 MB instead of 90.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lab.cross.encoder import CrossEncoder
from lab.cross.lowrank import apply_factors, factors
from lab.cross.replay import Recorded
from lab.cross.settings import CrossConfig
from lab.encoders.teacher import DualEncoder
from lab.errors import CacheError, ModelError


def save_cross(model: CrossEncoder, path: Path, about: dict[str, Any] | None = None) -> None:
    """Write the changes of a trained, unmerged cross encoder; `about`: JSON values kept beside the settings.

    Raises:
        ModelError: a model without low-rank changes (untrained, or merged already).
    """
    changes = factors(model.layers)
    if not changes:
        raise ModelError("this cross encoder holds no changes to save: train it first, and save it before it is merged")
    tensors = {f"layers.{name}": tensor.half() for name, tensor in changes.items()}
    if model.config.scorer == "cls":
        tensors |= {f"head.{name}": tensor.detach().cpu().float() for name, tensor in model.head.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    told = {"config": model.config.to_json(), "encoder": encoder_key(model), "about": json.dumps(about or {})}
    save_file(tensors, temporary, metadata=told)
    os.replace(temporary, path)


def load_cross(path: Path, teacher: DualEncoder, length: int | None = None) -> CrossEncoder:
    """The cross encoder that `save_cross` wrote, merged and ready; `teacher` holds the encoder it was trained from.

    It reads pairs of `length` tokens; by default of as many as it was trained on, since with longer ones `cls` judges
    far worse (benchmarks/cross.py).

    Raises:
        CacheError: the file is missing, torn or of another build.
        ModelError: another encoder than the one it changes.
    """
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        config = CrossConfig.from_dict(json.loads(told["config"]))
    except (SafetensorError, OSError, KeyError) as error:
        raise CacheError(f"{path} holds no whole cross encoder ({error}); check it out or train it again") from error
    config = dataclasses.replace(config, length=length or min(config.length, config.training_length))
    model = CrossEncoder.from_teacher(teacher, config)
    if encoder_key(model) != told.get("encoder"):
        raise ModelError(f"{path.name} changes another encoder than {teacher.source}'s: load the teacher it came from")
    try:
        apply_factors(model.layers, _under(tensors, "layers."))
    except (AttributeError, RuntimeError, KeyError) as error:
        raise CacheError(f"{path} does not fit its own settings ({error}); train it again") from error
    if config.scorer == "cls":
        model.head.load_state_dict(_under(tensors, "head."))
    return model


def about_cross(path: Path) -> dict[str, Any]:
    """What was noted beside the weights, and how many numbers and bytes are stored."""
    with safe_open(path, framework="pt") as file:
        noted = json.loads((file.metadata() or {}).get("about", "{}"))
        numbers = sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return noted | {"numbers": numbers, "bytes": path.stat().st_size}


def encoder_key(model: CrossEncoder) -> str:
    """What tells one untouched encoder from another: sha256 over its lower half's tensors, in hex; over all, where the
    lower half may be next to nothing (ALBERT)."""
    digest, lower = hashlib.sha256(), model.lower
    tensors = lower.untouched() if isinstance(lower, Recorded) else lower.state_dict()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
