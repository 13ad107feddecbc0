"""The grid of score-only students: figure by values, and the recordings that ship."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lab import artefacts
from lab.errors import DataError
from lab.figures.distance import ZERO, recorded_overlap
from lab.figures.grid import CELLS, grid_figure, grid_values
from lab.probe import IN_TEACHERS_INDEX
from lab.recording import Recording
from tests.test_figures_engines import recording

LARGEST = 250_000  # bytes of a recording
NAMES = [name for name, _ in CELLS]


def cell(documents: str, there: float) -> Recording:
    base = recording(looks=3, queries=4)
    measures = {
        IN_TEACHERS_INDEX: np.array([0.1, 0.2, there]),
        "overlap@10": np.array([0.3, 0.4, 0.9]),
        "mean distance": np.array([1.4, 1.2, 1.0]),
    }
    about = base.about | {"config": {"documents": documents}}
    return dataclasses.replace(base, steps=np.array([0, 1, 10]), measures=measures, about=about)


@pytest.fixture
def cells() -> dict[str, Recording]:
    return {name: cell("own" if name.endswith("own") else "inherited", place / 10) for place, name in enumerate(NAMES)}


def test_every_cell_shows_both_indexes_where_there_are_two(cells: dict[str, Recording]) -> None:
    values = grid_values(cells)
    for place, name in enumerate(NAMES):
        there, own, far = values[3 * place : 3 * place + 3]
        assert there["x"] == [ZERO, 1, 10] and there["y"] == pytest.approx([0.1, 0.2, place / 10])
        assert own["y"] == (pytest.approx([0.3, 0.4, 0.9]) if name.endswith("own") else [])
        assert far["y"] == pytest.approx([1.4, 1.2, 1.0])


def test_the_cells_share_their_scale_and_say_how_it_ended(cells: dict[str, Recording]) -> None:
    figure = grid_figure(cells)
    ranges = {tuple(figure.layout[f"yaxis{n}"].range) for n in ("", "2", "3", "4", "5")}
    words = [annotation.text for annotation in figure.layout.annotations]
    assert len(ranges) == 1 and len(figure.data) == 15
    assert all(heading in words for _, heading in CELLS)
    assert "in the end 20%, ‖t − s‖ 1.00" in words
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert len(named) == 3 and all(len(trace.x) for trace in figure.data if trace.showlegend)
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 3


def test_a_missing_or_older_recording_is_named(cells: dict[str, Recording]) -> None:
    with pytest.raises(DataError, match="no recording 'scores-random-own'"):
        grid_figure({name: seen for name, seen in cells.items() if name != "scores-random-own"})
    old = dataclasses.replace(cells[NAMES[0]], measures={"overlap@10": np.zeros(3)})
    with pytest.raises(DataError, match="record it again"):
        grid_values(cells | {NAMES[0]: old})


def test_the_grid_that_ships_is_whole_small_and_fair() -> None:
    grid = artefacts.grid()
    assert sorted(grid) == sorted(NAMES)
    for name, seen in grid.items():
        files = [artefacts.path(artefacts.GRID) / f"{name}.{kind}" for kind in ("safetensors", "json")]
        assert sum(file.stat().st_size for file in files) <= LARGEST
        config, first = seen.about["config"], grid[NAMES[0]]
        matched = name.startswith("matching")
        assert (config["start"], config["documents"]) == tuple(name.split("-")[1:])
        assert (config["losses"]["score"], config["losses"]["query_matching"]) == ((0, 1) if matched else (1, 0))
        for same in ("student", "seed", "epochs", "batch", "rate", "texts"):
            assert config[same] == first.about["config"][same], f"{name} differs in {same}"
        assert np.array_equal(seen.steps, first.steps) and np.array_equal(seen.teacher_rows, first.teacher_rows)
        shown = seen.measures["overlap@10"]
        assert recorded_overlap(seen).mean(axis=1) == pytest.approx(shown, abs=1e-6)
        assert (config["documents"] == "own") != np.array_equal(shown, seen.measures[IN_TEACHERS_INDEX])
