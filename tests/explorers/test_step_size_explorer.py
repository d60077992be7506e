"""The V of lesson 02: where its two arms lie, and what the sentence blames."""

import numpy as np
import pytest

from gradcourse.explorers.step_size import STEPS


def slope_of_the_curve(explorer, scheme, low, high):
    """The exponent of the error between two steps, on log-log axes."""
    errors = explorer.artists[scheme].get_ydata()
    arm = (low <= STEPS) & (high >= STEPS)
    return np.polyfit(np.log(STEPS[arm]), np.log(errors[arm]), 1)[0]


def test_truncation_falls_with_h_and_with_its_square(explorer):
    assert slope_of_the_curve(explorer, "forward", 1e-5, 1e-2) == pytest.approx(1, abs=0.02)
    assert slope_of_the_curve(explorer, "central", 1e-4, 1e-1) == pytest.approx(2, abs=0.02)


def test_rounding_grows_as_the_step_shrinks(explorer):
    for scheme in ("forward", "central"):
        assert slope_of_the_curve(explorer, scheme, 1e-13, 1e-9) == pytest.approx(-1, abs=0.3)


def test_the_best_central_step_is_near_the_cube_root_of_rounding(explorer):
    best = STEPS[np.argmin(explorer.artists["central"].get_ydata())]
    assert 1e-6 < best < 1e-4


def test_the_complex_step_loses_nothing(explorer):
    explorer.set(scheme="complex", h=1e-13)
    assert explorer.result.error < 1e-15
    assert "no digits lost" in explorer.sentence


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "truncation"),
        ({"h": 1e-12, "scheme": "central"}, "rounding"),
        ({"h": 6e-6, "scheme": "central"}, "near the best step"),
        ({"h": 1e-9, "dtype": "float32"}, "the step is lost"),
        ({"function": "|x|", "x": 0.0, "scheme": "central"}, "no single slope"),
        ({"function": "|x|", "scheme": "complex"}, "drops the imaginary part"),
        ({"function": "sqrt(x)", "x": 0.05, "scheme": "central", "h": 0.1}, "not defined"),
    ],
)
def test_the_sentence_names_what_is_to_blame(explorer, values, words):
    explorer.set(**values)
    assert words in explorer.sentence


def test_the_target_wants_central_differences_in_float64(explorer):
    explorer.set(scheme="complex", h=1e-10)
    assert not explorer.target_reached
    explorer.set(scheme="central", h=1e-5)
    assert explorer.target_reached


def test_the_secant_has_the_slope_of_the_estimate(explorer):
    explorer.set(scheme="central", h=0.1)
    (x0, x1), (y0, y1) = explorer.artists["secant"].get_data()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(explorer.result.estimate)


def test_a_click_on_the_errors_chooses_the_step(explorer):
    errors = explorer.figure.axes[1]
    across, up = errors.transData.transform((1e-6, 1e-6)) / explorer.figure.bbox.size
    explorer._clicked({"new": f"{across:.5f} {up:.5f}"})
    assert explorer.result.h == pytest.approx(1e-6, rel=0.02)
