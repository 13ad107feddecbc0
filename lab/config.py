"""Everything a distillation depends on, in one frozen place. It is saved beside every result."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any

from lab.collection.texts import TextMix
from lab.encoders.sizes import Plan
from lab.encoders.vocabulary import TABLES
from lab.errors import LabError
from lab.losses import LossWeights
from lab.settings import check_kinds, known_settings

# the method as the paper states it, without what this lab's recipe adds: what studies of the method itself begin with
PAPER: dict[str, Any] = {"document_pull": 0.0, "layer_rate": 1.0, "table": "corpus"}
_WANTED = {"student": "a size, a model, or a Plan", "texts": "a TextMix", "losses": "LossWeights"}


@dataclass(frozen=True)
class DistillConfig:
    """One distillation. Same config and same machine: same student, bit for bit.

    Raises:
        LabError: a field holds a value that is no choice, no number or out of range; or two do not go together.
    """

    collection: str = "wiki"  # a shipped name, a folder in BEIR layout, or irds:<id>
    teacher: str = "default"  # a folder, a hub id, or the embedded all-MiniLM-L6-v2
    student: str | Plan = "tenth"  # half … twentieth, a share like "1/6", a Plan; or an encoder's path or hub id
    start: str = "teacher"  # "teacher": cut out of it; "random": the same architecture, freshly initialised
    table: str = "auto"  # tokens with a vector: the "corpus"'s, or others of the "teacher" too; "auto": see table_for
    seed: int = 0  # of factorisation, or of a random start, and of batches
    queries: str = (
        "documents"  # "documents": texts made from documents alone; "train": the train split's queries as well
    )
    documents: str = (
        "inherited"  # "inherited": the teacher's document vectors, frozen; "own": the student encodes documents
    )
    texts: TextMix = field(default_factory=TextMix)  # how many texts of which kind a document gives
    at_least: int = 40_000  # texts; fewer are repeated to half of it and general ones of the shipped wiki added; 0: not
    generated: int = 0  # queries made by noise of each train query (queries="train"); none: see docs/recipe.md
    sigma: float = 0.75  # of that noise, in units of the RMS of the encoder's states
    unseen: tuple[str, ...] = ()  # ids of documents that give no training text; they stay in the index
    observed: int = 20_000  # texts the teacher reads to find what each token is on average at the student's first layer
    losses: LossWeights = field(default_factory=LossWeights)  # matching on queries alone unless said otherwise
    document_pull: float = 0.6  # how far a text's target is drawn to its own document, see lab.targets; 0: not at all
    hard_negatives: int = 0  # per text, the teacher's best but its own; for score, margin, one-hot, negative matching
    epochs: float = 2.0  # passes over the texts
    batch: int = 64  # texts a step
    rate: float = 2e-3  # AdamW's peak learning rate; falls to 0 along a cosine
    layer_rate: float = 0.3  # share of the rate for layers cut out of the teacher; the token table moves at all of it
    warmup: float = 0.03  # share of the steps in which the rate rises
    weight_decay: float = 0.01  # on matrices; not on biases and norms
    clip: float = 1.0  # largest gradient norm
    probes: int = 24  # times the student is looked at, log-spaced over the steps; the best look is kept
    select: bool = True  # False keeps the last step whatever the probes say
    device: str = "auto"  # CUDA, then MPS, then CPU
    precision: str = "auto"  # bfloat16 where the processor has it natively, else float32
    static: bool = True  # also train the zero-layer student that every report stands beside

    def __post_init__(self) -> None:
        check_kinds(self)
        for name, allowed in (
            ("start", ("teacher", "random")),
            ("table", TABLES),
            ("queries", ("documents", "train")),
            ("documents", ("inherited", "own")),
        ):
            if getattr(self, name) not in allowed:
                raise LabError(f"{name}={getattr(self, name)!r}: choose one of {', '.join(map(repr, allowed))}")
        for name, kinds in (("student", (str, Plan)), ("texts", TextMix), ("losses", LossWeights)):
            if not isinstance(value := getattr(self, name), kinds):
                raise LabError(f"{name}={value!r}: must be {_WANTED[name]}")
        for name in ("seed", "hard_negatives", "at_least"):
            if getattr(self, name) < 0:
                raise LabError(f"{name}={getattr(self, name)}: must be at least 0")
        if not math.isfinite(self.epochs):
            raise LabError(f"epochs={self.epochs}: must be finite")
        for name in ("epochs", "batch", "rate", "clip", "probes", "observed"):
            if not getattr(self, name) > 0:
                raise LabError(f"{name}={getattr(self, name)}: must be greater than 0")
        for name in ("document_pull", "layer_rate"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise LabError(f"{name}={getattr(self, name)}: a finite number of at least 0")
        if self.generated < 0 or not self.sigma >= 0:
            raise LabError(f"generated={self.generated}, sigma={self.sigma}: both are 0 or more")
        if self.generated and self.queries != "train":
            raise LabError(
                f"generated={self.generated} queries are made of observed ones, and queries={self.queries!r} observes"
                " none: say queries='train', or generated=0"
            )
        if not 0 <= self.warmup < 1:
            raise LabError(f"warmup={self.warmup}: a share of the steps, 0 up to but not including 1")

    def told(self) -> dict[str, Any]:
        """All settings, for a study that knows its runs again by them. A setting that came later is left out where it
        has its default, and the σ of queries that are not made is the default of before: runs which neither would have
        changed are still theirs.
        """
        every = _as_before(dataclasses.asdict(self), _LATER) | ({} if self.generated else {"sigma": _SIGMA_BEFORE})
        return every | {"texts": _as_before(every["texts"], _LATER_TEXTS)}

    def digest(self, *more: str) -> str:
        """Twelve digits of what is `told`, and of `more`, say, texts."""
        return hashlib.sha256("\0".join([json.dumps(self.told(), indent=2), *more]).encode()).hexdigest()[:12]

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> DistillConfig:
        """Read what `to_json` wrote.

        Raises:
            LabError: no JSON object, or a key this version does not know.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise LabError(f"the config is no JSON ({error}); write one with DistillConfig().to_json()") from error
        if not isinstance(values, dict):
            raise LabError(f"the config is a {type(values).__name__}, not an object of settings by name")
        if isinstance(values.get("config"), dict):  # a student's lab.json
            values = values["config"]
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> DistillConfig:
        """From what `dataclasses.asdict` made, lists in place of tuples as JSON has them; a setting left out is usual.

        Raises:
            LabError: a key this version does not know, also inside `texts` or `losses`, or a value that is not allowed.
        """
        values = known_settings(cls, values, "settings")
        for name, kind in (("texts", TextMix), ("losses", LossWeights), ("student", Plan)):
            if isinstance(values.get(name), dict):
                values[name] = kind(**known_settings(kind, values[name], f"settings of {name}"))
        return cls(**values)


# settings, and those of `texts`, that came after the first stored studies, with the values that change nothing in them
_LATER, _LATER_TEXTS, _SIGMA_BEFORE = {"at_least": 40_000, "table": "corpus"}, {"names": 0}, 1.0


def _as_before(settings: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in later or value != later[name]}
