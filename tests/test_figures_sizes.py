"""The curve over sizes shows each row's numbers, the larger student first, and BM25 and the teacher as lines."""

from __future__ import annotations

from typing import Any

import pytest

from lab.errors import DataError
from lab.figures import size_curve


def row(times: float, value: float, static: bool = True) -> dict[str, Any]:
    def around(middle: float) -> dict[str, float]:
        return {"value": middle, "low": middle - 0.04, "high": middle + 0.02}

    return {
        "student": f"1/{times:g}", "parameters": int(22_700_000 / times), "times smaller": times,
        "retention": around(value), "static": around(value - 0.1) if static else None, "bm25": around(0.7),
    }  # fmt: skip


def test_each_size_stands_at_its_share_with_its_interval() -> None:
    student, static, teacher, bm25 = size_curve([row(10, 0.9), row(4, 0.95)], "sizes").data
    assert list(student.x) == [4, 10] and list(student.y) == [0.95, 0.9]
    assert list(student.error_y.array) == pytest.approx([0.02, 0.02])
    assert list(student.error_y.arrayminus) == pytest.approx([0.04, 0.04])
    assert student.customdata[0] == "1/4, 5.7M: 0.950 [0.910, 0.970]"
    assert list(static.y) == pytest.approx([0.85, 0.8]) and all(b > a for a, b in zip(student.x, static.x, strict=True))
    assert set(teacher.y) == {1.0} and set(bm25.y) == {0.7} and student.marker.symbol != static.marker.symbol


def test_a_size_without_a_static_student_has_no_marker_there() -> None:
    figure = size_curve([row(10, 0.9), row(4, 0.95, static=False)], "sizes")
    assert len(figure.data[1].x) == 1 and list(figure.layout.xaxis.ticktext) == ["1/4", "1/10"]


def test_no_size_is_no_figure() -> None:
    with pytest.raises(DataError, match=r"pareto\.py"):
        size_curve([], "none")
