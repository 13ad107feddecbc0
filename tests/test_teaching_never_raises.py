"""Every check of an exercise, whatever a reader hands it: a line or two that name the likely mistake, no exception.

The checks are found, not listed: a new one is held to this without being named here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from lab import teaching
from lab.errors import LabError
from lab.recording import Recording
from lab.teaching import checks, clinic, predict
from lab.teaching.matching import check_break_index, check_matching_loss
from lab.teaching.start_here import check_mean_distance
from tests.test_teaching_clinic import MARKS, patient


def found() -> Iterator[tuple[str, Callable[..., None]]]:
    for module in pkgutil.iter_modules(teaching.__path__):
        room = importlib.import_module(f"{teaching.__name__}.{module.name}")
        yield from ((name, each) for name, each in vars(room).items() if name.startswith("check_"))


CHECKS = dict(found())
READS = {"check_break_index": "give both, queries", "check_name_illness": "say one of 'healthy'"}  # else: one number


class Vague:
    """Compares to an array, and then to nothing at all."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, raising: bool) -> None:
        self.raising = raising

    def __eq__(self, other: object) -> Any:
        if self.raising:
            raise ZeroDivisionError("compared")
        return np.array([True, True])


class Unwritten(Vague):
    def __repr__(self) -> str:
        raise ZeroDivisionError("written")

    __float__ = __array__ = __iter__ = __repr__


class Sly(str):
    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError("compared")

    __hash__ = str.__hash__
    __array__ = __str__ = __repr__ = __iter__ = __eq__


