"""How long a selection takes to be drawn: in a real JupyterLab in headless Chromium, from the key to plotly's drawing.

    python benchmarks/redraw.py              # a minute, on idle cores; needs a Chromium (BROWSER_PATH names one)

A page holds the map, the theatre, two engines asked at once, the circle and the experiments' panel. Each control is set
from the page by keyboard, `TURNS` times, to another value every time; the clock stops when plotly has drawn the new
values, or when the new words stand there; the page looks at itself for that. So the time has everything in it: the
message to the kernel, the values, the message back, plotly's drawing. The first turn of each is a warm-up and not
counted; of sizes never seen before there are three more. The bar, a median below 0.3 s, is for two idle cores. Goes to
docs/redraw.json.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from results import ROOT, commit, write_json

sys.path.insert(0, str(ROOT))  # the browser tests' page and server

from playwright.sync_api import Locator, sync_playwright

from tests.browser.jupyter import FLAGS, Notebook, jupyterlab
from tests.browser.panels import everything_ran
from tests.conftest import find_chromium

OUT = ROOT / "docs" / "redraw.json"
TURNS, BAR, PATIENCE = 11, 0.3, 60.0
LOOKS = 10  # milliseconds from one look of the page at itself to the next
CELLS = (
    """import lab
from lab import artefacts
from lab.panels import AskBoth, MapPanel, Theatre, turn_both_towers
from lab.teaching.experiments import experiment_panel, shipped_trials
collection, teacher = lab.load_collection("wiki"), lab.load_teacher()
MapPanel(collection, artefacts.vectors("wiki-documents-int8"), artefacts.article_map(collection)[0], teacher)""",
    "Theatre(artefacts.sizes(), collection)",
    """documents, student = artefacts.vectors("wiki-documents-int8"), artefacts.student()
AskBoth(collection, documents, teacher, student, "Which river flows through three capitals?")""",
    "turn_both_towers()",
    """panel = experiment_panel(collection, teacher)
panel""",
    # the table of runs is written when a run is over: here the next of the shipped ones, at a press of a button
    """import ipywidgets
from lab.figures.trials_table import trials_html
numbers, runs = iter(range(2, 1_000)), shipped_trials()
button, table = ipywidgets.Button(description="next run"), ipywidgets.HTML()
def show(_):
    table.value = trials_html(runs[: 1 + next(numbers) % len(runs)])
