"""What a notebook may cost a browser and a reader's patience: FigureWidgets, WebGL pictures, live trainings.

Counted where they are constructed: which panel makes how many FigureWidgets is read off the panel's own module, which
calls of a notebook make a panel off the notebook's cells.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import nbformat
import pytest

from lab import panels
from lab.figures.atlas import FEW
from lab.teaching.experiments import experiment_panel

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WIDGETS, TRAININGS, WEBGL = 2, 1, 1  # at most so many in a notebook
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

BASES = ("LiveFigure", "RedrawnFigure", "panels_are_live")  # make no panel by themselves
MAKERS = {name: getattr(panels, name) for name in panels.__all__ if name not in BASES}
MAKERS["experiment_panel"] = experiment_panel


def sources(name: str) -> list[str]:
    """The modules that a maker of panels, or what it makes, is written in."""
    first = inspect.getsource(MAKERS[name])
    classes = [each for each in MAKERS if inspect.isclass(MAKERS[each]) and f"{each}(" in first]
    places = {MAKERS[each].__module__ for each in (name, *classes)}
    return [inspect.getsource(sys.modules[place]) for place in places]


def calls(source: str, *names: str) -> list[ast.Call]:
    """Calls of these names, as f(…) or module.f(…)."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [node for node in found if getattr(node.func, "id", getattr(node.func, "attr", "")) in names]


def figure_widgets(name: str) -> int:
    """That one panel of this maker has."""
    return sum(len(calls(source, "LiveFigure", "FigureWidget")) for source in sources(name))


def watches(name: str) -> bool:
    """It shows a training while it runs."""
    return any("WATCHING" in source for source in sources(name))


def cells(path: Path) -> str:
    """The code of a notebook; `await` in a cell needs a function around it to be parsed."""
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    lines = "\n".join(code).splitlines()
    return "async def notebook():\n" + "\n".join(f"    {line}" for line in lines)


def budget(source: str) -> dict[str, int]:
    """FigureWidgets, watched trainings and pictures in WebGL that this code makes."""
    made = [(name, len(calls(source, name))) for name in MAKERS]
    maps = [call for call in calls(source, "document_map") if not _few(call)]
    return {
        "widgets": sum(count * figure_widgets(name) for name, count in made) + len(calls(source, "FigureWidget")),
        "trainings": sum(count for name, count in made if watches(name)),
        "webgl": len(calls(source, "MapPanel")) + len(maps),
    }


def _few(call: ast.Call) -> bool:
    """A map that says how many documents it draws, so few that SVG will do."""
    return any(each.arg == "most" and ast.literal_eval(each.value) <= FEW for each in call.keywords)


@every_notebook
def test_a_notebook_stays_within_its_budget(path: Path) -> None:
    found = budget(cells(path))
    assert found["widgets"] <= WIDGETS and found["trainings"] <= TRAININGS and found["webgl"] <= WEBGL, found


def test_what_panels_make_is_seen() -> None:
    assert {name: figure_widgets(name) for name in ("MapPanel", "Theatre", "train_in_background", "CirclePanel")} == {
        "MapPanel": 1, "Theatre": 1, "train_in_background": 1, "CirclePanel": 0,
    }  # fmt: skip
    assert figure_widgets("experiment_panel") == 1 and watches("experiment_panel") and not watches("Theatre")


@pytest.mark.parametrize(
    ("source", "over"),
    [
        ("MapPanel(a)\nTheatre(b)\nexperiment_panel(c)", "widgets"),
        ("Theatre(b)\ngo.FigureWidget()\ngo.FigureWidget()", "widgets"),
        ("train_in_background(a)\nexperiment_panel(b)", "trainings"),
        ("document_map(a)\nMapPanel(b)", "webgl"),
        ("document_map(a, most=1_501)\ndocument_map(b)", "webgl"),
    ],
)
def test_a_notebook_that_costs_too_much_is_caught(source: str, over: str) -> None:
    most = {"widgets": WIDGETS, "trainings": TRAININGS, "webgl": WEBGL}
    found = budget(source)
    assert [name for name in most if found[name] > most[name]] == [over]


def test_only_the_atlas_draws_in_webgl() -> None:
    """What the count above of MapPanel and document_map rests on."""
    drawing = [path.name for path in (ROOT / "lab").rglob("*.py") if "scattergl" in path.read_text(encoding="utf-8")]
    assert drawing == ["atlas.py"]
