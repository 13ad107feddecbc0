"""What a cross encoder is and how it is trained, in one frozen place."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from lab.errors import LabError
from lab.settings import check_kinds, known_settings

Scorer = Literal["cls", "dual"]
Pooled = Literal["content", "specials"]


@dataclass(frozen=True)
class CrossConfig:
    """One cross encoder. Same config, same data and same machine: same weights.

    Raises:
        LabError: a setting outside its range; the message says what is allowed.
    """

    scorer: Scorer = "dual"  # "cls": a linear map of the first token; "dual": ⟨query segment, document segment⟩
    pooled: Pooled = "content"  # dual: tokens of a segment alone, or with the separator behind it as well
    length: int = 256  # tokens of a pair, special ones included; the longer segment is cut first
    training_length: int = 112  # the same while training: short pairs are cheap
    layers: int = 2  # how many of the last layers change; those below stay the encoder's
    rank: int = 32  # of the change of each matrix in them (LoRA, arXiv 2106.09685)
    temperature: float = 0.05  # dual: divides the cosine in the loss; the scores of cls find their own scale
    negatives: int = 3  # hard ones a query, from the first `depth` of the teacher that are not relevant
    depth: int = 50
    epochs: float = 1.0
    batch: int = 4  # queries a step, each with 1 + negatives documents
    rate: float = 1e-3  # AdamW's peak; falls to 0 along a cosine
    warmup: float = 0.06  # share of the steps in which the rate rises
    clip: float = 1.0
    seed: int = 0  # of the low-rank start, of the drawn negatives and of the order
    precision: str = "auto"

    def __post_init__(self) -> None:
        check_kinds(self)
        for name, kind in (("scorer", Scorer), ("pooled", Pooled)):
            if getattr(self, name) not in get_args(kind):
                raise LabError(f"{name}={getattr(self, name)!r}: choose one of {', '.join(map(repr, get_args(kind)))}")
        for name, least in (
            ("layers", 1),
            ("rank", 1),
            ("negatives", 1),
            ("depth", 1),
            ("batch", 1),
            ("length", 8),
            ("training_length", 8),
        ):
            if getattr(self, name) < least:
                raise LabError(f"{name}={getattr(self, name)}: must be at least {least}")
        for name in ("temperature", "epochs", "rate", "clip"):
            if not getattr(self, name) > 0:
                raise LabError(f"{name}={getattr(self, name)}: must be greater than 0")
        if not 0 <= self.warmup < 1:
            raise LabError(f"warmup={self.warmup}: a share of the steps, 0 up to but not including 1")

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=1)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CrossConfig:
        """Read what `to_json` wrote, parsed.

        Raises:
            LabError: a key this version does not know.
        """
        return cls(**known_settings(cls, values, "settings"))
