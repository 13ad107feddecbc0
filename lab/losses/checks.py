"""What every loss asks of its inputs: full precision, tensors of the right shape, teachers without NaN."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from lab.errors import LabError

P = ParamSpec("P")
R = TypeVar("R")


def in_full_precision(loss: Callable[P, R]) -> Callable[P, R]:
    """Decorator: run `loss` in float32 (float64 if an input has it), also under autocast.

    Autocast would take the inner products in bfloat16, which cannot tell a score of 0.801 from 0.803, and a
    softmax then divides them by a small temperature. The student's forward pass keeps its autocast.
    """

    @functools.wraps(loss)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        values = (*args, *kwargs.values())
        floats = [value for value in values if isinstance(value, Tensor) and value.is_floating_point()]
        dtype = functools.reduce(torch.promote_types, (value.dtype for value in floats), torch.float32)

        def widen(value: Any) -> Any:
            return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value

        named = {name: widen(value) for name, value in kwargs.items()}
        with torch.autocast(floats[0].device.type if floats else "cpu", enabled=False):
            return loss(*map(widen, args), **named)

    return wrapper


def require_floats(name: str, value: Any, shape: str, *ndims: int) -> None:
    """`value` is a non-empty floating-point tensor with one of `ndims` dimensions, `shape` in words.

    Raises:
        LabError: it is not.
    """
    if not isinstance(value, Tensor):
        raise LabError(f"{name} must be a torch.Tensor of shape {shape}, got {type(value).__name__}.")
    if not value.is_floating_point():
        raise LabError(f"{name} must hold floating-point numbers, got {value.dtype}.")
    if value.ndim not in ndims or value.numel() == 0:
        raise LabError(f"{name} must be non-empty and of shape {shape}, got shape {tuple(value.shape)}.")


def require_shape(name: str, value: Tensor, expected: tuple[int, ...], like: str) -> None:
    """`value` has the shape `expected`, which is that of `like`.

    Raises:
        LabError: it has not.
    """
    if tuple(value.shape) != tuple(expected):
        raise LabError(f"{name} has shape {tuple(value.shape)}, but {like} asks for {tuple(expected)}.")


def require_finite(name: str, value: Tensor) -> None:
    """`value`, a target, holds neither NaN nor infinity: one bad target turns every weight into NaN.

    Raises:
        LabError: it does.
    """
    if not bool(torch.isfinite(value).all()):
        raise LabError(f"{name} holds NaN or infinity; encode these texts again and look for empty ones.")


def require_positive(name: str, value: float) -> None:
    """`value` is a number above 0 and below infinity.

    Raises:
        LabError: it is not.
    """
    if not 0 < value < math.inf:  # also refuses NaN
        raise LabError(f"{name} must be a positive finite number, got {value}.")


def require_mask(name: str, mask: Any, expected: tuple[int, ...]) -> None:
    """`mask` is a boolean tensor over the scores, True where a candidate is left out.

    Raises:
        LabError: it is not.
    """
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise LabError(f"{name} must be a boolean torch.Tensor, True where a candidate does not count.")
    require_shape(name, mask, expected, "the score matrix")
