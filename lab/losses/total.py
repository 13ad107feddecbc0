"""The weighted sum L = Σ weight · term: weight 0 is never computed, each term's pull can be measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from torch.nn.functional import normalize

from lab.errors import LabError
from lab.losses.candidates import candidate_scores
from lab.losses.checks import require_positive
from lab.losses.matching import DISTANCES, Distance, matching, spread_out
from lab.losses.scores import margin_mse, one_hot, score_distillation
from lab.settings import check_kinds

TERMS = (
    "one_hot",
    "score",
    "margin",
    "index_score",
    "query_matching",
    "document_matching",
    "negative_matching",
    "spread_out",
)


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts. The default, query matching alone, is all that inherited documents need.

    Raises: LabError for a negative or non-finite weight, all weights 0, τ ≤ 0 or an unknown distance.
    """

    one_hot: float = 0.0  # contrastive, on labels
    score: float = 0.0  # the teacher's softmax over the candidates
    margin: float = 0.0  # the teacher's score differences, MarginMSE
    index_score: float = 0.0  # the teacher's softmax over documents of its index, thousands at once
    query_matching: float = 1.0
    document_matching: float = 0.0  # for a student with a document tower of its own
    negative_matching: float = 0.0  # the same on hard negatives
    spread_out: float = 0.0  # pushes the vectors of a batch apart
    temperature: float = 0.05  # divides the scores in one_hot and the score terms; 1 makes them inert for unit vectors
    teacher_temperature: float | None = None  # None: as `temperature`
    distance: Distance = "norm"  # of the three matching terms

    def __post_init__(self) -> None:
        check_kinds(self)
        for name in TERMS:
            weight = getattr(self, name)
            if not (math.isfinite(weight) and weight >= 0):
                raise LabError(f"{name} is a weight: a finite number of at least 0, not {weight}.")
        if all(getattr(self, name) == 0 for name in TERMS):
            raise LabError(f"all weights are 0, nothing would be learnt; set one of {', '.join(TERMS)}.")
        require_positive("temperature", self.temperature)
        if self.teacher_temperature is not None:
            require_positive("teacher_temperature", self.teacher_temperature)
        if self.distance not in DISTANCES:
            raise LabError(f"distance must be one of {', '.join(DISTANCES)}, got {self.distance!r}.")

    @property
    def reads_documents(self) -> bool:
        """True where a term scores or matches the texts' own documents: all of their vectors are then needed.
        (`index_score` reads a sample of the index, which is there anyway.)
        """
        return any((self.one_hot, self.score, self.margin, self.document_matching, self.negative_matching))


# scores and vectors at once; of one size at the default temperature, which the first step's gradient norms show
COMBINED = LossWeights(score=1.0, query_matching=1.0)


@dataclass(frozen=True)
class LossBatch:
    """The vectors of one step, as the encoders give them.

    Where `student_documents` is None the student inherits the teacher's documents and negatives.
    """

    student_queries: Tensor  # (B, d)
    teacher_queries: Tensor | None = None  # (B, d)
    teacher_documents: Tensor | None = None  # (B, d), row i is right for query i
    student_documents: Tensor | None = None  # (B, d)
    teacher_negatives: Tensor | None = None  # (B, H, d), hard negatives of each query
    student_negatives: Tensor | None = None  # (B, H, d)
    index: Tensor | None = None  # (M, d), documents of the teacher's index, the same for every query
    mask: Tensor | None = None  # bool, True = no negative: (B, B + B·H) in batch, (B, 1 + H) given
    in_batch: bool = True  # every document is a candidate of every query; False: only its own list
    query_targets: Tensor | None = None  # (B, d), matched in place of teacher_queries; scores stay the teacher's own
    cosine: bool = False  # scores are cosines, as the teacher's; False: inner products

    def scored(self) -> LossBatch:
        """The same with all vectors as they are scored: of unit length where scores are cosines."""
        if not self.cosine:
            return self
        unit = {
            each.name: normalize(value, dim=-1)
            for each in fields(self)
            if isinstance(value := getattr(self, each.name), Tensor) and value.is_floating_point()
        }
        return replace(self, **unit)


