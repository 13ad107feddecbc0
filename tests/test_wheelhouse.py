"""`make wheelhouse` and the offline install agree: what is packed is what a resolver asks for. pip runs, no network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Stands in for the environment's Python: notes what pip is asked, and packs what `packs` lists. The rest is real.
STUB = f"""#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
    "-m pip list"*) printf 'torch==2.13.0+cpu\\nnumpy==2.4.6\\nipdb==0.13\\n' ;;
    "-m pip download"*torch==*) cp "$PACKS"/torch-2.13.0* wheelhouse.part ;;
    "-m pip download"*setuptools*) cp "$PACKS"/setuptools-99* wheelhouse.part ;;
    "-m pip wheel"*) [ "$STUB_FAILS" != yes ] && cp "$PACKS"/* wheelhouse.part ;;
    *) exec "{sys.executable}" "$@" ;;
esac
"""


def wheel(folder: Path, name: str, version: str, *needs: str) -> None:
    """A wheel that pip takes for one, without content."""
    folder.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{about}/METADATA", metadata)
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what packs, and the wheels it will be given."""
    (tmp_path / "tools").mkdir()
    for name in ("pyproject.toml", "tools/wheelhouse.sh", "tools/pins.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "python").write_text(STUB, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    packs = tmp_path / "packs"
    wheel(packs, "torch", "2.13.0+cpu", "setuptools<90", "typing_extensions>=4")
    wheel(packs, "typing_extensions", "4.9")
    wheel(packs, "numpy", "2.4.6")
    wheel(packs, "setuptools", "99.0")  # what builds the project
    wheel(packs, "setuptools", "81.0")  # what torch allows
    wheel(packs, "embeddistill_lab", "0.1.0")
    return tmp_path


def pack(tree: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PY": str(tree / "python"), "LOG": str(tree / "log"), "PACKS": str(tree / "packs"), **settings}
    command = ["bash", "tools/wheelhouse.sh"]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=60)


def would_install(house: Path, *options: str) -> set[str]:
    """What pip chooses from a folder alone; this machine's settings of pip aside."""
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--ignore-installed", "--no-index"]
    command += ["--find-links", str(house), *options, "torch>=2.6,<3", "numpy>=2.1,<3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split("Would install ")[1].replace("typing-", "typing_").replace("not-", "not_").split())


def pins_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pins", ROOT / "tools/pins.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pins_are_what_was_packed_and_for_whom(tree: Path) -> None:
    done = pack(tree)
    assert done.returncode == 0, done.stderr
    first, *pins = (tree / "wheelhouse/pins.txt").read_text(encoding="utf-8").splitlines()
    assert first == f"# {pins_script().machine()}" and first[2:] in done.stdout
    assert pins == ["numpy==2.4.6", "torch==2.13.0+cpu", "typing_extensions==4.9"]
    assert not list((tree / "wheelhouse").glob("embeddistill*")) and not (tree / "wheelhouse.part").exists()
    asked = (tree / "log").read_text(encoding="utf-8")
    assert "--no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu" in asked
    assert "-m pip wheel --wheel-dir wheelhouse.part --find-links wheelhouse.part --constraint" in asked


def test_a_resolver_wants_nothing_that_was_not_packed(tree: Path) -> None:
    assert pack(tree).returncode == 0
    house = tree / "wheelhouse"
    wheel(house, "numpy", "2.9.0", "not-packed>=1")  # something newer slipped in afterwards
    assert would_install(house, "--constraint", str(house / "pins.txt")) == {
        "numpy-2.4.6", "setuptools-81.0", "torch-2.13.0+cpu", "typing_extensions-4.9"
    }  # fmt: skip
    wheel(house, "not_packed", "1.0")
    assert "numpy-2.9.0" in would_install(house), "without pins it is another install than the one that was packed"


def test_packing_that_fails_leaves_the_earlier_wheelhouse(tree: Path) -> None:
    wheel(tree / "wheelhouse", "numpy", "1.0")
    assert pack(tree, STUB_FAILS="yes").returncode != 0
    assert [path.name for path in tree.glob("wheelhouse*/*")] == ["numpy-1.0-py3-none-any.whl"]
    assert pack(tree).returncode == 0
    assert not (tree / "wheelhouse/numpy-1.0-py3-none-any.whl").exists(), "an old version must not stay beside the new"


def test_two_versions_of_one_package_are_no_pins(tmp_path: Path) -> None:
    for version in ("1.0", "2.0"):
        wheel(tmp_path / "house", "numpy", version)
    with pytest.raises(ValueError, match=r"numpy 1\.0 and 2\.0: remove one"):
        pins_script().pins(tmp_path / "house")
