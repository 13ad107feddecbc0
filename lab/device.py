"""Where and how precisely we compute: CUDA, then Apple's MPS, then the CPU; bfloat16 where the processor has it
natively."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import torch

from lab.errors import ModelError

PRECISIONS = ("bfloat16", "float32")  # that a model can compute in; "auto" is one of them


def pick_device(name: str = "auto") -> torch.device:
    """`auto` takes CUDA, then MPS, then the CPU; any other name is handed to torch.

    Raises:
        ModelError: the named device does not exist on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available():
            return torch.device("mps")
        return torch.device("cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"device {name!r} is not usable here ({error}); use device='auto' or 'cpu'") from error
    return device


def native_bfloat16(device: torch.device) -> bool:
    """True where bfloat16 matmuls run in hardware; elsewhere they are emulated and slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type == "cpu":
        # older releases of torch cannot say: float32 is right everywhere, only slower
        features = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        return bool(features.get("avx512_bf16") or features.get("amx_bf16") or features.get("bf16"))
    return False


def autocast(device: torch.device, precision: str = "auto") -> AbstractContextManager:
    """The context in which a forward pass runs: bfloat16 autocast, or nothing for float32.

    Args:
        precision: "auto", "bfloat16" or "float32".
    """
    if resolve_precision(device, precision) == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def resolve_precision(device: torch.device, precision: str) -> str:
    """The precision that `auto` stands for on this device, as the word that goes into cache keys and reports.

    Raises:
        ModelError: an unknown precision.
    """
    if precision not in ("auto", *PRECISIONS):
        raise ModelError(f"precision {precision!r} is none of 'auto', 'bfloat16', 'float32'")
    if precision == "auto":
        return "bfloat16" if native_bfloat16(device) else "float32"
    return precision
