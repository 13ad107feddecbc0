"""The theatre of notebook 03 in a page: a lost dart, the Look slider, Play, and the card that follows the size dial."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.jupyter import Notebook
from tests.browser.panels import FOLLOWS, follows

LOST = 6  # place of the lost darts among the traces of lab.figures.dartboard, see tests/test_browser_numbers.py
SOON = FOLLOWS * 1000
# Where on the page the cross stands that is farthest from all darts, so that nothing else is hit; and its question,
# which is not the one that is chosen now
LONELY = f"""(plot, now) => {{
    const layout = plot._fullLayout, box = plot.getBoundingClientRect();
    const at = trace => Array.from(trace.x, (x, i) => [box.left + layout.xaxis._offset + layout.xaxis.l2p(x),
        box.top + layout.yaxis._offset + layout.yaxis.l2p(trace.y[i])]);
    const lost = at(plot._fullData[{LOST}]), all = [...lost, ...at(plot._fullData[{LOST - 1}])];
    const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || Infinity;
    const gap = a => Math.min(...all.map(b => apart(a, b)));
    const words = plot._fullData[{LOST}].text.map(text => text.split("<br>")[0]);
    const far = lost.map((a, i) => words[i].startsWith(now.slice(0, 20)) ? 0 : gap(a));
    const i = far.indexOf(Math.max(...far));
    return [lost[i][0], lost[i][1], words[i]];
}}"""
TITLE = "plot => plot._fullLayout.title.text"


def the_theatre_plays(notebook: Notebook) -> None:
    """One panel, four gestures. As with Run All, its figure was drawn while a cell further down was awaiting.

    ipykernel 7.4.0 answers what a widget says in that time without the status that ipywidgets waits for, so that the
    figure sends no click from then on.
    """
    panel = notebook.cell("Theatre(").locator(".jp-OutputArea-output", has=notebook.page.locator(".widget-play")).first
    _a_lost_dart_says_why(notebook, panel)
    _look_and_play(panel)
    _the_card_follows_the_dial(panel)


def _a_lost_dart_says_why(notebook: Notebook, panel: Locator) -> None:
    plot, query = panel.locator(".js-plotly-plot").first, panel.locator("input[list]")
    # a click into a cell that is not the active one makes it so and may scroll: the figure under the pointer moves away
    query.click()
    plot.scroll_into_view_if_needed()
    before = query.input_value()
    x, y, words = plot.evaluate(LONELY, before)
    notebook.page.mouse.move(x, y)
    # a click means the point that plotly shows words of, and those come a moment after the pointer
    expect(plot.locator(".hoverlayer .hovertext")).to_contain_text("lost", timeout=SOON)
    notebook.page.mouse.click(x, y)
    expect(query).not_to_have_value(before, timeout=SOON)
    beginning = words.rstrip("…").replace("&amp;", "&").rsplit(" ", 1)[0]
    expect(query).to_have_value(re.compile("^" + re.escape(beginning)), timeout=SOON)
    expect(panel.get_by_text("lost the teacher's first document. What sets it apart")).to_be_visible(timeout=SOON)


def _look_and_play(panel: Locator) -> None:
    step, slider = panel.locator(".widget-label", has_text=re.compile(r"^step [\d,]+$")), panel.locator(".noUi-handle")
    follows(panel, lambda: slider.press("Home"))
    expect(step).to_have_text("step 0", timeout=SOON)
    follows(panel, lambda: panel.locator(".widget-play button").first.click())
    expect(step).not_to_have_text(re.compile("^step [01]$"), timeout=SOON)  # it went on by itself
    panel.locator(".widget-play button").first.click()  # pause


def _the_card_follows_the_dial(panel: Locator) -> None:
    card, sizes = panel.locator(".js-plotly-plot").last, panel.locator(".widget-toggle-buttons button")
    expect(sizes.first).to_have_text("100% · teacher")
    follows(panel, lambda: sizes.filter(has_text="5% · twentieth").press("Enter"))
    expect(card).to_contain_text("twentieth", timeout=SOON)
    assert card.evaluate(TITLE).startswith("twentieth") and "1.1M parameters, 1/20" in card.evaluate(TITLE)
    follows(panel, lambda: sizes.first.press("Enter"))
    expect(card).to_contain_text("22.7M parameters", timeout=SOON)
    assert card.evaluate(TITLE).startswith("teacher") and "parameters, 1/" not in card.evaluate(TITLE)
    expect(panel.locator(".js-plotly-plot")).to_have_count(2)
