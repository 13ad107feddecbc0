"""What tools/setup.sh and make do on odd machines, tried with a Python that only notes what it is asked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

STUB = """#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
    *version_info*) [ "$STUB_OLD" != yes ] ;;
    *ensurepip*) [ "$STUB_NO_VENV" != yes ] ;;
    "-c import torch") [ "$STUB_TORCH" = yes ] ;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    *"install"*"download.pytorch.org"*) [ "$STUB_INDEX" = yes ] ;;
    --version) echo "Python 3.99" ;;
    tools/pins.py) echo "# Python 3.99 on Linux x86_64" ;;
esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the set-up, and a PATH folder whose python3 is the stub and whose uname says Linux."""
    for part in ("tools", "bin", "wheels"):
        (tmp_path / part).mkdir()
    for name in ("pyproject.toml", "Makefile", "tools/setup.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name, text in {"python3": STUB, "uname": '#!/bin/sh\necho "${STUB_SYSTEM:-Linux}"\n'}.items():
        (tmp_path / "bin" / name).write_text(text, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    for name in ("bash", "sh", "dirname", "mkdir", "cp", "touch", "sed"):  # and above all no other Python
        os.symlink(shutil.which(name) or name, tmp_path / "bin" / name)
    return tmp_path


def setup(tree: Path, **settings: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Runs tools/setup.sh; also returns the pip installs it made, in order."""
    env = {"PATH": str(tree / "bin"), "LOG": str(tree / "log"), **settings}
    command = ["bash", "tools/setup.sh"]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=30)
    log = (tree / "log").read_text(encoding="utf-8").splitlines() if (tree / "log").exists() else []
    return done, [line.removeprefix("-m pip install ") for line in log if line.startswith("-m pip install")]


CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CPU_TRY = f"--no-deps --retries 0 --timeout 15 --index-url {CPU_INDEX} torch==2.13.0+cpu"


def test_torch_comes_alone_from_the_cpu_index(tree: Path) -> None:
    done, installs = setup(tree, STUB_INDEX="yes")
    assert done.returncode == 0, done.stderr
    assert installs == [CPU_TRY, "--editable .[dev]"]
    assert (tree / ".venv/.installed").exists()


def test_without_the_cpu_index_plain_torch_is_taken_and_said(tree: Path) -> None:
    done, installs = setup(tree)
    assert done.returncode == 0, done.stderr
    assert installs == [CPU_TRY, "--no-deps torch==2.13.0", "--editable .[dev]"]
    assert "taking plain torch==2.13.0" in done.stdout


@pytest.mark.parametrize("settings", [{"STUB_TORCH": "yes"}, {"STUB_SYSTEM": "Darwin"}])
def test_torch_is_left_alone_where_it_is_there_and_on_macos(tree: Path, settings: dict[str, str]) -> None:
    done, installs = setup(tree, **settings)
    assert done.returncode == 0, done.stderr
    assert installs == ["--editable .[dev]"]


def test_a_classroom_installs_from_wheels_alone(tree: Path) -> None:
    (tree / "wheels/pins.txt").write_text("# Python 3.99 on Linux x86_64\nnumpy==2.4.6\n", encoding="utf-8")
    done, installs = setup(tree, WHEELS="wheels")
    assert done.returncode == 0, done.stderr
    assert installs == ["--no-index --find-links wheels --constraint wheels/pins.txt --editable .[dev]"]


@pytest.mark.parametrize(
    ("pins", "told"),
    [
        (None, "wheels holds no pins.txt"),
        ("# Python 3.12 on Linux x86_64\n", "packed for Python 3.12 on Linux x86_64, and this is Python 3.99 on Linux"),
    ],
)
def test_wheels_that_do_not_fit_are_refused(tree: Path, pins: str | None, told: str) -> None:
    if pins:
        (tree / "wheels/pins.txt").write_text(pins, encoding="utf-8")
    done, installs = setup(tree, WHEELS="wheels")
    assert (done.returncode, installs) == (1, [])
    assert told in done.stderr and ("make wheelhouse" in done.stderr or "PYTHON=" in done.stderr)
    assert not (tree / ".venv/.installed").exists()


def test_a_missing_wheels_folder_is_named(tree: Path) -> None:
    done, installs = setup(tree, WHEELS="weels")
    assert (done.returncode, installs) == (1, [])
    assert "WHEELS=weels is no folder" in done.stderr and "make wheelhouse" in done.stderr


def test_no_python_is_new_enough(tree: Path) -> None:
    done, installs = setup(tree, STUB_OLD="yes")
    assert (done.returncode, installs) == (1, [])
    assert "No Python 3.11 or newer found" in done.stderr and "PYTHON=" in done.stderr
    assert not (tree / ".venv").exists()


def test_python3_venv_is_missing(tree: Path) -> None:
    done, installs = setup(tree, STUB_NO_VENV="yes")
    assert (done.returncode, installs) == (1, [])
    assert "sudo apt-get install python3-venv" in done.stderr
    assert not (tree / ".venv").exists()


def test_a_failed_install_leaves_no_stamp(tree: Path) -> None:
    stub = STUB.replace("    --version)", '    *"install --editable"*) exit 1 ;;\n    --version)')
    (tree / "bin/python3").write_text(stub, encoding="utf-8")
    done, _ = setup(tree, STUB_TORCH="yes")
    assert done.returncode != 0
    assert not (tree / ".venv/.installed").exists()


# --- the Makefile


def make(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    # not the settings of the make that may be running this test
    env = {key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    env |= settings
    return subprocess.run(["make", *words], cwd=folder, env=env, capture_output=True, text=True, timeout=30)


def test_a_second_call_installs_nothing_until_the_list_changes(tree: Path) -> None:
    assert make(tree, "-q", "install").returncode == 1
    stamp = tree / ".venv/.installed"
    stamp.parent.mkdir()
    stamp.touch()
    os.utime(tree / "pyproject.toml", (1, 1))
    assert make(tree, "-q", "install").returncode == 0
    os.utime(stamp, (0, 0))
    assert make(tree, "-q", "install").returncode == 1


@pytest.mark.parametrize("display", ["", ":0"])
def test_the_address_is_printed_where_there_is_no_display(tree: Path, display: str) -> None:
    python = tree / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "runs $*"\n', encoding="utf-8")
    python.chmod(0o755)
    os.utime(tree / "pyproject.toml", (1, 1))
    (tree / ".venv/.installed").touch()
    path = f"{tree / 'bin'}{os.pathsep}{os.environ['PATH']}"  # a uname that says Linux
    done = make(tree, "lab", DISPLAY=display, WAYLAND_DISPLAY="", PATH=path)
    assert done.returncode == 0, done.stderr
    assert "runs -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in done.stdout
    told = "http://localhost:8888/lab/tree/notebooks/00_start_here.ipynb?token=" in done.stdout
    assert told == ("--no-browser" in done.stdout) == (display == "")


def test_every_target_can_be_read_through() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"lab", "test", "test-full", "wheelhouse"} <= set(targets)
    for target in targets:
        done = make(ROOT, "-n", target)
        assert done.returncode == 0, done.stderr


def test_scripts_are_sound_bash_and_ci_is_executable() -> None:
    scripts = [ROOT / ".ci/run", *sorted((ROOT / "tools").glob("*.sh"))]
    assert len(scripts) >= 4
    for script in scripts:
        subprocess.run(["bash", "-n", script], check=True)
    assert os.access(ROOT / ".ci/run", os.X_OK)
