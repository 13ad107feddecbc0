"""Numbers in the prose of notebook 03 are those of the recordings it speaks of: whoever makes these anew reads here
what to write anew."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lab import artefacts
from lab.probe import IN_TEACHERS_INDEX
from lab.teaching.clinic import gauges
from lab.teaching.experiments import SAME, shipped_trials

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "03_embedding_matching.ipynb"
TRIALS = {trial.name: trial for trial in shipped_trials()}
NEAR, FAR = ("usual", "no selection", "squared distance"), ("size 1/20", "rate × 10", "scores only")


def told(words: str) -> str:
    """The prose cell that says this."""
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "markdown"]
    (found,) = (cell for cell in cells if words in " ".join(cell.split()))
    return found


def numbers(text: str) -> set[str]:
    """Decimals and percentages."""
    return set(re.findall(r"\d\.\d\d|\d+(?= %)", text))


def two(*values: float) -> set[str]:
    return {f"{value:.2f}" for value in values}


def shares(*values: float) -> set[str]:
    return {f"{100 * value:.0f}" for value in values}


def test_of_the_experiments_distance_tells_near_from_far_and_does_not_order_the_far_ones() -> None:
    far = {name: (TRIALS[name].kept.distance, TRIALS[name].kept.overlap) for name in (*NEAR, *FAR, "own tower")}
    wrong = TRIALS["rate × 10"]
    start = wrong.looks[0]
    assert wrong.kept.step == 3 and f"{start.overlap:.2f}" == f"{wrong.kept.overlap:.2f}", "no better than untrained"
    distances, overlaps = ([far[name][part] for name in FAR] for part in (0, 1))
    assert {f"{far[name][0]:.2f}" for name in NEAR} == {"0.63"} and FAR[np.argmax(distances)] == "scores only"
    assert max(far[name][0] for name in NEAR) < min(distances)
    assert min(far[name][1] for name in NEAR) > max(overlaps)
    assert far["scores only"][1] > far["rate × 10"][1] == min(overlaps) and far["own tower"][1] < min(overlaps)
    expected = two(
        *far["rate × 10"], start.distance, wrong.looks[-1].distance, wrong.looks[-1].overlap,
        *(far[name][1] for name in NEAR), far["usual"][0], min(distances), max(distances),
        min(overlaps), max(overlaps), *far["own tower"],
    )  # fmt: skip
    assert numbers(told("*kept look* is the")) == expected


def test_the_curves_that_are_said_to_coincide_do() -> None:
    usual, same, squared = ([(look.distance, look.overlap) for look in TRIALS[name].looks] for name in NEAR)
    assert usual == same and usual != squared and np.abs(np.subtract(usual, squared)).max() < SAME
    assert "*no selection* is the *usual* run look by look" in " ".join(told("*kept look* is the").split())


def test_the_seconds_of_training_are_told_alike_and_are_those_of_the_shipped_run() -> None:
    said = [re.search(r"some (\d+) seconds", told(words)) for words in ("**Time:**", "*Run All* trains only this one")]
    assert {int(each[1]) for each in said if each} == {round(TRIALS["size 1/20"].seconds)} and all(said)
    assert max(trial.seconds for trial in TRIALS.values()) < 1.5 * TRIALS["size 1/20"].seconds, "as long as the others"
    assert all("slower machine" in told(words) for words in ("**Time:**", "*Run All* trains only this one"))


@pytest.mark.parametrize("documents", ["inherited", "own"])
def test_students_of_scores_alone_come_nearer_before_they_are_pushed_away(documents: str) -> None:
    seen = artefacts.grid()[f"scores-teacher-{documents}"]
    far, found = seen.measures["mean distance"], seen.measures[IN_TEACHERS_INDEX]
    nearest = int(np.argmax(np.diff(far) > 0))  # the look before it is first pushed away
    assert far[nearest] < far[0] < far.max() and found[nearest] > found[0] > found.min()
    expected = two(far[0], far[nearest], far[-1]) | shares(found[0], found[: nearest + 2].max(), found[-1])
    if documents == "inherited":  # it comes back
        expected |= two(far.max()) | shares(found.min())
        assert far[-1] < far[0] and found[-1] > found[0]
    else:
        assert far[-1] > far[0] and found[-1] < found[0]
    bullets = told("So it is not scores that fail").split("\n- **Teacher's layers, ")[1:]
    (text,) = (bullet.partition("\n\n")[0] for bullet in bullets if bullet.startswith(f"{documents} documents**"))
    assert numbers(text.partition("\n- ")[0]) == expected and f"step {seen.steps[nearest]}" in text


def test_what_the_broken_students_find_is_what_the_clinic_shows() -> None:
    found = {case: gauges(each)["overlap@10"] for case, each in artefacts.clinic().items()}
    broken = [found[case] for case, each in artefacts.clinic().items() if each.about["illness"] != "healthy"]
    some = [share for share in broken if share > 0.01]
    assert (len(broken), len(some)) == (6, 4)
    text = told("What ties a student to that index").split("\n- ")[-1]
    assert numbers(text) == two(min(some), max(some)) and "six broken ones four" in text and "two hardly any" in text


def test_passes_of_the_dials_students_are_those_of_their_recordings() -> None:
    (epochs,) = {each.about["config"]["epochs"] for each in artefacts.sizes().values()}
    words = [
        found
        for path in sorted(NOTEBOOK.parent.glob("*.ipynb"))
        for cell in nbformat.read(path, as_version=4).cells
        for found in re.findall(r"(\w+) passes over (?:the )?12,000 texts", cell.source)
    ]
    assert len(words) > 4 and set(words) == {{2: "two", 3: "three"}[epochs]}
