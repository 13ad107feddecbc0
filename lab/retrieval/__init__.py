"""Retrieval: from query vectors (or query words) to a `Run`, the ranked documents of every query."""

from __future__ import annotations

from lab.retrieval.bm25 import BM25Settings, bm25_run
from lab.retrieval.index import ExactIndex
from lab.retrieval.run import Run

__all__ = ["BM25Settings", "ExactIndex", "Run", "bm25_run"]
