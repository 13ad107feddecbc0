"""Training: batches, one loop that yields events, checkpoints."""

from __future__ import annotations

from lab.training.data import TrainingData
from lab.training.events import Event, Finished, Probed, Progress
from lab.training.loop import train

__all__ = ["Event", "Finished", "Probed", "Progress", "TrainingData", "train"]
