"""Does the code of now still make the students that the stored tables are of? Bit for bit, on one machine.

    python benchmarks/same_students.py     # the commit of docs/quality.json against this one; 20 minutes on one core

Each code distils from an empty store, with the default recipe cut to a twentieth of its steps, and measures the student
on dev. What is compared is every stored number of student and static student, and nDCG@10 of all four engines. Goes to
docs/same_students.json. A change that is not meant to move a table is checked with it in place of reading test again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from results import ROOT, commit, read_json, write_json

OUT = ROOT / "docs" / "same_students.json"
CASES = (("wiki", "tenth"), ("pydocs", "quarter"))
EPOCHS, SEED = 0.05, 0
# run by the code of either commit: nothing here may be newer than the older one
MADE = """
import hashlib, json, sys
from pathlib import Path
import numpy as np
from safetensors.numpy import load_file
import lab
collection, student, seed, epochs, out = sys.argv[1:]
store = lab.VectorStore(Path(out) / "store")
config = lab.DistillConfig(collection=collection, student=student, seed=int(seed), epochs=float(epochs))
found = lab.distill(config, store=store)
lab.save(found, Path(out) / "student")
digest = hashlib.sha256()
for path in sorted((Path(out) / "student").rglob("*.safetensors")):
    for name, values in sorted(load_file(path).items()):
        digest.update(name.encode() + np.ascontiguousarray(values).tobytes())
served = lab.load_student(Path(out) / "student")
report = lab.evaluate(served, lab.load_collection(collection), "dev", found.teacher, static=found.static, store=store)
measured = {engine: values["nDCG@10"] for engine, values in report.metrics.items()}
print("MADE " + json.dumps({"weights": digest.hexdigest(), "nDCG@10": measured}))
"""


def made(code: Path, collection: str, student: str) -> dict[str, Any]:
    """What the code in this folder makes of a case."""
    with tempfile.TemporaryDirectory() as out:
        asked = [sys.executable, "-c", MADE, collection, student, str(SEED), str(EPOCHS), out]
        alone = os.environ | {"PYTHONPATH": str(code), "HF_HUB_OFFLINE": "1"}
        told = subprocess.run(asked, cwd=code, env=alone, capture_output=True, text=True, encoding="utf-8", check=True)
    return json.loads(next(line for line in told.stdout.splitlines() if line.startswith("MADE ")).removeprefix("MADE "))


def main() -> None:
    """Compare and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commit", default=read_json(ROOT / "docs" / "quality.json")[0]["commit"])
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(before), arguments.commit], check=True)
        try:
            for collection, student in CASES:
                then, now = (made(code, collection, student) for code in (before, ROOT))
                told = {"collection": collection, "student": student, "same": then == now}
                rows.append(told | {"then": then, "now": now})
                print(rows[-1], flush=True)
        finally:
            subprocess.run([*git, "remove", "--force", str(before)], check=True)
    command = "python benchmarks/same_students.py"
    write_json(OUT, {"command": command, "before": arguments.commit, "commit": commit(), "seed": SEED, "cases": rows})


if __name__ == "__main__":
    main()
