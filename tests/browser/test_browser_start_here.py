"""Notebook 00 in a real JupyterLab: everything runs, the figure moves while the student trains, Stop is answered."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OUT, Open
from tests.browser.jupyter import Lab, Notebook
from tests.browser.panels import without_outputs

ROOT = Path(__file__).resolve().parents[2]
NAME = "00_start_here.ipynb"
BATCHES, OVERLAP = 1, 4  # places of traces in distance_curve

# The points that plotly has really drawn from, not those that somebody sent
DRAWN = "plot => plot._fullData.map(trace => Array.from(trace.y || []))"


def drawn(plot: Locator) -> list[list[float]]:
    return plot.evaluate(DRAWN)


@pytest.mark.browser
@pytest.mark.xdist_group("00 and 01")  # together as long as 03, which has a worker of its own
def test_the_first_notebook_in_a_browser(lab: Lab, opened: Open) -> None:
    without_outputs(ROOT / "notebooks" / NAME, lab.folder)
    notebook = opened(NAME)
    notebook.run_all()
    _the_figure_moves_and_stop_is_answered(notebook)
    _everything_else_ran(notebook)


def _the_figure_moves_and_stop_is_answered(notebook: Notebook) -> None:
    panel = notebook.cell("train_in_background(")
    plot, label = panel.locator(".js-plotly-plot"), panel.locator(".widget-label")
    expect(label).to_contain_text("step", timeout=240_000)  # the student is cut out first
    seen, end = [drawn(plot)], time.monotonic() + 30
    while len({len(values[BATCHES]) for values in seen}) < 4:
        assert time.monotonic() < end, f"the figure did not move: {seen[-1]}"
        time.sleep(0.2)
        seen.append(drawn(plot))
    plot.scroll_into_view_if_needed()
    notebook.page.screenshot(path=OUT / "training.png")

    # The cell below is waiting for the student, so the kernel is busy: the click must be heard all the same
    expect(notebook.cell("mine = await training").locator(".jp-InputPrompt")).to_have_text("[*]:")
    panel.get_by_role("button", name="Stop").click()
    expect(label).to_contain_text("stopped after step", timeout=15_000)
    expect(panel.get_by_role("button", name="done")).to_be_disabled()

    last = drawn(plot)
    assert all(0 < distance < 2 for distance in last[BATCHES]) and all(0 <= share <= 1 for share in last[OVERLAP])
    assert len(last[OVERLAP]) >= 2 and last[OVERLAP][-1] != last[OVERLAP][0]


def _everything_else_ran(notebook: Notebook) -> None:
    page = notebook.page
    code = page.locator(".jp-CodeCell")
    expect(code.last.locator(".jp-InputPrompt")).to_have_text(f"[{code.count()}]:", timeout=90_000)
    assert (
        page.locator(
            "[data-mime-type='application/vnd.jupyter.error'], .jp-RenderedText[data-mime-type*=stderr]"
        ).count()
        == 0
    )
    expect(page.locator(".js-plotly-plot")).to_have_count(5)
    notebook.pictures(OUT / "00_start_here")
    names = page.locator(".js-plotly-plot").nth(1).evaluate("plot => plot._fullData.map(trace => trace.name)")
    assert names == ["in both lists", "in one list", "relevant", "teacher", "your student"]
    for place, name in enumerate(("live", "two_engines", "quality", "lost")):
        plot = page.locator(".js-plotly-plot").nth(place)
        plot.scroll_into_view_if_needed()
        plot.screenshot(path=OUT / f"{name}.png")
    assert notebook.errors == []
