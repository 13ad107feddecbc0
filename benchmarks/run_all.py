"""What a reader waits for: Run All of every notebook in a kernel of its own, with live panels and whole trainings.

    python benchmarks/run_all.py                    # about ten minutes, on idle cores
    python benchmarks/run_all.py 00_start_here      # some; the others keep what was measured before

Nothing is shortened, as `make notebooks` does, and no browser draws: what is timed is the kernel, from its start to the
last cell. Of 00 also the time until the first search has answered. Goes to docs/run_all.json, and from there to README.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from results import ROOT, commit, read_json, write_json

OUT, FOLDER = ROOT / "docs" / "run_all.json", ROOT / "notebooks"
FIRST, SEARCH = "00_start_here", "search(teacher, "
BARS = {"notebook": 75, FIRST: 180, "first search": 20}  # seconds, for two idle cores
SHORTENED = ("LAB_PANELS", "LAB_PACE", "LAB_LIVE_SECONDS")


def run(path: Path) -> dict[str, float]:
    """Seconds of one notebook."""
    notebook = nbformat.read(path, as_version=4)
    found: dict[str, float] = {}
    began = time.monotonic()

    def executed(cell: Any, cell_index: int, **_: Any) -> None:
        found["seconds"] = round(time.monotonic() - began, 1)
        if cell.source.rstrip().splitlines()[-1].startswith(SEARCH):
            found.setdefault("first search", found["seconds"])

    client = NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}, on_cell_executed=executed
    )
    client.execute(env={k: v for k, v in os.environ.items() if k not in SHORTENED} | {"HF_HUB_OFFLINE": "1"})
    return found


def main() -> None:
    """Measure and write the file."""
    names = sorted(path.stem for path in FOLDER.glob("[0-9]*.ipynb"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="notebook", help=f"of {', '.join(names)}")
    asked = parser.parse_args().names or names
    if strange := set(asked) - set(names):
        parser.error(f"no notebook {sorted(strange)[0]}: there are {', '.join(names)}")
    told = read_json(OUT, missing={"notebooks": {}})
    for name in asked:
        load = round(os.getloadavg()[0], 1)
        about = {"load before": load, "cores": os.cpu_count(), "commit": commit()}
        told["notebooks"][name] = run(FOLDER / f"{name}.ipynb") | about
        print(name, told["notebooks"][name], flush=True)
        told |= {"command": "python benchmarks/run_all.py", "bars": BARS}
        write_json(OUT, told)


if __name__ == "__main__":
    main()
