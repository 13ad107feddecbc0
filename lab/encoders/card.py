"""The model card of a student: its folder's README.md, from its facts."""

from __future__ import annotations

from typing import Any

SCORES = {"cosine": "cosines", "dot": "inner products"}
_USE = {
    False: "It answers in the space of its teacher: search the index you already have.",
    True: "It lies in the space of its teacher, but it learnt to search documents that it has encoded itself.",
}
_ENCODED = {
    False: "Documents are encoded by the teacher.",
    True: "Documents are encoded by this student: `student.encode_document(documents)`.",
}


def card(about: dict[str, Any]) -> str:
    """The folder's README.md from its facts."""
    small, large = about["parameters"]["student"], about["parameters"]["teacher"]
    general = f", {about['general_texts']:,} of them general ones" if about.get("general_texts") else ""
    fidelity, static = about["fidelity"], about.get("static_fidelity")
    own = about["config"].get("documents") == "own"
    return f"""---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [sentence-transformers, retrieval, knowledge-distillation, embeddistill]
---
# A {"dual" if own else "query"} encoder distilled from {about["teacher"]["source"]}

{small:,} parameters instead of {large:,} ({large / small:.1f} times fewer), {about["bytes"] / 1e6:.1f} MB,
{about["flops"]["student"] / 1e6:.1f} MFLOPs for a 12-token query instead of {about["flops"]["teacher"] / 1e6:.1f}.
{_USE[own]}

```python
from sentence_transformers import SentenceTransformer

student = SentenceTransformer("path/to/this/folder")
query_vectors = student.encode_query(["your question"])  # shape (1, {about["teacher"]["dimension"]})
```

{_ENCODED[own]} Scores are {SCORES[about["teacher"]["similarity"]]}.

| what | value |
|---|---|
| distilled on | {about["collection"]["name"]}, {about["collection"]["documents"]:,} documents |
| training texts | {about["texts"]:,}{general}, queries: {about["config"]["queries"]} |
| teacher | {about["teacher"]["source"]}, fingerprint {about["teacher"]["fingerprint"][:16]} |
| seed, steps, minutes | {about["config"]["seed"]}, {about["steps"]:,}, {about["minutes"]:.1f} |
| overlap of the top 10 with the teacher's, held-out texts | {fidelity["overlap"]} |
| nDCG@10 against the teacher's list, held-out texts | {fidelity["ndcg"]} |
| mean ‖t − s‖ | {fidelity["distance"]} |
| a static student of the same size, same texts | {static or "not made"} |

These figures need no judgements and are no retention. {_measured(about)}
Method: EmbedDistill, arXiv 2301.12005.
"""


def _measured(about: dict[str, Any]) -> str:
    """What `lab evaluate --card` measured where somebody has judged; every student beside BM25 and a static one."""
    judged = {where: told for where, told in about.get("measured", {}).items() if "retention" in told}
    others = {where: told for where, told in about.get("measured", {}).items() if "fidelity" in told}
    if not judged and not others:
        return "`lab evaluate --card` measures more and writes it here; where judgements exist, the retention."
    lines = ["Measured by `lab evaluate --card`:", ""]
    if judged:
        lines += ["| nDCG@10 on judged queries | teacher | student | static | BM25 | retention |", "|---" * 6 + "|"]
    for where, told in judged.items():
        means = {name: f"{measured['nDCG@10']:.3f}" for name, measured in told["metrics"].items() if measured}
        kept = told["retention"]["nDCG@10"]
        share = "–" if kept["value"] is None else f"{kept['value']:.3f} [{kept['low']:.3f}, {kept['high']:.3f}]"
        if told.get("over_bm25", {}).get("failed"):
            share += ", **failed: below BM25**"
        engines = " | ".join(means.get(name, "–") for name in ("teacher", "student", "static", "bm25"))
        lines.append(f"| {where}, {told['queries']} queries | {engines} | {share} |")
    if judged and others:
        lines.append("")
    if others:
        lines += ["| overlap of the top 10 with the teacher's | student | static | BM25 |", "|---" * 4 + "|"]
    for where, told in others.items():
        shares = " | ".join(
            f"{found['overlap']['value']:.3f} [{found['overlap']['low']:.3f}, {found['overlap']['high']:.3f}]"
            if (found := told["fidelity"].get(name)) else "–" for name in ("student", "static", "bm25")
        )  # fmt: skip
        lines.append(f"| {where}, {told['queries']} texts | {shares} |")
    return "\n".join(lines)
