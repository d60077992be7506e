"""Exercise set 02: differences that survive, their step, an error that means something, a hunt."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link

_read = partial(section_link, "02_compute_and_check")

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


def _differences(f, x, h=1e-5, ahead=1.0, back=1.0, width=2.0, stay=0.0):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[i] = h
        gradient[i] = (f(x + ahead * move) - f(x - back * move)) / (width * h)
        x = x + stay * move
    return gradient


central_differences = Question(
    "02.central_differences",
    _differences,
    _shape_cases,
    (
        Mistake("forward instead of central", partial(_differences, back=0.0, width=1.0), BACK_TOO),
        Mistake(
            "backward instead of central",
            partial(_differences, ahead=0.0, width=1.0),
            "move to x + h as well; with one side only the error is as large as h.",
        ),
        Mistake("divided by h instead of 2h", partial(_differences, width=1.0), HALVE),
        Mistake(
            "sign flipped",
            partial(_differences, ahead=-1.0, back=-1.0),
            "subtract the value behind from the value ahead.",
        ),
        Mistake(
            "lost the shape",
            lambda *args: _differences(*args).ravel(),
            "put each partial derivative where its coordinate is in x.",
        ),
        Mistake(
            "moved on without going back",
            partial(_differences, stay=1.0),
            "move one coordinate only, from the same x every time.",
        ),
    ),
    _read("Central differences"),
    points=3,
    tolerance=1e-8,
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


def _best_step(x, dtype="float64", order=3, size=lambda x: np.maximum(1.0, np.abs(x))):
    rounding = float(np.finfo(dtype).eps)
    return rounding ** (1 / order) * size(np.asarray(x, dtype=float))


best_step = Question(
    "02.best_step",
    _best_step,
    _step_cases,
    (
        Mistake(
            "square root instead of cube root",
            partial(_best_step, order=2),
            "that step suits forward differences; for central ones both errors meet later.",
        ),
        Mistake(
            "took ε itself",
            partial(_best_step, order=1),
            "a step of one rounding unit leaves nothing but rounding in the difference.",
        ),
        Mistake(
            "not scaled with x",
            partial(_best_step, size=lambda x: np.ones_like(x)),
            "beside 1e6 the step 6e-6 is nearly lost; multiply with max(1, |x|).",
        ),
        Mistake(
            "divided by the size of x",
            partial(_best_step, size=lambda x: 1 / np.maximum(1.0, np.abs(x))),
            "beside a large x short steps are lost: a larger x needs a longer step.",
        ),
        Mistake(
            "added 1 instead of comparing with it",
            partial(_best_step, size=lambda x: 1 + np.abs(x)),
            "max(1, |x|) is the larger one, not the sum.",
        ),
        Mistake(
            "nothing left at 0",
            partial(_best_step, size=np.abs),
            "multiply with max(1, |x|), or the step vanishes where x does.",
        ),
        Mistake(
            "the smaller instead of the larger",
            partial(_best_step, size=lambda x: np.minimum(1.0, np.abs(x))),
            "it is max(1, |x|): the step grows with x and never falls below ∛ε.",
        ),
        Mistake(
            "forgot that x may be negative",
            partial(_best_step, size=lambda x: np.maximum(1.0, x)),
            "take |x| before you compare it with 1.",
        ),
    ),
    _read("How small should the step be"),
)


# ---- relative error ----------------------------------------------------------------------------
def _pair_cases(rng):
    a, noise = rng.normal(size=4) * 3, rng.normal(size=4)
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


def _relative(a, b, top=np.max, size=np.abs, below=lambda a, b: max(_size(a), _size(b))):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    off, scale = float(top(size(a - b))), float(below(a, b))
    return off / scale if scale else 0.0


def _entry_by_entry(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    scale = np.maximum(np.abs(a), np.abs(b))
    return float(np.max(np.abs(a - b) / np.where(scale > 0, scale, 1)))


relative_error = Question(
    "02.relative_error",
    _relative,
    _pair_cases,
    (
        Mistake(
            "absolute error",
            partial(_relative, below=lambda a, b: 1.0),
            "an error of 0.001 is small beside 1000 and large beside 0.001; divide by the size.",
        ),
        Mistake(
            "average instead of largest",
            partial(_relative, top=np.mean),
            "one wrong entry among a thousand right ones must not be averaged away.",
        ),
        Mistake(
            "forgot the absolute value",
            partial(_relative, size=np.asarray),
            "errors in both directions count; take |a − b|.",
        ),
        Mistake(
            "entry by entry",
            _entry_by_entry,
            "divide the largest difference by the largest entry, so that tiny entries don't rule.",
        ),
        Mistake(
            "divided by the sum",
            partial(_relative, below=lambda a, b: _size(a) + _size(b)),
            "divide by the larger of the two sizes, not by both.",
        ),
        Mistake(
            "relative to a only",
            partial(_relative, below=lambda a, b: _size(a)),
            "when a is zero nothing is left to divide by; take the larger of both sizes.",
        ),
        Mistake(
            "relative to b only",
            partial(_relative, below=lambda a, b: _size(b)),
            "swapping a and b must not change the error; take the larger of both sizes.",
        ),
        Mistake(
            "sizes with a sign",
            partial(_relative, below=lambda a, b: max(a.max(), b.max())),
            "-5 is larger than 3 in size; take |a| and |b| before you look for the largest.",
        ),
        Mistake(
            "0/0",
            partial(_relative, below=lambda a, b: max(_size(a), _size(b)) or np.nan),
            "two gradients that are zero everywhere agree: return 0.0 before you divide.",
        ),
    ),
    _read("Check a gradient"),
    points=2,
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
    x, tall = rng.uniform(0.5, 1.5, 4), np.array([3e3, 2e3, 1.0])
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


def _hunt(f, claim, x, tolerance=1e-5, size=np.abs, slope=np.abs, floor=1, places=np.flatnonzero):
    claimed, estimated = np.asarray(claim(x), dtype=float), _differences(f, x)
    return places(size(claimed - estimated) > tolerance * np.maximum(floor, slope(estimated)))


wrong_components = Question(
    "02.wrong_components",
    _hunt,
    _bug_cases,
    (
        Mistake(
            "listed the right ones",
            partial(_hunt, places=lambda bad: np.flatnonzero(~bad)),
            "list the places where the two disagree.",
        ),
        Mistake(
            "counted from 1",
            partial(_hunt, places=lambda bad: np.flatnonzero(bad) + 1),
            "the first partial derivative is at 0.",
        ),
        Mistake(
            "forgot the absolute value",
            partial(_hunt, size=np.asarray),
            "a claim may be too small as well as too large; take |claimed − estimated|.",
        ),
        Mistake(
            "the same tolerance for every size",
            partial(_hunt, slope=np.zeros_like),
            "allow tolerance · max(1, |estimated|): rounding grows with the slope.",
        ),
        Mistake(
            "nothing allowed at slope 0",
            partial(_hunt, floor=0),
            "no rounding is small beside 0; allow tolerance · max(1, |estimated|).",
        ),
        Mistake(
            "true and false instead of places",
            partial(_hunt, places=np.asarray),
            "list the places where it is true, counted from 0.",
        ),
    ),
    _read("Check a gradient"),
    points=2,
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


def _columns(f, points, h=1e-5, back=1.0, width=2.0):
    points = np.array(points, dtype=float)
    gradient = np.empty_like(points)
    for i in range(len(points)):
        move = np.zeros((len(points), 1))
        move[i] = h
        gradient[i] = (f(points + move) - f(points - back * move)) / (width * h)
    return gradient


def _point_by_point(f, points, h=1e-5):
    columns = np.array(points, dtype=float).T
    return np.stack([_differences(f, column, h) for column in columns], axis=1)


def _with_budget(function, f, points, *rest):
    """Let the function call f twice per coordinate, not more."""
    allowed = 2 * len(points)
    calls = iter(range(allowed))

    def counted(x):
        if next(calls, None) is None:
            raise RuntimeError(f"f was called more than 2n = {allowed} times")
        return f(x)

    return function(counted, points, *rest)


many_gradients = Question(
    "02.many_gradients",
    _columns,
    _column_cases,
    (
        Mistake(
            "loops over the points",
            _point_by_point,
            "move one coordinate of all points at once: 2n calls of f, however many points.",
        ),
        Mistake(
            "transposed",
            lambda *args: _columns(*args).T,
            "the coordinates are on axis 0: row i holds the partial derivatives along i.",
        ),
        Mistake("forward instead of central", partial(_columns, back=0.0, width=1.0), BACK_TOO),
        Mistake("divided by h instead of 2h", partial(_columns, width=1.0), HALVE),
    ),
    _read("All points at once"),
    points=2,
    tolerance=1e-8,
    probe=_with_budget,
)
