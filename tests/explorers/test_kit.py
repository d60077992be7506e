"""The kit of which explorers are made: base class, controls, clicks, words, maps."""

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from gradcourse import explorers, landscapes, quiz
from gradcourse.explorers.kit.base import Click, Explorer
from gradcourse.explorers.kit.controls import (
    log_slider,
    log_whole_slider,
    menu,
    player,
    slider,
    switch,
    whole_slider,
)
from gradcourse.explorers.kit.maps import Map, above, lowest_points, shades
from gradcourse.explorers.kit.panels import line, map_and_two, panels
from gradcourse.explorers.kit.words import counted, held, sentence_case, short
from gradcourse.plots import even_bend


@dataclass(frozen=True)
class Place:
    n: int
    word: str


class Small(Explorer[Place]):
    """An explorer whose computation fails at 3."""

    target = "find 4 and 5."
    clicks = (Click("all", "n", also={"word": "b"}),)
    wins_needed, wins_by = 2, "n"

    def make_controls(self):
        return {"n": whole_slider("n", 1, 0, 5), "word": menu("word", "a", ["a", "b"])}

    def build(self, figure):
        (ax,) = panels(figure, all=(0.1, 0.1, 0.8, 0.8))
        ax.set(xlim=(0, 5), ylim=(0, 1))
        return {"line": line(ax)}

    def compute(self, n, word):
        if n == 3:
            raise ValueError("three is refused <b>")
        return Place(n, word)

    def draw(self, result):
        self.move(line=([0, result.n], [0, 1]))

    def describe(self, result):
        return f"n is {result.n}, {result.word}"

    def reached(self, result, values):
        return result.n >= 4


@pytest.fixture
def small():
    return Small()


def test_an_error_becomes_a_sentence_and_the_next_move_works(small):
    small.widgets["n"].value = 3
    assert "ValueError: three is refused &lt;b&gt;" in small.status.value
    assert isinstance(small.error, ValueError)
    small.widgets["n"].value = 4
    assert small.sentence == "n is 4, a"
    assert "gc-error" not in small.status.value
    assert small.error is None


def test_who_writes_an_explorer_sees_the_traceback(small, monkeypatch):
    monkeypatch.setenv("GRADCOURSE_DEBUG", "1")
    with pytest.raises(ValueError, match="three is refused"):
        small.set(n=3)
    assert "three is refused" in small.status.value


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n": 2, "m": 2}, r"Small has no control 'm'; it has n, word\."),
        ({"n": 2, "word": "c"}, r"word must be one of a, b, but it is 'c'"),
        ({"word": "b", "n": "two"}, r"n must be a number .* but it is 'two'; try 1\."),
        ({"word": "b", "n": float("nan")}, "n contains nan"),
    ],
)
def test_if_one_value_is_refused_none_moves(small, values, words):
    before, picture = small.values(), bytes(small.image.value)
    with pytest.raises((ValueError, TypeError), match=words):
        small.set(**values)
    assert small.values() == before
    assert bytes(small.image.value) == picture


def test_an_unknown_start_is_named():
    with pytest.raises(ValueError, match=r"Small has no control 'm'; it has n, word\."):
        Small(m=2)


def test_a_target_may_ask_for_several_wins_and_outlives_a_reset(small):
    small.set(n=4)
    small.set(n=4, word="b")  # the same win again
    assert not small.target_reached
    small.set(n=5)
    assert small.target_reached
    small.reset()
    assert small.target_reached
    assert "✓ Target reached" in small.goal.value


def test_a_click_moves_to_the_nearest_stop_and_sets_what_else_it_means(small):
    small.on_click(1.7, 0.5, "all")
    assert small.values() == {"n": 2, "word": "b"}
    small.on_click(4.7, 0.5, "elsewhere")
    assert small.values()["n"] == 2
    small._clicked({"new": "0.5 0.5"})
    assert small.values()["n"] in (2, 3)
    assert "gc-clickable" in small._hit_area().value


def test_move_is_for_lines_and_repeats_a_single_number(small):
    small.move(line=(2, [0, 1]))
    assert np.array_equal(small.artists["line"].get_data(), [[2, 2], [0, 1]])
    small.artists["ground"] = Map(small.figure.axes[0])
    with pytest.raises(TypeError, match="ground is a Map"):
        small.move(ground=(0, 0))


def test_it_stays_hidden_until_the_prediction_is_made():
    prediction = quiz.predict("00.test", "Up or down?", ["up", "down"])
    small = Small(predict=prediction)
    assert small.image not in _descendants(small.ui)
    prediction.answer_with("up")
    assert small.image in _descendants(small.ui)


def _descendants(widget):
    children = getattr(widget, "children", ())
    return [widget, *itertools.chain.from_iterable(map(_descendants, children))]


def test_an_unknown_explorer_is_answered_with_the_list():
    with pytest.raises(AttributeError, match="no 'Nothing'; it offers AtWorkExplorer, "):
        explorers.Nothing  # noqa: B018


# ---- controls ----------------------------------------------------------------------------------
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


