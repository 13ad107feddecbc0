"""The licence texts of the documented packages on one page, read from the packages themselves.

Only the part about the package's own text is taken: what its binaries bundle (OpenBLAS, fonts) is not here.
"""

from __future__ import annotations

import re
from importlib import metadata

# Distribution, licence, its files as the distribution lists them.
LICENCES = (
    ("numpy", "BSD-3-Clause",
     ("licenses/LICENSE.txt", "licenses/numpy/ma/LICENSE", "licenses/numpy/random/LICENSE.md")),
    ("scipy", "BSD-3-Clause", ("LICENSE.txt",)),
    ("pandas", "BSD-3-Clause", ("licenses/LICENSE",)),
    ("scikit-learn", "BSD-3-Clause", ("licenses/COPYING",)),
    ("networkx", "BSD-3-Clause", ("licenses/LICENSE.txt",)),
    ("sympy", "BSD-3-Clause", ("licenses/LICENSE",)),
    ("matplotlib", "Matplotlib licence (based on the PSF licence)", ("LICENSE",)),
    ("torch", "BSD-3-Clause", ("licenses/LICENSE",)),
    ("transformers", "Apache-2.0", ("licenses/LICENSE",)),
)  # fmt: skip
COPYRIGHT = re.compile(r"^\W*(Copyright\b.*\d{4}.*)$", re.MULTILINE)
HEAD = """# Licences of the texts in this collection

The documentation belongs to its authors and stands under the licences of the packages it comes from, all
permissive. Changed here: each docstring was split into a query and a document, markup was taken off, the
object's own name was masked in its document, long documents were cut. The scripts of this folder stand under
the licence of this project.

| package | version | licence | copyright |
|---|---|---|---|
"""


def own_part(text: str, end: str = "----") -> str:
    """`text` up to the line `end`, after which only bundled software follows."""
    lines = text.splitlines()
    return "\n".join(lines[: lines.index(end)] if end in lines else lines).strip()


def copyright_lines(text: str) -> list[str]:
    """The lines that name a holder and a year; failing that, a notice the licence quotes."""
    found = COPYRIGHT.findall(text) or re.findall(r'"(Copyright[^"]+)"', text)[:1]
    return [" ".join(line.split()).rstrip("*,") for line in found]


def licence_page() -> str:
    """Markdown: a table of the packages, then every licence in full.

    Raises FileNotFoundError where a package does not ship the named file.
    """
    rows, texts = [], []
    for name, licence, files in LICENCES:
        distribution = metadata.distribution(name)
        version = distribution.version.partition("+")[0]
        parts = []
        for file in files:
            text = distribution.read_text(file)
            if text is None:
                raise FileNotFoundError(f"{name} {version} holds no {file}: name its licence in licences.py")
            parts.append(own_part(text))
        holders = dict.fromkeys(holder for part in parts for holder in copyright_lines(part))
        rows.append(f"| {name} | {version} | {licence} | {'<br>'.join(holders)} |")
        texts.append(f"## {name} {version}\n\n```text\n" + "\n\n----\n\n".join(parts) + "\n```\n")
    return HEAD + "\n".join(rows) + "\n\n" + "\n".join(texts)
