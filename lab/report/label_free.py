"""`evaluate_fidelity`: how closely a student repeats its teacher on a corpus that nobody has judged.

Queries are texts made from documents whose texts never train a student. All engines search the whole corpus. What comes
out says how much the lists agree, and is never called retention: see `lab.evaluation.fidelity`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.collection import Collection
from lab.encoders.teacher import DualEncoder
from lab.evaluation import Fidelity, fidelity
from lab.preparation import held_out_texts
from lab.report.engines import NO_STATIC, search_all
from lab.retrieval import Run
from lab.store import VectorStore

HELD_OUT = "held-out"  # in place of a split's name


@dataclass(frozen=True)
class FidelityReport:
    """How far each engine agrees with the teacher, over the same held-out texts.

    runs: engine → Run · fidelities: engine but the teacher → `Fidelity`; BM25 has no vectors, so no distance
    parameters: of the engines that have any · bm25: its settings in words
    """

    collection: Collection
    runs: Mapping[str, Run]
    fidelities: Mapping[str, Fidelity]
    parameters: Mapping[str, int]
    bm25: str

    @property
    def queries(self) -> int:
        return self.fidelities["student"].queries

    def as_json(self) -> dict[str, Any]:
        """The keys of `lab evaluate --split held-out --json`."""
        return {
            "collection": self.collection.name,
            "split": HELD_OUT,
            "queries": self.queries,
            "documents": len(self.collection),
            "fidelity": {
                engine: {
                    "overlap": found.overlap.as_json(),
                    "ndcg": found.ndcg.as_json(),
                    "distance": found.distance.as_json() if found.distance else None,
                    "depth": found.depth,
                }
                for engine, found in self.fidelities.items()
            },
            "parameters": dict(self.parameters),
            "bm25": self.bm25,
        }

    def __str__(self) -> str:
        depth = self.fidelities["student"].depth
        lines = [
            f"{self.collection.name}: {self.queries} texts of held-out documents, {len(self.collection):,} documents;"
            " agreement with the teacher, no judgements, no retention",
            f"{'engine':<10}{'parameters':>12}  {f'overlap@{depth}':<24}{f'nDCG@{depth}, its list as truth':<29}‖t−s‖",
        ]
        for engine, found in self.fidelities.items():
            size = f"{self.parameters[engine]:,}" if engine in self.parameters else "–"
            lines.append(f"{engine:<10}{size:>12}  {found.overlap!s:<24}{found.ndcg!s:<29}{found.distance or '–'}")
        if "static" not in self.fidelities:
            lines.append(NO_STATIC)
        return "\n".join([*lines, self.bm25])


def evaluate_fidelity(
    student: DualEncoder,
    collection: Collection,
    teacher: DualEncoder,
    *,
    static: DualEncoder | None = None,
    own_documents: bool = False,
    store: VectorStore | None = None,
) -> FidelityReport:
    """Search texts of held-out documents with every engine and compare the lists with the teacher's.

    Args as of `lab.evaluate`. On a collection that the student was distilled on, its training saw none of these
    documents; a sentence that other documents have as well it may have seen.

    Raises:
        DataError: fewer than two documents, or none with a text.
        ModelError: the student's vectors do not fit the teacher's index.
    """
    texts = {f"text-{number}": text for number, text in enumerate(held_out_texts(collection).texts)}
    engines = search_all(student, collection, texts, teacher, static, own_documents, store, k=min(10, len(collection)))
    return FidelityReport(
        collection,
        engines.runs,
        {
            name: fidelity(engines.runs["teacher"], run, distance=engines.distances.get(name))
            for name, run in engines.runs.items()
            if name != "teacher"
        },
        engines.parameters,
        engines.bm25,
    )
