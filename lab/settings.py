"""What all settings have in common that are read from files: known keys, values of the right kind."""

from __future__ import annotations

import dataclasses
from typing import Any

from lab.errors import LabError

# annotation → what Python calls it, and we; True and False are no numbers though Python says so
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "float | None": ((int, float, type(None)), "a number or none"),
    "bool": ((bool,), "true or false"),
    "str": ((str,), "a text"),
}
_MANY: dict[str, tuple[type, str]] = {
    "tuple[str, ...]": (str, "texts"),
    "tuple[int, ...]": (int, "whole numbers"),
    "tuple[int, int]": (int, "two whole numbers"),
}


def check_kinds(settings: Any) -> None:
    """A word in place of a number, or half a batch, would fail far from where it was written. Lists become tuples.

    Args:
        settings: of a dataclass whose module postpones its annotations, so that they are texts.

    Raises:
        LabError: naming the first field whose value is not of the kind it is annotated with. Other kinds than numbers,
            texts, true or false and rows of them are left to whoever reads them.
    """
    for each in dataclasses.fields(settings):
        value, kind = getattr(settings, each.name), str(each.type)
        if kind in _KINDS:
            types, words = _KINDS[kind]
            fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        elif kind in _MANY:
            one, words = _MANY[kind]
            if isinstance(value, list):  # as JSON and people write them
                value = tuple(value)
                object.__setattr__(settings, each.name, value)
            fits = isinstance(value, tuple) and all(isinstance(v, one) and not isinstance(v, bool) for v in value)
            fits = fits and (len(value) == 2 or kind.endswith("...]"))
        else:
            continue
        if not fits:
            raise LabError(f"{each.name}={value!r}: must be {words}")


def known_settings(kind: type, values: Any, what: str) -> dict[str, Any]:
    """A copy of `values`, all of whose keys are fields of the dataclass `kind`.

    Raises:
        LabError: no settings by name, or one that is not known; `what` says what kind of settings they are.
    """
    if not isinstance(values, dict):
        raise LabError(f"{what}: {values!r} is no object of settings by name")
    known = {field.name for field in dataclasses.fields(kind)}
    if strange := set(values) - known:
        raise LabError(f"unknown {what} {sorted(strange)}; this version knows {sorted(known)}")
    return dict(values)
