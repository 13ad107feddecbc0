"""How long `lab distill` takes on a machine that has seen nothing: the command as a user types it, with an empty store.

    python benchmarks/minutes.py                               # 2 sizes × 3 seeds on wiki, an hour on idle cores
    python benchmarks/minutes.py --students tenth --seeds 0    # a part; what was measured before stays

Everything is in the time: Python's start, the teacher reading all documents and training texts, the static student,
saving. One run after the other, on all cores; the load before each is kept beside it. Goes to docs/minutes.json.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from results import ROOT, commit, read_json, write_json

OUT = ROOT / "docs" / "minutes.json"
BARS = {"quarter": 10, "tenth": 20}  # minutes, for two idle cores
SEEDS = (0, 1, 2)


def command(collection: str, student: str, seed: int, out: Path) -> list[str]:
    """What is timed."""
    asked = {"collection": collection, "student": student, "seed": seed, "out": out}
    return [sys.executable, "-m", "lab.cli", "distill", *(f"--{name}={value}" for name, value in asked.items())]


def run(collection: str, student: str, seed: int) -> dict[str, Any]:
    """One distillation from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        out, load, began = Path(folder) / "student", round(os.getloadavg()[0], 1), time.monotonic()
        empty = os.environ | {"LAB_CACHE": str(Path(folder) / "store"), "HF_HUB_OFFLINE": "1"}
        subprocess.run(command(collection, student, seed, out), env=empty, check=True, cwd=ROOT)
        minutes, told = (time.monotonic() - began) / 60, read_json(out / "lab.json")
    return {
        "collection": collection, "student": student, "seed": seed, "minutes": round(minutes, 2),
        "steps": told["steps"], "texts": told["texts"], "load before": load, "cores": os.cpu_count(),
        "commit": commit(),
    }  # fmt: skip


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means beside their bars, and the runs."""
    means = {}
    for row in rows:
        mine = [each for each in rows if all(each[k] == row[k] for k in ("collection", "student"))]
        means[f"{row['collection']} {row['student']}"] = {
            "seeds": ("seeds " if mine[1:] else "seed ") + ", ".join(str(each["seed"]) for each in mine),
            "minutes": round(sum(each["minutes"] for each in mine) / len(mine), 1),
        }
    return {"command": "python benchmarks/minutes.py", "bars": BARS, "means": means, "runs": rows}


def main() -> None:
    """Measure what is missing and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collections", nargs="+", default=["wiki"])
    parser.add_argument("--students", nargs="+", default=list(BARS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    asked = parser.parse_args()
    rows = read_json(OUT, missing={"runs": []})["runs"]
    for seed in asked.seeds:
        for collection in asked.collections:
            for student in asked.students:
                if not any((r["collection"], r["student"], r["seed"]) == (collection, student, seed) for r in rows):
                    rows.append(run(collection, student, seed))
                    print(rows[-1], flush=True)
                    write_json(OUT, summary(rows))


if __name__ == "__main__":
    main()
