"""Exercise set 01: partial derivatives, a direction and its norm, a loss of real data."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question
from gradcourse.datasets import penguins
from gradcourse.landscapes import himmelblau, rastrigin

LISTS = "Turn lists into arrays first: `np.asarray(x)`."


ask = partial(question, "01_what_a_gradient_is")


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


@ask("One slope per parameter", _pair_cases, points=2)
def partial_derivatives(x, y):
    """The gradient of x² y + 3 y² by hand, (∂x, ∂y)."""
    return np.array([2 * x * y, x * x + 6 * y])


partial_derivatives.mistake(
    "swapped the components",
    "the first entry belongs to x, the second to y.",
    by=lambda x, y: np.array([x * x + 6 * y, 2 * x * y]),
)
partial_derivatives.mistake(
    "forgot the factor 2",
    "the power comes down as a factor: x² has the derivative 2x.",
    by=lambda x, y: np.array([x * y, x * x + 3 * y]),
)
partial_derivatives.mistake(
    "dropped the variable held still",
    "held still means treated as a constant, and a constant factor stays.",
    by=lambda x, y: np.array([2 * x, 1 + 6 * y]),
)
partial_derivatives.mistake(
    "kept a term that stands still",
    "while y is held still, 3y² is a constant: its slope is 0.",
    by=lambda x, y: np.array([2 * x * y + 3 * y * y, x * x + 6 * y]),
)
partial_derivatives.mistake(
    "added the partial derivatives",
    "a gradient keeps one number per variable, so return both.",
    by=lambda x, y: 2 * x * y + x * x + 6 * y,
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


def _squares(grad):
    return (grad * grad).sum()


@ask("Which way is up and how steep", _grad_cases, points=2, tolerance=1e-6)
def direction_and_norm(grad, *, sign=1, size=np.linalg.norm, divisor=None, guarded=True):
    """The direction of steepest ascent, a vector of length 1, and the length of the gradient."""
    grad = np.asarray(grad, dtype=float)
    norm = size(grad)
    by = (divisor or size)(grad)
    return sign * grad / (by if by or not guarded else 1.0), float(norm)


direction_and_norm.mistake(
    "divided zero by zero",
    "at a zero gradient return zeros and 0.0; nothing points uphill there.",
    guarded=False,
)
direction_and_norm.mistake(
    "swapped the two results",
    "the direction comes first, then the norm.",
    by=lambda grad: direction_and_norm.right(grad)[::-1],
)
for guarded in (True, False):  # each of these is made with and without a care for zero
    direction_and_norm.mistake(
        "divided by the norm squared",
        "the norm is the square root; divide by it once.",
        divisor=_squares,
        guarded=guarded,
    )
    direction_and_norm.mistake(
        "forgot the square root",
        "the norm is Pythagoras: square, add, then take the root.",
        size=_squares,
        guarded=guarded,
    )
    direction_and_norm.mistake(
        "added absolute values",
        "the length of an arrow is the root of the sum of squares.",
        size=lambda grad: np.abs(grad).sum(),
        guarded=guarded,
    )
    direction_and_norm.mistake(
        "returned the downhill direction",
        "the gradient itself points uphill; only descent turns it round.",
        sign=-1,
        guarded=guarded,
    )
    direction_and_norm.mistake(
        "returned the gradient unscaled",
        "a direction has length 1: divide by the norm.",
        divisor=lambda grad: 1.0,
        guarded=guarded,
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


def _most_climb(loss, theta, step=0.001):
    turn = np.radians(steepest_of_eight.right(loss, theta, step))
    point = np.asarray(theta, dtype=float)
    return loss(point + step * np.array([np.cos(turn), np.sin(turn)])) - loss(point)


@ask("Which way is up and how steep", _eight_cases, points=2)
def steepest_of_eight(loss, theta, step=0.001, *, best=np.argmax, fair=True, to_radians=np.radians):
    """The angle, in degrees, of the one of eight equal steps that climbs most."""
    angles = 45 * np.arange(8)
    units = np.array([np.cos(to_radians(angles)), np.sin(to_radians(angles))])
    units = units if fair else np.sign(units.round(9))
    return int(angles[best(loss(np.asarray(theta, dtype=float)[:, None] + step * units))])


steepest_of_eight.mistake(
    "chose steepest descent",
    "the lowest of the eight places is the way down; take the highest.",
    best=np.argmin,
)
steepest_of_eight.mistake(
    "longer steps on the diagonals",
    "(1, 1) has length √2, so it climbs more only because it is longer.",
    fair=False,
)
steepest_of_eight.mistake(
    "gave degrees to cosine and sine",
    "numpy's cos and sin want radians: convert with `np.radians`.",
    to_radians=np.asarray,
)
steepest_of_eight.mistake(
    "radians instead of degrees",
    "only cosine and sine want radians, the answer wants degrees.",
    by=lambda *args: np.radians(steepest_of_eight.right(*args)),
)
steepest_of_eight.mistake(
    "the number of the direction, not its angle",
    "directions are 45 degrees apart: multiply.",
    by=lambda *args: steepest_of_eight.right(*args) // 45,
)
steepest_of_eight.mistake(
    "turned like a compass",
    "0 is along the first axis (cosine), 90 along the second (sine).",
    by=lambda *args: (90 - steepest_of_eight.right(*args)) % 360,
)
steepest_of_eight.mistake(
    "a negative angle",
    "angles run from 0 to 315; 360 more is the same direction.",
    by=lambda *args: (steepest_of_eight.right(*args) + 179) % 360 - 179,
)
steepest_of_eight.mistake(
    "returned the climb", "the question is which way, not how much.", by=_most_climb
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


@ask("A loss is a mismatch", _line_cases, tolerance=1e-5)
def mse(slope, intercept, x, y, *, summary=lambda error: (error * error).mean()):
    """The mean squared error of a line."""
    return summary(_error(slope, intercept, x, y))


mse.mistake(
    "summed instead of averaged",
    "divide by the number of birds, so that more data do not look worse.",
    summary=lambda e: (e * e).sum(),
)
mse.mistake(
    "took the square root",
    "the mean of the squares is asked, without a root.",
    summary=lambda e: (e * e).mean() ** 0.5,
)
mse.mistake(
    "forgot the square",
    "errors of opposite sign cancel; square each of them first.",
    summary=np.mean,
)
mse.mistake(
    "averaged before squaring",
    "errors cancel in a mean; square each one, then average.",
    summary=lambda e: e.mean() ** 2,
)
mse.mistake(
    "absolute values instead of squares",
    "that is the mean absolute error; square instead.",
    summary=lambda e: np.abs(e).mean(),
)
mse.mistake(
    "halved the loss",
    "some books add a ½; here it is the plain mean.",
    summary=lambda e: (e * e).mean() / 2,
)
mse.mistake(
    "left out the intercept",
    "the line predicts slope · x + intercept.",
    by=lambda slope, _, x, y: (_error(slope, 0, x, y) ** 2).mean(),
)


def _by_data(slope, intercept, x, y):
    error = _error(slope, intercept, x, y)
    return 2 * np.array([slope * error.mean(), -error.mean()])


def _averages_multiplied(slope, intercept, x, y):
    return 2 * _error(slope, intercept, x, y).mean() * np.array([np.mean(x), 1.0])


@ask("How sensitive is the loss", _line_cases, points=3, tolerance=1e-5)
def mse_gradient(slope, intercept, x, y, *, factor=2.0, mean=np.mean):
    """Its gradient along the line's slope and intercept."""
    error = _error(slope, intercept, x, y)
    return factor * np.array([mean(error * np.asarray(x)), mean(error)])


mse_gradient.mistake(
    "sign flipped", "the error is prediction minus truth, in this order.", factor=-2.0
)
mse_gradient.mistake(
    "forgot the factor 2", "the derivative of a square brings a 2 down.", factor=1.0
)
mse_gradient.mistake(
    "summed instead of averaged", "the loss is a mean, so its slope is a mean too.", mean=np.sum
)
mse_gradient.mistake(
    "swapped the components",
    "the slope's partial derivative comes first, then the intercept's.",
    by=lambda *args: mse_gradient.right(*args)[::-1],
)
mse_gradient.mistake(
    "forgot the inner derivative",
    "a change of the slope moves each prediction x times as much.",
    by=lambda *args: mse_gradient.right(*args)[[1, 1]],
)
mse_gradient.mistake(
    "multiplied two averages",
    "multiply each error by its own x, then average.",
    by=_averages_multiplied,
)
mse_gradient.mistake(
    "derived by the data", "x and y are given; slope and intercept are what can move.", by=_by_data
)
