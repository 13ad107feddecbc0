"""One JupyterLab and one Chromium for all tests of a worker; every notebook still has a kernel of its own.

Starting them takes longer than most of what is tested. Each test gets pages, and its kernels end with it. The pages
share one browser context: JupyterLab's scripts are fetched once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser.jupyter import FLAGS, Lab, Notebook, jupyterlab

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out" / "browser"  # screenshots and the server's log; git ignores it
# More steps than anybody waits for, on the slowest machine and the fastest: Stop ends every training
WATCHED = {"LAB_PANELS": "live", "LAB_LIVE_SECONDS": "60", "LAB_PACE": "12.5"}
Open = Callable[..., Notebook]


@pytest.fixture(scope="session")
def out() -> Path:
    OUT.mkdir(parents=True, exist_ok=True)
    return OUT


@pytest.fixture(scope="session")
def lab(out: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Lab]:
    """A server over an empty folder: a test writes its notebook there. `../docs` is where notebooks expect it."""
    home = tmp_path_factory.mktemp("lab")
    (home / "docs").symlink_to(ROOT / "docs", target_is_directory=True)
    (home / "notebooks").mkdir()
    with jupyterlab(home / "notebooks", out / f"jupyterlab-{worker_id}.log", **WATCHED) as running:
        yield running


@pytest.fixture(scope="session")
def context(chromium: str) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        yield started.new_context()
        started.close()


@pytest.fixture
def opened(lab: Lab, context: BrowserContext) -> Iterator[Open]:
    """opened(name, …): `Notebook.open` of a notebook in the server's folder. Afterwards page and kernel are gone."""
    pages = []

    def open_one(name: str, **more: int | bool) -> Notebook:
        pages.append(Notebook.open(lab, context, name, **more))  # type: ignore[arg-type]
        return pages[-1]

    yield open_one
    for notebook in pages:
        notebook.page.close()
    lab.end_kernels()
