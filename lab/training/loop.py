"""The loop: one batch, the losses, one step; events to whoever listens.

It knows nothing of progress bars, plots or files beyond its checkpoint (the idea of minGPT's trainer, which calls
back). It is a generator: a script runs it dry, a notebook thread reads it and may stop between any two steps.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from sentence_transformers import SentenceTransformer
from torch import Tensor

from lab.config import DistillConfig
from lab.device import resolve_precision
from lab.encoders.lengths import token_lengths
from lab.errors import ModelError
from lab.losses import LossBatch, duplicate_mask, gradient_norms, total
from lab.training.batches import all_batches, probe_steps, steps_in
from lab.training.checkpoint import load_checkpoint, save_checkpoint
from lab.training.data import TrainingData
from lab.training.events import Event, Finished, Probed, Progress

CHECKPOINT_SECONDS = 60.0
_LAYER = "encoder.layer."  # in the names of parameters of BERT-shaped encoders' layers


class Keeper(Protocol):
    """Collects something beside the weights while a run trains, and takes it up again where the run is resumed."""

    def kept(self) -> dict[str, np.ndarray]: ...

    def restore(self, kept: dict[str, np.ndarray]) -> None: ...


def train(
    model: SentenceTransformer,
    data: TrainingData,
    config: DistillConfig,
    *,
    probe: Callable[[int], float] | None = None,
    stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
    keeper: Keeper | None = None,
    key: str = "",
) -> Iterator[Event]:
    """Train `model` in place.

    Args:
        probe: called at the probe steps with the step, the model in eval mode; returns the selection score.
        stop: asked after every step; True ends the run with the best weights so far.
        checkpoint: file to resume from and write to, at most once a minute; removed at the end.
        keeper: what it has collected stands in the checkpoint and comes back with it.
        key: what the run is; a checkpoint with another key is refused.

    Raises:
        ModelError: the loss became NaN or infinite (the learning rate is too high).
        CacheError: the checkpoint is of another run or unreadable.
    """
    accelerator = _accelerator(model, config)
    steps = steps_in(len(data.texts), config.batch, config.epochs)
    optimiser = _optimiser(model, config)
    looks = set(probe_steps(steps, config.probes)) if probe else set()
    done, best_step, best_score, best, spent, before = 0, 0, -math.inf, None, 0.0, 0.0
    if checkpoint and checkpoint.exists():
        state, best, kept = load_checkpoint(checkpoint, key, model, optimiser)
        if keeper:
            keeper.restore(kept)
        done, best_step, spent = state["step"], state["best_step"], state["seconds"]
        before = state["seconds"]
        best_score = state["best_score"] if state["best_score"] is not None else -math.inf
    elif probe and 0 in looks:
        score = _look(model, probe, 0)
        best_score, best = score, _snapshot(model)
        yield Probed(0, score, True)
    model, optimiser = accelerator.prepare(model, optimiser)
    model.train()
    ranked = data.documents if data.index is None else data.documents[data.index]
    index = torch.from_numpy(ranked).to(model.device) if config.losses.index_score else None
    lengths = token_lengths(model, data.texts).tolist()
    step, stopped, seen, saved = done, False, 0, time.monotonic()
    with plain_attention(model):
        for rows in all_batches(lengths, config.batch, config.seed, steps, done):
            began = time.monotonic()
            for group in optimiser.param_groups:
                group["lr"] = group["share"] * config.rate * schedule(step, steps, config.warmup)
            with accelerator.autocast():
                batch = _forward(model, data, rows, config, index)
            loss, terms = total(config.losses, batch)
            if not torch.isfinite(loss):
                raise ModelError(
                    f"the loss became {loss.item()} at step {step + 1}; lower the rate ({config.rate:g}) or the weights"
                )
            gradients = (
                gradient_norms(terms, batch.student_queries, config.losses) if step == done and len(terms) > 1 else {}
            )
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), config.clip)
            optimiser.step()
            optimiser.zero_grad()
            step, seen, spent = step + 1, seen + len(rows), spent + time.monotonic() - began
            pace = spent / step
            yield Progress(
                step, steps, loss.item(), len(rows) / max(1e-9, time.monotonic() - began), pace * (steps - step),
                {name: term.item() for name, term in terms.items()}, gradients,
            )  # fmt: skip
            if probe and step in looks:
                score = _look(model, probe, step)
                if better := score > best_score:
                    best_step, best_score, best = step, score, _snapshot(model)
                yield Probed(step, score, better)
            stopped = bool(stop and stop())
            if checkpoint and step < steps and (stopped or time.monotonic() - saved > CHECKPOINT_SECONDS):
                state = {
                    "step": step,
                    "best_step": best_step,
                    "best_score": None if best is None else best_score,
                    "seconds": spent,
                }
                save_checkpoint(checkpoint, key, model, optimiser, best, state, keeper.kept() if keeper else None)
                saved = time.monotonic()
            if stopped:
                break
    if config.select and best is not None:
        model.load_state_dict(best)
    else:
        best_step = step
    model.eval()
    if checkpoint and checkpoint.exists() and not stopped:
        checkpoint.unlink()
    yield Finished(step, best_step, stopped, spent, before)


@contextlib.contextmanager
def plain_attention(model: SentenceTransformer) -> Iterator[None]:
    """Train with attention written out where that is faster, and serve with what was there before.

    On a CPU the backward pass of torch's fused attention takes almost as long as the rest of a step over short texts:
    85 ms a step with it, 55 without (torch 2.13, batches of 64, 2 cores).
    """
    inner = model.transformers_model
    if inner is None or model.device.type != "cpu":
        yield
        return
    before = inner.config._attn_implementation
    inner.set_attn_implementation("eager")
    try:
        yield
    finally:
        inner.set_attn_implementation(before)


def _accelerator(model: SentenceTransformer, config: DistillConfig) -> Accelerator:
    # accelerate remembers the settings of a process's first training; ours may differ from one to the next
    AcceleratorState._reset_state(reset_partial_state=True)
    precision = resolve_precision(model.device, config.precision)
    accelerator = Accelerator(
        mixed_precision="bf16" if precision == "bfloat16" else "no", cpu=model.device.type == "cpu"
    )
    if accelerator.num_processes > 1:
        raise ModelError(
            f"started as {accelerator.num_processes} processes, but in-batch losses would see only their own share"
            " of a batch: start one process (plain python, not torchrun or accelerate launch)"
        )
    return accelerator


def _optimiser(model: SentenceTransformer, config: DistillConfig) -> torch.optim.Optimizer:
    """AdamW; layers taken from the teacher move slower than the table that stands in for those left out."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            share = config.layer_rate if _LAYER in name else 1.0
            groups.setdefault((decay, share), []).append(parameter)
    each = [{"params": found, "weight_decay": decay, "share": share} for (decay, share), found in groups.items()]
    return torch.optim.AdamW(each, lr=config.rate, fused=True)


