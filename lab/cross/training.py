"""List-wise training of the upper layers, as a generator of events: it draws nothing and prints nothing.

The frozen lower layers run once over all pairs (`prepare`); every epoch, scorer and seed then starts from their states.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lab.cross.encoder import CrossEncoder, Read, batches
from lab.cross.lists import Lists
from lab.cross.lowrank import adapt
from lab.cross.pairs import Pair
from lab.device import autocast
from lab.errors import DataError, ModelError
from lab.losses import list_wise
from lab.training.batches import all_batches, steps_in
from lab.training.events import Event, Finished, Progress
from lab.training.loop import schedule


@dataclass(frozen=True, eq=False)
class Prepared:
    """Pairs of lists with what the frozen layers make of them.

    pairs: n · C, list after list · states: as many (T, d) tensors, bfloat16 where the model computes in it
    width: C, pairs a list
    """

    pairs: list[Pair]
    states: list[Tensor]
    width: int

    def __len__(self) -> int:
        return len(self.pairs) // self.width


def prepare(model: CrossEncoder, lists: Lists, progress: Callable[[int, int], None] | None = None) -> Prepared:
    """Run the lower layers over all pairs: 2 bytes a number, 0.8 kB a token of width 384.

    `progress(done, all)` is called after every batch.
    """
    pairs = model.pairs(*lists.flat(), min(model.config.length, model.config.training_length))
    states: list[Tensor] = [torch.empty(0)] * len(pairs)
    kept = torch.bfloat16 if model.precision == "bfloat16" else torch.float32
    done = 0
    with torch.no_grad(), autocast(model.device, model.precision):
        for rows in batches(pairs):
            batch = model.collate([pairs[row] for row in rows])
            for row, found in zip(rows, model.below(batch), strict=True):
                states[row] = found[: len(pairs[row])].to(kept).clone()
            done += len(rows)
            if progress:
                progress(done, len(pairs))
    return Prepared(pairs, states, lists.rows.shape[1])


def read_prepared(model: CrossEncoder, prepared: Prepared) -> Read:
    """What a cross encoder makes of prepared pairs, in their order: `CrossEncoder.predict` without the lower layers."""
    width = model.head.in_features
    out = Read(torch.empty(len(prepared.pairs)), *(torch.empty(len(prepared.pairs), width) for _ in range(2)))
    with torch.inference_mode(), autocast(model.device, model.precision):
        for rows in batches(prepared.pairs):
            batch = model.collate([prepared.pairs[row] for row in rows])
            found = model.read(model.above(padded([prepared.states[row] for row in rows]), batch), batch)
            out.scores[rows], out.queries[rows], out.documents[rows] = (
                part.float().cpu() for part in (found.scores, found.queries, found.documents)
            )
    return out


def train_cross(model: CrossEncoder, prepared: Prepared, stop: Callable[[], bool] | None = None) -> Iterator[Event]:
    """Train the low-rank changes (and, for `cls`, the linear map) in place; they stay apart until merged.

    Args:
        prepared: of a model with the same lower layers and length.
        stop: asked after every step; True ends the run with the weights as they are.

    Raises:
        DataError: no lists.
        ModelError: the loss became NaN or infinite (the rate is too high).
    """
    if not len(prepared):
        raise DataError("no lists to train on: mine some from the train split's queries")
    config = model.config
    weights = trainable(model)
    optimiser = torch.optim.AdamW(weights, lr=config.rate, weight_decay=0.01, fused=True)
    lengths = [
        sum(map(len, prepared.pairs[i : i + prepared.width])) for i in range(0, len(prepared.pairs), prepared.width)
    ]
    steps = steps_in(len(prepared), config.batch, config.epochs)
    step, spent, stopped = 0, 0.0, False
    for at in all_batches(lengths, config.batch, config.seed, steps):
        began = time.monotonic()
        for group in optimiser.param_groups:
            group["lr"] = config.rate * schedule(step, steps, config.warmup)
        rows = (at[:, None] * prepared.width + np.arange(prepared.width)).ravel()  # (B · C,)
        batch = model.collate([prepared.pairs[row] for row in rows])
        with autocast(model.device, model.precision):
            last = model.above(padded([prepared.states[row] for row in rows]), batch)
        scores = model.read(last, batch).scores.view(len(at), prepared.width)
        loss = list_wise(scores, temperature=config.temperature if config.scorer == "dual" else 1.0)
        if not torch.isfinite(loss):
            raise ModelError(f"the loss became {loss.item()} at step {step + 1}; lower the rate ({config.rate:g})")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, config.clip)
        optimiser.step()
        optimiser.zero_grad()
        seconds = time.monotonic() - began
        step, spent = step + 1, spent + seconds
        yield Progress(step, steps, loss.item(), len(rows) / max(1e-9, seconds), spent / step * (steps - step))
        stopped = bool(stop and stop())
        if stopped:
            break
    model.requires_grad_(False)
    yield Finished(step, step, stopped, spent)


def trainable(model: CrossEncoder) -> list[torch.nn.Parameter]:
    """What is trained: new low-rank changes of the upper layers, and the linear map where it scores."""
    changes = adapt(model.layers, model.config.rank, model.config.seed)
    weights = [p for change in changes.values() for p in (change.down, change.up)]
    if model.config.scorer == "cls":
        weights += [p.requires_grad_() for p in model.head.parameters()]
    return weights


def padded(states: list[Tensor]) -> Tensor:
    """(B, T, d) float32 out of states of single pairs; 0 where there is padding."""
    return torch.nn.utils.rnn.pad_sequence(states, batch_first=True).float()
