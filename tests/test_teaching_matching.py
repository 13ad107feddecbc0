"""The exercises of notebook 03: right answers, named mistakes, never an exception."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lab.losses import matching
from lab.teaching import predict
from lab.teaching.matching import (
    _MISTAKES,
    check_break_index,
    check_matching_loss,
    solve_break_index,
    solve_matching_loss,
)


def said(capsys: pytest.CaptureFixture[str], check, answer) -> str:
    check(answer)
    return capsys.readouterr().out.strip()


def test_the_solution_of_the_loss_is_right_and_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, check_matching_loss, solve_matching_loss) == "Right: 0.6000, and a finite gradient everywhere."
    student, teacher = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(solve_matching_loss(student, teacher), matching(student, teacher))


@pytest.mark.parametrize("words", list(_MISTAKES), ids=range(len(_MISTAKES)))
def test_a_likely_mistake_in_the_loss_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, check_matching_loss, _MISTAKES[words]).endswith(words)


def rooted(s, t):
    return (s - t).square().sum(1).sqrt().mean()


def with_epsilon(s, t):
    return ((s - t).square().sum(1) + 1e-9).sqrt().mean()


def broken(*_):
    raise KeyError("oops")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (rooted, "the third query is nan"),
        (with_epsilon, "Right"),
        (lambda s, t: (s - t).square().sum(1).clamp(min=1e-12).sqrt().mean(), "Right"),
        (lambda s, t: rooted(s, t).item(), "no gradient reaches the student"),
        (lambda s, t: np.linalg.norm(s.numpy() - t.numpy(), axis=1).mean(), "stay with torch"),
        (lambda s, t: rooted(s.detach(), t), "no gradient reaches the student"),
        (lambda s, t: 2 * rooted(s, t) - rooted(s, t).detach(), "the third query is nan"),
        (lambda s, t: 2 * solve_matching_loss(s, t) - solve_matching_loss(s, t).detach(), "length is off by +0.47"),
        (lambda s, t: ..., "replace the ..."),
        (broken, "your function raised KeyError: 'oops'"),
        (lambda s, t: s - t, "an array of shape (3, 2)"),
    ],
)
def test_the_check_of_the_loss_looks_at_its_gradient(answer, words, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, check_matching_loss, answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (solve_break_index, "Right"),
        (lambda q, d: (-q, -d), "Right"),
        (lambda q, d: (q, d), "100% still find their document"),
        (lambda q, d: (-q, d), "the scores have changed"),
        (lambda q, d: (2 * q, 2 * d), "the scores have changed"),
        (lambda q, d: (q[:, :3], d), "give both, queries (40, 16)"),
        (lambda q, d: ..., "replace the ..."),
        (lambda q, d: None, "does it end with return?"),
        (lambda q, d: q, "raised ValueError"),
        (broken, "your function raised KeyError"),
    ],
)
def test_the_check_of_the_index_names_what_is_wrong(answer, words, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, check_break_index, answer)


def test_the_solution_of_the_index_copies_every_score() -> None:
    queries, documents = np.random.default_rng(1).normal(size=(2, 30, 12))
    turned, moved = solve_break_index(queries, documents)
    assert np.allclose(turned @ moved.T, queries @ documents.T) and not np.allclose(turned, queries)


def test_the_turned_question_is_decided_by_what_was_kept() -> None:
    assert "".join(predict("turned", measured=share).right or "" for share in (0.0, 0.05, 0.5, 0.95, 1.0)) == "aabcc"
