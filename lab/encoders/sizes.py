"""How large a student is: names and shares of the teacher, sizes given by hand, and how a budget is divided."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab.encoders.anatomy import Shape
from lab.errors import LabError, ModelError
from lab.settings import check_kinds

SIZES = {"half": 2.0, "quarter": 4.0, "tenth": 10.0, "twentieth": 20.0}  # teacher's parameters / student's, at least
_SHARE = re.compile(r"1/(\d+(?:\.\d+)?)")  # a size between those that have a name
NEARLY_ALL = 0.87  # of the tokens wanted, where more would be held at the cost of width
POSITIONS = 256  # longest query, in tokens; position vectors cost E each


def ratio_of(wanted: str) -> float | None:
    """Teacher's parameters over the student's, of a name of `SIZES` or of a share like "1/6"; None where it is neither.

    Raises:
        ModelError: a share that is not smaller than the teacher.
    """
    ratio = SIZES.get(wanted)
    if ratio is None and (share := _SHARE.fullmatch(wanted)):
        ratio = float(share[1])
        if ratio <= 1:
            raise ModelError(f"student={wanted!r} would be no smaller than its teacher: say 1/2, 1/6 or the like")
    return ratio


def cut_out(wanted: str | Path | Plan) -> bool:
    """True for a student that is cut out of its teacher, False for a model of its own, by path or hub id."""
    return isinstance(wanted, Plan) or ratio_of(str(wanted)) is not None


@dataclass(frozen=True)
class Plan:
    """The sizes of a student: given by hand in place of a named size, or by `plan`.

    Raises:
        LabError: a size below 1, or layers that are none, negative or not increasing.
    """

    layers: tuple[int, ...]  # the teacher's layers that are kept, increasing, counted from 0
    intermediate: int  # feed-forward units kept in each
    embedding: int  # E, width of the token table
    vocabulary: int  # tokens kept, at most; more where more cannot be left out, see `vocabulary.bounds`

    def __post_init__(self) -> None:
        check_kinds(self)
        if not self.layers or min(self.layers) < 0 or list(self.layers) != sorted(set(self.layers)):
            raise LabError(f"layers={self.layers!r}: the teacher's layers that are kept, increasing, counted from 0")
        for name in ("intermediate", "embedding", "vocabulary"):
            if getattr(self, name) < 1:
                raise LabError(f"{name}={getattr(self, name)}: must be at least 1")

    def __str__(self) -> str:
        kept = ", ".join(map(str, self.layers))
        return f"layers {kept} × {self.intermediate}, table {self.vocabulary:,} × {self.embedding}"

    def check(self, teacher: Shape) -> None:
        """Can it be cut out of this teacher?

        Raises:
            ModelError: more layers, feed-forward units or table width than it has.
        """
        if self.layers[-1] >= teacher.layers:
            raise ModelError(f"the teacher's layers are 0 to {teacher.layers - 1}, and {self} keeps {self.layers[-1]}")
        for name, most in (("intermediate", teacher.intermediate), ("embedding", teacher.hidden - 1)):
            if getattr(self, name) > most:
                raise ModelError(f"{name}={getattr(self, name)}: {most} at most, cut out of this teacher")


def plan(
    teacher: Shape, teacher_parameters: int, ratio: float, tokens_seen: int, least: int = 0, layer_share: float = 0.40,
    every_word: int = 0,
) -> Plan:  # fmt: skip
    """Divide a budget of teacher_parameters/ratio between layers and token table.

    Args:
        tokens_seen: different tokens in the corpus; a larger table would be wasted.
        least: tokens that cannot be left out of the table, see `vocabulary.bounds`.
        layer_share: share of the budget for layers. Chosen on wiki by label-free fidelity: a wide table with one
            layer beats a narrow one with two at equal size and time (docs/recipe.md).
        every_word: tokens that the table is to hold, or nearly all, seen or not, as the teacher has so many words; but
            no more than twice as many as were seen (a multilingual teacher knows many that this corpus never brings).
            Where they do not fit in a sixth of the teacher's width feed-forward units give way. 0: those seen do.

    Raises:
        ModelError: the budget is too small for one layer, however narrow, and a token table.
    """
    budget = teacher_parameters / ratio
    layer = _layer_cost(teacher.hidden, teacher.intermediate // 16)
    if layer > 0.7 * budget:
        raise ModelError(
            f"1/{ratio:g} of {teacher_parameters:,} parameters leaves no room for a token table beside one layer"
            f" ({layer:,} at its narrowest). Take a larger student, or a checkpoint of your own"
        )
    for_layers = max(layer_share * budget, layer)
    count = int(np.clip(for_layers // _layer_cost(teacher.hidden, teacher.intermediate // 2), 1, teacher.layers))
    units = (for_layers / count - _layer_cost(teacher.hidden, 0)) / (2 * teacher.hidden + 1)
    intermediate = int(min(teacher.intermediate, units // 64 * 64)) or 64
    # the widest table that still has a vector of its own for nearly all tokens of the corpus: names are rare tokens
    wanted = max(NEARLY_ALL * min(teacher.vocabulary, tokens_seen), least)
    for share in (1, NEARLY_ALL):
        tokens = share * min(every_word, 2 * tokens_seen)
        if tokens and (units := _giving_way(teacher, budget, count, intermediate, tokens)):
            wanted, intermediate = max(tokens, least), units
            break
    for_table = budget - count * _layer_cost(teacher.hidden, intermediate)
    widths = range(8, 2 * teacher.hidden // 3 + 1, 8)  # wider ones cost parameters and bring the student no nearer
    usual = [width for width in widths if width >= teacher.hidden // 12]
    fitting = [width for width in usual if _tokens_for(for_table, width, teacher.hidden) >= wanted]
    # narrower than that only where nothing else holds what cannot be left out
    holding = [width for width in widths if _tokens_for(for_table, width, teacher.hidden) >= least]
    if not holding:
        raise ModelError(
            f"1/{ratio:g} of {teacher_parameters:,} parameters leaves no room for {least:,} tokens that cannot be left"
            " out (single letters; all of BPE's, which are made of each other). Take a larger student, or a checkpoint"
            " of your own"
        )
    embedding = max(fitting, default=min(usual[0], max(holding)))
    vocabulary = min(teacher.vocabulary, _tokens_for(for_table, embedding, teacher.hidden))
    return Plan(tuple(range(teacher.layers - count, teacher.layers)), intermediate, embedding, vocabulary)


def _giving_way(teacher: Shape, budget: float, count: int, intermediate: int, wanted: float) -> int:
    """The most feed-forward units beside which so many tokens fit in a sixth of the width; 0 where none are few enough.
    """
    for units in range(intermediate, 0, -64):
        for_table = budget - count * _layer_cost(teacher.hidden, units)
        if _tokens_for(for_table, teacher.hidden // 6, teacher.hidden) >= wanted:
            return units
    return 0


def _layer_cost(hidden: int, intermediate: int) -> int:
    return 4 * (hidden * hidden + hidden) + 2 * hidden * intermediate + intermediate + hidden + 4 * hidden


def _tokens_for(parameters: float, width: int, hidden: int) -> int:
    fixed = (width + 1) * hidden + (POSITIONS + 1 + 2) * width
    return int((parameters - fixed) // width)
