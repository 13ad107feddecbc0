"""The tiny models themselves: the same in every process, so that a test with a margin means the same in every run."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from tests.tiny import SPECIAL, TEXTS, backbone, pieces, wordpiece


def fingerprint() -> str:
    """sha256 over the token ids of all texts, the weights, and the vectors that both give."""
    tokenizer, model = wordpiece(), backbone()
    encoded = tokenizer(TEXTS)["input_ids"]
    digest = hashlib.sha256(json.dumps(encoded).encode())
    with torch.no_grad():
        states = [model(input_ids=torch.tensor([ids])).last_hidden_state for ids in encoded]
    for tensor in (*model.state_dict().values(), *states):
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def test_another_process_makes_the_same_model() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tests.test_tiny import fingerprint; print(fingerprint())"],
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": str(torch.get_num_threads())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == fingerprint()


def test_the_vocabulary_reads_its_texts_without_a_gap() -> None:
    tokenizer = wordpiece()
    assert len(set(pieces())) == len(pieces()) == len(tokenizer)
    assert tokenizer.convert_tokens_to_ids(SPECIAL) == list(range(5)) == sorted(tokenizer.all_special_ids)
    encoded = tokenizer(TEXTS)["input_ids"]
    assert all(tokenizer.unk_token_id not in ids for ids in encoded)
    assert tokenizer.tokenize("the respiration") == ["the", "respira", "##tion"]
