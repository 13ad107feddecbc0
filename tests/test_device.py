"""Where and how precisely the lab computes, on machines that this one is not."""

from __future__ import annotations

import pytest
import torch

from lab.device import autocast, native_bfloat16, pick_device, resolve_precision
from lab.errors import ModelError

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "device"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_cuda_then_mps_then_the_processor(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto").type == device


@pytest.mark.parametrize(
    ("features", "precision"),
    [
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"avx2": True}, "float32"),
        ({}, "float32"),
    ],
)
def test_auto_is_bfloat16_only_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, features: dict[str, bool], precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features, raising=False)
    assert native_bfloat16(CPU) == (precision == "bfloat16")
    assert resolve_precision(CPU, "auto") == precision
    with autocast(CPU, "auto"):
        made = torch.ones(2, 2) @ torch.ones(2, 2)
    assert made.dtype == getattr(torch, precision)


def test_a_named_precision_is_taken_and_an_unknown_one_named() -> None:
    assert [resolve_precision(CPU, name) for name in ("bfloat16", "float32")] == ["bfloat16", "float32"]
    with pytest.raises(ModelError, match="precision 'half' is none of"):
        resolve_precision(CPU, "half")
