"""Walk the public modules of installed packages and list every object whose docstring is its own.

An object is kept under one name only: the shortest public path that leads to it. Docstrings a class merely
inherits are dropped, so nothing is documented twice by construction.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Tests, vendored code, command lines, build scripts: importable, but not what a user looks up.
SKIPPED_PARTS = frozenset(
    {"tests", "test", "conftest", "externals", "extern", "vendored", "deprecated", "setup", "cli"}
)
# Private by the package's own word although no underscore says so, or on its way out.
SKIPPED_MODULES = (
    "numpy.core", "numpy.f2py", "numpy.distutils", "pandas.core", "matplotlib.testing", "sympy.testing",
    "transformers.testing_utils", "transformers.convert_",
)  # fmt: skip
# One generated text per model architecture, alike but for a name: hundreds of answers to one question.
SKIPPED_OWNERS = ("transformers.models", "transformers.utils.dummy_")

FUNCTIONS = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.ClassMethodDescriptorType
)  # fmt: skip
PROPERTIES = (property, types.GetSetDescriptorType, types.MemberDescriptorType)
LONGEST_DEFAULT = 40  # characters


@dataclass(frozen=True)
class Entry:
    """One documented object as its package shows it, before any cleaning."""

    package: str
    kind: str  # function, class, method, property or instance
    name: str  # shortest public qualified name
    signature: str  # "(a, axis=None)"; "" where none can be read
    doc: str


@dataclass
class Harvest:
    """What a walk over the packages found, and what it left out and why."""

    entries: list[Entry] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)  # "package: error" -> what could not be imported
    dropped: Counter[str] = field(default_factory=Counter)  # reason -> objects


def harvest(packages: Iterable[str]) -> Harvest:
    """Import `packages` (which must be installed) and list their documented objects, sorted by name."""
    result = Harvest()
    taken: dict[int, Any] = {}  # id -> object, of all packages; an object that is held keeps its id
    for package in packages:
        best: dict[int, tuple[tuple[int, bool, int, str], Any]] = {}
        for module in public_modules(importlib.import_module(package), result.failures):
            for name, value in public_members(module, package, result.failures):
                rank = path_rank(f"{module.__name__}.{name}", module, value)
                result.dropped["alias of another object"] += id(value) in best
                if id(value) not in best or rank < best[id(value)][0]:
                    best[id(value)] = rank, value
        for (*_, path), value in sorted(best.values(), key=lambda found: found[0]):
            result.entries.extend(own_entries(package, path, value, taken, result.dropped))
    result.entries.sort(key=lambda entry: entry.name)
    return result


def public_modules(package: types.ModuleType, failures: Counter[str]) -> Iterator[types.ModuleType]:
    """The package and its public modules, imported; those that cannot be are counted in `failures`."""
    yield package
    for found in sorted(pkgutil.iter_modules(getattr(package, "__path__", ())), key=lambda one: one.name):
        name = f"{package.__name__}.{found.name}"
        private = found.name.startswith("_") or found.name in SKIPPED_PARTS
        if private or name.startswith(SKIPPED_MODULES + SKIPPED_OWNERS):
            continue
        try:
            module = importlib.import_module(name)
        except (Exception, SystemExit) as error:  # optional parts fail in their own ways; each is counted
            failures[f"{name.partition('.')[0]}: {type(error).__name__}"] += 1
            continue
        yield from public_modules(module, failures)


def public_members(module: types.ModuleType, package: str, failures: Counter[str]) -> Iterator[tuple[str, Any]]:
    """Names and values a module offers: its `__all__`, or what it defines itself, if the package owns it."""
    declared = vars(module).get("__all__")
    for name in sorted(set(vars(module) if declared is None else declared)):
        if name.startswith("_"):
            continue
        try:
            value = getattr(module, name)
        except Exception as error:  # a name promised, its optional dependency missing
            failures[f"{package}, one name: {type(error).__name__}"] += 1
            continue
        owner = owner_of(value, module)
        if owner.partition(".")[0] != package or owner.startswith(SKIPPED_OWNERS) or not has_own_doc(value):
            continue
        if declared is not None or f"{owner}.".startswith(f"{module.__name__}."):
            yield name, value


def owner_of(value: Any, module: types.ModuleType) -> str:
    """The module an object found in `module` was defined in, "" for a module. Ufuncs do not know theirs."""
    if isinstance(value, types.ModuleType):
        return ""
    if type(value).__name__ == "ufunc":
        return module.__name__
    owner = getattr(value, "__module__", None)
    return owner if isinstance(owner, str) else type(value).__module__


def is_function(value: Any) -> bool:
    return isinstance(value, FUNCTIONS) or (callable(value) and hasattr(value, "__name__"))


def has_own_doc(value: Any) -> bool:
    """Functions and classes with a docstring, and instances that were given one (scipy.stats.norm)."""
    if isinstance(value, type) or is_function(value):
        return isinstance(value.__doc__, str)
    return isinstance(getattr(value, "__dict__", {}).get("__doc__"), str)


def path_rank(path: str, module: types.ModuleType, value: Any) -> tuple[int, bool, int, str]:
    """Order of names for one object: fewest dots, inside the defining module, short, alphabetical."""
    outside = not owner_of(value, module).startswith(module.__name__)
    return path.count("."), outside, len(path), path


def own_entries(package: str, path: str, value: Any, taken: dict[int, Any], dropped: Counter[str]) -> Iterator[Entry]:
    """The object itself, and for a class its public members with docstrings no base class has."""
    if id(value) in taken:
        dropped["alias of another object"] += 1
        return
    taken[id(value)] = value
    if not isinstance(value, type):
        kind = "function" if is_function(value) else "instance"
        yield Entry(package, kind, path, signature_of(value), str(value.__doc__))
        return
    bases = value.__mro__[1:]
    if value.__dict__.get("__doc__") and all(value.__doc__ != base.__doc__ for base in bases):
        yield Entry(package, "class", path, signature_of(value), str(value.__doc__))
    else:
        dropped["class without a docstring of its own"] += 1
    for name, member in sorted(vars(value).items(), key=lambda item: item[0]):
        documented = isinstance(member, (*FUNCTIONS, *PROPERTIES, staticmethod, classmethod))
        if name.startswith("_") or not documented:
            continue
        function = underlying(member)
        doc = getattr(member, "__doc__", None)
        if not isinstance(doc, str) or doc == type(member).__doc__:
            dropped["method without a docstring"] += 1
        elif any(getattr(getattr(base, name, None), "__doc__", None) == doc for base in bases):
            dropped["inherited docstring"] += 1
        elif id(function) in taken:
            dropped["alias of another object"] += 1
        else:
            taken[id(function)] = function
            is_property = isinstance(member, PROPERTIES)
            kind, signature = ("property", "") if is_property else ("method", signature_of(function))
            yield Entry(package, kind, f"{path}.{name}", signature, doc)


def underlying(member: Any) -> Any:
    """The function behind a static method, class method or property; other members as they are."""
    if isinstance(member, staticmethod | classmethod):
        return member.__func__
    return member.fget if isinstance(member, property) else member


def signature_of(value: Any) -> str:
    """Parameters with defaults, without annotations, `self` and `cls`: "(a, axis=None, *, out=None)"."""
    empty = inspect.Parameter.empty
    try:
        parameters = [
            one.replace(annotation=empty, default=empty if one.default is empty else Shown(one.default))
            for name, one in inspect.signature(value).parameters.items()
            if name not in {"self", "cls"}
        ]
        return str(inspect.Signature(parameters))
    except (ValueError, TypeError):  # compiled objects without one
        return ""


class Shown:
    """A default as text that is the same in every process: no addresses, no sets, nothing long."""

    def __init__(self, value: Any) -> None:
        if isinstance(value, (type, *FUNCTIONS)):
            text = value.__name__
        else:
            text = "..." if isinstance(value, set | frozenset) else repr(value)
        self.text = "..." if len(text) > LONGEST_DEFAULT or "<" in text else text

    def __repr__(self) -> str:
        return self.text