def total(weights: LossWeights, batch: LossBatch) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss to descend and its terms.

    Returns: (Σ weight · term, {name: term before its weight}), only terms whose weight is not 0. `spread_out`
        is that of the queries, plus that of the documents where the student encodes them itself.
    Raises: LabError naming the tensor that a term needs and `batch` lacks, and whatever a term raises.
    """
    terms: dict[str, Tensor] = {}
    scored = batch.scored()  # matching copies vectors as they are, length and all
    if weights.one_hot:
        documents = _candidates(scored, "one_hot", student=True)
        queries = scored.student_queries
        terms["one_hot"] = one_hot(queries, documents, temperature=weights.temperature, mask=batch.mask)
    if weights.score or weights.margin:
        name = "score" if weights.score else "margin"
        student = candidate_scores(scored.student_queries, _candidates(scored, name, student=True))  # (B, N)
        queries = _need(scored, "teacher_queries", name)
        teacher = candidate_scores(queries, _candidates(scored, name, student=False))  # (B, N)
        if weights.score:
            terms["score"] = score_distillation(
                student,
                teacher,
                temperature=weights.temperature,
                teacher_temperature=weights.teacher_temperature,
                mask=batch.mask,
            )
        if weights.margin:
            positives = torch.arange(len(student), device=student.device) if batch.in_batch else None
            terms["margin"] = margin_mse(student, teacher, mask=batch.mask, positives=positives)
    if weights.index_score:
        index, queries = _need(scored, "index", "index_score"), _need(scored, "teacher_queries", "index_score")
        # as a divergence: 0 where the student ranks as its teacher does, so that the printed loss can be read
        terms["index_score"] = score_distillation(
            candidate_scores(scored.student_queries, index),
            candidate_scores(queries, index),
            temperature=weights.temperature,
            teacher_temperature=weights.teacher_temperature,
            kl=True,
        )
    for name, side in (("query", "queries"), ("document", "documents"), ("negative", "negatives")):
        term = f"{name}_matching"
        if getattr(weights, term):
            mine, theirs = _need(batch, f"student_{side}", term), _need(batch, f"teacher_{side}", term)
            if side == "queries" and batch.query_targets is not None:
                theirs = batch.query_targets
            terms[term] = matching(mine, theirs, weights.distance)
    if weights.spread_out:
        terms["spread_out"] = spread_out(batch.student_queries)
        if batch.student_documents is not None:
            terms["spread_out"] = terms["spread_out"] + spread_out(batch.student_documents)
    loss = torch.stack([getattr(weights, name) * term for name, term in terms.items()]).sum()
    return loss, terms


def gradient_norms(
    terms: Mapping[str, Tensor], inputs: Tensor | Sequence[Tensor], weights: LossWeights | None = None
) -> dict[str, float]:
    """How hard each term pulls: the l2 norm of its gradient with respect to `inputs`, all of them joined.

    A weight says nothing of a term's influence. Over B vectors the matching norm's gradient is 1/√B whatever
    the distance; a score loss of unit vectors at τ = 1 is far below. Leaves the graph and `.grad` alone.

    Args:
        terms: scalars, as `total` returns them.
        inputs: the student's embeddings, or parameters, that require a gradient.
        weights: multiply each norm by its term's weight, which gives the norms of what is really summed.
    Returns: {name: norm}; 0.0 for a term on which `inputs` have no influence.
    Raises: LabError where `inputs` do not require a gradient.
    """
    tensors = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if not tensors or not all(tensor.requires_grad for tensor in tensors):
        raise LabError("inputs must require a gradient: the student's embeddings or its parameters.")
    norms: dict[str, float] = {}
    for name, term in terms.items():
        found: Sequence[Tensor | None] = []
        if term.requires_grad:
            found = torch.autograd.grad(term, tensors, retain_graph=True, allow_unused=True)
        squares = sum(float(gradient.double().square().sum()) for gradient in found if gradient is not None)
        norms[name] = math.sqrt(squares) * (1.0 if weights is None else getattr(weights, name))
    return norms


def _need(batch: LossBatch, field: str, term: str) -> Tensor:
    value = getattr(batch, field)
    if value is None:
        why = "; inherited documents make the term 0 anyway" if field.startswith("student_") else ""
        raise LabError(f"{term} needs {field}, which this batch lacks: give it or set {term} to 0{why}.")
    return value


def _candidates(batch: LossBatch, term: str, *, student: bool) -> Tensor:
    """One side's candidate documents: shared (B + B·H, d), or given (B, 1 + H, d)."""
    own = student and batch.student_documents is not None
    side = "student" if own else "teacher"
    documents = _need(batch, f"{side}_documents", term)  # (B, d)
    negatives = getattr(batch, f"{side}_negatives")  # (B, H, d)
    if documents.ndim != 2 or len(documents) != len(batch.student_queries):
        rows = len(batch.student_queries)
        raise LabError(f"{side}_documents must have shape ({rows}, d), got {tuple(documents.shape)}.")
    if negatives is None:
        if own and batch.teacher_negatives is not None:
            raise LabError(f"{term} needs student_negatives: this student encodes documents itself.")
        if not batch.in_batch:
            raise LabError(f"{term} needs {side}_negatives: with in_batch=False there is no other choice.")
        return documents
    if negatives.ndim != 3 or (negatives.shape[0], negatives.shape[2]) != tuple(documents.shape):
        wanted = f"({documents.shape[0]}, H, {documents.shape[1]})"
        raise LabError(f"{side}_negatives must have shape {wanted}, got {tuple(negatives.shape)}.")
    if batch.in_batch:
        return torch.cat([documents, negatives.flatten(0, 1)])
    return torch.cat([documents[:, None], negatives], dim=1)
