"""The studies of notebook 04: how texts are shared out, what is counted, and what was stored."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lab import load_collection
from lab.errors import DataError
from lab.figures import arms_figure
from lab.generation import Made
from lab.generation.filters import same_words
from tests.scripts import benchmark

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def study() -> ModuleType:
    return benchmark("generated")


@pytest.fixture(scope="module")
def texts() -> ModuleType:
    return benchmark("generated_texts")


@pytest.fixture
def source(texts: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Twenty train queries, and pools that need neither teacher nor generator."""
    monkeypatch.setattr(texts, "ALL", 20)
    monkeypatch.setattr(texts, "FEW", 6)
    found = object.__new__(texts.Texts)
    found.queries = tuple(f"query {row}" for row in range(20))
    rows = np.repeat(np.arange(20), 3)
    made = Made(tuple(f"made {number} of {row}" for number, row in enumerate(rows)), rows)
    sentences = Made(tuple(f"sentence {row}" for row in range(60)), np.arange(60))
    monkeypatch.setattr(found, "pool", lambda arm, observed: made if arm in texts.SIGMAS else sentences, raising=False)
    return found


def test_arms_have_equal_counts_and_observe_the_same_queries(texts: ModuleType, source: Any) -> None:
    seen = {}
    for arm in (texts.SENTENCE, texts.DEFAULT, texts.AGAIN, texts.NOTHING):
        counts = Counter(source.of(texts.Run(6, arm, 1)).texts)
        observed = {text: number for text, number in counts.items() if text.startswith("query")}
        seen[arm] = set(observed)
        assert sum(counts.values()) == (6 if arm == texts.NOTHING else 18)
        assert set(observed.values()) == {3 if arm == texts.AGAIN else 1}
    assert len(set(map(frozenset, seen.values()))) == 1 and len(seen[texts.AGAIN]) == 6
    other = set(source.of(texts.Run(6, texts.NOTHING, 2)).texts)
    assert other != seen[texts.NOTHING], "another seed observes other queries"
    more = set(source.of(texts.Run(12, texts.NOTHING, 1)).texts)
    assert seen[texts.NOTHING] < more, "sizes are nested"


def test_made_queries_are_those_of_the_observed_ones(texts: ModuleType, source: Any) -> None:
    run = texts.Run(6, texts.DEFAULT, 0)
    rows = set(source.observed(run).tolist())
    made = [text for text in source.of(run).texts if text.startswith("made")]
    assert len(made) == 12 and {int(text.split()[-1]) for text in made} <= rows
    with pytest.raises(DataError, match="19 queries wanted"):
        texts.FromPool(Made(("a",) * 18, np.repeat(np.arange(6), 3))).draw(19)


class Asked:
    """A collection whose dev and test queries are known."""

    queries = {"train": {"a": "which fox"}, "dev": {"b": "Returns the axis."}, "test": {"c": "a volcano"}}


def test_a_text_that_is_a_dev_or_test_query_is_left_out_and_counted(texts: ModuleType) -> None:
    made = Made(("Which fox?", "Returns: the axis.", "A volcano", "the axis"), np.arange(4), {"identical": 3})
    found = texts.left_out(made, Asked)
    assert found.texts == ("Which fox?", "the axis") and found.rows.tolist() == [0, 3], "a train query may train"
    assert found.dropped == {"identical": 3, "a dev query": 1, "a test query": 1}
    same = texts.left_out(found, Asked)
    assert same.texts == found.texts and same.rows.tolist() == found.rows.tolist()


@pytest.mark.parametrize("arm", ["sentences", "generated, σ 2"])
def test_pools_leave_them_out_and_count_them(texts: ModuleType, monkeypatch: pytest.MonkeyPatch, arm: str) -> None:
    """Before they are drawn: an arm has as many texts as any other."""
    every = Made((*(f"text {row}" for row in range(9)), "a volcano!"), np.arange(10))

    class Documents:
        def __init__(self, *given: Any) -> None: ...

        def draw(self) -> Made:
            return every

    monkeypatch.setattr(texts, "ALL", 4)
    monkeypatch.setattr(texts, "FromDocuments", Documents)
    found = object.__new__(texts.Unread)
    found.collection, found.rows, found._pools = Asked, np.arange(10), {}
    monkeypatch.setattr(found, "_made", lambda arm, key: every, raising=False)
    pool = found.pool(arm, 4)
    assert len(pool) == (8 if arm == texts.SENTENCE else 9) and "a volcano!" not in pool.texts
    assert {split: pool.dropped[texts.reason(split)] for split in texts.HELD_OUT} == {"dev": 0, "test": 1}


def test_no_observed_query_is_one_of_dev_or_test(texts: ModuleType) -> None:
    found = texts.Unread(load_collection("pydocs"), None, None)
    for split in texts.HELD_OUT:
        assert not same_words(found.queries, list(found.collection.queries[split].values())).any()


