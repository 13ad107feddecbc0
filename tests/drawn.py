"""Seeded normal numbers for properties that must hold whatever the vectors are."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def normal_tensor(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def rotation(seed: int, size: int) -> np.ndarray:
    """Orthogonal, (size, size)."""
    return np.linalg.qr(normal(seed, size, size))[0]
