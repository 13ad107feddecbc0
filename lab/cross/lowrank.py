"""Low-rank changes: a matrix W becomes W + B·A with B (out, r) and A (r, in), and only those two are trained.

LoRA (Hu et al. 2021, arXiv 2106.09685). A starts at random, B at 0: before the first step nothing has changed. What is
saved is A and B; merged into W they cost nothing when the model is used.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LowRank(nn.Module):
    """A linear layer with a low-rank change beside it. base: frozen · down: (r, in) · up: (out, r)"""

    def __init__(self, base: nn.Linear, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        start = torch.randn(rank, base.in_features, generator=generator) / base.in_features**0.5
        self.down = nn.Parameter(start.to(base.weight.device))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))

    def forward(self, given: Tensor) -> Tensor:
        return self.base(given) + given @ self.down.T @ self.up.T

    def merged(self) -> nn.Linear:
        """The plain layer that computes the same; the base is changed in place."""
        with torch.no_grad():
            self.base.weight += self.up @ self.down
        return self.base


def adapt(layers: nn.ModuleList, rank: int, seed: int) -> dict[str, LowRank]:
    """Put a change beside every linear layer in `layers`; all else in them is frozen. Returns name → change."""
    layers.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    linear = [name for name, module in layers.named_modules() if isinstance(module, nn.Linear)]
    for name in linear:
        change = LowRank(layers.get_submodule(name), min(rank, *layers.get_submodule(name).weight.shape), generator)
        layers.set_submodule(name, change)
    return {name: layers.get_submodule(name) for name in linear}


def merge(layers: nn.ModuleList) -> None:
    """Add every change to its matrix: `layers` is then made of plain linear layers again."""
    for name in [name for name, module in layers.named_modules() if isinstance(module, LowRank)]:
        layers.set_submodule(name, layers.get_submodule(name).merged())


def factors(layers: nn.ModuleList) -> dict[str, Tensor]:
    """name.down and name.up of every change, copied."""
    return {
        f"{name}.{part}": getattr(module, part).detach().cpu().clone()
        for name, module in layers.named_modules()
        if isinstance(module, LowRank)
        for part in ("down", "up")
    }


def apply_factors(layers: nn.ModuleList, stored: dict[str, Tensor]) -> None:
    """Add changes that `factors` returned to plain layers, in place.

    Raises:
        KeyError, RuntimeError: changes of other layers than these.
    """
    with torch.no_grad():
        for name in {name.rpartition(".")[0] for name in stored}:
            weight = layers.get_submodule(name).weight
            weight += stored[f"{name}.up"].float() @ stored[f"{name}.down"].float()
