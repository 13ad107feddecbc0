"""A JupyterLab of our own, in a folder of its own, and a page of a real browser on it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page

APPUTILS = Path("@jupyterlab") / "apputils-extension"  # where its settings stand
SCROLLED = "document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer')"
WIDTHS, HEIGHT = (1280, 1920), 900  # of the window, in pixels
BARS, MOST_HIGH = 140, 16_000  # what JupyterLab has above a notebook; Chromium paints no higher pictures
START, KERNEL = 60.0, 60.0  # seconds until the server answers, until a kernel is ready
# What JupyterLab and the browser say for themselves, on any notebook
NOT_OURS = (
    "Failed to load resource",  # icons and translations that JupyterLab asks for and does not have
    "ResizeObserver loop",  # harmless: the browser put a resize off to the next frame
    "Could not determine jupyterlab_pygments",
)
FLAGS = (
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Lab:
    """A running server."""

    folder: Path
    url: str
    token: str

    def kernels(self, name: str | None = None) -> list[dict]:
        """Of all notebooks, or of one."""
        sessions = [each for each in json.loads(self._ask("sessions")) if each.get("kernel")]
        return [each["kernel"] for each in sessions if name in (None, each["path"])]

    def end_kernels(self) -> None:
        for session in json.loads(self._ask("sessions")):
            self._ask(f"sessions/{session['id']}", "DELETE")

    def set_subshells(self, wanted: bool) -> None:
        """Which clicks take a subshell, for pages that are opened from now on: as JupyterLab decides, or none."""
        path = self.folder / ".lab" / "settings" / APPUTILS / "kernels-settings.jupyterlab-settings"
        _write(path, {} if wanted else {"commsOverSubshells": "disabled"})

    def _ask(self, what: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(f"{self.url}/api/{what}?token={self.token}", method=method)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.read()


@contextmanager
def jupyterlab(folder: Path, log: Path, **environment: str) -> Iterator[Lab]:
    """JupyterLab over `folder`, with none of the user's own settings; ends with all its kernels."""
    settings = folder / ".lab" / "settings"
    _write(settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings", {"windowingMode": "none"})
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    _write(settings / APPUTILS / "notification.jupyterlab-settings", quiet)
    places = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "run",
        "IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }  # fmt: skip
    own = {name: str(folder / ".lab" / place) for name, place in places.items()}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = Lab(folder, f"http://127.0.0.1:{port}", secrets.token_hex(16))
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--LabApp.news_url=",
        f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={lab.token}", "--ServerApp.port_retries=0",
        "--ServerApp.allow_root=True",
    ]  # fmt: skip
    with log.open("w", encoding="utf-8") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | own | environment, start_new_session=True
        )
    try:
        _wait_for_server(lab, server, log)
        yield lab
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # a process group of our own: the server and its kernels
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


@dataclass
class Notebook:
    """A notebook open in a page. errors: what the browser's console complained of, and we are to blame for."""

    lab: Lab
    page: Page
    errors: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, lab: Lab, context: BrowserContext, name: str, width: int = 1280, subshells: bool = True) -> Notebook:
        """A page of its own; the kernel is that of an earlier page on the same notebook, if there is one."""
        lab.set_subshells(subshells)
        notebook = cls(lab, context.new_page())
        page = notebook.page
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.on("pageerror", lambda error: notebook._complain(str(error)))
        page.on("console", lambda message: notebook._complain(message.text) if message.type == "error" else None)
        page.goto(f"{lab.url}/lab/tree/{name}?reset&token={lab.token}")  # reset: no tabs of an earlier session
        page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").wait_for(timeout=KERNEL * 1000)
        # The toolbar says idle before there is a kernel, and Run All would then ask for one: the server knows better.
        end = time.monotonic() + KERNEL
        while not any(k["execution_state"] == "idle" and k["connections"] > 0 for k in lab.kernels(name)):
            assert time.monotonic() < end, f"no idle kernel in {KERNEL:.0f} s"
            time.sleep(0.2)
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=KERNEL * 1000)
        return notebook

    def run_all(self) -> None:
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    def run(self, place: int) -> Locator:
        """Run one code cell, by its place among them; the cell."""
        cell = self.page.locator(".jp-CodeCell").nth(place)
        cell.locator(".jp-InputArea-editor").click(position={"x": 5, "y": 5})
        self.page.keyboard.press("Control+Enter")
        return cell

    def pictures(self, stem: Path) -> None:
        """The whole page, from the first cell to the last, at 1280 and at 1920 pixels: `stem-1280.png`, …; what is
        higher than Chromium paints goes on in `stem-1280-2.png`. Only where `$LAB_PICTURES` is set, as `make test-full`
        does: painting all of it takes longer than most of what is tested.

        JupyterLab scrolls inside the page, so the window is made as high as what it scrolls.
        """
        if not os.environ.get("LAB_PICTURES"):
            return
        before = self.page.viewport_size
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            high = int(self.page.evaluate(f"() => {SCROLLED}.querySelector('.jp-WindowedPanel-inner').scrollHeight"))
            window = min(MOST_HIGH, high + BARS)
            self.page.set_viewport_size({"width": width, "height": window})
            for part, top in enumerate(range(0, high, window - BARS), 1):
                self.page.evaluate(f"top => {{ {SCROLLED}.scrollTop = top; }}", top)
                number = f"-{part}" if part > 1 else ""
                self.page.screenshot(path=stem.with_name(f"{stem.name}-{width}{number}.png"), timeout=30_000)
        if before:
            self.page.set_viewport_size(before)

    def cell(self, words: str) -> Locator:
        """The code cell whose source holds these words."""
        return self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea-editor", has_text=words)).first

    def outputs(self) -> Locator:
        return self.page.locator(".jp-OutputArea-output")

    def _complain(self, words: str) -> None:
        if not any(known in words for known in NOT_OURS):
            self.errors.append(words)


def _wait_for_server(lab: Lab, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        assert server.poll() is None, f"JupyterLab ended: {log.read_text(encoding='utf-8')[-2000:]}"
        try:
            lab.kernels()
            return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"JupyterLab did not answer in {START:.0f} s: {log.read_text(encoding='utf-8')[-2000:]}")


def _write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
