"""CONTRIBUTING's picture of the house is the house: every room is in it, in the order in which data flows."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_house import FLOW, LAB, modules, room_of

CONTRIBUTING = (LAB.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
FOLDERS = {"notebooks", "data", "benchmarks", "tools", "tests"}


def drawn(text: str) -> list[str]:
    """The rooms and folders of the picture, from above to below."""
    picture = text.split("## The house")[1].split("```")[1]
    return re.findall(r"^  (\w+)/? {2,}\S", picture, re.MULTILINE)


def rooms(lab: Path) -> set[str]:
    return {room_of(path, lab) for path in modules(lab)} - {"__init__"}


def test_every_room_is_in_the_picture() -> None:
    assert len(rooms(LAB)) > 20
    assert sorted(rooms(LAB) - set(drawn(CONTRIBUTING))) == []


def test_the_picture_has_no_room_that_is_gone() -> None:
    assert sorted(set(drawn(CONTRIBUTING)) - rooms(LAB) - FOLDERS) == []


def test_the_picture_follows_the_flow() -> None:
    flow = [room for side_by_side in FLOW for room in side_by_side if room != "__init__"]
    assert [room for room in drawn(CONTRIBUTING) if room not in FOLDERS] == flow


def test_a_new_file_must_be_drawn(tmp_path: Path) -> None:
    for name in ("attic.py", "losses/matching.py"):
        (tmp_path / "lab" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lab" / name).touch()
    assert sorted(rooms(tmp_path / "lab") - set(drawn(CONTRIBUTING))) == ["attic"]
    assert "losses" not in drawn(CONTRIBUTING.replace("  losses            pure", "  lossless          pure"))


def test_folders_of_the_project_are_those_of_the_picture() -> None:
    assert set(drawn(CONTRIBUTING)) >= FOLDERS and all((LAB.parent / folder).is_dir() for folder in FOLDERS)
