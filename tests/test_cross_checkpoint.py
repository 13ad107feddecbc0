"""Cross encoders of sentence-transformers: same scores as theirs, and clear words where one cannot be used."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder as TheirCrossEncoder
from transformers import BertConfig, BertForSequenceClassification

from lab.cross import StoredCrossEncoder
from lab.errors import DataError, ModelError, OfflineError
from tests.tiny import HIDDEN, wordpiece

PAIRS = ["white fox", "volcano"], ["The Arctic fox has thick white fur.", "Chess is a board game."]


def checkpoint(folder, labels: int = 1, safe: bool = True):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(wordpiece()), hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64, num_labels=labels, initializer_range=0.3,
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    wordpiece().save_pretrained(folder)
    if not safe:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    return folder


def test_scores_are_those_of_sentence_transformers(tmp_path) -> None:
    folder = checkpoint(tmp_path)
    ours = StoredCrossEncoder(folder, "cpu", "float32").scores(*PAIRS)
    theirs = TheirCrossEncoder(str(folder), device="cpu").predict(list(zip(*PAIRS, strict=True)))
    assert ours == pytest.approx(theirs, abs=1e-5) and ours.dtype == np.float32 and ours[0] != ours[1]


def test_what_cannot_be_used_is_named(tmp_path) -> None:
    with pytest.raises(OfflineError, match="connect once"):
        StoredCrossEncoder("cross-encoder/never-downloaded", "cpu")
    with pytest.raises(ModelError, match="safetensors"):
        StoredCrossEncoder(checkpoint(tmp_path / "pickled", safe=False), "cpu")
    with pytest.raises(ModelError, match="3 labels"):
        StoredCrossEncoder(checkpoint(tmp_path / "labels", labels=3), "cpu")
    model = StoredCrossEncoder(checkpoint(tmp_path / "fine"), "cpu", "float32")
    with pytest.raises(DataError, match="2 queries"):
        model.scores(PAIRS[0], PAIRS[1][:1])
    assert model.scores([], []).shape == (0,)
