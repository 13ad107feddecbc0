"""Training: batches, one loop that yields events, checkpoints."""

from __future__ import annotations

from lab.training.loop import Event, Finished, Probed, Progress, TrainingData, train

__all__ = ["Event", "Finished", "Probed", "Progress", "TrainingData", "train"]
