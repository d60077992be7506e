"""The curvature explorer: what it computes, shows and says, without a browser."""

import numpy as np
import pytest

from gradcourse import landscapes
from gradcourse.curvature import BFGS, Newton, numerical_hessian
from gradcourse.descent import descend
from gradcourse.explorers.curvature import MASSES, METHODS, N_STEPS, Counted, walk
from gradcourse.explorers.kit.maps import to_shares


def test_the_walks_are_those_of_the_library(explorer):
    explorer.set(landscape="rosenbrock", learning_rate=0.001, step=20)
    ground, start = landscapes.rosenbrock(), explorer.result.start
    bend = lambda theta: numerical_hessian(ground.gradient, theta)  # noqa: E731
    recipes = {"Newton": Newton(bend, damping=0.001), "BFGS": BFGS(ground)}
    for name, recipe in recipes.items():
        way = descend(ground, ground.gradient, start, recipe, 10)
        assert np.allclose(explorer.result.walks[name].path[:11], way.path[:11])


def test_the_next_place_is_the_lowest_of_the_model_drawn(explorer):
    explorer.set(landscape="rosenbrock", method="Newton", damping=0.5)
    for step in range(4):
        explorer.set(step=step)
        low, walks = explorer.result.here.low, explorer.result.walks
        assert np.allclose(low, walks["Newton"].path[step + 1])
        drawn = np.ravel(explorer.artists["believed"].get_data())
        assert np.allclose(drawn, to_shares(landscapes.rosenbrock(), low[:, None]).ravel())


@pytest.mark.parametrize("condition", [1, 25, 1000])
def test_newton_needs_one_step_in_any_ravine(explorer, condition):
    explorer.set(method="Newton", condition=condition)
    assert "Newton 1 step, 6 calls" in explorer.sentence


def test_every_call_is_counted():
    ground = Counted(landscapes.bowl())
    theta = np.array([1.0, 2.0])
    ground.loss(theta), ground.gradient(theta)
    assert ground.calls == 2
    ground.hessian(theta)
    assert ground.calls == 6  # two gradients for each of two parameters


def test_descent_pays_one_call_a_step():
    run = walk("gradient descent", landscapes.bowl(), (1.0, 1.0), learning_rate=0.1)
    assert run.calls == list(range(1, len(run.path) + 1))


def test_without_probabilities_there_is_no_natural_gradient(explorer):
    explorer.set(method="natural gradient")
    assert "choose the Gaussian fit" in explorer.sentence
    assert len(explorer.artists["way"].get_xdata()) == 0
    explorer.set(landscape="Gaussian fit", step=50)
    end = explorer.result.here.theta
    assert np.allclose(end, [MASSES.y.mean(), np.log(MASSES.y.std())], atol=1e-6)


def test_a_saddle_is_called_no_bowl(explorer):
    explorer.set(landscape="saddle", method="Newton", start_1=0.05, step=0)
    assert "it sees no bowl: a curvature of -0.9" in explorer.sentence
    explorer.set(damping=2.0)
    assert "it believes in a bowl" in explorer.sentence


def test_damping_past_the_negative_curvature_reaches_the_target(explorer):
    explorer.set(landscape="saddle", method="Newton", start_1=0.05)
    assert not explorer.target_reached
    explorer.set(damping=1.5)
    assert explorer.target_reached


def test_undamped_newton_from_far_does_not_count(explorer):
    explorer.set(landscape="saddle", method="Newton", start_1=0.9)
    assert explorer.result.walks["Newton"].arrival <= N_STEPS
    assert not explorer.target_reached


def test_line_search_never_climbs(explorer):
    explorer.set(landscape="two_wells", method="Newton", start_0=0.02, start_1=0.5)
    explorer.set(line_search=True)
    losses = explorer.result.walks["Newton"].losses
    assert (np.diff(losses) <= 0).all()


def test_a_click_starts_there(explorer):
    explorer.on_click(0.333, -0.5, "map")
    assert explorer.values()["start_0"] == 0.34  # the nearest stop
    assert explorer.values()["step"] == 0


def test_every_method_has_a_line_on_the_bill(explorer):
    explorer.set(landscape="Gaussian fit")
    for name in METHODS:
        assert len(explorer.artists[f"{name} bill"].get_xdata()) > 1
