"""Constraints: projections are nearest points, Frank–Wolfe stays inside, the gap never lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gradcourse import descend
from gradcourse.constrained import (
    ConditionalGradient,
    L1Ball,
    ProjectedGradient,
    ProximalGradient,
    Simplex,
    duality_gap,
    soft_threshold,
)
from gradcourse.datasets import penguins, standardize
from gradcourse.losses import LinearRegression

SETS = [Simplex(1.0), Simplex(2.5), L1Ball(1.0), L1Ball(0.3)]
each_set = pytest.mark.parametrize("feasible", SETS, ids=repr)
vectors = st.integers(1, 6).flatmap(lambda n: arrays(float, n, elements=st.floats(-50, 50)))


def corners(feasible, n):
    """All corners of the set, by hand."""
    if isinstance(feasible, Simplex):
        return feasible.total * np.eye(n)
    return feasible.radius * np.concatenate([np.eye(n), -np.eye(n)])


@each_set
@given(w=vectors)
def test_a_projection_is_the_nearest_point(feasible, w):
    near = feasible.project(w)
    assert feasible.contains(near)
    # no corner lies on the far side: (w − near)·(corner − near) ≤ 0 is what "nearest" means
    assert ((corners(feasible, len(w)) - near) @ (w - near)).max() <= 1e-9 * (1 + w @ w)


@each_set
@given(w=vectors)
def test_projecting_twice_changes_nothing(feasible, w):
    once = feasible.project(w)
    assert np.allclose(feasible.project(once), once, rtol=0, atol=1e-12)


@each_set
@given(grad=vectors)
def test_the_vertex_is_the_lowest_corner(feasible, grad):
    lowest = (corners(feasible, len(grad)) @ grad).min()
    assert feasible.vertex(grad) @ grad == pytest.approx(lowest, abs=1e-12)


def lasso(n_features=4):
    birds = penguins()
    X = standardize(birds.matrix())[0]
    return LinearRegression(X[:, :n_features], X @ [0.5, 0.0, 2.0, 0.1])


@pytest.fixture(scope="module")
def best():
    """The best allowed point, by many projected steps."""
    model = lasso()
    step = ProjectedGradient(L1Ball(1.0), 1 / model.smoothness)
    way = descend(model, model.gradient, np.zeros(5), step, 3000)
    return way.losses[-1]


def test_both_methods_meet(best):
    model = lasso()
    way = descend(model, model.gradient, np.zeros(5), ConditionalGradient(L1Ball(1.0)), 3000)
    assert best <= way.losses[-1] <= best + 1e-3


def test_every_step_stays_inside():
    model, ball = lasso(), L1Ball(1.0)
    for step in (ConditionalGradient(ball), ProjectedGradient(ball, 0.2)):
        way = descend(model, model.gradient, np.zeros(5), step, 50)
        assert all(ball.contains(theta) for theta in way.path)


def test_the_gap_is_never_smaller_than_what_is_left_to_gain(best):
    model, ball = lasso(), L1Ball(1.0)
    way = descend(model, model.gradient, np.zeros(5), ConditionalGradient(ball), 200)
    gaps = np.array([duality_gap(ball, theta, model.gradient(theta)) for theta in way.path])
    assert (gaps >= way.losses - best - 1e-12).all()
    assert gaps[-1] < 0.05 * gaps[0]


def test_after_k_steps_at_most_k_corners_are_mixed():
    model = lasso()
    way = descend(model, model.gradient, np.zeros(5), ConditionalGradient(L1Ball(1.0)), 3)
    assert [np.count_nonzero(theta) <= k for k, theta in enumerate(way.path)] == [True] * 4


def test_a_set_of_your_own_needs_three_abilities():
    class Box:
        def project(self, w):
            return np.clip(w, 0, 1)

        def vertex(self, grad):
            return np.where(grad < 0, 1.0, 0.0)

        def contains(self, w):
            return bool(np.array_equal(w, self.project(w)))

    for recipe in (ProjectedGradient(Box(), 0.3), ConditionalGradient(Box())):
        way = descend(lambda t: t @ [-1, 2], lambda t: np.array([-1.0, 2.0]), [0.5, 0.5], recipe)
        assert np.allclose(way.final, [1, 0])


@pytest.mark.parametrize("amount", [0.0, 0.3, 2.0])
def test_the_soft_threshold_solves_its_problem(amount):
    grid = np.linspace(-5, 5, 100_001)
    for value in (-3.0, -0.2, 0.0, 0.31, 4.0):
        lowest = grid[np.argmin(0.5 * (grid - value) ** 2 + amount * np.abs(grid))]
        assert np.isclose(soft_threshold(value, amount), lowest, atol=1e-4)


def test_the_lasso_ends_where_no_weight_is_worth_its_price():
    model, price = lasso(), np.array([0.2, 0.2, 0.2, 0.2, 0.0])
    recipe = ProximalGradient(price, 1 / model.smoothness)
    theta = descend(model, model.gradient, np.zeros(5), recipe, 5000).final
    slope = model.gradient(theta)
    assert np.allclose(slope[theta != 0], -(price * np.sign(theta))[theta != 0], atol=1e-9)
    assert (np.abs(slope[theta == 0]) <= price[theta == 0]).all()
    assert 0 < np.count_nonzero(theta) < 5


def test_the_lasso_is_the_l1_ball_of_the_radius_it_ends_at():
    model = lasso()
    rate = 1 / model.smoothness
    free = descend(model, model.gradient, np.zeros(5), ProximalGradient(0.2, rate), 5000).final
    ball = L1Ball(np.abs(free).sum())
    held = descend(model, model.gradient, np.zeros(5), ProjectedGradient(ball, rate), 5000).final
    assert np.allclose(free, held, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ProximalGradient(-1.0), "l1 must be 0 or more, but it is -1.0"),
        (lambda: ProximalGradient(1.0, 0), "learning_rate must be"),
        (lambda: ProximalGradient(1j), "l1 must be real"),
        (
            lambda: ConditionalGradient(L1Ball(), 1.5),
            "learning_rate must be from 0 to 1, but it is 1.5; a longer step leaves the set",
        ),
        (lambda: ConditionalGradient(L1Ball(), 0), "learning_rate must be a number above 0"),
        (lambda: Simplex(0), "total must be"),
        (lambda: L1Ball(-1), "radius must be"),
        (lambda: ProjectedGradient(L1Ball(), 0), "learning_rate must be"),
        (lambda: L1Ball().project([np.inf, 0]), "w contains inf"),
        (
            lambda: Simplex().project(np.ones((2, 2))),
            r"w must be a vector \(n,\), but its shape is",
        ),
        (lambda: L1Ball().project(3.0), r"w must be a vector \(n,\), but its shape is \(\)"),
        (
            lambda: ConditionalGradient(L1Ball(1.0)).init(np.array([2.0, 0.0])),
            r"start must lie in L1Ball\(radius=1.0\), but it is \[2. 0.\]; project it first",
        ),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
