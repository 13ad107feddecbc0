"""README's numbers are those of the files they come from: neither can change without the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.quoted import DOCS, expected, of_code, read

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = r"\d[\d,]*\.\d+|\d{1,3}(?:,\d{3})+"
# Numbers of the two regions that no file holds, and why.
BY_HAND = {
    "3.11": "the oldest Python",
    "2.5": "GB of a set-up",
}


def plain(text: str) -> str:
    """Without bold and line ends, so that a sentence may be wrapped anywhere."""
    return " ".join(text.replace("**", "").split())


def missing(text: str, phrases: list[str]) -> list[str]:
    return [phrase for phrase in phrases if phrase not in plain(text)]


def unproved(text: str, phrases: list[str]) -> list[str]:
    """Numbers of the first screen and of the section Numbers that no phrase holds."""
    regions = plain(text.split("## What is in it")[0] + text.split("## Numbers")[1].split("## Licences")[0])
    for phrase in phrases:
        regions = regions.replace(phrase, "")
    return [number for number in re.findall(NUMBER, regions) if number not in BY_HAND]


def changed(value: Any) -> Any:
    """The same with every number in it another one."""
    if isinstance(value, dict):
        return {key: changed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [changed(each) for each in value + value[-1:]]  # one more of each, too
    if isinstance(value, str):
        return re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), value)
    if isinstance(value, bool) or value is None:
        return value
    return value * 2 + 1


def test_readme_says_what_the_files_say() -> None:
    assert missing(README, [*expected(read()), *of_code()]) == []


def test_readme_has_no_number_of_its_own() -> None:
    assert unproved(README, [*expected(read()), *of_code()]) == []


@pytest.mark.parametrize("name", [*DOCS, "shipped", "general"])
def test_a_file_that_changes_alone_is_noticed(name: str) -> None:
    files = read()
    assert missing(README, expected(files | {name: changed(files[name])}))


def test_every_phrase_follows_its_files() -> None:
    files = read()
    assert not set(expected(files)) & set(expected({name: changed(each) for name, each in files.items()}))


def test_a_readme_that_changes_alone_is_noticed() -> None:
    phrases = [*expected(read()), *of_code()]
    for phrase in phrases:
        other = plain(README).replace(phrase, re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), phrase))
        assert phrase in missing(other, phrases)
    assert unproved(README.replace("## Numbers", "## Numbers\n\nFaster by 7.77."), phrases) == ["7.77"]
