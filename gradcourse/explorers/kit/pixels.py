"""Pixels: bands of gray under the moving parts of an explorer, and a quick way to a PNG."""

import io
from functools import lru_cache
from itertools import combinations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image, ImageDraw, ImageFont

from gradcourse.style import DOWNHILL, LOOKS, UPHILL

HUES = {UPHILL, DOWNHILL, *(look.color for look in list(LOOKS.values())[1:])}  # the first is gray


class Pixels(Artist):
    """A picture in the pixels of its axes: never resampled, so some fifty times quicker."""

    def __init__(self, ax: Axes):
        super().__init__()
        self.axes = ax
        self.box = ax.bbox
        self.pixels = np.zeros((1, 1, 4), np.uint8)

    def draw(self, renderer: RendererBase) -> None:
        """Paint the pixels from the lower left corner of the axes."""
        renderer.draw_image(renderer.new_gc(), self.box.x0, self.box.y0, self.pixels)

    def shape(self) -> tuple[int, int]:
        """Return width and height in pixels."""
        return round(self.box.width), round(self.box.height)


class Label(Artist):
    """A short text that changes often: painted from kept pixels, thirty times quicker than Text.

    Parameters: ax : the axes; x, y : where, in data coordinates
                above : bool – whether the text stands above y, or hangs below it
                size : points; color, bold : the look
    """

    def __init__(
        self,
        ax: Axes,
        x: float,
        y: float,
        *,
        above: bool,
        size: float,
        color: str,
        bold: bool = False,
    ):
        super().__init__()
        self.place = ax.transData, (x, y)
        self.above = above
        self.text = ""
        self.look = round(size * ax.figure.dpi / 72, 1), color, bold
        ax.add_artist(self)

    def set_text(self, text: str) -> None:
        """Show this text from the next picture on."""
        self.text = text

    def draw(self, renderer: RendererBase) -> None:
        """Paint the text, centered."""
        if self.text:
            pixels = letters(self.text, *self.look)
            height, width, _ = pixels.shape
            to_pixels, place = self.place
            x, y = to_pixels.transform(place)
            low = y if self.above else y - height
            renderer.draw_image(renderer.new_gc(), np.round(x - width / 2), np.round(low), pixels)


@lru_cache(maxsize=2000)
def letters(text: str, size: float, color: str, bold: bool) -> np.ndarray:
    """Return a text as pixels (h, w, 4), the lowest row first; `size` in pixels."""
    font = ImageFont.truetype(findfont(FontProperties(weight="bold" if bold else "normal")), size)
    mask = Image.new("L", (round(font.getlength(text)) + 2, round(size)))
    middle = mask.width / 2, mask.height / 2
    ImageDraw.Draw(mask).text(middle, text, 255, font, anchor="mm")
    ink = [round(255 * share) for share in to_rgb(color)]
    pixels = np.empty((mask.height, mask.width, 4), np.uint8)
    pixels[..., :3] = ink
    pixels[..., 3] = np.asarray(mask)
    return np.ascontiguousarray(pixels[::-1])


def bands(z: np.ndarray, bend: float = 4.0, lines: bool = False) -> np.ndarray:
    """Return heights (h, w) as 15 bands of gray (h, w, 4), the low ones light and narrow.

    The k-th band begins at the share (k / 14) ** bend of the height, if wanted with a white line.
    """
    share = (z - z.min()) / np.ptp(z)
    share = np.sqrt(np.sqrt(share)) if bend == 4.0 else share ** (1 / bend)  # roots are quicker
    gray = 250 - 9 * np.floor(14 * share)
    if lines:
        gray += (255 - gray) * _on_a_line(14 * share)
    gray = gray.astype(np.uint8)
    return np.stack([gray, gray, gray, np.full_like(gray, 255)], axis=2)


def _on_a_line(level: np.ndarray) -> np.ndarray:
    """Return how much of each pixel the contour lines between lowest and highest level cover."""
    line = np.round(level).clip(1, 13)
    slope_up, slope_right = np.gradient(level)
    pixels_off = np.abs(level - line) / np.maximum(np.hypot(slope_up, slope_right), 1e-6)
    return (1 - pixels_off).clip(0, 1)


def _palette() -> np.ndarray:
    """Return 256 colors: grays, and every hue on its way to paper, a map's grays, ink, the others.

    The edges of lines are such mixtures; nothing is off by more than an eye can see.
    """
    hues = [255 * np.array(to_rgb(color)) for color in sorted(HUES)]
    colors = [*hues, *(np.full(3, gray) for gray in np.linspace(255, 15, 41))]
    for hue in hues:
        for end, n in ((255, 14), (217, 5), (170, 5), (124, 5), (27, 4)):
            colors += [hue + (end - hue) * k / n for k in range(1, n)]
    colors += [a + (b - a) * k / 3 for a, b in combinations(hues, 2) for k in (1, 2)]
    colors += [hues[0]] * (256 - len(colors))
    return np.array(colors).round().astype(np.uint8)


PALETTE = _palette()
# Pillow looks up the lowest corner of each box of 4 × 4 × 4 colors, not its middle: 2 less
_LOOKUP = Image.new("P", (1, 1))
_LOOKUP.putpalette((np.maximum(PALETTE, 2) - 2).tobytes())


# Why: docs/decisions.md#a-frame-is-a-png-with-one-palette-for-the-whole-course
def png(rgba: np.ndarray) -> bytes:
    """Return a picture (h, w, 4) as a PNG file with the colors of PALETTE.

    A tenth of the time of looking for 256 colors, a third of the time of packing all of them.
    """
    picture = (
        Image.fromarray(rgba).convert("RGB").quantize(palette=_LOOKUP, dither=Image.Dither.NONE)
    )
    picture.putpalette(PALETTE.tobytes())
    file = io.BytesIO()
    picture.save(file, "png", compress_level=1)  # the time is in the packing
    return file.getvalue()
