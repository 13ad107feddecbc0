"""Every panel in a real kernel, with and without subshells: its control is moved, what it shows follows.

With them, a cell keeps the main thread busy meanwhile and the callback runs in another one; without, it runs in the
main thread once that is free. Which is which: see `test_panels_subshells.py`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient

from lab import panels
from lab.panels.shown import Shown
from tests.test_panels_subshells import BUSY, a_kernel, printed, send, subshell

# Class → how to make one as `panel`, and: the control, what the page sends when it is moved, whether the panel followed
PANELS = {
    "AskBoth": """
from lab.collection import load_collection
from lab.encoders.teacher import load_teacher
from lab.panels import AskBoth
from tests.test_panels_ask import Turned
tiny, teacher = load_collection(COLLECTION), load_teacher(TEACHER, "cpu", "float32")
vectors = teacher.encode(tiny.documents, "document")
panel = AskBoth(tiny, vectors, teacher, Turned(teacher), live=True)
control, state = panel.question, {"value": "a reed in the wind"}
def followed():
    title = panel._shown.figure().layout.title.text
    return "a reed in the wind" in title and "Nobody judged" in panel.words.value
""",
    "CirclePanel": """
from lab.panels import turn_both_towers
panel = turn_both_towers(0, live=True)
control, state = panel.slider, {"value": 90}
def followed():
    return panel._shown.figure() == panel.figure() and "turned by 90°" in panel.figure().layout.title.text
""",
    "MapPanel": """
from lab.collection import load_collection
from lab.encoders.teacher import load_teacher
from lab.geometry import pca_map
from lab.panels import MapPanel
tiny, teacher = load_collection(COLLECTION), load_teacher(TEACHER, "cpu", "float32")
vectors = teacher.encode(tiny.documents, "document")
panel = MapPanel(tiny, vectors, pca_map(vectors).positions, teacher, live=True)
control, state = panel.question, {"value": "instrument with a single reed"}
def followed():
    return said(panel._live.figure()) == said(panel.figure()) and "single reed" in str(panel._live.figure().data[3])
""",
    "Theatre": """
from lab import artefacts
from lab.collection import load_collection
from lab.panels import Theatre
sizes = artefacts.sizes()
panel = Theatre({name: sizes[name] for name in ("tenth", "half")}, load_collection("wiki"), live=True)
control, state = panel.size, {"index": 1}
def followed():
    shown = said(panel._live.figure()) == said(panel.figure()) and panel._card.figure() == panel.card()
    return shown and panel.size.value == "half" and panel.reason.value == panel.why()
""",
    "ExperimentPanel": """
from types import SimpleNamespace
from lab.config import DistillConfig
from lab.panels import ExperimentPanel
from lab.panels.knobs import USUAL, Experiment
held, each = SimpleNamespace(texts=("one",)), Experiment("fast", {"rate": 1.0}, ("yes", "no"), lambda *_: "asked")
prepared = SimpleNamespace(texts=("text",) * 9), held
panel = ExperimentPanel([Experiment(USUAL), each], DistillConfig(), live=True, prepared=prepared)
control, state = panel.experiment, {"index": 1}
def followed():
    return panel.question.value == "asked" and len(panel.guess.options) == 3
""",
    "Training": """
from types import SimpleNamespace
import lab.panels.training as training
from lab.config import DistillConfig
from lab.training import Finished, Progress
def endless(config, *, listen, stop, **_):
    step = 0
    while not stop():
        step += 1
        listen(Progress(step, 10**9, 1.0, 10.0, 0.0))
        time.sleep(0.002)
    listen(Finished(step, step, True, 1.0))
    return SimpleNamespace(finished=step)
training.distill = endless
panel = training.train_in_background(DistillConfig(), live=True)
control, state = panel._button, None
def followed():
    return not panel.running and panel._button.description == "done" and "stopped after" in panel._label.value
""",
    "MorphPanel": """
from lab.generation.explore import Explorer
from lab.panels import MorphPanel
from tests.test_panels_rewriting import MAP, QUERIES, Counts, Stumbler
explorer = Explorer(Stumbler(), Counts(), Counts().encode(["fox", "volcano"]), ["The fox", "The volcano"], QUERIES)
panel = MorphPanel(explorer, MAP, "white fox", (0.0, 2.0), live=True)
control, state = panel.rows, {"index": 2}
def followed():
    return panel.row == 2 and said(panel._live.figure()) == said(panel.figure())
