"""A machine that dies, a disk that is full: nothing finished is lost, and the same command ends in the same student."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.cli import main
from lab.encoders import export
from lab.encoders.export import load_student

TEXTS = ["white fur", "a board game for two players", "volcano"]
# The command line, which kills itself as the system would: at a call of a function that fulfils a condition
DIE = """
import os, signal, sys
import lab.saving, lab.training.loop
from lab.cli import main

def dies(module, name, condition, when):
    whole = getattr(module, name)
    def call(*args, **more):
        now = eval(condition)
        if now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = whole(*args, **more)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(module, name, call)

lab.training.loop.CHECKPOINT_SECONDS = 0.0
place, condition, when = sys.argv[1:4]
module, _, name = place.rpartition(".")
dies(sys.modules[module], name, condition, when)
sys.exit(main(sys.argv[4:]))
"""
PLACES = {
    "while the teacher encodes": ("os.replace", "'store' in str(args[1])", "after"),
    "after some steps": ("lab.training.loop.save_checkpoint", "args[5]['step'] == 3", "after"),
    "while it is saved": ("lab.saving.card", "True", "before"),
    "before it is put in place": ("os.replace", "os.path.basename(args[1]) == 'student'", "before"),
    "after it was put in place": ("os.replace", "os.path.basename(args[1]) == 'student'", "after"),
}


def command(collection: Path, teacher: Path, out: Path) -> list[str]:
    return ["distill", f"--collection={collection}", f"--teacher={teacher}", "--student=half", f"--out={out}",
            "--epochs=2", "--device=cpu", "--no-static", "--mix", "at_least=0"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True], ids=["a new one", "in place of an old one"])
@pytest.mark.parametrize("place", PLACES)
def test_a_killed_command_ends_in_the_same_student_when_it_is_given_again(
    place: str, again: bool, tiny_collection_dir: Path, tiny_teacher_dir: Path, tmp_path: Path
) -> None:
    environment = os.environ | {"LAB_CACHE": str(tmp_path / "store"), "OMP_NUM_THREADS": "1"}
    whole, out = tmp_path / "whole", tmp_path / "student"
    asked = command(tiny_collection_dir, tiny_teacher_dir, out)
    if again:  # another student, so that the two can be told apart
        assert main([*asked, "--seed=1"]) == 0
        before = load_student(out, "cpu").encode(TEXTS)
    dead = subprocess.run([sys.executable, "-c", DIE, *PLACES[place], *asked], env=environment, check=False)
    assert dead.returncode == -signal.SIGKILL, "it must have died there"
    if again:  # the old one, where it was or beside that under a name that says so
        there = [each for each in (out, *tmp_path.glob(".student.*.old")) if (each / "lab.json").exists()]
        assert any(np.array_equal(load_student(each, "cpu").encode(TEXTS), before) for each in there)
    subprocess.run([sys.executable, "-m", "lab.cli", *asked], env=environment, check=True)
    assert not [*tmp_path.glob(".student.*.old"), *tmp_path.glob(".student.*.tmp")]
    assert main(command(tiny_collection_dir, tiny_teacher_dir, whole)) == 0
    assert np.array_equal(load_student(out, "cpu").encode(TEXTS), load_student(whole, "cpu").encode(TEXTS))


def test_a_full_disk_is_told_in_a_line_and_the_old_student_stays(
    tiny_collection_dir: Path,
    tiny_teacher_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = command(tiny_collection_dir, tiny_teacher_dir, tmp_path / "student")
    assert main(asked) == 0
    before = load_student(tmp_path / "student", "cpu").encode(TEXTS)

    replace, tries = os.replace, []

    def full(source: str | Path, target: str | Path) -> None:
        if Path(target) == tmp_path / "student" and not tries:
            tries.append(source)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(export.os, "replace", full)
    assert main([*asked, "--seed=1"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert np.array_equal(load_student(tmp_path / "student", "cpu").encode(TEXTS), before)
