"""Known items: whose texts they are, what finding one is worth, and the prose about them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lab.collection import load_collection
from lab.collection.texts import DocumentTexts, held_out_rows
from tests.quoted import signed
from tests.scripts import benchmark

known_items = benchmark("known_items")
ROOT = Path(__file__).resolve().parents[1]


def test_items_are_of_documents_that_gave_no_text(tiny_collection_dir: Path) -> None:
    collection = load_collection(str(tiny_collection_dir))
    held = held_out_rows(collection)
    other = next(row for row in range(len(collection)) if row not in held)
    found = known_items.known_items(collection, (collection.doc_ids[other],))
    assert set(found.rows.tolist()) == {*held.tolist(), other}


def test_an_item_counts_by_its_rank_and_a_twin_does_not_stand_before_it() -> None:
    documents = np.array([[1.0, 0.0], [0.9, 0.0], [0.8, 0.0], [0.7, 0.0]], np.float32)
    items = DocumentTexts(("a", "b", "c"), np.array([0, 2, 3]))
    queries = np.array([[1.0, 0.0]] * 3, np.float32)
    found = known_items.scores(queries, documents, items, np.array([0, 1, 1, 2]))
    assert found == pytest.approx([1.0, 1 / np.log2(3), 1 / np.log2(5)])
    many = np.linspace(1, 0.1, 30, dtype=np.float32)[:, None]
    last = DocumentTexts(("j", "k"), np.array([9, 10]))
    found = known_items.scores(np.ones((2, 1), np.float32), many, last, np.arange(30))
    assert found == pytest.approx([1 / np.log2(11), 0.0])


def test_prose_about_known_items_is_what_was_measured() -> None:
    told = json.loads((ROOT / "docs" / "known_items.json").read_text(encoding="utf-8"))
    recipe = " ".join((ROOT / "docs" / "recipe.md").read_text(encoding="utf-8").split())
    assert f"{told['items']:,} such texts" in recipe
    for name, each in told["arms"].items():
        kept = f"{each['kept']['value']:.4f}"
        rows = " × ".join(f"{size:,}" for size in each["table"])
        lost = " | ".join(f"{each[f'lost with {of}']:.2%}".replace("%", " %") for of in ("whole words", "others"))
        assert f"| {name} | {rows} | {kept} | {lost} |" in recipe, name
    over = told["arms"][told["primary"]]
    assert f"{signed(over['every word over it'])}, p" in recipe
