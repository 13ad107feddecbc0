"""Prints pip constraints: every dependency of pyproject.toml at its lower bound (`make test-lowest`)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def lowest(requirement: str) -> str:
    """``"plotly>=7,<8"`` gives ``"plotly==7"``; pip reads 7 and 7.0.0 as the same version.

    Raises ValueError where a requirement has no lower bound.
    """
    match = re.match(r"\s*([\w.-]+)[^>]*>=\s*([\w.]+)", requirement)
    if not match:
        raise ValueError(f"{requirement!r} in pyproject.toml has no lower bound (name>=version)")
    return f"{match[1]}=={match[2]}"


def constraints(pyproject: dict) -> list[str]:
    """One ``name==version`` per dependency: the core, then what the tests need."""
    project = pyproject["project"]
    return [lowest(r) for r in project["dependencies"] + project["optional-dependencies"]["dev"]]


if __name__ == "__main__":
    print("\n".join(constraints(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))))
