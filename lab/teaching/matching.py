"""The exercises of notebook 03: a matching loss that survives its success, and a student no score loss can blame."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lab.teaching.checks import NOTHING, called, failure, judged, tell

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
    tell("one number, as a tensor", _of_the_loss, yours)


def _of_the_loss(yours: Callable[[Tensor, Tensor], Any]) -> str:
    student, teacher = (torch.tensor(rows, dtype=torch.double) for rows in (_STUDENT, _TEACHER))
    found, words = called(yours, student, teacher)
    if words:
        return words
    value = found.detach() if isinstance(found, Tensor) else found
    right, words = judged(value, (student, teacher), _EXPECTED, _MISTAKES, _CLOSE)
    return _of_the_gradient(yours, student, teacher) if right else words


def _of_the_gradient(yours: Callable[[Tensor, Tensor], Any], student: Tensor, teacher: Tensor) -> str:
    moving = student.clone().requires_grad_()
    try:
        loss = yours(moving, teacher)
        if not isinstance(loss, Tensor) or not loss.requires_grad:
            return "Not yet: the value is right, but no gradient reaches the student; stay with torch, without .item()."
        (gradient,) = torch.autograd.grad(loss.sum(), [moving], allow_unused=True)
    except Exception as error:  # numpy refuses tensors that carry a gradient, and torch to change them in place
        return (
            f"Not yet: the value is right, but with a gradient to follow it raised {failure(error)};"
            " stay with torch, and change nothing in place."
        )
    if gradient is None:
        return "Not yet: the value is right, but no gradient reaches the student: the loss does not depend on it."
    if not bool(torch.isfinite(gradient).all()):
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
    tell("two arrays, queries and documents", _of_the_index, yours)


def _of_the_index(yours: Callable[[np.ndarray, np.ndarray], Any]) -> str:
    random = np.random.default_rng(0)
    asked, answers = (_units(random.normal(size=(count, 16))) for count in (40, 60))
    found, words = called(yours, asked, answers)
    if words:
        return words
    if found is None:
        return f"Not yet: {NOTHING}"
    try:
        mine, theirs = (_real(part) for part in found)
    except Exception as error:
        return f"Not yet: give both, queries and documents, as two arrays; reading yours raised {failure(error)}."
    if mine.shape != asked.shape or theirs.shape != answers.shape:
        shapes = f"queries {asked.shape} and documents {answers.shape}; got {mine.shape}, {theirs.shape}"
        return f"Not yet: give both, {shapes}."
    if not (np.isfinite(mine).all() and np.isfinite(theirs).all()):
        return "Not yet: nan or inf stands among the numbers: look for a division by 0."
    with np.errstate(all="ignore"):  # numbers near the largest there are: their scores are inf, and so changed
        same = np.allclose(mine @ theirs.T, asked @ answers.T, rtol=0, atol=1e-6)
        share = float(((mine @ answers.T).argmax(1) == (asked @ answers.T).argmax(1)).mean())
    if not same:
        return "Not yet: the scores have changed: do the same to queries and documents, and let it be orthogonal."
    if not _few(share):
        kept = f"{share:.0%} still find their document in the teacher's index"
        return f"Not yet: scores are the same, but {kept}: turn more."
    return "Right: every score is the teacher's, and in the teacher's index hardly a first document is left."


def _real(part: Any) -> np.ndarray:
    if np.iscomplexobj(values := np.asarray(part)):
        raise TypeError("complex numbers")  # as floats they would lose their imaginary parts
    return values.astype(np.float64)


def solve_break_index(queries: np.ndarray, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both towers turned by one random orthogonal matrix. The shortest answer is `-queries, -documents`."""
    width = queries.shape[1]
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(width, width)))
    return queries @ rotation, documents @ rotation


def _few(share: float) -> bool:
    return share <= 0.2


def _units(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
