"""The embedded decoder: it starts as a copier, is stored in eight bits, and fits one teacher only."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from lab import load_collection, load_teacher
from lab.collection import Collection
from lab.encoders.teacher import DualEncoder
from lab.errors import CacheError, ModelError
from lab.generation.embedded import DecoderShape, EmbeddedDecoder, start_as_copier
from lab.generation.load import from_stored, load_embedded, save_embedded

ARTEFACTS = Path(__file__).resolve().parents[1] / "data" / "artefacts"
SPECIAL, SHAPE = (0, 2, 3), DecoderShape(layers=2, heads=12, feed_forward=16, longest=12)


@pytest.fixture
def texts() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ARTEFACTS))
    yield importlib.import_module("generator_texts")
    sys.path.remove(str(ARTEFACTS))


SMALL = DecoderShape(layers=2, heads=4, feed_forward=16, longest=12)


def copier(table: Tensor, turned: Tensor, kept: np.ndarray, shape: DecoderShape = SHAPE) -> EmbeddedDecoder:
    """A fresh decoder for an encoder whose states are the token's vector, turned."""
    tokens = torch.from_numpy(np.resize(kept, 4 * len(kept)))
    states = table[tokens] @ turned
    torch.manual_seed(0)
    decoder = EmbeddedDecoder(table, kept, SPECIAL, float(states.pow(2).mean().sqrt()), shape).eval()
    start_as_copier(decoder, states, tokens)
    return decoder


@pytest.fixture(scope="module")
def made() -> tuple[Tensor, Tensor, np.ndarray, EmbeddedDecoder]:
    torch.manual_seed(1)
    table, turned = torch.randn(90, 384), torch.linalg.qr(torch.randn(384, 384))[0]
    kept = np.arange(80)
    return table, turned, kept, copier(table, turned, kept)


def right(decoder: EmbeddedDecoder, table: Tensor, turned: Tensor, ids: Tensor, sigma: float) -> float:
    """Share of next tokens a decoder finds, given the ones before."""
    torch.manual_seed(5)
    states = table[ids] @ turned
    states = states + sigma * states.pow(2).mean().sqrt() * torch.randn_like(states)
    with torch.no_grad():
        hidden = decoder.hidden(states, torch.ones_like(ids), ids[:, :-1])
    logits = hidden @ decoder.bart.get_input_embeddings().weight.T
    return (logits.argmax(-1) == ids[:, 1:]).float().mean().item()


def test_a_fresh_decoder_copies_and_noise_spoils_it(made) -> None:
    table, turned, _, decoder = made
    ids = torch.randint(4, 80, (30, 9), generator=torch.Generator().manual_seed(2))
    assert right(decoder, table, turned, ids, 0.0) > 0.9
    assert right(decoder, table, turned, ids, 8.0) < 0.2
    untrained = EmbeddedDecoder(table, decoder.kept, SPECIAL, decoder.rms, SHAPE).eval()
    assert right(untrained, table, turned, ids, 0.0) < 0.2


def test_only_bridge_and_layers_ship(made) -> None:
    decoder = made[3]
    names = set(decoder.trained())
    assert "bridge.weight" in names and any("encoder_attn" in name for name in names)
    assert not any(part in name for name in names for part in ("shared", "embed_tokens", "lm_head", "model.encoder"))
    assert not decoder.bart.get_input_embeddings().weight.requires_grad


def test_written_tokens_are_the_teachers_ids(made) -> None:
    table, turned, _, _ = made
    kept = np.array([0, 2, 3, *range(40, 80)])
    decoder = copier(table, turned, kept)
    ids = torch.tensor([[2, 41, 55, 66, 3]])
    found = decoder.generate(table[ids] @ turned, torch.ones_like(ids), do_sample=False, num_beams=1, max_new_tokens=8)
    assert set(found.flatten().tolist()) <= set(kept.tolist())
    assert [token for token in found[0].tolist() if token > 3] == [41, 55, 66]


def test_a_token_left_out_and_a_text_too_long_are_refused(made) -> None:
    table, turned, _, decoder = made
    with pytest.raises(ModelError, match="miss one of the special ids"):
        EmbeddedDecoder(table, np.arange(5, 80), SPECIAL, 1.0, SHAPE)
    with pytest.raises(ModelError, match="13 tokens; this decoder reads at most 12"):
        decoder.memory(torch.zeros(1, 13, 384))
    with pytest.raises(ModelError, match="of another decoder"):
        decoder.load({name: tensor[:1] for name, tensor in decoder.trained().items()})


@pytest.fixture(scope="module")
def written(tiny_teacher_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, EmbeddedDecoder]:
    """A decoder behind the tiny teacher, on disk and as it was."""
    table = load_teacher(tiny_teacher_dir, "cpu").model.transformers_model.get_input_embeddings().weight.detach()
    torch.manual_seed(0)
    decoder = EmbeddedDecoder(table, np.arange(len(table)), SPECIAL, 1.0, SMALL)
    folder = tmp_path_factory.mktemp("generator")
    save_embedded(decoder, table, folder, steps=0)
    return folder, decoder


