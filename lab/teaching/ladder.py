"""The paper's ablation as settings: each rung is the one below it and one thing more.

What the lab's ladder leaves out or does otherwise than EmbedDistill (arXiv 2301.12005), in all rungs alike: one encoder
serves as both towers where the student has documents of its own; generated queries keep their source's document as
label and so feed all terms, where the paper's feed matching alone; students are far smaller than a BERT-mini.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lab.config import PAPER
from lab.losses import LossWeights
from lab.losses.total import TERMS

OBSERVED, GENERATED, SENTENCES = "observed", "generated", "sentences"
_ONE_HOT = {"one_hot": 1.0, "query_matching": 0.0}
_SCORES = _ONE_HOT | {"score": 1.0}
_ALL = _SCORES | {"query_matching": 1.0}


@dataclass(frozen=True)
class Rung:
    """losses: weights that differ from the default · documents: as in the config · texts: which extra ones there are"""

    losses: Mapping[str, Any]
    documents: str = "inherited"
    texts: str = OBSERVED

    def changes(self) -> dict[str, Any]:
        """What it changes of a `DistillConfig`."""
        return {"losses": replace(LossWeights(), **self.losses), "documents": self.documents}

    def settings(self) -> dict[str, Any]:
        """Everything a rung sets, term by term: what two rungs are compared by."""
        losses = self.changes()["losses"]
        return {**{term: getattr(losses, term) for term in TERMS}, "documents": self.documents, "texts": self.texts}


RUNGS: Mapping[str, Rung] = {
    "direct": Rung(_ONE_HOT, "own"),
    "+ scores": Rung(_SCORES, "own"),
    "+ inherited documents": Rung(_SCORES),
    "+ query matching": Rung(_ALL),
    "+ generated queries": Rung(_ALL, texts=GENERATED),
}
BESIDE: Mapping[str, Rung] = {
    "as many sentences instead": Rung(_ALL, texts=SENTENCES),
    "matching alone": Rung({}),
}
ARMS: Mapping[str, Rung] = {**RUNGS, **BESIDE}
# the pairs that differ in one thing: each rung and the one before it; generation at equal texts; matching and all terms
STEPS: Sequence[tuple[str, str]] = (
    *zip(list(RUNGS)[:-1], list(RUNGS)[1:], strict=True),
    ("as many sentences instead", "+ generated queries"),
    ("+ query matching", "matching alone"),
)

# Share of the teacher, from Recall@5 on NQ dev (teacher 72.3) and MRR@10 on MSMARCO retrieval (teacher 37.2), students
# of 11.3M parameters. As a secondary source reports them; not checked against the paper.
REPORTED: Mapping[str, Mapping[str, float]] = {
    "NQ": {rung: value / 72.3 for rung, value in zip(RUNGS, (24.8, 44.3, 56.3, 61.2, 64.3), strict=True)},
    "MSMARCO": {rung: value / 37.2 for rung, value in zip(RUNGS, (18.6, 28.6, 30.3, 35.4, 34.8), strict=True)},
}


def differences(below: str, above: str) -> dict[str, tuple[Any, Any]]:
    """What changes from one arm to another: setting → (there, here)."""
    there, here = ARMS[below].settings(), ARMS[above].settings()
    return {name: (there[name], here[name]) for name in there if there[name] != here[name]}


@dataclass(frozen=True)
class Preset:
    """settings: of a `DistillConfig` · source: where the idea comes from · departures: what is not as there"""

    settings: Mapping[str, Any]
    source: str
    departures: tuple[str, ...] = field(default=())


PRESETS: Mapping[str, Preset] = {
    "QED-like": Preset(
        {**PAPER, "losses": LossWeights(), "documents": "inherited"},
        "arXiv 2306.11550: query matching alone, a student of the teacher's own layers",
        ("one layer, the last, instead of the first and the last ones", "a factorised token table",
         "the norm, not its square"),
    ),
    "LEAF-like": Preset(
        {**PAPER, "losses": LossWeights(document_matching=1.0), "documents": "own", "batch": 32},
        "arXiv 2509.12539: the norm on queries and documents, no labels, small batches",
        ("rate falls along one cosine, not in cycles", "first words of a document, not all"),
    ),
    "EmbeddingGemma-like": Preset(
        {
            **PAPER, "losses": LossWeights(one_hot=1.0, document_matching=1.0, negative_matching=1.0, spread_out=1.0),
            "documents": "own", "hard_negatives": 1,
        },
        "arXiv 2509.20354: matching on queries, documents and hard negatives, contrast, spread-out",
        ("no encoder-decoder start, no averaging of checkpoints", "our weights", "negatives mined by this teacher"),
    ),
}  # fmt: skip


def told_steps(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The steps of a block of docs/ladder.json in words, a row each.

    A step counts where its interval, at the level Holm's correction leaves it, does not hold 0. Where a secondary
    source reports a gain for the same step, its sign is compared with that of a step that counts.
    """
    rows = []
    for step in steps:
        row = {
            "step": f"{step['from']} → {step['to']}",
            "gain, share of the teacher": f"{step['gain']:+.3f} [{step['low']:+.3f}, {step['high']:+.3f}]",
            "Holm's p": f"{step['p']:.2g}",
            "beyond the interval": "yes" if counts(step) else "no",
        }
        for name, reported in REPORTED.items():
            known = step["from"] in reported and step["to"] in reported
            row[name] = _beside(step, reported[step["to"]] - reported[step["from"]]) if known else "not reported"
        rows.append(row)
    return rows


def counts(step: Mapping[str, float]) -> bool:
    """Its interval does not hold 0."""
    return step["low"] > 0 or step["high"] < 0


def _beside(step: Mapping[str, float], reported: float) -> str:
    agrees = "undecided here" if not counts(step) else "same sign" if step["gain"] * reported > 0 else "other sign"
    return f"{reported:+.3f}, {agrees}"