""",
    "PairPanel": """
from lab.collection import load_collection
from lab.cross import Case, CrossConfig, CrossEncoder, PairExplorer
from lab.encoders.teacher import load_teacher
from lab.panels import PairPanel
tiny, teacher = load_collection(COLLECTION), load_teacher(TEACHER, "cpu", "float32")
models = {scorer: CrossEncoder.from_teacher(teacher, CrossConfig(scorer=scorer, length=48, layers=1))
          for scorer in ("cls", "dual")}
explorer = PairExplorer(tiny, teacher, models, [Case("white fox", (0, 1, 2), (False, True, False))])
panel = PairPanel(explorer, 0.3, live=True)
control, state = panel.document, {"value": 2}
def followed():
    shown = said(panel._moved.figure()) == said(panel.figure()) and panel.typed_document.value == panel.view.document
    return shown and panel.place == 2 and "Mount Etna" in panel.view.document
""",
    "Rewriting": """
from lab.generation.explore import Explorer
from lab.panels import Rewriting
from tests.test_panels_rewriting import QUERIES, Counts, Stumbler
explorer = Explorer(Stumbler(), Counts(), Counts().encode(["fox", "volcano"]), ["The fox", "The volcano"], QUERIES)
panel = Rewriting(explorer, "white fox", sigma=0.0, live=True)
control, state = panel._sigma, {"index": 4}
def followed():
    shown = said(panel._live.figure()) == said(panel.figure())
    return shown and not panel.variants.kept.any() and "✕ The volcano" in panel._words.value
""",
}
READY = """
import json, threading, time
from pathlib import Path
COLLECTION, TEACHER, busy = {!r}, {!r}, False
def said(figure):
    return [(list(t.x or ()), list(t.y or ()), t.text if isinstance(t.text, str) else list(t.text or ())) for t in figure.data]
def hear(*_):
    heard.append((busy, threading.current_thread() is threading.main_thread()))
print("READY")
"""  # noqa: E501
MADE = """
heard = []
control.observe(hear, list(state)) if state else control.on_click(hear)
assert not followed()
made = [type(panel).__name__, control.model_id, state]
print("MADE " + json.dumps(made))  # one piece: the kernel may send pieces apart
"""
TELL = """
end = time.monotonic() + 30
while not followed() and time.monotonic() < end:  # a live figure waits for its pause
    time.sleep(0.02)
print("TOLD " + json.dumps([heard[:1], followed()]))
"""


@pytest.fixture(scope="module")
def kernel(tiny_collection_dir: Path, tiny_teacher_dir: Path) -> Iterator[BlockingKernelClient]:
    with a_kernel() as client:
        client.execute(READY.format(str(tiny_collection_dir), str(tiny_teacher_dir)))
        printed(client, "READY")
        yield client


def test_it_is_every_panel_whose_controls_ask_the_kernel_for_something() -> None:
    """All but Tabs, which the page turns by itself."""
    every = {each.__name__ for each in Shown.__subclasses__() if each.__module__.startswith("lab.panels.")}
    assert set(PANELS) == every - {"Tabs"} and "Tabs" in every
    assert every <= set(panels.__all__) and "_put" not in inspect.getsource(panels.tabs)


@pytest.mark.parametrize("subshells", [True, False], ids=["subshells", "no subshells"])
@pytest.mark.parametrize("name", PANELS)
def test_a_panel_follows_its_control(kernel: BlockingKernelClient, name: str, subshells: bool) -> None:
    over = subshell(kernel) if subshells else None
    send(kernel, "execute_request", {"code": PANELS[name] + MADE, "silent": False}, over)
    made, model, state = json.loads(printed(kernel, "MADE").removeprefix("MADE "))
    assert made == name
    if subshells:
        kernel.execute(BUSY)
        printed(kernel, "BUSY")
    # what the page sends when a control is moved, or a button pressed
    moved = {"method": "update", "state": state, "buffer_paths": []}
    pressed = {"method": "custom", "content": {"event": "click"}}
    send(kernel, "comm_msg", {"comm_id": model, "data": moved if state else pressed}, over)
    kernel.execute(TELL)
    heard, followed = json.loads(printed(kernel, "TOLD").removeprefix("TOLD "))
    assert heard == [[subshells, not subshells]]  # during the cell in a thread of its own, or after it in the main one
    assert followed is True
