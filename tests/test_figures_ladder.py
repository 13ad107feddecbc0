from __future__ import annotations

import pytest

from lab.errors import DataError
from lab.figures import ladder_figure, ladder_values

ARMS = ["low", "middle", "high"]


def block(**shares: float) -> dict:
    return {"arms": {arm: {"value": v, "low": v - 0.1, "high": v + 0.2, "seeds": 3} for arm, v in shares.items()}}


def test_arms_stand_on_their_rungs_with_their_intervals() -> None:
    one, two, other = ladder_values(
        {"a": block(low=0.2, high=0.7), "b": block(middle=0.4)}, ARMS, {"NQ": {"high": 0.9, "unknown": 0.1}}
    )
    assert one["x"] == [0.2, 0.7] and [round(y) for y in one["y"]] == [0, 2] and [round(y) for y in two["y"]] == [1]
    assert one["error_x"]["array"] == pytest.approx([0.2, 0.2]) and one["error_x"]["arrayminus"] == pytest.approx(
        [0.1, 0.1]
    )
    assert "low: 0.200 [0.100, 0.400], 3 seeds" in one["text"]
    assert (other["x"], other["y"]) == ([0.9], [2])


def test_what_others_reported_is_said_to_be_so_and_looks_different() -> None:
    figure = ladder_figure({"a": block(low=0.2), "b": block(low=0.3)}, ARMS, {"NQ": {"low": 0.1}})
    symbols = [trace.marker.symbol for trace in figure.data]
    assert len(set(symbols)) == 3 and symbols[2].endswith("-open")
    assert "secondary source" in figure.data[2].name
    assert list(figure.layout.yaxis.ticktext) == ARMS


def test_more_than_there_are_markers_for_is_refused() -> None:
    with pytest.raises(DataError, match="3 blocks"):
        ladder_figure(dict.fromkeys("abc", block(low=0.1)), ARMS)
