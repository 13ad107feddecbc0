"""How long a text is, in the tokens that its model reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

from lab.encoders.lengths import token_lengths
from lab.encoders.teacher import load_teacher
from tests.tiny import wordpiece

TEXTS = ["fox", "a red fox and a violin", "volcano " * 500, "a a a a a a a"]


def test_it_is_what_the_model_is_fed(tiny_teacher_dir: Path) -> None:
    model = load_teacher(tiny_teacher_dir, "cpu", "float32").model
    fed = [int(model.preprocess([text])["attention_mask"].sum()) for text in TEXTS]
    assert token_lengths(model, TEXTS).tolist() == fed
    assert fed[3] > fed[1]  # though it has fewer characters


def test_a_static_model_sorts_by_characters() -> None:
    static = SentenceTransformer(modules=[StaticEmbedding(wordpiece().backend_tokenizer, embedding_dim=4)])
    assert token_lengths(static, ["fox", "a fox"]).tolist() == [3, 5]
    assert token_lengths(static, []).dtype == np.int64
