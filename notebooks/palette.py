"""A drawn figure as a PNG of few colours, those of the lab's style among them exactly as they are.

A palette that is found from the pixels alone gives a few blue markers up for shades of whatever there is more of: the
teacher turns grey, a grey turns pink. Needs Pillow, which drawing itself does not.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from lab.figures.style import PALETTE

if TYPE_CHECKING:
    from PIL import Image

SEEN = 12  # pixels of a colour of the style, for it to be kept


def compact(image: Image.Image, share: float = 1.0, colours: int = 128) -> bytes:
    """PNG of the image at `share` of its width, in at most so many colours."""
    from PIL import Image

    image = image.convert("RGB")
    own = own_colours(np.asarray(image))
    if share != 1:
        image = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    _reduced(image, own, colours).save(small, "PNG", optimize=True)
    return small.getvalue()


def own_colours(pixels: np.ndarray) -> np.ndarray:
    """(n, 3): the colours of the style that (h, w, 3) pixels really show."""
    wanted = np.array([[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in PALETTE], np.uint8)
    counts = [(pixels == colour).all(axis=2).sum() for colour in wanted]
    return wanted[np.array(counts) >= SEEN]


def _reduced(image: Image.Image, own: np.ndarray, colours: int) -> Image.Image:
    """Each pixel in the nearest of the colours that must stay and of those that cover the rest best."""
    from PIL import Image

    more = image.quantize(max(2, colours - len(own)), Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    rest = np.array(more.getpalette() or [], np.int32).reshape(-1, 3)
    palette = np.concatenate([own.astype(np.int32), rest])[:colours]
    shades, back = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_inverse=True)
    apart = [((palette - shade) ** 2).sum(axis=1).argmin() for shade in shades.astype(np.int32)]
    places = np.array(apart, np.uint8)[back.reshape(-1)].reshape(image.height, image.width)
    drawn = Image.fromarray(places, "P")
    drawn.putpalette(palette.astype(np.uint8).reshape(-1).tolist())
    return drawn
