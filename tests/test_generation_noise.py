"""Noise reaches every path the decoder reads: hooks on the decoder itself, and generators that copy until it comes.

BART and T5 are tiny ones that a few seconds of training make copiers; the embedded one is the shipped one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lab import artefacts, load_collection, load_teacher
from lab.generation import NoiseSettings, QueryGenerator, load_generator
from lab.generation.filters import words
from tests.tiny import encoder_decoder, wordpiece

VOCABULARY = ("active", "arctic", "black", "bow", "break", "dioxide", "down", "east", "oxygen", "red", "white")
STEPS = {"bart": 90, "t5": 200}


def closure(generator: QueryGenerator, name: str) -> Any:
    """What the generator's `write` holds under this name."""
    write = generator.rewriter.write
    return dict(zip(write.__code__.co_freevars, write.__closure__, strict=True))[name].cell_contents


def triples(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(VOCABULARY, 3)) for _ in range(count)]


def taught(folder: Path, kind: str) -> QueryGenerator:
    """A tiny generator after a short training to copy three words, on all its layers, without dropout."""
    generator, tokenizer = load_generator(encoder_decoder(folder, kind), device="cpu"), wordpiece()
    model = closure(generator, "model")
    with torch.no_grad():
        for weights in model.parameters():  # the stand-in's are spread wide; training wants them small
            if weights.ndim > 1:
                weights.mul_(0.2)
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for step in range(STEPS[kind]):
        batch = tokenizer(triples(32, step), return_tensors="pt")
        wanted = batch["input_ids"][:, 1:].contiguous()  # what follows the start
        loss = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=wanted).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    return generator


@pytest.fixture(scope="module", params=["bart", "t5", "embedded"])
def copier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[QueryGenerator, Any]:
    """A generator that rebuilds most of what it reads, and its decoder."""
    if request.param == "embedded":
        generator = artefacts.query_generator(load_teacher("default", "cpu"))
        return generator, closure(generator, "decoder").bart.get_decoder()
    generator = taught(tmp_path_factory.mktemp(request.param), request.param)
    return generator, closure(generator, "model").get_decoder()


def queries_for(generator: QueryGenerator) -> list[str]:
    if generator.source == "embedded":
        return list(load_collection("wiki").queries["dev"].values())[:40]
    return triples(110, 10_000)


def test_a_copier_hardly_ever_copies_at_four(copier) -> None:
    generator, _ = copier
    asked = queries_for(generator)
    exact = {}
    for sigma in (0.0, 4.0):
        made = generator.rewrite(asked, NoiseSettings(sigma=sigma, mask=0.0, per_query=1))
        exact[sigma] = np.mean([words(a) == words(b) for a, b in zip(asked, made, strict=True)])
    assert exact[0.0] >= 0.7, "it does not copy, so that it stops at noise would show nothing"
    assert exact[4.0] <= 0.01


def reading(generator: QueryGenerator, decoder: Any, sigma: float) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What stands before the decoder at every step, and before the cross-attention of every layer, for one query."""
    steps: list[torch.Tensor] = []
    layers: list[torch.Tensor] = []

    def before(_: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        assert not [a for a in args if torch.is_tensor(a) and a.is_floating_point()]
        assert named.get("inputs_embeds") is None
        steps.append(named["encoder_hidden_states"].float())

    def across(_: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        layers.append(named["key_value_states"].float())

    crossing = [m for name, m in decoder.named_modules() if name.endswith(("encoder_attn", "EncDecAttention"))]
    hooks = [decoder.register_forward_pre_hook(before, with_kwargs=True)]
    hooks += [each.register_forward_pre_hook(across, with_kwargs=True) for each in crossing]
    try:
        generator.rewrite(queries_for(generator)[:1], NoiseSettings(sigma=sigma, mask=0.0, per_query=1))
    finally:
        for hook in hooks:
            hook.remove()
    assert len(crossing) == 2 and len(steps) > 1 and len(layers) == 2 * len(steps)
    return steps, layers


def test_all_that_a_decoder_reads_is_noisy_at_every_step_and_in_every_layer(copier) -> None:
    clean, noisy = (reading(*copier, sigma) for sigma in (0.0, 4.0))
    quiet = clean[0][0]
    loud = noisy[0][0]
    assert ((loud - quiet).abs().amax(dim=-1) > 0).all(), "a state without noise"
    for seen in (*noisy[0], *noisy[1]):
        assert torch.equal(seen, loud), "another path than the noisy states"
    # noise of four times the signal leaves nothing of it to lean on, whatever a bridge or a norm made of the states
    alike = torch.nn.functional.cosine_similarity(loud, quiet, dim=-1)
    assert float(alike.mean()) < 0.6
