"""Notebook 03 in a real JupyterLab: a moved control changes the figure, Stop stops, nothing complains.

Twice: with subshells as JupyterLab takes them, and in a wide page (1920 pixels) where no click takes one. The second
page finds a kernel without widgets: figures of the first would all be fetched while it opens, and anywidget gives up on
one that takes longer than two seconds, as with megabytes each it may. (00 and 01 have tests of their own; what is done
first can be done to any notebook: `LAB_DRIVE=01_teacher_geometry`.)
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OUT, Open
from tests.browser.jupyter import Lab
from tests.browser.panels import PLACE, drive, drive_again, move, ran, without_outputs
from tests.browser.theatre import the_theatre_plays

ROOT = Path(__file__).resolve().parents[2]
NAME = "03_embedding_matching"
FEWEST = {"01_teacher_geometry": 1, NAME: 4}  # panels with controls
# The cells that panels rest on; `make notebooks` runs all of them
NEEDED = {
    NAME: (
        "measure_pace(", "turn_both_towers(", "lab.load_teacher()", "artefacts.live_data(", "artefacts.sizes()",
        "Theatre(", "AskBoth(", "experiment_panel(", "import predict_experiment", "panel.start(",
        "await panel",
    )
}  # fmt: skip
FORGET = "import ipywidgets\nipywidgets.Widget.close_all()"
STUDENT = 6  # place of the student's queries among the traces of circle_figure
QUERIES = f"plot => Array.from(plot._fullData[{STUDENT}].x)"


@pytest.mark.browser
@pytest.mark.parametrize("name", os.environ.get("LAB_DRIVE", NAME).split(","))
def test_the_panels_of_a_notebook(lab: Lab, opened: Open, name: str) -> None:
    needed = None if os.environ.get("LAB_PICTURES") else NEEDED.get(name)  # `make test-full` runs and paints all
    *cells, forget = without_outputs(ROOT / "notebooks" / f"{name}.ipynb", lab.folder, (FORGET,), needed)
    notebook = opened(f"{name}.ipynb")
    places = drive(notebook, OUT / f"{name}.png", 150, cells)
    assert len(places) >= FEWEST.get(name, 0)
    if name == NAME:
        _the_circle_turns(notebook.cell("turn_both_towers("))
        _the_next_experiment_is_asked_about(notebook.cell("panel.start("))
        the_theatre_plays(notebook)
        if needed is None:
            _the_tabs_open(notebook.cell("Tabs("))
        assert notebook.errors == []
    notebook.pictures(OUT / name)
    ran(notebook.run(forget), 30)
    notebook.page.close()
    wide = opened(f"{name}.ipynb", width=1920, subshells=False)
    if name == NAME:
        ran(wide.run(wide.cell("experiment_panel(").evaluate(PLACE)), 60)
    drive_again(wide, places, OUT / f"{name}.png", 60)


def _the_circle_turns(panel: Locator) -> None:
    plot, slider = panel.locator(".js-plotly-plot"), panel.locator(".noUi-handle")
    slider.focus()
    slider.press("Home")
    expect(plot).to_contain_text("Both towers turned by 0°", timeout=10_000)
    before = plot.evaluate(QUERIES)
    slider.press("End")
    expect(plot).to_contain_text("Both towers turned by 180°", timeout=10_000)
    expect(plot).to_have_count(1)
    turned = plot.evaluate(QUERIES)
    assert turned == pytest.approx([-x for x in before], abs=1e-9), "half a turn is the other side of the circle"


def _the_tabs_open(panel: Locator) -> None:
    for words, drawn in (("PCA", "PCA of the articles"), ("dartboard", "safe radius"), ("landing map", "land")):
        panel.locator(".jupyter-widgets .lm-TabBar-tab", has_text=words).click()
        expect(panel.locator(".js-plotly-plot:visible")).to_contain_text(drawn, timeout=10_000)


def _the_next_experiment_is_asked_about(panel: Locator) -> None:
    move(panel.locator(".widget-dropdown select").first)
    expect(panel.locator(".widget-radio-box input")).not_to_have_count(1, timeout=10_000)
    expect(panel.get_by_text("Predict.")).to_have_count(1, timeout=10_000)  # the last answer is gone
    expect(panel.locator("table")).to_contain_text("stopped")
    painted = panel.locator(".textpoint text")  # the run's name, though it was not there when the figure was made
    expect(painted.filter(has_text="size 1/20").first).to_be_visible()
    expect(painted.filter(has_text="usual").first).to_be_visible()
