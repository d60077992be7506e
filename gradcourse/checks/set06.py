"""Exercise set 06: a Hessian, Newton's and BFGS's steps, Frank–Wolfe, a natural gradient."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link
from gradcourse.landscapes import himmelblau, rosenbrock

UPHILL = "the step points uphill; to the bowl's lowest place it is minus the solution."
FLOATS = "Turn the start into an array of floats first."

_read = partial(section_link, "06_curvature_and_constraints")


def _cubic(theta):
    """The gradient of a loss with third-order terms that tie neighbors together."""
    theta = np.asarray(theta, dtype=float)
    return 3 * theta**2 + 2 * np.roll(theta, 1) + 2 * np.roll(theta, -1) + theta


def _bent(theta):
    """Its Hessian."""
    n = len(theta)
    shift = np.roll(np.eye(n), 1, axis=0)
    return np.diag(6 * np.asarray(theta, dtype=float) + 1) + 2 * (shift + shift.T)


# ---- Hessian by differences --------------------------------------------------------------------
def _hessian_cases(rng):
    return [
        Case((_cubic, rng.normal(size=3), 1e-3), "three parameters"),
        Case((rosenbrock().gradient, np.array([-1.2, 1.0]), 1e-2), "Rosenbrock's valley"),
        Case((himmelblau().gradient, rng.normal(size=2), 0.1), "a long step h"),
        Case((_cubic, rng.normal(size=5), 0.5), "five parameters"),
        Case((np.square, np.array([3.0]), 0.1), "a single parameter"),
        Case((_cubic, [1, -2, 3], 0.25), "a list of whole numbers", FLOATS),
    ]


def _hessian(gradient, theta, h, *, forward=False, width=2.0, diagonal=False, sign=1):
    theta = np.asarray(theta, dtype=float)
    columns = []
    for move in h * np.eye(len(theta)):
        below = gradient(theta) if forward else gradient(theta - move)
        columns.append((np.asarray(gradient(theta + move)) - below) / (width * h))
    return sign * (np.diag(np.diag(columns)) if diagonal else np.transpose(columns))


hessian = Question(
    "06.hessian",
    _hessian,
    _hessian_cases,
    (
        Mistake(
            "differences to one side only",
            partial(_hessian, forward=True, width=1.0),
            "move both ways: gradient at theta + h minus gradient at theta - h.",
        ),
        Mistake(
            "divided by h instead of 2 h",
            partial(_hessian, width=1.0),
            "the two places lie 2 h apart.",
        ),
        Mistake(
            "multiplied where it should divide",
            partial(_hessian, width=0.5),
            "write / (2 * h), with the brackets.",
        ),
        Mistake(
            "only the diagonal",
            partial(_hessian, diagonal=True),
            "moving one parameter changes ALL entries of the gradient: a whole column.",
        ),
        Mistake("sign flipped", partial(_hessian, sign=-1), "plus side minus minus side."),
    ),
    _read("The Hessian by differences"),
    points=2,
    tolerance=1e-6,
)


# ---- damped Newton -----------------------------------------------------------------------------
def _newton_cases(rng):
    square = rng.normal(size=(3, 3))
    bowl, low = square @ square.T + np.eye(3), rng.normal(size=3)
    return [
        Case(
            (partial(_slope, bowl, low), partial(_constant, bowl), rng.normal(size=3), 0.0, 2),
            "a quadratic, no damping",
        ),
        Case((_cubic, _bent, rng.uniform(1, 2, 3), 0.5, 4), "damping 0.5"),
        Case((_cubic, _bent, rng.uniform(1, 2, 2), 20.0, 3), "strong damping"),
        Case((_cubic, _bent, [2, 3, 1], 1.0, 2), "a list of whole numbers", FLOATS),
        Case((_cubic, _bent, rng.uniform(1, 2, 4), 1.0, 0), "no step at all"),
        Case((_cubic, _bent, rng.uniform(1, 2, 4), 3.0, 1), "a single step"),
    ]


def _slope(bowl, low, theta):
    return bowl @ (np.asarray(theta, dtype=float) - low)


def _constant(bowl, theta):
    return bowl


def _identity(n):
    return np.eye(n)


def _everywhere(n):
    return np.ones((n, n))


def _newton(
    gradient,
    hessian,
    theta,
    damping,
    n_steps,
    *,
    sign=-1,
    way=np.linalg.solve,
    where=_identity,
    start=True,
    once=False,
):
    path = [np.array(theta, dtype=float)]
    for _ in range(n_steps):
        at = path[0] if once else path[-1]
        bowl = np.asarray(hessian(at)) + damping * where(len(at))
        path.append(path[-1] + sign * way(bowl, np.asarray(gradient(path[-1]))))
    return path if start else path[1:]


newton_path = Question(
    "06.newton_path",
    _newton,
    _newton_cases,
    (
        Mistake("plus instead of minus", partial(_newton, sign=1), UPHILL),
        Mistake(
            "multiplied by the Hessian",
            partial(_newton, way=np.matmul),
            "solve H d = gradient, np.linalg.solve(H, gradient); do not multiply.",
        ),
        Mistake(
            "divided by the diagonal",
            partial(_newton, way=lambda B, g: g / np.diag(B)),
            "the parameters are tied together; solve the whole system.",
        ),
        Mistake(
            "added the damping to every entry",
            partial(_newton, where=_everywhere),
            "H + damping adds a number to all entries; add damping * np.eye(n).",
        ),
        Mistake(
            "forgot the damping",
            partial(_newton, where=lambda n: 0),
            "add damping * np.eye(n) to the Hessian.",
        ),
        Mistake(
            "kept the Hessian of the start",
            partial(_newton, once=True),
            "the bowl is another one at every point.",
        ),
        Mistake(
            "forgot the start",
            partial(_newton, start=False),
            "the path begins where you begin: n steps make n + 1 points.",
        ),
    ),
    _read("Newton steps to the bottom of the bowl"),
    points=2,
    tolerance=1e-7,
)


# ---- BFGS --------------------------------------------------------------------------------------
def _bfgs_cases(rng):
    cases = []
    for n in (2, 3, 4):
        root, s = rng.normal(size=(n, n)), rng.normal(size=n)
        y = s * rng.uniform(0.5, 5, n)
        cases.append(Case((root @ root.T + np.eye(n), s, y), f"{n} parameters"))
    s = rng.normal(size=2)
    against = "Where y @ s is 0 or less, return the old matrix unchanged."
    return [
        *cases,
        Case((np.eye(2), s, 3 * s), "a round bowl"),
        Case((np.diag([2.0, 0.5]), s, -s), "a curvature below 0", against),
        Case((np.eye(2), np.array([1.0, 0]), np.array([0.0, 2])), "no growth along s", against),
    ]


def _bfgs(inverse, s, y, *, skip=True, right=True, last=True, flip=False):
    inverse, s, y = (np.asarray(part, dtype=float) for part in (inverse, s, y))
    growth = y @ s
    if skip and growth <= 0:
        return inverse
    away = np.eye(len(s)) - np.outer(s, y) / growth
    away = away.T if flip else away
    mended = away @ inverse @ (away.T if right else np.eye(len(s)))
    return mended + (np.outer(s, s) / growth if last else 0)


def _square_over(inverse, s, y):
    """The last term divided by s·s."""
    growth = y @ s
    return _bfgs(inverse, s, y, last=False) + (np.outer(s, s) / (s @ s) if growth > 0 else 0)


bfgs_update = Question(
    "06.bfgs_update",
    _bfgs,
    _bfgs_cases,
    (
        Mistake(
            "swapped s and y",
            lambda inverse, s, y: _bfgs(inverse, y, s),
            "s is the step, y the change of the gradient; the new matrix turns y into s.",
        ),
        Mistake(
            "forgot the last term",
            partial(_bfgs, last=False),
            "add np.outer(s, s) / (y @ s), or the new matrix turns y into 0.",
        ),
        Mistake(
            "mended one side only",
            partial(_bfgs, right=False),
            "(I - s yᵀ/ys) stands on the left, its transpose on the right.",
        ),
        Mistake(
            "transposed the brackets",
            partial(_bfgs, flip=True),
            "np.outer(s, y) has s down and y across; on the left it is I - outer(s, y) / ys.",
        ),
        Mistake(
            "divided the last term by s·s",
            _square_over,
            "it is divided by y @ s, as the others are.",
        ),
        Mistake(
            "updated where the slope does not grow",
            partial(_bfgs, skip=False),
            "where y @ s is 0 or less, return the old matrix unchanged.",
        ),
    ),
    _read("BFGS learns the bowl"),
    points=2,
    tolerance=1e-8,
)


# ---- Frank–Wolfe -------------------------------------------------------------------------------
def _frank_wolfe_cases(rng):
    cases = []
    for n, radius, n_steps in ((2, 1.0, 1), (3, 0.5, 4), (4, 2.0, 7), (2, 0.3, 10)):
        bowl, low = np.diag(rng.uniform(1, 3, n)), rng.uniform(1, 3, n) * (-1) ** np.arange(n)
        args = (partial(_slope, bowl, low), n, radius, n_steps)
        cases.append(Case(args, f"{n} weights, {n_steps} steps"))
    first = cases[1].args[0]
    return [
        *cases,
        Case((first, 3, 0.5, 0), "no step: only the gap at 0"),
        Case((first, 3, 5.0, 60), "a large ball"),
    ]


def _frank_wolfe(
    gradient,
    n,
    radius,
    n_steps,
    *,
    sign=-1,
    size=np.abs,
    late=0,
    gap_sign=1,
    old=False,
    scale=True,
    share=None,
):
    theta = np.zeros(n)
    for k in range(n_steps + 1):
        grad = np.asarray(gradient(theta))
        place = np.argmax(size(grad))
        corner = np.zeros(n)
        corner[place] = sign * np.sign(grad[place]) * (radius if scale else 1.0)
        gap = gap_sign * grad @ (theta - corner)
        if k == n_steps - 1 and old:
            kept = gap
        if k < n_steps:
            gamma = 2 / (k + 2 + late) if share is None else share
            theta = theta + gamma * (corner - theta)
    return theta, kept if old and n_steps else gap


def _together(function, *args):
    theta, gap = function(*args)
    return np.append(np.asarray(theta, dtype=float), gap)


frank_wolfe = Question(
    "06.frank_wolfe",
    _frank_wolfe,
    _frank_wolfe_cases,
    (
        Mistake(
            "walked to the corner uphill",
            partial(_frank_wolfe, sign=1),
            "the corner is -radius * sign(slope): against the slope.",
        ),
        Mistake(
            "took the largest slope, not the steepest",
            partial(_frank_wolfe, size=np.asarray),
            "a slope of -5 is steeper than 3: compare absolute values.",
        ),
        Mistake(
            "counted the steps from 1",
            partial(_frank_wolfe, late=1),
            "the first share is 2 / (0 + 2) = 1, a step right to the corner.",
        ),
        Mistake(
            "forgot the radius",
            partial(_frank_wolfe, scale=False),
            "the corners lie at ± radius, not at ± 1.",
        ),
        Mistake(
            "gap with the wrong sign",
            partial(_frank_wolfe, gap_sign=-1),
            "gradient @ (theta - corner); it is never negative.",
        ),
        Mistake(
            "gap of the step before",
            partial(_frank_wolfe, old=True),
            "the gap belongs to the theta you return: ask for the gradient and corner there.",
        ),
        Mistake(
            "always walked half the way",
            partial(_frank_wolfe, share=0.5),
            "the share shrinks: 2 / (k + 2) with k = 0, 1, 2, ...",
        ),
    ),
    _read("The conditional gradient walks to corners"),
    points=3,
    tolerance=1e-8,
    probe=_together,
)


# ---- natural gradient of a Gaussian ------------------------------------------------------------
def _gauss_cases(rng):
    sample = rng.normal(3, 2, 9)
    return [
        Case((sample, 1.0, 2.0)),
        Case((rng.normal(-1, 0.5, 5), 0.5, 0.25), "a small sigma"),
        Case((np.array([4.0]), 1.0, 3.0), "a single number"),
        Case(([1, 2, 6], 0, 4), "a list of whole numbers", FLOATS),
        Case((rng.normal(0, 1, 6), 5.0, 10.0), "far off"),
        Case((rng.normal(0, 1, 30), 0.1, 0.9), "nearly the best"),
    ]


def _gauss(y, mu, sigma, *, fisher=(1.0, 2.0), times=False, sign=1, total=False, log=False):
    y = np.asarray(y, dtype=float)
    square = np.mean((y - mu) ** 2)
    grad = np.array([(mu - y.mean()) / sigma**2, 1 / sigma - square / sigma**3])
    grad = grad * (len(y) if total else 1)
    F = np.array(fisher) / sigma**2
    if log:
        grad, F = grad * [1, sigma], np.array([1 / sigma**2, 2.0])
    return sign * (grad * F if times else grad / F)


natural_gradient = Question(
    "06.natural_gradient",
    _gauss,
    _gauss_cases,
    (
        Mistake(
            "the plain gradient",
            lambda y, mu, sigma: _gauss(y, mu, sigma, fisher=(sigma**2, sigma**2)),
            "solve with the Fisher matrix diag(1, 2) / sigma².",
        ),
        Mistake(
            "multiplied by the Fisher matrix",
            partial(_gauss, times=True),
            "the natural gradient is F⁻¹ times the gradient: divide.",
        ),
        Mistake(
            "the same entry for mu and sigma",
            partial(_gauss, fisher=(1.0, 1.0)),
            "sigma's entry is 2 / sigma², mu's is 1 / sigma².",
        ),
        Mistake(
            "sign flipped",
            partial(_gauss, sign=-1),
            "return the gradient of the mean -log p; descent subtracts it later.",
        ),
        Mistake(
            "summed instead of averaged",
            partial(_gauss, total=True),
            "the loss is the MEAN of -log p over the data.",
        ),
        Mistake(
            "took log sigma for the parameter",
            partial(_gauss, log=True),
            "here the second parameter is sigma itself.",
        ),
    ),
    _read("The natural gradient measures steps by predictions"),
    points=2,
    tolerance=1e-8,
)
