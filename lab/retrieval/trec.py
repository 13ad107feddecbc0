"""Reading TREC run files, the lab's own or any other tool's, with the line named where one cannot be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lab.errors import DataError
from lab.retrieval.run import NOTHING, Run


def read_trec(path: str | Path, doc_ids: Sequence[str], *, query_ids: Sequence[str] | None = None,
              k: int | None = None) -> Run:
    """Read `query Q0 document rank score tag` lines into a `Run` named after the last tag.

    As trec_eval does, the order comes from the scores and the rank column is not looked at; ties go to the
    lower row.

    doc_ids    ids of the whole collection, in its order
    query_ids  the queries the run answers; one without a line in the file keeps an empty list (and counts
               0 in every measure). By default those of the file, in the order of their first line
    k          places a query; longer lists are cut. By default the longest list of the file

    Raises FileNotFoundError, or DataError with file and line: not six columns, an unknown document or query,
    a score that is no finite number, a document twice for one query, a file without a line.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no run file at {path}: write one with Run.to_trec(path)")
    row_of = {doc_id: row for row, doc_id in enumerate(doc_ids)}
    lists: dict[str, dict[int, float]] = {query_id: {} for query_id in query_ids or ()}
    tag = ""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            query_id, row, score, tag = _parse(line, f"{path}, line {number}", row_of)
            if query_id not in lists:
                if query_ids is not None:
                    raise DataError(f"{path}, line {number}: query {query_id!r} is not among the "
                                    f"{len(query_ids)} queries asked for; give the queries of the split this "
                                    "run was made on")
                lists[query_id] = {}
            if row in lists[query_id]:
                raise DataError(f"{path}, line {number}: document {doc_ids[row]!r} appears twice for query "
                                f"{query_id!r}; keep one of the two lines")
            lists[query_id][row] = score
    if not tag:
        raise DataError(f"{path} holds no line: a run file has lines like 'q1 Q0 d7 1 0.83 teacher'")

    longest = max(len(found) for found in lists.values())
    width = min(longest if k is None else k, len(doc_ids))
    rows = np.full((len(lists), width), NOTHING, dtype=np.int64)
    scores = np.full((len(lists), width), -np.inf, dtype=np.float32)
    for place, found in enumerate(lists.values()):
        best = sorted(found, key=lambda row: (-found[row], row))[:width]
        rows[place, : len(best)] = best
        scores[place, : len(best)] = [found[row] for row in best]
    return Run(tag, tuple(lists), tuple(doc_ids), rows, scores)


def _parse(line: str, where: str, row_of: dict[str, int]) -> tuple[str, int, float, str]:
    columns = line.split()
    if len(columns) != 6:
        raise DataError(f"{where}: {len(columns)} columns instead of six (query Q0 document rank score tag): "
                        f"{line.strip()!r}")
    query_id, _, doc_id, _, text, tag = columns
    if doc_id not in row_of:
        raise DataError(f"{where}: document {doc_id!r} is not in the collection ({len(row_of)} documents); "
                        "was this run made on another one?")
    try:
        score = float(text)
    except ValueError:
        raise DataError(f"{where}: the score {text!r} is not a number") from None
    if not math.isfinite(score):
        raise DataError(f"{where}: the score {text!r} is not finite; search again and look for NaN in the "
                        "vectors")
    # float32 here and not later, so that scores which are equal in a Run are ties when lists are cut too
    return query_id, row_of[doc_id], float(np.float32(score)), tag
