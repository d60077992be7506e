"""The hill explorer measures climbs rightly and shows where they are largest."""

import numpy as np
import pytest

from gradcourse import style
from gradcourse.explorers import HillExplorer
from gradcourse.explorers.hill import GROUNDS

each_ground = pytest.mark.parametrize("name", GROUNDS)


def click(explorer, ax, x, y):
    pixel = ax.transData.transform((x, y)) / explorer.figure.bbox.size
    explorer._clicked({"new": f"{pixel[0]:.5f} {pixel[1]:.5f}"})


@each_ground
def test_the_wave_is_highest_along_the_gradient_for_tiny_steps(name):
    explorer = HillExplorer(landscape=name, step_length=0.001, theta_0=-0.3, theta_1=0.85)
    result = explorer.result
    assert result.climbs.max() == pytest.approx(result.norm, rel=0.05)
    measured = np.argmax(result.climbs[:-1]) * 3
    apart = abs((measured - result.angle + 180) % 360 - 180)
    assert apart < 4


@each_ground
def test_the_gradient_s_promise_is_kept_by_a_tiny_step_in_every_direction(name):
    explorer = HillExplorer(landscape=name, step_length=0.001)
    result = explorer.result
    assert result.promised == pytest.approx(result.climbs, abs=0.02 * result.norm)


def test_a_long_step_breaks_the_promise(explorer):
    explorer.set(step_length=2.0)
    result = explorer.result
    assert np.abs(result.promised - result.climbs).max() > 1


def test_the_marks_show_the_steepest_ways_up_and_down_and_are_opposite(explorer):
    (up, climb), (down, fall) = (
        np.ravel(explorer.artists[name].get_data()) for name in ("most", "least")
    )
    assert (down - up) % 360 == pytest.approx(180)
    assert climb == -fall == explorer.result.norm


def test_the_arrows_point_along_the_gradient_and_against_it(explorer):
    theta, grad = explorer.result.theta, explorer.result.grad
    tips = {name: explorer.artists[name].get_xy()[3] - theta for name in ("gradient", "downhill")}
    for name, sign in {"gradient": 1, "downhill": -1}.items():
        cosine = tips[name] @ grad / np.hypot(*tips[name]) / np.hypot(*grad)
        assert cosine == pytest.approx(sign)


def test_the_arrow_grows_where_it_is_steeper(explorer):
    def length():
        arrow = explorer.artists["gradient"].get_xy()
        return np.hypot(*(arrow[3] - explorer.result.theta))

    explorer.set(landscape="bowl", theta_0=0.3, theta_1=0.0)
    near = length()
    explorer.set(theta_0=1.5)
    assert length() > 1.3 * near


def test_the_target_is_reached_along_the_gradient_only(explorer):
    assert not explorer.target_reached
    for off in (180, 90, 5):
        explorer.set(direction=(round(explorer.result.angle) + off) % 360)
        assert not explorer.target_reached
    explorer.set(direction=round(explorer.result.angle) % 360)
    assert explorer.target_reached


def test_on_a_saddle_there_is_no_arrow_and_the_sentence_says_level(explorer):
    explorer.set(landscape="saddle", theta_0=0.0, theta_1=0.0)
    assert "level" in explorer.sentence
    assert not explorer.artists["gradient"].get_visible()
    assert not explorer.reached(explorer.result, explorer.values())


def test_without_arrows_nothing_gives_the_gradient_away():
    explorer = HillExplorer(arrows=False)
    assert "gradient" not in explorer.sentence
    assert not any(explorer.artists[name].get_visible() for name in ("gradient", "most", "least"))


def test_the_sentence_states_what_the_step_does(explorer):
    explorer.set(landscape="bowl", theta_0=1.0, theta_1=0.0, direction=0, step_length=0.1)
    assert "changes it by 0.105: a climb of 1.05 per unit" in explorer.sentence
    assert "(1, 0) promises 1 here" in explorer.sentence


def test_a_click_on_the_map_moves_the_point_and_one_on_the_wave_turns_the_step(explorer):
    ground, climbs = explorer.figure.axes
    click(explorer, ground, 1.2, -0.7)
    click(explorer, climbs, 123, 0.5)
    values = explorer.values()
    assert (values["theta_0"], values["theta_1"]) == pytest.approx((1.2, -0.7), abs=0.02)
    assert values["direction"] == pytest.approx(123, abs=1)


def test_another_landscape_replaces_the_map(explorer):
    before = len(explorer.figure.axes[0].get_children()), explorer._png()
    explorer.set(landscape="bowl")
    assert explorer._png() != before[1]
    explorer.set(landscape="two wells")
    assert (len(explorer.figure.axes[0].get_children()), explorer._png()) == before


def test_colors_are_the_course_s(explorer):
    assert explorer.artists["most"].get_color() == style.UPHILL
    assert explorer.artists["least"].get_color() == style.DOWNHILL
