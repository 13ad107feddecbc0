"""Makes what ships in data/artefacts, and the manifest that says what it is.

    python data/artefacts/make.py            # what is missing or was made from other inputs
    python data/artefacts/make.py --check    # do the files match the manifest? (seconds)
    python data/artefacts/make.py NAME …     # these again

Every file that ships stays in the history of the repository for good: remake one only when it must change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clinic
import grid
import sizes
from safetensors.torch import load_file, save_file

import lab
from lab import artefacts
from lab.encoders.card import card
from lab.encoders.export import FACTS, stored_bytes
from lab.errors import LabError
from lab.geometry import MapRecipe, umap_map
from lab.progress import ProgressBars
from lab.saving import note_measured

HERE = Path(__file__).resolve().parent
BOTH = "wiki+pydocs"  # what the general student is distilled on
MOST_BYTES = 40_000_000
WIKI = "CC BY-SA 4.0 (made from text of Wikipedia's contributors) and Apache-2.0 (all-MiniLM-L6-v2)"


def documents(target: Path) -> None:
    """The default teacher's vectors of the wiki documents."""
    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    artefacts.save_vectors(lab.VectorStore().vectors(teacher, collection.documents, "document"), target)


def texts(target: Path) -> None:
    """The default teacher's vectors of the texts that notebooks train on live."""
    collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
    found = artefacts.live_texts(collection)
    artefacts.save_vectors(lab.VectorStore().vectors(teacher, found.texts, "query"), target)


def article_map(target: Path) -> None:
    """UMAP of the shipped document vectors: the map of notebooks 01 and 03. Another machine may draw another one."""
    recipe = MapRecipe()
    positions = umap_map(artefacts.vectors(artefacts.DOCUMENTS), recipe)
    artefacts.save_map(positions, recipe, lab.load_collection("wiki"), target)


def student(target: Path) -> None:
    """`lab distill --collection wiki --student tenth --seed 0 --record`, with its dev report, weights in 16 bits."""
    with ProgressBars() as bars:
        found = lab.distill(student="tenth", seed=0, record=True, probes="dev", listen=bars)
    lab.save(found, target)
    report = lab.evaluate(lab.load_student(target), found.collection, "dev", found.teacher, static=found.static)
    halve(target, {"report": {"dev": report.as_json()}})


def general(target: Path) -> None:
    """`lab distill --collection wiki+pydocs --student tenth --seed 0`, its dev report on each; weights in 16 bits."""
    with ProgressBars() as bars:
        found = lab.distill(lab.DistillConfig(collection=BOTH), student="tenth", seed=0, listen=bars)
    lab.save(found, target)
    for name in BOTH.split("+"):
        report = lab.evaluate(
            lab.load_student(target), lab.load_collection(name), "dev", found.teacher, static=found.static
        )
        note_measured(target, report.as_json())
    shutil.rmtree(target / "static")  # as large again, and what it is worth stands in the card
    halve(target, {})


def halve(folder: Path, more: dict[str, Any]) -> None:
    """Weights of a saved student in 16 bits; its facts, with `more`, and its card tell the bytes that are left."""
    for weights in folder.rglob("model.safetensors"):
        save_file(
            {name: tensor.half() for name, tensor in load_file(weights).items()}, weights, metadata={"format": "pt"}
        )
    path = folder / FACTS
    # a byte count that is written into what it counts: the second pass counts the first one's digits
    for _ in range(2):
        told = json.loads(path.read_text(encoding="utf-8")) | more | {"bytes": stored_bytes(folder)}
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
        (folder / "README.md").write_text(card(told), encoding="utf-8")


def trials(target: Path) -> None:
    """The guided experiments of notebook 03, each on the live texts; a minute each on 2 cores."""
    from lab.teaching.experiments import run_all

    target.write_text(json.dumps([trial.as_json() for trial in run_all()], ensure_ascii=False), encoding="utf-8")


def cross(target: Path) -> None:
    """Two cross encoders of pydocs: ten minutes on one core where benchmarks/cross.py was not run."""
    from cross_encoders import build  # stands beside this script

    build(target)


def generator(target: Path) -> None:
    """The embedded query generator: an hour on one core."""
    from generator import train  # stands beside this script

    train(target)


WANTED: dict[str, tuple[str, Callable[[Path], None], str]] = {
    artefacts.DOCUMENTS: ("wiki-documents-int8.safetensors", documents, WIKI),
    artefacts.TEXTS: ("wiki-texts-int8.safetensors", texts, WIKI),
    artefacts.MAP: ("wiki-map.safetensors", article_map, WIKI),
    artefacts.STUDENT: ("wiki-student", student, WIKI),
    artefacts.GENERAL: ("general-tenth", general, f"{WIKI}; documentation listed in data/pydocs/LICENSES.md"),
    artefacts.GRID: ("wiki-grid", grid.build, WIKI),
    artefacts.TRIALS: ("wiki-guided.json", trials, WIKI),
    artefacts.SIZES: ("wiki-dial", sizes.build, WIKI),
    artefacts.CLINIC: ("wiki-clinic", clinic.build, WIKI),
    artefacts.CROSS: ("pydocs-cross", cross, "documentation listed in data/pydocs/LICENSES.md"),
    artefacts.GENERATOR: ("query-rewriter", generator, f"{WIKI}; documentation listed in data/pydocs/LICENSES.md"),
}


def make(names: list[str]) -> None:
    for name in names:
        at, build, licence = WANTED[name]
        print(f"making {name}", flush=True)
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            built = Path(folder) / at
            build(built)
            target = HERE / at
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
            shutil.move(built, target)
        write_manifest(name, at, licence)


def write_manifest(name: str, at: str, licence: str) -> None:
    path = HERE / "manifest.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    target = HERE / at
    files = sorted(p for p in target.rglob("*") if p.is_file()) if target.is_dir() else [target]
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout.strip()
    known[name] = {
        "at": at,
        "command": f"python data/artefacts/make.py {name}",
        "commit": commit,
        "licence": licence,
        "files": [
            {
                "path": file.relative_to(HERE).as_posix(),
                "bytes": file.stat().st_size,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            }
            for file in files
        ],
    }
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")


def check() -> int:
    """Print what is wrong; returns the number of faults."""
    faults = []
    known = artefacts.manifest()
    for name in WANTED:
        try:
            artefacts.path(name)
        except LabError as error:
            faults.append(str(error))
    listed = {file["path"] for entry in known.values() for file in entry["files"]}
    files = (p for p in HERE.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc"))  # builders are no artefacts
    there = {p.relative_to(HERE).as_posix() for p in files} - {"manifest.json", "README.md"}
    faults += [f"{path} is not in the manifest" for path in sorted(there - listed)]
    total = sum(file["bytes"] for entry in known.values() for file in entry["files"])
    if total > MOST_BYTES:
        faults.append(f"{total:,} bytes in all: more than {MOST_BYTES:,}")
    print("\n".join(faults) or f"{len(known)} artefacts, {total:,} bytes, all as shipped")
    return len(faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*WANTED, []], help="remake these")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        return min(check(), 1)
    known = artefacts.manifest() if (HERE / "manifest.json").exists() else {}
    make(arguments.names or [name for name in WANTED if name not in known])
    return min(check(), 1)


if __name__ == "__main__":
    sys.exit(main())
