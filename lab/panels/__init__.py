"""Panels: thin ipywidgets shells over figures. Whatever a panel shows, a figure function shows as well, without it."""

from __future__ import annotations

from lab.panels.live import LiveFigure, panels_are_live
from lab.panels.rewriting import Rewriting
from lab.panels.training import Training, train_in_background

__all__ = ["LiveFigure", "Rewriting", "Training", "panels_are_live", "train_in_background"]
