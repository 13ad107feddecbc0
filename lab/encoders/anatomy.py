"""Look inside a BERT-shaped teacher: its layers under one set of names, and what flows into them.

BERT, ELECTRA, RoBERTa, XLM-RoBERTa, CamemBERT and DistilBERT layers compute the same function (post-norm self-attention
and a feed-forward); only the names of their tensors differ. Teachers of another shape (relative positions, rotary,
pre-norm)
are told so, and take a student from a checkpoint instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

from lab.device import autocast
from lab.encoders.lengths import token_lengths
from lab.errors import ModelError

RARE = 20  # tokens seen less often are also looked at alone
BERT_NAMED = ("bert", "electra", "roberta", "xlm-roberta", "camembert")
_DISTILBERT = {
    "attention.q_lin": "attention.self.query",
    "attention.k_lin": "attention.self.key",
    "attention.v_lin": "attention.self.value",
    "attention.out_lin": "attention.output.dense",
    "sa_layer_norm": "attention.output.LayerNorm",
    "ffn.lin1": "intermediate.dense",
    "ffn.lin2": "output.dense",
    "output_layer_norm": "output.LayerNorm",
}


class _Enough(Exception):  # ends a forward pass whose rest nobody wants
    """Raised by a hook."""


@dataclass(frozen=True)
class Shape:
    """The sizes that decide how many parameters an encoder has."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    vocabulary: int
    activation: str
    norm_eps: float


@dataclass(frozen=True)
class Observed:
    """What a teacher's layer sees on real text.

    token_means: (tokens asked for, hidden) mean vector with which each enters the layer; if not seen, its vector alone
    usage: (kept layers, intermediate) mean |activation| of every feed-forward unit
    """

    token_means: Tensor
    usage: Tensor


def backbone(model: SentenceTransformer) -> nn.Module:
    """The transformers model inside.

    Raises:
        ModelError: the teacher is no BERT-shaped encoder; the message says what to do instead.
    """
    inner = model.transformers_model
    kind = getattr(getattr(inner, "config", None), "model_type", type(inner).__name__)
    if inner is None or kind not in (*BERT_NAMED, "distilbert"):
        raise ModelError(
            f"a student cannot be cut out of a {kind!r} teacher (known: {', '.join(BERT_NAMED)}, distilbert);"
            " give --student the path or hub id of a small transformers encoder instead"
        )
    positions = getattr(inner.config, "position_embedding_type", None) or "absolute"
    if positions != "absolute":
        raise ModelError(
            f"the teacher has {positions!r} positions inside its layers; give --student a checkpoint instead"
        )
    return inner


def shape(model: SentenceTransformer) -> Shape:
    """The teacher's sizes, from its config."""
    config = backbone(model).config
    if config.model_type == "distilbert":
        return Shape(
            config.n_layers, config.dim, config.hidden_dim, config.n_heads, config.vocab_size, config.activation, 1e-12
        )
    return Shape(
        config.num_hidden_layers, config.hidden_size, config.intermediate_size, config.num_attention_heads,
        config.vocab_size, config.hidden_act, config.layer_norm_eps,
    )  # fmt: skip


def layer_modules(model: SentenceTransformer) -> list[nn.Module]:
    """The stack of layers, first to last."""
    inner = backbone(model)
    stack = inner.transformer.layer if inner.config.model_type == "distilbert" else inner.encoder.layer
    return list(stack)


def layer_tensors(layer: nn.Module) -> dict[str, Tensor]:
    """A layer's tensors under BERT's names, copied."""
    tensors = {}
    for name, tensor in layer.state_dict().items():
        stem, _, leaf = name.rpartition(".")
        tensors[f"{_DISTILBERT.get(stem, stem)}.{leaf}"] = tensor.detach().clone()
    return tensors


@torch.inference_mode()
def observe(
    model: SentenceTransformer,
    texts: Sequence[str],
    kept: Sequence[int],
    tokens: Sequence[int] | np.ndarray | None = None,
    precision: str = "auto",
) -> Observed:
    """Run texts through the teacher and watch the first kept layer's input and every kept layer's feed-forward.

    A student whose lower layers are gone cannot compute what its first layer is used to be fed. The best constant
    guess, token by token, is the mean of what the teacher feeds it: E[h | token]. The student's table starts there.
    A token seen n times gets n/(n+4) of its mean and 4/(n+4) of its vector when it stands alone: rare means are noisy.

    Args:
        kept: indices of the layers the student keeps, increasing.
        tokens: ids whose means are wanted, in this order; by default those of all tokens.
    """
    layers = layer_modules(model)
    size = shape(model)
    sums = torch.zeros(size.vocabulary, size.hidden)
    seen = torch.zeros(size.vocabulary)
    usage = torch.zeros(len(kept), size.intermediate)
    caught: dict[str, Tensor] = {}
    alone = False  # of tokens by themselves only the input is wanted, so nothing behind it is computed

    def watch(name: str):
        def hook(_module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
            caught[name] = (args[0] if args else kwargs["hidden_states"]).float()
            if alone:
                raise _Enough

        return hook

    hooks = [layers[kept[0]].register_forward_pre_hook(watch("input"), with_kwargs=True)]
    for number, layer in enumerate(kept):
        module = layers[layer].ffn.lin2 if hasattr(layers[layer], "ffn") else layers[layer].output.dense
        hooks.append(module.register_forward_pre_hook(watch(f"unit{number}"), with_kwargs=True))

    def run(ids: Tensor, mask: Tensor) -> None:
        with autocast(model.device, precision), suppress(_Enough):
            inner(input_ids=ids.to(model.device), attention_mask=mask.to(model.device))

    inner = backbone(model)
    try:
        ordered = [texts[i] for i in np.argsort(token_lengths(model, texts), kind="stable")]
        for start in range(0, len(ordered), 128):
            features = model.preprocess(ordered[start : start + 128])
            ids, real = features["input_ids"].cpu(), features["attention_mask"].bool().cpu()
            run(ids, real.long())
            sums.index_add_(0, ids[real], caught["input"].cpu()[real])
            seen.index_add_(0, ids[real], torch.ones(int(real.sum())))
            for number in range(len(kept)):
                usage[number] += caught[f"unit{number}"].cpu()[real].abs().sum(0)
        means = sums / seen.clamp(min=1)[:, None]
        before, after = _frame(model)
        wanted = torch.arange(size.vocabulary) if tokens is None else torch.as_tensor(tokens)
        alone = True
        for rare in wanted[seen[wanted] < RARE].split(512):
            ids = torch.cat([torch.tensor([ids_]).expand(len(rare), -1) for ids_ in (before, [0], after)], 1).long()
            ids[:, len(before)] = rare
            run(ids, torch.ones_like(ids))
            trust = (seen[rare] / (seen[rare] + 4))[:, None]
            means[rare] = trust * means[rare] + (1 - trust) * caught["input"][:, len(before)].cpu()
    finally:
        for hook in hooks:
            hook.remove()
    return Observed(means[wanted], usage / seen.sum().clamp(min=1))


def _frame(model: SentenceTransformer) -> tuple[list[int], list[int]]:
    """The special tokens before and after a text, e.g. ([CLS], [SEP])."""
    framed = model.tokenizer("a")["input_ids"]
    plain = model.tokenizer("a", add_special_tokens=False)["input_ids"]
    start = next((i for i in range(len(framed)) if framed[i : i + len(plain)] == plain), 0)
    return framed[:start], framed[start + len(plain) :]
