"""An encoder cut in two: the lower layers, which stay as they are, and the upper ones, which change.

What lower layers make of a pair is the same in every step, for every scorer and every seed. It is computed once; only
the upper layers run again. That is what makes a study of six cross encoders affordable on one core.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from lab.cross.replay import Recorded, Replayed, gives_tuples, list_of_layers, with_layers
from lab.errors import ModelError

# cut in two and tested, or kin
FAMILIES = (
    "BERT, RoBERTa, XLM-RoBERTa, CamemBERT, ELECTRA, DistilBERT, MPNet, DeBERTa, ModernBERT, NomicBERT, EuroBERT,"
    " ALBERT (layers=1)"
)

# whatever code of others does with half of its layers
MISTAKES = (IndexError, KeyError, TypeError, ValueError, AttributeError, AssertionError, RuntimeError)


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
    raise refusal(encoder, "it has no list of its layers")


def refusal(encoder: nn.Module, why: str) -> ModelError:
    """The error for an encoder of another build; it names those that work."""
    return ModelError(f"{type(encoder).__name__} cannot become a cross encoder: {why}; give one of {FAMILIES}")


def positions_of(encoder: nn.Module) -> int | None:
    """Most tokens the encoder reads, None where it has no limit of its own.

    RoBERTa, MPNet and their kin number positions from behind the padding's, so they have fewer than the table has rows.
    """
    settings: Any = encoder.config
    rows = getattr(settings, "max_position_embeddings", None)
    before = getattr(getattr(encoder, "embeddings", None), "padding_idx", None)
    return rows if rows is None or before is None else rows - before - 1


@torch.no_grad()
def check_halves(encoder: nn.Module, lower: nn.Module, upper: nn.Module, pad: int) -> None:
    """Compare the halves with the whole on a few tokens, one text shorter than the other.

    Raises:
        ModelError: they differ: something of the encoder is computed twice, or not at all.
    """
    device, size = next(lower.parameters()).device, int(encoder.config.vocab_size)
    ids = torch.tensor([[token % size for token in range(5, 13)]] * 2, device=device)
    ids[ids == pad] = (pad + 1) % size
    mask = torch.ones_like(ids)
    ids[1, 5:], mask[1, 5:] = pad, 0
    training, real = encoder.training, mask.bool()
    encoder.eval()
    whole = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    encoder.train(training)
    try:
        states = lower(input_ids=ids, attention_mask=mask).last_hidden_state
        both = upper(inputs_embeds=states, attention_mask=mask).last_hidden_state
    except torch.OutOfMemoryError:
        raise
    except MISTAKES as error:
        raise refusal(encoder, f"it does not run with half of its layers ({error!r})") from error
    if not torch.allclose(whole[real], both[real], atol=1e-3 * float(whole[real].abs().max())):
        raise refusal(encoder, "cut in two, its layers compute something else")


def halves(encoder: nn.Module, upper: int) -> tuple[nn.Module, nn.Module]:
    """(lower, upper): two encoders that run one after the other as the whole does.

    The lower one shares the encoder's modules. The upper one has copies of its last `upper` layers, so that training
    them leaves the encoder alone; it takes `inputs_embeds`, the states the lower one returned, and the attention mask.

    Encoders of another build than BERT's are cut by `lab.cross.replay`.

    Raises:
        ModelError: fewer layers than asked for, or an encoder that has no list of them.
    """
    if not _like_bert(encoder) and (path := list_of_layers(encoder)):
        return _replayed(encoder, path, upper)
    holder, name = stack_of(encoder)
    layers = list(getattr(holder, name))
    if upper > len(layers):
        raise ModelError(f"layers={upper}: this encoder has {len(layers)}")
    if upper == len(layers) and encoder.config.model_type == "deberta-v2":
        raise ModelError(f"layers={upper}: a DeBERTa keeps at least one layer below; give {upper - 1} at most")
    part = next(key for key, module in encoder._modules.items() if module is holder)
    path = f"{part}.{name}"
    lower = with_layers(encoder, path, layers[: len(layers) - upper])
    higher = with_layers(encoder, path, [copy.deepcopy(layer) for layer in layers[len(layers) - upper :]])
    higher._modules["embeddings"] = _Given()
    # DeBERTa's convolution over the token vectors belongs to the first layer of the whole
    if getattr(higher_stack := stack_of(higher)[0], "conv", None) is not None:
        higher_stack._modules["conv"] = None
    if "embeddings_project" in higher._modules:  # ELECTRA's map from a narrow token table: the lower half's work
        higher._modules["embeddings_project"] = nn.Identity()
    return lower, higher


def upper_layers(upper: nn.Module) -> nn.ModuleList:
    """The layers of an upper half: what training changes."""
    if isinstance(upper, Replayed):
        return upper.layers
    holder, name = stack_of(upper)
    return getattr(holder, name)


def _like_bert(encoder: nn.Module) -> bool:
    try:
        stack_of(encoder)
    except ModelError:
        return False
    return True


def _replayed(encoder: nn.Module, path: str, upper: int) -> tuple[nn.Module, nn.Module]:
    count = len(encoder.get_submodule(path))
    if upper > count:
        raise ModelError(f"layers={upper}: this encoder has {count}")
    ids = torch.ones((1, 4), dtype=torch.long, device=next(encoder.parameters()).device)
    with torch.no_grad():
        try:
            tupled = gives_tuples(encoder, path, input_ids=ids, attention_mask=torch.ones_like(ids))
        except MISTAKES as error:
            raise refusal(encoder, f"it does not run on tokens and a mask ({error!r})") from error
    return Recorded(encoder, path, count - upper, tupled), Replayed(encoder, path, count - upper, tupled)
