"""Curvature: the numbers of PyTorch and SciPy, and what each method promises.

The stored numbers come from PyTorch 2.13 and SciPy 1.17 (tools/golden.py).
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcourse import descend, landscapes
from gradcourse.curvature import (
    BFGS,
    NaturalGradient,
    Newton,
    backtrack,
    bfgs_update,
    condition_number,
    numerical_hessian,
    solve_damped,
)
from gradcourse.differences import check_gradient
from gradcourse.losses import GaussianFit, LinearRegression, LogisticRegression, balanced_weights
from gradcourse.nn import Linear, Network
from gradcourse.optimizers import GradientDescent

STORED = json.loads((Path(__file__).parents[1] / "golden" / "curvature.json").read_text("utf-8"))


def stored(key):
    return [record for record in STORED["records"] if key in record]


def hessian_of(ground):
    return partial(numerical_hessian, ground.gradient)


def land(name):
    return landscapes.ravine(25) if name == "ravine" else landscapes.get(name)


# ---- Hessians
@pytest.mark.parametrize("record", stored("hessian")[:8], ids=lambda r: r["hessian"])
def test_differences_give_pytorchs_hessian(record):
    found = hessian_of(land(record["hessian"]))(record["theta"])
    wanted = np.array(record["value"])
    assert np.abs(found - wanted).max() <= 1e-8 * np.abs(wanted).max()


def test_a_hessian_by_differences_is_symmetric_to_the_last_digit():
    found = numerical_hessian(landscapes.himmelblau().gradient, [1.0, 1.5])
    assert np.array_equal(found, found.T)


def test_logistic_hessian_is_pytorchs_and_that_of_differences():
    (record,) = stored("logistic")
    model = LogisticRegression(**record["logistic"])
    theta = np.array(record["theta"])
    assert np.allclose(model.hessian(theta), record["hessian"], rtol=1e-12, atol=1e-14)
    assert np.allclose(model.hessian(theta), numerical_hessian(model.gradient, theta), atol=1e-9)


@pytest.mark.parametrize("kind", [LinearRegression, LogisticRegression])
def test_weights_reach_hessian_and_minimum(kind):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(30, 2)), (rng.random(30) < 0.25).astype(float)
    model, theta = kind(X, y, balanced_weights(y)), np.array([0.5, -0.2, 0.1])
    assert np.allclose(model.hessian(theta), numerical_hessian(model.gradient, theta), atol=1e-9)
    if kind is LinearRegression:
        assert np.allclose(model.gradient(model.minimizer()), 0, atol=1e-12)


def test_condition_number_of_a_bowl_a_ravine_and_a_trough():
    assert condition_number(np.eye(3)) == 1
    assert condition_number(hessian_of(landscapes.ravine(25))([1.0, 2.0])) == pytest.approx(25)
    assert condition_number(np.diag([3.0, 0.0])) == np.inf


# ---- the Gaussian
def test_gaussian_fit_has_pytorchs_numbers():
    (record,) = stored("gaussian")
    fit, theta = GaussianFit(record["gaussian"]), np.array(record["theta"])
    assert float(fit(theta)) == pytest.approx(record["value"], rel=1e-12)
    for name in ("gradient", "hessian", "fisher"):
        assert np.allclose(getattr(fit, name)(theta), record[name], rtol=1e-12, atol=1e-13), name
    assert check_gradient(fit, fit.gradient, theta).ok


def fisher_of(scores):
    """The mean of s sᵀ over samples that the model itself would produce, one row each."""
    return scores.T @ scores / len(scores)


def test_fisher_is_the_mean_of_squared_scores_of_samples_from_the_model():
    mu, log_sigma = 1.0, 0.4
    drawn = np.random.default_rng(0).normal(mu, np.exp(log_sigma), 400_000)
    away = (drawn - mu) / np.exp(log_sigma)
    scores = np.column_stack([away / np.exp(log_sigma), away**2 - 1])
    exact = GaussianFit([0.0, 1.0]).fisher([mu, log_sigma])
    assert np.allclose(fisher_of(scores), exact, atol=0.02)


def test_the_logistic_hessian_is_its_fisher_of():
    (record,) = stored("logistic")
    model, theta = LogisticRegression(**record["logistic"]), np.array(record["theta"])
    p = 1 / (1 + np.exp(-model.predict(theta)))
    # both labels, each as often as the model expects it
    fisher = sum(
        fisher_of(model.design * (np.sqrt(share) * (label - p))[:, None])
        for label, share in ((0, 1 - p), (1, p))
    )
    assert np.allclose(fisher, model.hessian(theta), rtol=1e-12, atol=1e-14)


def test_natural_gradient_goes_the_same_way_however_sigma_is_written():
    fit, theta = GaussianFit([2.0, 3.0, 7.0]), np.array([1.0, 0.3])
    small = 1e-6  # a tiny step: both ways of writing agree to first order
    moved, _ = NaturalGradient(fit.fisher, learning_rate=small).step(theta, fit.gradient(theta), ())
    mu, sigma = theta[0], np.exp(theta[1])
    grad = fit.gradient(theta) * [1, 1 / sigma]  # chain rule: ∂/∂σ = ∂/∂log σ / σ
    fisher = np.diag([1 / sigma**2, 2 / sigma**2])
    other, _ = NaturalGradient(lambda t: fisher, learning_rate=small).step(
        np.array([mu, sigma]), grad, ()
    )
    assert np.allclose([moved[0], np.exp(moved[1])], other, rtol=0, atol=1e-11)
    plain = [theta[0], theta[1]] - small * fit.gradient(theta), [mu, sigma] - small * grad
    assert abs(np.exp(plain[0][1]) - plain[1][1]) > 1e-8  # the gradient itself does depend on it


# ---- Newton
@pytest.mark.parametrize("record", stored("newton"), ids=lambda r: r["newton"])
def test_newton_takes_pytorchs_path(record):
    ground = land(record["newton"])
    path = np.array(record["path"])
    newton = Newton(hessian_of(ground), damping=record["damping"])
    way = descend(ground, ground.gradient, path[0], newton, n_steps=len(path) - 1)
    assert np.allclose(way.path, path, rtol=1e-6, atol=1e-8)


@given(st.floats(1, 1e6), st.floats(-5, 5), st.floats(-5, 5))
def test_newton_needs_one_step_on_any_quadratic(condition, x, y):
    newton = Newton(lambda theta: np.diag([1.0, condition]))
    end, _ = newton.step(np.array([x, y]), np.array([x, condition * y]), ())
    assert np.allclose(end, 0, atol=1e-9)


def test_much_damping_is_plain_descent_with_rate_one_over_damping():
    grad, bend = np.array([3.0, -2.0]), np.diag([1.0, 5.0])
    assert np.allclose(solve_damped(bend, grad, 1e9) * 1e9, -grad)


def test_undamped_newton_goes_to_the_saddle_and_damped_newton_past_it():
    ground, start = landscapes.saddle(), [-2.0, 0.1]
    lost = descend(ground, ground.gradient, start, Newton(hessian_of(ground)), 20)
    assert np.allclose(lost.final, 0, atol=1e-9)
    well = descend(ground, ground.gradient, start, Newton(hessian_of(ground), damping=1.5), 60)
    assert np.allclose(np.abs(well.final), [0, 2**0.5], atol=1e-6)


def test_a_hessian_that_cannot_be_inverted_still_gives_a_step():
    assert np.allclose(solve_damped(np.diag([2.0, 0.0]), np.array([4.0, 0.0])), [-2, 0])


# ---- line search
@given(st.floats(0.01, 1e6))
def test_backtracking_never_climbs(length):
    f, theta = (lambda t: float(t @ t)), np.array([3.0, -1.0])
    step = backtrack(f, theta, 2 * theta, -length * theta)
    assert f(theta + step) < f(theta)


def test_backtracking_refuses_to_go_uphill():
    f, theta = (lambda t: float(t @ t)), np.array([3.0, -1.0])
    assert not backtrack(f, theta, 2 * theta, theta).any()


def test_newton_with_line_search_tames_the_first_step():
    model = LogisticRegression([-3.0, -1.0, 1.0, 2.0], [0, 1, 0, 1])
    start = np.array([8.0, 0.0])
    wild = descend(model, model.gradient, start, Newton(model.hessian), 1)
    tame = descend(model, model.gradient, start, Newton(model.hessian, f=model), 30)
    assert wild.losses[1] > wild.losses[0] > tame.losses[1]
    assert np.allclose(model.gradient(tame.final), 0, atol=1e-9)


# ---- BFGS
def test_updates_are_scipys():
    inverse = np.eye(4)
    for record in stored("bfgs"):
        inverse = bfgs_update(inverse, np.array(record["s"]), np.array(record["y"]))
        assert np.allclose(inverse, record["inverse"], rtol=1e-9, atol=1e-12)


@given(st.integers(0, 10_000))
def test_an_update_explains_the_step_and_stays_a_bowl(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(3, 3))
    inverse, s = root @ root.T + 0.1 * np.eye(3), rng.normal(size=3)
    y = s * rng.uniform(0.1, 10, 3)
    new = bfgs_update(inverse, s, y)
    assert np.allclose(new @ y, s)
    assert np.allclose(new, new.T)
    assert np.linalg.eigvalsh(new)[0] > 0


def test_a_step_of_negative_curvature_is_passed_over():
    inverse = np.diag([2.0, 3.0])
    assert bfgs_update(inverse, np.array([1.0, 0]), np.array([-1.0, 0])) is inverse


def test_bfgs_learns_the_inverse_hessian_of_a_ravine():
    ground = landscapes.ravine(25)
    bfgs, theta = BFGS(ground), np.array([-2.5, 1.5])
    state = bfgs.init(theta)
    for _ in range(25):
        theta, state = bfgs.step(theta, ground.gradient(theta), state)
    assert np.allclose(theta, 0, atol=1e-8)
    assert np.allclose(state.inverse, np.diag([1, 1 / 25]), atol=1e-3)


def test_bfgs_finds_scipys_minimum():
    (record,) = stored("logistic")
    model = LogisticRegression(**record["logistic"])
    way = descend(model, model.gradient, np.zeros(4), BFGS(model), 40, gradient_tolerance=1e-9)
    assert way.losses[-1] == pytest.approx(record["lowest"], rel=1e-12)


# ---- together
def test_inputs_stay_as_they_were():
    ground = landscapes.rosenbrock()
    recipes = [Newton(hessian_of(ground), f=ground), BFGS(ground), NaturalGradient(np.diag)]
    for recipe in recipes:
        theta, grad = np.array([-1.2, 1.0]), np.array([1.0, 2.0])
        state = recipe.init(theta)
        for _ in range(2):
            _, state = recipe.step(theta, grad, state)
        assert theta.tolist() == [-1.2, 1.0]
        assert grad.tolist() == [1.0, 2.0]


def test_many_starts_at_once_get_one_sentence():
    ground = landscapes.bowl()
    with pytest.raises(ValueError, match=r"Newton mixes the coordinates .* shape \(2, 3\)"):
        descend(ground, ground.gradient, np.ones((2, 3)), Newton(hessian_of(ground)))
    assert descend(ground, ground.gradient, np.ones((2, 3)), GradientDescent(0.1), 1).n_steps == 1


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Newton(np.diag, damping=-1), "damping must be a finite number, 0 or more, but it"),
        (lambda: Newton(np.diag, damping=float("nan")), "damping must be a finite number"),
        (lambda: NaturalGradient(np.diag, damping="much"), "damping must be a finite number"),
        (lambda: Newton(np.diag, learning_rate=1 + 0j), "learning_rate must be a number above 0"),
        (lambda: BFGS(len, learning_rate=0), "learning_rate must be"),
        (lambda: numerical_hessian(lambda t: 2 * t, [1.0, 2.0], h=1e-30), "h must be large enough"),
        (lambda: numerical_hessian(lambda t: t[0], [1.0, 2.0]), r"theta's shape \(2,\), but it re"),
        (lambda: numerical_hessian(lambda t: [[1, 2]], [1.0, 2.0]), r"it returned \(1, 2\)"),
        (lambda: condition_number([[1, 100], [0, 1]]), "hessian must be a symmetric matrix"),
        (lambda: condition_number([1, 2]), r"symmetric matrix \(n, n\), but it is \[1.0, 2.0\]"),
        (lambda: condition_number([[1, 2]]), "hessian must be a symmetric matrix"),
        (
            lambda: Newton(lambda t: np.eye(3)).step(np.ones(2), np.ones(2), ()),
            r"hessian\(theta\) must have the shape \(2, 2\), but its shape is \(3, 3\)",
        ),
        (
            lambda: Newton(lambda t: np.eye(2) * np.nan).step(np.ones(2), np.ones(2), ()),
            r"hessian\(theta\) contains nan at index \(0, 0\); return an array \(2, 2\)",
        ),
        (lambda: NaturalGradient(np.diag, learning_rate=-2), "learning_rate must be"),
        (lambda: numerical_hessian(np.sin, [[1.0]]), r"theta must be a vector \(n,\)"),
        (lambda: numerical_hessian(np.sin, [1.0], h=0), "h must be"),
        (lambda: condition_number([[np.nan]]), "hessian contains nan"),
        (lambda: GaussianFit([2.0, 2.0]), "y must be a vector with at least two different"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: numerical_hessian(np.ones(2), [1.0, 2.0]), "gradient must be a function"),
        (
            lambda: numerical_hessian(lambda t: None, [1.0]),
            "but it returned None; add its `return`",
        ),
        (lambda: Newton(np.eye(2)), "hessian must be a function, but it is array"),
        (lambda: Newton(np.diag, f=3.0), "f must be a function, but it is 3.0"),
        (lambda: NaturalGradient(None), "fisher must be a function, but it is None"),
        (
            lambda: NaturalGradient(lambda t: None).step(np.ones(2), np.ones(2), ()),
            r"fisher\(theta\) must be a number or an array of numbers, but it is None",
        ),
        (lambda: BFGS(0.1), "f must be a function, but it is 0.1; the loss"),
        (
            lambda: Newton(lambda t: None).step(np.ones(2), np.ones(2), ()),
            r"hessian\(theta\) must be a number or an array of numbers, but it is None; return an",
        ),
    ],
)
def test_what_is_no_function_gets_one_sentence(make, sentence):
    with pytest.raises(TypeError, match=sentence):
        make()


def test_a_gradient_that_reuses_its_array_gives_the_same_hessian():
    buffer = np.zeros(2)

    def gradient(theta):
        buffer[:] = [2 * theta[0] * theta[1], theta[0] ** 2]
        return buffer

    assert np.allclose(numerical_hessian(gradient, [1, 3]), [[6, 2], [2, 0]])


def test_the_hessian_of_a_network_by_its_own_gradient():
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 3
    network = Network([Linear(2, 3)], np.random.default_rng(1), dtype=float)

    def gradient(theta):
        network.theta = theta
        return network.gradient(X, y)[1]

    hessian = numerical_hessian(gradient, network.theta.copy())
    assert np.trace(hessian) > 0.1
    assert np.linalg.eigvalsh(hessian).min() > -1e-8
