"""The panel of made queries: controls and code do the same, and without widgets the same is shown."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lab.errors import DataError
from lab.figures import morph_map_values
from lab.generation import explore
from lab.generation.explore import Explorer
from lab.generation.filters import words
from lab.geometry.checks import unit
from lab.panels import MorphPanel, Rewriting
from lab.panels.rewriting import Words, words_of

QUERIES = ("white fox", "hot volcano", "white volcano")
NAMES = ("fox", "volcano", "white", "hot")


class Counts:
    """An encoder whose vector of a text counts four words."""

    fingerprint, dimension = "counts", 4

    def encode(self, texts, kind="query"):
        return np.array([[words(text).count(name) + 0.01 for name in NAMES] for text in texts])


class Stumbler:
    """σ at 1 or more turns every fox into a volcano."""

    def rewrite(self, queries, settings, **changes):
        sigma = changes.get("sigma", settings.sigma)
        texts = [query.replace("fox", "volcano") if sigma >= 1 else query for query in queries]
        return [text for text in texts for _ in range(settings.per_query)]

    def as_read(self, queries):
        return list(queries)


@pytest.fixture
def explorer() -> Explorer:
    return Explorer(Stumbler(), Counts(), Counts().encode(["fox", "volcano"]), ["The fox", "The volcano"], QUERIES)


def test_variants_know_what_they_find_and_where_they_land(explorer: Explorer) -> None:
    near, far = (explorer.variants("white fox", sigma, count=3) for sigma in (0.0, 1.0))
    assert near.texts == ("white fox",) * 3 and near.kept.all() and near.own == pytest.approx([0, 0, 0], abs=1e-6)
    assert not far.kept.any() and set(far.found) == {"The volcano"} and far.top == "The fox"
    assert far.neighbours == ("white volcano",) * 3 and far.other == pytest.approx([0, 0, 0], abs=1e-6)
    assert (far.own > 0.5).all()


def test_documents_are_normalised_once_not_at_every_query(explorer: Explorer, monkeypatch) -> None:
    sizes = []
    monkeypatch.setattr(explore, "unit", lambda array: sizes.append(len(array)) or unit(array))
    many = Counts().encode(["fox", "volcano"]).repeat(50, axis=0)
    asked = Explorer(Stumbler(), Counts(), many, [f"document {row}" for row in range(100)], QUERIES)
    for sigma in (0.0, 1.0):
        asked.variants("white fox", sigma, count=3)
    assert sizes.count(100) == 1 and sizes.count(4) == 2


def test_a_strip_has_one_text_a_sigma(explorer: Explorer) -> None:
    strip = explorer.strip("white fox", (0.0, 2.0))
    assert strip.texts == ("white fox", "white volcano") and strip.kept.tolist() == [True, False]
    assert strip.sigmas == (0.0, 2.0)


def test_titles_and_queries_must_fit(explorer: Explorer) -> None:
    with pytest.raises(DataError, match="a title a vector"):
        Explorer(Stumbler(), Counts(), np.eye(4), ["one"], QUERIES)
    with pytest.raises(DataError, match="two queries"):
        Explorer(Stumbler(), Counts(), np.eye(4), list("abcd"), QUERIES[:1])


def test_a_control_does_what_the_code_does(explorer: Explorer) -> None:
    panel = Rewriting(explorer, "white fox", sigma=0.0, live=True)
    assert panel.panel is not None and panel._sigma.style.description_width == "initial"
    panel._sigma.value = 1.0
    assert not panel.variants.kept.any() and "✕ The volcano" in panel._words.value
    panel._live.show(lambda: [{}, {}, {}], now=True)
    panel._query.value = "hot volcano"
    assert panel.variants.source == "hot volcano" and panel.variants.kept.all()
    before = panel.variants
    panel._query.value = "  "
    assert panel.variants is before
    assert panel.choose("white fox", 0.0).texts[0] == "white fox"


def test_without_widgets_words_and_figure_are_the_same(
    explorer: Explorer, monkeypatch, capsys, displayed: list
) -> None:
    monkeypatch.setenv("LAB_PANELS", "static")
    panel = Rewriting(explorer, "white fox", sigma=1.0)
    assert panel.panel is None and len(panel.figure().data[1].x) == 10
    assert "volcano</u>" in words_of(panel.variants) and "drifted" in repr(Words(panel.variants))
    panel._ipython_display_()
    assert [type(part).__name__ for part in displayed] == ["Words", "Figure", "dict"]


MAP = np.array([[0.0, 0.0], [4.0, 2.0]])  # of The fox and The volcano


def test_a_row_that_is_picked_lands_on_the_map(explorer: Explorer) -> None:
    panel = MorphPanel(explorer, MAP, "white fox", (0.0, 2.0), live=True)
    assert panel.panel is not None and panel._live.widget.layout.height > 430
    landed = panel._landed
    assert landed.source[0] < 0.1 and landed.variants[1, 0] > 3.9, "near the one document, then near the other"
    assert panel.variants.own[0] == pytest.approx(0.0, abs=1e-6) and panel.variants.own[1] > 0.5
    panel.rows.value = 2  # by keyboard
    picked, line = panel._live.widget.data[8], panel._live.widget.data[6]
    assert panel.row == 2 and picked.x[0] == pytest.approx(landed.variants[1, 0])
    assert f"{panel.variants.own[1]:.2f}" in picked.text[0]
    assert list(line.x) == pytest.approx([landed.source[0], picked.x[0]])
    assert list(panel._live.widget.data[3].marker.symbol) == ["circle-open", "circle-open", "triangle-right"]
    badge = panel._live.widget.data[1]  # the row that kept its top document
    badge._click_callbacks[0](badge, type("Points", (), {"ys": [badge.y[0]]})(), None)
    assert panel.row == panel.rows.value == 1 and panel.choose(0) == "white fox"
    assert picked.x[0] == pytest.approx(landed.source[0]) and picked.text[0] == "as asked"
    live, twin = ([{**trace, "uid": None} for trace in figure.to_dict()["data"]]
                  for figure in (panel._live.figure(), panel.figure()))  # fmt: skip
    assert live == twin


def test_a_strip_on_a_map_needs_places_for_its_rows(explorer: Explorer) -> None:
    with pytest.raises(DataError, match="give the map of these documents"):
        MorphPanel(explorer, MAP[:1], "white fox", (0.0,))
    panel = MorphPanel(explorer, MAP, "white fox", (0.0,), row=1, live=False)
    assert panel.panel is None and panel.figure().data[8].text[0].startswith("σ 0")
    with pytest.raises(DataError, match="rows 0 .as asked. to 1"):
        panel.choose(2)
    twice = dataclasses.replace(panel.variants, texts=panel.variants.texts * 2)
    with pytest.raises(DataError, match="1 places for 2 variants.*give one a text"):
        morph_map_values(twice, panel._landed)
