"""What the loop tells while it runs. Whoever listens draws bars, figures or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """After a step. Gradient norms of the terms come with the first step of a combined loss."""

    step: int
    steps: int
    loss: float
    texts_per_second: float
    seconds_left: float
    terms: dict[str, float] = field(default_factory=dict)
    gradients: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Probed:
    """The student was looked at: `score` is what selection goes by, larger is better."""

    step: int
    score: float
    best: bool


@dataclass(frozen=True)
class Finished:
    """The end: the model now holds the weights of `best_step`."""

    step: int
    best_step: int
    stopped: bool
    seconds: float
    before: float = 0.0  # of these seconds, those before the run was interrupted and taken up again


Event = Progress | Probed | Finished
