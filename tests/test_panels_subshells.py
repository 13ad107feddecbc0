"""The live figure in a real kernel, with and without subshells.

A click runs in the thread of a subshell, while a cell keeps the main one busy; or, where subshells are switched off,
in the main thread between two cells. (ipykernel 7.4 sends it to the shell that the widget last spoke from, whatever the
page asks for, so the button of the first case is made in the subshell.) The live figure must take both, together with
a training thread that writes all the time.
"""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from jupyter_client.blocking import BlockingKernelClient

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 180.0

# A figure, a thread that writes as fast as it can, a button whose callback writes too and tells in which thread it ran
SETUP = """
import json, threading, time
import ipywidgets, plotly.graph_objects as go
from lab.panels import LiveFigure

live = LiveFigure(go.Figure([go.Scatter(x=[0], y=[0]), go.Scatter(x=[0], y=[0])]), pause=0.01)
torn, heard, ended = [], [], threading.Event()

def both(value):
    return [{"x": [value] * 20, "y": [value] * 20}, {"x": [value], "y": [value]}]

def train():
    number = 0
    while not ended.is_set():
        number += 1
        live.show(both(number), now=number % 7 == 0)
        shown = live.figure().data
        if len({*shown[0].x, *shown[0].y, *shown[1].x, *shown[1].y}) != 1:
            torn.append(number)
        time.sleep(0.002)

def clicked(_):
    heard.append((busy, threading.current_thread() is threading.main_thread()))
    live.show(both(-1), now=True)

busy = False
thread = threading.Thread(target=train, daemon=True)
thread.start()
"""
BUTTON = """
button = ipywidgets.Button(description="Stop")
button.on_click(clicked)
print("MODEL " + button.model_id)
"""
BUSY = """
busy = True
end = time.monotonic() + 30
print("BUSY", flush=True)
while not heard and time.monotonic() < end:
    time.sleep(0.01)
busy = False
"""
TELL = """
ended.set()
thread.join(10)
live.show(both(7), now=True)
print("TOLD " + json.dumps([heard, torn, list(live.widget.data[1].y), thread.is_alive()]))
"""


@contextmanager
def a_kernel() -> Iterator[BlockingKernelClient]:
    """A kernel that imports from the repository."""
    manager = KernelManager()
    manager.start_kernel(cwd=str(ROOT))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    with a_kernel() as client:
        yield client


def printed(client: BlockingKernelClient, word: str) -> str:
    """The next printed line that begins with this word."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            message = client.get_iopub_msg(timeout=1)
        except queue.Empty:
            continue
        assert message["msg_type"] != "error", "\n".join(message["content"]["traceback"])
        if message["msg_type"] == "stream":
            for line in message["content"]["text"].splitlines():
                if line.startswith(word):
                    return line
    raise AssertionError(f"the kernel never said {word}")


def subshell(client: BlockingKernelClient) -> str:
    """Ask for a subshell, as JupyterLab does; its id."""
    request = client.session.msg("create_subshell_request", {})
    client.control_channel.send(request)
    reply = client.get_control_msg(timeout=PATIENCE)
    assert reply["content"]["status"] == "ok", reply["content"]
    return reply["content"]["subshell_id"]


def send(client: BlockingKernelClient, kind: str, content: dict, over: str | None) -> None:
    """A message to the shell, or to a subshell."""
    message = client.session.msg(kind, content)
    if over:
        message["header"]["subshell_id"] = over
    client.shell_channel.send(message)


def test_the_kernel_answers_through_the_stream_it_reads_from(kernel: BlockingKernelClient) -> None:
    """Otherwise a request that comes in with a reply going out hangs: lab/panels/kernel.py."""
    kernel.execute(SETUP.partition("live = ")[0])
    kernel.execute("""
own = get_ipython().kernel
print("SOCKET", getattr(own.shell_channel_thread.manager, "_shell_socket", own.shell_stream) is own.shell_stream)
""")
    assert printed(kernel, "SOCKET") == "SOCKET True"


@pytest.mark.parametrize("subshells", [True, False], ids=["subshells", "no subshells"])
def test_a_live_figure_takes_clicks_while_a_thread_writes(kernel: BlockingKernelClient, subshells: bool) -> None:
    kernel.execute(SETUP)
    over = subshell(kernel) if subshells else None
    kernel.execute("print('READY')")
    printed(kernel, "READY")
    send(kernel, "execute_request", {"code": BUTTON, "silent": False}, over)
    model = printed(kernel, "MODEL").split()[1]
    if subshells:
        kernel.execute(BUSY)
        printed(kernel, "BUSY")
    # what the page sends when a button is pressed
    pressed = {"comm_id": model, "data": {"method": "custom", "content": {"event": "click"}}}
    send(kernel, "comm_msg", pressed, over)
    kernel.execute(TELL)
    heard, torn, last, alive = json.loads(printed(kernel, "TOLD").removeprefix("TOLD "))
    assert heard == [[subshells, not subshells]]  # during the cell in a thread of its own, or before it in the main one
    assert torn == [] and last == [7] and alive is False
