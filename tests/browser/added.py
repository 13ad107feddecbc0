"""Panels of notebooks 02 and 04 in a page of notebook 01: its kernel has the teacher and a collection already.

Their notebooks would take a kernel and a page each and compute much that no panel shows; `make notebooks` runs those.
"""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.jupyter import Notebook
from tests.browser.panels import FOLLOWS, follows

STRIP = """
from lab import artefacts
from lab.generation.explore import Explorer
from lab.panels import MorphPanel

titles, asked_now = collection.titles, list(collection.queries["dev"].values())[:20]
explorer = Explorer(artefacts.query_generator(teacher), teacher, space.vectors, titles, asked_now)
MorphPanel(explorer, space.positions, "Which planet has the largest moon in the solar system?", (0.5, 3.0))
"""
PAIR = """
from lab.panels import PairPanel

pairs = PairPanel(artefacts.pair_explorer(lab.load_collection("pydocs"), teacher), 0.5)
pairs
"""
HANDLES, PICKED = 3, 8  # places of traces in morph_map
# Where on the page the handle of a row stands
HANDLE = f"""(plot, row) => {{
    const {{x, y}} = plot._fullData[{HANDLES}], layout = plot._fullLayout, box = plot.getBoundingClientRect();
    return [box.left + layout.xaxis._offset + layout.xaxis.l2p(x[row]),
            box.top + layout.yaxis._offset + layout.yaxis.l2p(y[row])];
}}"""
LANDED = f"plot => [plot._fullData[{PICKED}].hovertext[0], plot._fullData[{PICKED}].x[0]]"
WORDS = f"plot => plot._fullData[{HANDLES - 3}].hovertext"
CELLS = "plot => Array.from(plot._fullData[0].z, row => Array.from(row))"

COLUMNS = "plot => Array.from(plot._fullLayout.xaxis.ticktext || [])"
ROWS = "plot => Array.from(plot._fullLayout.yaxis.ticktext || [])"


def the_strip_lands(notebook: Notebook) -> None:
    """A click on a row's handle, then the buttons by keyboard: each row's text stands on the map."""
    panel = notebook.cell("MorphPanel(").locator(".jp-OutputArea-output", has=notebook.page.locator(".js-plotly-plot"))
    plot = panel.locator(".js-plotly-plot")
    plot.scroll_into_view_if_needed()
    rows = plot.evaluate(WORDS)
    assert len(rows) == 3 and plot.evaluate(LANDED)[0] == rows[0]
    there = plot.evaluate(HANDLE, 2)
    notebook.page.mouse.move(*there)
    notebook.page.mouse.click(*there)
    _until(plot, LANDED, lambda found: found[0] == rows[2])
    expect(panel.locator(".widget-toggle-button.mod-active")).to_have_text("σ 3")
    panel.locator(".widget-toggle-button").nth(1).press("Enter")
    _until(plot, LANDED, lambda found: found[0] == rows[1])


def the_pair_follows(notebook: Notebook) -> None:
    """Another document rings another point; a typed query is a picture of other tokens for both scorers."""
    outputs = notebook.cell("PairPanel(").locator(".jp-OutputArea-output")
    panel = outputs.filter(has=notebook.page.locator(".widget-textarea")).first
    plots = panel.locator(".js-plotly-plot")
    expect(plots).to_have_count(3)
    heats = (plots.nth(1), plots.nth(2))  # dual, cls
    before = [heat.evaluate(CELLS) for heat in heats]
    slider = panel.locator(".noUi-handle[role=slider]")
    slider.scroll_into_view_if_needed()
    follows(panel, lambda: slider.press("ArrowRight"))
    for heat, shown in zip(heats, before, strict=True):
        _until(heat, CELLS, lambda cells, shown=shown: cells != shown)
    typed = panel.locator(".widget-text input")
    typed.fill("sort an array")
    typed.press("Enter")
    _until(heats[0], ROWS, lambda words: "array" in words)
    _until(heats[1], COLUMNS, lambda words: "array" in words)


def _until(plot: Locator, what: str, good: Any) -> None:
    began = time.monotonic()
    while not good(found := plot.evaluate(what)):
        assert time.monotonic() < began + FOLLOWS, f"the figure stayed at {found}"
        time.sleep(0.1)
