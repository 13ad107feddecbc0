"""Encoders of another build than BERT's in two halves: what comes into a layer is recorded below, and replayed above.

BERT's kin take states in place of token vectors, so a shorter copy of them is a half (`lab.cross.split`). ModernBERT,
EuroBERT and others normalise, rotate or mask around their list of layers, and ALBERT runs one layer again and again.
Here each half runs the whole of that and leaves out the other half's layers alone: the lower half notes what would come
into the first upper layer, the upper half puts it there.
"""

from __future__ import annotations

import copy
from threading import get_ident
from typing import Any

from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutput


class _Skipped(nn.Module):
    """In a layer's place: hands on what it is given. What else the encoder asks of a layer is answered by the layer it
    stands for (which is no part of this module, so its weights are not)."""

    def __init__(self, layer: nn.Module, tupled: bool) -> None:
        super().__init__()
        self.__dict__["layer"], self.tupled = layer, tupled

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.__dict__["layer"], name)

    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> Any:
        return (hidden_states,) if self.tupled else hidden_states


class _Gate(_Skipped):
    """The first that is skipped: it keeps what came in, for each thread that runs the half by itself."""

    def __init__(self, layer: nn.Module, tupled: bool) -> None:
        super().__init__(layer, tupled)
        self.seen: dict[int, Tensor] = {}

    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> Any:
        self.seen[get_ident()] = hidden_states
        return super().forward(hidden_states)


class Recorded(nn.Module):
    """The lower half: tokens in, and out what comes into the first upper layer."""

    def __init__(self, encoder: nn.Module, path: str, cut: int, tupled: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = list(encoder.get_submodule(path))
        gate, *others = [_Gate(layers[cut], tupled), *(_Skipped(layer, tupled) for layer in layers[cut + 1 :])]
        self.encoder = with_layers(encoder, path, [*layers[:cut], gate, *others])
        self.__dict__["gate"], self.__dict__["left_out"] = gate, layers[cut:]

    def get_input_embeddings(self) -> Any:
        """The encoder's token table."""
        return self.encoder.get_input_embeddings()

    def untouched(self) -> dict[str, Tensor]:
        """All the encoder's tensors by name, of those layers as well that this half leaves out."""
        above = {
            f"above.{number}.{name}": tensor
            for number, layer in enumerate(self.left_out)
            for name, tensor in layer.state_dict().items()
        }
        return self.state_dict() | above

    def forward(self, **inputs: Any) -> BaseModelOutput:
        """inputs: of the encoder. last_hidden_state: (B, T, d)"""
        self.encoder(**inputs)
        return BaseModelOutput(last_hidden_state=self.gate.seen.pop(get_ident()))


class Replayed(nn.Module):
    """The upper half, with layers of its own: states in, and out what the whole encoder makes of them."""

    def __init__(self, encoder: nn.Module, path: str, cut: int, tupled: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = list(encoder.get_submodule(path))
        own = [copy.deepcopy(layer) for layer in layers[cut:]]
        self.layers = nn.ModuleList(own)
        self._states: dict[int, Tensor] = {}  # of each thread
        own[0].register_forward_pre_hook(self._put, with_kwargs=True)
        below = [_Skipped(layer, tupled) for layer in layers[:cut]]
        self.__dict__["encoder"] = with_layers(encoder, path, [*below, *own])
        self._width = int(encoder.get_input_embeddings().embedding_dim)

    def forward(self, inputs_embeds: Tensor, attention_mask: Tensor) -> BaseModelOutput:
        """inputs_embeds: (B, T, d) states of the lower half · attention_mask: (B, T)"""
        self._states[get_ident()] = inputs_embeds
        # token vectors are asked for, and what becomes of them is replaced
        none = inputs_embeds.new_zeros((*inputs_embeds.shape[:2], self._width))
        return self.encoder(inputs_embeds=none, attention_mask=attention_mask)

    def _put(self, _: nn.Module, args: tuple[Any, ...], more: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        states = self._states.pop(get_ident(), None)
        if states is None:  # a layer that is run again: ALBERT's
            return args, more
        return ((states, *args[1:]), more) if args else (args, more | {"hidden_states": states})


def list_of_layers(encoder: nn.Module) -> str | None:
    """Where the list of layers is, as a path of names; None where there is none. ALBERT's is of groups of layers."""
    settings: Any = encoder.config
    count = getattr(settings, "num_hidden_groups", getattr(settings, "num_hidden_layers", None))
    return next(
        (
            path
            for path, module in encoder.named_modules()
            if isinstance(module, nn.ModuleList) and len(module) == count and hasattr(encoder, "get_input_embeddings")
        ),
        None,
    )


def gives_tuples(encoder: nn.Module, path: str, **inputs: Tensor) -> bool:
    """Whether a layer returns its states first in a tuple; found by running the encoder on `inputs`.

    Raises:
        IndexError: the first layer is not called.
    """
    found: list[bool] = []
    first: nn.Module = encoder.get_submodule(path)[0]
    handle = first.register_forward_hook(lambda _, __, out: found.append(isinstance(out, tuple)))
    try:
        encoder(**inputs)
    finally:
        handle.remove()
    return found[0]


def with_layers(encoder: nn.Module, path: str, layers: list[nn.Module]) -> nn.Module:
    """A shallow copy of the encoder with other layers in its list; all else is shared."""
    out = whole = _shallow(encoder)
    *above, last = path.split(".")
    for name in above:
        out._modules[name] = out = _shallow(out._modules[name])
    out._modules[last] = nn.ModuleList(layers)
    return whole


def _shallow(module: nn.Module) -> nn.Module:
    out = copy.copy(module)
    out._modules = dict(module._modules)
    return out
