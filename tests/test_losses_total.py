"""The weighted sum: which terms enter it, what it refuses, and how hard each term pulls."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from lab.errors import LabError
from lab.losses import (
    TERMS,
    LossBatch,
    LossWeights,
    candidate_scores,
    gradient_norms,
    margin_mse,
    matching,
    one_hot,
    score_distillation,
    spread_out,
    total,
)


def unit(seed: int, *shape: int) -> Tensor:
    return normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


def full_batch(size: int = 6, width: int = 8, hard: int = 2, **changes: Any) -> LossBatch:
    batch = LossBatch(
        student_queries=unit(0, size, width).requires_grad_(),
        teacher_queries=unit(1, size, width),
        teacher_documents=unit(2, size, width),
        student_documents=unit(3, size, width).requires_grad_(),
        teacher_negatives=unit(4, size, hard, width),
        student_negatives=unit(5, size, hard, width).requires_grad_(),
        index=unit(6, 20, width),
    )
    return dataclasses.replace(batch, **changes)


ALL = LossWeights(
    one_hot=1,
    score=2,
    margin=3,
    index_score=4,
    query_matching=5,
    document_matching=6,
    negative_matching=7,
    spread_out=8,
)


def test_the_default_is_query_matching_alone() -> None:
    batch = LossBatch(unit(0, 4, 8), unit(1, 4, 8))
    loss, terms = total(LossWeights(), batch)
    assert list(terms) == ["query_matching"]
    torch.testing.assert_close(loss, (batch.student_queries - unit(1, 4, 8)).norm(dim=1).mean())


def test_every_term_by_name_in_batch() -> None:
    batch = full_batch()
    loss, terms = total(ALL, batch)
    queries, own, theirs = batch.student_queries, batch.student_documents, batch.teacher_documents
    assert own is not None and theirs is not None and batch.teacher_queries is not None
    assert batch.student_negatives is not None and batch.teacher_negatives is not None
    # the batch's documents, then all hard negatives: 6 + 6 · 2 candidates
    mine = torch.cat([own, batch.student_negatives.reshape(12, 8)])
    yours = torch.cat([theirs, batch.teacher_negatives.reshape(12, 8)])
    student, teacher = candidate_scores(queries, mine), candidate_scores(batch.teacher_queries, yours)
    expected = {
        "one_hot": one_hot(queries, mine, temperature=0.05),
        "score": score_distillation(student, teacher, temperature=0.05),
        "index_score": score_distillation(
            candidate_scores(queries, unit(6, 20, 8)),
            candidate_scores(batch.teacher_queries, unit(6, 20, 8)),
            temperature=0.05,
            kl=True,
        ),
        "margin": margin_mse(student, teacher, positives=torch.arange(6)),
        "query_matching": matching(queries, batch.teacher_queries),
        "document_matching": matching(own, theirs),
        "negative_matching": matching(batch.student_negatives, batch.teacher_negatives),
        "spread_out": spread_out(queries) + spread_out(own),
    }
    assert tuple(terms) == TERMS
    torch.testing.assert_close(terms, expected)
    torch.testing.assert_close(loss, sum((i + 1) * term for i, term in enumerate(terms.values())))


def test_given_candidates_and_inherited_documents() -> None:
    batch = full_batch(student_documents=None, student_negatives=None, in_batch=False)
    weights = LossWeights(one_hot=1, score=1, margin=1, temperature=0.1, teacher_temperature=0.2, spread_out=1)
    _, terms = total(weights, batch)
    assert batch.teacher_documents is not None and batch.teacher_negatives is not None
    documents = torch.cat([batch.teacher_documents[:, None], batch.teacher_negatives], 1)  # (6, 1 + 2, 8)
    student = candidate_scores(batch.student_queries, documents)
    teacher = candidate_scores(unit(1, 6, 8), documents)
    torch.testing.assert_close(terms["one_hot"], one_hot(batch.student_queries, documents, temperature=0.1))
    torch.testing.assert_close(
        terms["score"], score_distillation(student, teacher, temperature=0.1, teacher_temperature=0.2)
    )
    torch.testing.assert_close(terms["margin"], margin_mse(student, teacher))
    torch.testing.assert_close(terms["spread_out"], spread_out(batch.student_queries))


def test_a_student_that_is_its_teacher_ranks_the_index_without_loss() -> None:
    weights = LossWeights(index_score=1, query_matching=0)
    same = full_batch(student_queries=unit(1, 6, 8).requires_grad_())
    torch.testing.assert_close(total(weights, same)[0], torch.tensor(0.0), atol=1e-6, rtol=0)
    assert total(weights, full_batch())[0] > 0.1


def test_the_mask_reaches_all_score_terms() -> None:
    weights = LossWeights(one_hot=1, score=1, margin=1, query_matching=0)
    mask = torch.zeros(6, 18, dtype=torch.bool)
    mask[:, 10] = True
    before, after = full_batch(mask=mask), full_batch(mask=mask)
    assert after.student_negatives is not None
    with torch.no_grad():
        after.student_negatives.view(12, 8)[4] = 50.0  # candidate 6 + 4
    torch.testing.assert_close(total(weights, before)[1], total(weights, after)[1])


def test_a_term_of_weight_zero_is_never_computed() -> None:
    # These documents would raise if any term looked at them.
    broken = full_batch(teacher_documents=torch.full((6, 8), torch.nan), student_documents=torch.ones(1))
    loss, terms = total(LossWeights(query_matching=1), broken)
    assert list(terms) == ["query_matching"] and loss.isfinite()


def test_the_distance_is_passed_on() -> None:
    _, terms = total(LossWeights(document_matching=1, distance="squared"), full_batch())
    torch.testing.assert_close(terms["document_matching"], (unit(3, 6, 8) - unit(2, 6, 8)).square().sum(1).mean())


def test_the_loss_can_be_descended() -> None:
    batch = full_batch()
    loss, _ = total(ALL, batch)
    loss.backward()
    for tensor in (batch.student_queries, batch.student_documents, batch.student_negatives):
        assert tensor is not None and tensor.grad is not None
        assert tensor.grad.isfinite().all() and tensor.grad.norm() > 0


@pytest.mark.parametrize(
    ("term", "changes", "named"),
    [
        (
            "one_hot",
            {"student_documents": None, "teacher_documents": None},
            "one_hot needs teacher_documents",
        ),
        ("score", {"teacher_queries": None}, "score needs teacher_queries"),
        ("index_score", {"index": None}, "index_score needs index"),
        ("index_score", {"teacher_queries": None}, "index_score needs teacher_queries"),
        ("margin", {"teacher_documents": None}, "margin needs teacher_documents"),
        ("query_matching", {"teacher_queries": None}, "query_matching needs teacher_queries"),
        (
            "document_matching",
            {"student_documents": None},
            "document_matching needs student_documents.*0 anyway",
        ),
        ("negative_matching", {"teacher_negatives": None}, "negative_matching needs teacher_negatives"),
        ("score", {"student_negatives": None}, "score needs student_negatives"),
        (
            "one_hot",
            {"in_batch": False, "student_negatives": None, "teacher_negatives": None},
            "in_batch=False",
        ),
        ("one_hot", {"student_documents": torch.ones(5, 8)}, r"student_documents must have shape \(6, d\)"),
        ("score", {"teacher_documents": torch.ones(6, 2, 8)}, r"teacher_documents must have shape \(6, d\)"),
        ("score", {"teacher_negatives": torch.ones(6, 8)}, r"teacher_negatives must have shape \(6, H, 8\)"),
    ],
)
def test_a_missing_tensor_is_named(term: str, changes: dict[str, Any], named: str) -> None:
    weights = LossWeights(**{"query_matching": 0, term: 1})  # type: ignore[arg-type]
    with pytest.raises(LabError, match=named):
        total(weights, full_batch(**changes))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"score": -1}, "score is a weight"),
        ({"one_hot": math.nan}, "one_hot is a weight"),
        ({"margin": math.inf}, "margin is a weight"),
        ({"query_matching": 0}, "all weights are 0"),
        ({"temperature": 0}, "temperature must be a positive"),
        ({"teacher_temperature": -0.1}, "teacher_temperature must be a positive"),
        ({"distance": "l1"}, "distance must be one of"),
    ],
)
def test_bad_weights_are_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(LabError, match=named):
        LossWeights(**settings)


def test_gradient_norms_by_hand() -> None:
    # The norm pulls each of B = 4 queries with force 1/B: 1/√B in all. Its square with 2‖t − s‖/B.
    student = torch.zeros(4, 3, requires_grad=True)
    teacher = torch.tensor([[3.0, 0.0, 0.0]] * 4)
    terms = {"norm": matching(student, teacher), "squared": matching(student, teacher, "squared")}
    assert gradient_norms(terms, student) == pytest.approx({"norm": 0.5, "squared": 3.0})
    assert student.grad is None
    sum(terms.values()).backward()  # type: ignore[union-attr]  # the graph is still there


def test_gradient_norms_join_tensors_weigh_and_ignore_what_has_no_part() -> None:
    batch = full_batch(teacher_negatives=None, student_negatives=None)
    weights = LossWeights(query_matching=3, document_matching=1)
    _, terms = total(weights, batch)
    assert batch.student_documents is not None
    both = [batch.student_queries, batch.student_documents]
    once = 1 / math.sqrt(6)
    assert gradient_norms(terms, both) == pytest.approx({"query_matching": once, "document_matching": once})
    assert gradient_norms(terms, batch.student_queries, weights) == pytest.approx(
        {"query_matching": 3 * once, "document_matching": 0.0}
    )
    assert gradient_norms({"constant": torch.tensor(1.0)}, both) == {"constant": 0.0}


def test_gradient_norms_need_a_gradient() -> None:
    with pytest.raises(LabError, match="inputs must require a gradient"):
        gradient_norms({"x": torch.tensor(1.0)}, torch.ones(2, 2))
    with pytest.raises(LabError, match="inputs must require a gradient"):
        gradient_norms({"x": torch.tensor(1.0)}, [])


@pytest.mark.parametrize("size", [16, 64])
def test_at_temperature_one_the_score_term_is_inert(size: int) -> None:
    """Scores of unit vectors lie in [−1, 1], both softmaxes are nearly flat, matching does all the work."""
    topic = unit(3, 384)  # documents of one collection point roughly one way: their cosines are about 1/2
    documents = normalize(topic + unit(0, size, 384), dim=-1)
    teacher = normalize(documents + unit(1, size, 384), dim=-1)
    student = normalize(teacher + unit(2, size, 384), dim=-1).requires_grad_()
    batch = LossBatch(student, teacher, documents)
    ratio = {}
    for temperature in (1.0, 0.05):
        weights = LossWeights(score=1, query_matching=1, temperature=temperature)
        norms = gradient_norms(total(weights, batch)[1], student)
        ratio[temperature] = norms["score"] / norms["query_matching"]
    assert ratio[1.0] < 0.01
    assert ratio[0.05] > 1