def test_values_of_every_query_are_kept_and_give_the_summary_again(study: ModuleType) -> None:
    known = {"teacher": [0.8] * 200, "bm25": [0.3] * 200, study.UNTRAINED: [0.4] * 200}
    rows = [row | {"left out": {"dev": 0, "test": 1}} for row in rows_of(study, 0.05)]
    kept = json.loads(json.dumps(study.values_of(rows, known, "dev")))
    assert kept["references"] == known and len(kept["runs"]) == len(rows) == len(kept["left out"])
    names = [study.Run(row["observed"], row["arm"], row["seed"]).name for row in rows]
    again = [row | {"dev": row["dev"] | {"values": kept["runs"][name]}} for row, name in zip(rows, names, strict=True)]
    assert study.summary(again, kept["references"], "dev") == study.summary(rows, known, "dev")
    assert study.values_of(rows, known, "test")["runs"] == {}


def test_the_stored_counts_of_what_was_left_out_are_of_every_pool(texts: ModuleType) -> None:
    told = json.loads(texts.LEFT_OUT.read_text(encoding="utf-8"))
    found = [(row["pool"], row["observed"]) for row in told["pools"]]
    assert found == [(arm, n if arm in texts.SIGMAS else None) for arm, n in texts.COUNTED]
    for row in told["pools"]:
        assert row["texts"] > 2 * texts.FEW and set(row["left out"]) == set(texts.HELD_OUT)


def rows_of(study: ModuleType, better: float) -> list[dict[str, Any]]:
    """Three seeds of two arms at the smallest size, the default σ `better` on every query."""
    random = np.random.default_rng(0)
    hard = random.uniform(0.2, 0.6, 200)
    return [
        {"observed": study.FEW, "arm": arm, "seed": seed, "texts": 1_500, "different texts": 1_500, "steps": 10,
         "config": "c", "commit": "a",
         "dev": {"values": (hard + gain + 0.01 * seed).tolist(), "distance": 0.5}}
        for arm, gain in ((study.DEFAULT, better), (study.SENTENCE, 0.0), (study.AGAIN, 0.0)) for seed in (2, 0, 1)
    ]  # fmt: skip


def test_contrasts_are_paired_and_only_the_others_corrected(study: ModuleType) -> None:
    known = {"teacher": [0.8] * 200, "bm25": [0.3] * 200, study.UNTRAINED: [0.4] * 200}
    told = study.summary(rows_of(study, 0.05), known, "dev")
    first, *others = told["contrasts"]
    assert (first["observed"], first["arm"], first["against"]) == study.PRIMARY and "p_holm" not in first
    assert first["difference"]["value"] == pytest.approx(0.05)
    assert first["difference"]["low"] == pytest.approx(0.05), "hard queries are hard in both arms"
    assert [each["against"] for each in others] == [study.AGAIN] and others[0]["p_holm"] == others[0]["p"]
    assert told["arms"][0]["seeds"] == [0, 1, 2] and told[study.UNTRAINED]["value"] == pytest.approx(0.5)
    none = study.summary(rows_of(study, 0.05), known, "test")
    assert none["contrasts"] == none["arms"] == []
    figure = arms_figure(told)
    assert figure.data[0].x == pytest.approx((0.5, 0.5)) and figure.data[1].x == pytest.approx((0.375, 0.375))
    assert len(figure.data[2].x) == 3 and figure.data[2].error_x.array[0] > 0
    with pytest.raises(DataError, match="no arm to draw"):
        arms_figure(none)
    with pytest.raises(DataError, match="no look for strange"):
        arms_figure(told | {"arms": [told["arms"][0] | {"arm": "strange"}]})


def test_every_arm_has_three_seeds_and_a_contrast_named_beforehand(study: ModuleType) -> None:
    runs = {study.Run(n, arm, seed).name for n in study.OBSERVED for arm in study.ARMS for seed in study.SEEDS}
    assert len(runs) == 72 and all("/" not in name and " " not in name for name in runs)
    for n, ours, theirs in study.CONTRASTS:
        assert n in study.OBSERVED and ours in study.ARMS and theirs in study.ARMS
    assert study.CONTRASTS[0] == study.PRIMARY == (500, study.DEFAULT, study.SENTENCE)
    assert len(set(study.CONTRASTS)) == len(study.CONTRASTS)


@pytest.fixture(scope="module")
def fluency() -> ModuleType:
    return benchmark("fluency")


def test_a_sheet_is_shuffled_and_says_nothing_of_where_a_text_is_from(fluency: ModuleType) -> None:
    found = {"real": ["a", "b", "c"], "0": ["a", "b", "x"], "2": ["x", "y", "z"]}
    texts, numbers = fluency.sheet(found)
    assert sorted(texts) == ["a", "b", "c", "x", "y", "z"] and texts != sorted(texts)
    assert {kind: [texts[number - 1] for number in places] for kind, places in numbers.items()} == found


