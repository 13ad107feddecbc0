"""What an experiment is: a named change of the settings, a question before it and an answer after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.config import DistillConfig
from lab.errors import LabError
from lab.figures.trials import Trial
from lab.losses import LossWeights

USUAL, FREE = "usual", "free"  # the run all others are compared with; the one whose knobs the reader sets

MATCHING = (1.0, 0.0, 0.2, 5.0)  # weights of the loss on the queries' vectors
SCORES = (0.0, 0.2, 1.0, 5.0)  # of the loss on the scores of the batch, and of that on the scores of the index
TEMPERATURES = (0.05, 0.01, 0.02, 0.2, 1.0)  # of both score losses
SIZES = ("tenth", "twentieth", "quarter")
DISTANCES = ("norm", "squared", "cosine")
FACTORS: Mapping[str, float] = {"usual": 1.0, "× 8": 8.0, "× 2": 2.0, "½ ×": 0.5, "⅛ ×": 0.125}
LENGTHS: Mapping[str, float] = {"usual": 1.0, "half": 0.5}  # none takes longer than the usual run
FEWEST = 3  # looks of the shortest run: the start, one on the way, the end
KNOBS: Mapping[str, tuple[str, Sequence[Any]]] = {  # argument of `free` → what it is called, its positions
    "size": ("size", SIZES),
    "distance": ("distance", DISTANCES),
    "matching": ("weight of matching", MATCHING),
    "score": ("of the batch's scores", SCORES),
    "index_score": ("of the index's scores", SCORES),
    "temperature": ("temperature", TEMPERATURES),
    "rate": ("rate", tuple(FACTORS)),
    "steps": ("steps", tuple(LENGTHS)),
}


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
    usual: DistillConfig,
    size: str = SIZES[0],
    distance: str = DISTANCES[0],
    matching: float = MATCHING[0],
    score: float = SCORES[0],
    index_score: float = SCORES[0],
    temperature: float = TEMPERATURES[0],
    rate: str = "usual",
    steps: str = "usual",
) -> Experiment:
    """The experiment of eight knobs.

    Args:
        size: name of a student.
        distance: of the matching loss.
        matching, score, index_score: weights of the losses on vectors, on scores of the batch, of the index.
        temperature: divides the scores; where both score losses are 0 it changes nothing.
        rate, steps: keys of `FACTORS` and `LENGTHS`; fewer steps are looked at less often.

    Raises:
        KeyError: no such rate or number of steps.
        LabError: settings with which nothing can be learnt.
    """
    try:
        losses = LossWeights(
            query_matching=matching, score=score, index_score=index_score, temperature=temperature,
            distance=distance,  # type: ignore[arg-type]
        )  # fmt: skip
    except ValueError as error:
        raise LabError(f"free: {error}") from error
    return Experiment(FREE, {
        "student": size, "losses": losses,
        "rate": usual.rate * FACTORS[rate], "epochs": usual.epochs * LENGTHS[steps],
        "probes": fewer_probes(usual.probes, LENGTHS[steps]),
    })  # fmt: skip


def fewer_probes(probes: int, share: float) -> int:
    """Of so many looks, as many as a run of a share of the steps may spend the same share of its time on."""
    return min(probes, max(FEWEST, round(probes * share)))


def differences(usual: DistillConfig, here: DistillConfig) -> dict[str, str]:
    """Setting → "usual → here", of all settings in which two configs differ."""
    a, b = (_flat(dataclasses.asdict(config)) for config in (usual, here))
    return {name: f"{a[name]} → {b[name]}" for name in a if a[name] != b[name]}


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in settings.items():
        out |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {above + name: value}
    return out
