"""What an experiment is: a named change of the settings, a question before it and an answer after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.config import DistillConfig
from lab.figures.trials import Trial
from lab.losses import LossWeights

USUAL, FREE = "usual", "free"  # the run all others are compared with; the one whose knobs the reader sets

LOSSES: Mapping[str, Mapping[str, float]] = {
    "matching": {"query_matching": 1.0},
    "scores": {"query_matching": 0.0, "score": 1.0},
    "matching + scores": {"query_matching": 1.0, "score": 1.0},
    "matching + scores over the index": {"query_matching": 1.0, "index_score": 1.0},
}
SIZES = ("tenth", "twentieth", "quarter")
DISTANCES = ("norm", "squared", "cosine")
FACTORS: Mapping[str, float] = {"usual": 1.0, "× 8": 8.0, "× 2": 2.0, "½ ×": 0.5, "⅛ ×": 0.125}
LENGTHS: Mapping[str, float] = {"usual": 1.0, "half": 0.5, "a quarter": 0.25}  # none takes longer than the usual run


@dataclass(frozen=True)
class Experiment:
    """changes: settings of a `DistillConfig` · choices: what can be predicted; empty where nothing is asked
    ask: (the reader's letter, what was measured) → HTML; what was measured is None before the run
    measure: (this run, the usual run) → the number that decides; None where there is none
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    ask: Callable[[str | None, float | None], str] = lambda choice, measured: ""
    measure: Callable[[Trial, Trial], float | None] = lambda here, usual: None

    def config(self, usual: DistillConfig) -> DistillConfig:
        """The usual settings with this experiment's changes."""
        return dataclasses.replace(usual, **self.changes)


def free(
    usual: DistillConfig, size: str, distance: str, loss: str, rate: str = "usual", steps: str = "usual"
) -> Experiment:
    """The experiment of five knobs, each a key of the tables above.

    Raises:
        KeyError: no such position of a knob.
    """
    losses = LossWeights(**LOSSES[loss], distance=distance)  # type: ignore[arg-type]
    return Experiment(FREE, {
        "student": size, "losses": losses,
        "rate": usual.rate * FACTORS[rate], "epochs": usual.epochs * LENGTHS[steps],
    })  # fmt: skip


def differences(usual: DistillConfig, here: DistillConfig) -> dict[str, str]:
    """Setting → "usual → here", of all settings in which two configs differ."""
    a, b = (_flat(dataclasses.asdict(config)) for config in (usual, here))
    return {name: f"{a[name]} → {b[name]}" for name in a if a[name] != b[name]}


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in settings.items():
        out |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {above + name: value}
    return out
