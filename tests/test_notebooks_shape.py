"""Every notebook has the shape a reader can rely on, and stored outputs that show on GitHub."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

import nbformat
import pytest

from lab.teaching import (
    clinic,
    dual_pooling,
    gains,
    matching,
    query_generation,
    start_here,
    teacher_geometry,
    theory,
)
from notebooks.refresh import PICTURE, check

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_CELLS, MOST_LINES, USUAL_LINES = 40, 20, 8
TIME = r"\*\*Time:\*\* about (\d+ minutes?|half a minute) on 2 cores"
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def test_there_are_notebooks() -> None:
    assert "00_start_here" in [path.stem for path in NOTEBOOKS]


@every_notebook
def test_stored_outputs_are_those_of_the_cells_and_may_be_committed(path: Path) -> None:
    nbformat.validate(read(path))
    assert check(path) == [], "run: make notebooks-refresh"
    assert any("image/png" in output.get("data", {}) for cell in code(path) for output in cell.outputs)


@every_notebook
def test_cells_are_few_and_short(path: Path) -> None:
    lengths = [len(cell.source.splitlines()) for cell in code(path)]
    assert 5 <= len(lengths) <= MOST_CELLS
    assert max(lengths) <= MOST_LINES
    assert statistics.median(lengths) <= USUAL_LINES
    assert all(cell.source.strip() for cell in read(path).cells)


@every_notebook
def test_it_begins_with_what_is_learnt_and_ends_with_what_comes_next(path: Path) -> None:
    first, last = prose(path)[0], prose(path)[-1]
    assert read(path).cells[0].cell_type == read(path).cells[-1].cell_type == "markdown"
    assert first.startswith(f"# {path.stem[:2]} · ")
    assert "you will learn" in first and len(re.findall(r"^- ", first, re.MULTILINE)) == 3
    assert re.search(TIME, first)
    assert "**Next:**" in last
    assert "measure_pace" in code(path)[0].source, "the first cell says how long it will take on this machine"


@every_notebook
def test_the_minutes_in_the_text_are_those_the_first_cell_prints(path: Path) -> None:
    """Stored outputs are those of a machine of the lab's own pace."""
    printed = re.search(r"about ([\d.]+) minutes", code(path)[0].outputs[0].text)
    assert printed and promised(prose(path)[0], float(printed[1]))


def promised(text: str, minutes: float) -> bool:
    """The text says so many minutes: to the nearest whole one, or to the nearest quarter where it says half of one."""
    said = re.search(TIME, text)
    if said is None:
        return False
    return abs(minutes - 0.5) < 0.25 if said[1] == "half a minute" else abs(minutes - int(said[1].split()[0])) < 0.5


def test_other_minutes_than_those_of_the_text_are_caught() -> None:
    one, half = "**Time:** about 1 minute on 2 cores", "**Time:** about half a minute on 2 cores"
    assert [promised(one, minutes) for minutes in (0.4, 0.5, 0.6, 1.4, 1.5)] == [False, False, True, True, False]
    assert [promised(half, minutes) for minutes in (0.2, 0.4, 0.5, 0.8)] == [False, True, True, False]
    assert promised("**Time:** about 2 minutes on 2 cores", 2.2) and not promised("**Time:** a while", 1.0)


@every_notebook
def test_it_asks_before_it_shows_and_lets_the_reader_try(path: Path) -> None:
    sources = [cell.source for cell in code(path)]
    asked = next(place for place, source in enumerate(sources) if "predict(" in source and "measured=" not in source)
    answered = next(place for place, source in enumerate(sources) if "predict(" in source and "measured=" in source)
    assert asked < answered
    stubs = [source for source in sources if "return ..." in source]
    assert len(stubs) >= 2 and all(re.search(r"^check_\w+\(", source, re.MULTILINE) for source in stubs)
    assert sum("<summary>Hint" in words for words in prose(path)) == len(stubs)
    assert sum("<summary>Solution" in words for words in prose(path)) == len(stubs)
    assert sum("**How to read it.**" in words for words in prose(path)) >= 2


