"""Small BEIR folders to read, whole ones and broken ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HEAD = "query-id\tcorpus-id\tscore\n"
CORPUS = [
    {"_id": "d1", "title": "Fox", "text": "A red animal."},
    {"_id": "d2", "title": "", "text": "No title here."},
    {"_id": "d3", "title": "Owl", "text": "A bird."},
]
QUERIES = [
    {"_id": "q1", "text": "red animal"},
    {"_id": "q2", "text": "bird"},
    {"_id": "q3", "text": "unjudged"},
]
QRELS = {
    "dev": HEAD + "q1\td1\t1\n",
    "test": HEAD + "q2\td3\t2\nq2\td1\t0\n",
}


def as_lines(records: list[Any]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def write(
    folder: Path,
    corpus: list[Any] | str | bytes = CORPUS,  # type: ignore[assignment]
    queries: list[Any] | str | bytes | None = QUERIES,  # type: ignore[assignment]
    qrels: dict[str, str] = QRELS,
) -> Path:
    """A BEIR folder; a list becomes JSON lines, text and bytes are written as they are."""
    for name, content in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        if content is not None:
            text = as_lines(content) if isinstance(content, list) else content
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for split, text in qrels.items():
        (folder / "qrels").mkdir(exist_ok=True)
        (folder / "qrels" / f"{split}.tsv").write_bytes(text.encode())
    return folder
