"""Measures of a run against judgements, one value a query, by ir_measures.

Everything statistical further on (intervals, comparisons, slices) works on these per-query arrays, so they
keep the order of the run's queries. ir_measures takes nDCG and recall from trec_eval's own code (pytrec_eval,
wheels for Linux x86-64, macOS and Windows) and the reciprocal rank with a cutoff, which trec_eval does not
know, from MS MARCO's evaluation script, pure Python. nDCG is trec_eval's: the gain is the grade itself, the
discount log2(rank + 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np

from lab.errors import DataError
from lab.retrieval.run import Run

MEASURES = ("nDCG@10", "MRR@10", "R@5", "R@20", "R@100")
Qrels = Mapping[str, Mapping[str, int]]


def per_query(run: Run, qrels: Qrels, measures: Sequence[str] = MEASURES) -> dict[str, np.ndarray]:
    """{measure: (n_queries,) float64 in the order of `run.query_ids`}.

    qrels     {query id: {document id: grade}}; a grade of 1 or more is relevant
    measures  names as ir_measures reads them; "MRR@10" (its RR@10) keeps its common name

    Every judged query counts: one for which nothing relevant was found has the value 0, and one that was not
    searched at all is an error, since a mean over the rest would flatter the engine.

    Raises:
        DataError: a query without a positive judgement, a judged query that the run does not hold, a measure that is
            unknown or looks deeper than the run.
    """
    parsed = {name: _parse(name) for name in measures}
    if not parsed:
        raise DataError(f"no measures asked for: name some of {', '.join(MEASURES)}")
    depth = max(_depth(name, measure, run) for name, measure in parsed.items())
    judged = _judged(run, qrels)
    results = {name: np.zeros(len(run)) for name in parsed}
    names: dict[Any, list[str]] = {}
    for name, measure in parsed.items():
        names.setdefault(measure, []).append(name)
    for metric in ir_measures.iter_calc(list(names), judged, run.scored_docs(depth)):
        for name in names[metric.measure]:
            results[name][run.position[metric.query_id]] = metric.value
    return results


def means(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    """{measure: mean over the queries} of what `per_query` returned."""
    return {name: float(np.mean(array)) for name, array in values.items()}


def require_same_queries(a: Run, b: Run) -> None:
    """Both runs answer the same queries, in one order, over the same documents.

    Raises:
        DataError: they do not.
    """
    if a.query_ids != b.query_ids:
        missing = sorted(set(a.query_ids) ^ set(b.query_ids))
        what = f"only one of them holds {missing[0]!r}" if missing else "they come in another order"
        raise DataError(f"runs {a.name!r} and {b.name!r} answer different queries ({len(a)} and {len(b)}; "
                        f"{what}): bring one into line with run.select(other.query_ids)")
    if a.doc_ids != b.doc_ids:
        raise DataError(f"runs {a.name!r} and {b.name!r} are over different documents ({len(a.doc_ids)} and "
                        f"{len(b.doc_ids)}): search the same collection with both")


def _parse(name: str) -> Any:
    try:
        return ir_measures.parse_measure(name)
    except (NameError, ValueError, SyntaxError, TypeError) as error:
        raise DataError(f"unknown measure {name!r}: use names like {', '.join(MEASURES)}") from error


def _depth(name: str, measure: Any, run: Run) -> int:
    cutoff = measure.params.get("cutoff")
    needed = min(cutoff or run.k, len(run.doc_ids))
    if needed > run.k:
        raise DataError(f"{name} looks at {needed} documents a query, run {run.name!r} holds {run.k}: search "
                        f"with k={needed} (reading a file: k={needed}), or leave {name} out")
    return needed


def _judged(run: Run, qrels: Qrels) -> dict[str, dict[str, int]]:
    """The judgements of the run's queries, as plain dicts."""
    for query_id in run.query_ids:
        if not any(grade > 0 for grade in qrels.get(query_id, {}).values()):
            raise DataError(f"query {query_id!r} of run {run.name!r} has no positive judgement, so no "
                            "measure is defined for it: give the qrels of the split that was searched, or "
                            "leave the query out (run.select)")
    unsearched = [query_id for query_id, grades in qrels.items()
                  if query_id not in run.position and any(grade > 0 for grade in grades.values())]
    if unsearched:
        raise DataError(f"{len(unsearched)} judged queries were not searched in run {run.name!r}, the first "
                        f"{unsearched[0]!r}: search them too, or pass the judgements of the run's queries "
                        f"only")
    return {query_id: {doc_id: int(grade) for doc_id, grade in qrels[query_id].items()}
            for query_id in run.query_ids}
