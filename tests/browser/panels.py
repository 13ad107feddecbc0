"""Whatever panels a notebook has: each control is moved, the figure beside it must follow; Start starts, Stop stops."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, expect

from tests.browser.jupyter import Notebook

# Of lab.panels.live, whose import takes longer than a panel; tests/test_browser_numbers.py holds them together
WATCHING = 0.5
TRIES = 4  # trainings that are begun until one is stopped
FOLLOWS = 45.0  # seconds until a figure has followed a control, on a busy machine; the bar on an idle one is 0.3
FAULTS = "[data-mime-type='application/vnd.jupyter.error'], .jp-RenderedText[data-mime-type*=stderr]"
# The points that plotly has really drawn from, not those that somebody sent
DRAWN = """panel => Array.from(panel.querySelectorAll('.js-plotly-plot')).map(plot => (plot._fullData || []).map(
    trace => [Array.from(trace.x || []), Array.from(trace.y || []), trace.text, (trace.marker || {}).size]))"""
PLACE = "e => Array.from(document.querySelectorAll('.jp-CodeCell')).indexOf(e.closest('.jp-CodeCell'))"
STOP = ".widget-button:has(.fa-stop)"  # by its icon, since what it says changes; Play has one of another kind
MOVED = ".widget-dropdown select, .jupyter-widgets input[list], .widget-slider .noUi-handle[role=slider]"


def without_outputs(
    source: Path, folder: Path, more: Sequence[str] = (), needed: Sequence[str] | None = None
) -> list[int]:
    """A copy whose outputs can only have been made by the run.

    Args:
        more: code cells to put below its own.
        needed: words of the cells that will be run, those of `more` besides; all others keep the pictures that are
            stored (`make notebooks` runs them, and no panel rests on them). By default every cell will be run.

    Returns: places, among the code cells, of those that will be run.
    """
    stored = nbformat.read(source, as_version=4)
    stored.cells += [nbformat.v4.new_code_cell(code) for code in more]
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    wanted = [*(needed or ()), *more]
    places = [
        place for place, cell in enumerate(code) if needed is None or any(words in cell.source for words in wanted)
    ]
    for words in needed or ():
        assert sum(words in cell.source for cell in code) == 1, f"{source.name}: one cell should hold {words!r}"
    for place in places:
        code[place].outputs, code[place].execution_count = [], None
    for cell in code:
        cell.execution_count = None  # a number can only come from this run
    nbformat.write(stored, folder / source.name)
    return places


def everything_ran(notebook: Notebook, seconds: float, places: Sequence[int] | None = None) -> None:
    """Every cell has run (or every one at these places), none complained. A panel that trains while a cell below waits
    for it is seen to move, and is stopped."""
    code = notebook.page.locator(".jp-CodeCell")
    last, count = (code.last, code.count()) if places is None else (code.nth(places[-1]), len(places))
    end, said = time.monotonic() + seconds, ""
    while time.monotonic() < end and said != f"[{count}]:":
        if notebook.page.locator(FAULTS).count():
            break  # the cells below will never run
        for panel in training(notebook):
            stop(panel)
        said = last.locator(".jp-InputPrompt").inner_text()
        time.sleep(0.2)
    faults = notebook.page.locator(FAULTS).all_inner_texts()
    assert not faults, faults[0][-2000:]
    assert said == f"[{count}]:", f"the last cell says {said} after {seconds:.0f} s"


def training(notebook: Notebook) -> list[Locator]:
    """Panels whose Stop button can be pressed."""
    found = notebook.page.locator(".jp-OutputArea-output", has=notebook.page.locator(STOP)).all()
    return [panel for panel in found if panel.locator(STOP).is_enabled()]


def panels(notebook: Notebook) -> list[Locator]:
    """Outputs that hold a control beside a figure."""
    outputs = notebook.page.locator(".jp-OutputArea-output", has=notebook.page.locator(".js-plotly-plot"))
    return [each for each in outputs.all() if each.locator(MOVED).count() and not each.locator(
        ".jp-OutputArea-output", has=notebook.page.locator(MOVED)).count()]  # fmt: skip


def drawn(panel: Locator) -> Any:
    return panel.evaluate(DRAWN)


def movable(panel: Locator) -> Locator:
    """The first control that can be seen and has another position to go to."""
    for control in panel.locator(MOVED).all():
        choices = control.evaluate("e => e.options ? e.options.length : e.list ? e.list.options.length : 2")
        if control.is_visible() and choices > 1:
            return control
    raise AssertionError("a panel without any control that can be moved")


def move(control: Locator) -> None:
    """To another value, without a mouse."""
    control.scroll_into_view_if_needed()
    if control.get_attribute("role") == "slider":
        control.focus()
        place = [float(control.get_attribute(f"aria-value{which}") or 0) for which in ("now", "max")]
        for _ in range(5):
            control.press("ArrowLeft" if place[0] >= place[1] else "ArrowRight")
    elif control.evaluate("element => element.tagName") == "SELECT":
        # not by arrow keys: headless Chromium opens the list for them and leaves the choice where it was
        control.select_option(index=control.evaluate("e => (e.selectedIndex + 1) % e.options.length"))
    else:
        offered = control.evaluate("i => Array.from(i.list ? i.list.options : []).map(option => option.value)")
        another = next(words for words in offered if words != control.input_value())
        control.fill(another)
        control.press("Enter")


def follows(panel: Locator, act: Callable[[], None]) -> None:
    """Do something, and see the figure change."""
    before, began = drawn(panel), time.monotonic()
    act()
    while drawn(panel) == before:
        said = panel.locator(".widget-label").all_inner_texts()
        assert time.monotonic() < began + FOLLOWS, f"the figure did not change: {said}"
        time.sleep(0.2)  # to ask all the time would keep the page from drawing


def moves(panel: Locator) -> bool:
    """Whether the figure of a training is seen to change before the training is over."""
    label = panel.locator(".widget-label", has_text=re.compile(r"step [\d,]+ of [\d,]+"))
    over = panel.locator(".widget-label", has_text="after step")
    expect(label.or_(over)).to_be_visible(timeout=240_000)  # the student is cut out first
    before, began = drawn(panel), time.monotonic()
    while not over.count():
        if drawn(panel) != before:
            return True
        assert time.monotonic() < began + FOLLOWS, f"the figure did not change: {label.all_inner_texts()}"
        time.sleep(0.2)  # to ask all the time would keep the page from drawing
    return False


def start(panel: Locator) -> None:
    """Press Start; by keyboard."""
    button = panel.get_by_role("button", name="Start")
    expect(button).to_be_enabled(timeout=60_000)
    button.press("Enter")
    expect(panel.locator(STOP)).to_be_enabled(timeout=FOLLOWS * 1000)


def stop(panel: Locator, picture: Path | None = None) -> None:
    """See a training move, press Stop, see it stop; by keyboard.

    A run of some seconds may be over before a busy page has seen it move; where it can be started again, it is.
    """
    button, begin = panel.locator(STOP), panel.get_by_role("button", name="Start")
    for _ in range(TRIES):
        if moves(panel):
            if picture:
                panel.screenshot(path=picture)
            button.press("Enter")
            expect(button).to_be_disabled(timeout=5_000)
            over = panel.locator(".widget-label", has_text=re.compile("(stopped|finished) after step"))
            expect(over).to_be_visible(timeout=30_000)
            if "stopped" in over.inner_text():
                break
        assert begin.count(), "the training was over before it could be stopped, and cannot be started again"
        start(panel)
    else:
        raise AssertionError(f"{TRIES} trainings were over before they could be stopped")
    # the last values are shown before it can be pressed again
    expect(begin if begin.count() else button).to_have_text(re.compile("Start|done"), timeout=30_000)
    if begin.count():
        expect(begin).to_be_enabled(timeout=30_000)
    still = drawn(panel)
    time.sleep(1.2 * WATCHING)  # an update that was waiting would have been written by now
    assert drawn(panel) == still, "the figure moves on after Stop"


def drive(notebook: Notebook, out: Path, seconds: float, cells: Sequence[int] | None = None) -> list[int]:
    """Run all (or these code cells), then every panel: its first control, and Start and Stop where it has them.
    Screenshots in `out`.

    Returns: places of the panels' cells among the code cells.
    """
    if cells is None:
        notebook.run_all()
    for place in cells or ():
        notebook.run(place)
    everything_ran(notebook, seconds, cells)
    found = panels(notebook)
    for place, panel in enumerate(found):
        try_out(panel, out.with_name(f"{out.stem}-{place}.png"))
    assert notebook.errors == []
    return [panel.evaluate(PLACE) for panel in found]


def drive_again(notebook: Notebook, places: list[int], out: Path, seconds: float) -> None:
    """The cells of these panels once more, in a page where nothing else has run, and their panels."""
    for place in places:
        cell = ran(notebook.run(place), seconds)
        panel = cell.locator(".jp-OutputArea-output", has=notebook.page.locator(".js-plotly-plot"))
        expect(panel).to_have_count(1, timeout=seconds * 1000)
        try_out(panel, out.with_name(f"{out.stem}-again-{place}.png"))
    assert notebook.errors == []


def ran(cell: Locator, seconds: float) -> Locator:
    """The cell, once it has run."""
    expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=seconds * 1000)
    return cell


def try_out(panel: Locator, picture: Path) -> None:
    """A panel that trains is started, unless it is running, and stopped; of another the first control is moved."""
    stops = panel.locator(STOP)
    if stops.count():
        if not stops.is_enabled():
            start(panel)
        stop(panel, picture.with_stem(f"{picture.stem}-running"))
    else:
        control = movable(panel)
        follows(panel, lambda: move(control))
    panel.screenshot(path=picture)
