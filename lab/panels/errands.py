"""What controls ask for: put on a queue by a callback, done in order by a thread of its own.

A callback keeps the kernel, or the subshell it came in, from hearing the next one. So it only puts down what is wanted
and returns; a slider that is dragged asks faster than anyone can draw, and of several requests of one kind only the
newest is done.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Hashable
from typing import Any


class Errands:
    """A queue of calls. Its thread lives while there is something to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[Hashable, tuple[Any, ...]] = {}  # call → arguments, the oldest first
        self._at_work = False
        self._done = threading.Event()
        self._done.set()

    def put(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Do `call(*arguments)` soon, behind what was asked for before; returns at once.

        Args:
            call: a function or bound method; the same one that still waits is dropped for it.
        """
        with self._lock:
            self._asked.pop(call, None)
            self._asked[call] = arguments
            self._done.clear()
            if self._at_work:
                return
            self._at_work = True
        threading.Thread(target=self._work, daemon=True, name="errands").start()

    def settle(self, seconds: float | None) -> bool:
        """Wait until nothing is left to do; False if that takes longer. None: however long it takes."""
        return self._done.wait(seconds)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._at_work = False
                    self._done.set()
                    return
                call: Any = next(iter(self._asked))
                arguments = self._asked.pop(call)
            try:
                call(*arguments)
            except Exception:  # nobody waits for it; the next one is still to be done
                traceback.print_exc()
