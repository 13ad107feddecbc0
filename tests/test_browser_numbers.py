"""Numbers that the browser tests hold twice, so as not to import the lab in a process that only drives a page."""

from __future__ import annotations

from lab.figures.dartboard import LOST
from lab.panels.live import WATCHING
from tests.browser import panels, theatre


def test_they_are_those_of_the_lab() -> None:
    assert panels.WATCHING == WATCHING
    assert theatre.LOST == LOST
