"""How exercises are checked: on a case computed beforehand, with the likely mistake named, and never by an exception.

The idea is ARENA's: a stub in the notebook, an importable check, a hint, an importable solution. A stub returns `...`,
so that Run All goes through. A check hands what finds its words to `tell`, which alone prints and lets nothing raise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

TURN = "Your turn: replace the ... and run the cell again."
NOTHING = "your function returned nothing; does it end with return?"
LONG = 160  # characters of a reader's own words: a check answers in a line or two


def tell(expected: str, words: Callable[..., str], *arguments: Any) -> None:
    """Print `words(*arguments)`; where that raises, which error it was and what is expected. Never raises.

    Checks name the mistakes that somebody thought of; this is for answers that nobody did.
    """
    try:
        said = words(*arguments)
    except Exception as error:  # an answer may raise wherever it is looked at: when compared, when printed
        said = f"Not yet: reading your answer raised {failure(error)}; expected {expected}."
    print(said)  # noqa: T201 (a check talks to the reader)


def check(
    yours: Callable[..., Any],
    arguments: tuple[Any, ...],
    expected: float,
    mistakes: Mapping[str, Callable[..., Any]],
    tolerance: float = 1e-6,
) -> None:
    """Print what is to be said of `yours(*arguments)`. Never raises.

    Args:
        expected: the right value.
        mistakes: what to say → what someone computes who makes this mistake.
    """
    tell("one number", lambda: verdict(yours, arguments, expected, mistakes, tolerance)[1])


def verdict(
    yours: Callable[..., Any],
    arguments: tuple[Any, ...],
    expected: float,
    mistakes: Mapping[str, Callable[..., Any]],
    tolerance: float = 1e-6,
) -> tuple[bool, str]:
    """Whether it is right, and the words."""
    found, words = called(yours, *arguments)
    return (False, words) if words else judged(found, arguments, expected, mistakes, tolerance)


def called(yours: Callable[..., Any], *arguments: Any, where: str = "") -> tuple[Any, str]:
    """What `yours(*arguments)` returns, and no words; or None, and what is to be said instead.

    Args: where: the words' "for case 1 ", if a function is called more than once.
    """
    if isinstance(yours, type) or not callable(yours):
        got = f"the class {yours.__name__}" if isinstance(yours, type) else type(yours).__name__
        return None, f"Not yet: give the check your function, by its name and without brackets; got {got}."
    try:
        # copies: mistakes are computed on the same arguments afterwards, and a function may change its own
        found = yours(*deepcopy(arguments))
    except Exception as error:  # whatever the reader's code raises is the finding
        if isinstance(error, TypeError) and error.__traceback__ and error.__traceback__.tb_next is None:
            count = f"{len(arguments)} argument{'s' * (len(arguments) != 1)}"  # it failed before its first line
            return None, f"Not yet: {where}your function cannot be called with the {count} it gets: {failure(error)}"
        return None, f"Not yet: {where}your function raised {failure(error)}"
    return (None, TURN) if found is ... else (found, "")


def judged(
    found: Any,
    arguments: tuple[Any, ...],
    expected: float,
    mistakes: Mapping[str, Callable[..., Any]],
    tolerance: float = 1e-6,
) -> tuple[bool, str]:
    """Whether what a function returned is right, and the words."""
    if found is None:
        return False, f"Not yet: {NOTHING}"
    try:
        value = np.asarray(found)
        if value.size != 1:
            return False, f"Not yet: expected one number, got an array of shape {value.shape}."
        if value.dtype.kind == "c":  # float() would drop the imaginary part, and could be right
            return False, "Not yet: expected one real number, got a complex one."
        number = _number(value)
    except Exception as error:
        usual = isinstance(error, (TypeError, ValueError))  # says no more than that this is no number
        why = "" if usual else f"; reading it raised {failure(error)}"
        return False, f"Not yet: expected one number, got {type(found).__name__}{why}."
    if abs(number - expected) <= tolerance:
        return True, f"Right: {number:.4f}."
    shown = f"{number:.4f}" if abs(number) < 1e9 or not math.isfinite(number) else f"{number:.3g}"
    if math.isnan(number):
        words = " Look for 0 divided by 0, and for a root or logarithm of something negative."
    elif math.isinf(number):
        words = " Look for a division by 0 and for a logarithm of 0."
    else:
        near = (said for said, mistaken in mistakes.items() if abs(number - mistaken(*arguments)) <= tolerance)
        words = next((f" {said}" for said in near), "")
    return False, f"Not yet: {shown} instead of {expected:.4f}.{words}"


def _number(value: np.ndarray) -> float:
    item = value.item()
    if value.dtype.kind not in "biufO" or isinstance(item, (str, bytes, bytearray)):
        raise TypeError("no number")  # float() would take "0.9", and a date for its nanoseconds
    return float(item)


def failure(error: Exception) -> str:
    """Type and message of an error, on one line."""
    words = short(error, str).rstrip(".")
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def short(thing: Any, write: Callable[[Any], str] = repr) -> str:
    """What `write` says of a thing, on one line that is not too long; its type where even that raises."""
    try:
        words = " ".join(write(thing).split())
    except Exception:
        return f"({type(thing).__name__} cannot be written out)"
    words = words.encode("utf-8", "backslashreplace").decode("utf-8")  # half a surrogate pair cannot be printed
    return words if len(words) <= LONG else f"{words[: LONG - 1]}…"
