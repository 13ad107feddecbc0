"""What only a lesson needs: the machine's pace, predictions, exercises with checks, hints and solutions."""

from __future__ import annotations

from transformers.utils import logging

from lab.teaching.pace import Pace, measure_pace
from lab.teaching.predict import predict

__all__ = ["Pace", "measure_pace", "predict"]

logging.disable_progress_bar()  # that weights are being loaded is no part of any lesson
