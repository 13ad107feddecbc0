"""Extra training queries (noise on observed ones, texts of documents) and measures of what they are worth."""

from __future__ import annotations

from lab.generation.documents import SENTENCES, FromDocuments, Repeated
from lab.generation.filters import Filters
from lab.generation.generator import FromQueries, NoiseSettings, QueryGenerator
from lab.generation.load import PAPER, load_embedded, load_generator
from lab.generation.made import Made, QuerySource, joined, mixed

__all__ = [
    "PAPER",
    "SENTENCES",
    "Filters",
    "FromDocuments",
    "FromQueries",
    "Made",
    "NoiseSettings",
    "QueryGenerator",
    "QuerySource",
    "Repeated",
    "joined",
    "load_embedded",
    "load_generator",
    "mixed",
]
