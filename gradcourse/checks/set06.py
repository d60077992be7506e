"""Exercise set 06: a Hessian, Newton's and BFGS's steps, Frank–Wolfe, a natural gradient."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question
from gradcourse.landscapes import himmelblau, rosenbrock

UPHILL = "the step points uphill; to the bowl's lowest place it is minus the solution."
FLOATS = "Turn the start into an array of floats first."

ask = partial(question, "06_curvature_and_constraints")


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


@ask("The Hessian by differences", _hessian_cases, points=2, tolerance=1e-6)
def hessian(gradient, theta, h, *, forward=False, width=2.0, diagonal=False, sign=1):
    """The Hessian by central differences of the gradient."""
    theta = np.asarray(theta, dtype=float)
    columns = []
    for move in h * np.eye(len(theta)):
        below = gradient(theta) if forward else gradient(theta - move)
        columns.append((np.asarray(gradient(theta + move)) - below) / (width * h))
    return sign * (np.diag(np.diag(columns)) if diagonal else np.transpose(columns))


hessian.mistake(
    "differences to one side only",
    "move both ways: gradient at theta + h minus gradient at theta - h.",
    forward=True,
    width=1.0,
)
hessian.mistake("divided by h instead of 2 h", "the two places lie 2 h apart.", width=1.0)
hessian.mistake(
    "multiplied where it should divide", "write / (2 * h), with the brackets.", width=0.5
)
hessian.mistake(
    "only the diagonal",
    "moving one parameter changes ALL entries of the gradient: a whole column.",
    diagonal=True,
)
hessian.mistake("sign flipped", "plus side minus minus side.", sign=-1)


# ---- damped Newton -----------------------------------------------------------------------------
def _newton_cases(rng):
    square = rng.normal(size=(3, 3))
    bowl = square @ square.T + np.eye(3)
    low = rng.normal(size=3)
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


@ask("Newton steps to the bottom of the bowl", _newton_cases, points=2, tolerance=1e-7)
def newton_path(
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
    """The places that Newton's method visits, its Hessian damped."""
    path = [np.array(theta, dtype=float)]
    for _ in range(n_steps):
        at = path[0] if once else path[-1]
        bowl = np.asarray(hessian(at)) + damping * where(len(at))
        path.append(path[-1] + sign * way(bowl, np.asarray(gradient(path[-1]))))
    return path if start else path[1:]


newton_path.mistake("plus instead of minus", UPHILL, sign=1)
newton_path.mistake(
    "multiplied by the Hessian",
    "solve H d = gradient, np.linalg.solve(H, gradient); do not multiply.",
    way=np.matmul,
)
newton_path.mistake(
    "divided by the diagonal",
    "the parameters are tied together; solve the whole system.",
    way=lambda B, g: g / np.diag(B),
)
newton_path.mistake(
    "added the damping to every entry",
    "H + damping adds a number to all entries; add damping * np.eye(n).",
    where=_everywhere,
)
newton_path.mistake(
    "forgot the damping", "add damping * np.eye(n) to the Hessian.", where=lambda n: 0
)
newton_path.mistake(
    "kept the Hessian of the start", "the bowl is another one at every point.", once=True
)
newton_path.mistake(
    "forgot the start", "the path begins where you begin: n steps make n + 1 points.", start=False
)


# ---- BFGS --------------------------------------------------------------------------------------
def _bfgs_cases(rng):
    cases = []
    for n in (2, 3, 4):
        root = rng.normal(size=(n, n))
        s = rng.normal(size=n)
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


def _square_over(inverse, s, y):
    """The last term divided by s·s."""
    growth = y @ s
    return bfgs_update.right(inverse, s, y, last=False) + (
        np.outer(s, s) / (s @ s) if growth > 0 else 0
    )


@ask("BFGS learns the bowl", _bfgs_cases, points=2, tolerance=1e-8)
def bfgs_update(inverse, s, y, *, skip=True, right=True, last=True, flip=False):
    """The inverse Hessian of BFGS after a step s that changed the gradient by y."""
    inverse, s, y = (np.asarray(part, dtype=float) for part in (inverse, s, y))
    growth = y @ s
    if skip and growth <= 0:
        return inverse
    away = np.eye(len(s)) - np.outer(s, y) / growth
    away = away.T if flip else away
    mended = away @ inverse @ (away.T if right else np.eye(len(s)))
    return mended + (np.outer(s, s) / growth if last else 0)


