"""Panels: thin ipywidgets shells over figures. Whatever a panel shows, a figure function shows as well, without it."""

from __future__ import annotations

from lab.panels.ask import AskBoth
from lab.panels.circle import CirclePanel, turn_both_towers
from lab.panels.experiments import ExperimentPanel
from lab.panels.kernel import reply_through_the_stream
from lab.panels.live import LiveFigure, panels_are_live
from lab.panels.map import MapPanel
from lab.panels.morph import MorphPanel
from lab.panels.pairs import PairPanel
from lab.panels.redrawn import RedrawnFigure
from lab.panels.rewriting import Rewriting
from lab.panels.tabs import Tabs
from lab.panels.theatre import Theatre
from lab.panels.training import Training, train_in_background

reply_through_the_stream()  # before the first panel speaks, since a message lost is a click lost

__all__ = [
    "AskBoth",
    "CirclePanel",
    "ExperimentPanel",
    "LiveFigure",
    "MapPanel",
    "MorphPanel",
    "PairPanel",
    "RedrawnFigure",
    "Rewriting",
    "Tabs",
    "Theatre",
    "Training",
    "panels_are_live",
    "train_in_background",
    "turn_both_towers",
]
