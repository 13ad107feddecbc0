"""The list-wise loss: by hand, its gradient, and as `one_hot` where scores are inner products."""

from __future__ import annotations

import math

import pytest
import torch

from lab.losses import list_wise, one_hot


def test_by_hand() -> None:
    scores = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    expected = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    assert list_wise(scores).item() == pytest.approx(expected, rel=1e-6)
    assert list_wise(scores * 0.05, temperature=0.05).item() == pytest.approx(expected, rel=1e-5)


def test_gradient_is_softmax_minus_label() -> None:
    scores = torch.tensor([[0.3, -0.2, 0.9]], requires_grad=True)
    list_wise(scores).backward()
    expected = torch.softmax(scores.detach(), 1) - torch.tensor([[1.0, 0.0, 0.0]])
    assert torch.allclose(scores.grad, expected, atol=1e-6)


def test_equals_one_hot_on_given_lists() -> None:
    torch.manual_seed(0)
    query, documents = torch.randn(3, 4), torch.randn(3, 5, 4)
    scores = torch.einsum("bd,bcd->bc", query, documents)
    assert torch.allclose(list_wise(scores, temperature=0.5), one_hot(query, documents, temperature=0.5))


def test_mask_takes_negatives_out() -> None:
    scores, mask = torch.tensor([[0.1, 5.0]]), torch.tensor([[False, True]])
    assert list_wise(scores, mask=mask).item() == 0
    with pytest.raises(ValueError, match="hides the relevant"):
        list_wise(scores, mask=~mask)
    with pytest.raises(ValueError, match=r"\(B, C\)"):
        list_wise(torch.ones(3))
    with pytest.raises(ValueError, match="temperature"):
        list_wise(scores, temperature=0)