def test_marks_are_counted_for_every_sample_a_text_stands_for(fluency: ModuleType) -> None:
    texts, numbers = fluency.sheet({"real": ["a", "b"], "0": ["a", "x"]})
    first = np.array([text in "ab" for text in texts]).astype(int)
    second = np.array([text == "a" for text in texts]).astype(int)
    told = fluency.count(texts, numbers, [first, second])
    real, zero = told["per kind"]
    assert real["yes"] == [2, 1] and real["yes by all"] == 1 and real["share"]["value"] == pytest.approx(0.75)
    assert zero["yes"] == [1, 1] and zero["samples"] == 2
    assert told["agreement"]["same mark"] == pytest.approx(2 / 3)


def test_agreement_beyond_chance(fluency: ModuleType) -> None:
    a, b = np.array([1] * 25 + [0] * 25), np.array([1] * 20 + [0] * 5 + [1] * 10 + [0] * 15)
    assert fluency.agreement(a, b) == pytest.approx({"same mark": 0.7, "kappa": 0.4})  # Cohen's own kind of example
    assert fluency.agreement(np.ones(3), np.ones(3))["kappa"] is None


@pytest.mark.parametrize("lines", [["1\t1"], ["1\t1", "2\t2"], ["1\t1", "1\t0"], ["1\t1", "3\t0"], ["one\t1"]])
def test_marks_that_are_missing_or_wrong_are_named(fluency: ModuleType, lines: list[str]) -> None:
    assert fluency.marks(["1\t1", "", "2\t0"], 2).tolist() == [1, 0]
    with pytest.raises(DataError, match="mark every line|each line is a number"):
        fluency.marks(lines, 2)


def test_the_stored_counts_follow_from_the_stored_marks(fluency: ModuleType) -> None:
    path = ROOT / "docs" / "fluency.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    given = [np.array([int(mark) for mark in marks]) for marks in stored["marks"]]
    told = fluency.count(stored["texts"], stored["numbers"], given)
    assert {name: stored[name] for name in told} == json.loads(json.dumps(told))
    assert all(len(places) == fluency.COUNT for places in stored["numbers"].values())


@pytest.mark.parametrize(("name", "split"), [("generated", "test"), ("generated-dev", "dev")])
def test_the_stored_study_is_whole(study: ModuleType, name: str, split: str) -> None:
    stored = json.loads((ROOT / "docs" / f"{name}.json").read_text(encoding="utf-8"))
    assert stored["split"] == split and stored["steps"] == study.STEPS
    found = {(row["observed"], row["arm"]) for row in stored["arms"]}
    assert found == {(n, arm) for n in study.OBSERVED for arm in study.ARMS}
    assert all(row["seeds"] == list(study.SEEDS) for row in stored["arms"])
    told = [(each["observed"], each["arm"], each["against"]) for each in stored["contrasts"]]
    assert tuple(told) == study.CONTRASTS and tuple(stored["primary"]) == told[0]
    means = {(row["observed"], row["arm"]): row["nDCG@10"] for row in stored["arms"]}
    for each in stored["contrasts"]:
        gap = means[each["observed"], each["arm"]] - means[each["observed"], each["against"]]
        assert each["difference"]["value"] == pytest.approx(gap)
    counts = {n: {row["texts"] for row in stored["arms"] if row["observed"] == n and row["steps"] == study.STEPS}
              for n in study.OBSERVED}  # fmt: skip
    assert counts == {n: {3 * n} for n in study.OBSERVED}, "equal counts wherever steps are equal"


def test_prose_about_made_queries_is_what_was_measured(study: ModuleType) -> None:
    """recipe.md, Made queries: every cell of its two tables."""
    text = (ROOT / "docs" / "recipe.md").read_text(encoding="utf-8")
    part = text.split("## Made queries (")[1].split("\n## ")[0]
    files = [ROOT / "docs" / f"{name}.json" for name in ("generated", "generated-dev")]
    test, dev = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    for arm in study.ARMS:
        cells = [row["retention"]["value"] for row in test["arms"] if row["arm"] == arm]
        assert "| " + " | ".join(f"{value:.3f}" for value in cells) + " |" in part, arm
    for ours, theirs in zip(test["contrasts"], dev["contrasts"], strict=True):
        form = "{value:+.3f} [{low:+.3f}, {high:+.3f}]"
        told = [form.format(**each["difference"]).replace("-", "−") for each in (ours, theirs)]
        p = ours.get("p_holm", ours["p"])
        assert f"| {ours['observed']:,} | {ours['against']} | {told[0]} | {p:.3f} | {told[1]} |" in part
