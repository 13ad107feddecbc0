"""Which questions are lost, by their rarest token: counts and sums by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from lab.collection.texts import DocumentTexts
from tests.scripts import benchmark
from tests.tiny import wordpiece

lost_words = benchmark("lost_words")
ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "06_ladder.ipynb"
DOCS = json.loads((ROOT / "docs" / "lost_words.json").read_text(encoding="utf-8"))


def test_a_question_is_put_by_its_rarest_token() -> None:
    texts = DocumentTexts(("volcano", "volcano bear", "the volcano"), np.zeros(3, np.int64))
    found = lost_words.rarest(wordpiece(), ["volcano", "the volcano", "penguins"], texts)
    assert found.tolist() == [3, 1, 0]


def test_every_question_is_in_one_class_and_what_is_lost_adds_up() -> None:
    seen, lost = np.array([0, 1, 4, 5, 19, 20, 900]), np.array([0.5, 0.25, 0.25, 1.0, -0.5, 0.1, 0.2])
    found = lost_words.classes(seen, lost)
    assert [each["questions"] for each in found.values()] == [1, 2, 2, 2]
    assert [each["lost"] for each in found.values()] == [0.5, 0.5, 0.5, 0.3]
    fewer = lost_words.classes(seen[:3], lost[:3])
    assert [each["questions"] for each in fewer.values()] == [1, 2, 0, 0] and fewer["more often"]["lost"] == 0


def test_prose_about_lost_words_is_what_was_measured() -> None:
    """Notebook 06 and recipe.md."""
    default, every = (DOCS["arms"][arm] for arm in ("default", lost_words.EVERY_WORD))
    rare = ("never", "1 to 4 times")
    lost, left = (sum(arm[name]["lost"] for name in rare) for arm in (default, every))
    total, questions = sum(each["lost"] for each in default.values()), sum(default[name]["questions"] for name in rare)
    kept = [
        f"{json.loads((ROOT / 'docs' / name).read_text(encoding='utf-8'))[0]['retention']['value']:.3f}"
        for name in ("quality-unseen-corpus-words.json", "quality-unseen.json")
    ]
    notebook = " ".join("".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"])
    for phrase in (
        f"Of {total:.1f} points {lost:.1f} were lost on the {questions} questions",
        f"those {lost:.1f} points it loses {left:.1f}",
        f"kept {kept[0]} of its teacher on such documents before, and keeps {kept[1]} now",
    ):
        assert phrase in " ".join(notebook.split()), phrase
    recipe = " ".join((ROOT / "docs" / "recipe.md").read_text(encoding="utf-8").split())
    assert f"So {lost:.1f} of {total:.1f} were lost on {questions} of 140 questions" in recipe
    for name, each in default.items():
        cells = " | ".join(f"{DOCS['arms'][arm][name]['lost']:.1f}" for arm in lost_words.ARMS)
        assert f"| {name} | {each['questions']} | {cells} |" in recipe
