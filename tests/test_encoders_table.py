"""A table of words that the corpus has not used: what it costs, and what it counts as seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.encoders.anatomy import Shape
from lab.encoders.sizes import SIZES, Plan, plan
from lab.encoders.student import make_student
from lab.encoders.teacher import DualEncoder, load_teacher
from tests.tiny import TEXTS


@pytest.fixture(scope="module")
def teacher(tiny_teacher_dir: Path) -> DualEncoder:
    return load_teacher(tiny_teacher_dir, "cpu", "float32")


def test_a_table_of_every_word_takes_its_room_from_feed_forward_units() -> None:
    minilm, parameters = Shape(6, 384, 1536, 12, 30_522, "gelu", 1e-12), 22_713_216
    usual, chosen = (plan(minilm, parameters, SIZES["tenth"], 21_600, every_word=words) for words in (0, 28_000))
    assert chosen.embedding == 64 and chosen.vocabulary >= 0.87 * 28_000 > usual.vocabulary
    assert chosen.intermediate < usual.intermediate and chosen.layers == usual.layers
    usual, chosen = (plan(minilm, parameters, SIZES["quarter"], 21_600, every_word=words) for words in (0, 28_000))
    assert chosen.intermediate == usual.intermediate  # there is room enough
    assert chosen.vocabulary >= 28_000 > usual.vocabulary and chosen.embedding < usual.embedding
    usual, chosen = (plan(minilm, parameters, SIZES["twentieth"], 21_600, every_word=words) for words in (0, 28_000))
    assert chosen == usual  # and here nothing that gives way is enough
    multilingual, parameters = Shape(12, 384, 1536, 12, 250_037, "gelu", 1e-12), 117_653_760
    chosen = plan(multilingual, parameters, SIZES["tenth"], 20_000, every_word=240_000)
    assert chosen.vocabulary >= 40_000 and chosen.embedding >= 128  # not as narrow as all its languages would need


def test_tokens_that_are_promised_are_not_taken_for_seen(teacher: DualEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def planned(*given: object, every_word: int) -> Plan:
        asked.append((given[3], every_word))
        return Plan((2,), 32, 16, 10_000)

    monkeypatch.setattr("lab.encoders.student.plan", planned)
    vectors = teacher.encode(TEXTS[:3])
    for table in ("corpus", "teacher"):
        make_student(teacher, "1/1.01", TEXTS[:3], vectors, table=table)
    seen = len({token for text in TEXTS[:3] for token in teacher.model.tokenizer.tokenize(text)})
    (first, none), (second, words) = asked
    assert first == second == seen and none == 0 and seen < words <= len(teacher.model.tokenizer)