class Unsaid(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError("said")


def raising(error: Exception) -> Callable[..., Any]:
    def yours(*_: Any) -> Any:
        raise error

    return yours


def endless(*arguments: Any) -> Any:
    return endless(*arguments)


def counting(*arguments: Any) -> Iterator[float]:
    yield from map(float, range(10))


def mutating(*arguments: Any) -> Any:
    for each in arguments:
        if isinstance(each, torch.Tensor):
            each.zero_()
        elif isinstance(each, np.ndarray):
            each[...] = 0
        elif isinstance(each, dict):
            each.clear()
    return float("nan")


def talking(*arguments: Any) -> str:
    print("here")
    return "much"


class Two:
    def __init__(self, a: Any, b: Any) -> None: ...


NO_FUNCTION = {
    "None": None, "Ellipsis": ..., "a class": Two, "a built-in class": float, "text": "answer", "a number": 0.9,
    "an array": np.zeros(3), "a Series": pd.Series([1.0, 2.0]), "unwritten": Unwritten(True),
}  # fmt: skip
RAISES = {
    "many lines": raising(ValueError("first\nsecond\nthird")), "half a pair": raising(ValueError("\ud800")),
    "no words": raising(AssertionError()), "long": raising(KeyError("x" * 10_000)), "unsaid": raising(Unsaid()),
    "of torch": raising(RuntimeError("mat1 and mat2")), "ours": raising(LabError("no such thing")),
    "the end": raising(StopIteration()), "a warning": raising(UserWarning("look")), "memory": raising(MemoryError()),
    "endless": endless, "a type": lambda *_: len(3),  # type: ignore[arg-type]
}  # fmt: skip
UNREADABLE = {
    "text": "much", "a number in text": "0.9", "bytes": b"0.9", "a class": Two, "a function": len, "a dict": {"a": 1},
    "with a gradient": torch.ones(2, requires_grad=True), "complex": 0.9 + 1j, "too large": 10**400,
    "a complex tensor": torch.tensor(0.9 + 1j), "a complex array": np.array([0.9 + 1j]), "date": np.datetime64("now"),
    "objects": [object(), object()], "ragged": [[1.0], [1.0, 2.0]], "a Series": pd.Series([0.9, 0.9]),
    "a Series of text": pd.Series(["healthy", "collapse"]), "array": np.zeros((2, 3)), "of text": np.array(["healthy"]),
    "one text": np.array("healthy"), "empty": [], "vague": Vague(False), "incomparable": Vague(True), "NA": pd.NA,
    "unwritten": Unwritten(True), "stubs": (..., ...), "nothing twice": (None, None), "Decimal": [Decimal(1)] * 3,
}  # fmt: skip
OTHERS = {
    "nan": lambda *_: float("nan"), "inf": lambda *_: float("inf"), "-inf": lambda *_: np.float32("-inf"),
    "large": lambda *_: 1e300, "True": lambda *_: True, "NaT": lambda *_: pd.NaT, "masked": lambda *_: np.ma.masked,
    "mutating": mutating, "talking": talking, "a generator": counting, "sly": lambda *_: Sly("healthy"),
    "nothing": lambda *_: None, "a stub": lambda *_: ..., "its arguments": lambda *arguments: arguments,
    "an integer array": lambda *_: np.arange(4), "dtype": lambda *_: np.array(["a", 1.0], dtype=object),
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def cases() -> Iterator[dict[str, Recording]]:
    made = {f"case {number}": patient(illness) for number, illness in enumerate(MARKS, 1)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clinic.artefacts, "clinic", lambda: made)
        yield made


def said(capsys: pytest.CaptureFixture[str], check: Callable[..., None], *answer: Any) -> str:
    check(*answer)
    out = capsys.readouterr().out.replace("here\n", "").strip()
    assert out and "Right" not in out and ": right" not in out and "Traceback" not in out
    assert len(out.splitlines()) == 1 and len(out) < 500, f"not a line: {out}"
    out.encode("utf-8")
    return out


def test_every_check_is_found() -> None:
    assert len(CHECKS) >= 15 and {"check_mean_distance", "check_risk", "check_corrected"} < set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_no_function_at_all(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for answer in NO_FUNCTION.values():
        assert "Not yet: give the check your function, by its name" in said(capsys, CHECKS[name], answer)


@pytest.mark.parametrize("name", CHECKS)
def test_other_arguments_than_it_gets(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for answer in (lambda: 0.9, lambda a, b, c, d, e, f: 0.9, lambda *, key: 0.9, partial(lambda x: x, y=3)):
        assert "your function cannot be called with the" in said(capsys, CHECKS[name], answer)


@pytest.mark.parametrize("name", CHECKS)
def test_a_function_that_raises(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for answer in RAISES.values():
        assert "your function raised " in said(capsys, CHECKS[name], answer)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_answer_of_another_kind(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name, check in CHECKS.items():
        out = said(capsys, check, lambda *_: UNREADABLE[kind])
        assert out.startswith("Not yet") and READS.get(name, "expected one ") in out, name


@pytest.mark.parametrize("kind", OTHERS)
def test_an_answer_that_is_off(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name, check in CHECKS.items():
        assert said(capsys, check, OTHERS[kind]).startswith(("Not yet", "Your turn")), name


def test_a_diagnosis_of_another_kind(capsys: pytest.CaptureFixture[str]) -> None:
    for answer in (*NO_FUNCTION.values(), *UNREADABLE.values()):
        assert "Choose one of 'healthy'" in said(capsys, clinic.diagnose, "case 1", answer)
        assert "There is no" in said(capsys, clinic.diagnose, answer, "collapse")
    assert "expected the name of a case" in said(capsys, clinic.diagnose, Sly("case 1"), "collapse")


def test_patients_without_gauges_are_told(cases: dict[str, Recording], capsys: pytest.CaptureFixture[str]) -> None:
    torn = {"case 1": replace(cases["case 1"], measures={})}
    assert "no gauge 'training loss'" in said(capsys, clinic.diagnose, "case 1", "collapse", torn)
    assert "no gauge 'training loss'" in said(capsys, clinic.check_name_illness, clinic.solve_name_illness, torn)


def in_place(teacher: Any, student: Any) -> Any:
    teacher -= student
    return np.linalg.norm(teacher)


@pytest.mark.parametrize(("check", "answer", "words"), [
    (check_mean_distance, in_place, "That is the norm of the whole matrix"),
    (check_mean_distance, lambda t, s: float("nan"), "nan instead of 0.9000. Look for 0 divided by 0"),
    (check_mean_distance, lambda t, s: 1e300, "1e+300 instead of 0.9000"),
    (check_mean_distance, lambda t, s: np.complex128(0.9 + 1j), "one real number"),
    (check_matching_loss, lambda s, t: torch.tensor(0.6, requires_grad=True), "the loss does not depend on it"),
    (check_matching_loss, lambda s, t: s.sub_(t).norm(dim=1).mean(), "change nothing in place"),
    (check_matching_loss, lambda s, t: 0.6 + 0j * s.sum(), "one real number"),
    (check_matching_loss, lambda s, t: 0.6 + 0j * s.sum() if s.requires_grad else 0.6, "with a gradient to follow"),
    (check_break_index, lambda q, d: (q * np.nan, d * np.nan), "nan or inf stands among"),
    (check_break_index, lambda q, d: (q * 1e300, d * 1e300), "the scores have changed"),
    (check_break_index, lambda q, d: (-q + 1j, -d + 0j), "raised TypeError: complex numbers"),
])  # fmt: skip
def test_the_mistake_is_named(check, answer, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, check, answer)


@pytest.mark.parametrize("name", CHECKS)
def test_whoever_interrupts_is_heard(name: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        CHECKS[name](raising(KeyboardInterrupt()))  # type: ignore[arg-type]


def test_what_nobody_thought_of_is_told_with_what_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    checks.tell("one number", raising(ZeroDivisionError("by 0.")), 1)
    told = "Not yet: reading your answer raised ZeroDivisionError: by 0; expected one number.\n"
    assert capsys.readouterr().out == told


@pytest.mark.parametrize("kind", sorted(UNREADABLE.keys() - {"unwritten"}))
def test_a_question_or_choice_of_another_kind_is_refused_by_the_lab(kind: str) -> None:
    for arguments in ((UNREADABLE[kind],), ("kept", UNREADABLE[kind])):
        with pytest.raises(LabError):
            predict(*arguments)
