"""What every explorer must do, asked without a kernel and without a browser."""

import io
import itertools
import random
import threading

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from gradcourse import explorers, quiz
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import log_slider, slider, switch, whole_slider

NAMES = [name for name in explorers.__all__ if name != "Explorer"]


@pytest.fixture(params=NAMES, scope="module")
def built(request):
    return getattr(explorers, request.param)()


@pytest.fixture
def explorer(built):
    """One of them as it was in the beginning; building each once saves half a minute."""
    built.reset()
    return built


def picture(explorer: Explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.image.value)).convert("RGB"))


def ends(widget: ipywidgets.Widget) -> list:
    """The extreme values of a control."""
    if hasattr(widget, "options"):
        return [value for _, value in widget.options] if _pairs(widget) else list(widget.options)
    return [widget.min, widget.max] if hasattr(widget, "min") else [False, True]


def _pairs(widget):
    return all(isinstance(option, tuple) for option in widget.options)


def test_picture_is_a_real_png_of_the_announced_size(explorer):
    pixels = picture(explorer)
    width, height = (round(inches * 100) for inches in explorer.size)
    assert pixels.shape == (height, width, 3)
    assert pixels.std() > 10


def test_a_palette_of_256_keeps_every_color_close(explorer):
    drawn = np.asarray(explorer.canvas.buffer_rgba())[..., :3].astype(int)
    off = np.abs(picture(explorer) - drawn).max(axis=2)
    assert off.max() <= 40  # at edges of lines that cross
    assert (off > 16).mean() < 1e-3
    assert off.mean() < 1.5


def test_every_control_changes_picture_or_sentence(explorer):
    for name, widget in explorer.widgets.items():
        seen = set()
        for value in ends(widget):
            explorer.set(**{name: value})
            seen.add((bytes(explorer.image.value), explorer.sentence))
        explorer.reset()
        assert len(seen) > 1, f"{name} does nothing"


def test_no_corner_of_the_controls_fails(explorer):
    corners = itertools.product(*(ends(widget) for widget in explorer.widgets.values()))
    corners = list(itertools.islice(corners, 100_000))
    for corner in random.Random(0).sample(corners, min(len(corners), 150)):
        explorer.set(**dict(zip(explorer.widgets, corner, strict=True)))
        assert "gc-error" not in explorer.status.value, (corner, explorer.sentence)
        assert "nan" not in explorer.sentence.lower(), (corner, explorer.sentence)


def test_one_move_makes_one_picture(explorer):
    first, second = itertools.islice(itertools.cycle(explorer.widgets), 2)
    before = explorer.updates
    explorer.widgets[first].value = ends(explorer.widgets[first])[-1]
    assert explorer.updates == before + 1
    explorer.set(**{name: ends(explorer.widgets[name])[0] for name in {first, second}})
    assert explorer.updates == before + 2


def test_reset_brings_back_the_first_picture(explorer):
    first = bytes(explorer.image.value)
    explorer.set(**{name: ends(widget)[0] for name, widget in explorer.widgets.items()})
    explorer.reset()
    assert bytes(explorer.image.value) == first


def test_it_shows_widgets_picture_and_a_constant_sentence(explorer):
    data, metadata = explorer._repr_mimebundle_()
    twin_data, _ = type(explorer)()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"] == twin_data["image/png"]
    assert data["text/plain"] == twin_data["text/plain"]
    assert "0x" not in data["text/plain"]
    assert any(digit.isdigit() for digit in data["text/plain"])
    assert len(metadata["image/png"]["alt"]) > 40


def test_axes_are_labeled(explorer):
    for ax in explorer.figure.axes:
        assert ax.get_xlabel(), ax.get_title()
        assert ax.get_ylabel(), ax.get_title()


def test_it_leaves_pyplot_alone_and_uses_no_formula_text(explorer):
    assert plt.get_fignums() == []
    texts = [text.get_text() for text in explorer.figure.findobj(match=Text)]
    assert any(texts)
    assert not [text for text in texts if "$" in text]


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_target_that_is_not_reached_at_once(name):
    explorer = getattr(explorers, name)()
    assert explorer.target
    assert not explorer.target_reached
    assert "Target" in explorer.goal.value


class Broken(Explorer):
    """An explorer whose computation fails at 3."""

    def controls(self):
        return {"n": whole_slider("n", 1, 0, 5)}

    def build(self, figure):
        ax = figure.subplots()
        (line,) = ax.plot([], [])
        return {"line": line}

    def compute(self, n):
        if n == 3:
            raise ValueError("three is refused <b>")
        return n

    def draw(self, result):
        self.artists["line"].set_data([0, result], [0, 1])

    def describe(self, result):
        return f"n is {result}"


def test_an_error_becomes_a_sentence_and_the_next_move_works():
    explorer = Broken()
    explorer.widgets["n"].value = 3
    assert "ValueError: three is refused &lt;b&gt;" in explorer.status.value
    explorer.widgets["n"].value = 4
    assert explorer.sentence == "n is 4"
    assert "gc-error" not in explorer.status.value


def test_an_unknown_control_is_named():
    with pytest.raises(ValueError, match=r"Broken has no control 'm'; it has n\."):
        Broken(m=2)


def test_it_stays_hidden_until_the_prediction_is_made():
    prediction = quiz.predict("00.test", "Up or down?", ["up", "down"])
    explorer = Broken(predict=prediction)
    assert explorer.image not in _descendants(explorer.ui)
    prediction.answer_with("up")
    assert explorer.image in _descendants(explorer.ui)


def _descendants(widget):
    children = getattr(widget, "children", ())
    return [widget, *itertools.chain.from_iterable(map(_descendants, children))]


def test_slider_and_number_field_follow_each_other():
    control = log_slider("rate", 0.1, 0.001, 1)
    field, bar = control.row.children
    bar.value = bar.max
    assert control.value == 1
    field.value = 0.0317  # between two stops: the field keeps what was typed
    assert control.value == 0.0317
    assert abs(bar.value / bar.max - 0.5) < 0.02
    bar.value = 0
    assert field.value == 0.001


def test_slider_stops_are_values_a_person_would_write():
    bar = slider("x", 0, -1, 1, 0.1).row.children[1]
    values = []
    control = slider("x", 0, -1, 1, 0.1)
    for stop in range(bar.max + 1):
        control.row.children[1].value = stop
        values.append(control.value)
    assert values == [round(-1 + 0.1 * i, 1) for i in range(21)]
    assert switch("on").value is False


def test_a_typed_value_outside_the_range_is_pulled_in():
    control = whole_slider("n", 3, 1, 9)
    control.set(100)
    assert control.value == 9


def test_moves_from_two_threads_do_not_mix(explorer):
    name = next(iter(explorer.widgets))
    values = ends(explorer.widgets[name])
    failed = []

    def move():
        for _ in range(5):
            for value in values:
                explorer.widgets[name].value = value
                if "gc-error" in explorer.status.value:
                    failed.append(explorer.sentence)

    threads = [threading.Thread(target=move) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failed
