"""Notebook 01 in a real JupyterLab: the map is painted, and answers the combobox and a click on a point.

Below its cells stand the panels of notebooks 02 and 04, see `added`.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.added import PAIR, STRIP, the_pair_follows, the_strip_lands
from tests.browser.conftest import OUT, Open
from tests.browser.jupyter import Lab, Notebook
from tests.browser.panels import everything_ran, without_outputs

ROOT = Path(__file__).resolve().parents[2]
NAME = "01_teacher_geometry.ipynb"
QUESTIONS, CHOSEN, LIST = 1, 3, 6  # places of traces in document_map
NEEDED = ("measure_pace(", "teacher_space(collection", "panel = MapPanel(")  # the cells that the map rests on
ASKED = "What is the capital of Mongolia?"

WORDS = f"plot => plot._fullData[{CHOSEN}].hovertext[0]"
LINES = f"plot => Array.from(plot._fullData[{LIST}].text)"
PAINTED = "plot => Array.from(plot.querySelectorAll('.textpoint text'), text => text.textContent.trim())"
# Where on the page the question stands that is farthest from all other questions: nothing else is hit there
LONELY = f"""plot => {{
    const {{x, y}} = plot._fullData[{QUESTIONS}], layout = plot._fullLayout, box = plot.getBoundingClientRect();
    const px = Array.from(x, v => box.left + layout.xaxis._offset + layout.xaxis.l2p(v));
    const py = Array.from(y, v => box.top + layout.yaxis._offset + layout.yaxis.l2p(v));
    const gap = i => Math.min(...px.map((v, j) => i === j ? Infinity : Math.hypot(v - px[i], py[j] - py[i])));
    const far = px.map((_, i) => gap(i)), i = far.indexOf(Math.max(...far));
    return [px[i], py[i]];
}}"""


def wait_until_it_says(plot: Locator, words: str) -> float:
    """Seconds until plotly draws from the values of this question."""
    began = time.monotonic()
    while plot.evaluate(WORDS) != words:
        assert time.monotonic() < began + 10, f"still {plot.evaluate(WORDS)!r}, not {words!r}"
        time.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.browser
@pytest.mark.xdist_group("00 and 01")  # together as long as 03, which has a worker of its own
def test_the_map_answers_in_a_browser(lab: Lab, opened: Open) -> None:
    needed = None if os.environ.get("LAB_PICTURES") else NEEDED  # `make test-full` runs and paints all
    cells = without_outputs(ROOT / "notebooks" / NAME, lab.folder, (STRIP, PAIR), needed)
    notebook = opened(NAME)
    for place in cells:
        notebook.run(place)
    everything_ran(notebook, 240, cells)
    _the_map_answers(notebook)
    the_strip_lands(notebook)
    the_pair_follows(notebook)
    notebook.pictures(OUT / "01_teacher_geometry")
    assert notebook.errors == []


def _the_map_answers(notebook: Notebook) -> None:
    page, panel = notebook.page, notebook.cell("MapPanel(")
    plot = panel.locator(".js-plotly-plot")
    plot.scroll_into_view_if_needed()
    assert page.locator(".js-plotly-plot .gl-container canvas").count() > 0
    before = plot.evaluate(LINES)

    combobox = panel.get_by_role("combobox", name="question").or_(panel.locator("input[list]").first).first
    combobox.fill(ASKED)
    combobox.press("Enter")
    seconds = wait_until_it_says(plot, ASKED)
    lines = plot.evaluate(LINES)
    words = [re.sub("<.*?>", "", line).strip() for line in lines]
    assert [line for line in plot.evaluate(PAINTED) if line] == [line for line in words if line]
    assert lines != before and any("Mongolia" in line for line in lines[1:])
    expect(panel.locator(".widget-label", has_text="cosines")).to_contain_text("relevant: rank")
    page.screenshot(path=OUT / "map.png")

    page.mouse.move(*plot.evaluate(LONELY))
    page.mouse.click(*plot.evaluate(LONELY))
    end = time.monotonic() + 10
    while (clicked := plot.evaluate(WORDS)) == ASKED:
        assert time.monotonic() < end, "the click on a point chose nothing"
        time.sleep(0.05)
    assert plot.evaluate(LINES)[0] != lines[0]
    page.screenshot(path=OUT / "map-clicked.png")
    told = f"redrawn {1000 * seconds:.0f} ms after Enter; then clicked: {clicked}\n"
    (OUT / "map.txt").write_text(told, encoding="utf-8")
