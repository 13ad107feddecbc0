from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lab.errors import DataError
from lab.evaluation import Interval, mean_interval
from lab.figures import described, known, student_card, style
from lab.figures.card import best_look, card_rows, card_values, told
from lab.figures.dartboard import keeps, ratios
from lab.figures.distance import recorded_overlap
from lab.recording import of_teacher
from lab.report import MAIN
from tests.test_figures_dartboard import recorded

BARS, TIPS, TEACHER, WORDS = range(4)


class FakeReport:
    """What `described` reads of a report."""

    parameters = {"teacher": 1000, "student": 100, "static": 99}
    metrics = {"teacher": {"nDCG@10": 0.8}, "student": {"nDCG@10": 0.7}}
    split = "dev"
    distances = np.zeros(140)

    def retention(self) -> Interval:
        return Interval(0.875, 0.8, 1.05)


def test_bars_are_means_over_queries_with_their_intervals() -> None:
    found = recorded()
    rows = card_rows(found)
    assert list(rows) == ["k-NN overlap@10", "same top document", "… and provably so"]
    assert rows["k-NN overlap@10"] == mean_interval(recorded_overlap(found)[-1])
    assert rows["same top document"].value == pytest.approx(keeps(found)[-1].mean())
    assert rows["… and provably so"].value == pytest.approx((ratios(found)[-1] < 1).mean())
    values = card_values(card_rows(found))
    assert values[BARS]["x"] == [each.value for each in rows.values()]
    low = [mean - minus for mean, minus in zip(values[TIPS]["x"], values[TIPS]["error_x"]["arrayminus"], strict=True)]
    assert low == pytest.approx([each.low for each in rows.values()])
    assert values[TEACHER]["x"] == [1.0, 1.0]


def test_a_share_of_none_or_all_is_not_certain_but_for_the_teacher_itself() -> None:
    found = recorded(queries=100)
    far = replace(found, distances=found.distances + 99, rows=found.rows[:, :, ::-1])  # nobody inside, nobody keeps
    rows = card_rows(far)
    for name in ("same top document", "… and provably so"):
        assert rows[name].value == rows[name].low == 0
        assert rows[name].high == pytest.approx(1 - 0.025 ** (1 / 100))  # (1 − p)^100 = 2.5 %, by hand
    near = card_rows(replace(found, distances=found.distances * 0 + 1e-9))["… and provably so"]
    assert (near.value, near.high) == (1, 1) and near.low == pytest.approx(0.025 ** (1 / 100))
    assert card_values({"x": rows["same top document"]})[WORDS]["text"] == ["<b>0%</b> [0%, 4%]"]
    assert 0 < rows["k-NN overlap@10"].value < 1, "the others are as they were"
    assert rows["k-NN overlap@10"] == mean_interval(recorded_overlap(far)[-1])
    for each in card_rows(of_teacher(found)).values():
        assert [each.value, each.low, each.high] == pytest.approx([1, 1, 1])


def test_the_teachers_own_card_has_the_teachers_marks() -> None:
    found = recorded()
    for of, who in ((found, style.STUDENT), (of_teacher(found), style.TEACHER)):
        bars, tips = student_card(of).data[:2]
        assert (bars.marker.color, tips.marker.symbol) == (who.colour, who.symbol)


def test_what_a_report_knows_stands_on_the_card_and_survives_the_disk(tmp_path) -> None:
    found = described(recorded(), FakeReport(), minutes=5.25, speed=6.2)
    figure = student_card(type(found).load(found.save(tmp_path / "x").with_suffix("")), "tenth")
    assert figure.layout.yaxis.ticktext[0] == "of the teacher's nDCG@10"
    assert figure.data[BARS].x[0] == 0.875 and figure.data[WORDS].text[0] == "<b>88%</b> [80%, 105%]"
    for words in ("tenth", "1/10", "5.2 minutes", "6.2 × the teacher's queries"):
        assert words in figure.layout.title.text
    assert found.about["query_ids"] == recorded().about["query_ids"]


def test_what_was_measured_by_hand_stands_on_it_as_well() -> None:
    kept = Interval(0.9, 0.8, 1.0)
    metrics = {"teacher": {MAIN: 0.8}, "student": {MAIN: 0.72}, "bm25": {MAIN: 0.4}}
    found = known(recorded(), kept, {"teacher": 1000, "student": 100}, metrics, queries=140, speed=4.84)
    assert card_rows(found)[f"of the teacher's {MAIN}"] == kept
    title = student_card(found).layout.title.text
    for words in ("1/10", "4.8 × the teacher's queries a second", "BM25 50%", f"{MAIN}: 140 dev queries"):
        assert words in title
    same = known(recorded(), kept, {"teacher": 1000, "student": 100}, metrics, queries=len(recorded().queries))
    assert "dev queries" not in student_card(same).layout.title.text


@pytest.mark.parametrize(("parameters", "said"), [(100, "1/10"), (400, "1/2.5"), (1000, "")])
def test_the_size_is_a_fraction_of_the_teachers_but_for_the_teacher_itself(parameters: int, said: str) -> None:
    found = known(recorded(), Interval(1, 1, 1), {"teacher": 1000, "student": parameters}, {})
    assert told(found)[0] == "0.0M parameters" + (f", {said}" if said else "")


def test_what_is_not_known_is_not_said() -> None:
    title = student_card(recorded(), "<b>me</b>").layout.title.text
    assert "&lt;b&gt;me" in title and "minutes" not in title and "parameters" not in title
    assert "minutes" not in student_card(described(recorded(), FakeReport())).layout.title.text


def test_the_card_is_of_the_look_that_was_kept() -> None:
    found = recorded()
    assert best_look(found) == 2
    picked = replace(found, measures={"held-out overlap@10": np.array([0.1, 0.9, 0.3])})
    assert best_look(picked) == 1 and "step 1" in student_card(picked).layout.title.text
    assert card_rows(picked)["k-NN overlap@10"].value == pytest.approx(recorded_overlap(found)[1].mean())
    empty = replace(found, steps=found.steps[:0])
    with pytest.raises(DataError, match="no look"):
        student_card(empty)


def test_size_and_retention_are_told_where_they_are_known() -> None:
    assert told(recorded()) == []
    kept = f"keeps 88% [80%, 105%] of {MAIN} in the end"
    assert told(described(recorded(), FakeReport())) == ["0.0M parameters, 1/10", kept]


def test_bm25_stands_beside_every_student_and_says_when_one_failed() -> None:
    report = FakeReport()
    metrics = {"teacher": {MAIN: 0.8}, "student": {MAIN: 0.6}, "bm25": {MAIN: 0.4}}
    report.metrics = metrics
    assert told(described(recorded(), report))[-1] == "BM25 50%"
    report.metrics = {**metrics, "student": {MAIN: 0.3}}
    assert told(described(recorded(), report))[-1] == "BM25 50%: the student is below it, it failed"
