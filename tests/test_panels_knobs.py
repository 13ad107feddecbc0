"""The knobs of the experiment panel: what each stands for, which hold still, and what is refused."""

from __future__ import annotations

import dataclasses

import pytest

from lab.errors import LabError
from lab.losses import LossWeights
from lab.panels.knob_row import KnobRow
from lab.panels.knobs import FREE, KNOBS, fewer_probes, free
from tests.test_panels_experiments import CONFIG, FakeDistill, make


def test_the_free_experiment_takes_its_knobs(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDistill()
    panel = make(monkeypatch, fake)
    panel.experiment.value = FREE
    wanted = {"size": "twentieth", "distance": "cosine", "matching": 0.2, "score": 5.0, "index_score": 1.0,
              "temperature": 0.02, "rate": "× 2", "steps": "half"}  # fmt: skip
    assert set(wanted) == set(panel.knobs)
    for name, value in wanted.items():
        panel.knobs[name].value = value
    panel.start_button.click()
    panel.join()
    config, arguments = fake.calls[0]
    losses = LossWeights(query_matching=0.2, score=5.0, index_score=1.0, temperature=0.02, distance="cosine")
    rest = {"rate": 2 * CONFIG.rate, "epochs": 1.0, "probes": CONFIG.probes // 2}
    assert config == dataclasses.replace(CONFIG, student="twentieth", losses=losses, **rest)
    assert arguments["collection"] == "the collection" and arguments["record"] is False
    changed = {f"losses.{name}" for name in ("query_matching", "score", "index_score", "temperature", "distance")}
    assert set(panel.trials()[-1].changed) == {"student", *rest, *changed}


def test_a_guided_experiment_shows_the_knobs_it_sets_and_they_hold_still(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, FakeDistill())
    panel.experiment.value = FREE
    panel.knobs["size"].value, panel.knobs["rate"].value = "quarter", "½ ×"
    panel.experiment.value = "half the steps"
    assert {name: knob.value for name, knob in panel.knobs.items()} == {
        **{name: at[0] for name, (_, at) in KNOBS.items()}, "steps": "half",
    }  # fmt: skip
    assert all(knob.disabled for knob in panel.knobs.values()) and panel._knobs.besides.value == ""
    panel.experiment.value = FREE
    assert (panel.knobs["size"].value, panel.knobs["rate"].value, panel.knobs["steps"].value) == (
        "quarter", "½ ×", "usual",
    )  # fmt: skip
    assert not any(knob.disabled for knob in panel.knobs.values())


def test_what_no_knob_stands_for_is_said_and_an_odd_factor_gets_a_name() -> None:
    row = KnobRow(CONFIG)
    row.show(dataclasses.replace(CONFIG, select=False, rate=10 * CONFIG.rate, losses=LossWeights(score=1.0)))
    assert row.besides.value == "<p>and besides: select: True → False</p>"
    assert row.controls["rate"].value == "× 10" and row.controls["score"].value == 1.0
    row.show(None)
    assert list(row.controls["rate"].options) == list(KNOBS["rate"][1]) and row.besides.value == ""


@pytest.mark.parametrize("knob", KNOBS)
def test_every_position_of_every_knob_is_a_config_and_the_first_changes_nothing(knob: str) -> None:
    assert free(CONFIG).config(CONFIG) == CONFIG
    found = [free(CONFIG, **{"score": 1.0, knob: at}).config(CONFIG) for at in KNOBS[knob][1]]
    assert len(set(map(str, found))) == len(found) and all(each.epochs <= CONFIG.epochs for each in found)


def test_weights_with_which_nothing_is_learnt_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make(monkeypatch, fake := FakeDistill())
    panel.experiment.value, panel.knobs["matching"].value = FREE, 0.0
    with pytest.raises(LabError, match="all weights are 0"):
        panel.start()
    panel.start_button.click()  # a callback's error would be seen by nobody
    assert "all weights are 0" in panel.label.value and not fake.calls and not panel.trials()
    panel.knobs["score"].value = 1.0
    panel.start_button.click()
    assert panel.join().state == "finished"


def test_a_short_run_is_looked_at_less_often_but_at_both_ends_and_between() -> None:
    assert [fewer_probes(probes, share) for probes, share in ((8, 1.0), (8, 0.5), (8, 0.1), (2, 0.5))] == [8, 4, 3, 2]
