"""Why was this query lost? What `compare` knows about it, beside the same of the queries that were kept.

A query is lost where the student's first document is not its teacher's (the crosses of the dartboard). One query proves
no cause: the table says where it stands apart, `Comparison.slices` says whether that holds for many.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lab.collection import Collection
from lab.evaluation import Comparison, compare
from lab.evaluation.slices import rarest_word_frequency
from lab.figures.dartboard import check_place, keeps
from lab.figures.style import escape, shorten, table_html
from lab.figures.theatre import judgements, recorded_runs
from lab.recording import Recording

BEYOND = "beyond {}"  # a rank that the stored lists do not reach
_ROWS = {
    "rank_a": "rank of the right document: teacher",
    "rank_b": "rank of the right document: student",
    "distance": "‖t − s‖",
    "words": "words",
    "rarest": "documents that hold its rarest word",
}


def compared(
    recording: Recording, collection: Collection, look: int = -1, rarest: dict[str, int | None] | None = None
) -> Comparison:
    """`lab.evaluation.compare` of teacher and student at one look, with ‖t − s‖ and rarest words.

    Where nobody judged the probes, the teacher's first document counts as the right one.

    Args:
        rarest: what `rarest_words` returned for this recording's queries; counted anew where it is not given.

    Raises:
        DataError: no such look, or a recording over another collection.
    """
    check_place(recording, look, None)
    queries = dict(zip(recording.query_ids, recording.queries, strict=True))
    return compare(
        *recorded_runs(recording, collection, look), judgements(recording, collection), queries,
        distance=recording.distances[look], rarest=rarest or rarest_words(recording, collection),
    )  # fmt: skip


def rarest_words(recording: Recording, collection: Collection) -> dict[str, int | None]:
    """Query id → number of documents that hold its rarest word; the dear part, the same at every look."""
    return rarest_word_frequency(dict(zip(recording.query_ids, recording.queries, strict=True)), collection.documents)


def lost_table(recording: Recording, comparison: Comparison, look: int, query: int) -> pd.DataFrame:
    """One query beside the kept ones. A row a property (see `_ROWS`); ranks end with the lists, then they are words.

    Columns: this query · the median of the kept ones · `share`, of the kept ones with less than this query.

    Raises:
        DataError: no such look or query.
    """
    check_place(recording, look, query)
    kept = np.flatnonzero(keeps(recording)[look])
    beyond = BEYOND.format(recording.rows.shape[2])
    lines = {}
    for name, words in _ROWS.items():
        column = comparison.table[name]
        numbers = column.to_numpy(dtype=np.float64, na_value=np.inf if name.startswith("rank") else np.nan)
        here, others = numbers[query], numbers[kept]
        others = others[~np.isnan(others)]
        middle = float(np.median(others)) if len(others) else np.nan
        share = float((others < here).mean()) if len(others) and not np.isnan(here) else np.nan
        lines[words] = [_said(here, name, beyond), _said(middle, name, beyond), share]
    return pd.DataFrame.from_dict(lines, orient="index", columns=["this query", f"median of {len(kept)} kept", "share"])


def lost_html(recording: Recording, comparison: Comparison, look: int, query: int) -> str:
    """The same as HTML, below a line that says whether the query was lost."""
    table = lost_table(recording, comparison, look, query)
    words = f"“{escape(shorten(recording.queries[query], 70))}”"
    if keeps(recording)[look, query]:
        head = f"{words} kept the teacher's first document. Pick a cross to see what sets a lost one apart."
    else:
        head = f"{words} lost the teacher's first document. What sets it apart from the kept ones?"
    shown = table.rename(columns={"share": "kept ones with less"})
    shown["kept ones with less"] = ["" if np.isnan(share) else f"{share:.0%}" for share in table["share"]]
    return f"<p>{head}</p>{table_html(shown)}"


def _said(value: float, name: str, beyond: str) -> str:
    if np.isinf(value):
        return beyond
    if np.isnan(value):
        return "–"
    return f"{value:.3f}" if name == "distance" else f"{value:g}"
