"""The trainings of `trials` as a table: what was changed, how far each came, is the difference beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lab.evaluation import Interval
from lab.figures.style import escape, table_html
from lab.figures.trials import Trial

# What follows from another change is no knob of its own: documents of its own are matched too, and slow every step;
# fewer steps are looked at less often
FOLLOWS = {"losses.document_matching": {"documents"}, "epochs": {"documents"}, "probes": {"documents", "epochs"}}


def trials_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row a run: the knobs changed, how far the look that was kept had come, its difference from the first."""
    rows = []
    for trial in trials:
        kept, difference = trial.kept, None if trial is trials[0] else trial.against(trials[0])
        rows.append({
            "run": trial.name,
            "changed": "; ".join(f"{name}: {words}" for name, words in trial.changed.items()) or "nothing",
            "state": trial.state,
            "step": trial.step,
            "kept look": kept.step if kept else None,
            "parameters": trial.parameters,
            "mean ‖t − s‖": round(kept.distance, 3) if kept else None,
            "overlap@10": round(kept.overlap, 3) if kept else None, "difference": str(difference or ""),
            "seconds": None if trial.seconds is None else round(trial.seconds, 1),
        })  # fmt: skip
    return pd.DataFrame(rows)


def trials_html(trials: Sequence[Trial]) -> str:
    """The same table as HTML. The knob that was turned stands out from what follows from it, and so does a
    difference whose interval excludes 0."""
    table = trials_table(trials)
    if not len(table):
        return ""
    # whatever a run is called, or failed with, is shown as letters; only what is bold here is markup
    shown = table.map(lambda value: escape(value) if isinstance(value, str) else value)
    sure = [trial is not trials[0] and _excludes_0(trial.against(trials[0])) for trial in trials]
    shown["changed"] = [_changes(trial) for trial in trials]
    shown["difference"] = [_bold(words, bold) for words, bold in zip(shown["difference"], sure, strict=True)]
    return table_html(shown, index=False, na_rep="", escape=False)


def _changes(trial: Trial) -> str:
    told = [
        _bold(escape(f"{name}: {words}"), not FOLLOWS.get(name, set()) & set(trial.changed))
        for name, words in trial.changed.items()
    ]
    return "; ".join(told) or "nothing"


def _bold(words: str, bold: bool) -> str:
    return f"<b>{words}</b>" if bold else words


def _excludes_0(difference: Interval | None) -> bool:
    return difference is not None and (difference.low > 0 or difference.high < 0)
