"""The explorer of lesson 09: what it computes, shows and says, without a browser."""

import numpy as np
import pytest

from gradcourse.constrained import ProximalGradient
from gradcourse.descent import descend
from gradcourse.explorers.generalize import (
    MOST,
    N_STEPS,
    TRUTH,
    fitted,
    proximal_path,
    sample,
    waves,
)


def test_the_quick_descent_is_that_of_the_library():
    x, y = sample(20, 0.3)
    A, l2, l1 = waves(x)[:, :12], 0.05, 0.08
    path = proximal_path(A, y, l2, l1)
    rate = 1 / np.linalg.eigvalsh(2 * A.T @ A / 20 + l2 * np.eye(12))[-1]
    way = descend(
        lambda w: np.mean((A @ w - y) ** 2) + 0.5 * l2 * w @ w,
        lambda w: 2 / 20 * A.T @ (A @ w - y) + l2 * w,
        np.zeros(12),
        ProximalGradient(l1, rate),
        N_STEPS,
    )
    assert np.allclose(path, way.path, atol=1e-10)


def test_losses_are_those_of_the_points_and_of_much_new_data():
    result = fitted(20, 10, 0.3, 0.01, 0.01, 0)
    w = result.path[100]
    assert np.isclose(result.seen[100], np.mean((waves(result.x)[:, :10] @ w - result.y) ** 2))
    rng = np.random.default_rng(0)
    x = rng.random(200_000)
    y = waves(x) @ TRUTH + 0.3 * rng.standard_normal(len(x))
    assert np.isclose(result.new[100], np.mean((waves(x)[:, :10] @ w - y) ** 2), rtol=0.02)


def test_more_points_keep_the_first_ones():
    few, many = sample(7, 0.5), sample(50, 0.5)
    assert np.array_equal(few[0], many[0][:7])
    assert np.array_equal(few[1], many[1][:7])


def test_it_overfits_as_the_lesson_says(explorer):
    seen, new = explorer.result.fit.seen, explorer.result.fit.new
    assert np.all(np.diff(seen[1:]) <= 1e-12)
    assert new[-1] > 2 * new[1:].min()
    assert 1 < np.argmin(new) < 20
    assert new[:3].min() > new.min()


@pytest.mark.parametrize("remedy", [{"l1": 0.1}, {"l2": 0.1}, {"copies": 10}, {"n_points": 60}])
def test_every_remedy_helps_new_data(explorer, remedy):
    before = explorer.result.fit.new[-1]
    explorer.set(**remedy)
    assert explorer.result.fit.new[-1] < before / 2


def test_l1_makes_weights_zero_and_l2_only_small(explorer):
    explorer.set(l2=1.0)
    assert np.count_nonzero(explorer.result.fit.path[-1]) == MOST
    explorer.set(l2=0.0001, l1=0.2)
    used = np.flatnonzero(explorer.result.fit.path[-1])
    assert used.size <= 6
    assert {0, 2} <= set(used)
    assert len(explorer.artists["tips"].get_xdata()) == used.size


def test_the_target_needs_two_remedies(explorer):
    for alone in ({"l1": 0.08}, {"copies": 20}, {"l2": 0.05}, {"n_waves": 6}):
        explorer.reset()
        explorer.set(**alone)
        assert not explorer.target_reached, alone
    explorer.reset()
    explorer.set(l1=0.08, copies=10)
    assert explorer.target_reached


def test_it_says_the_numbers_it_shows(explorer):
    explorer.set(steps=6)
    assert "After 6 steps: loss" in explorer.sentence
    assert explorer.artists["now"].get_xdata()[0] == 6
    assert "30 of 30 weights are not 0" in explorer.sentence
