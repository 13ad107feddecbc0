"""A query generator out of any encoder-decoder: the embedded one, a folder, or a hub id."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.modeling_outputs import BaseModelOutput

from lab.device import autocast, pick_device
from lab.encoders.teacher import DEFAULT_HUB_ID, DualEncoder, load_teacher, resolve_folder
from lab.errors import CacheError, ModelError
from lab.generation.embedded import DecoderShape, EmbeddedDecoder
from lab.generation.generator import QueryGenerator, Rewriter

PAPER = "facebook/bart-base"  # what EmbedDistill used
WEIGHTS, RECIPE = "decoder.safetensors", "recipe.json"
MOST = 64  # tokens a generator reads of a query, where the model itself could read more


def load_generator(source: str | Path = PAPER, device: str = "auto") -> QueryGenerator:
    """A generator from any encoder-decoder that transformers loads (BART, T5, …), safetensors only, no remote code.

    Args:
        source: a folder or a hub id; the one of the paper is facebook/bart-base.

    Raises:
        OfflineError: a hub id that is neither cached nor reachable.
        ModelError: no encoder-decoder, or no safetensors weights.
    """
    folder = resolve_folder(source)
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder} holds no .safetensors weights (pickled .bin files are never loaded)")
    try:
        if not AutoConfig.from_pretrained(folder).is_encoder_decoder:
            raise ModelError(f"{source} is no encoder-decoder: a generator needs both halves, e.g. {PAPER}")
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSeq2SeqLM.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{folder} cannot be loaded as an encoder-decoder: {error}") from error
    model = model.to(pick_device(device)).eval()
    longest = getattr(model.config, "max_position_embeddings", MOST)  # T5 has no limit

    def read(ids: Tensor, mask: Tensor) -> Tensor:
        return model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state

    def write(states: Tensor, mask: Tensor, **settings: Any) -> Tensor:
        # encoder_outputs alone, no input_ids: there is nothing clean for the decoder to look at
        return model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=states), attention_mask=mask, **settings
        ).cpu()

    return QueryGenerator(Rewriter(str(source), tokenizer, read, write, model.device, min(longest, MOST)))


def load_embedded(folder: Path, teacher: DualEncoder | None = None, device: str = "auto") -> QueryGenerator:
    """The generator that ships: the default teacher reads, the decoder in `folder` writes.

    Args:
        teacher: the default teacher where it is loaded already.

    Raises:
        ModelError: a teacher with another token table than the one the decoder was trained behind.
        CacheError: the folder is incomplete or torn.
    """
    try:
        recipe, stored = json.loads((folder / RECIPE).read_text(encoding="utf-8")), load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise CacheError(f"{folder} holds no whole generator ({error}); check the repository out again") from error
    teacher = teacher or load_teacher("default", device)
    encoder, tokenizer = teacher.model.transformers_model, teacher.model.tokenizer
    if encoder is None or table_key(encoder.get_input_embeddings().weight) != recipe["table"]:
        raise ModelError(f"this decoder was trained behind {DEFAULT_HUB_ID}, not {teacher.source}: load_teacher()")
    decoder = from_stored(stored, recipe, encoder.get_input_embeddings().weight.detach())
    decoder = decoder.to(encoder.device).eval()

    def read(ids: Tensor, mask: Tensor) -> Tensor:
        return encoder(input_ids=ids, attention_mask=mask).last_hidden_state

    def write(states: Tensor, mask: Tensor, **settings: Any) -> Tensor:
        with autocast(
            encoder.device
        ):  # most of the work is one product with the token table: half the time in bfloat16
            return decoder.generate(states, mask, **settings)

    return QueryGenerator(Rewriter("embedded", tokenizer, read, write, encoder.device, decoder.shape.longest))


def save_embedded(decoder: EmbeddedDecoder, table: Tensor, folder: Path, **facts: Any) -> None:
    """Write decoder and recipe: matrices in eight bits with a scale a row, the rest in 16 bits."""
    folder.mkdir(parents=True, exist_ok=True)
    stored: dict[str, Tensor] = {"kept": torch.from_numpy(decoder.kept).to(torch.int32)}
    for name, tensor in decoder.trained().items():
        if tensor.ndim == 2:
            # rounded first, so that values are divided by what they will be multiplied with
            scale = (tensor.abs().amax(dim=1, keepdim=True) / 127).half().clamp_min(1e-7)
            values = (tensor / scale.float()).round().clamp(-127, 127)
            stored |= {f"{name}.int8": values.to(torch.int8), f"{name}.scale": scale}
        else:
            stored[name] = tensor.half()
    save_file(stored, folder / WEIGHTS)
    shape = dataclasses.asdict(decoder.shape)
    recipe = {"shape": shape, "rms": decoder.rms, "special": decoder.special, "table": table_key(table), **facts}
    (folder / RECIPE).write_text(json.dumps(recipe, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def from_stored(stored: dict[str, Tensor], recipe: dict[str, Any], table: Tensor) -> EmbeddedDecoder:
    """The decoder that `save_embedded` wrote, in float32."""
    stored = dict(stored)
    kept = stored.pop("kept").numpy()
    decoder = EmbeddedDecoder(table, kept, tuple(recipe["special"]), recipe["rms"], DecoderShape(**recipe["shape"]))
    weights = {name: tensor.float() for name, tensor in stored.items() if not name.endswith((".int8", ".scale"))}
    for name in [name for name in stored if name.endswith(".int8")]:
        plain = name.removesuffix(".int8")
        weights[plain] = stored[name].float() * stored[f"{plain}.scale"].float()
    decoder.load(weights)
    return decoder


def table_key(table: Tensor) -> str:
    """What tells one token table from another: sha256 of its bytes, in hex."""
    return hashlib.sha256(table.detach().cpu().contiguous().float().numpy().tobytes()).hexdigest()
