"""What every explorer must do, asked without a kernel and without a browser.

An explorer is found by its file's name, so a new one is tested here as soon as it is there; it
needs a test file of its own only for what is particular to it. Each test says what to mend.
"""

import dataclasses
import importlib
import io
import itertools
import random
import threading
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from gradcourse import explorers
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, Slider, Value
from gradcourse.explorers.kit.pixels import Pixels

NAMES = [name for name in explorers.__all__ if name != "Explorer"]
FOLDER = Path(explorers.__file__).parent


@pytest.fixture(params=NAMES, scope="module")
def built(request):
    return getattr(explorers, request.param)()


def picture(explorer: Explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.image.value)).convert("RGB"))


def ends(control: Control) -> tuple[Value, ...]:
    """The extreme values of a slider, all of a menu or switch."""
    stops = control.stops
    return (stops[0], stops[-1]) if isinstance(control, Slider) else stops


def corners(explorer: Explorer) -> list[dict[str, Value]]:
    """Extreme states, so many that every pair of extreme values meets in one of them."""
    controls = explorer.controls
    rng, seen, chosen = random.Random(0), set(), []
    for _ in range(300):
        corner = {name: rng.choice(ends(control)) for name, control in controls.items()}
        pairs = set(itertools.combinations(corner.items(), 2))
        if pairs - seen:
            chosen.append(corner)
        seen |= pairs
    return chosen


# ---- what it is made of ----------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_its_file_and_its_class_have_one_name(name):
    module = importlib.import_module(getattr(explorers, name).__module__)
    file = Path(module.__file__)
    wanted = file.stem.title().replace("_", "") + "Explorer"
    assert name == wanted, f"Call the class in {file.name} {wanted}."
    assert "lesson" in (module.__doc__ or ""), f"Name the lesson in the first line of {file.name}."


def test_every_file_is_found():
    stems = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert len(NAMES) == len(stems), "A file in gradcourse/explorers holds one explorer; see kit/."


def test_a_result_is_a_frozen_dataclass(explorer):
    result = explorer.result
    frozen = dataclasses.is_dataclass(result) and type(result).__dataclass_params__.frozen
    assert frozen, "Let compute() return a dataclass made with @dataclass(frozen=True)."


def test_artists_are_drawn_in_their_order_maps_first(explorer):
    maps = [isinstance(artist, Pixels) for artist in explorer.artists.values()]
    assert maps == sorted(maps, reverse=True), (
        "Put maps first into what build() returns: a later artist covers the earlier ones."
    )
    for name, artist in explorer.artists.items():
        assert artist.axes is not None, f"Add the artist {name!r} to its axes in build()."
        assert artist.get_animated(), f"Return {name!r} from build(), so that it is animated."


def test_axes_that_show_are_labeled(explorer):
    for ax in (ax for ax in explorer.figure.axes if ax.axison):
        advice = "Give every axis that shows a label, or hide it with set_axis_off()."
        assert ax.get_xlabel().strip(), advice
        assert ax.get_ylabel().strip(), advice


def test_no_text_is_a_formula_and_pyplot_is_left_alone(explorer):
    texts = [text.get_text() for text in explorer.figure.findobj(match=Text)]
    assert any(texts)
    for text in texts:
        advice = "write it with letters, and for a log axis call style.log_axis(ax)"
        assert "$" not in text, f"{text!r} is a formula, which two threads can't share; {advice}."
    assert plt.get_fignums() == [], "Draw on the figure that build() is given, not with pyplot."


def test_clicks_name_panels_and_sliders(explorer):
    panels = [ax.get_label() for ax in explorer.figure.axes]
    for click in explorer.clicks:
        assert click.panel in panels, f"{click} names no panel; there are {panels}."
        assert click.x or click.y, f"{click} moves nothing; name the slider that takes x or y."
        for name in filter(None, (click.x, click.y)):
            assert isinstance(explorer.controls.get(name), Slider), f"{click} needs sliders."
        assert set(click.also) <= set(explorer.controls), f"{click} sets an unknown control."
    if explorer.wins_by:
        assert explorer.wins_by in explorer.controls, "wins_by names a control."