bfgs_update.mistake(
    "swapped s and y",
    "s is the step, y the change of the gradient; the new matrix turns y into s.",
    by=lambda inverse, s, y: bfgs_update.right(inverse, y, s),
)
bfgs_update.mistake(
    "forgot the last term",
    "add np.outer(s, s) / (y @ s), or the new matrix turns y into 0.",
    last=False,
)
bfgs_update.mistake(
    "mended one side only",
    "(I - s yᵀ/ys) stands on the left, its transpose on the right.",
    right=False,
)
bfgs_update.mistake(
    "transposed the brackets",
    "np.outer(s, y) has s down and y across; on the left it is I - outer(s, y) / ys.",
    flip=True,
)
bfgs_update.mistake(
    "divided the last term by s·s", "it is divided by y @ s, as the others are.", by=_square_over
)
bfgs_update.mistake(
    "updated where the slope does not grow",
    "where y @ s is 0 or less, return the old matrix unchanged.",
    skip=False,
)


# ---- Frank–Wolfe -------------------------------------------------------------------------------
def _frank_wolfe_cases(rng):
    cases = []
    for n, radius, n_steps in ((2, 1.0, 1), (3, 0.5, 4), (4, 2.0, 7), (2, 0.3, 10)):
        bowl = np.diag(rng.uniform(1, 3, n))
        low = rng.uniform(1, 3, n) * (-1) ** np.arange(n)
        args = (partial(_slope, bowl, low), n, radius, n_steps)
        cases.append(Case(args, f"{n} weights, {n_steps} steps"))
    first = cases[1].args[0]
    return [
        *cases,
        Case((first, 3, 0.5, 0), "no step: only the gap at 0"),
        Case((first, 3, 5.0, 60), "a large ball"),
    ]


def _together(function, *args):
    theta, gap = function(*args)
    return np.append(np.asarray(theta, dtype=float), gap)


@ask(
    "The conditional gradient walks to corners",
    _frank_wolfe_cases,
    points=3,
    tolerance=1e-8,
    probe=_together,
)
def frank_wolfe(
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
    """Frank–Wolfe's last place in a diamond, and the gap there."""
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


frank_wolfe.mistake(
    "walked to the corner uphill", "the corner is -radius * sign(slope): against the slope.", sign=1
)
frank_wolfe.mistake(
    "took the largest slope, not the steepest",
    "a slope of -5 is steeper than 3: compare absolute values.",
    size=np.asarray,
)
frank_wolfe.mistake(
    "counted the steps from 1",
    "the first share is 2 / (0 + 2) = 1, a step right to the corner.",
    late=1,
)
frank_wolfe.mistake("forgot the radius", "the corners lie at ± radius, not at ± 1.", scale=False)
frank_wolfe.mistake(
    "gap with the wrong sign", "gradient @ (theta - corner); it is never negative.", gap_sign=-1
)
frank_wolfe.mistake(
    "gap of the step before",
    "the gap belongs to the theta you return: ask for the gradient and corner there.",
    old=True,
)
frank_wolfe.mistake(
    "always walked half the way", "the share shrinks: 2 / (k + 2) with k = 0, 1, 2, ...", share=0.5
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


@ask("The natural gradient measures steps by predictions", _gauss_cases, points=2, tolerance=1e-8)
def natural_gradient(
    y, mu, sigma, *, fisher=(1.0, 2.0), times=False, sign=1, total=False, log=False
):
    """The natural gradient of the mean -log p of a Gaussian, along (mu, sigma)."""
    y = np.asarray(y, dtype=float)
    square = np.mean((y - mu) ** 2)
    grad = np.array([(mu - y.mean()) / sigma**2, 1 / sigma - square / sigma**3])
    grad = grad * (len(y) if total else 1)
    F = np.array(fisher) / sigma**2
    if log:
        grad = grad * [1, sigma]
        F = np.array([1 / sigma**2, 2.0])
    return sign * (grad * F if times else grad / F)


natural_gradient.mistake(
    "the plain gradient",
    "solve with the Fisher matrix diag(1, 2) / sigma².",
    by=lambda y, mu, sigma: natural_gradient.right(y, mu, sigma, fisher=(sigma**2, sigma**2)),
)
natural_gradient.mistake(
    "multiplied by the Fisher matrix",
    "the natural gradient is F⁻¹ times the gradient: divide.",
    times=True,
)
natural_gradient.mistake(
    "the same entry for mu and sigma",
    "sigma's entry is 2 / sigma², mu's is 1 / sigma².",
    fisher=(1.0, 1.0),
)
natural_gradient.mistake(
    "sign flipped", "return the gradient of the mean -log p; descent subtracts it later.", sign=-1
)
natural_gradient.mistake(
    "summed instead of averaged", "the loss is the MEAN of -log p over the data.", total=True
)
natural_gradient.mistake(
    "took log sigma for the parameter", "here the second parameter is sigma itself.", log=True
)
