"""Exercise set 01: partial derivatives, a direction and its norm, a loss of real data."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link
from gradcourse.datasets import penguins
from gradcourse.landscapes import himmelblau, rastrigin

LISTS = "Turn lists into arrays first: `np.asarray(x)`."


_read = partial(section_link, "01_what_a_gradient_is")


# ---- partial derivatives by hand ---------------------------------------------------------------
def _pair_cases(rng):
    arrays = "Use plain arithmetic (* and **): it serves numbers and arrays alike."
    return [
        Case(tuple(rng.normal(size=2))),
        Case((3, 2), "whole numbers"),
        Case((0.0, 2.0), "x = 0"),
        Case((-1.5, 0.0), "y = 0"),
        Case((0, 0), "zeros"),
        Case((-2.0, -3.0), "negative numbers"),
        Case((np.float32(0.5), np.float32(-0.25)), "float32"),
        Case((np.array(2.5), np.array(-1.0)), "0-d arrays"),
        Case((rng.normal(size=(1,)), rng.normal(size=(1,))), "a batch of one", arrays),
        Case((rng.normal(size=(2, 3)), rng.normal(size=(2, 3))), "a grid", arrays),
        Case((2e6, 3e5), "large numbers"),
    ]


partial_derivatives = Question(
    "01.partial_derivatives",
    lambda x, y: np.array([2 * x * y, x * x + 6 * y]),
    _pair_cases,
    (
        Mistake(
            "swapped the components",
            lambda x, y: np.array([x * x + 6 * y, 2 * x * y]),
            "the first entry belongs to x, the second to y.",
        ),
        Mistake(
            "forgot the factor 2",
            lambda x, y: np.array([x * y, x * x + 3 * y]),
            "the power comes down as a factor: x² has the derivative 2x.",
        ),
        Mistake(
            "dropped the variable held still",
            lambda x, y: np.array([2 * x, 1 + 6 * y]),
            "held still means treated as a constant, and a constant factor stays.",
        ),
        Mistake(
            "kept a term that stands still",
            lambda x, y: np.array([2 * x * y + 3 * y * y, x * x + 6 * y]),
            "while y is held still, 3y² is a constant: its slope is 0.",
        ),
        Mistake(
            "added the partial derivatives",
            lambda x, y: 2 * x * y + x * x + 6 * y,
            "a gradient keeps one number per variable, so return both.",
        ),
    ),
    _read("One slope per parameter"),
    points=2,
)


# ---- direction and norm ------------------------------------------------------------------------
def _grad_cases(rng):
    level = "At a zero gradient no direction is uphill: return zeros and 0.0 without dividing."
    return [
        Case((rng.normal(size=3),)),
        Case(([3, -4],), "a list of whole numbers", "Turn the list into an array first."),
        Case((np.array([6, 8]),), "an array of whole numbers", "The direction has fractions."),
        Case((np.zeros(2),), "a zero gradient", level),
        Case((np.array([-2.5]),), "one parameter"),
        Case((np.array([0.0, -5.0]),), "one zero component"),
        Case((rng.normal(size=3).astype(np.float32),), "float32"),
        Case((rng.normal(size=50),), "50 parameters", "Use all components, not the first two."),
        Case((rng.normal(size=4) * 1e9,), "large numbers"),
        Case((rng.normal(size=4) * 1e-9,), "tiny numbers", "Only exactly 0 counts as level."),
    ]


def _direction(grad, sign=1, size=np.linalg.norm, divisor=None, guarded=True):
    grad = np.asarray(grad, dtype=float)
    norm = size(grad)
    by = (divisor or size)(grad)
    return sign * grad / (by if by or not guarded else 1.0), float(norm)


def _squares(grad):
    return (grad * grad).sum()


DIRECTION_MISTAKES = (
    (
        "divided by the norm squared",
        {"divisor": _squares},
        "the norm is the square root; divide by it once.",
    ),
    (
        "forgot the square root",
        {"size": _squares},
        "the norm is Pythagoras: square, add, then take the root.",
    ),
    (
        "added absolute values",
        {"size": lambda grad: np.abs(grad).sum()},
        "the length of an arrow is the root of the sum of squares.",
    ),
    (
        "returned the downhill direction",
        {"sign": -1},
        "the gradient itself points uphill; only descent turns it round.",
    ),
    (
        "returned the gradient unscaled",
        {"divisor": lambda grad: 1.0},
        "a direction has length 1: divide by the norm.",
    ),
)
direction_and_norm = Question(
    "01.direction_and_norm",
    _direction,
    _grad_cases,
    (
        Mistake(
            "divided zero by zero",
            partial(_direction, guarded=False),
            "at a zero gradient return zeros and 0.0; nothing points uphill there.",
        ),
        Mistake(
            "swapped the two results",
            lambda grad: _direction(grad)[::-1],
            "the direction comes first, then the norm.",
        ),
        *(
            Mistake(name, partial(_direction, guarded=guarded, **options), hint)
            for name, options, hint in DIRECTION_MISTAKES
            for guarded in (True, False)
        ),
    ),
    _read("Which way is up and how steep"),
    points=2,
    tolerance=1e-6,
)


# ---- the steepest of eight directions ----------------------------------------------------------
def _slope_toward(degrees):
    """A plane that climbs toward this angle."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return lambda theta: 3 + 2 * (cos * theta[0] + sin * theta[1])


