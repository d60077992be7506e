"""Exercise set 02: differences that survive, their step, an error that means something, a hunt."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question

ask = partial(question, "02_compute_and_check")

HALVE = "x + h and x − h lie two steps apart, so the rise belongs to 2h."
BACK_TOO = "move to x − h as well; with one side only the error is as large as h."


# ---- central differences -----------------------------------------------------------------------
def _hilly(x):
    """Smooth and bent everywhere, for x of any shape."""
    x = np.asarray(x)
    return np.sum(np.exp(x / 3)) + np.sum(x**3) / 2 + np.sum(x) ** 2


def _shape_cases(rng):
    return [
        Case((_hilly, rng.normal(size=3)), "three numbers"),
        Case((_hilly, rng.normal(size=2), 0.1), "a long step, h = 0.1", "Use the h you are given."),
        Case((_hilly, [0.5, -1.5]), "a list", "A list cannot be moved: make an array of floats."),
        Case(
            (_hilly, np.array([1, -2, 3])),
            "whole numbers",
            "An array of whole numbers cannot hold a small step: make a float copy of x first.",
        ),
        Case(
            (_hilly, np.float32([0.3, 1.2])),
            "float32",
            "float32 keeps 7 digits and swallows the step: make a float64 copy of x first.",
        ),
        Case(
            (_hilly, rng.normal(size=(2, 3))),
            "a matrix",
            "One partial derivative per entry, in x's own shape; np.ndindex(x.shape) helps.",
        ),
        Case(
            (_hilly, 0.7),
            "a single number",
            "A single number has no length; x.size, x.ravel() and np.ndindex work for it too.",
        ),
        Case((_hilly, np.array([2.0])), "one coordinate"),
    ]


@ask("Central differences", _shape_cases, points=3, tolerance=1e-8)
def central_differences(f, x, h=1e-5, *, ahead=1.0, back=1.0, width=2.0, stay=0.0):
    """The gradient by central differences, for x of any shape."""
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[i] = h
        gradient[i] = (f(x + ahead * move) - f(x - back * move)) / (width * h)
        x = x + stay * move
    return gradient


central_differences.mistake("forward instead of central", BACK_TOO, back=0.0, width=1.0)
central_differences.mistake(
    "backward instead of central",
    "move to x + h as well; with one side only the error is as large as h.",
    ahead=0.0,
    width=1.0,
)
central_differences.mistake("divided by h instead of 2h", HALVE, width=1.0)
central_differences.mistake(
    "sign flipped", "subtract the value behind from the value ahead.", ahead=-1.0, back=-1.0
)
central_differences.mistake(
    "lost the shape",
    "put each partial derivative where its coordinate is in x.",
    by=lambda *args: central_differences.right(*args).ravel(),
)
central_differences.mistake(
    "moved on without going back", "move one coordinate only, from the same x every time.", stay=1.0
)


# ---- the step ----------------------------------------------------------------------------------
def _step_cases(rng):
    wide = rng.uniform(1, 50, 3) * [1, -1, 1]
    return [
        Case((0.0,), "x = 0", "At x = 0 the step must not be 0: scale with max(1, |x|)."),
        Case((0.25,), "a small x"),
        Case((-40.0,), "a negative x", "The size of x counts, not its sign."),
        Case((1e6,), "a large x"),
        Case((wide,), "an array", "Use np.maximum and np.abs: they work number by number."),
        Case(([1, -3],), "a list of whole numbers", "Turn the list into an array of floats first."),
        Case((2.0, "float32"), "float32", "np.finfo(dtype).eps knows the rounding unit."),
        Case((-0.5, "float32"), "float32, a small x"),
    ]


@ask("How small should the step be", _step_cases)
def best_step(x, dtype="float64", *, order=3, size=lambda x: np.maximum(1.0, np.abs(x))):
    """The step at which truncation and rounding balance: ∛ε · max(1, |x|)."""
    rounding = float(np.finfo(dtype).eps)
    return rounding ** (1 / order) * size(np.asarray(x, dtype=float))


best_step.mistake(
    "square root instead of cube root",
    "that step suits forward differences; for central ones both errors meet later.",
    order=2,
)
best_step.mistake(
    "took ε itself",
    "a step of one rounding unit leaves nothing but rounding in the difference.",
    order=1,
)
best_step.mistake(
    "not scaled with x",
    "beside 1e6 the step 6e-6 is nearly lost; multiply with max(1, |x|).",
    size=lambda x: np.ones_like(x),
)
best_step.mistake(
    "divided by the size of x",
    "beside a large x short steps are lost: a larger x needs a longer step.",
    size=lambda x: 1 / np.maximum(1.0, np.abs(x)),
)
best_step.mistake(
    "added 1 instead of comparing with it",
    "max(1, |x|) is the larger one, not the sum.",
    size=lambda x: 1 + np.abs(x),
)
best_step.mistake(
    "nothing left at 0",
    "multiply with max(1, |x|), or the step vanishes where x does.",
    size=np.abs,
)
best_step.mistake(
    "the smaller instead of the larger",
    "it is max(1, |x|): the step grows with x and never falls below ∛ε.",
    size=lambda x: np.minimum(1.0, np.abs(x)),
)
best_step.mistake(
    "forgot that x may be negative",
    "take |x| before you compare it with 1.",
    size=lambda x: np.maximum(1.0, x),
)


# ---- relative error ----------------------------------------------------------------------------
def _pair_cases(rng):
    a = rng.normal(size=4) * 3
    noise = rng.normal(size=4)
    return [
        Case((a, a + 0.1 * np.abs(noise) + 0.01), "b above a"),
        Case((a, a - 0.1 * np.abs(noise) - 0.01), "b below a", "A difference may be negative."),
        Case((np.zeros(3), np.zeros(3)), "both zero", "Two zeros agree: return 0.0 before 0/0."),
        Case((np.zeros(2), np.array([1e-3, 0.0])), "one of them zero", "Divide by the larger one."),
        Case(([1, 2], [1, 3]), "lists", "Turn the lists into arrays first."),
        Case(([-3.0, -5.0], [-3.0, -4.0]), "negative numbers"),
        Case((rng.normal(size=(2, 2)), rng.normal(size=(2, 2))), "matrices"),
        Case((5.0, 4.0), "single numbers"),
        Case((a, -a), "a flipped sign"),
        Case((1e12 * a, 1e12 * a + 1e6), "large numbers"),
    ]


def _size(x):
    return np.abs(x).max()


def _entry_by_entry(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    scale = np.maximum(np.abs(a), np.abs(b))
    return float(np.max(np.abs(a - b) / np.where(scale > 0, scale, 1)))


@ask("Check a gradient", _pair_cases, points=2)
def relative_error(a, b, *, top=np.max, size=np.abs, below=lambda a, b: max(_size(a), _size(b))):
    """The largest difference, relative to the largest entry of both."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    off = float(top(size(a - b)))
    scale = float(below(a, b))
    return off / scale if scale else 0.0


