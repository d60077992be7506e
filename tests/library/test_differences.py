"""Differences give the gradient at every kind of input, or say in one sentence why not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcourse.datasets import penguins
from gradcourse.differences import check_gradient, evaluate, numerical_gradient
from gradcourse.differences.kinks import kinks
from gradcourse.landscapes import ALL
from gradcourse.losses import LinearRegression
from gradcourse.nn import Linear, Network

NOISE = np.random.default_rng(0)
BIRDS = penguins()
RAW = LinearRegression(BIRDS.flipper_length_mm, BIRDS.body_mass_g)
SCALED = LinearRegression(BIRDS.flipper_length_mm / 10, BIRDS.body_mass_g / 1000)

SCHEMES = {"central": 1e-9, "forward": 1e-6, "complex": 1e-14}  # scheme -> relative error
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)
WEIGHTS = np.array([[1.0, 2.0, 3.0], [-1.0, 4.0, 0.5]])


def cubes(x):
    """Safe for many points: x³ summed over axis 0, its gradient is 3x²."""
    return (x * x * x).sum(axis=0)


def assert_gradient(f, x, wanted, scheme):
    grad = numerical_gradient(f, x, scheme=scheme)
    assert grad.shape == np.shape(wanted)
    assert grad.dtype == float
    assert grad == pytest.approx(np.asarray(wanted), rel=SCHEMES[scheme], abs=SCHEMES[scheme])


# Awkward points

POINTS = {
    "floats": np.array([1.5, -2.0, 0.25]),
    "whole numbers": np.array([1, 2, -3]),
    "a list": [1, 2.5],
    "a tuple": (1, 2),
    "float32": np.array([0.5, 1.5], np.float32),
    "float16": np.array([0.5, 1.5], np.float16),
    "small unsigned": np.array([0, 200], np.uint8),
    "booleans": np.array([True, False]),
    "zeros": np.zeros(3),
    "large and small": np.array([1e4, 1e-4]),
    "one coordinate": [3.0],
}


@every_scheme
@pytest.mark.parametrize("x", POINTS.values(), ids=POINTS)
def test_gradient_is_right_at_an_awkward_point(x, scheme):
    x_float = np.asarray(x, float)
    scale = max(1.0, np.abs(x_float).max())  # the sum rounds like its largest term
    grad = numerical_gradient(lambda x: (x * x).sum(axis=0), x, scheme=scheme)
    assert grad == pytest.approx(2 * x_float, abs=10 * SCHEMES[scheme] * scale**2)
    assert grad.dtype == float


@every_scheme
@pytest.mark.parametrize("x", [3, 3.0, np.float32(3), np.array(3)])
def test_gradient_at_a_single_number_is_a_single_number(x, scheme):
    assert_gradient(lambda x: x * x * x, x, 27.0, scheme)


@every_scheme
@pytest.mark.parametrize("kind", [float, int, np.float32])
def test_gradient_of_a_weight_matrix_has_its_shape(kind, scheme):
    W = np.arange(6).reshape(2, 3).astype(kind)
    assert_gradient(lambda W: (WEIGHTS * W * W).sum(), W, 2 * WEIGHTS * W, scheme)


@every_scheme
def test_gradient_of_three_axes_has_their_shape(scheme):
    x = np.random.default_rng(0).normal(size=(2, 3, 2))
    assert_gradient(lambda x: (x * x * x).sum(axis=(0, 1, 2)), x, 3 * x * x, scheme)


@every_scheme
@pytest.mark.parametrize("n", [181, 256, 1000])
def test_more_coordinates_than_fit_into_one_block(n, scheme):
    # 181 and 256 make a block of points exactly as wide as one point is long
    weights, x = np.arange(n) + 1.0, np.random.default_rng(1).normal(size=n)
    grad = numerical_gradient(lambda x: np.tensordot(weights, x * x, 1), x, scheme=scheme)
    assert grad == pytest.approx(2 * weights * x, abs=20 * n**2 * SCHEMES[scheme])
    f = lambda x: (weights * x).sum(axis=0)  # noqa: E731 - fits (n, n) by chance, and is wrong
    one = numerical_gradient(f, np.eye(n)[-1], scheme=scheme)
    assert one == pytest.approx(weights, abs=20 * n * SCHEMES[scheme])


# Awkward functions


def with_if(x):
    return x[0] * x[0] if x[0].real > 0 else -x[0]


def with_loop(x):
    total = 0.0
    for value in x:
        total += value * value
    return total


def that_mutates(x):
    x *= 2
    return (x * x).sum() / 4


def that_sorts_in_place(x):
    x.sort()
    return x[-1] * 3


# name -> (function, its gradient at [3, 1, 2])
AWKWARD = {
    "an if": (with_if, [6, 0, 0]),
    "a loop": (with_loop, [6, 2, 4]),
    "a total over everything": (lambda x: np.sum(x * x), [6, 2, 4]),
    "changes its input": (that_mutates, [6, 2, 4]),
    "sorts its input": (that_sorts_in_place, [3, 0, 0]),
    "Python's max": (lambda x: max(x[0].real, 0) * x[1], [1, 3, 0]),
    "sorts along the points": (lambda x: np.array([1.0, 2, 4]) @ np.sort(x), [4, 1, 2]),
    "weights that fit by chance": (lambda x: (x * np.array([1, 2, 3])).sum(axis=0), [1, 2, 3]),
    "mean over the last axis": (lambda x: (x * x).mean(axis=-1), [2, 2 / 3, 4 / 3]),
    "a list of one number": (lambda x: [x[0] * x[1]], [1, 3, 0]),
    "an array of one number": (lambda x: x[:1] * x[1:2], [1, 3, 0]),
}


@pytest.mark.parametrize("scheme", ["central", "forward"])
@pytest.mark.parametrize(("f", "wanted"), AWKWARD.values(), ids=AWKWARD)
def test_gradient_of_an_awkward_function(f, wanted, scheme):
    assert_gradient(f, [3.0, 1.0, 2.0], wanted, scheme)


@pytest.mark.parametrize("name", [name for name in AWKWARD if name != "Python's max"])
def test_gradient_of_an_awkward_function_by_complex_step(name):
    f, wanted = AWKWARD[name]
    assert_gradient(f, [3.0, 1.0, 2.0], wanted, "complex")


@every_scheme
@pytest.mark.parametrize("x", [[0.0, 0.0, 1.0], [1.0, 2.0, 3.0], [0.0, 5.0, 0.0]])
def test_a_wrong_batch_is_noticed_though_its_last_value_may_be_right(x, scheme):
    weights = np.array([1.0, 2.0, 3.0])
    assert_gradient(lambda x: (x * weights).sum(axis=0), x, weights, scheme)


@every_scheme
def test_a_wrong_batch_is_noticed_in_the_imaginary_part_alone(scheme):
    weights = np.array([1.0, 2.0, 3.0])
    assert_gradient(lambda x: weights @ np.sort(x), [1.0, 2.0, 3.0], weights, scheme)


@every_scheme
def test_the_point_itself_is_never_changed(scheme):
    x = np.array([3.0, 1.0, 2.0])
    for f, _ in AWKWARD.values():
        if scheme != "complex" or f is not AWKWARD["Python's max"][0]:
            numerical_gradient(f, x, scheme=scheme)
    assert x.tolist() == [3, 1, 2]


@every_scheme
def test_each_function_sees_points_of_x_s_shape_or_many_of_them(scheme):
    shapes = set()

    def f(x):
        shapes.add(x.shape)
        return cubes(x)

    numerical_gradient(f, np.ones(5), scheme=scheme)
    assert {shape[0] for shape in shapes} == {5}
    assert {len(shape) for shape in shapes} == {1, 2}


@pytest.mark.parametrize(("kind", "error"), [(np.float32, 1e-4), (np.float16, 1e-2)])
def test_a_function_that_computes_in_low_precision_gets_a_larger_step(kind, error):
    grad = numerical_gradient(lambda x: cubes(x.astype(kind)), [1.0, 2.0])
    assert grad == pytest.approx([3, 12], rel=error)
    with_usual_step = numerical_gradient(lambda x: cubes(x.astype(kind)), [1.0, 2.0], h=6e-6)
    assert with_usual_step != pytest.approx([3, 12], rel=error)


def test_complex_step_of_a_function_in_complex64_does_not_vanish():
    single = {"c": np.complex64, "f": np.float32}
    grad = numerical_gradient(
        lambda x: cubes(x.astype(single[x.dtype.kind])), [1, 2], scheme="complex"
    )
    assert grad == pytest.approx([3, 12], rel=1e-6)


# The size of the error


@pytest.mark.parametrize(("scheme", "order"), [("central", 2), ("forward", 1)])
def test_error_shrinks_with_the_order_of_the_scheme(scheme, order):
    f, x = lambda x: np.exp(x[0]), [1.0]
    wide, narrow = (abs(numerical_gradient(f, x, h, scheme)[0] - np.e) for h in (1e-2, 1e-3))
    assert wide / narrow == pytest.approx(10**order, rel=0.05)


def test_complex_step_keeps_every_digit():
    f = lambda x: np.exp(x[0]) * np.sin(x[0])  # noqa: E731
    wanted = np.exp(1.5) * (np.sin(1.5) + np.cos(1.5))
    assert numerical_gradient(f, [1.5], scheme="complex")[0] == pytest.approx(wanted, rel=1e-15)


@every_scheme
def test_the_default_step_is_near_the_best_of_all(scheme):
    f, wanted = lambda x: np.exp(x[0]) * np.sin(x[0]), np.exp(1) * (np.sin(1) + np.cos(1))
    ours = abs(numerical_gradient(f, [1.0], scheme=scheme)[0] - wanted)
    others = [
        abs(numerical_gradient(f, [1.0], h, scheme)[0] - wanted) for h in np.logspace(-13, -1, 25)
    ]
    assert ours <= 100 * max(min(others), 1e-16)
    assert ours < 1e-3 * max(others)


@given(
    x=st.lists(st.floats(-100, 100), min_size=1, max_size=5),
    a=st.floats(-10, 10),
)
def test_gradient_of_a_quadratic_is_exact_up_to_rounding(x, a):
    f = lambda x: a * (x * x).sum(axis=0) + x[0]  # noqa: E731
    wanted = 2 * a * np.array(x)
    wanted[0] += 1
    size = abs(f(np.array(x))) + np.abs(wanted).max() + 1
    assert numerical_gradient(f, x) == pytest.approx(wanted, abs=1e-9 * size)


# Sentences


@every_scheme
@pytest.mark.parametrize(
    ("f", "complaint"),
    [
        (lambda x: None, "it returned NoneType"),
        (lambda x: x * x, r"it returned shape \(3,\)"),
        (lambda x: "text", "it returned str"),
        (lambda x: np.array([]), r"it returned shape \(0,\)"),
        (lambda x: 1j * x[0], "f must return a real number, but it returned 1j"),
    ],
)
def test_a_function_that_gives_no_number_is_named(f, complaint, scheme):
    with pytest.raises(ValueError, match=complaint):
        numerical_gradient(f, [1.0, 2.0, 3.0], scheme=scheme)


@every_scheme
def test_f_that_is_nan_or_infinite_at_x_is_named(scheme):
    for f, what in ((lambda x: np.nan * x[0], "nan"), (lambda x: np.exp(x[0]), "inf")):
        with pytest.raises(ValueError, match=f"f is {what} at x, so it has no gradient"):
            numerical_gradient(f, [800.0, 2.0], scheme=scheme)


@pytest.mark.parametrize("scheme", ["central", "forward"])
def test_with_a_step_of_your_own_nan_stays_nan_and_is_not_hidden(scheme):
    grad = numerical_gradient(lambda x: np.nan * x[0], [1.0, 2.0], 1e-5, scheme)
    assert np.isnan(grad).all()
    assert np.isnan(numerical_gradient(np.log, 1e-8, 1e-5)).all()


@every_scheme
@pytest.mark.parametrize(
    ("x", "error", "complaint"),
    [
        ([], ValueError, "x is empty"),
        ([1, np.nan], ValueError, "x contains nan at index 1"),
        ([[1, np.inf]], ValueError, r"x contains inf at index \(0, 1\)"),
        (["a"], TypeError, "x must be a number or an array of numbers"),
        (None, TypeError, "x must be a number or an array of numbers"),
        ([1j], TypeError, "x must be real"),
    ],
)
def test_a_point_that_is_none_is_refused(x, error, complaint, scheme):
    with pytest.raises(error, match=complaint):
        numerical_gradient(cubes, x, scheme=scheme)
    with pytest.raises(error, match=complaint):
        check_gradient(cubes, cubes, x)


@every_scheme
@pytest.mark.parametrize("h", [0, -1e-5, np.nan, np.inf, "small"])
def test_a_step_that_is_not_above_zero_is_refused(h, scheme):
    with pytest.raises(ValueError, match="h must be a number above 0"):
        numerical_gradient(cubes, [1.0], h, scheme)


@pytest.mark.parametrize("scheme", ["central", "forward"])
def test_a_step_lost_in_rounding_is_refused_instead_of_dividing_by_zero(scheme):
    with pytest.raises(ValueError, match=r"beside x = 1e\+10 rounding swallows it"):
        numerical_gradient(cubes, [1.0, 1e10], 1e-8, scheme)


def test_an_unknown_scheme_is_named_and_the_nearest_offered():
    with pytest.raises(ValueError, match="did you mean 'central'"):
        numerical_gradient(cubes, [1.0], scheme="centered")


def test_complex_step_refuses_a_function_that_drops_the_imaginary_part():
    with pytest.raises(TypeError, match="drops the imaginary part"):
        numerical_gradient(lambda x: abs(x[0]), [1.0], scheme="complex")
    with pytest.raises(TypeError, match="cannot take complex numbers"):
        numerical_gradient(lambda x: math.sin(x[0].item()), [1.0], scheme="complex")


# Many points in one call


@given(n=st.integers(1, 4), k=st.integers(1, 9), seed=st.integers(0, 99))
def test_evaluate_agrees_with_one_call_for_each_point(n, k, seed):
    points = np.random.default_rng(seed).normal(size=(n, k))
    weights = np.arange(n) - 1.0
    for f in (cubes, np.sum, np.max, lambda x: (x * weights).sum(axis=0), lambda x: x[0] > 0):
        assert evaluate(f, points.copy()) == pytest.approx([f(point) * 1.0 for point in points.T])


def test_evaluate_calls_a_batch_safe_function_twice_and_another_once_for_each_point():
    calls = []

    def count(f):
        return lambda x: (calls.append(x.shape), f(x))[1]

    evaluate(count(cubes), np.ones((2, 50)))
    assert calls == [(2,), (2, 50)]
    calls.clear()
    evaluate(count(np.sum), np.ones((2, 50)))
    assert calls == [(2,), (2, 50)] + [(2,)] * 50


# check_gradient

X = np.array([0.5, -1.5, 2.0])


def slope(x):
    return 3 * x * x


@pytest.mark.parametrize("x", [X, [1, 2, 3], X.astype(np.float32), np.array(2.0)])
def test_check_passes_a_right_gradient_and_prints_it(x):
    report = check_gradient(cubes if np.ndim(x) else lambda x: x**3, slope, x)
    assert report.ok
    assert report.relative_error < 1e-9
    assert (report.cause, report.kinks) == ("", ())
    assert str(report).startswith("gradient check passed: relative error ")
    assert len(str(report).splitlines()) == 2 + np.size(x)


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (lambda x: -slope(x), "The sign is flipped"),
        (lambda x: 2 * slope(x), "is 2 times the right one"),
        (lambda x: slope(x) / 3, "is 0.3333 times the right one"),
        (lambda x: 0 * x, "zero everywhere"),
        (lambda x: x * np.inf, "contains NaN or infinity"),
        (lambda x: np.where(x > 1, np.nan, x), "contains NaN or infinity"),
        (lambda x: slope(x) + np.eye(3)[1], "1 of 3 partial derivatives differ, the first at 1"),
        (
            lambda x: slope(x) + 1e-4 * np.eye(3)[2],
            "1 of 3 partial derivatives differ, the first at 2",
        ),
        (lambda x: slope(x) * (1 + 1e-4), "3 of 3 partial derivatives differ, the first at 0"),
        (lambda x: x + 1, "3 of 3 partial derivatives differ"),
    ],
)
def test_check_fails_a_wrong_gradient_and_names_the_cause(wrong, cause):
    report = check_gradient(cubes, wrong, X)
    assert report.ok is False
    assert cause in report.cause
    assert str(report).startswith("gradient check FAILED")
    assert str(report).endswith(report.cause)


def test_check_notices_a_transposed_weight_matrix():
    W = np.array([[1.0, 2.0], [3.0, 5.0]])
    report = check_gradient(lambda W: (W * W * W).sum(), lambda W: slope(W).T, W)
    assert report.cause == "Your gradient is transposed."


def test_check_says_that_f_is_nan():
    report = check_gradient(lambda x: np.nan * x[0], slope, X)
    assert report.ok is None
    assert "f is NaN or infinite" in report.cause


def test_check_says_when_the_rounding_of_f_is_larger_than_the_tolerance():
    report = check_gradient(lambda x: cubes(x.astype(np.float32)), slope, X)
    assert report.ok is None
    assert "Differences cannot judge here: they are uncertain by 0.00" in report.cause
    assert str(report).startswith("gradient check undecided")
    assert check_gradient(lambda x: cubes(x.astype(np.float32)), slope, X, tolerance=1e-3).ok
    wrong = check_gradient(lambda x: cubes(x.astype(np.float32)), lambda x: -slope(x), X)
    assert wrong.ok is False
    assert "sign" in wrong.cause


def test_check_lets_two_zero_gradients_pass_without_dividing_by_zero():
    report = check_gradient(lambda x: 5.0, lambda x: 0 * x, X)
    assert (report.ok, report.relative_error) == (True, 0)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_check_is_relative(scale):
    assert check_gradient(lambda x: scale * cubes(x), lambda x: scale * slope(x), X).ok
    wrong = check_gradient(lambda x: scale * cubes(x), lambda x: 1.001 * scale * slope(x), X)
    assert wrong.relative_error == pytest.approx(1e-3, rel=0.01)
    assert not wrong.ok


def test_check_shows_the_six_worst_of_many_by_index():
    W = np.random.default_rng(3).normal(size=(4, 5))
    wrong = np.zeros((4, 5))
    wrong[2, 3] = wrong[0, 1] = 1
    text = str(check_gradient(lambda W: (W**3).sum(), lambda W: slope(W) + wrong, W))
    assert len(text.splitlines()) == 2 + 6 + 1
    assert "2, 3" in text
    assert "0, 1" in text


@pytest.mark.parametrize(
    ("gradient", "error", "complaint"),
    [
        (lambda x: x[:2], ValueError, r"shape \(3,\), but it returned \(2,\)"),
        (lambda x: x[:, None], ValueError, r"but it returned \(3, 1\)"),
        (lambda x: x.sum(), ValueError, r"but it returned \(\)"),
        (lambda x: None, TypeError, "it is None; let it end in `return"),
        (lambda x: 1j * x, TypeError, r"gradient\(x\) must be real"),
    ],
)
def test_check_refuses_what_is_no_gradient(gradient, error, complaint):
    with pytest.raises(error, match=complaint):
        check_gradient(cubes, gradient, X)


def test_check_refuses_a_tolerance_that_is_not_above_zero():
    with pytest.raises(ValueError, match="tolerance must be a number above 0"):
        check_gradient(cubes, slope, X, tolerance=0)


def test_check_changes_neither_x_nor_trusts_what_the_gradient_did_to_it():
    x = X.copy()

    def greedy(x):
        x *= x
        return 3 * x

    assert check_gradient(cubes, greedy, x).ok
    assert np.array_equal(x, X)


# Kinks


@pytest.mark.parametrize(
    ("f", "x", "where"),
    [
        (lambda x: abs(x[0]) + x[1] ** 2, [0.0, 0.0], (0,)),
        (lambda x: np.maximum(x, 0).sum(axis=0), [1.0, 0.0, -1.0, 0.0], (1, 3)),
        (lambda x: max(x[0], 0) + x[1], [0, 3], (0,)),  # not safe for many points
        (lambda x: x[0] + (x[1] >= 0), [1.0, 0.0], (1,)),  # a jump
        (lambda x: np.abs(x - 1e6).sum(axis=0), [1e6, 2.0], (0,)),
        (lambda x: np.abs(x.astype(np.float32)).sum(axis=0), [0.0, 1.0], (0,)),
        (lambda x: np.abs(x).sum(), [[1.0, 2.0], [0.0, 4.0]], (2,)),
        (lambda x: np.sqrt(np.abs(x)).sum(axis=0), [0.0, 1.0], (0,)),
        (lambda x: abs(x), 0.0, (0,)),
    ],
)
def test_a_kink_is_found_where_it_is(f, x, where):
    assert kinks(f, x) == where


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e8])
def test_a_smooth_function_has_no_kink_not_even_at_its_minimum(scale, offset, seed):
    x = scale * np.random.default_rng(seed).normal(size=4)
    assert kinks(lambda p: ((p - x) ** 2).sum(axis=0) + offset, x) == ()
    assert kinks(lambda p: (p * p).sum(axis=0) + offset, x) == ()


def test_a_smooth_function_in_float32_has_no_kink():
    assert kinks(lambda x: cubes(x.astype(np.float32)), X) == ()


def test_one_kink_among_thousands_of_coordinates():
    x = np.ones(3000)
    x[1234] = 0
    assert kinks(lambda x: np.abs(x).sum(axis=0), x) == (1234,)


@pytest.mark.parametrize("claim", [0.0, 0.5, 1.0])
def test_at_a_kink_the_check_is_undecided_about_any_slope_between_the_two(claim):
    relu = lambda x: np.maximum(x, 0).sum(axis=0)  # noqa: E731
    assert numerical_gradient(relu, [0.0]) == 0.5
    report = check_gradient(relu, lambda x: np.where(x == 0, claim, 1.0 * (x > 0)), [0.0, 1.0])
    assert (report.ok, report.kinks) == (None, (0,))
    assert "kink at coordinate 0" in str(report)
    wrong = check_gradient(relu, lambda x: np.where(x == 0, claim, 2.0), [0.0, 1.0])
    assert wrong.ok is False


def test_a_slope_outside_the_two_sides_of_a_kink_is_refused():
    assert check_gradient(lambda x: np.maximum(x, 0), lambda x: -0.1 + 0 * x, 0.0).ok is False


def test_a_jump_is_not_called_a_kink():
    report = check_gradient(lambda x: x + (x >= 0), lambda x: 1 + 0 * x, 0.0)
    assert (report.ok, report.kinks) == (None, (0,))
    assert "f jumps at coordinate 0" in report.cause


@pytest.mark.parametrize("beside", [1e-7, -1e-7, 5e-6, 9e-6])
@pytest.mark.parametrize("f", [lambda x: x + (x >= 0), lambda x: x + np.maximum(x, 0)])
def test_beside_a_kink_or_a_jump_a_right_gradient_passes(f, beside):
    right = 2.0 if f(2.0) == 4 and beside > 0 else 1.0
    assert check_gradient(f, lambda x: right + 0 * x, beside).ok is True


# What differences can know of themselves

TOO_FAR = {  # name -> (f, its derivative, where the usual step is of the wrong size)
    "1/x close to its pole": (lambda x: 1 / x, lambda x: -1 / x**2, 1e-7),
    "a steep exponential": (lambda x: np.exp(x / 1e-6), lambda x: 1e6 * np.exp(x / 1e-6), 0.0),
    "a fast wave": (lambda x: np.sin(1e6 * x), lambda x: 1e6 * np.cos(1e6 * x), 0.3),
    "a hill on a high plateau": (lambda x: x * x + 1e12, lambda x: 2 * x, 1.0),
    "the logarithm close to 0": (np.log, lambda x: 1 / x, 1e-8),
    "a logarithm that raises": (lambda x: math.log(x.item()), lambda x: 1 / x, 1e-8),
    "the square root close to 0": (np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-12),
}


@pytest.mark.parametrize("scheme", ["central", "forward"])
@pytest.mark.parametrize(("f", "slope", "x"), TOO_FAR.values(), ids=TOO_FAR)
def test_a_step_of_the_wrong_size_is_replaced(f, slope, x, scheme):
    grad = numerical_gradient(f, x, scheme=scheme)
    assert grad == pytest.approx(slope(x), rel={"central": 1e-7, "forward": 1e-5}[scheme])


def test_each_coordinate_gets_a_step_of_its_own():
    grad = numerical_gradient(lambda x: 1 / x[0] + x[1], [1e-7, 1.0])
    assert grad == pytest.approx([-1e14, 1], rel=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + (x >= 0),
        lambda x: x >= 0,
        lambda x: np.int8(np.floor(x + 9)),
        np.cbrt,
        np.sqrt,
        lambda x: x * x + 1e-3 * NOISE.normal(),
        lambda x, calls=[]: calls.append(1) or x * x + 1e-3 * len(calls),
    ],
    ids=["a jump", "a truth", "whole numbers", "a vertical", "an edge", "noise", "a counter"],
)
def test_where_no_step_is_good_a_sentence_comes_instead_of_a_number(f):
    with pytest.raises(ValueError, match="no slope that differences can find at coordinate 0"):
        numerical_gradient(f, 0.0)
    assert numerical_gradient(f, 0.0, h=1e-4).shape == ()  # a step of your own is never refused


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (lambda x: 5.0, 1.0, 0),
        (lambda x: 5, 1.0, 0),
        (lambda x: np.int8(x * x), 3.5, 0),
        (lambda x: x > 0, 3.0, 0),
        (lambda x: x**3, 0.0, 0),
        (lambda x: np.abs(x) * x, 0.0, 0),
        (lambda x: 0.2 + (x - 0.3) ** 2, 0.3, 0),
        (np.abs, 0.0, 0),
        (lambda x: np.maximum(x, 0), 0.0, 0.5),
    ],
)
def test_level_ground_flat_ground_and_kinks_are_no_reason_to_refuse(f, x, wanted):
    assert numerical_gradient(f, x) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("h", [None, 1e-20])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x * np.conj(x)).sum(),
        lambda x: np.vdot(x, x),
        lambda x: (x.real * x).sum(),
        lambda x: (x * np.sign(x)).sum(),
        lambda x: (x * np.abs(x)).sum(),
    ],
    ids=["conj", "vdot", "real", "sign", "abs"],
)
def test_complex_step_refuses_a_function_that_is_not_analytic(f, h):
    with pytest.raises(TypeError, match="f is not analytic"):
        numerical_gradient(f, [1.0, 2.0], h, scheme="complex")
    with pytest.raises(TypeError, match="f is not analytic"):
        numerical_gradient(lambda x: np.maximum(x, 0).sum(), [0.0, 1.0], h, scheme="complex")


def test_complex_step_is_kept_where_real_differences_are_worse():
    plateau = lambda x: (x * x).sum() + 1e12  # noqa: E731
    assert numerical_gradient(plateau, [1.0, 2.0], scheme="complex").tolist() == [2, 4]
    assert numerical_gradient(plateau, [0.0, 0.0], scheme="complex").tolist() == [0, 0]


def test_a_masked_point_is_refused():
    x = np.ma.masked_array([1.0, 2.0], [False, True])
    with pytest.raises(ValueError, match="x has masked entries"):
        numerical_gradient(cubes, x)
    assert numerical_gradient(cubes, np.ma.masked_array([1.0, 2.0])).shape == (2,)
    with pytest.raises(ValueError, match="f must return one number"):
        numerical_gradient(lambda x: np.ma.masked, [1.0])


# The error bar of the judge

LEVEL = {
    "x³ at 0": (lambda x: x**3, lambda x: 3 * x**2, 0.0),
    **{
        f"{land.name} at {np.round(point, 2)}": (land, land.gradient, point)
        for land in (make() for make in ALL.values())
        for point in land.minimizers
    },
    "penguins in mm and g": (RAW, RAW.gradient, RAW.minimizer()),
    "penguins in cm and kg": (SCALED, SCALED.gradient, SCALED.minimizer()),
}


@pytest.mark.parametrize(("f", "gradient", "x"), LEVEL.values(), ids=LEVEL)
def test_at_a_level_point_a_right_gradient_is_not_accused(f, gradient, x):
    report = check_gradient(f, gradient, x)
    assert report.ok is None
    assert "both gradients are smaller than that, so nothing can be compared" in report.cause


@pytest.mark.parametrize(("f", "gradient", "x"), LEVEL.values(), ids=LEVEL)
def test_at_a_level_point_a_wrong_gradient_is_refused(f, gradient, x):
    assert check_gradient(f, lambda x: gradient(x) + 1e-3, x).ok is False


RIGHT = {
    "a large sum": (lambda x: (x * x).sum(axis=0), lambda x: 2 * x, np.arange(2000.0)),
    "the logarithm": (np.log, lambda x: 1 / x, 1e-4),
    "a fast wave": (lambda x: np.sin(1e5 * x), lambda x: 1e5 * np.cos(1e5 * x), 0.3),
    "1/x close to its pole": (lambda x: 1 / x, lambda x: -1 / x**2, 1e-7),
}


@pytest.mark.parametrize(("f", "gradient", "x"), RIGHT.values(), ids=RIGHT)
def test_a_right_gradient_passes_where_the_usual_step_is_poor(f, gradient, x):
    report = check_gradient(f, gradient, x)
    assert (report.ok, report.cause, report.kinks) == (True, "", ())
    few = x if np.ndim(x) == 0 else x[:200]  # each is a search among thousands of points
    for wrong in (lambda x: -gradient(x), lambda x: 0 * x, lambda x: 1.01 * gradient(x)):
        assert check_gradient(f, wrong, few).ok is False


def test_on_a_high_plateau_the_check_is_undecided():
    for claimed in (lambda x: 2 * x, lambda x: 2.02 * x, lambda x: 0 * x):
        report = check_gradient(lambda x: x * x + 1e12, claimed, 1.0)
        assert report.ok is None
        assert "are known only to ±" in report.cause or "are uncertain by" in report.cause


def test_a_wrong_entry_is_found_beside_a_large_one():
    f = lambda x: 1e6 * x[0] ** 2 + 0.01 * x[1] ** 2  # noqa: E731
    report = check_gradient(f, lambda x: np.array([2e6 * x[0], -0.02 * x[1]]), [1.0, 1.0])
    assert report.ok is False
    assert report.cause == "1 of 2 partial derivatives differ, the first at 1."


def test_an_entry_too_small_to_be_judged_passes_with_a_word():
    f = lambda x: 1e6 * x[0] ** 2 + 1e-6 * x[1] ** 2  # noqa: E731
    report = check_gradient(f, lambda x: np.array([2e6 * x[0], -2e-6 * x[1]]), [1.0, 1.0])
    assert report.ok is True
    assert "1 of 2 partial derivatives are too small beside the largest" in report.cause


def test_a_gradient_in_float32_may_be_rounded():
    x = np.random.default_rng(0).normal(size=200)
    coarse = lambda x: slope(x.astype(np.float32))  # noqa: E731
    assert check_gradient(cubes, coarse, x).ok is True


def in_float32(x):
    """A number of type float that has the digits of float32."""
    return float(np.float32(1 + 1e-4 * x[0]))


def test_float32_inside_f_is_noticed_though_it_returns_float64():
    report = check_gradient(in_float32, lambda x: np.array([1e-4]), [0.7])
    assert report.ok is None
    try:
        found = numerical_gradient(in_float32, [0.7])
    except ValueError as error:
        assert "no slope that differences can find" in str(error)  # noqa: PT017 - one or the other
    else:
        assert found == pytest.approx([1e-4], rel=0.1)
    squares = lambda x: float(np.float32((x * x).sum()))  # noqa: E731
    assert numerical_gradient(squares, [0.7, 0.3]) == pytest.approx([1.4, 0.6], rel=1e-3)


def test_exact_sums_at_round_points_are_not_taken_for_float32():
    assert numerical_gradient(lambda x: x[0] + x[1], [1, 2]) == pytest.approx([1, 1], rel=1e-9)
    assert check_gradient(lambda x: x[0] * x[1], lambda x: x[::-1], [1, 2]).ok is True


def test_the_gradient_of_a_network_in_float32_is_not_accused():
    network = Network([Linear(64, 10)], np.random.default_rng(0))
    X, y = np.random.default_rng(1).uniform(0, 1, (20, 64)).astype(np.float32), np.arange(20) % 10

    def loss(theta):
        network.theta = theta
        return network.loss(X, y).item()

    def gradient(theta):
        network.theta = theta
        return network.gradient(X, y)[1].copy()

    theta = network.theta.astype(float)
    assert check_gradient(loss, gradient, theta).ok is not False
    assert check_gradient(loss, lambda theta: -gradient(theta), theta).ok is False


ALIASED = {
    "1/x²": (lambda x: 1 / x**2, lambda x: -2 / x**3, 1e-7),
    "log|x|": (lambda x: np.log(np.abs(x)), lambda x: 1 / x, 1e-9),
    "sin 10⁵x": (lambda x: np.sin(1e5 * x), lambda x: 1e5 * np.cos(1e5 * x), 12345.678),
}


@pytest.mark.parametrize(("f", "gradient", "x"), ALIASED.values(), ids=ALIASED)
def test_a_slope_that_a_shorter_step_rules_out_convicts_nobody(f, gradient, x):
    assert check_gradient(f, gradient, x).ok is not False
    assert check_gradient(f, lambda x: 1.02 * gradient(x), x).ok is False


@pytest.mark.parametrize("beside", [-1.4e-12, -1e-13, 1e-13, 1e-12, -1e-11, 1e-11, -1e-10, 1e-10])
def test_a_kink_closer_than_any_step_is_a_kink(beside):
    f = lambda x: np.maximum(x[0] - 100, 0) + x[1] ** 2  # noqa: E731
    right = lambda x: np.array([float(x[0] > 100), 2 * x[1]])  # noqa: E731
    report = check_gradient(f, right, [100 + beside, 1.0])
    assert report.ok is not False
    assert report.kinks == () or "f has a kink at coordinate 0" in report.cause
    if abs(beside) < 1e-11:
        assert (report.ok, report.kinks) == (None, (0,))
    wrong = check_gradient(f, lambda x: np.array([1.5, 2 * x[1]]), [100 + beside, 1.0])
    assert wrong.ok is False


def test_the_verdict_names_the_error_of_the_entry_that_decided():
    f = lambda x: x[0] ** 2 * 1e8 + x[1] ** 2  # noqa: E731
    report = check_gradient(f, lambda x: np.array([2e8 * x[0], 3 * x[1]]), [1.0, 1.0])
    assert report.entry == 1
    assert "FAILED: relative error 3.3e-01 of entry 1 itself (allowed 1e-03)" in str(report)


def test_noise_is_not_called_a_jump():
    loses_digits = lambda x: ((1e4 + x) ** 2 - 1e8 - 2e4 * x).sum(axis=0)  # noqa: E731
    report = check_gradient(loses_digits, lambda x: 2 * x, [0.3, 1.0])
    assert report.ok is None
    assert "jump" not in report.cause.split(".")[0]
    for seed in range(20):
        rng = np.random.default_rng(seed)
        noisy = lambda x, rng=rng: (x * x).sum(axis=0) + 1e-8 * rng.normal(size=x.shape[1:])  # noqa: E731
        report = check_gradient(noisy, lambda x: 2 * x, rng.normal(size=2))
        assert report.ok is None
        assert not report.cause.startswith(("f jumps", "f has a kink"))


smooth = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "n": st.integers(1, 5),
        "width": st.floats(-6, 6),
        "height": st.floats(-6, 6),
        "offset": st.one_of(st.just(-30.0), st.floats(-3, 10)),
    }
)


def waves(seed, n, width, height, offset):
    """A smooth function, its gradient and a point, at scales given as powers of ten."""
    rng = np.random.default_rng(seed)
    a, b, c, x = rng.normal(size=(4, n))
    high, wide = 10.0**height, 10.0**width

    def f(x):
        z = x.T / wide
        return high * (a * np.sin(b * z + c) + 0.3 * z * z).sum(axis=-1) + 10.0**offset

    def gradient(x):
        return high / wide * (a * b * np.cos(b * x / wide + c) + 0.6 * x / wide)

    return f, gradient, wide * x


@given(smooth)
def test_a_right_gradient_never_fails_at_whatever_scale(options):
    f, gradient, x = waves(**options)
    assert check_gradient(f, gradient, x).ok is not False


@given(smooth, st.integers(0, 4))
def test_one_percent_in_one_coordinate_never_passes_without_a_word(options, i):
    f, gradient, x = waves(**options)
    factors = np.where(np.arange(x.size) == i % x.size, 1.01, 1.0)
    report = check_gradient(f, lambda x: factors * gradient(x), x)
    assert report.ok is not True or "too small beside the largest" in report.cause