@pytest.fixture(scope="module")
def stored(written: tuple[Path, EmbeddedDecoder], tiny_teacher_dir: Path) -> tuple[Path, DualEncoder]:
    return written[0], load_teacher(tiny_teacher_dir, "cpu")


def test_eight_bits_are_read_back_as_they_were_written(written, stored) -> None:
    (folder, decoder), (_, teacher) = written, stored
    table = teacher.model.transformers_model.get_input_embeddings().weight.detach()
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    read = from_stored(load_file(folder / "decoder.safetensors"), recipe, table)
    numbers, found = 0, read.trained()
    for name, was in decoder.trained().items():
        numbers += was.numel()
        if was.ndim == 2:  # half a step of the row's scale, whose own rounding moves the largest by a thousandth
            step = was.abs().amax(dim=1, keepdim=True) / 127
            assert ((found[name] - was).abs() <= 0.51 * step + 1e-3 * was.abs() + 1e-6).all(), name
        else:
            torch.testing.assert_close(found[name], was, rtol=1e-3, atol=1e-6, msg=name)
    assert set(found) == set(decoder.trained())
    assert (folder / "decoder.safetensors").stat().st_size < 1.5 * numbers + 20_000, "a byte a number, and scales"
    queries = ["white fox", "a shield volcano on an island"]
    assert len(load_embedded(folder, teacher).rewrite(queries, sigma=0.3)) == 4


def test_it_says_when_teacher_or_files_are_not_its_own(stored, tmp_path: Path) -> None:
    folder, teacher = stored
    with pytest.raises(ModelError, match="was trained behind"):
        load_embedded(folder, load_teacher("default", "cpu"))
    (tmp_path / "recipe.json").write_text(json.dumps({}), encoding="utf-8")
    with pytest.raises(CacheError, match="no whole generator"):
        load_embedded(tmp_path, teacher)


def test_training_texts_are_questions_of_documents_alone(texts, stored, tiny_collection_dir: Path, monkeypatch) -> None:
    collection = load_collection(tiny_collection_dir)
    monkeypatch.setattr(texts.lab, "load_collection", lambda name: collection)
    assert len(texts.token_ids(stored[1].model.tokenizer)) > len(collection)
    monkeypatch.setattr(type(collection.queries), "__getitem__", lambda *_: pytest.fail("queries were opened"))
    found = texts.questions(collection)
    assert any(text.lower().endswith("is an active volcano on the east coast of sicily, italy?") for text in found)
    assert any(text.lower().split(maxsplit=1)[1] == "is mount etna?" for text in found)


def test_what_titles_are_asked_about_hangs_on_no_order_of_documents(texts) -> None:
    """Nor on that of a set, which changes with Python's hash seed: an interrupted training met other texts."""
    bodies = ["Look at the height of it.", "Look at the age of it."] * 4

    def asked(bodies: list[str]) -> list[str]:
        ids = tuple(map(str, range(len(bodies))))
        return texts.questions(Collection("hills", ids, ("Etna",) * len(ids), tuple(bodies), {}, {}))

    assert asked(bodies) == asked(bodies[::-1]) and len(set(asked(bodies))) > 8


def test_no_training_text_is_a_dev_or_test_query_of_either_collection(texts, monkeypatch) -> None:
    minutes, axes, unused, rows = (
        "The minutes of a day.", "Interchange two axes here.", "Remove what nobody uses.", "Sort the rows by size."
    )  # fmt: skip
    asked = {
        "wiki": {"train": "who sorts", "dev": "who wrote it", "test": "remove what nobody uses"},
        "pydocs": {"train": rows, "dev": "interchange two axes here", "test": "The minutes of a day?"},
    }
    bodies = {"wiki": f"{minutes} {axes}", "pydocs": f"{unused} {rows}"}

    def load(name: str) -> Collection:
        queries = {split: {"q": text} for split, text in asked[name].items()}
        return Collection(name, ("d",), ("",), (bodies[name],), queries, dict.fromkeys(queries, {"q": {"d": 1}}))

    monkeypatch.setattr(texts.lab, "load_collection", load)
    made = texts.training_texts()
    assert not {minutes, axes, unused} & set(made) and rows in made, "of the other collection, too; a train query stays"
    monkeypatch.setattr(texts, "HELD_OUT", ())
    assert [text for text in texts.training_texts() if text not in {minutes, axes, unused}] == made


def test_texts_are_spoilt_but_keep_their_ends(texts) -> None:
    row, random = [101, *range(200, 220), 102], np.random.default_rng(0)
    spoilt = [texts.corrupt(row, 103, random) for _ in range(400)]
    assert all(each[0] == 101 and each[-1] == 102 and set(each) <= {*row, 103} for each in spoilt)
    whole = sum(each == row for each in spoilt) / 400
    assert 0.4 < whole < 0.6, "half of them stay whole"
    assert any(103 in each for each in spoilt) and any(len(each) < len(row) for each in spoilt)


def test_code_and_padding(texts) -> None:
    assert texts._plain("What is the capital of Indonesia?") and not texts._plain(">>> np.zeros((3, 4))")
    assert not texts._plain("x[0:1] = {}[]()") and texts.padded([[1, 2, 3], [4]], 0).tolist() == [[1, 2, 3], [4, 0, 0]]
