"""`make notebooks` runs every cell, but nobody watches: panels are static, and the live training takes five seconds,
which are as many steps on every machine.

Kernels inherit this environment; who sets the variables themselves keeps what they set.
"""

from __future__ import annotations

import os

from lab.teaching.pace import REFERENCE

os.environ.setdefault("LAB_PANELS", "static")
os.environ.setdefault("LAB_PACE", str(REFERENCE))
os.environ.setdefault("LAB_LIVE_SECONDS", "5")
