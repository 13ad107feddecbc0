"""How the scripts of this folder keep what they found: the commit it came from, and files that are whole or absent."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def commit() -> str:
    """The repository's, twelve digits."""
    told = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def write_json(path: Path, what: Any, indent: int | None = 1) -> None:
    """Under a temporary name first, then moved: an interrupted study loses nothing that was finished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(what, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def read_json(path: Path, missing: Any = None) -> Any:
    """What a file holds; `missing`, if that is given, where there is none."""
    if missing is not None and not path.exists():
        return missing
    return json.loads(path.read_text(encoding="utf-8"))


def key_of(settings: dict[str, Any]) -> str:
    """Twelve digits that change with any setting."""
    return hashlib.sha256(json.dumps(settings, default=dict, sort_keys=True).encode()).hexdigest()[:12]


def stored(path: Path, key: str) -> dict[str, Any] | None:
    """The run in this file, if it was made with the settings of this key."""
    known = read_json(path, missing={})
    return known if known.get("config") == key else None
