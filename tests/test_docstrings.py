"""A caller learns from the docstring what can go wrong: who raises one of the lab's errors says so under "Raises:"."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import errors

LAB = Path(__file__).resolve().parents[1] / "lab"
ERRORS = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.LabError)}
BUILDERS = {"__init__", "__new__", "__post_init__"}  # what they raise is said by their class
Function = ast.FunctionDef | ast.AsyncFunctionDef


def public(body: list[ast.stmt], owner: ast.ClassDef | None = None) -> Iterator[tuple[Function, ast.AST]]:
    """(function, node whose docstring speaks for it), public classes' methods included."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, node)
        elif isinstance(node, Function) and (not node.name.startswith("_") or node.name.startswith("__")):
            yield node, owner if owner and node.name in BUILDERS else node


def raised(node: ast.AST) -> Iterator[str]:
    """Names of the lab's errors raised in a function's own body, functions defined in it aside."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(child, ast.Raise) and child.exc:
            kind = child.exc.func if isinstance(child.exc, ast.Call) else child.exc
            name = kind.attr if isinstance(kind, ast.Attribute) else getattr(kind, "id", "")
            yield from [name] if name in ERRORS else []
        yield from raised(child)


def told(docstring: str) -> set[str]:
    """Errors named in the section "Raises:", on its line or in the lines below that stand further right."""
    section = re.search(r"^( *)Raises:(.*\n(?:\1 +\S.*\n)*)", inspect.cleandoc(docstring) + "\n", re.MULTILINE)
    return ERRORS & set(re.findall(r"\w+", section[2])) if section else set()


def silent(lab: Path) -> list[str]:
    """Every error that is raised and not told."""
    found = []
    for path in sorted(lab.rglob("*.py")):
        for function, speaker in public(ast.parse(path.read_text(encoding="utf-8")).body):
            where = f"{path.relative_to(lab.parent).as_posix()}:{function.lineno}: {function.name}"
            untold = {*raised(function)} - told(ast.get_docstring(speaker) or "")  # type: ignore[arg-type]
            found += [f"{where} raises {name}, its docstring does not say so" for name in sorted(untold)]
    return found


def test_every_error_that_is_raised_is_told() -> None:
    assert {"LabError", "DataError", "ModelError"} < ERRORS
    assert silent(LAB) == []


FUNCTION = '''
def load(path):
    """Load it.
{section}
    """
    if not path:
        raise {error}("no path")
'''


@pytest.mark.parametrize(
    ("error", "section", "caught"),
    [
        ("DataError", "", True),
        ("errors.DataError", "", True),
        ("DataError", "\n    Raises:\n        DataError: there is no path.\n", False),
        ("DataError", "\n    Raises:\n        ModelError: there is no path.\n", True),
        ("DataError", "\n    Raises:\n        ModelError, DataError: there is no path.\n", False),
        ("DataError", "    Raises: DataError for no path.\n", False),
        ("DataError", "    Raises: ModelError for no path.\n    DataError comes later.\n", True),
        ("DataError", "\n    Raises:\n        ModelError: no.\n\n    Returns:\n        DataError: told.\n", True),
        ("ValueError", "", False),
    ],
)
def test_the_check_catches(tmp_path: Path, error: str, section: str, caught: bool) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/x.py").write_text(FUNCTION.format(error=error, section=section), encoding="utf-8")
    told_so = "lab/x.py:2: load raises DataError, its docstring does not say so"
    assert silent(tmp_path / "lab") == ([told_so] if caught else [])


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("class A:\n    def __post_init__(self):\n        raise DataError('')", ["__post_init__"]),
        ("class A:\n    '''A.\n\n    Raises:\n        DataError: x.\n    '''\n"
         "    def __init__(self):\n        raise DataError('')", []),
        ("class A:\n    def run(self):\n        with self:\n            raise DataError('')", ["run"]),
        ("class _A:\n    def run(self):\n        raise DataError('')", []),
        ("def _f():\n    raise DataError('')", []),
        ("def f():\n    def g():\n        raise DataError('')\n    return g", []),
    ],
)  # fmt: skip
def test_whose_errors_are_looked_at(tmp_path: Path, source: str, caught: list[str]) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/x.py").write_text(source, encoding="utf-8")
    assert [finding.split()[1] for finding in silent(tmp_path / "lab")] == caught