relative_error.mistake(
    "absolute error",
    "an error of 0.001 is small beside 1000 and large beside 0.001; divide by the size.",
    below=lambda a, b: 1.0,
)
relative_error.mistake(
    "average instead of largest",
    "one wrong entry among a thousand right ones must not be averaged away.",
    top=np.mean,
)
relative_error.mistake(
    "forgot the absolute value", "errors in both directions count; take |a − b|.", size=np.asarray
)
relative_error.mistake(
    "entry by entry",
    "divide the largest difference by the largest entry, so that tiny entries don't rule.",
    by=_entry_by_entry,
)
relative_error.mistake(
    "divided by the sum",
    "divide by the larger of the two sizes, not by both.",
    below=lambda a, b: _size(a) + _size(b),
)
relative_error.mistake(
    "relative to a only",
    "when a is zero nothing is left to divide by; take the larger of both sizes.",
    below=lambda a, b: _size(a),
)
relative_error.mistake(
    "relative to b only",
    "swapping a and b must not change the error; take the larger of both sizes.",
    below=lambda a, b: _size(b),
)
relative_error.mistake(
    "sizes with a sign",
    "-5 is larger than 3 in size; take |a| and |b| before you look for the largest.",
    below=lambda a, b: max(a.max(), b.max()),
)
relative_error.mistake(
    "0/0",
    "two gradients that are zero everywhere agree: return 0.0 before you divide.",
    below=lambda a, b: max(_size(a), _size(b)) or np.nan,
)


# ---- the hunt ----------------------------------------------------------------------------------
def _valley(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def _valley_gradient(x, chain=1.0):
    across = 200 * (x[1:] - x[:-1] ** 2)
    gradient = np.zeros(len(x))
    gradient[:-1] = -2 * chain * x[:-1] * across - 2 * (1 - x[:-1])
    gradient[1:] += across
    return gradient


def _product(x):
    return x[0] * x[1] * x[2]


def _bug_cases(rng):
    x = rng.uniform(0.5, 1.5, 4)
    tall = np.array([3e3, 2e3, 1.0])
    flipped = [1, -1, 1, 1]
    return [
        Case((_valley, _valley_gradient, x), "a right gradient", "Nothing is wrong there: []."),
        Case(
            (_valley, lambda x: _valley_gradient(x) * flipped, x),
            "one flipped sign",
            "One of four is wrong there, so the list has one place.",
        ),
        Case(
            (_valley, partial(_valley_gradient, chain=0.0), x),
            "a forgotten chain rule",
            "List every wrong place, the smallest first.",
        ),
        Case((lambda x: np.sum((x - 1) ** 2), lambda x: x - 1, x), "a forgotten factor 2"),
        Case(
            (_product, lambda x: np.array([x[1] * x[2], x[0] * x[2], x[0] + x[1]]), x[:3]),
            "a sum for a product",
        ),
        Case(
            (_product, lambda x: np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]), tall),
            "large slopes, all right",
            "Beside a slope of 6 million, 1e-6 is less than rounding.",
        ),
        Case((lambda x: np.sum(x**2), lambda x: 2 * x + 0.01, -x), "too large everywhere"),
        Case((lambda x: np.sum(x**2), lambda x: 2 * x - 0.01, x), "too small everywhere"),
        Case(
            (lambda x: np.sum(x**2), lambda x: 2 * x - 0.01, x, 0.05),
            "a tolerance of 0.05",
            "Use the tolerance you are given.",
        ),
        Case(
            (lambda x: np.sum(x**3), lambda x: 3 * x**2, np.array([0.0, 2.0])),
            "a slope of zero",
            "Rounding is never small beside 0: allow tolerance · max(1, |estimated|).",
        ),
    ]


