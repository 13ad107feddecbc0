"""Cross encoders that others trained: sentence-transformers checkpoints, by path or hub id, to re-rank with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import CrossEncoder as TheirCrossEncoder

from lab.device import autocast, pick_device, resolve_precision
from lab.encoders.teacher import resolve_folder
from lab.errors import DataError, ModelError


class StoredCrossEncoder:
    """A sentence-transformers cross encoder as it is: its own tokens, head and activation.

    Args:
        source: a folder or a hub id, e.g. "cross-encoder/ms-marco-MiniLM-L6-v2"
        length: tokens of a pair; None: its own

    Raises:
        OfflineError: a hub id that is neither cached nor reachable.
        ModelError: no safetensors weights, not a cross encoder, or one that gives several labels a pair.
    """

    def __init__(
        self, source: str | Path, device: str = "auto", precision: str = "auto", length: int | None = None
    ) -> None:
        folder = resolve_folder(source)
        if not any(folder.rglob("*.safetensors")):
            raise ModelError(
                f"{folder} holds no .safetensors weights (pickled .bin files are never loaded): load it in a place you"
                " trust and save it again with safe_serialization=True"
            )
        try:
            self.model = TheirCrossEncoder(
                str(folder),
                device=str(pick_device(device)),
                max_length=length,
                trust_remote_code=False,
                local_files_only=True,
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{folder} cannot be loaded as a cross encoder: {error}") from error
        if self.model.num_labels != 1:
            raise ModelError(f"{source} gives {self.model.num_labels} labels a pair; re-ranking needs one score")
        self.source = str(source)
        self.precision = resolve_precision(pick_device(device), precision)

    def scores(self, queries: Sequence[str], documents: Sequence[str]) -> np.ndarray:
        """(n,) float32 score of query i with document i.

        Raises:
            DataError: another number of queries than of documents.
        """
        if len(queries) != len(documents):
            raise DataError(f"{len(queries)} queries and {len(documents)} documents: give one document a query")
        if not len(queries):
            return np.empty(0, np.float32)
        with autocast(self.model.device, self.precision):
            found = self.model.predict(
                list(zip(queries, documents, strict=True)), show_progress_bar=False, convert_to_tensor=True
            )
        return found.float().cpu().numpy()
