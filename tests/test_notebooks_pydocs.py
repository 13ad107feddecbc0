"""Notebook 01 promises that one value changes the collection: its cells over a part of `pydocs`, by a tiny teacher.

All of it would take the real teacher minutes. What is tested is that no cell rests on `wiki`: no shipped
map, packages for topics, documents instead of articles, another dimension.
"""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

import nbformat
import plotly.graph_objects as go
import pytest

import lab
from lab.collection import Collection
from lab.panels import MapPanel
from lab.teaching.rungs import small

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "01_teacher_geometry.ipynb"
VALUE = 'COLLECTION = "wiki"'


@pytest.fixture(scope="module")
def pydocs() -> Collection:
    """Some hundred of its documents with their packages, and the questions asked about them."""
    whole = lab.load_collection("pydocs")
    found = small(whole, asked=60, pairs=600, words=16)
    packages = tuple(whole.fields["package"][whole.row[doc_id]] for doc_id in found.doc_ids)
    return dataclasses.replace(found, name="pydocs", fields={"package": packages})


def shown(cell: str, names: dict[str, Any]) -> Any:
    """What a cell would show: the value of its last line, if that is an expression."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_one_value_makes_notebook_01_one_of_pydocs(
    pydocs: Collection, tiny_teacher_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_PANELS", "static")
    monkeypatch.setenv("LAB_PACE", "12.5")
    teacher = lab.load_teacher(tiny_teacher_dir, "cpu", "float32")
    asked: list[str] = []
    monkeypatch.setattr(lab, "load_collection", lambda name: asked.append(name) or pydocs)
    monkeypatch.setattr(lab, "load_teacher", lambda: teacher)
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert sum(VALUE in cell for cell in cells) == 1, "one value, in one place"
    names: dict[str, Any] = {"__name__": "notebook"}
    found = [shown(cell.replace(VALUE, 'COLLECTION = "pydocs"'), names) for cell in cells]
    assert asked == ["pydocs"] and "PCA, made here" in names["space"].made
    (panel,) = (each for each in found if isinstance(each, MapPanel))
    figures = [each for each in found if isinstance(each, go.Figure)] + [panel.figure()]
    assert len(figures) == sum("student_card(" in c or "_bars(" in c or "_distributions(" in c or "document_map(\n" in c
                               for c in cells) + 1  # fmt: skip
    for figure in figures:
        assert figure.to_plotly_json()["data"], "an empty figure"
    topics = {note.text for note in panel.figure().layout.annotations}
    assert topics and topics <= {f"<b>{package}</b>" for package in pydocs.fields["package"]}
    assert len(panel.selection()) == 10
