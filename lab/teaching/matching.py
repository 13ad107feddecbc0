"""The exercises of notebook 03: a matching loss that survives its success, and a student no score loss can blame."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lab.teaching.checks import verdict

HINT_LOSS = (
    "The root has an infinite slope at 0. Ask torch.linalg.vector_norm, which defines the slope there as 0, or keep"
    " what is under the root away from 0."
)
HINT_INDEX = (
    "⟨Rq, Rd⟩ = ⟨q, d⟩ for every orthogonal R; np.linalg.qr of a random square matrix gives one as its first part."
)

# Three queries in two dimensions: distances 0.5, 1.3 and 0, where the student stands on its teacher.
_TEACHER = ((1.0, 0.0), (0.0, 1.0), (0.6, 0.8))
_STUDENT = ((0.7, 0.4), (1.2, 0.5), (0.6, 0.8))
_EXPECTED, _PULL = 0.6, math.sqrt(2) / 3  # two rows pull with 1/3 each, the third not at all
_CLOSE = 1e-3  # an ε under the root is a fair answer
_MISTAKES: dict[str, Callable[[Any, Any], Any]] = {
    "That is the mean of the squares: this loss is the norm itself, take the root.":
        lambda s, t: float((s - t).square().sum(1).mean()),
    "That is the sum over the queries: divide by their number.": lambda s, t: float((s - t).norm(dim=1).sum()),
    "That is the norm of the whole matrix: one norm a query is wanted, use dim=1.": lambda s, t: float((s - t).norm()),
    "That is 1 − cosine: it forgets the lengths.":
        lambda s, t: float((1 - torch.cosine_similarity(s, t, dim=1)).mean()),
}  # fmt: skip


def check_matching_loss(yours: Callable[[Tensor, Tensor], Any]) -> None:
    """Print whether `yours(student, teacher)` is the mean ‖t − s‖ with a gradient everywhere. Never raises."""
    student, teacher = (torch.tensor(rows, dtype=torch.double) for rows in (_STUDENT, _TEACHER))

    def value(s: Tensor, t: Tensor) -> Any:
        found = yours(s.clone(), t.clone())
        return found.detach() if isinstance(found, Tensor) else found

    right, words = verdict(value, (student, teacher), _EXPECTED, _MISTAKES, _CLOSE)
    if right:
        words = _of_the_gradient(yours, student, teacher)
    print(words)  # noqa: T201 (a check talks to the reader)


def _of_the_gradient(yours: Callable[[Tensor, Tensor], Any], student: Tensor, teacher: Tensor) -> str:
    moving = student.clone().requires_grad_()
    try:
        loss = yours(moving, teacher)
    except RuntimeError as error:  # numpy refuses tensors that carry a gradient
        return f"Not yet: the value is right, but with a gradient to follow it raised {error}; stay with torch."
    if not isinstance(loss, Tensor) or not loss.requires_grad:
        return "Not yet: the value is right, but no gradient reaches the student; stay with torch, without .item()."
    (gradient,) = torch.autograd.grad(loss.sum(), [moving], allow_unused=True)
    if gradient is None or not bool(torch.isfinite(gradient).all()):
        return (
            "Not yet: the value is right, but the gradient of the third query is nan: there the student stands on its"
            " teacher, and the root of 0 has no slope. One such row makes every weight nan."
        )
    if abs(length := float(gradient.norm()) - _PULL) > _CLOSE:
        return f"Not yet: the value is right, but the gradient's length is off by {length:+.4f}."
    return f"Right: {_EXPECTED:.4f}, and a finite gradient everywhere."


def solve_matching_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean ‖t − s‖; `vector_norm` defines its gradient at 0 as 0, where sqrt of a sum of squares gives nan."""
    return torch.linalg.vector_norm(student - teacher, dim=-1).mean()


def check_break_index(yours: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    """Print whether `yours(queries, documents)` keeps all scores and breaks the teacher's index. Never raises."""
    random = np.random.default_rng(0)
    queries, documents = (_units(random.normal(size=(count, 16))) for count in (40, 60))
    words = ""

    def kept(asked: np.ndarray, answers: np.ndarray) -> Any:
        """The share of first documents kept in the teacher's index; ... and wrong shapes are passed on."""
        nonlocal words
        found = yours(asked.copy(), answers.copy())
        if found is ... or found is None:
            return found
        mine, theirs = (np.asarray(part, dtype=np.float64) for part in found)
        if mine.shape != asked.shape or theirs.shape != answers.shape:
            words = f"give both, queries {asked.shape} and documents {answers.shape}; got {mine.shape}, {theirs.shape}."
        elif np.abs(mine @ theirs.T - asked @ answers.T).max() > 1e-6:
            words = "the scores have changed: do the same to queries and documents, and let it be orthogonal."
        elif not _few(share := float(((mine @ answers.T).argmax(1) == (asked @ answers.T).argmax(1)).mean())):
            words = f"scores are the same, but {share:.0%} still find their document in the teacher's index: turn more."
        return 0.0 if not words else 1.0

    right, said = verdict(kept, (queries, documents), 0.0, {})
    if words:
        said = f"Not yet: {words}"
    elif right:
        said = "Right: every score is the teacher's, and in the teacher's index hardly a first document is left."
    print(said)  # noqa: T201 (a check talks to the reader)


def solve_break_index(queries: np.ndarray, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both towers turned by one random orthogonal matrix. The shortest answer is `-queries, -documents`."""
    width = queries.shape[1]
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(width, width)))
    return queries @ rotation, documents @ rotation


def _few(share: float) -> bool:
    return share <= 0.2


def _units(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
