"""What a training reads: texts, and where the teacher puts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TrainingData:
    """Texts with the teacher's view of them.

    texts: n · queries: (n, d) teacher's vectors of the texts · positives: (n,) row of each text's document,
        −1 where it has none: such a text is matched, and can do nothing else
    documents: (M, d) teacher's vectors of the documents at `document_rows`; of all N where a loss reads documents
    document_texts: N, read when the student encodes documents itself
    index: positions in `documents` that index_score ranks, the same for every step; None: all M
    groups: (N,) equal for documents with equal text, so that a twin is never a negative · negatives: (n, H) rows
    targets: (n, d) what query matching matches, see `lab.targets`; None: the teacher's vectors themselves
    settings: the config's `texts`, `queries` and `unseen` it was made with; None where whoever made it did not say
    similarity: of the teacher, "cosine" or "dot": what a score is
    """

    texts: tuple[str, ...]
    queries: np.ndarray
    positives: np.ndarray
    documents: np.ndarray
    document_rows: np.ndarray
    document_texts: tuple[str, ...]
    groups: np.ndarray
    negatives: np.ndarray | None = None
    index: np.ndarray | None = None
    targets: np.ndarray | None = None
    settings: Mapping[str, Any] | None = None
    similarity: str = "dot"
