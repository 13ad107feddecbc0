"""From cross encoder to dual encoder: a student copies, pair by pair, what the cross encoder made of its lists.

The cross encoder's scores and segment vectors are computed once a pair and kept, for the relevant document and for the
hard negatives alike. Scores alone leave open where the student puts its vectors; matching says it (EmbedDistill,
arXiv 2301.12005, R_Emb with emb_{q←(q,d)} and emb_{d←(q,d)} as targets). A dual encoder has one vector a query, the
cross encoder one a pair: what no single vector can match is the floor of this loss (`lab.geometry.segments`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor

from lab.cross.encoder import CrossEncoder
from lab.cross.lists import Lists
from lab.cross.training import Prepared, read_prepared
from lab.device import autocast
from lab.errors import DataError, LabError, ModelError
from lab.losses import matching, one_hot, score_distillation
from lab.training.batches import all_batches, steps_in
from lab.training.events import Event, Finished, Progress
from lab.training.loop import embed, plain_attention, schedule


@dataclass(frozen=True)
class Copying:
    """How a student copies. `matching` 0: labels and scores alone.

    Raises:
        LabError: a setting outside its range.
    """

    score: float = 1.0  # weight of the cross encoder's softmax over each list
    matching: float = 1.0  # weight of ‖t − s‖ of queries and of documents, over all pairs
    temperature: float = 0.05  # of the student's cosines
    teacher_temperature: float = 0.05  # of the cross encoder's scores: 1 for `cls`, 0.05 for `dual`
    epochs: float = 1.0
    batch: int = 16  # lists a step
    rate: float = 1e-3
    warmup: float = 0.06
    clip: float = 1.0
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name in ("score", "matching"):
            if not getattr(self, name) >= 0:
                raise LabError(f"{name}={getattr(self, name)}: a weight is at least 0")
        for name in ("temperature", "teacher_temperature", "epochs", "batch", "rate", "clip"):
            if not getattr(self, name) > 0:
                raise LabError(f"{name}={getattr(self, name)}: must be greater than 0")


@dataclass(frozen=True, eq=False)
class PairTargets:
    """What a cross encoder makes of n lists of C: scores (n, C); queries, documents (n, C, d) unit vectors."""

    scores: Tensor
    queries: Tensor
    documents: Tensor


def targets(model: CrossEncoder, prepared: Prepared) -> PairTargets:
    """Read all pairs of prepared lists once, at the length they were prepared with."""
    found, shape = read_prepared(model, prepared), (len(prepared), prepared.width)
    return PairTargets(found.scores.view(shape), found.queries.view(*shape, -1), found.documents.view(*shape, -1))


def copy_pairs(
    student: SentenceTransformer, lists: Lists, copied: PairTargets, config: Copying, groups: np.ndarray
) -> Iterator[Event]:
    """Train a dual encoder in place: labels (in batch) + score · scores + matching · vectors.

    Args:
        student: ends in unit vectors of the cross encoder's dimension.
        groups: (N,) equal for documents of equal text, so that a twin is never a negative.

    Raises:
        DataError: targets of other lists, or of another dimension than the student's.
        ModelError: the loss became NaN or infinite.
    """
    width, count = lists.rows.shape[1], len(lists)
    if copied.scores.shape != lists.rows.shape or copied.queries.shape[-1] != student.get_embedding_dimension():
        raise DataError(
            f"targets of shape {tuple(copied.queries.shape)} for lists of shape {lists.rows.shape} and a student of"
            f" {student.get_embedding_dimension()} dimensions: make them with targets(model, lists)"
        )
    optimiser = torch.optim.AdamW(student.parameters(), lr=config.rate, weight_decay=0.01, fused=True)
    lengths = [sum(len(lists.documents[row]) for row in rows) for rows in lists.rows]
    steps, step, spent = steps_in(count, config.batch, config.epochs), 0, 0.0
    student.train()
    with plain_attention(student):
        for at in all_batches(lengths, config.batch, config.seed, steps):
            began = time.monotonic()
            for group in optimiser.param_groups:
                group["lr"] = config.rate * schedule(step, steps, config.warmup)
            rows = lists.rows[at]  # (B, C)
            with autocast(student.device, config.precision):
                queries = embed(student, [lists.queries[i] for i in at], "query")  # (B, d)
                documents = embed(student, [lists.documents[row] for row in rows.ravel()], "document")  # (B·C, d)
            loss = pair_loss(queries, documents.view(len(at), width, -1), _rows(copied, at), groups[rows], config)
            if not torch.isfinite(loss):
                raise ModelError(f"the loss became {loss.item()} at step {step + 1}; lower the rate ({config.rate:g})")
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), config.clip)
            optimiser.step()
            optimiser.zero_grad()
            seconds = time.monotonic() - began
            step, spent = step + 1, spent + seconds
            yield Progress(step, steps, loss.item(), rows.size / max(1e-9, seconds), spent / step * (steps - step))
    student.eval()
    yield Finished(step, step, False, spent)


def pair_loss(queries: Tensor, documents: Tensor, copied: PairTargets, groups: np.ndarray, config: Copying) -> Tensor:
    """The loss of a batch.

    Args:
        queries: (B, d) · documents: (B, C, d), the relevant one first · copied: targets of these lists
        groups: (B, C) keys of the documents; equal to a list's first: no negative for it.
    """
    size, width, dimension = documents.shape
    keys = groups.ravel().tolist()
    mask = torch.tensor([[key == first for key in keys] for first in groups[:, 0].tolist()])
    positives = torch.arange(size) * width
    mask[torch.arange(size), positives] = False
    loss = one_hot(
        queries, documents.reshape(-1, dimension), temperature=config.temperature, mask=mask.to(queries.device),
        positives=positives.to(queries.device),
    )  # fmt: skip
    if config.score:
        scores = torch.einsum("bd,bcd->bc", queries, documents)
        loss = loss + config.score * score_distillation(
            scores, copied.scores.to(scores), temperature=config.temperature,
            teacher_temperature=config.teacher_temperature,
        )  # fmt: skip
    if config.matching:
        wanted = copied.queries.to(queries)
        off = matching(queries[:, None].expand_as(wanted), wanted) + matching(documents, copied.documents.to(documents))
        loss = loss + config.matching * off
    return loss


def _rows(copied: PairTargets, at: np.ndarray) -> PairTargets:
    rows = torch.from_numpy(at)
    return PairTargets(copied.scores[rows], copied.queries[rows], copied.documents[rows])
