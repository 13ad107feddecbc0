"""What a model's vectors depend on, as one number: weights, tokenizer, modules, prompts, length, precision, and what of
the encoder's config no weight tells (heads, activation), where it is not its family's usual.

Not the versions of libraries, nor a folder's name: stored vectors are found again wherever they are the same.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

# What decides a vector and no shape of a tensor tells
_SILENT = (
    "num_attention_heads", "n_heads", "num_key_value_heads", "hidden_act", "hidden_activation", "activation",
    "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "rms_norm_eps", "position_embedding_type", "is_decoder",
    "rope_theta", "rope_parameters", "rope_scaling", "sliding_window", "local_attention", "global_attn_every_n_layers",
)  # fmt: skip


def fingerprint(model: SentenceTransformer, precision: str) -> str:
    """sha256, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    tokenizer = model.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    words = json.loads(backend.to_str()) if hasattr(backend, "to_str") else str(tokenizer)
    if isinstance(words, dict):  # set anew at every call, so they say nothing about the model
        words["truncation"] = words["padding"] = None
    settings: dict[str, Any] = {
        "tokenizer": hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest(),
        "modules": [
            type(module).__name__ + json.dumps(_config(module), sort_keys=True, default=str) for module in model
        ],
        "prompts": model.prompts,
        "default_prompt": model.default_prompt_name,
        "length": model.max_seq_length,
        "precision": precision,
    }
    if unusual := _unusual(model):
        settings["encoder"] = unusual
    digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def _config(module: torch.nn.Module) -> dict[str, Any]:
    read = getattr(module, "get_config_dict", None)
    return read() if callable(read) else {}


def _unusual(model: SentenceTransformer) -> dict[str, Any]:
    """The encoder's settings of `_SILENT` that differ from its family's: a config may be edited beside its weights."""
    config = getattr(model.transformers_model, "config", None)
    if config is None:  # a static encoder
        return {}
    found = {name: getattr(config, name) for name in _SILENT if hasattr(config, name)}
    try:
        usual = type(config)()
    except (TypeError, ValueError):  # a config made of two others has no usual one
        return found
    # what only this file says, the family does not read
    return {name: value for name, value in found.items() if hasattr(usual, name) and value != getattr(usual, name)}
