"""Circle World in a real JupyterLab: the slider, moved by keyboard, turns what plotly draws."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.jupyter import FLAGS, Notebook, jupyterlab
from tests.browser.test_browser_start_here import OUT

NAME = "circle.ipynb"
SOURCE = "from lab.panels import turn_both_towers\n\nturn_both_towers(0)"
STUDENT = 6  # place of the student's queries among the traces of circle_figure
DRAWN = f"plot => Array.from(plot._fullData[{STUDENT}].x)"


@pytest.mark.browser
def test_the_slider_turns_the_circle(chromium: str, tmp_path: Path) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    kernel = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE)], metadata=kernel)
    nbformat.write(notebook, tmp_path / NAME)
    with (
        jupyterlab(tmp_path, OUT / "circle.log", LAB_PANELS="live") as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        opened = Notebook.open(lab, browser, NAME)
        opened.run_all()
        panel = opened.cell("turn_both_towers(")
        plot, slider = panel.locator(".js-plotly-plot"), panel.locator(".noUi-handle")
        expect(plot).to_contain_text("Both towers turned by 0°", timeout=90_000)
        before = plot.evaluate(DRAWN)
        slider.focus()
        for _ in range(3):
            slider.press("ArrowRight")
        expect(plot).to_contain_text("Both towers turned by 3°", timeout=10_000)
        expect(plot).to_have_count(1)
        slider.press("End")
        expect(plot).to_contain_text("Both towers turned by 180°", timeout=10_000)
        turned = plot.evaluate(DRAWN)
        assert turned == pytest.approx([-x for x in before], abs=1e-9), "half a turn is the other side of the circle"
        plot.screenshot(path=OUT / "circle.png")
        assert opened.errors == []
        browser.close()
