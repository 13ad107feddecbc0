from __future__ import annotations

import io

import numpy as np
import pytest
from palette import SEEN, compact, own_colours
from PIL import Image

from lab.figures.style import BLUE, PALETTE, tint


def rgb(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))  # type: ignore[return-value]


PLACES = {colour: 12 * place for place, colour in enumerate(PALETTE)}  # colour → row of its five pixels by five


@pytest.fixture
def crowded() -> Image.Image:
    """Every colour of the style in 25 pixels, among thousands of others."""
    pixels = np.random.default_rng(0).integers(0, 256, (12 * len(PALETTE), 160, 3)).astype(np.uint8)
    for colour, row in PLACES.items():
        pixels[row : row + 5, 10:15] = rgb(colour)
    return Image.fromarray(pixels)


def kept(image: Image.Image) -> list[str]:
    """Colours of the style that are still where they were."""
    pixels = np.asarray(image.convert("RGB"))
    return [colour for colour, row in PLACES.items() if (pixels[row : row + 5, 10:15] == rgb(colour)).all()]


@pytest.mark.parametrize("colours", [128, 24])
def test_colours_of_the_style_stay_exactly_what_they_are(crowded: Image.Image, colours: int) -> None:
    small = Image.open(io.BytesIO(compact(crowded, 1.0, colours)))
    assert kept(small) == list(PALETTE)
    assert len(np.unique(np.asarray(small.convert("RGB")).reshape(-1, 3), axis=0)) <= colours


def test_a_palette_of_the_pixels_alone_would_lose_them(crowded: Image.Image) -> None:
    assert BLUE not in kept(crowded.quantize(24, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE))


def test_it_becomes_smaller(crowded: Image.Image) -> None:
    half = Image.open(io.BytesIO(compact(crowded, 0.5, 24)))
    assert half.size == (80, 6 * len(PALETTE)) and len(compact(crowded, 0.5, 24)) < len(compact(crowded))


def test_only_what_is_seen_takes_a_place() -> None:
    pixels = np.full((20, 20, 3), rgb(PALETTE[3]), np.uint8)
    pixels[0, : SEEN - 1] = rgb(BLUE)
    assert [tuple(colour) for colour in own_colours(pixels)] == [rgb(PALETTE[3])]


def test_a_tint_is_the_colour_seen_through() -> None:
    assert tint("#0072B2", 0.18) == "rgba(0,114,178,0.18)"