@every_notebook
def test_it_closes_with_the_students_card(path: Path) -> None:
    """Retention with its interval, size, speed and k-NN overlap: the last figure of all."""
    drawn = [cell for cell in code(path) if any("image/png" in output.get("data", {}) for output in cell.outputs)]
    assert drawn[-1] is not None and re.search(r"^student_card\(", drawn[-1].source, re.MULTILINE)
    assert read(path).cells[-2].source == drawn[-1].source, "the card, then what comes next"
    said = drawn[-1].outputs[-1].data["text/plain"]
    for words in ("parameters, 1/", "× the teacher's", "queries a second", "BM25", "whiskers: 95 % interval"):
        assert words in said, f"the card does not say {words!r}"


def test_every_exercise_of_the_package_has_its_hint_checked() -> None:
    assert sorted(HINTS) == [path.stem for path in NOTEBOOKS]


@every_notebook
def test_nbval_compares_some_cells_and_they_hold_no_measured_number(path: Path) -> None:
    compared = [cell for cell in code(path) if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert len(compared) >= 2
    for cell in compared:
        texts = [output.text for output in cell.outputs if output.output_type == "stream"]
        assert texts and not re.search(r"\d\.\d", "".join(texts)), f"{cell.source[:40]}: compare ranks, counts, words"


@every_notebook
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)", "\n".join(prose(path)))
    assert targets
    for name, anchor in targets:
        target = path.parent / name if name else path
        assert target.exists(), f"{path.name} links to {name}"
        if anchor and target.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{path.name} links to {name}#{anchor}"


@every_notebook
def test_it_tells_nothing_of_the_machine_it_was_executed_on(path: Path) -> None:
    assert not re.search(r"/(root|home|work|Users|tmp)/", path.read_text(encoding="utf-8"))


HINTS = {
    "00_start_here": [start_here.HINT, start_here.RANK_HINT],
    "01_teacher_geometry": [teacher_geometry.CONE_HINT, teacher_geometry.KEPT_HINT],
    "02_dual_pooling": [dual_pooling.POOLING_HINT, dual_pooling.PADDING_HINT],
    "03_embedding_matching": [clinic.HINT, matching.HINT_LOSS, matching.HINT_INDEX],
    "04_query_generation": [query_generation.NOISE_HINT, query_generation.COVERED_HINT],
    "05_theory": [theory.BOUND_HINT, theory.RISK_HINT],
    "06_ladder": [gains.GAIN_HINT, gains.HOLM_HINT],
}


@pytest.mark.parametrize(("name", "hint"), [(name, hint) for name, hints in HINTS.items() for hint in hints])
def test_the_hints_in_a_notebook_are_those_of_the_package(name: str, hint: str) -> None:
    assert hint in " ".join(" ".join(prose(ROOT / "notebooks" / f"{name}.ipynb")).split())


@every_notebook
def test_formulas_are_written_with_single_backslashes(path: Path) -> None:
    """MathJax reads a double one as the end of a line, and shows the name of the command as letters."""
    found = [formula for words in prose(path) for formula in doubled(words)]
    assert found == [], f"{path.name}: one backslash before a command"


def doubled(words: str) -> list[str]:
    return [formula for formula in re.findall(r"\$[^$]+\$", words) if re.search(r"\\\\[a-zA-Z]", formula)]


def test_the_check_of_formulas_catches() -> None:
    assert doubled(r"at $\\lVert t - s \\rVert$, and $\sqrt 2$") == [r"$\\lVert t - s \\rVert$"]
    assert doubled(r"$\lVert t \rVert$ and `$\\x` alone") == []


def test_the_picture_of_the_readme_is_there() -> None:
    assert PICTURE.read_bytes().startswith(b"\x89PNG") and PICTURE.stat().st_size < 300_000
    assert f"](docs/{PICTURE.name})" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_theory_is_told_in_few_cells() -> None:
    assert len(code(ROOT / "notebooks" / "05_theory.ipynb")) <= 15
