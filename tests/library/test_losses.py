"""Each loss is what its formula says, and its gradient is what differences see."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcourse import losses
from gradcourse.datasets import penguins, standardize
from gradcourse.losses import (
    GaussianFit,
    LinearModel,
    LinearRegression,
    LinearSVM,
    LogisticRegression,
    sigmoid,
)

STORED = json.loads((Path(__file__).parents[1] / "golden" / "losses.json").read_text("utf-8"))
rng = np.random.default_rng(20)
SCORES = rng.normal(size=12) * 3
REAL, ZERO_ONE = rng.normal(size=12), (rng.random(12) < 0.5).astype(int)
# name -> targets
TARGETS = {
    "mean_squared_error": REAL,
    "logistic_loss": ZERO_ONE,
    "hinge_loss": 2 * ZERO_ONE - 1,
}


def pair(name):
    return getattr(losses, name), getattr(losses, f"{name}_gradient")


def assert_slope_agrees(f, grad, point, direction, h=1e-6, rtol=1e-6):
    """The slope along a direction, by the gradient and by central differences."""
    slope = (f(point + h * direction) - f(point - h * direction)) / (2 * h)
    claimed = np.sum(grad * direction, axis=0)
    assert np.all(np.abs(slope) > 1e-3), "too flat here to tell a gradient from zero"
    assert np.allclose(claimed, slope, rtol=rtol, atol=0)


@pytest.mark.parametrize(
    ("name", "y_pred", "y", "value"),
    [
        ("mean_squared_error", [1, 2, 6], [1, 3, 3], 10 / 3),
        ("logistic_loss", [0, 0], [0, 1], np.log(2)),
        ("logistic_loss", [3], [0], np.log(1 + np.exp(3))),
        ("hinge_loss", [2, 0.5, -1], [1, 1, 1], 2.5 / 3),
    ],
)
def test_loss_is_its_formula(name, y_pred, y, value):
    assert pair(name)[0](y_pred, y) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("stored", STORED["records"], ids=lambda stored: stored["loss"])
def test_value_and_gradient_are_pytorchs(stored):
    for function, key in zip(pair(stored["loss"]), ("value", "gradient"), strict=True):
        assert function(stored["y_pred"], stored["y"]) == pytest.approx(stored[key], rel=1e-12)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("seed", range(5))
def test_gradient_agrees_with_differences(name, seed):
    loss, gradient = pair(name)
    y = TARGETS[name]
    direction = np.random.default_rng(seed).normal(size=12)
    assert_slope_agrees(lambda p: loss(p, y), gradient(SCORES, y), SCORES, direction)


@pytest.mark.parametrize("side", [-0.01, 0.01])
def test_hinge_gradient_is_right_on_both_sides_of_its_kink(side):
    y = 2.0 * ZERO_ONE - 1
    beside = y + side * y
    grad = losses.hinge_loss_gradient(beside, y)
    if side > 0:
        assert np.all(grad == 0)
        assert losses.hinge_loss(beside, y) == 0
    else:
        assert_slope_agrees(lambda p: losses.hinge_loss(p, y), grad, beside, y)


def test_gradient_at_a_kink_is_the_documented_one():
    assert losses.hinge_loss_gradient([1, -1], [1, -1]).tolist() == [0, 0]


@pytest.mark.parametrize("name", TARGETS)
def test_a_score_that_is_no_number_has_no_slope(name):
    loss, gradient = pair(name)
    y_pred = SCORES.copy()
    y_pred[3] = np.nan
    with np.errstate(invalid="ignore"):
        assert np.isnan(loss(y_pred, TARGETS[name]))
        assert np.isnan(gradient(y_pred, TARGETS[name])).tolist() == [i == 3 for i in range(12)]


def test_hinge_gradient_of_an_endless_score_is_finite():
    assert losses.hinge_loss_gradient([np.inf, -np.inf], [1, 1]).tolist() == [0, -0.5]


@pytest.mark.parametrize("z", [0.5, 10, 34, 40, 700])
def test_logistic_gradient_keeps_its_digits_for_both_labels(z):
    wanted = np.exp(-z) / (1 + np.exp(-z))
    assert losses.logistic_loss_gradient([-z], [0]) == pytest.approx(wanted, rel=1e-12, abs=0)
    assert losses.logistic_loss_gradient([z], [1]) == pytest.approx(-wanted, rel=1e-12, abs=0)


def test_logistic_hessian_keeps_its_digits():
    left, right = (LogisticRegression([1.0], [1]).hessian([z, 0])[0, 0] for z in (-40, 40))
    assert left == pytest.approx(right, rel=1e-12, abs=0)
    assert right == pytest.approx(np.exp(-40), rel=1e-12, abs=0)


def test_sigmoid_takes_a_list():
    assert losses.sigmoid([0, 1]) == pytest.approx([0.5, 1 / (1 + np.exp(-1))])
    with pytest.raises(TypeError, match="z must be a number or an array of numbers"):
        losses.sigmoid("high")


def test_gradient_by_complex_step_is_exact():
    direction = np.random.default_rng(1).normal(size=12)
    value = losses.mean_squared_error(SCORES + 1e-100j * direction, REAL)
    claimed = losses.mean_squared_error_gradient(SCORES, REAL) @ direction
    assert value.imag / 1e-100 == pytest.approx(claimed, rel=1e-14)


@pytest.mark.parametrize("name", TARGETS)
def test_many_models_side_by_side_equal_one_after_the_other(name):
    loss, gradient = pair(name)
    y, y_pred = TARGETS[name], np.random.default_rng(2).normal(size=(12, 5))
    assert loss(y_pred, y) == pytest.approx([loss(column, y) for column in y_pred.T])
    one_by_one = np.stack([gradient(column, y) for column in y_pred.T], axis=1)
    assert gradient(y_pred, y) == pytest.approx(one_by_one)
    grid = y_pred[:, :4].reshape(12, 2, 2)
    assert loss(grid, y) == pytest.approx(loss(y_pred[:, :4], y).reshape(2, 2))


@pytest.mark.parametrize("name", TARGETS)
def test_loss_and_gradient_leave_their_inputs_alone(name):
    y_pred, y = SCORES.copy(), TARGETS[name].copy()
    for function in pair(name):
        function(y_pred, y)
    assert np.array_equal(y_pred, SCORES)
    assert np.array_equal(y, TARGETS[name])


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("kind", [list, np.int8, np.uint8, np.float32])
def test_labels_may_come_in_any_type_of_number(name, kind):
    y = ZERO_ONE * 2 - 1 if name == "hinge_loss" else ZERO_ONE
    if kind is np.uint8:
        y = np.ones(12, int)
    given_y = y.tolist() if kind is list else y.astype(kind)
    for function in pair(name):
        assert function(SCORES, given_y) == pytest.approx(function(SCORES, y * 1.0), rel=1e-7)


@given(z=st.floats(-700, 700))
def test_logistic_loss_and_sigmoid_keep_their_digits_far_out(z):
    wanted = np.log1p(np.exp(z)) if z < 30 else z + np.exp(-z)
    assert losses.logistic_loss([z], [0]) == pytest.approx(wanted, rel=1e-12, abs=0)
    assert losses.logistic_loss([-z], [1]) == pytest.approx(wanted, rel=1e-12, abs=0)
    assert losses.sigmoid(z) == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-12, abs=0)


def test_logistic_loss_and_sigmoid_do_not_overflow():
    assert losses.logistic_loss([1e4, -1e4], [0, 1]) == 1e4
    assert losses.logistic_loss([1e4, -1e4], [1, 0]) == 0
    assert losses.sigmoid(np.array([-1e4, 1e4])).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "y_pred", "y", "complaint"),
    [
        ("mean_squared_error", [1, 2], [1, 2, 3], r"the shapes are \(2,\) and \(3,\)"),
        ("mean_squared_error", [1, 2, 3], [[1], [2], [3]], r"the shapes are \(3,\) and \(3, 1\)"),
        ("mean_squared_error", [], [], "y_pred is empty"),
        ("mean_squared_error", 1, 2, r"the shapes are \(\) and \(\)"),
        ("logistic_loss", [1, 2], [-1, 1], "only the labels 0 and 1, but it contains -1"),
        ("hinge_loss", [1, 2], [0, 1], "only the labels -1 and 1, but it contains 0"),
        ("hinge_loss", [1, 2], [np.nan, 1], "it contains nan"),
    ],
)
def test_loss_refuses_in_one_sentence(name, y_pred, y, complaint):
    for function in pair(name):
        with pytest.raises(ValueError, match=complaint):
            function(y_pred, y)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(
    ("weights", "complaint"),
    [
        ([5], r"weights must be 12 numbers, one per sample, .*; their shape is \(1,\)"),
        (5, r"weights must be 12 numbers, .*; their shape is \(\)"),
        (np.ones(11), r"weights must be 12 numbers, .*; their shape is \(11,\)"),
        (np.ones((12, 1)), r"weights must be 12 numbers, .*; their shape is \(12, 1\)"),
        ([-1] + [1] * 11, "none below 0; .* the smallest -1"),
        ([np.nan] + [1] * 11, "weights contains nan at index 0"),
        ([1j] * 12, "weights must be real"),
    ],
)
def test_loss_refuses_weights_in_one_sentence(name, weights, complaint):
    for function in pair(name):
        with pytest.raises(ValueError, match=complaint):
            function(SCORES, TARGETS[name], weights)


@pytest.mark.parametrize("name", TARGETS)
def test_weights_are_those_of_the_formula(name):
    loss, gradient = pair(name)
    weights = np.arange(12.0)  # one sample may count nothing
    single = [loss(SCORES[[i]], TARGETS[name][[i]]) for i in range(12)]
    assert loss(SCORES, TARGETS[name], weights) == pytest.approx(np.mean(weights * single))
    grad = gradient(SCORES, TARGETS[name], weights.tolist())
    assert grad == pytest.approx(weights * gradient(SCORES, TARGETS[name]))


def test_predictions_of_one_column_do_not_spread_into_a_square():
    y = np.arange(3.0)
    assert losses.mean_squared_error(y[:, None], y).shape == (1,)
    assert losses.mean_squared_error_gradient(y[:, None], y).shape == (3, 1)


# The objective of a linear regression


def regression(n=30, d=3, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return LinearRegression(X, X @ np.arange(1.0, d + 1) - 2 + rng.normal(size=n))


@pytest.mark.parametrize("rows", [slice(None), slice(4, 9), np.array([0, 3, 3, 7])])
@pytest.mark.parametrize("seed", range(3))
def test_regression_gradient_agrees_with_differences(rows, seed):
    line = regression()
    rng = np.random.default_rng(seed)
    theta, direction = rng.normal(size=4), rng.normal(size=4)
    grad = line.gradient(theta, rows)
    assert_slope_agrees(lambda t: line(t, rows), grad, theta, direction)
    by_complex_step = line(theta + 1e-100j * direction, rows).imag / 1e-100
    assert grad @ direction == pytest.approx(by_complex_step, rel=1e-12)


def test_regression_loss_is_the_mean_of_squares_with_the_intercept_last():
    line = LinearRegression([[1, 10], [2, 20]], [0, 0])
    assert line([3, 4, 5]) == ((3 + 40 + 5) ** 2 + (6 + 80 + 5) ** 2) / 2
    assert line.predict([3, 4, 5]).tolist() == [48, 91]


def test_regression_serves_points_and_grids_alike():
    line = regression(d=1)
    grid = np.random.default_rng(4).normal(size=(2, 5, 7))
    points = grid.reshape(2, -1)
    assert line(grid).shape == (5, 7)
    assert line(grid).ravel() == pytest.approx([line(p) for p in points.T])
    assert line.gradient(grid).reshape(2, -1) == pytest.approx(line.gradient(points))
    assert line.gradient(points)[:, 3] == pytest.approx(line.gradient(points[:, 3]))


def test_regression_mean_of_batch_gradients_is_the_full_gradient():
    line, theta = regression(n=30), np.ones(4)
    batches = [line.gradient(theta, slice(i, i + 10)) for i in range(0, 30, 10)]
    assert np.mean(batches, axis=0) == pytest.approx(line.gradient(theta), rel=1e-12)


def test_regression_minimizer_has_zero_gradient_and_the_least_loss():
    line = regression()
    best = line.minimizer()
    assert np.abs(line.gradient(best)).max() < 1e-13
    nearby = best[:, None] + np.random.default_rng(5).normal(size=(4, 100)) * 0.01
    assert (line(nearby) > line(best)).all()


def test_regression_hessian_is_the_slope_of_the_gradient():
    line, direction = regression(), np.array([1.0, -2, 3, 0.5])
    change = line.gradient(direction) - line.gradient(0 * direction)
    assert change == pytest.approx(line.hessian() @ direction, rel=1e-12)
    assert np.array_equal(line.hessian(), line.hessian().T)


@pytest.mark.parametrize(("share", "converges"), [(0.99, True), (1.01, False)])
def test_regression_smoothness_bounds_the_learning_rate(share, converges):
    line = regression()
    theta, rate = np.zeros(4), share * 2 / line.smoothness
    for _ in range(2000):
        theta = theta - rate * line.gradient(theta)
    assert (line(theta) <= line(np.zeros(4))) == converges
    assert np.allclose(theta, line.minimizer()) == converges


def test_regression_of_the_penguins_is_the_published_line():
    birds = penguins()
    slope, intercept = LinearRegression(birds.flipper_length_mm, birds.body_mass_g).minimizer()
    assert (round(slope, 2), round(intercept, 2)) == (49.69, -5780.83)
    Z, _, _ = standardize(birds.flipper_length_mm)
    assert LinearRegression(Z, birds.body_mass_g).smoothness == pytest.approx(2, rel=1e-12)


# Two classes


def classes(kind, weighted=False):
    """Gentoo or not, of all penguins, as a model with the labels it wants."""
    birds = penguins()
    X, _, _ = standardize(birds.matrix())
    y = (birds.species == "Chinstrap").astype(float)
    weights = losses.balanced_weights(y) if weighted else None
    return kind(X, 2 * y - 1 if kind is LinearSVM else y, weights)


KINDS = [LogisticRegression, LinearSVM]


@pytest.mark.parametrize("rows", [slice(None), slice(140, 260), np.array([0, 3, 3, 200])])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_gradient_of_a_classifier_agrees_with_differences(kind, weighted, rows):
    model, rng = classes(kind, weighted), np.random.default_rng(6)
    theta, direction = rng.normal(size=5), rng.normal(size=5)
    grad = model.gradient(theta, rows)
    assert_slope_agrees(lambda t: model(t, rows), grad, theta, direction)


@pytest.mark.parametrize("kind", [*KINDS, LinearRegression])
def test_weights_of_whole_numbers_are_copies_of_rows(kind):
    rng, copies = np.random.default_rng(7), np.array([1, 3, 2, 0, 1, 5])
    X, y, theta = rng.normal(size=(6, 2)), np.array([1.0, 1, -1, 1, -1, -1]), rng.normal(size=3)
    y = (y + 1) / 2 if kind is LogisticRegression else y
    weighted = kind(X, y, copies)
    repeated = kind(np.repeat(X, copies, axis=0), np.repeat(y, copies))
    assert weighted(theta) == pytest.approx(repeated(theta), rel=1e-13)
    assert weighted.gradient(theta) == pytest.approx(repeated.gradient(theta), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_weighted_model_serves_many_thetas_at_once(kind):
    model = classes(kind, weighted=True)
    thetas = np.random.default_rng(8).normal(size=(5, 2, 3))
    points = thetas.reshape(5, -1)
    assert model(thetas).ravel() == pytest.approx([model(point) for point in points.T])
    assert model.gradient(thetas)[:, 1, 2] == pytest.approx(model.gradient(thetas[:, 1, 2]))


@pytest.mark.parametrize("kind", KINDS)
def test_mean_of_weighted_batch_gradients_is_the_full_gradient(kind):
    model, theta = classes(kind, weighted=True), np.ones(5) / 3
    batches = [model.gradient(theta, slice(i, i + 57)) for i in range(0, 342, 57)]
    assert np.mean(batches, axis=0) == pytest.approx(model.gradient(theta), rel=1e-12)


@pytest.mark.parametrize("kind", [*KINDS, LinearRegression])
def test_a_model_keeps_the_data_it_was_made_of(kind):
    X, y, weights = (
        np.array([[1.0], [2.0], [4.0]]),
        np.array([1.0, 1.0, 1.0]),
        np.array([1.0, 2, 3]),
    )
    model, theta = kind(X, y, weights), np.array([0.5, -0.2])
    before = model(theta), model.gradient(theta).tolist()
    X[0], y[0], weights[0] = 100, 0, 9
    assert model.X.tolist() == [[1], [2], [4]]
    assert (model(theta), model.gradient(theta).tolist()) == before
    for array in (model.X, model.y, model.weights, model.design):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5


def test_a_bell_curve_keeps_the_data_it_was_made_of():
    y = np.array([1.0, 3.0])
    fit = losses.GaussianFit(y)
    y[0] = 100
    assert fit.y.tolist() == [1, 3]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_one_row_is_a_batch_of_one(kind, weighted):
    model, theta = classes(kind, weighted), np.ones(5) / 3
    assert model(theta, 200) == model(theta, [200]) == model(theta, slice(200, 201))
    assert np.array_equal(model.gradient(theta, -1), model.gradient(theta, np.array([341])))
    mask = np.arange(342) == 200
    assert np.array_equal(model.gradient(theta, mask), model.gradient(theta, 200))


def test_balanced_weights_take_words_for_classes():
    weights = losses.balanced_weights(penguins().species)
    assert weights.mean() == pytest.approx(1)
    numbers = np.unique(penguins().species, return_inverse=True)[1]
    assert np.array_equal(weights, losses.balanced_weights(numbers))


@pytest.mark.parametrize(
    ("y", "complaint"),
    [
        ([0, 1, np.nan], "y contains nan at index 2"),
        ([], "y is empty"),
        ([[0, 1]], r"y must be a vector of labels, but its shape is \(1, 2\)"),
        (np.array([["a"]]), r"y must be a vector of labels, but its shape is \(1, 1\)"),
        ([None, None], "y must be a number or an array of numbers"),
    ],
)
def test_balanced_weights_refuse_what_is_no_class(y, complaint):
    with pytest.raises((ValueError, TypeError), match=complaint):
        losses.balanced_weights(y)


def test_balanced_weights_let_every_class_count_alike():
    y = np.array([2, 2, 7, 2, 2, 2])
    weights = losses.balanced_weights(y)
    assert weights.mean() == pytest.approx(1)
    assert weights[y == 7].sum() == pytest.approx(weights[y == 2].sum())


@pytest.mark.parametrize("weights", [[1, 2], [1, -1, 1], [0, 0, 0], [[1, 1, 1]]])
def test_nonsense_weights_are_refused(weights):
    with pytest.raises(ValueError, match=r"weights must (be 3 numbers|not all be 0)"):
        LinearRegression([1, 2, 3], [1, 2, 3], weights)


def test_another_model_is_a_pair_of_losses():
    class LeastAbsolute(LinearModel):
        @staticmethod
        def loss(y_pred, y, weights):
            return np.abs((y_pred.T - y).T).mean(axis=0)

        @staticmethod
        def loss_gradient(y_pred, y, weights):
            return np.sign((y_pred.T - y).T) / len(y)

    birds = penguins()
    X, _, _ = standardize(birds.matrix())
    model = LeastAbsolute(X, birds.body_mass_g / 1000)
    rng = np.random.default_rng(6)
    theta, direction = rng.normal(size=5), rng.normal(size=5)
    assert_slope_agrees(model, model.gradient(theta), theta, direction)


@pytest.mark.parametrize(
    ("X", "y", "complaint"),
    [
        ([[1], [2]], [1, 2, 3], r"shapes are \(2, 1\) and \(3,\)"),
        ([1, 2], [[1], [2]], r"shapes are \(2,\) and \(2, 1\)"),
        (5, 6, r"shapes are \(\) and \(\)"),
        ([1, np.nan], [1, 2], "X contains nan at index 1"),
        ([1, 2], [1, np.inf], "y contains inf at index 1"),
        ([], [], "X is empty"),
    ],
)
def test_regression_refuses_bad_data_in_one_sentence(X, y, complaint):
    with pytest.raises(ValueError, match=complaint):
        LinearRegression(X, y)


def test_regression_says_how_long_theta_must_be():
    with pytest.raises(ValueError, match=r"theta must hold 4 numbers .* its shape is \(3,\)"):
        regression()(np.zeros(3))
    with pytest.raises(ValueError, match=r"its shape is \(\)"):
        regression().gradient(0.0)
    with pytest.raises(TypeError, match="theta must be a number or an array of numbers"):
        regression()(["a", "b", "c", "d"])


LINE = LinearRegression([0, 1, 2], [1, 3, 5])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: LINE([0.0, 0.0], None), "rows must be a slice, a mask or .*, but it is None;"),
        (
            lambda: LINE.gradient([0.0, 0.0], []),
            r"rows must be a slice.*, but it is \[\]; leave it",
        ),
        (lambda: LINE([0.0, 0.0], [0.0, 1.0]), r"rows must be .*, but it is \[0.0, 1.0\]"),
        (lambda: LogisticRegression([0, 1], [1, 2]), "y must hold only the labels 0 and 1, but it"),
        (lambda: LinearSVM([0, 1], [0, 1]), "y must hold only the labels -1 and 1, but it cont"),
        (lambda: GaussianFit([1.0, 3.0])([1.0, 2.0, 3.0]), "theta must hold two numbers on axis 0"),
        (lambda: GaussianFit([1.0, 3.0]).gradient(1.0), "theta must hold two numbers on axis 0"),
    ],
)
def test_rows_labels_and_pairs_of_another_kind_get_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()


def test_the_sigmoid_of_nan_is_nan_without_a_warning():
    assert np.isnan(sigmoid(float("nan")))
    assert np.isnan(sigmoid([0.0, np.nan])).tolist() == [False, True]