def schedule(step: int, steps: int, warmup: float) -> float:
    """Linear rise, then half a cosine down to 0."""
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def embed(model: SentenceTransformer, texts: list[str], kind: str) -> Tensor:
    """(len(texts), d) with gradient, prompts as in `encode_query` and `encode_document`."""
    prompt = model.prompts.get(kind) or model.prompts.get(model.default_prompt_name or "") or None
    features = model.preprocess(texts, prompt=prompt)
    features = {k: v.to(model.device) if isinstance(v, Tensor) else v for k, v in features.items()}
    return model(features)["sentence_embedding"].float()


def _forward(
    model: SentenceTransformer, data: TrainingData, rows: np.ndarray, config: DistillConfig, index: Tensor | None
) -> LossBatch:
    device = model.device
    positives = data.positives[rows]
    negatives = data.negatives[rows] if data.negatives is not None else None  # (B, H)

    def take(vectors: np.ndarray, at: np.ndarray) -> Tensor:
        return torch.from_numpy(vectors[at]).to(device)

    own_documents = own_negatives = None
    if config.documents == "own":
        own_documents = embed(model, [data.document_texts[i] for i in positives], "document")
        if negatives is not None:
            flat = embed(model, [data.document_texts[i] for i in negatives.flatten()], "document")
            own_negatives = flat.view(*negatives.shape, -1)
    weights = config.losses
    mask = None
    if weights.one_hot or weights.score or weights.margin:
        candidates = positives if negatives is None else np.concatenate([positives, negatives.flatten()])
        mask = duplicate_mask(data.groups[positives].tolist(), data.groups[candidates].tolist(), device=device)
    return LossBatch(
        student_queries=embed(model, [data.texts[i] for i in rows], "query"),
        teacher_queries=take(data.queries, rows),
        query_targets=None if data.targets is None else take(data.targets, rows),
        teacher_documents=take(data.documents, positives) if weights.reads_documents else None,
        student_documents=own_documents,
        teacher_negatives=None if negatives is None else take(data.documents, negatives),
        student_negatives=own_negatives,
        index=index,
        mask=mask,
        cosine=data.similarity == "cosine",
    )


def _look(model: SentenceTransformer, probe: Callable[[int], float], step: int) -> float:
    model.eval()
    score = probe(step)
    model.train()
    return score


def _snapshot(model: SentenceTransformer) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
