"""The same numbers as sentence-transformers' losses, fed by a model that returns what it is given."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer.losses import (
    DistillKLDivLoss,
    EmbedDistillLoss,
    MarginMSELoss,
    MultipleNegativesRankingLoss,
)
from sentence_transformers.util import dot_score
from torch import Tensor, nn

from lab.losses import candidate_scores, margin_mse, matching, one_hot, score_distillation
from tests.drawn import normal_tensor as normal


class Echo(nn.Module):
    """A model whose embeddings are its input."""

    def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        return features


def columns(*embeddings: Tensor) -> list[dict[str, Tensor]]:
    return [{"sentence_embedding": embedding} for embedding in embeddings]


@pytest.mark.parametrize(
    ("distance", "metric", "factor"),
    # their mean squared error is over numbers, ours over vectors: d times as much
    [("norm", "l2", 1), ("cosine", "cosine", 1), ("squared", "mse", 7)],
)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 6))
def test_matching_is_embed_distill_loss(
    distance: Any, metric: Any, factor: int, seed: int, size: int
) -> None:
    student, teacher = normal(seed, size, 7).requires_grad_(), normal(seed + 1, size, 7)
    theirs = factor * EmbedDistillLoss(Echo(), metric)(columns(student), teacher)  # type: ignore[arg-type]
    ours = matching(student, teacher, distance)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, student), torch.autograd.grad(theirs, student))


@pytest.mark.parametrize(("distance", "metric"), [("norm", "l2"), ("cosine", "cosine")])
def test_matching_of_queries_and_documents_is_that_of_two_columns(distance: Any, metric: Any) -> None:
    queries, documents, teacher = normal(0, 5, 7), normal(1, 5, 7), normal(2, 5, 2, 7)
    theirs = EmbedDistillLoss(Echo(), metric)(columns(queries, documents), teacher)  # type: ignore[arg-type]
    ours = (matching(queries, teacher[:, 0], distance) + matching(documents, teacher[:, 1], distance)) / 2
    torch.testing.assert_close(ours, theirs)
    stacked = torch.stack([queries, documents], dim=1)  # (B, 2, d)
    torch.testing.assert_close(matching(stacked, teacher, distance), theirs)


def test_matching_at_distance_zero_has_the_same_gradient() -> None:
    student = normal(0, 3, 7).requires_grad_()
    teacher = student.detach().clone()
    theirs = EmbedDistillLoss(Echo(), "l2")(columns(student), teacher)  # type: ignore[arg-type]
    ours = matching(student, teacher)
    torch.testing.assert_close(torch.autograd.grad(ours, student), torch.autograd.grad(theirs, student))


def test_one_hot_is_multiple_negatives_ranking() -> None:
    query, positive, negative = normal(0, 5, 7), normal(1, 5, 7), normal(2, 5, 7)
    loss = MultipleNegativesRankingLoss(Echo(), scale=1 / 0.3, similarity_fct=dot_score)  # type: ignore[arg-type]
    theirs = loss(columns(query, positive, negative), torch.zeros(5))
    torch.testing.assert_close(one_hot(query, torch.cat([positive, negative]), temperature=0.3), theirs)


def test_score_distillation_is_theirs_without_the_squared_temperature() -> None:
    query, documents, teacher = normal(0, 5, 7), normal(1, 5, 3, 7), normal(2, 5, 3)
    loss = DistillKLDivLoss(Echo(), student_temperature=0.5, teacher_temperature=0.8)  # type: ignore[arg-type]
    theirs = loss(columns(query, *documents.unbind(1)), teacher) / 0.5**2
    scores = candidate_scores(query, documents)
    ours = score_distillation(scores, teacher, temperature=0.5, teacher_temperature=0.8, kl=True)
    torch.testing.assert_close(ours, theirs)


def test_margin_mse_is_theirs() -> None:
    query, documents, teacher = normal(0, 5, 7), normal(1, 5, 3, 7), normal(2, 5, 3)
    theirs = MarginMSELoss(Echo())(columns(query, *documents.unbind(1)), teacher)  # type: ignore[arg-type]
    torch.testing.assert_close(margin_mse(candidate_scores(query, documents), teacher), theirs)
