"""Every panel in a real kernel, with and without subshells: its control is moved, what it shows follows.

With them, a cell keeps the main thread busy meanwhile and the callback runs in another one; without, it runs in the
main thread once that is free. Which is which: see `test_panels_subshells.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient

from tests.test_panels_subshells import BUSY, a_kernel, printed, send, subshell

# Each makes `panel` and says: the control, what the page sends when it is moved, and whether the panel has followed
PANELS = {
    "circle": """
from lab.panels import turn_both_towers
panel = turn_both_towers(0, live=True)
control, state = panel.slider, {"value": 90}
def followed():
    return panel._shown.figure() == panel.figure() and "turned by 90°" in panel.figure().layout.title.text
""",
    "map": """
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
    "theatre": """
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
    "experiments": """
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
    "training": """
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
    "rewriting": """
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
print("MADE " + json.dumps([control.model_id, state]))  # one piece: the kernel may send pieces apart
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


@pytest.mark.parametrize("subshells", [True, False], ids=["subshells", "no subshells"])
@pytest.mark.parametrize("name", PANELS)
def test_a_panel_follows_its_control(kernel: BlockingKernelClient, name: str, subshells: bool) -> None:
    over = subshell(kernel) if subshells else None
    send(kernel, "execute_request", {"code": PANELS[name] + MADE, "silent": False}, over)
    model, state = json.loads(printed(kernel, "MADE").removeprefix("MADE "))
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
