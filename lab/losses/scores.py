"""Score losses: they see a query and its candidates only through ⟨query, document⟩."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.errors import LabError
from lab.losses.candidates import candidate_scores
from lab.losses.checks import (
    in_full_precision,
    require_finite,
    require_floats,
    require_mask,
    require_positive,
    require_shape,
)


@in_full_precision
def one_hot(
    query: Tensor,
    document: Tensor,
    *,
    temperature: float,
    mask: Tensor | None = None,
    positives: Tensor | None = None,
) -> Tensor:
    """Contrastive loss on labels: −1/B Σ_i log softmax_j(⟨q_i, d_j⟩/τ)[i] (arXiv 2301.12005, L_1hot).

    Args:
        query: (B, d).
        document: (N, d) shared by all queries, or (B, C, d) given for each; see `lab.losses.candidates`.
        temperature: τ. Scores of unit vectors lie in [−1, 1]: at τ = 1 their softmax is nearly flat, 0.02 to
            0.05 is usual.
        mask: bool (B, N) or (B, C), True where a candidate must not count as a negative; `duplicate_mask`.
        positives: int (B,), the column of each query's positive. Default: i (shared), 0 (given).
    Returns: a scalar; exactly 0 where the positive is the only candidate.
    Raises: LabError for shapes that do not fit, τ ≤ 0, or a mask that hides a positive.
    """
    require_positive("temperature", temperature)
    scores = candidate_scores(query, document) / temperature  # (B, N)
    if positives is None:
        positives = _default_positives(query, document)
    columns = _columns(positives, scores)  # (B, 1)
    if mask is not None:
        require_mask("mask", mask, tuple(scores.shape))
        if bool(mask.gather(1, columns).any()):
            raise LabError("mask hides the positive of a query; set it to False at the positive's column.")
        scores = scores.masked_fill(mask, -torch.inf)
    return -torch.log_softmax(scores, dim=1).gather(1, columns).mean()


@in_full_precision
def score_distillation(
    student_scores: Tensor,
    teacher_scores: Tensor,
    *,
    temperature: float,
    teacher_temperature: float | None = None,
    mask: Tensor | None = None,
    kl: bool = False,
) -> Tensor:
    """Soft labels: −1/B Σ_i Σ_j softmax(t_i/τ_t)_j · log softmax(s_i/τ)_j (arXiv 2301.12005, L_score).

    This cross entropy is KL(teacher ‖ student) plus the teacher's entropy, a constant: the gradients are the
    same. The entropy is what the loss cannot fall below; with `kl=True` it is subtracted and the floor is 0.
    Not multiplied by τ² as in Hinton et al. (arXiv 1503.02531): the gradient grows as τ shrinks.

    Args:
        student_scores: (B, N), raw inner products.
        teacher_scores: (B, N), raw; a constant, no gradient reaches them.
        temperature: τ; at τ = 1 the scores of unit vectors give two nearly flat distributions and hardly
            any gradient, and far below their spread two one-hot ones and none either.
        teacher_temperature: τ_t, by default τ.
        mask: bool (B, N), True where a candidate is left out of both softmaxes.
        kl: return the divergence instead of the cross entropy.
    Returns: a scalar.
    Raises: LabError for shapes that differ, τ ≤ 0, NaN in the teacher's scores, or a row all masked.
    """
    require_positive("temperature", temperature)
    if teacher_temperature is None:
        teacher_temperature = temperature
    require_positive("teacher_temperature", teacher_temperature)
    _require_scores(student_scores, teacher_scores)
    student, teacher = student_scores / temperature, teacher_scores.detach() / teacher_temperature  # (B, N)
    if mask is not None:
        require_mask("mask", mask, tuple(student.shape))
        if bool(mask.all(dim=1).any()):
            raise LabError("mask leaves a query without any candidate.")
        student, teacher = student.masked_fill(mask, -torch.inf), teacher.masked_fill(mask, -torch.inf)
    target, logs = torch.softmax(teacher, dim=1), torch.log_softmax(student, dim=1)
    if mask is not None:
        logs = logs.masked_fill(mask, 0.0)  # the target is 0 there, and 0 · −∞ would be NaN
    loss = -(target * logs).sum(1).mean()
    return loss - torch.special.entr(target).sum(1).mean() if kl else loss


@in_full_precision
def margin_mse(
    student_scores: Tensor,
    teacher_scores: Tensor,
    *,
    mask: Tensor | None = None,
    positives: Tensor | None = None,
) -> Tensor:
    """MarginMSE, the mean over negatives of ((s₊ − s_j) − (t₊ − t_j))² (Hofstätter et al., arXiv 2010.02666).

    Only differences count: a teacher whose scores are all shifted by a constant per query teaches the same.

    Args:
        student_scores: (B, C), raw.
        teacher_scores: (B, C), raw; a constant, no gradient reaches them.
        mask: bool (B, C), True where a candidate must not count as a negative.
        positives: int (B,), the column of each query's positive. Default: column 0; for in-batch scores pass
            torch.arange(B).
    Returns: a scalar; 0 where no negative is left.
    Raises: LabError for shapes that do not fit or NaN in the teacher's scores.
    """
    _require_scores(student_scores, teacher_scores)
    if positives is None:
        positives = torch.zeros(len(student_scores), dtype=torch.long, device=student_scores.device)
    columns = _columns(positives, student_scores)  # (B, 1)
    teacher_scores = teacher_scores.detach()
    student_margin = student_scores.gather(1, columns) - student_scores  # (B, C)
    teacher_margin = teacher_scores.gather(1, columns) - teacher_scores
    counts = torch.ones_like(student_scores, dtype=torch.bool).scatter(1, columns, False)
    if mask is not None:
        require_mask("mask", mask, tuple(student_scores.shape))
        counts = counts & ~mask
    squares = (student_margin - teacher_margin).square() * counts
    return squares.sum() / counts.sum().clamp(min=1)


def _require_scores(student_scores: Tensor, teacher_scores: Tensor) -> None:
    require_floats("student_scores", student_scores, "(B, N)", 2)
    require_floats("teacher_scores", teacher_scores, "(B, N)", 2)
    require_shape("student_scores", student_scores, tuple(teacher_scores.shape), "teacher_scores")
    require_finite("teacher_scores", teacher_scores)


def _default_positives(query: Tensor, document: Tensor) -> Tensor:
    rows = len(query)
    if document.ndim == 3:
        return torch.zeros(rows, dtype=torch.long, device=query.device)
    if len(document) < rows:
        raise LabError(f"document has {len(document)} rows for {rows} queries; row i is query i's own.")
    return torch.arange(rows, device=query.device)


def _columns(positives: Tensor, scores: Tensor) -> Tensor:
    if not isinstance(positives, Tensor) or positives.is_floating_point() or positives.dtype == torch.bool:
        raise LabError("positives must be a torch.Tensor of integers, one column for each query.")
    require_shape("positives", positives, (scores.shape[0],), "the number of queries")
    if bool(((positives < 0) | (positives >= scores.shape[1])).any()):
        raise LabError(f"positives must lie between 0 and {scores.shape[1] - 1}, the columns there are.")
    return positives.long()[:, None]
