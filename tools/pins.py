"""Prints pip constraints for a folder of wheels: what is packed there, and for which machine (`make wheelhouse`).

With them an offline install asks for no version that was not packed. What builds packages is left out: pip may need
one setuptools to build this project and another, older one beside torch, and both may lie in the folder.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

BUILDERS = {"pip", "setuptools", "wheel"}


def machine() -> str:
    """What compiled wheels are made for, e.g. "Python 3.11 on Linux x86_64"."""
    return f"Python {sys.version_info[0]}.{sys.version_info[1]} on {platform.system()} {platform.machine()}"


def pins(folder: Path) -> list[str]:
    """One ``name==version`` a wheel, by name. A wheel is called name-version-tags.whl (PEP 427).

    Raises ValueError where a package is there in two versions: no resolver could honour both.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.whl")):
        name, version = path.name.split("-")[:2]
        if name.lower() in BUILDERS:
            continue
        if found.setdefault(name, version) != version:
            raise ValueError(f"{folder} holds {name} {found[name]} and {version}: remove one")
    return [f"{name}=={version}" for name, version in found.items()]


if __name__ == "__main__":
    lines = [f"# {machine()}", *(pins(Path(sys.argv[1])) if len(sys.argv) > 1 else [])]
    print("\n".join(lines))
