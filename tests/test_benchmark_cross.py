"""The arithmetic of benchmarks/cross_report.py, what was measured with it, and the cross encoders that ship."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lab.retrieval import Run
from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]
RUNS = [("cls", 0), ("dual", 0), ("cls", 1), ("dual", 1)]


@pytest.fixture(scope="module")
def report():
    return benchmark("cross_report")


@pytest.fixture
def run() -> Run:
    rows = np.array([[0, 1, 2], [2, 1, 0]])
    return Run("teacher", ("q1", "q2"), ("a", "b", "c"), rows, np.array([[3.0, 2, 1], [3, 2, 1]], np.float32))


def test_models_of_a_scorer_stand_behind_the_untrained_one(report) -> None:
    assert report.of(RUNS, "cls") == [1, 3] and report.of(RUNS, "dual") == [2, 4]


def test_reranking_follows_the_scores(report, run) -> None:
    qrels = {"q1": {"c": 1}, "q2": {"c": 1}}
    scores = np.zeros((5, 2, 3), np.float32)
    scores[1] = [[0, 0.5, 1], [0.5, 0, 1]]  # cls, seed 0: the third document first
    found = {"scores": scores}
    assert report.value(run, qrels).tolist() == pytest.approx([0.5, 1.0])
    values = report.reranked(run, found, RUNS, qrels)
    assert values["cls"].shape == (2, 2) and values["cls"][0] == pytest.approx([1.0, 1 / np.log2(3)])
    alone = report.mixed(run, found, RUNS, "cls", 0.0, qrels)
    assert alone[0] == pytest.approx(report.value(run, qrels))


def test_areas_leave_out_queries_without_pairs(report, run) -> None:
    relevant = np.array([[True, False, False], [False, False, False]])
    found = {name: np.random.default_rng(0).random((5, 2, 3)).astype(np.float32) for name in ("scores", "cosines")}
    found["cosines"][2] = found["cosines"][4] = [[0.9, 0.1, 0.2], [0, 0, 0]]
    areas = report.areas(run, found, RUNS, relevant)
    assert areas["queries"] == 1 and areas["teacher"]["value"] == areas["dual, segments"]["value"] == 1


def test_floors_by_hand(report, run) -> None:
    still, moving = np.zeros((2, 3, 2), np.float16), np.zeros((2, 3, 2), np.float16)
    still[1] = 1  # each query has one vector, whatever the document
    moving[:, :, 0] = [0, 1, 2]  # no query has a vector of its own
    found = {"queries": np.stack([still, moving, still, moving, still]), "documents": np.stack([still] * 5)}
    floors = report.floors(run, found, RUNS)
    assert floors["dual"]["query share"] == {"value": 0, "low": 0, "high": 0}
    assert floors["cls"]["query share"] == {"value": 1, "low": 1, "high": 1}
    # 0, 1, 2 around 1, in both queries and both seeds
    assert floors["cls"]["query distance"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert floors["documents with several queries"] == 3
    # all are read with both queries, 0 and 1: all their variance is movement
    assert floors["dual"]["document share"]["value"] == pytest.approx(1)


def test_contrasts_correct_all_but_the_primary(report) -> None:
    random = np.random.default_rng(0)
    values = {"teacher": random.random(40)}
    values |= {name: random.random((2, 40)) for name in ("cls", "dual", "cls + teacher", "dual + teacher")}
    found = report.contrasts(values)
    assert report.PRIMARY in found and all(each["low"] <= each["value"] <= each["high"] for each in found.values())
    plain = report.p_value(values["dual"], values["teacher"])
    assert found[report.PRIMARY]["p"] == pytest.approx(plain, abs=1e-5)
    assert found["dual over cls"]["p"] >= report.p_value(values["dual"], values["cls"]) - 1e-5


@pytest.mark.parametrize("name", ["cross", "cross-wiki"])
def test_what_is_written_says_how_it_was_made(name: str) -> None:
    told = json.loads((ROOT / "docs" / f"{name}.json").read_text(encoding="utf-8"))
    part = told.get("test", told["dev"])
    assert part["commit"] and part["seeds"] and told["config"]["cross"]["rank"] and told["command"]
    low = part["contrasts"]["dual over teacher"]["low"]
    assert part["bar 0"]["dual"] == (low > 0)
    assert part["dual not inferior to cls"]["met"] == (part["contrasts"]["dual over cls"]["low"] >= -0.02)


def test_prose_about_the_cross_encoders_is_what_was_measured() -> None:
    """Notebook 02, README and recipe say these signs in words."""
    test = json.loads((ROOT / "docs" / "cross.json").read_text(encoding="utf-8"))["test"]
    sign = {name: int(np.sign(each["low"])) * (np.sign(each["low"]) == np.sign(each["high"]))
            for name, each in test["contrasts"].items()}  # fmt: skip
    assert sign == {"dual over teacher": 0, "cls over teacher": -1, "dual over cls": 1,
                    "dual + teacher over teacher": 1, "cls + teacher over teacher": 1}  # fmt: skip
    assert not any(test["bar 0"].values()) and test["dual not inferior to cls"]["met"]
    value = {name: each["value"] for name, each in test["contrasts"].items()}
    assert value == pytest.approx({
        "dual over teacher": -0.023, "cls over teacher": -0.062, "dual over cls": 0.039,
        "dual + teacher over teacher": 0.045, "cls + teacher over teacher": 0.038,
    }, abs=6e-4)  # fmt: skip
    areas = {name: each["value"] for name, each in test["auc"].items() if name != "queries"}
    assert areas["cls, segments"] < areas["untrained, segments"] < areas["dual, segments"]
    shares = {name: test["floors"][name] for name in ("cls", "untrained", "dual")}
    for side in ("query share", "document share"):
        assert shares["cls"][side]["low"] > shares["untrained"][side]["high"]
        assert shares["untrained"][side]["low"] > shares["dual"][side]["high"]
    assert test["floors"]["documents with several queries"] > 1_000


def test_dev_test_and_students_are_of_the_same_models_and_dev_chose_before() -> None:
    """Notebook 02 and recipe.md say so, and what dev found."""
    told = json.loads((ROOT / "docs" / "cross.json").read_text(encoding="utf-8"))
    dev, test, students = told["dev"], told["test"], told["students"]
    assert dev["models"] == test["models"] == test["weights chosen on"]["models"]
    assert dev["training"] == test["training"]
    assert test["weights"] == dev["weights"] == {"cls": 0.4, "dual": 0.5} and dev["queries"] == 1_000
    value = {name: round(each["value"], 3) for name, each in dev["contrasts"].items()}
    assert value["dual over teacher"] == -0.018 and value["cls over teacher"] == -0.045
    assert value["dual + teacher over teacher"] == 0.029 and value["cls + teacher over teacher"] == 0.028
    for split in ("dev", "test"):
        assert students[split]["copied"] == {name: dev["training"][name] for name in ("cls-0", "dual-0")}
    tried = dev["lengths tried"]
    assert (tried["queries"], tried["models"]) == (1_000, dev["models"])
    lost = {scorer: tried["256"][scorer] - tried["112"][scorer] for scorer in ("cls", "dual")}
    assert round(lost["cls"], 3) == -0.047 and round(lost["dual"], 3) == 0.013


def test_lengths_are_compared_for_the_same_models_and_queries_alone(report) -> None:
    values = {"teacher": np.full(4, 0.5), "dual": np.full((2, 4), 0.25)}
    first = report.lengths({}, "a", 112, values)
    assert first == {"models": "a", "queries": 4, "112": {"teacher": 0.5, "dual": 0.25}}
    both = report.lengths({"lengths tried": first}, "a", 256, values)
    assert set(both) == {"models", "queries", "112", "256"}
    assert "112" not in report.lengths({"lengths tried": first}, "b", 256, values)
    assert "112" not in report.lengths({"lengths tried": first | {"queries": 3}}, "a", 256, values)


def test_prose_about_students_of_cross_encoders_names_its_numbers() -> None:
    """Notebook 03, section 13, and recipe.md."""
    test = json.loads((ROOT / "docs" / "cross.json").read_text(encoding="utf-8"))["students"]["test"]
    primary = test["contrasts"][test["primary contrast"]]
    assert [round(primary[name], 4) for name in ("value", "low", "high")] == [0.0087, 0.0002, 0.017]
    means = {arm: round(each["value"], 3) for arm, each in test["retrieval"].items()}
    assert means == {"cls scores": 0.311, "dual scores": 0.302, "dual scores + matching": 0.311}
    assert round(test["teacher, all documents"]["value"], 3) == 0.493


def test_prose_about_pairs_made_from_documents_is_what_was_measured() -> None:
    """Notebook 02 and recipe.md."""
    told = json.loads((ROOT / "docs" / "cross-wiki.json").read_text(encoding="utf-8"))
    test = told["test"]
    assert told["pairs"] == "pairs made from documents" and test["queries"] == 400 and test["seeds"] == [0, 1, 2]
    value = {name: round(each["value"], 3) for name, each in test["contrasts"].items()}
    assert value == {"dual over teacher": -0.007, "cls over teacher": -0.192, "dual over cls": 0.185,
                     "dual + teacher over teacher": 0.031, "cls + teacher over teacher": 0.0}  # fmt: skip
    assert test["contrasts"]["dual + teacher over teacher"]["low"] > 0 and test["weights"]["cls"] == 0
    assert test["contrasts"]["dual over teacher"]["low"] < 0 < test["contrasts"]["dual over teacher"]["high"]
    assert not any(test["bar 0"].values()) and test["dual not inferior to cls"]["met"]


def test_prose_about_students_of_cross_encoders_is_what_was_measured() -> None:
    """Notebook 03 and recipe.md: matching helps retrieval a little, nothing else is beyond doubt after Holm."""
    told = json.loads((ROOT / "docs" / "cross.json").read_text(encoding="utf-8"))["students"]
    assert told["cross encoders"] == "seed 0"
    for split in ("dev", "test"):
        part = told[split]
        assert (part["queries"], part["first"], len(part["seeds"])) == (1_000, 20, 3) and part["documents"] > 8_000
        primary = part["contrasts"].pop(part["primary contrast"])
        assert primary["low"] > 0 and primary["p"] < 0.05
        assert all(each["p"] > 0.05 for each in part["contrasts"].values())
    assert min(each["p"] for each in told["test"]["contrasts"].values()) == pytest.approx(0.086, abs=5e-4)


def test_reranking_is_fast_enough_in_both_precisions() -> None:
    """The bar is 0.9 of sentence-transformers' rate, at equal weights, in one run; README's figures: test_readme."""
    told = json.loads((ROOT / "docs" / "rerank_speed.json").read_text(encoding="utf-8"))
    assert told["command"] == "python benchmarks/rerank_speed.py" and told["at least"] == 0.9
    for precision in ("float32", "bfloat16"):
        ratios = [told[precision][scorer]["ratio"] for scorer in ("cls", "dual")]
        assert told["met"][precision] == (min(ratios) >= 0.9) and told["met"][precision]


def test_the_shipped_cross_encoders_fit_their_collection() -> None:
    from lab import artefacts
    from lab.encoders.teacher import load_teacher

    folder = artefacts.path(artefacts.CROSS)
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    assert all(len(c["documents"]) == len(c["relevant"]) and 0 < sum(c["relevant"]) < len(c["relevant"]) for c in cases)
    collection = SimpleNamespace(name="other", row={}, titles=(), doc_ids=(), documents=())
    with pytest.raises(ValueError, match=r"load_collection\('pydocs'\)"):
        artefacts.pair_explorer(collection, load_teacher(device="cpu"))
