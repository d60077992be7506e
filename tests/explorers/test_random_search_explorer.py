"""The random search explorer: its law of angles, its race, its target."""

import numpy as np
import pytest

from gradcourse.explorers import RandomSearchExplorer
from gradcourse.explorers.random_search import ANGLES, best_cosines, density, losses_along


@pytest.mark.parametrize("dimensions", [2, 3, 10, 100])
def test_the_density_is_a_share_of_all_directions(dimensions):
    assert np.trapezoid(density(dimensions), ANGLES) == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("dimensions", [3, 20, 100])
def test_the_density_agrees_with_random_directions(dimensions):
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(20_000, dimensions))
    angles = np.degrees(np.arccos(directions[:, 0] / np.linalg.norm(directions, axis=1)))
    near_level = density(dimensions)[np.abs(ANGLES - 90) <= 9.5].sum() / 100
    assert np.mean(np.abs(angles - 90) < 9.5) == pytest.approx(near_level, abs=0.03)


def test_the_best_of_more_tries_is_never_worse():
    few, many = best_cosines(30, 5), best_cosines(30, 50)
    assert np.all(many >= few)
    assert many.mean() > few.mean()
    assert np.abs(many).max() <= 1


def test_the_losses_are_those_of_a_real_walk_on_the_bowl():
    rng, step = np.random.default_rng(3), 0.1
    theta, cosines, losses = np.array([1.0, 0.0, 0.0]), [], [1.0]
    for _ in range(30):
        u = rng.normal(size=3)
        u /= np.linalg.norm(u)
        cosines.append(-u @ theta / np.linalg.norm(theta))
        moved = theta + step * u
        theta = moved if moved @ moved < theta @ theta else theta
        losses.append(theta @ theta)
    assert losses_along(np.array(cosines), step) == pytest.approx(losses)


def test_the_gradient_arrives_after_one_over_the_step_length():
    losses = losses_along(np.ones(40), 0.04)
    assert losses[10] == pytest.approx(0.6**2)
    assert losses[25] == pytest.approx(0, abs=1e-12)


def test_random_search_falls_behind_as_dimensions_grow():
    explorer = RandomSearchExplorer()
    shares = []
    for dimensions in (2, 10, 100):
        explorer.set(dimensions=dimensions)
        shares.append(explorer.result.share)
        assert explorer.result.random[-1] >= explorer.result.gradient[-1] - 1e-9
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.8
    assert shares[-1] < 0.2


def test_the_target_wants_ten_tries_and_enough_dimensions():
    explorer = RandomSearchExplorer()
    explorer.set(n_tries=1, dimensions=50)
    assert not explorer.target_reached
    explorer.set(n_tries=10, dimensions=5)
    assert not explorer.target_reached
    explorer.set(dimensions=12)
    assert explorer.target_reached


def test_the_curves_show_the_result():
    explorer = RandomSearchExplorer(dimensions=40)
    for name in ("random", "gradient"):
        assert explorer.artists[name].get_ydata() == pytest.approx(getattr(explorer.result, name))
