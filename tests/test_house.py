"""The house: data flows in one direction, the core draws nothing, a file is read in one sitting.

The rule is read from the import statements, so that a forbidden import is named with file and line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LAB = Path(__file__).resolve().parents[1] / "lab"

# From left to right. A room may import itself and whatever stands on its left; rooms in one tuple stand side
# by side. A new room gets its place here. lab/__init__.py gathers the public verbs, on the right of the core.
FLOW: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("settings",),
    ("device",),
    ("collection",),
    ("encoders",),
    ("store",),
    ("losses",),
    ("geometry",),
    ("generation",),
    ("config",),
    ("training",),
    ("targets",),
    ("preparation",),
    ("retrieval",),
    ("cross",),
    ("evaluation",),
    ("probe",),
    ("recording",),
    ("distillation", "report"),
    ("saving", "progress"),
    ("artefacts",),
    ("doctor",),
    ("__init__",),
    ("cli",),
    ("figures",),
    ("panels",),
    ("teaching",),
)
PLACE = {room: place for place, rooms in enumerate(FLOW) for room in rooms}
# Which rooms may draw, and with what; all the other rooms are the core.
FIGURES, WIDGETS = {"figures", "panels", "teaching"}, {"panels", "teaching"}
DRAWS = {
    "plotly": FIGURES,
    "matplotlib": FIGURES,
    "ipywidgets": WIDGETS,
    "anywidget": WIDGETS,
    "IPython": WIDGETS,
}
LONGEST = 250
# Files that are still longer, and how long they may be: the list only shrinks.
LONGER: dict[str, int] = {}


def modules(lab: Path) -> list[Path]:
    return sorted(lab.rglob("*.py"))


def room_of(path: Path, lab: Path) -> str:
    first = path.relative_to(lab).parts[0]
    return first.removesuffix(".py")


def imports(path: Path, lab: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of every import, also inside functions; ``from a import b`` gives a.b."""
    package = ("lab", *path.relative_to(lab).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def against_the_flow(lab: Path) -> list[str]:
    found = []
    for path in modules(lab):
        room, where = room_of(path, lab), path.relative_to(lab.parent).as_posix()
        if room not in PLACE:
            found.append(f"{where}: room {room!r} has no place in FLOW")
            continue
        for line, name in imports(path, lab):
            top, _, rest = name.partition(".")
            if top != "lab":
                continue
            # `from lab import x` is either a room, or a name that lab/__init__.py gathers
            target = rest.split(".")[0]
            target = target if target in PLACE else "__init__"
            if PLACE[target] > PLACE[room] or (PLACE[target] == PLACE[room] and target != room):
                found.append(f"{where}:{line}: {room} imports {name}, which stands on its right")
    return found


def drawing_in_the_wrong_room(lab: Path) -> list[str]:
    return [
        f"{path.relative_to(lab.parent).as_posix()}:{line}: {room_of(path, lab)} imports {name}"
        for path in modules(lab)
        for line, name in imports(path, lab)
        if room_of(path, lab) not in DRAWS.get(name.split(".")[0], {room_of(path, lab)})
    ]


def too_long(root: Path, longer: dict[str, int]) -> list[str]:
    """Files over their limit, and entries of `longer` that are not needed any more."""
    lines = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("lab", "tests", "benchmarks")
        for path in modules(root / folder)
    }
    limits = {name: longer.get(name, LONGEST) for name in lines}
    found = [f"{name}: {n} lines, at most {limits[name]}" for name, n in lines.items() if n > limits[name]]
    now = {name: lines.get(name, 0) for name in longer}
    return found + [f"{name} has {n} lines: take it out of LONGER" for name, n in now.items() if n <= LONGEST]


COLOUR = re.compile(r"""["'](#[0-9a-fA-F]{3,8}|rgba?\(\d[^"']*)["']""")


def colours_of_their_own(lab: Path) -> list[str]:
    """Colours are named in one place; others that a module makes up would look alike, or like the wrong engine."""
    elsewhere = [path for path in modules(lab) if path.name != "style.py"]
    return [
        f"{path.relative_to(lab.parent).as_posix()}: {found}"
        for path in elsewhere
        for found in COLOUR.findall(path.read_text(encoding="utf-8"))
    ]


