"""Vectors on disk, found again by what they are: encoder, kind of text, and the texts themselves.

The key is a hash of content, never a name or a date, so a changed teacher cannot be served stale vectors. Texts are
encoded in shards and each shard is written as soon as it is done: an interrupted run starts where it stopped. (Idea:
embedding-atlas `cache.py`; unlike there, an unreadable file is an error that names it, not a silent miss.)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from lab.encoders.teacher import Kind
from lab.errors import CacheError

SHARD = 2048  # texts a file: large enough that sorting by length within it wastes little padding


class Encoder(Protocol):
    """What the store asks of a teacher or student."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def encode(self, texts: Sequence[str], kind: Kind) -> np.ndarray: ...


def default_folder() -> Path:
    """`$LAB_CACHE`, or the user's cache folder."""
    base = os.environ.get("LAB_CACHE")
    return Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "embeddistill-lab"


class VectorStore:
    """Encodes what it has not seen, reads what it has.

    `VectorStore(None)` keeps nothing (every call encodes anew).
    """

    def __init__(self, folder: str | Path | None = "default") -> None:
        self.folder = default_folder() if folder == "default" else Path(folder) if folder is not None else None

    def vectors(
        self,
        encoder: Encoder,
        texts: Sequence[str],
        kind: Kind,
        progress: Callable[[int, int], None] | None = None,
    ) -> np.ndarray:
        """Vectors of the texts, in their order: (len(texts), encoder.dimension) float32.

        `progress(done, all)` is called after every shard.

        Raises:
            CacheError: a stored shard cannot be read or has the wrong shape; it names the file to delete.
        """
        out = np.empty((len(texts), encoder.dimension), np.float32)
        for start in range(0, len(texts), SHARD):
            shard = list(texts[start : start + SHARD])
            out[start : start + len(shard)] = self._shard(encoder, shard, kind)
            if progress:
                progress(start + len(shard), len(texts))
        return out

    def _shard(self, encoder: Encoder, texts: list[str], kind: Kind) -> np.ndarray:
        if self.folder is None:
            return encoder.encode(texts, kind)
        path = self.folder / encoder.fingerprint[:16] / f"{_key(encoder.fingerprint, texts, kind)}.safetensors"
        if path.exists():
            return _read(path, (len(texts), encoder.dimension))
        vectors = encoder.encode(texts, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        save_file({"vectors": np.ascontiguousarray(vectors, dtype=np.float32)}, temporary)
        os.replace(temporary, path)
        return vectors


def _key(fingerprint: str, texts: Sequence[str], kind: Kind) -> str:
    digest = hashlib.sha256(f"{fingerprint}\0{kind}".encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)  # lengths first: ["ab", "c"] is not ["a", "bc"]
    return digest.hexdigest()


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray:
    try:
        vectors = load_file(path)["vectors"]
    except (SafetensorError, OSError, KeyError) as error:
        raise CacheError(f"stored vectors cannot be read: {path} ({error}); delete this file and run again") from error
    if vectors.shape != shape or not np.isfinite(vectors).all():
        raise CacheError(
            f"stored vectors in {path} have shape {vectors.shape} or values that are not numbers, expected {shape};"
            " delete this file and run again"
        )
    return vectors
