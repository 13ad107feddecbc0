"""Reports: all engines on judged queries, or, where nobody has judged any, how far they agree with the teacher."""

from __future__ import annotations

from lab.report.judged import MAIN, Report, evaluate
from lab.report.label_free import HELD_OUT, FidelityReport, evaluate_fidelity

__all__ = ["HELD_OUT", "MAIN", "FidelityReport", "Report", "evaluate", "evaluate_fidelity"]