def _top(theta):
    return -((theta[0] - 0.3) ** 2) - 2 * (theta[1] - 0.1) ** 2


def _eight_cases(rng):
    def near(angle):
        return _slope_toward(angle + rng.choice([-1, 1]) * rng.uniform(5, 17))

    top = "Every step may go down: begin the comparison with the first direction, not with 0."
    return [
        Case((near(225), rng.normal(size=2))),
        Case((near(0), [1, 2]), "a list of whole numbers", "Turn theta into an array of floats."),
        Case((near(45), np.array([3, 1])), "whole numbers", "Build a new point, of floats."),
        Case((near(315), rng.normal(size=2), 0.1), "a step of 0.1"),
        Case((near(270), np.float32([0.5, 2]), 0.25), "float32"),
        Case((himmelblau(), np.array([-0.5, -0.5])), "Himmelblau's valleys"),
        Case((rastrigin(), np.array([-0.4, 1.2]), 0.1), "a bumpy ground"),
        Case((near(135), np.zeros(2)), "the origin"),
        Case((_top, np.zeros(2), 1.0), "a hilltop, where every step goes down", top),
    ]


def _steepest(loss, theta, step=0.001, best=np.argmax, fair=True, to_radians=np.radians):
    angles = 45 * np.arange(8)
    units = np.array([np.cos(to_radians(angles)), np.sin(to_radians(angles))])
    units = units if fair else np.sign(units.round(9))
    return int(angles[best(loss(np.asarray(theta, dtype=float)[:, None] + step * units))])


def _most_climb(loss, theta, step=0.001):
    turn = np.radians(_steepest(loss, theta, step))
    point = np.asarray(theta, dtype=float)
    return loss(point + step * np.array([np.cos(turn), np.sin(turn)])) - loss(point)


steepest_of_eight = Question(
    "01.steepest_of_eight",
    _steepest,
    _eight_cases,
    (
        Mistake(
            "chose steepest descent",
            partial(_steepest, best=np.argmin),
            "the lowest of the eight places is the way down; take the highest.",
        ),
        Mistake(
            "longer steps on the diagonals",
            partial(_steepest, fair=False),
            "(1, 1) has length √2, so it climbs more only because it is longer.",
        ),
        Mistake(
            "gave degrees to cosine and sine",
            partial(_steepest, to_radians=np.asarray),
            "numpy's cos and sin want radians: convert with `np.radians`.",
        ),
        Mistake(
            "radians instead of degrees",
            lambda *args: np.radians(_steepest(*args)),
            "only cosine and sine want radians, the answer wants degrees.",
        ),
        Mistake(
            "the number of the direction, not its angle",
            lambda *args: _steepest(*args) // 45,
            "directions are 45 degrees apart: multiply.",
        ),
        Mistake(
            "turned like a compass",
            lambda *args: (90 - _steepest(*args)) % 360,
            "0 is along the first axis (cosine), 90 along the second (sine).",
        ),
        Mistake(
            "a negative angle",
            lambda *args: (_steepest(*args) + 179) % 360 - 179,
            "angles run from 0 to 315; 360 more is the same direction.",
        ),
        Mistake("returned the climb", _most_climb, "the question is which way, not how much."),
    ),
    _read("Which way is up and how steep"),
    points=2,
)


