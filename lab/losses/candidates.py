"""Which documents a query is scored against, and which of them must not count as wrong answers.

Candidates come in two layouts. *Shared*: documents (N, d), N ≥ B, scored by every query, query i's own at
row i (in-batch negatives; N > B when hard negatives are appended). *Given*: documents (B, C, d), each query's
own list, its positive first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import cast

import torch
from torch import Tensor

from lab.errors import LabError
from lab.losses.checks import in_full_precision, require_floats, require_shape


@in_full_precision
def candidate_scores(query: Tensor, document: Tensor) -> Tensor:
    """Inner products of queries with their candidates, not divided by any temperature.

    Args:
        query: (B, d).
        document: (N, d) shared by all queries, or (B, C, d) given for each.
    Returns: (B, N) or (B, C).
    Raises: LabError where the shapes do not fit.
    """
    require_floats("query", query, "(B, d)", 2)
    require_floats("document", document, "(N, d) or (B, C, d)", 2, 3)
    rows, width = query.shape
    if document.ndim == 2:
        require_shape("document", document, (document.shape[0], width), "query")
        return query @ document.T  # (B, N)
    require_shape("document", document, (rows, document.shape[1], width), "query")
    return torch.einsum("bd,bcd->bc", query, document)


def duplicate_mask(
    query_keys: Sequence[Hashable],
    doc_keys: Sequence[Hashable] | Sequence[list[Hashable]],
    *,
    device: torch.device | str | None = None,
) -> Tensor:
    """Candidates that are query i's own document once more, so that pushing them away would be wrong.

    Two queries made from one document meet in a batch more often than one thinks, and so do equal texts under
    two ids. Ask by id and by text and join the two masks with `|`. Where a group of documents shares its
    judgements, pass the group as key.

    Args:
        query_keys: B keys: the id (or text, or group) of the document that is right for query i.
        doc_keys: N keys of shared documents, query i's own at i; or B lists of C keys, query i's own first.
        device: of the mask.
    Returns: bool (B, N) or (B, C), True where the key equals query i's; never at query i's own column.
    Raises: LabError for fewer documents than queries, or lists of unequal length.
    """
    rows = len(query_keys)
    given = len(doc_keys) > 0 and isinstance(doc_keys[0], list)
    if rows == 0 or len(doc_keys) < rows or (given and len(doc_keys) > rows):
        raise LabError(
            f"doc_keys (length {len(doc_keys)}) must fit query_keys (length {rows}): "
            "one key per document with query i's own at i, or one list of keys per query."
        )
    lists = cast("Sequence[Sequence[Hashable]]", doc_keys if given else [doc_keys])
    if len({len(keys) for keys in lists}) != 1 or not lists[0]:
        raise LabError("doc_keys holds lists of unequal length or empty ones; every query needs C keys.")
    # A tensor cannot hold texts, so each distinct key becomes a number first.
    numbers: dict[Hashable, int] = {}
    queries = torch.tensor([[numbers.setdefault(key, len(numbers))] for key in query_keys])  # (B, 1)
    documents = torch.tensor([[numbers.setdefault(key, len(numbers)) for key in keys] for keys in lists])
    mask = documents == queries  # (B, C), or (1, N) against (B, 1): (B, N)
    if given:
        mask[:, 0] = False
    else:
        mask.fill_diagonal_(False)
    return mask.to(device)
