"""Vectors on disk, found again by what they are: encoder, kind of text, and the texts themselves. And what else
takes long to find out about an encoder (`remembered`).

The key is a hash of content, never a name or a date, so a changed teacher cannot be served stale vectors. Texts are
encoded in shards and each shard is written as soon as it is done: an interrupted run starts where it stopped. (Idea:
embedding-atlas `cache.py`; unlike there, an unreadable file is an error that names it, not a silent miss.)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VectorStore) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

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
        path = self._path(self.folder, encoder.fingerprint, kind, texts)
        if path.exists():
            return _read(path, {"vectors": (len(texts), encoder.dimension)})["vectors"]
        vectors = encoder.encode(texts, kind)
        _write(path, {"vectors": vectors})
        return vectors

    def remembered(
        self,
        fingerprint: str,
        kind: str,
        depends: Sequence[str],
        shapes: Mapping[str, tuple[int, ...]],
        find: Callable[[], Mapping[str, np.ndarray]],
    ) -> Mapping[str, np.ndarray]:
        """What `find` returned the first time it was asked for: name → float32 array of the shape that `shapes` says.

        Args:
            fingerprint: of the encoder it is about · kind: a word for what it is · depends: all else it depends on.

        Raises:
            CacheError: what is stored cannot be read or has the wrong shape; it names the file to delete.
        """
        if self.folder is None:
            return find()
        path = self._path(self.folder, fingerprint, kind, depends)
        if path.exists():
            return _read(path, shapes)
        found = find()
        _write(path, found)
        return found

    def _path(self, folder: Path, fingerprint: str, kind: str, texts: Sequence[str]) -> Path:
        return folder / fingerprint[:16] / f"{_key(fingerprint, texts, kind)}.safetensors"


def _key(fingerprint: str, texts: Sequence[str], kind: str) -> str:
    digest = hashlib.sha256(f"{fingerprint}\0{kind}".encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)  # lengths first: ["ab", "c"] is not ["a", "bc"]
    return digest.hexdigest()


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    save_file({name: np.ascontiguousarray(each, dtype=np.float32) for name, each in arrays.items()}, temporary)
    os.replace(temporary, path)


def _read(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    try:
        stored = load_file(path)
        found = {name: stored[name] for name in shapes}
    except (SafetensorError, OSError, KeyError) as error:
        raise CacheError(f"stored vectors cannot be read: {path} ({error}); delete this file and run again") from error
    for name, shape in shapes.items():
        if found[name].shape != shape or not np.isfinite(found[name]).all():
            raise CacheError(
                f"stored {name} in {path} have shape {found[name].shape} or values that are not numbers, expected"
                f" {shape}; delete this file and run again"
            )
    return found
