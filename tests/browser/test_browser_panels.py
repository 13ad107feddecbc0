"""Notebooks with panels in a real JupyterLab: a moved control changes the figure, Stop stops, nothing complains.

The experiment panel is driven in a notebook of its own, where clicks take no subshell; notebook 03 as it is, where
JupyterLab decides. (00 and 01 have tests of their own; `drive` takes any notebook: `LAB_DRIVE=01_teacher_geometry`.)
"""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect, sync_playwright

from tests.browser.jupyter import FLAGS, Notebook, jupyterlab
from tests.browser.panels import drive, move, without_outputs

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out" / "browser"  # screenshots and the server's log; git ignores it
NAMES = os.environ.get("LAB_DRIVE", "03_embedding_matching").split(",")
FEWEST = {"01_teacher_geometry": 1, "03_embedding_matching": 3}  # panels with controls
LIVE = {"LAB_PANELS": "live", "LAB_LIVE_SECONDS": "5", "LAB_PACE": "12.5"}
COMMS = "kernels-settings.jupyterlab-settings"  # where JupyterLab is told which clicks take a subshell

SET_UP = """
import dataclasses
import lab
from lab import artefacts
from lab.teaching.experiments import experiment_panel, usual
collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
quick = dataclasses.replace(usual(), observed=100)  # so that the first step comes soon
panel = experiment_panel(collection, teacher, config=quick)
panel
"""
SLIDER = """
import ipywidgets, plotly.graph_objects as go
from lab.panels import LiveFigure
live = LiveFigure(go.Figure(go.Scatter(x=[0, 1], y=[0, 1])))
slider = ipywidgets.IntSlider(description="height", continuous_update=False)
slider.observe(lambda change: live.show([{"y": [0, change["new"]]}]), names="value")
ipywidgets.VBox([slider, live.widget])
"""


def a_notebook(folder: Path) -> str:
    cells = [new_code_cell(source.strip()) for source in (SET_UP, SLIDER, "print('all ran')")]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "experiments.ipynb")
    return "experiments.ipynb"


@pytest.mark.browser
def test_the_experiment_panel(chromium: str, tmp_path: Path) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    name = a_notebook(tmp_path)
    with (
        jupyterlab(tmp_path, OUT / "jupyterlab-panels.log", {COMMS: {"commsOverSubshells": "disabled"}}, **LIVE) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        notebook = Notebook.open(lab, browser, name)
        said = drive(notebook, OUT / "experiments.png", 90)
        assert said["panels"] == 2

        panel = notebook.cell("experiment_panel(collection")
        move(panel.locator(".widget-dropdown select").first)  # to the next experiment: its question is asked
        expect(panel.locator(".widget-radio-box input")).not_to_have_count(1, timeout=10_000)
        expect(panel.get_by_text("Predict.")).to_be_visible()
        expect(panel.locator("table")).to_contain_text("stopped")
        expect(panel.locator(".textpoint text").first).to_have_text("usual")  # painted, though there was none at first
        assert notebook.errors == []
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_the_panels_of_a_notebook(chromium: str, tmp_path: Path, name: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    without_outputs(ROOT / "notebooks" / f"{name}.ipynb", tmp_path)
    with (
        jupyterlab(tmp_path, OUT / f"jupyterlab-{name}.log", **LIVE) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        said = drive(Notebook.open(lab, browser, f"{name}.ipynb"), OUT / f"{name}.png", 150)
        assert said["panels"] >= FEWEST.get(name, 0)
        browser.close()