def test_the_bar_walks_over_the_stops_which_a_person_would_write():
    control = slider("x", 0, -1, 1, 0.1)
    values = []
    for stop in range(control.bar.max + 1):
        control.bar.value = stop
        values.append(control.value)
    assert values == [round(-1 + 0.1 * i, 1) for i in range(21)] == list(control.stops)


@pytest.mark.parametrize(
    ("control", "n_stops"),
    [
        (log_slider("x", 0.01, 0.001, 3), 175),  # 0.00998 makes room
        (slider("x", 0.75, -1, 1, 0.02), 101),
        (log_whole_slider("x", 16, 1, 136), 41),
        (slider("x", 0.02, 0, 1, 0.1), 12),  # next to an end, which stays
        (player("x", 7, 20), 21),
    ],
)
def test_the_start_is_a_stop_in_the_place_of_its_neighbor(control, n_stops):
    assert control.value in control.stops
    assert control.stops[control.bar.value] == control.value
    assert list(control.stops) == sorted(set(control.stops))
    assert len(control.stops) == n_stops == control.bar.max + 1


def test_a_start_from_outside_is_a_stop_as_well():
    explorer = explorers.LearningRateExplorer(learning_rate=0.0333)
    control = explorer.controls["learning_rate"]
    assert 0.0333 in control.stops
    assert (control.stops[0], control.stops[-1]) == (0.001, 3.0)
    control.bar.value = 0
    control.bar.value = control.stops.index(0.0333)
    assert control.value == 0.0333


def test_menus_and_switches_have_their_values_as_stops():
    assert menu("word", "a", {"a": 1, "b": 2}).stops == ("a", "b")
    assert switch("on").stops == (False, True)
    assert switch("on").value is False


def test_a_typed_value_outside_the_range_is_pulled_in():
    control = whole_slider("n", 3, 1, 9)
    control.set(100)
    assert control.value == 9


# ---- words, maps, panels -----------------------------------------------------------------------
def test_what_is_too_large_has_one_wording():
    for value in (1e6, -1e9, np.inf, -np.inf, np.nan):
        assert short(value) == "out of sight"
    assert short(999.4) == "999"
    assert short(0.0123456, 2) == "0.012"


def test_held_values_lie_inside_the_axis_and_the_rest_stays():
    values = held([np.nan, np.inf, -np.inf, 0.5, 7], 0.1, 2)
    assert values.tolist() == [2, 2, 0.1, 0.5, 2]


def test_words_count_and_begin_sentences():
    assert [counted(n, "bird") for n in (0, 1, 2)] == ["0 birds", "1 bird", "2 birds"]
    assert sentence_case("BFGS and more") == "BFGS and more"
    assert sentence_case("natural gradient") == "Natural gradient"


def test_a_map_is_lightest_at_the_lowest_point_darker_outside():
    gray = shades(landscapes.bowl(), 80, 60)[..., 0].astype(int)
    row, column = np.argwhere(gray == gray.max()).mean(axis=0)
    assert abs(row - 29.5) < 1
    assert abs(column - 39.5) < 1
    assert (np.diff(gray[30, 40:]) <= 0).all()


def test_a_coarse_map_differs_little_and_an_even_one_has_more_light():
    ground = replace(landscapes.ravine(5), window=(-2, 2, -2, 2))
    fine, coarse = (shades(ground, 120, 120, n)[..., 0].astype(int) for n in (0, 36))
    assert (np.abs(fine - coarse) > 9).mean() < 0.02
    even = shades(ground, 120, 120, 0, even=True)[..., 0]
    assert even.mean() > fine.mean() + 20


def test_all_points_of_a_white_line_are_equally_high():
    rounded = replace(landscapes.bowl(), window=(-2, 2, -2, 2))
    gray = shades(rounded, 200, 200, 0, even=True)[..., 0]
    assert 0.05 < (gray > 245).mean() < 0.5
    across = gray[100, 100:].astype(int)  # from the middle to the right
    lines = [k for k in range(12, 98) if across[k] > max(across[k - 2], across[k + 2]) + 15]
    places = np.linspace(-2, 2, 200)[100:][lines]
    heights = 0.5 * places**2
    levels = 14 * (heights / 4) ** (1 / even_bend(rounded.grid()[2]))
    assert len(lines) >= 6
    assert np.abs(levels - np.round(levels)).max() < 0.2


def test_where_heights_are_no_numbers_a_map_is_blank():
    ground = Map(Figure().add_subplot())
    ground.show_heights(np.array([[0.0, np.nan]]))
    assert (ground.pixels == 255).all()


def test_the_lowest_points_lie_at_height_zero_above_them():
    saddle = landscapes.saddle()
    assert above(saddle, lowest_points(saddle)) == pytest.approx(0, abs=1e-12)


def test_panels_carry_their_names():
    figure = Figure()
    axes = map_and_two(figure, "upper", "lower", left=0.1, gap=0.3)
    assert [ax.get_label() for ax in axes] == ["map", "upper", "lower"]
    (ax,) = panels(figure, extra=(0, 0, 0.5, 0.5))
    assert ax.get_label() == "extra"
