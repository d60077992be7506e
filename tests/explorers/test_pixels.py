"""Pixels: labels painted from kept letters, pictures packed with one palette."""

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from gradcourse import style
from gradcourse.explorers.kit.pixels import HUES, PALETTE, Label, letters, png


def painted(*, above):
    figure = Figure(figsize=(2, 1), dpi=100)
    canvas, ax = FigureCanvasAgg(figure), figure.add_axes([0, 0, 1, 1])
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()
    Label(ax, 0.5, 0.5, above=above, size=9, color=style.UPHILL).set_text("-0.75")
    canvas.draw()
    ink = np.argwhere(np.asarray(canvas.buffer_rgba())[..., 1] < 200)
    return ink.min(axis=0), ink.max(axis=0)


@pytest.mark.parametrize("above", [True, False])
def test_a_label_stands_centered_on_its_side_of_the_place(above):
    (top, left), (bottom, right) = painted(above=above)
    assert abs((left + right) / 2 - 100) < 3
    assert (bottom <= 50) if above else (top >= 49)
    assert 6 <= bottom - top <= 13


def test_letters_have_the_color_asked_for_and_bold_is_darker():
    thin, bold = (letters("3.11", 12.0, "#ff0000", weight) for weight in (False, True))
    assert (thin[..., :3] == (255, 0, 0)).all()
    assert bold[..., 3].sum() > 1.2 * thin[..., 3].sum()


def test_the_colors_of_the_course_and_its_grays_come_back_unharmed():
    wanted = [tuple(int(hue[i : i + 2], 16) for i in (1, 3, 5)) for hue in HUES]
    wanted += [(gray, gray, gray) for gray in (255, 207, 153, 99, 27)]
    picture = np.full((1, len(wanted), 4), 255, np.uint8)
    picture[0, :, :3] = wanted
    back = np.asarray(Image.open(io.BytesIO(png(picture))).convert("RGB"))[0]
    assert np.abs(back.astype(int) - wanted).max() <= 2
    assert (back[-5] == 255).all()


def test_the_palette_is_full_and_has_no_color_outside_its_range():
    assert PALETTE.shape == (256, 3)
    assert len(np.unique(PALETTE, axis=0)) > 230
