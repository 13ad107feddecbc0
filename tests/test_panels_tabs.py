"""Figures behind tabs: one each, with its words; those further up are not shown twice where nothing is live."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from lab.errors import LabError
from lab.panels import Tabs, shown

FIGURES = {name: go.Figure(go.Scatter(x=[0], y=[height])) for name, height in (("a", 1), ("b", 2))}


def test_every_figure_has_a_tab_with_its_words() -> None:
    tabs = Tabs(FIGURES, live=True).tabs
    assert list(tabs.titles) == ["a", "b"]
    drawn = [child.outputs[0]["data"]["application/vnd.plotly.v1+json"]["data"][0]["y"] for child in tabs.children]
    assert [list(y) for y in drawn] == [[1], [2]]


@pytest.mark.parametrize(("above", "left"), [((), ["a", "b"]), (("a",), ["b"])])
def test_where_nothing_is_live_they_stand_below_one_another(
    monkeypatch: pytest.MonkeyPatch, above: tuple[str, ...], left: list[str]
) -> None:
    displayed: list[Any] = []
    monkeypatch.setattr(shown, "display", lambda part, **_: displayed.append(part))
    Tabs(FIGURES, above, live=False)._ipython_display_()
    assert displayed == [*(FIGURES[name] for name in left), {"text/plain": shown.STILL}]


@pytest.mark.parametrize(("figures", "above", "says"), [({}, (), "no figure"), (FIGURES, ("c",), "the tabs are a, b")])
def test_what_cannot_be_shown_is_refused(figures: Any, above: tuple[str, ...], says: str) -> None:
    with pytest.raises(LabError, match=says):
        Tabs(figures, above)