# ---- its picture and its sentence --------------------------------------------------------------
def test_picture_is_a_real_png_of_the_announced_size(explorer):
    pixels = picture(explorer)
    width, height = explorer.size
    assert pixels.shape == (height, width, 3), "Give `size` in whole pixels: (width, height)."
    assert (int(explorer.figure.bbox.width), int(explorer.figure.bbox.height)) == (width, height)
    assert pixels.std() > 10, "The picture is empty; return from build() what moves."


def test_a_palette_of_256_keeps_every_color_close(explorer):
    drawn = np.asarray(explorer.canvas.buffer_rgba())[..., :3].astype(int)
    off = np.abs(picture(explorer) - drawn).max(axis=2)
    advice = "Use the colors of gradcourse.style; another one needs a place in HUES of kit/pixels."
    assert off.max() <= 40, advice  # at edges of lines that cross
    assert (off > 16).mean() < 1e-3, advice
    assert off.mean() < 1.5, advice


def test_every_control_changes_picture_or_sentence(explorer):
    for name, control in explorer.controls.items():
        seen = set()
        for value in ends(control):
            explorer.set(**{name: value})
            seen.add((bytes(explorer.image.value), explorer.sentence))
        explorer.reset()
        assert len(seen) > 1, f"{name} does nothing; use it in compute() or drop it."


def test_no_corner_of_the_controls_fails(explorer):
    for corner in corners(explorer):
        explorer.set(**corner)
        assert explorer.error is None, f"At {corner} compute, draw or describe fails."
        assert "nan" not in explorer.sentence.lower(), f"At {corner} say what is no number."


def test_the_sentence_has_a_number_and_the_picture_words_for_it(explorer):
    assert any(digit.isdigit() for digit in explorer.sentence), "Let describe() say a number."
    assert len(explorer.alt) > 40, "Say in `alt` what the picture shows, for those who can't see."


def test_it_shows_widgets_picture_and_a_constant_sentence(explorer):
    data, metadata = explorer._repr_mimebundle_()
    twin_data, _ = type(explorer)()._repr_mimebundle_()
    advice = "Two new ones differ: seed every random number."
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"] == twin_data["image/png"], advice
    assert data["text/plain"] == twin_data["text/plain"], advice
    assert "0x" not in data["text/plain"]
    assert metadata["image/png"]["alt"] == explorer.alt


# ---- its moves ---------------------------------------------------------------------------------
def test_it_begins_at_a_stop_of_every_control(explorer):
    for name, value in explorer.beginning.items():
        assert value in explorer.controls[name].stops, name


def test_one_move_makes_one_picture(explorer):
    first, second = itertools.islice(itertools.cycle(explorer.controls), 2)
    before = explorer.updates
    explorer.widgets[first].value = ends(explorer.controls[first])[-1]
    assert explorer.updates == before + 1
    explorer.set(**{name: ends(explorer.controls[name])[0] for name in {first, second}})
    assert explorer.updates == before + 2


def test_reset_brings_back_the_first_picture(explorer):
    first = bytes(explorer.image.value)
    explorer.set(**{name: ends(control)[0] for name, control in explorer.controls.items()})
    explorer.reset()
    assert bytes(explorer.image.value) == first, "draw() leaves something behind; set it each time."


def test_results_and_targets_depend_on_the_values_alone(explorer):
    """Computed while the controls stand elsewhere, they are what they will be there."""
    for corner in corners(explorer)[:8]:
        with np.errstate(all="ignore"):
            result = explorer.compute(**corner)
            foretold = explorer.describe(result), explorer.reached(result, corner)
        explorer.set(**corner)
        found = explorer.sentence, explorer.reached(explorer.result, explorer.values())
        assert foretold == found, "compute, describe and reached may read no control and no past."
        explorer.reset()


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_target_that_is_not_reached_at_once(name):
    explorer = getattr(explorers, name)()
    assert explorer.target, "Give it a `target`, and say in reached() when it is met."
    assert not explorer.target_reached, "Let it begin where its target is not met."
    assert "Target" in explorer.goal.value


def test_moves_from_two_threads_do_not_mix(explorer):
    name = next(iter(explorer.controls))
    values = ends(explorer.controls[name])
    failed = []

    def move():
        for _ in range(5):
            for value in (values[0], values[-1]):
                explorer.widgets[name].value = value
                if explorer.error:
                    failed.append(explorer.sentence)

    threads = [threading.Thread(target=move) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failed
