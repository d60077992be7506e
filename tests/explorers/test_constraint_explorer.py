"""The constraint explorer: what it computes, shows and says, without a browser."""

import numpy as np
import pytest

from gradcourse.constrained import L1Ball, Simplex
from gradcourse.datasets import penguins, standardize
from gradcourse.differences import check_gradient
from gradcourse.explorers.constraint import loss_of_two_weights, outline
from gradcourse.losses import mean_squared_error


def test_the_loss_is_that_of_the_penguins():
    birds, ground = penguins(), loss_of_two_weights()
    X, *_ = standardize(birds.matrix("bill_length_mm", "bill_depth_mm"))
    y, *_ = standardize(birds.body_mass_g)
    for w in ([0.0, 0.0], [0.5, -0.3], [-1.0, 1.0]):
        assert ground(w) == pytest.approx(mean_squared_error(X @ w, y), rel=1e-12)
    assert check_gradient(ground, ground.gradient, [0.3, 0.4]).ok
    assert np.allclose(ground.gradient(ground.minimizers[0]), 0, atol=1e-12)


@pytest.mark.parametrize("feasible", ["L1 ball", "simplex"])
@pytest.mark.parametrize("radius", [0.02, 0.3, 0.6, 1.1])
def test_the_star_is_the_best_point_of_the_set(explorer, feasible, radius):
    explorer.set(feasible=feasible, radius=radius)
    corners = outline(explorer.result.allowed)
    share = np.linspace(0, 1, 2001)
    sides = zip(corners.T[:-1], corners.T[1:], strict=True)
    border = np.hstack([np.outer(a, 1 - share) + np.outer(b, share) for a, b in sides])
    free = np.array(loss_of_two_weights().minimizers[0])
    inside = explorer.result.allowed.contains(free)
    lowest = loss_of_two_weights()(free) if inside else loss_of_two_weights()(border).min()
    assert loss_of_two_weights()(explorer.result.best) == pytest.approx(lowest, abs=1e-6)


def test_the_gap_is_an_honest_bound(explorer):
    for method in ("conditional gradient", "projection"):
        for step in (0, 1, 5, 30):
            explorer.set(method=method, step=step)
            assert explorer.result.gap >= explorer.result.above - 1e-12


def test_a_start_outside_is_brought_inside(explorer):
    explorer.set(start_0=1.0, start_1=1.0, step=0)
    assert explorer.result.allowed.contains(explorer.result.theta)


def test_a_small_radius_gives_a_weight_of_zero_and_the_target(explorer):
    assert "exactly 0" not in explorer.sentence
    explorer.set(radius=0.2)
    assert not explorer.target_reached
    explorer.set(radius=0.14)
    assert explorer.target_reached
    assert "bill depth weighs exactly 0" in explorer.sentence


def test_the_corner_shows_for_the_conditional_gradient_alone(explorer):
    assert explorer.artists["corner"].get_visible()
    explorer.set(method="projection")
    assert not explorer.artists["corner"].get_visible()


def test_outlines_have_the_sets_corners():
    assert np.abs(outline(L1Ball(0.5))).sum(axis=0).tolist() == [0.5] * 5
    assert outline(Simplex(2.0)).sum(axis=0).tolist() == [2.0, 2.0]


def test_a_click_starts_there(explorer):
    explorer.on_click(-0.2, 0.1, "map")
    values = explorer.values()
    assert (values["start_0"], values["start_1"], values["step"]) == (-0.2, 0.1, 0)
