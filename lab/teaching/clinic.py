"""The clinic: seven students, six of them broken in ways that practice breaks them; the reader names the illness.

The patients are recordings of real runs (data/artefacts/clinic.py). Their names stay out of sight until asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab import artefacts
from lab.errors import LabError
from lab.geometry.diagnosis import GAUGES, ILLNESSES, Finding, likely_cause
from lab.recording import Recording
from lab.teaching.checks import NOTHING, called, short, tell

FIRST = 2  # the look whose training loss counts as the beginning: a few batches after the start
HINT = (
    "Ask in this order, for one fault can hide another: targets off; negative numbers; whether the loss fell at all;"
    " spread; whether what is served is what was trained, and if not, where training began."
)
_CHOICES = ", ".join(map(repr, ILLNESSES))


def gauges(recording: Recording) -> dict[str, float]:
    """What the gauges of `lab.geometry.diagnosis.GAUGES` say at the end of a patient's training.

    Raises:
        LabError: the recording was made without these gauges.
    """
    if missing := [name for name in GAUGES if name not in recording.measures and name != "loss before"]:
        raise LabError(f"this recording has no gauge {missing[0]!r}; the clinic's have: lab.artefacts.clinic()")
    known = recording.measures
    found = {name: float(known[name][-1]) for name in GAUGES if name != "loss before"}
    before = known["training loss"][min(FIRST, len(recording.steps) - 1)]
    return {name: float(before) if name == "loss before" else found[name] for name in GAUGES}


def diagnose(case: str, illness: str | None = None, cases: Mapping[str, Recording] | None = None) -> None:
    """Print whether the illness of a case is the one named, and which gauge gave it away. Never raises.

    Args:
        case: "case 1" … "case 7".
        illness: the reader's answer; None prints what there is to choose from.
        cases: other patients than the shipped ones.
    """
    cases = artefacts.clinic() if cases is None else cases
    tell(f"the name of a case and one of {_CHOICES}", verdict, case, illness, cases)


def verdict(case: str, illness: str | None, cases: Mapping[str, Recording]) -> str:
    """The words of `diagnose`."""
    if not isinstance(case, str) or case not in cases:
        return f"There is no {short(case)}; there are {', '.join(cases)}."
    named = illness.strip().lower() if isinstance(illness, str) else ""
    chosen = {each.lower(): each for each in ILLNESSES}.get(named)
    if chosen is None:
        return f"{case}: your turn. Choose one of {_CHOICES}."
    true, finding = cases[case].about["illness"], likely_cause(gauges(cases[case]))
    given_away = f"The gauge that gives it away is {finding.gauge!r}: {finding.words}."
    if chosen == true:
        return f"{case}: right, {true}. {given_away}"
    return f"{case}: not {chosen}. Look at {finding.gauge!r} ({GAUGES[finding.gauge]}) beside the other patients."


def check_name_illness(yours: Callable[[dict[str, float]], Any], cases: Mapping[str, Recording] | None = None) -> None:
    """Print how many patients `yours(gauges)` names rightly, and what it overlooked first. Never raises."""
    cases = artefacts.clinic() if cases is None else cases
    tell(f"one of {_CHOICES}", _of_the_patients, yours, cases)


def _of_the_patients(yours: Callable[[dict[str, float]], Any], cases: Mapping[str, Recording]) -> str:
    right = 0
    overlooked: str | None = None
    for case, recording in cases.items():
        found, true = gauges(recording), recording.about["illness"]
        said, words = called(yours, found, where=f"for {case} ")
        if words:
            return words
        if isinstance(said, str) and said == true:  # an array would compare number by number
            right += 1
        elif overlooked is None:
            overlooked = _overlooked(case, said, likely_cause(found))
    return f"Right: all {right} patients." if overlooked is None else f"Not yet: {right} of {len(cases)}. {overlooked}"


def _overlooked(case: str, said: Any, finding: Finding) -> str:
    if said is None:
        return f"For {case} {NOTHING}"
    if not isinstance(said, str) or said not in ILLNESSES:
        return f"For {case} it said {short(said)}; say one of {_CHOICES}."
    return f"{case} is not {said!r}: look at {finding.gauge!r} ({GAUGES[finding.gauge]})."


def solve_name_illness(gauges: Mapping[str, float]) -> str:
    """The rules of `lab.geometry.diagnosis.likely_cause`: the clearest mark first."""
    return likely_cause(gauges).cause
