"""Collections: documents, and per split the queries and judgements about them."""

from lab.collection.core import Collection
from lab.collection.load import load_collection

__all__ = ["Collection", "load_collection"]