@ask("Check a gradient", _bug_cases, points=2)
def wrong_components(
    f, claim, x, tolerance=1e-5, *, size=np.abs, slope=np.abs, floor=1, places=np.flatnonzero
):
    """The places where a claimed gradient disagrees with central differences."""
    claimed = np.asarray(claim(x), dtype=float)
    estimated = central_differences.right(f, x)
    return places(size(claimed - estimated) > tolerance * np.maximum(floor, slope(estimated)))


wrong_components.mistake(
    "listed the right ones",
    "list the places where the two disagree.",
    places=lambda bad: np.flatnonzero(~bad),
)
wrong_components.mistake(
    "counted from 1",
    "the first partial derivative is at 0.",
    places=lambda bad: np.flatnonzero(bad) + 1,
)
wrong_components.mistake(
    "forgot the absolute value",
    "a claim may be too small as well as too large; take |claimed − estimated|.",
    size=np.asarray,
)
wrong_components.mistake(
    "the same tolerance for every size",
    "allow tolerance · max(1, |estimated|): rounding grows with the slope.",
    slope=np.zeros_like,
)
wrong_components.mistake(
    "nothing allowed at slope 0",
    "no rounding is small beside 0; allow tolerance · max(1, |estimated|).",
    floor=0,
)
wrong_components.mistake(
    "true and false instead of places",
    "list the places where it is true, counted from 0.",
    places=np.asarray,
)


# ---- many points at once -----------------------------------------------------------------------
def _each_column(points):
    """Takes (n,) or (n, B): the coordinates are on axis 0."""
    points = np.asarray(points, dtype=float)
    return np.exp(points / 2).sum(axis=0) + points[0] ** 3 * points[-1]


def _column_cases(rng):
    return [
        Case(
            (_each_column, rng.normal(size=(2, 5))),
            "five points",
            "Every column is a point: move row i of all columns, keep one slope for each.",
        ),
        Case((_each_column, rng.normal(size=(4, 3)), 1e-3), "h = 0.001", "Use the given h."),
        Case((_each_column, rng.normal(size=(3, 1))), "a single point, one column"),
        Case(
            (_each_column, np.array([[1, 2, 3], [0, -1, 2]])),
            "whole numbers",
            "An array of whole numbers cannot hold a small step: make a float copy first.",
        ),
        Case(
            (_each_column, np.float32([[0.3, 1.2], [-0.7, 0.1]])),
            "float32",
            "float32 swallows the step: make a float64 copy of points first.",
        ),
        Case((_each_column, rng.normal(size=(3, 3))), "as many points as coordinates"),
        Case((_each_column, rng.normal(size=(2, 200))), "two hundred points"),
    ]


def _point_by_point(f, points, h=1e-5):
    columns = np.array(points, dtype=float).T
    return np.stack([central_differences.right(f, column, h) for column in columns], axis=1)


def _with_budget(function, f, points, *rest):
    """Let the function call f twice per coordinate, not more."""
    allowed = 2 * len(points)
    calls = iter(range(allowed))

    def counted(x):
        if next(calls, None) is None:
            raise RuntimeError(f"f was called more than 2n = {allowed} times")
        return f(x)

    return function(counted, points, *rest)


@ask("All points at once", _column_cases, points=2, tolerance=1e-8, probe=_with_budget)
def many_gradients(f, points, h=1e-5, *, back=1.0, width=2.0):
    """The gradients at many points, one in each column, with 2n calls of f."""
    points = np.array(points, dtype=float)
    gradient = np.empty_like(points)
    for i in range(len(points)):
        move = np.zeros((len(points), 1))
        move[i] = h
        gradient[i] = (f(points + move) - f(points - back * move)) / (width * h)
    return gradient


many_gradients.mistake(
    "loops over the points",
    "move one coordinate of all points at once: 2n calls of f, however many points.",
    by=_point_by_point,
)
many_gradients.mistake(
    "transposed",
    "the coordinates are on axis 0: row i holds the partial derivatives along i.",
    by=lambda *args: many_gradients.right(*args).T,
)
many_gradients.mistake("forward instead of central", BACK_TOO, back=0.0, width=1.0)
many_gradients.mistake("divided by h instead of 2h", HALVE, width=1.0)
