"""The exercises of notebook 02: write dual pooling, and find out where a padding mistake hides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.teaching.checks import check

POOLING_HINT = (
    "A boolean mask picks rows of an array. What does *unit* do to a mean, and what is the inner product of two unit"
    " vectors?"
)
PADDING_HINT = "Which rows does the colleague take that the mask would leave out? Two means, one distance."

# Five states: [CLS], two query tokens, [SEP] in neither segment, and a document token.
_STATES = np.array([[9.0, -7.0], [1.0, 2.0], [3.0, 1.0], [-5.0, 3.0], [4.0, 0.5]])
_QUERY = np.array([False, True, True, False, False])
_DOCUMENT = np.array([False, False, False, False, True])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def solve_dual_score(states: np.ndarray, is_query: np.ndarray, is_document: np.ndarray) -> float:
    """⟨query, document⟩ of the two segments' mean states (T, d), each of length 1; the masks are bool (T,)."""
    query, document = states[is_query].mean(axis=0), states[is_document].mean(axis=0)
    return float(_unit(query) @ _unit(document))


_POOLING_MISTAKES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "That is the inner product of the means themselves: divide each by its length first.":
        lambda states, q, d: states[q].mean(axis=0) @ states[d].mean(axis=0),
    "That takes every token that is not the document's for the query: [CLS] and [SEP] belong to neither.":
        lambda states, q, d: _unit(states[~d].mean(axis=0)) @ _unit(states[d].mean(axis=0)),
    "That is the mean of the cosines of single tokens: pool first, then multiply.":
        lambda states, q, d: np.mean([_unit(a) @ _unit(b) for a in states[q] for b in states[d]]),
    "That is the largest cosine of two tokens: dual pooling takes the mean of each segment.":
        lambda states, q, d: np.max([_unit(a) @ _unit(b) for a in states[q] for b in states[d]]),
    "That pools the maximum of each number: take the mean.":
        lambda states, q, d: _unit(states[q].max(axis=0)) @ _unit(states[d].max(axis=0)),
    "That is the first token with the document: that is what cls pools; take the query's segment.":
        lambda states, q, d: _unit(states[0]) @ _unit(states[d].mean(axis=0)),
    "That is the cosine of the query with itself: the second factor is the document.":
        lambda states, q, d: 1.0,
}  # fmt: skip


def check_dual_score(yours: Callable[[np.ndarray, np.ndarray, np.ndarray], Any]) -> None:
    """Print whether `yours(states, is_query, is_document)` is the dual score. Never raises."""
    arguments = (_STATES.copy(), _QUERY.copy(), _DOCUMENT.copy())
    check(yours, arguments, solve_dual_score(*arguments), _POOLING_MISTAKES)


# [CLS] and two query tokens and [SEP] (type 0), a document token and [SEP] (type 1), two of padding: type 0 again.
_PADDED = np.array([[1.0, 0.0], [3.0, 2.0], [0.0, 1.0], [2.0, 1.0], [7.0, 7.0], [5.0, 5.0], [4.0, -2.0], [2.0, -4.0]])
_TYPES = np.array([0, 0, 0, 0, 1, 1, 0, 0])
_MASK = np.array([1, 1, 1, 1, 1, 1, 0, 0])


def solve_padding_error(states: np.ndarray, types: np.ndarray, mask: np.ndarray) -> float:
    """‖right − wrong‖ of the query's mean state (T, d): right over real tokens of type 0, wrong over all of type 0.

    BERT's tokenizers give padding the type 0, the query's. In a batch of one there is no padding, and the mistake
    hides.
    """
    right, wrong = states[(types == 0) & (mask == 1)].mean(axis=0), states[types == 0].mean(axis=0)
    return float(np.linalg.norm(right - wrong))


_PADDING_MISTAKES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "That is 0: where is the colleague's padding? Its type is 0, like the query's.":
        lambda states, types, mask: 0.0,
    "That takes all real tokens for the query: the document's have the type 1.":
        lambda states, types, mask: np.linalg.norm(states[mask == 1].mean(axis=0) - states[types == 0].mean(axis=0)),
    "That takes all padded tokens into both segments: the colleague pools type 0 only.":
        lambda states, types, mask: np.linalg.norm(
            states[(types == 0) & (mask == 1)].mean(axis=0) - states.mean(axis=0)),
    "That divides the right sum by all tokens of type 0: padding counts neither above nor below the line.":
        lambda states, types, mask: np.linalg.norm(
            states[(types == 0) & (mask == 1)].sum(axis=0) / (types == 0).sum() - states[types == 0].mean(axis=0)),
    "That is the squared distance: take the root.":
        lambda states, types, mask: solve_padding_error(states, types, mask) ** 2,
    "That is the difference of the two lengths: take the length of the difference.":
        lambda states, types, mask: abs(np.linalg.norm(states[(types == 0) & (mask == 1)].mean(axis=0))
                                        - np.linalg.norm(states[types == 0].mean(axis=0))),
}  # fmt: skip


def check_padding_error(yours: Callable[[np.ndarray, np.ndarray, np.ndarray], Any]) -> None:
    """Print whether `yours(states, types, mask)` is how far the mistake moves the query's vector. Never raises."""
    arguments = (_PADDED.copy(), _TYPES.copy(), _MASK.copy())
    check(yours, arguments, solve_padding_error(*arguments), _PADDING_MISTAKES)
