"""The store: content decides, finished work is kept, damage is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lab import store as module
from lab.errors import CacheError
from lab.store import VectorStore


class Counting:
    """An encoder that remembers what it was asked, and dies after `mortal` calls."""

    dimension = 2

    def __init__(self, fingerprint: str = "a" * 64, mortal: int = 99) -> None:
        self.fingerprint, self.asked, self.mortal = fingerprint, [], mortal

    def encode(self, texts: Sequence[str], kind: str = "query") -> np.ndarray:
        if len(self.asked) == self.mortal:
            raise KeyboardInterrupt
        self.asked.append((tuple(texts), kind))
        return np.array([[len(text), kind == "query"] for text in texts], np.float32)


def test_a_second_call_encodes_nothing(tmp_path: Path) -> None:
    encoder, store = Counting(), VectorStore(tmp_path)
    first = store.vectors(encoder, ["a", "bb"], "query")
    again = VectorStore(tmp_path).vectors(encoder, ["a", "bb"], "query")
    assert np.array_equal(first, again) and len(encoder.asked) == 1
    assert first.tolist() == [[1, 1], [2, 1]]


@pytest.mark.parametrize(
    ("texts", "kind", "fingerprint"),
    [(["ab", "c"], "query", "a" * 64), (["a", "bc"], "document", "a" * 64), (["a", "bc"], "query", "b" * 64)],
)
def test_texts_kind_and_encoder_are_all_part_of_the_key(tmp_path: Path, texts, kind, fingerprint) -> None:
    store = VectorStore(tmp_path)
    store.vectors(Counting(), ["a", "bc"], "query")
    other = Counting(fingerprint)
    store.vectors(other, texts, kind)
    assert len(other.asked) == 1


def test_an_interrupted_encoding_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD", 2)
    texts = ["a", "bb", "ccc", "dddd", "eeeee"]
    with pytest.raises(KeyboardInterrupt):
        VectorStore(tmp_path).vectors(Counting(mortal=2), texts, "query")
    second, seen = Counting(), []
    vectors = VectorStore(tmp_path).vectors(second, texts, "query", lambda done, total: seen.append((done, total)))
    assert second.asked == [(("eeeee",), "query")]
    assert vectors[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert seen == [(2, 5), (4, 5), (5, 5)]
    assert not list(tmp_path.rglob("*.tmp"))


def test_no_folder_keeps_nothing(tmp_path: Path) -> None:
    encoder, store = Counting(), VectorStore(None)
    store.vectors(encoder, ["a"], "query")
    store.vectors(encoder, ["a"], "query")
    assert len(encoder.asked) == 2 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["truncated", "shape", "nan"])
def test_damage_is_named_with_the_file_to_delete(tmp_path: Path, damage: str) -> None:
    store = VectorStore(tmp_path)
    store.vectors(Counting(), ["a", "bb"], "query")
    (path,) = tmp_path.rglob("*.safetensors")
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:20])
    else:
        wrong = np.zeros((3, 2), np.float32) if damage == "shape" else np.full((2, 2), np.nan, np.float32)
        save_file({"vectors": wrong}, path)
    with pytest.raises(CacheError, match=path.name) as caught:
        store.vectors(Counting(), ["a", "bb"], "query")
    assert "delete this file" in str(caught.value)


def test_what_was_found_out_is_remembered_by_all_it_depends_on(tmp_path: Path) -> None:
    asked: list[str] = []

    def find() -> dict[str, np.ndarray]:
        asked.append("found")
        return {"means": np.array([[1.5, len(asked)]], np.float32)}

    def ask(fingerprint: str = "a" * 64, kind: str = "observed", depends: tuple[str, ...] = ("fox", "1")) -> float:
        store = VectorStore(tmp_path)
        return float(store.remembered(fingerprint, kind, depends, {"means": (1, 2)}, find)["means"][0, 1])

    assert [ask(), ask()] == [1, 1]
    assert [ask("b" * 64), ask(kind="other"), ask(depends=("fox", "2")), ask()] == [2, 3, 4, 1]
    with pytest.raises(CacheError, match="expected \\(2, 2\\); delete this file"):
        VectorStore(tmp_path).remembered("a" * 64, "observed", ("fox", "1"), {"means": (2, 2)}, find)
    nowhere = VectorStore(None)
    assert nowhere.remembered("a" * 64, "observed", ("fox", "1"), {}, find)["means"][0, 1] == 5


def test_stores_of_one_folder_are_equal(tmp_path: Path) -> None:
    assert len({VectorStore(tmp_path), VectorStore(tmp_path), VectorStore(None)}) == 2
    assert VectorStore(tmp_path) != tmp_path


def test_the_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAB_CACHE", str(tmp_path / "mine"))
    VectorStore().vectors(Counting(), ["a"], "query")
    assert list((tmp_path / "mine").rglob("*.safetensors"))
