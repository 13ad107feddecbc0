"""Progress bars for a terminal or notebook: the events of a distillation, drawn by tqdm with the time left."""

from __future__ import annotations

from types import TracebackType

from tqdm.auto import tqdm

from lab.preparation import Looked, Stage
from lab.training import Event, Finished, Probed, Progress


class ProgressBars:
    """A listener for `distill(listen=…)`. Use as a context manager; it closes its last bar."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._name = ""

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __call__(self, event: Event | Stage | Looked) -> None:
        if isinstance(event, Stage):
            self._show(event.name, event.done, event.total)
        elif isinstance(event, Progress):
            bar = self._show("training", event.step, event.steps)
            if event.gradients:
                norms = ", ".join(f"{name} {norm:.2g}" for name, norm in event.gradients.items())
                tqdm.write(f"gradient norm of each term on the student's query vectors: {norms}")
            if event.step % 20 == 0:
                bar.set_postfix_str(f"loss {event.loss:.3f}, {event.texts_per_second:.0f} texts/s", refresh=False)
        elif isinstance(event, Probed) and event.best:
            tqdm.write(f"step {event.step}: overlap@10 with the teacher on held-out texts {event.score:.3f}")
        elif isinstance(event, Finished):
            self._close()

    def _show(self, name: str, done: int, total: int) -> tqdm:
        if self._bar is None or name != self._name:
            self._close()
            self._bar, self._name = tqdm(total=total or None, desc=name, unit="" if total else "it"), name
        self._bar.update(done - self._bar.n)
        return self._bar

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