def test_there_is_a_house() -> None:
    assert len(modules(LAB)) > 5, "lab/ was not found, so the tests below would prove nothing"


def test_imports_go_one_way() -> None:
    assert against_the_flow(LAB) == []


def test_the_core_draws_nothing_and_figures_know_no_widgets() -> None:
    assert drawing_in_the_wrong_room(LAB) == []


def test_a_file_is_read_in_one_sitting() -> None:
    assert too_long(LAB.parent, LONGER) == []


def test_colours_are_those_of_the_style() -> None:
    assert colours_of_their_own(LAB) == []


def test_a_colour_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/style.py").write_text('BLUE = "#0072B2"\n', encoding="utf-8")
    (tmp_path / "lab/mine.py").write_text('A, B, C = "#cfcfcf", "rgba(1,2,3,0.5)", "#5 is none"\n', encoding="utf-8")
    assert colours_of_their_own(tmp_path / "lab") == ["lab/mine.py: #cfcfcf", "lab/mine.py: rgba(1,2,3,0.5)"]


@pytest.mark.parametrize(
    ("path", "source", "caught"),
    [
        ("losses/matching.py", "from lab.training.loop import run", "losses imports lab.training.loop.run"),
        ("losses/matching.py", "from ..training import loop", "losses imports lab.training.loop"),
        ("losses/matching.py", "def f():\n    import lab.figures.map", "losses imports lab.figures.map"),
        ("losses/matching.py", "from lab import distill", "losses imports lab.distill"),
        ("__init__.py", "from lab.figures import map", "__init__ imports lab.figures.map"),
        ("attic/x.py", "", "room 'attic' has no place"),
    ],
)
def test_the_flow_check_catches(tmp_path: Path, path: str, source: str, caught: str) -> None:
    lab = tmp_path / "lab"
    (lab / path).parent.mkdir(parents=True)
    (lab / path).write_text(source, encoding="utf-8")
    assert [caught in finding for finding in against_the_flow(lab)] == [True]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("training/loop.py", "from lab.losses import total\nfrom . import events\nimport torch"),
        ("panels/race.py", "import ipywidgets\nfrom lab.figures.race import draw\nfrom lab import distill"),
        ("__init__.py", "from lab.distillation import distill"),
    ],
)
def test_the_flow_check_lets_good_imports_through(tmp_path: Path, path: str, source: str) -> None:
    lab = tmp_path / "lab"
    (lab / path).parent.mkdir(parents=True, exist_ok=True)
    (lab / path).write_text(source, encoding="utf-8")
    assert against_the_flow(lab) == []
    assert drawing_in_the_wrong_room(lab) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("retrieval/index.py", "import plotly.graph_objects as go"),
        ("figures/map.py", "from ipywidgets import HBox"),
    ],
)
def test_the_drawing_check_catches(tmp_path: Path, path: str, source: str) -> None:
    lab = tmp_path / "lab"
    (lab / path).parent.mkdir(parents=True)
    (lab / path).write_text(source, encoding="utf-8")
    assert len(drawing_in_the_wrong_room(lab)) == 1


def test_the_length_check_catches(tmp_path: Path) -> None:
    sizes = {"lab/fine.py": LONGEST, "lab/long.py": LONGEST + 1, "tests/a.py": 300, "tests/b.py": 311, "tests/c.py": 9}
    for name, lines in sizes.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n" * lines, encoding="utf-8")
    longer = {"tests/a.py": 300, "tests/b.py": 310, "tests/c.py": 280, "tests/gone.py": 260}
    assert too_long(tmp_path, longer) == [
        f"lab/long.py: {LONGEST + 1} lines, at most {LONGEST}",
        "tests/b.py: 311 lines, at most 310",
        "tests/c.py has 9 lines: take it out of LONGER",
        "tests/gone.py has 0 lines: take it out of LONGER",
    ]
    assert len(too_long(tmp_path, {})) == 3
