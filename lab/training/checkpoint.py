"""Exact resume: weights, optimiser, place and looks, written to a temporary name and renamed. No pickles."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from lab.errors import CacheError


def save_checkpoint(
    path: Path,
    key: str,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    best: dict[str, Tensor] | None,
    state: dict[str, Any],
    kept: dict[str, np.ndarray] | None = None,
) -> None:
    """Write all that the next step depends on.

    Args:
        key: what the run is (config, texts, teacher); a checkpoint of another run is refused.
        best: weights of the best probe so far.
        state: JSON values: the step, the best score, the seconds.
        kept: what was collected beside the weights, as it is.
    """
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in (best or {}).items()}
    tensors |= {f"kept.{name}": torch.from_numpy(values) for name, values in (kept or {}).items()}
    for number, values in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in values.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    unshared = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    save_file(unshared, temporary, metadata={"key": key, "state": json.dumps(state)})
    os.replace(temporary, path)


def load_checkpoint(
    path: Path, key: str, model: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[dict[str, Any], dict[str, Tensor] | None, dict[str, np.ndarray]]:
    """Put a checkpoint back into model and optimiser. Returns (state, best weights or None, what else was kept).

    Raises:
        CacheError: the file cannot be read, or belongs to another run.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise CacheError(f"the checkpoint {path} cannot be read ({error}); delete it to start anew") from error
    if metadata.get("key") != key:
        raise CacheError(f"the checkpoint {path} is of another run; delete it, or choose another --out")
    model.load_state_dict(_under(tensors, "model."))
    groups = optimiser.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under(tensors, "optimiser.").items():
        number, _, field = name.partition(".")
        state.setdefault(int(number), {})[field] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": groups["param_groups"]})
    kept = {name: tensor.numpy() for name, tensor in _under(tensors, "kept.").items()}
    return json.loads(metadata["state"]), _under(tensors, "best.") or None, kept


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
