"""The bars of a distillation: what stands on them, what is written beside them, and that they close."""

from __future__ import annotations

import pytest

from lab.preparation import Stage
from lab.progress import ProgressBars
from lab.training import Finished, Probed, Progress


def test_bars_show_stages_steps_and_what_each_term_pulls(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBars() as bars:
        bars(Stage("teacher encodes documents", 3, 7))
        bars(Progress(1, 40, 0.5, 90.0, 12.0, {"score": 1.0}, {"score": 0.002, "query_matching": 0.125}))
        assert bars._bar is not None and (bars._bar.n, bars._bar.total) == (1, 40)
        bars(Progress(20, 40, 0.25, 90.0, 6.0))
        bars(Probed(20, 0.75, True))
        bars(Probed(30, 0.5, False))
        bars(Finished(40, 20, False, 1.0))
        assert bars._bar is None
    told = capsys.readouterr()
    assert "gradient norm of each term on the student's query vectors: score 0.002, query_matching 0.12" in told.out
    assert "step 20: overlap@10 with the teacher on held-out texts 0.750" in told.out and "step 30" not in told.out
    assert "teacher encodes documents" in told.err and "3/7" in told.err and "20/40" in told.err
    assert "loss 0.250" in told.err and "<" in told.err, "the time left stands behind the time spent"


def test_an_error_closes_the_bar() -> None:
    with pytest.raises(RuntimeError), ProgressBars() as bars:
        bars(Stage("building the student"))
        raise RuntimeError
    assert bars._bar is None
