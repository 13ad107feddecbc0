"""How fast is this machine? Three seconds of a miniature training tell how many minutes a notebook will take here.

Lessons promise minutes and train "for 45 seconds". Both depend on the reader's processor, so it is measured, by steps
that cost what a student's training step costs: embed, one transformer layer, back, AdamW.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from lab.device import autocast, pick_device
from lab.encoders.teacher import DualEncoder
from lab.errors import LabError

REFERENCE = 12.5  # miniature steps a second on the 2 idle cores on which the lab's minutes were measured
STEP, LOOK = 0.7, 3.7  # miniature steps that one step of a `tenth` student takes, and one look through 300 texts
_WATCHED = 300
_BATCH, _LENGTH, _WIDTH, _HEADS, _VOCABULARY, _INNER = 64, 20, 384, 12, 8_000, 768


@dataclass(frozen=True)
class Pace:
    """Miniature steps a second, and what follows from them."""

    steps_per_second: float

    @property
    def speed(self) -> float:
        """1 on the machine of the lab's figures, 2 on one twice as fast."""
        return self.steps_per_second / REFERENCE

    def minutes(self, there: float, waiting: float = 0.0) -> float:
        """Minutes here of what took so many minutes of computing there; `waiting` minutes pass everywhere alike."""
        return there / self.speed + waiting

    def epochs(self, seconds: float, texts: int, looks: int, watched: int = _WATCHED) -> float:
        """Passes over so many texts that take a `tenth` student about so many seconds here; one batch at least.

        Args: looks: at the student, each through so many texts (`watched`).
        """
        steps = max(1.0, (self.steps_per_second * seconds - looks * LOOK * watched / _WATCHED) / STEP)
        return steps * _BATCH / texts

    def __str__(self) -> str:
        return f"{self.speed:.2g} × the speed of the 2 cores on which this lab was measured"


def measure_pace(seconds: float = 3.0, clock: Callable[[], float] = time.perf_counter) -> Pace:
    """Train a miniature for so many seconds. The first step does not count: it sets things up.

    Where `LAB_PACE` names the steps a second nothing is measured: for runs that must not depend on the clock.

    Raises:
        LabError: no time given, or `LAB_PACE` is no number above 0.
    """
    if named := os.environ.get("LAB_PACE"):
        return Pace(_number(named))
    if not seconds > 0:
        raise LabError(f"seconds={seconds}: give it some time, three seconds are enough")
    step = _miniature()
    step()
    began, done = clock(), 0
    while clock() - began < seconds:
        step()
        done += 1
    return Pace(max(done, 1) / max(clock() - began, 1e-9))


def encoding_seconds(
    encoder: DualEncoder, texts: Sequence[str], batch: int = 1, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Wall clock for all texts, so many at a time."""
    began = clock()
    for start in range(0, len(texts), batch):
        encoder.encode(texts[start : start + batch], "query")
    return clock() - began


def times_as_fast(student: DualEncoder, teacher: DualEncoder, texts: Sequence[str], repeats: int = 3) -> float:
    """How many queries the student encodes while the teacher encodes one, here and now, one query at a time.

    The median of repeats in which the two take turns, so that a machine that is busy slows down both; the first turn
    warms up and does not count.
    """
    ratios = [encoding_seconds(teacher, texts) / encoding_seconds(student, texts) for _ in range(repeats + 1)]
    return float(np.median(ratios[1:]))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise LabError(f"LAB_PACE={text!r}: name the steps a second, e.g. {REFERENCE}, or unset it")
    return value


def _miniature() -> Callable[[], None]:
    device = pick_device()
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):  # a lesson's seed is none of our business
        torch.manual_seed(0)
        table = torch.nn.Embedding(_VOCABULARY, _WIDTH)
        layer = torch.nn.TransformerEncoderLayer(_WIDTH, _HEADS, _INNER, dropout=0.0, batch_first=True)
    model = torch.nn.Sequential(table, layer).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    tokens = torch.randint(_VOCABULARY, (_BATCH, _LENGTH), generator=generator).to(device)
    target = torch.randn((_BATCH, _WIDTH), generator=generator).to(device)

    def step() -> None:
        with autocast(device):
            out = model(tokens).mean(dim=1)
        (out.float() - target).norm(dim=1).mean().backward()
        optimiser.step()
        optimiser.zero_grad()
        out[0, 0].item()  # a GPU has finished only when somebody reads

    return step
