"""The learning-rate explorer: what it computes, shows and says, without a browser."""

import itertools

import numpy as np
import pytest

from gradcourse import landscapes
from gradcourse.explorers.learning_rate import LANDSCAPES, LOSSES, RATES, largest_curvature


def center(ax):
    """The middle of some axes as the fractions of the picture that a click sends."""
    box = ax.get_position()
    return f"{(box.x0 + box.x1) / 2} {(box.y0 + box.y1) / 2}"


def test_the_path_follows_the_formula_of_the_ravine(explorer):
    explorer.set(learning_rate=0.05, condition=10, n_steps=30)
    steps = np.arange(31)
    expected = [-2.5 * (1 - 0.05) ** steps, 1.5 * (1 - 0.5) ** steps]
    assert np.allclose(explorer.artists["way"].get_data(), expected)
    assert np.allclose(explorer.artists["last"].get_data(), np.array(expected)[:, -1:])


@pytest.mark.parametrize("condition", [1, 5, 20, 100])
def test_crossing_the_line_turns_settling_into_divergence(explorer, condition):
    explorer.set(condition=condition, n_steps=60)
    limit = explorer.artists["limit"].get_xdata()[0]
    assert limit == pytest.approx(2 / condition)
    for share, diverges in ((0.97, False), (1.03, True)):
        explorer.set(learning_rate=share * limit)
        assert explorer.result.diverged is diverges
        assert ("diverges" in explorer.sentence) is diverges
        assert f"{share:.2f} times 2/L" in explorer.sentence


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_the_star_lies_on_the_curve_of_all_rates(explorer, landscape):
    rate = float(RATES[60])
    explorer.set(landscape=landscape, learning_rate=rate, condition=3, n_steps=17)
    (x,), (y,) = explorer.artists["here"].get_data()
    assert x == rate
    assert y == pytest.approx(explorer.artists["sweep"].get_ydata()[60], rel=1e-12)


def test_the_dip_of_the_curve_is_near_the_line_and_beyond_it_the_loss_is_off_the_scale(explorer):
    sweep, limit = explorer.artists["sweep"].get_ydata(), explorer.result.limit
    assert 0.7 < RATES[np.argmin(sweep)] / limit < 1
    assert np.all(sweep[1.5 * limit < RATES] == LOSSES[1])


def test_the_target_needs_a_rate_below_the_line_and_nothing_else_moved(explorer):
    assert not explorer.target_reached
    for others in ({"n_steps": 60}, {"start_0": 0.0}, {"condition": 5}):
        explorer.set(learning_rate=0.09, **others)
        assert explorer.result.losses[-1] < 0.1
        assert not explorer.target_reached
        explorer.reset()
    explorer.set(learning_rate=0.087)
    assert explorer.target_reached
    assert "Target reached" in explorer.goal.value


def test_the_start_decides_the_well_and_the_sentence_says_where(explorer):
    explorer.set(landscape="two wells", condition=1, learning_rate=0.3, start_0=1.6)
    assert explorer.result.path[-1, 0] == pytest.approx(0.93, abs=0.01)
    explorer.set(start_0=-0.5)
    assert explorer.result.path[-1, 0] == pytest.approx(-1.06, abs=0.01)
    assert "(-1.06" in explorer.sentence


@pytest.mark.parametrize("name", LANDSCAPES)
def test_the_curvature_is_the_largest_one_at_the_lowest_point(name):
    ground = LANDSCAPES[name](3.0)
    along = {"ravine": 1, "two wells": 3 * ground.minimizers[0][0] ** 2 - 1}[name]
    assert largest_curvature(ground) == pytest.approx(max(along, 3.0), rel=1e-6)


def test_two_wells_with_condition_one_are_those_of_the_library():
    theta = np.random.default_rng(0).uniform(-2, 2, (2, 9))
    stretched, wells = LANDSCAPES["two wells"](1.0), landscapes.two_wells()
    assert np.allclose(stretched(theta), wells(theta))
    assert np.allclose(stretched.gradient(theta), wells.gradient(theta))


def test_a_click_on_the_map_sets_the_start_and_one_below_the_rate(explorer):
    ground, loss, sweep = explorer.figure.axes
    explorer._clicked({"new": center(ground)})
    assert (explorer.values()["start_0"], explorer.values()["start_1"]) == (0, 0)
    explorer._clicked({"new": center(sweep)})
    assert explorer.values()["learning_rate"] == pytest.approx((0.001 * 3) ** 0.5, rel=0.01)
    before = explorer.values()
    explorer._clicked({"new": center(loss)})
    assert explorer.values() == before


def test_what_runs_away_is_held_at_the_edge_of_its_axis(explorer):
    for rate, n_steps in itertools.product((RATES[0], RATES[-1]), (1, 60)):
        explorer.set(learning_rate=rate, n_steps=n_steps, condition=100)
        for name in ("curve", "sweep", "here"):
            heights = np.asarray(explorer.artists[name].get_ydata())
            assert np.all((heights >= LOSSES[0]) & (heights <= LOSSES[1]))


def test_the_map_is_lightest_at_the_lowest_point_and_follows_the_condition(explorer):
    pixels = explorer.artists["map"].pixels
    row, column = np.argwhere(pixels[..., 0] == pixels[..., 0].max()).mean(axis=0)
    assert abs(row - pixels.shape[0] / 2) < 2
    assert abs(column - pixels.shape[1] / 2) < 2
    explorer.set(condition=2)
    assert not np.array_equal(explorer.artists["map"].pixels, pixels)
