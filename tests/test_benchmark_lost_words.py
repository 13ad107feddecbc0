"""Which questions are lost, by their rarest token: counts and sums by hand."""

from __future__ import annotations

import numpy as np

from lab.collection.texts import DocumentTexts
from tests.scripts import benchmark
from tests.tiny import wordpiece

lost_words = benchmark("lost_words")


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
