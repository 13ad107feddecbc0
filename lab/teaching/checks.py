"""How exercises are checked: on a case computed beforehand, with the likely mistake named, and never by an exception.

The idea is ARENA's: a stub in the notebook, an importable check, a hint, an importable solution. A stub returns `...`,
so that Run All goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def check(
    yours: Callable[..., Any],
    arguments: tuple[Any, ...],
    expected: float,
    mistakes: Mapping[str, Callable[..., Any]],
    tolerance: float = 1e-6,
) -> bool:
    """Print what is to be said of `yours(*arguments)`; True if it is right.

    Args:
        expected: the right value.
        mistakes: what to say → what someone computes who makes this mistake.
    """
    right, words = verdict(yours, arguments, expected, mistakes, tolerance)
    print(words)  # noqa: T201 (a check talks to the reader)
    return right


def verdict(
    yours: Callable[..., Any],
    arguments: tuple[Any, ...],
    expected: float,
    mistakes: Mapping[str, Callable[..., Any]],
    tolerance: float = 1e-6,
) -> tuple[bool, str]:
    """Whether it is right, and the words."""
    try:
        found = yours(*arguments)
    except Exception as error:  # whatever the reader's code raises is the finding
        return False, f"Not yet: your function raised {type(error).__name__}: {error}"
    if found is ...:
        return False, "Your turn: replace the ... and run the cell again."
    if found is None:
        return False, "Not yet: your function returned nothing; does it end with return?"
    try:
        value = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        return False, f"Not yet: expected one number, got {type(found).__name__}."
    if value.size != 1:
        return False, f"Not yet: expected one number, got an array of shape {value.shape}."
    number = float(value.reshape(()))
    if abs(number - expected) <= tolerance:
        return True, f"Right: {number:.4f}."
    for words, mistaken in mistakes.items():
        if abs(number - mistaken(*arguments)) <= tolerance:
            return False, f"Not yet: {number:.4f} instead of {expected:.4f}. {words}"
    return False, f"Not yet: {number:.4f} instead of {expected:.4f}."