# ---- mean squared error of a line, and its gradient --------------------------------------------
def _line_cases(rng):
    birds, (a, b) = penguins(), rng.normal(size=2)
    return [
        Case((50.0 + a, -5800.0 + b, birds.flipper_length_mm, birds.body_mass_g), "the penguins"),
        Case((a, b, rng.normal(size=9), rng.normal(size=9))),
        Case((2, 1, [1, 2, 4], [3, 6, 7]), "lists of whole numbers", LISTS),
        Case((2, 1, np.array([1, 2, 3]), np.array([3, 5, 7])), "a line that fits exactly"),
        Case((-1, 2, np.array([1, 5, 3]), np.array([4, 1, 7])), "arrays of whole numbers"),
        Case((a, b, np.array([2.5]), np.array([7.0])), "a single bird"),
        Case((a, 0.5, *rng.normal(size=(2, 6)).astype(np.float32)), "float32"),
        Case((0.0, 0.0, rng.normal(size=5), rng.normal(size=5) + 2), "slope and intercept 0"),
        Case((a, b, rng.normal(size=5) * 1e6, rng.normal(size=5) * 1e6), "large numbers"),
    ]


def _error(slope, intercept, x, y):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return slope * x + intercept - y


def _of_error(summary):
    return lambda *args: summary(_error(*args))


mse = Question(
    "01.mse",
    _of_error(lambda e: (e * e).mean()),
    _line_cases,
    (
        Mistake(
            "summed instead of averaged",
            _of_error(lambda e: (e * e).sum()),
            "divide by the number of birds, so that more data do not look worse.",
        ),
        Mistake(
            "took the square root",
            _of_error(lambda e: (e * e).mean() ** 0.5),
            "the mean of the squares is asked, without a root.",
        ),
        Mistake(
            "forgot the square",
            _of_error(np.mean),
            "errors of opposite sign cancel; square each of them first.",
        ),
        Mistake(
            "averaged before squaring",
            _of_error(lambda e: e.mean() ** 2),
            "errors cancel in a mean; square each one, then average.",
        ),
        Mistake(
            "absolute values instead of squares",
            _of_error(lambda e: np.abs(e).mean()),
            "that is the mean absolute error; square instead.",
        ),
        Mistake(
            "halved the loss",
            _of_error(lambda e: (e * e).mean() / 2),
            "some books add a ½; here it is the plain mean.",
        ),
        Mistake(
            "left out the intercept",
            lambda slope, _, x, y: (_error(slope, 0, x, y) ** 2).mean(),
            "the line predicts slope · x + intercept.",
        ),
    ),
    _read("A loss is a mismatch"),
    tolerance=1e-5,
)


def _mse_gradient(slope, intercept, x, y, factor=2.0, mean=np.mean):
    error = _error(slope, intercept, x, y)
    return factor * np.array([mean(error * np.asarray(x)), mean(error)])


def _by_data(slope, intercept, x, y):
    error = _error(slope, intercept, x, y)
    return 2 * np.array([slope * error.mean(), -error.mean()])


def _averages_multiplied(slope, intercept, x, y):
    return 2 * _error(slope, intercept, x, y).mean() * np.array([np.mean(x), 1.0])


mse_gradient = Question(
    "01.mse_gradient",
    _mse_gradient,
    _line_cases,
    (
        Mistake(
            "sign flipped",
            partial(_mse_gradient, factor=-2.0),
            "the error is prediction minus truth, in this order.",
        ),
        Mistake(
            "forgot the factor 2",
            partial(_mse_gradient, factor=1.0),
            "the derivative of a square brings a 2 down.",
        ),
        Mistake(
            "summed instead of averaged",
            partial(_mse_gradient, mean=np.sum),
            "the loss is a mean, so its slope is a mean too.",
        ),
        Mistake(
            "swapped the components",
            lambda *args: _mse_gradient(*args)[::-1],
            "the slope's partial derivative comes first, then the intercept's.",
        ),
        Mistake(
            "forgot the inner derivative",
            lambda *args: _mse_gradient(*args)[[1, 1]],
            "a change of the slope moves each prediction x times as much.",
        ),
        Mistake(
            "multiplied two averages",
            _averages_multiplied,
            "multiply each error by its own x, then average.",
        ),
        Mistake(
            "derived by the data",
            _by_data,
            "x and y are given; slope and intercept are what can move.",
        ),
    ),
    _read("How sensitive is the loss"),
    points=3,
    tolerance=1e-5,
)
