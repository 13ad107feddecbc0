"""Cross encoders: query and document read together, to re-rank, to be looked into, and to be copied."""

from __future__ import annotations

from lab.cross.adapter import about_cross, load_cross, save_cross
from lab.cross.checkpoint import StoredCrossEncoder
from lab.cross.encoder import CrossEncoder, Read
from lab.cross.explore import Case, Moved, PairExplorer, View
from lab.cross.influence import Influence, influence
from lab.cross.lists import Lists, mine
from lab.cross.rerank import reordered, rerank
from lab.cross.settings import CrossConfig
from lab.cross.students import Copying, PairTargets, copy_pairs, targets
from lab.cross.training import Prepared, prepare, train_cross

__all__ = [
    "Case",
    "Copying",
    "CrossConfig",
    "CrossEncoder",
    "Influence",
    "Lists",
    "Moved",
    "PairExplorer",
    "PairTargets",
    "Prepared",
    "Read",
    "StoredCrossEncoder",
    "View",
    "about_cross",
    "copy_pairs",
    "influence",
    "load_cross",
    "mine",
    "prepare",
    "reordered",
    "rerank",
    "save_cross",
    "targets",
    "train_cross",
]
