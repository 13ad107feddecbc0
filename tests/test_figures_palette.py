from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from lab.figures.palette import SEEN, compact, own_colours
from lab.figures.style import BLUE, GREY, PALETTE, tint


def rgb(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))  # type: ignore[return-value]


@pytest.fixture
def crowded() -> Image.Image:
    """Noise in thousands of pinks and yellows, a few blue and grey pixels among them."""
    random = np.random.default_rng(0)
    pixels = random.integers((200, 60, 60), (256, 220, 180), (120, 160, 3)).astype(np.uint8)
    pixels[10:15, 10:15], pixels[40:45, 40:45] = rgb(BLUE), rgb(GREY)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("colours", [128, 24, 8])
def test_colours_of_the_style_stay_exactly_what_they_are(crowded: Image.Image, colours: int) -> None:
    small = np.asarray(Image.open(io.BytesIO(compact(crowded, 1.0, colours))).convert("RGB"))
    assert (small[10:15, 10:15] == rgb(BLUE)).all() and (small[40:45, 40:45] == rgb(GREY)).all()
    assert len(np.unique(small.reshape(-1, 3), axis=0)) <= colours


def test_a_palette_of_the_pixels_alone_would_lose_them(crowded: Image.Image) -> None:
    plain = np.asarray(crowded.quantize(8, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB"))
    assert not (plain[40:45, 40:45] == rgb(GREY)).all()


def test_it_becomes_smaller(crowded: Image.Image) -> None:
    half = Image.open(io.BytesIO(compact(crowded, 0.5, 24)))
    assert half.size == (80, 60) and len(compact(crowded, 0.5, 24)) < len(compact(crowded))


def test_only_what_is_seen_takes_a_place() -> None:
    pixels = np.full((20, 20, 3), rgb(PALETTE[3]), np.uint8)
    pixels[0, : SEEN - 1] = rgb(BLUE)
    assert [tuple(colour) for colour in own_colours(pixels)] == [rgb(PALETTE[3])]


def test_a_tint_is_the_colour_seen_through() -> None:
    assert tint("#0072B2", 0.18) == "rgba(0,114,178,0.18)"
