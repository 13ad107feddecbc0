"""Cross encoders of sentence-transformers: same scores as theirs, and clear words where one cannot be used."""

from __future__ import annotations

import shutil
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder as TheirCrossEncoder
from transformers import BertConfig, BertForSequenceClassification

from lab.cross import StoredCrossEncoder, rerank
from lab.errors import DataError, ModelError, OfflineError
from lab.retrieval import Run
from tests.tiny import HIDDEN, wordpiece

TEXTS = ["The Arctic fox has thick white fur.", "Chess is a board game.", "Mount Etna is a volcano."]
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


@pytest.fixture
def saved(tmp_path) -> Path:
    """A checkpoint as sentence-transformers itself writes one."""
    TheirCrossEncoder(str(checkpoint(tmp_path / "plain")), device="cpu").save_pretrained(str(tmp_path / "saved"))
    return tmp_path / "saved"


def reranked(scorer: StoredCrossEncoder) -> Run:
    run = Run("first", ("q1", "q2"), tuple("abc"), np.array([[0, 1, 2], [2, 1, 0]]), np.array([[3.0, 2, 1]] * 2))
    return rerank(scorer, run, {"q1": PAIRS[0][0], "q2": PAIRS[0][1]}, TEXTS, depth=3)


def test_a_checkpoint_of_sentence_transformers_reranks(saved) -> None:
    found = reranked(StoredCrossEncoder(saved, "cpu", "float32"))
    theirs = TheirCrossEncoder(str(saved), device="cpu")
    for line, query in enumerate(PAIRS[0]):
        wanted = theirs.predict([(query, text) for text in TEXTS])
        assert found.rows[line].tolist() == np.argsort(-wanted).tolist()
        assert found.scores[line] == pytest.approx(np.sort(wanted)[::-1], abs=1e-5)


def test_a_checkpoint_in_the_hubs_cache_is_found_without_a_network(saved, tmp_path, monkeypatch) -> None:
    """A stand-in: the folders that huggingface_hub leaves behind after a download."""
    held, commit = tmp_path / "cache" / "models--somebody--tiny-cross", "0" * 40
    shutil.copytree(saved, held / "snapshots" / commit)
    (held / "refs").mkdir()
    (held / "refs" / "main").write_text(commit, encoding="utf-8")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    scorer = StoredCrossEncoder("somebody/tiny-cross", "cpu", "float32")
    assert scorer.source == "somebody/tiny-cross"
    assert (reranked(scorer).rows == reranked(StoredCrossEncoder(saved, "cpu", "float32")).rows).all()
    with pytest.raises(OfflineError, match="somebody/other' is not a folder here, not in the hub's.*connect once"):
        StoredCrossEncoder("somebody/other", "cpu")


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
