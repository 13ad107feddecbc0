"""A query and a document in one sequence, and which token belongs to whom.

Segments come from the tokenizer's own account of where each token came from (`sequence_ids`), not from token types:
RoBERTa and DistilBERT have none, and BERT's call the padding "query". Rows are padded here, on the right, whatever
side the tokenizer prefers: a pair then has the same positions, and so the same score, in whichever batch it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lab.errors import DataError, ModelError

PADDING, SPECIAL, QUERY, DOCUMENT = -1, 0, 1, 2  # what a token is


@dataclass(frozen=True)
class Pair:
    """One pair as tokens, unpadded.

    ids: (T,) int64 · types: (T,) token types as the tokenizer gives them, 0 where it has none
    kinds: (T,) SPECIAL, QUERY or DOCUMENT
    """

    ids: np.ndarray
    types: np.ndarray
    kinds: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def owners(self) -> np.ndarray:
        """(T,) QUERY or DOCUMENT for every token, special ones too: those up to the document's first are the query's
        but for the first token of all, which belongs to nobody."""
        owner = np.where(np.arange(len(self)) >= self._border, DOCUMENT, QUERY)
        owner[0] = SPECIAL
        return owner

    @property
    def _border(self) -> int:
        found = np.flatnonzero(self.kinds == DOCUMENT)
        # an empty document still has the separator that closes it
        return int(found[0]) if len(found) else len(self) - 1


@dataclass(frozen=True)
class PairBatch:
    """Pairs padded to one length: ids, types (B, T) int64; mask (B, T) 1 for real tokens; query, document (B, T) bool,
    the tokens that are pooled."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    query: Tensor
    document: Tensor


def tokenize_pairs(tokenizer: Any, queries: Sequence[str], documents: Sequence[str], length: int) -> list[Pair]:
    """Tokens of query i with document i, cut to `length`: tokens go from whichever segment is longer, so a short query
    stays whole.

    Raises:
        DataError: another number of queries than of documents.
        ModelError: a tokenizer that cannot say which token came from where (a "slow" one), or more special tokens than
            `length` has room for.
    """
    if len(queries) != len(documents):
        raise DataError(f"{len(queries)} queries and {len(documents)} documents: give one document a query")
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(f"{type(tokenizer).__name__} cannot tell segments apart: load a fast tokenizer (tokenizers)")
    if length < tokenizer.num_special_tokens_to_add(pair=True) + 2:
        raise ModelError(f"length={length} leaves no room for both segments; give at least 8")
    if not queries:
        return []
    found = tokenizer(list(queries), list(documents), truncation="longest_first", max_length=length)
    pairs = []
    for row, ids in enumerate(found["input_ids"]):
        kinds = np.array([SPECIAL if at is None else at + 1 for at in found.sequence_ids(row)])
        types = found["token_type_ids"][row] if "token_type_ids" in found else [0] * len(ids)
        pairs.append(Pair(np.array(ids), np.array(types), kinds))
    return pairs


def collate(pairs: Sequence[Pair], pad: int, pooled: str = "content") -> PairBatch:
    """Pad to the longest of these pairs.

    Args:
        pad: id of the padding token.
        pooled: "content": the pooled tokens are the texts' own; "specials": with the separators behind each segment.
    """
    longest = max(map(len, pairs))
    shape = (len(pairs), longest)
    ids, types, mask = np.full(shape, pad, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    kinds = np.full(shape, PADDING)
    for row, pair in enumerate(pairs):
        end = len(pair)
        ids[row, :end], types[row, :end], mask[row, :end] = pair.ids, pair.types, 1
        kinds[row, :end] = pair.kinds if pooled == "content" else pair.owners
    query, document = (torch.from_numpy(kinds == which) for which in (QUERY, DOCUMENT))
    return PairBatch(torch.from_numpy(ids), torch.from_numpy(types), torch.from_numpy(mask), query, document)