button.on_click(show)
ipywidgets.VBox([button, table])""",
)
# how often plotly has drawn other values than before to the end, in any of the panel's figures, a new one included.
# They are compared when it has drawn: to ask for all points again and again would keep it from drawing
DRAWN = """panel => {
    const values = plot => JSON.stringify(
        plot._fullData.map(t => [Array.from(t.x || []), Array.from(t.y || []), t.text, t.hovertext]));
    for (const plot of panel.querySelectorAll('.js-plotly-plot')) if (plot.on && plot.calcdata && !plot.shown) {
        const drawn = () => { const now = values(plot);
            if (now !== plot.shown) { plot.shown = now; panel.drawn = (panel.drawn || 0) + 1; } };
        drawn(); plot.on('plotly_afterplot', drawn); }
    return panel.drawn || 0; }"""
WORDS = "panel => panel.innerText"
CARD = "panel => Array.from(panel.querySelectorAll('.js-plotly-plot')).at(-1)._fullLayout.title.text"


def turns(panel: Locator, act: Callable[[int], None], seen: str, count: int = TURNS) -> list[float]:
    """Seconds from each act until what is seen has changed, without the first."""
    # the page looks for itself: asked from here again and again it would be busy answering, half of its time
    watch = f"""panel => {{ const look = {seen}, before = look(panel);
        window.changed = new Promise(done => {{ const ask = () =>
            look(panel) === before ? setTimeout(ask, {LOOKS}) : done(Date.now() / 1000); ask(); }}); }}"""
    found = []
    for number in range(count + 1):
        panel.evaluate(watch)
        began = time.time()
        act(number)
        ended = panel.evaluate(
            "(_, patience) => Promise.race([changed, new Promise(done => setTimeout(done, patience, 0))])",
            1000 * PATIENCE,
        )
        if not ended:
            raise TimeoutError(f"nothing changed in {PATIENCE:.0f} s")
        found.append(ended - began)
        time.sleep(0.5)  # a live figure is written five times a second at most: not what is measured
    return found[1:]


def measure(notebook: Notebook) -> dict[str, list[float]]:
    """What is done → seconds, turn by turn."""
    world, theatre, both, circle, experiments, table = notebook.page.locator(".jp-CodeCell").all()
    asked, picked, typed = (panel.locator("input[list]").first for panel in (world, theatre, both))
    slider, angle = (panel.locator(".noUi-handle[role=slider]").first for panel in (theatre, circle))
    sizes, experiment = theatre.locator(".widget-toggle-buttons button"), experiments.locator("select").first

    def another(box: Locator) -> Callable[[int], None]:
        offered = box.evaluate("i => Array.from(i.list.options).map(option => option.value)")

        def act(number: int) -> None:
            box.fill(offered[5 + 3 * number])
            box.press("Enter")

        return act

    def next_of(select: Locator) -> Callable[[int], None]:
        return lambda _: select.select_option(
            index=select.evaluate("e => (e.selectedIndex + 1) % e.options.length")
        ) and None  # fmt: skip

    button = table.get_by_role("button", name="next run")
    return {
        "map: a question is picked": turns(world, another(asked), DRAWN),
        # each size for the first time in this page; the dial stands at the last of them
        "theatre: a size never seen, until its card": turns(
            theatre, lambda turn: sizes.nth(turn).press("Enter"), CARD, sizes.count() - 2
        ),
        "theatre: a question is picked": turns(theatre, another(picked), DRAWN),
        "theatre: one step of the slider": turns(theatre, lambda _: slider.press("ArrowLeft"), DRAWN),
        "theatre: another size": turns(theatre, lambda turn: sizes.nth(turn % sizes.count()).press("Enter"), DRAWN),
        "theatre: another size, until its card": turns(
            theatre, lambda turn: sizes.nth(turn % sizes.count()).press("Enter"), CARD
        ),
        "two engines: a question is picked": turns(both, another(typed), DRAWN),
        "circle: one step of the slider": turns(circle, lambda _: angle.press("ArrowRight"), DRAWN),
        "experiments: another question": turns(experiments, next_of(experiment), WORDS),
        "experiments: the table of runs": turns(table, lambda _: button.press("Enter"), WORDS),
    }


def summary(seconds: dict[str, list[float]]) -> dict[str, Any]:
    """Median and slowest, in milliseconds, with all turns."""
    return {
        "command": "python benchmarks/redraw.py",
        "commit": commit(),
        "bar": BAR,
        "load": round(os.getloadavg()[0], 1),
        "redraws": {
            name: {
                "median": round(1000 * float(np.median(values))),
                "slowest": round(1000 * max(values)),
                "turns": [round(1000 * value) for value in values],
            }
            for name, values in seconds.items()
        },
    }  # fmt: skip


def page() -> Iterator[Notebook]:
    """A notebook of these panels, open and run."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        kernel = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
        cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), Path(folder) / "redraw.ipynb")
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        with jupyterlab(Path(folder), Path(folder) / "log", LAB_PANELS="live", PYTHONPATH=path) as lab:
            browser = playwright.chromium.launch(executable_path=find_chromium(), headless=True, args=FLAGS)
            notebook = Notebook.open(lab, browser, "redraw.ipynb")
            notebook.run_all()
            everything_ran(notebook, 240)
            yield notebook
            browser.close()


def main() -> None:
    """Measure and write the file."""
    for notebook in page():
        told = summary(measure(notebook))
        write_json(OUT, told)
        for name, values in told["redraws"].items():
            print(f"{name}: {values['median']} ms, slowest {values['slowest']}")
        print(f"the bar is {1000 * BAR:.0f} ms; load {told['load']}")


if __name__ == "__main__":
    main()
