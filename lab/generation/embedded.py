"""The generator that needs no download: the frozen default teacher reads, a small decoder of this project writes.

The teacher's last states go through a bridge (one linear map, positions added) into a BART decoder whose token table,
in and out, is the teacher's own, frozen, cut down to the tokens that the training texts use. So only the bridge and the
decoder's layers are trained and shipped. A fresh decoder starts as a copier: its last layer looks at the state in the
place it is about to write, and the bridge maps that state to its token's vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BartConfig, BartForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

from lab.errors import ModelError

SHARPNESS, SHARE = 0.5, 2.0  # of a fresh decoder: how sharply it looks at one place, how much it takes from there


@dataclass(frozen=True)
class DecoderShape:
    """Sizes of the shipped decoder."""

    layers: int = 2
    heads: int = 12
    feed_forward: int = 1024
    longest: int = 64  # most tokens of a text, [CLS] and [SEP] included


class EmbeddedDecoder(nn.Module):
    """States of the teacher in, tokens out.

    table: (V, d) the teacher's token vectors · kept: (W,) increasing token ids of the teacher that can be written
    special: the teacher's ids of (pad, start, end) · rms: of the teacher's states, so that the bridge sees unit size

    Raises:
        ModelError: a special id is not among the tokens kept.
    """

    def __init__(
        self, table: Tensor, kept: np.ndarray, special: tuple[int, int, int], rms: float, shape: DecoderShape
    ) -> None:
        super().__init__()
        self.shape, self.rms, self.special = shape, float(rms), tuple(special)
        self.kept = np.asarray(kept, dtype=np.int64)
        self.new = np.full(len(table), -1, dtype=np.int64)  # the teacher's id → ours, −1 where it cannot be written
        self.new[self.kept] = np.arange(len(self.kept))
        pad, start, end = (int(self.new[token]) for token in special)
        if min(pad, start, end) < 0:
            raise ModelError(f"the tokens kept miss one of the special ids {special}: keep all three")
        width = table.shape[1]
        self.bridge = nn.Linear(width, width)
        self.positions = nn.Parameter(torch.zeros(shape.longest, width))
        self.memory_norm = nn.LayerNorm(width)
        self.bart = BartForConditionalGeneration(
            BartConfig(
                vocab_size=len(self.kept), d_model=width, encoder_layers=0, decoder_layers=shape.layers,
                decoder_attention_heads=shape.heads, decoder_ffn_dim=shape.feed_forward, encoder_attention_heads=1,
                encoder_ffn_dim=1, max_position_embeddings=shape.longest, dropout=0.0, attention_dropout=0.0,
                activation_dropout=0.0, scale_embedding=False, pad_token_id=pad, bos_token_id=start,
                eos_token_id=end, decoder_start_token_id=start, forced_eos_token_id=None, tie_word_embeddings=True,
            )
        )  # fmt: skip
        with torch.no_grad():
            self.bart.get_input_embeddings().weight.copy_(table[torch.from_numpy(self.kept)])
        self.bart.get_input_embeddings().weight.requires_grad_(False)

    def memory(self, states: Tensor) -> Tensor:
        """What the decoder reads: (n, T, d) from the teacher's states (n, T, d), noise already in them.

        Raises:
            ModelError: more tokens than it reads.
        """
        length = states.shape[1]
        if length > self.shape.longest:
            raise ModelError(f"{length} tokens; this decoder reads at most {self.shape.longest}: cut the texts")
        return self.memory_norm(self.bridge(states / self.rms) + self.positions[:length])

    def hidden(self, states: Tensor, mask: Tensor, written: Tensor) -> Tensor:
        """(n, U, d) the decoder's last states for the tokens `written` (n, U) in our ids, for training."""
        return self.bart.model.decoder(
            input_ids=written, encoder_hidden_states=self.memory(states), encoder_attention_mask=mask, use_cache=False
        ).last_hidden_state

    def generate(self, states: Tensor, mask: Tensor, **settings: Any) -> Tensor:
        """(n, U) ids of the teacher's tokenizer. The states are all it is given: nothing of the text gets round them.

        `settings` go to transformers' `generate`.
        """
        found = self.bart.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=self.memory(states)), attention_mask=mask, **settings
        )
        return torch.from_numpy(self.kept)[found.cpu()]

    def trained(self) -> dict[str, Tensor]:
        """What is trained and shipped, by name: neither the token table nor the encoder that BART does not use."""
        left_out = ("bart.model.encoder.", "bart.model.shared.", "bart.model.decoder.embed_tokens.", "bart.lm_head.")
        return {k: v for k, v in self.state_dict().items() if not k.startswith(left_out)}

    def load(self, weights: dict[str, Tensor]) -> None:
        """Take trained weights.

        Raises:
            ModelError: names or shapes are not those of this decoder.
        """
        own = self.trained()
        if set(own) != set(weights) or any(own[name].shape != weights[name].shape for name in own):
            raise ModelError("these weights are of another decoder: names or shapes differ from its recipe")
        self.load_state_dict(weights, strict=False)


def start_as_copier(decoder: EmbeddedDecoder, states: Tensor, tokens: Tensor) -> None:
    """Weights from which training starts: a decoder that already copies most tokens.

    Args:
        states: (n, d) states of the teacher · tokens: (n,) the ids they belong to, for the bridge's least squares.
    """
    random = torch.Generator().manual_seed(0)
    width, shape = states.shape[1], decoder.shape
    table = decoder.bart.get_input_embeddings().weight
    x = torch.cat([states / decoder.rms, torch.ones(len(states), 1)], dim=1).double()
    y = table[torch.from_numpy(decoder.new)[tokens]].double()
    found = torch.linalg.solve(x.T @ x + 10 * torch.eye(width + 1, dtype=torch.double), x.T @ y).float()
    per_head = width // shape.heads
    basis = torch.linalg.qr(torch.randn(width, per_head, generator=random))[0]  # the directions that say "where"
    places = nn.functional.normalize(torch.randn(shape.longest + 1, per_head, generator=random), dim=1) @ basis.T
    places = places * table.norm(dim=1).mean()
    with torch.no_grad():
        decoder.bridge.weight.copy_(found[:-1].T)
        decoder.bridge.bias.copy_(found[-1])
        decoder.positions.copy_(places[:-1])
        # the decoder writes token t + 1 at place t, so its place t is named like the memory's place t + 1
        written = decoder.bart.model.decoder.embed_positions
        written.weight.zero_()
        written.weight[written.offset : written.offset + shape.longest].copy_(places[1:])
        layers = decoder.bart.model.decoder.layers
        for layer in layers:
            layer.self_attn.out_proj.weight.mul_(0.1)
            layer.fc2.weight.mul_(0.1)
            layer.encoder_attn.out_proj.weight.mul_(0.1)
        look = layers[-1].encoder_attn
        for projection in (look.q_proj, look.k_proj):
            projection.weight.copy_(SHARPNESS * basis.T.repeat(shape.heads, 1))
        look.v_proj.weight.copy_(torch.eye(width))
        look.out_proj.weight.copy_(SHARE * torch.eye(width))
