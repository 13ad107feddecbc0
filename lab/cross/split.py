"""An encoder cut in two: the lower layers, which stay as they are, and the upper ones, which change.

What lower layers make of a pair is the same in every step, for every scorer and every seed. It is computed once; only
the upper layers run again. That is what makes a study of six cross encoders affordable on one core.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

from lab.errors import ModelError


class _Given(nn.Module):
    """In the embeddings' place: the states that were handed in, untouched."""

    def forward(self, *positional: Any, inputs_embeds: Tensor | None = None, **_: Any) -> Tensor:
        # DistilBERT hands everything over by place: (ids, states, positions), and only the states are there
        return next(value for value in (inputs_embeds, *positional) if value is not None)


def stack_of(encoder: nn.Module) -> tuple[nn.Module, str]:
    """(module that holds the layers, name of the list in it): `encoder.layer` of BERT and its kin, `transformer.layer`
    of DistilBERT.

    Raises:
        ModelError: an encoder of another build.
    """
    for name in ("encoder", "transformer"):
        holder = getattr(encoder, name, None)
        if isinstance(getattr(holder, "layer", None), nn.ModuleList) and hasattr(encoder, "embeddings"):
            return holder, "layer"
    raise ModelError(
        f"{type(encoder).__name__} has no list encoder.layer or transformer.layer: give an encoder of the BERT family"
        " (BERT, RoBERTa, ELECTRA, DistilBERT)"
    )


def halves(encoder: nn.Module, upper: int) -> tuple[nn.Module, nn.Module]:
    """(lower, upper): two encoders that run one after the other as the whole does.

    The lower one shares the encoder's modules. The upper one has copies of its last `upper` layers, so that training
    them leaves the encoder alone; it takes `inputs_embeds`, the states the lower one returned, and the attention mask.

    Raises:
        ModelError: fewer layers than asked for, or an encoder whose layers are not where BERT's are.
    """
    holder, name = stack_of(encoder)
    layers = list(getattr(holder, name))
    if upper > len(layers):
        raise ModelError(f"layers={upper}: this encoder has {len(layers)}")
    lower = _with_layers(encoder, layers[: len(layers) - upper])
    higher = _with_layers(encoder, [copy.deepcopy(layer) for layer in layers[len(layers) - upper :]])
    higher._modules["embeddings"] = _Given()
    if "embeddings_project" in higher._modules:  # ELECTRA's map from a narrow token table: the lower half's work
        higher._modules["embeddings_project"] = nn.Identity()
    return lower, higher


def _with_layers(encoder: nn.Module, layers: list[nn.Module]) -> nn.Module:
    """A shallow copy of the encoder with other layers; modules are shared, lists of them are not."""
    out = _shallow(encoder)
    holder, name = stack_of(encoder)
    part = next(key for key, module in encoder._modules.items() if module is holder)
    out._modules[part] = _shallow(holder)
    out._modules[part]._modules[name] = nn.ModuleList(layers)
    return out


def _shallow(module: nn.Module) -> nn.Module:
    out = copy.copy(module)
    out._modules = dict(module._modules)
    return out
