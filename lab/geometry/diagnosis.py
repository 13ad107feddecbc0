"""From gauges to the likely illness of a student, and the gauge that gives it away.

Few gauges tell the seven cases of the clinic apart. Two illnesses leave a mark of their own (targets that are off, no
negative numbers); the others are told by two gauges together, as a collapse by a spread near 1 although the loss fell.
So the order counts: read the rules from the top, the first that fits is the answer, for a student can have more than
one fault and the upper ones hide the lower. The bounds lie between what the clinic's own runs measured, and name the
same runs with another seed rightly too (data/artefacts/clinic.py, seeds 0 and 1); they are no law for other teachers,
other sizes or longer runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lab.errors import LabError

GAUGES = {
    "training loss": "mean ‖t − s‖ of the last batches, as training sees it",
    "loss before": "the same over the first batches",
    "mean distance": "mean ‖t − s‖ of unseen queries, as the student is served",
    "overlap@10": "share of the teacher's ten documents found in the teacher's index",
    "linear CKA": "likeness of the two spaces, blind to rotations",
    "spread": "mean squared cosine of two different queries (1 = collapsed)",
    "negative numbers": "share of the vectors' numbers below 0: half of the teacher's",
    "targets off": "mean ‖stored − fresh‖ of teacher vectors that training uses",
}
HEALTHY = "healthy"
ILLNESSES = (
    HEALTHY,
    "collapse",
    "ReLU projection",
    "dropped projection",
    "wrong pooling",
    "stale teacher vectors",
    "rate too high",
)

STALE = 0.1  # eight bits a number leave 0.01
POSITIVE = 0.02  # share of negative numbers below which something cuts them off
LINE = 0.5  # spread above which queries hardly differ; the teacher's own is near 0.01
GAP = 0.2  # unseen queries are a little farther from the teacher than training texts; not so much
UNRELATED = 1.25  # near √2, the distance of two unit vectors that have nothing to do with each other


@dataclass(frozen=True)
class Finding:
    """cause: one of `ILLNESSES` · gauge: the one that gave it away · words: why, with its numbers"""

    cause: str
    gauge: str
    words: str

    def __str__(self) -> str:
        return f"{self.cause}: {self.words}"


def likely_cause(gauges: Mapping[str, float]) -> Finding:
    """Name the likely illness.

    Args:
        gauges: name → value, every name of `GAUGES`; see there what each one measures.

    Raises:
        LabError: a gauge is missing or not a number.
    """
    missing = [name for name in GAUGES if not math.isfinite(gauges.get(name, math.nan))]
    if missing:
        raise LabError(f"no value for the gauge {missing[0]!r}: measure {', '.join(GAUGES)}.")
    loss, before, far = gauges["training loss"], gauges["loss before"], gauges["mean distance"]
    off, below, line = gauges["targets off"], gauges["negative numbers"], gauges["spread"]
    shared = gauges["overlap@10"]
    if off > STALE:
        return Finding(
            "stale teacher vectors", "targets off",
            f"the stored targets are {off:.2f} away from what the teacher says today; encode them again",
        )  # fmt: skip
    if below < POSITIVE:
        return Finding(
            "ReLU projection", "negative numbers",
            f"{below:.1%} of the numbers are below 0, half of the teacher's are: an activation cuts them off",
        )  # fmt: skip
    if loss >= before:
        return Finding(
            "rate too high", "training loss",
            f"the loss ended at {loss:.2f} and began at {before:.2f}: steps too long to go down",
        )  # fmt: skip
    if line > LINE:
        return Finding(
            "collapse", "spread",
            f"two queries have a squared cosine of {line:.2f} on average, though the loss fell to {loss:.2f}:"
            " it can be made small without the teacher",
        )  # fmt: skip
    if far - loss > GAP:
        gap = f"training sees {loss:.2f}, what is served is {far:.2f} away: they are not the same model"
        if before > UNRELATED:
            return Finding(
                "dropped projection",
                "loss before",
                f"{gap}; and training began at {before:.2f}, near √2, where vectors stand that have nothing to do with"
                " each other: something random was trained with it and is not served",
            )
        return Finding(
            "wrong pooling",
            "mean distance",
            f"{gap}; and training began at {before:.2f}, so nothing random was put in between: look at how tokens are"
            " pooled",
        )
    return Finding(
        HEALTHY, "overlap@10",
        f"loss {loss:.2f} from {before:.2f}, unseen queries at {far:.2f}, overlap@10 {shared:.0%}",
    )  # fmt: skip
