"""How every panel shows itself: its widgets where panels are live, else its static twin and what is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from lab.panels.errands import Errands

STILL = "Run this cell for the live panel."  # what a committed notebook says in the panel's place


class Shown:
    """Base of the panels.

    panel: the widgets, None where panels are static · errands: what its controls asked for and is not done yet
    """

    panel: widgets.VBox | None = None

    def figure(self) -> Any:
        """The static twin."""
        raise NotImplementedError

    def _twin(self) -> tuple[Any, ...]:
        """What stands in the widgets' place."""
        return (self.figure(),)

    def _besides(self) -> str:
        """What else there is to say below it; asked first, so that a panel may wait for what it is going to show."""
        return ""

    @cached_property
    def errands(self) -> Errands:
        return Errands()

    @cached_property
    def _setting(self) -> set[int]:
        """Threads that set controls from code: what they report to these is known already."""
        return set()

    def _put(self, call: Callable[..., Any], *arguments: Any) -> None:
        """For callbacks: have it done, unless the control was set from code, where all is known already."""
        if threading.get_ident() not in self._setting:
            self.errands.put(call, *arguments)

    @contextmanager
    def _silently(self) -> Iterator[None]:
        """While controls are set from code."""
        self._setting.add(threading.get_ident())
        try:
            yield
        finally:
            self._setting.discard(threading.get_ident())

    def _ipython_display_(self) -> None:
        if self.panel is not None:
            display(self.panel)
            return
        words = self._besides()
        for part in self._twin():
            display(part)
        display({"text/plain": f"{words}. {STILL}" if words else STILL}, raw=True)
