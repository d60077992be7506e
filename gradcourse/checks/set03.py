"""Exercise set 03: a step, the loop around it, its rate, its schedule, its rescue."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link
from gradcourse.datasets import penguins
from gradcourse.landscapes import ravine, rosenbrock

UPHILL = "the gradient points uphill; to go down, go against it."


_read = partial(section_link, "03_gradient_descent")


# ---- one step ----------------------------------------------------------------------------------
def _coupled(theta):
    """A gradient in which every coordinate feels all others."""
    theta = np.asarray(theta, dtype=float)
    return theta + theta.sum() - 1


def _step_cases(rng):
    return [
        Case((rng.normal(size=3), _coupled, 0.1)),
        Case(([1.0, 2.5, -3.0], _coupled, 0.2), "a list", "Turn the list into an array first."),
        Case((np.array([3, -1, 4]), _coupled, 0.3), "whole numbers"),
        Case((2.5, _coupled, 0.1), "a single number", "Let numpy do the arithmetic, no loop."),
        Case((rng.normal(size=(2, 3)), _coupled, 0.05), "a matrix", "Keep theta's shape."),
        Case((np.float32([0.5, 0.25]), _coupled, 0.5), "float32"),
        Case((np.zeros(4), _coupled, 1e-3), "zeros"),
        Case((rng.normal(size=2) * 1e9, _coupled, 10.0), "large numbers"),
    ]


def _step(theta, gradient, learning_rate, sign=-1.0):
    return np.asarray(theta) + sign * learning_rate * np.asarray(gradient(theta))


def _in_place(theta, gradient, learning_rate):
    theta -= learning_rate * gradient(theta)
    return theta


def _one_after_the_other(theta, gradient, learning_rate):
    theta = np.array(theta, dtype=float)
    for i in range(len(theta)):
        theta[i] -= learning_rate * gradient(theta)[i]
    return theta


one_step = Question(
    "03.one_step",
    _step,
    _step_cases,
    (
        Mistake("plus instead of minus", partial(_step, sign=1.0), UPHILL),
        Mistake(
            "changed its input",
            _in_place,
            "`-=` writes into the caller's array; build a new one with `theta - ...`.",
        ),
        Mistake(
            "used the already updated coordinate",
            _one_after_the_other,
            "compute the whole gradient at the old theta, then move all coordinates at once.",
        ),
        Mistake(
            "forgot the learning rate",
            lambda theta, gradient, _: _step(theta, gradient, 1.0),
            "a gradient is a slope, not a distance; the learning rate turns it into a step.",
        ),
        Mistake(
            "returned the step, not the place",
            lambda *args: _step(*args) - np.asarray(args[0]),
            "the new theta is the old one plus the step.",
        ),
    ),
    _read("The update rule"),
    tolerance=1e-6,
)


# ---- the loop with three stopping rules --------------------------------------------------------
def _bowl(theta):
    """A round bowl in any number of dimensions, lowest at (1, 1, ...)."""
    return 1.5 * ((np.asarray(theta) - 1) ** 2).sum()


def _bowl_gradient(theta):
    return 3 * (np.asarray(theta, dtype=float) - 1)


def _walk_cases(rng):
    bowl, steep, bend = (_bowl, _bowl_gradient), ravine(10), rosenbrock()
    narrow, curved = (steep, steep.gradient), (bend, bend.gradient)
    far = rng.uniform(2, 3, 5) * [1, -1, 1, -1, 1]
    return [
        Case((*narrow, rng.normal(size=2), 0.05, 12, 0, 0), "no tolerance"),
        Case((*bowl, far, 0.11, 500, 0.02, 0), "a gradient tolerance"),
        Case((*narrow, [-2.5, 1.5], 0.11, 500, 0, 1e-3), "a loss tolerance"),
        Case((*bowl, rng.normal(size=3), 0.1, 0, 0, 0), "a budget of 0 steps"),
        Case((*bowl, np.ones(2), 0.1, 50, 1e-6, 1e-6), "a start at the minimum"),
        Case((*bowl, [7], 0.2, 4, 1e-9, 1e-9), "one parameter, a list of whole numbers"),
        Case((*bowl, [-7, -8], 0.2, 30, 1e-4, 0), "a gradient with negative parts"),
        Case((*bowl, far, 0.3, 9, 10, 99), "two rules that apply at once"),
        Case((*narrow, [1.0, 1.0], 0.21, 6, 0, 0.5), "a loss that rises"),
        Case((*curved, [-1.2, 1.0], 0.001, 40, 0, 1e-3), "a curved valley"),
    ]


def _walk(
    f,
    gradient,
    start,
    learning_rate,
    n_steps,
    gradient_tolerance,
    loss_tolerance,
    *,
    sign=1,
    late=0,
    size=np.linalg.norm,
    change=abs,
    first="gradient",
):
    path = [np.array(start, dtype=float)]
    while True:
        grad = np.asarray(gradient(path[-1]))
        reasons = {"gradient": size(grad) < gradient_tolerance}
        reasons["loss"] = len(path) > 1 and change(f(path[-2]) - f(path[-1])) < loss_tolerance
        reasons["steps"] = len(path) > n_steps + late
        for reason in (first, *reasons):
            if reasons[reason]:
                return path, reason
        path.append(path[-1] - sign * learning_rate * grad)


def _without_start(*args):
    path, reason = _walk(*args)
    return path[1:], reason


def _same_array(*args):
    path, reason = _walk(*args)
    return [path[-1]] * len(path), reason


walk = Question(
    "03.walk",
    _walk,
    _walk_cases,
    (
        Mistake(
            "forgot the start",
            _without_start,
            "the path begins where you begin, so n steps make n + 1 points.",
        ),
        Mistake(
            "one step too many",
            partial(_walk, late=1),
            "n_steps counts steps, not points; with n_steps = 0 nothing moves.",
        ),
        Mistake(
            "one step too few",
            partial(_walk, late=-1),
            "n_steps counts steps, and the start is no step.",
        ),
        Mistake(
            "stored the same array again and again",
            _same_array,
            "`theta -= ...` changes the array that is already in the path; build a new one.",
        ),
        Mistake(
            "a rising loss counts as no change",
            partial(_walk, change=float),
            "compare the size of the change; a loss that jumps up has changed.",
        ),
        Mistake(
            "compared the parts of the gradient with their sign",
            partial(_walk, size=np.max),
            "-5 is below every tolerance and yet steep; compare the length of the vector.",
        ),
        Mistake(
            "compared the largest part of the gradient, not its length",
            partial(_walk, size=partial(np.linalg.norm, ord=np.inf)),
            "the length is the root of the sum of all squares.",
        ),
        Mistake(
            "asked the rules in another order",
            partial(_walk, first="loss"),
            "the gradient is asked first, then the loss, then the budget.",
        ),
        Mistake("plus instead of minus", partial(_walk, sign=-1), UPHILL),
    ),
    _read("When to stop"),
    points=3,
    tolerance=1e-7,
)


# ---- the largest safe rate ---------------------------------------------------------------------
def _hessian_cases(rng):
    A, B = rng.normal(size=(8, 5)), rng.normal(size=(4, 3))
    return [
        Case((np.diag([1.0, 25.0]),), "a ravine"),
        Case((np.array([[2.0, 1.0], [1.0, 2.0]]),), "a tilted bowl"),
        Case((A.T @ A,), "five parameters"),
        Case(([[4]],), "one parameter, as a list"),
        Case((np.array([[5, 2], [2, 8]]),), "whole numbers"),
        Case((np.float32(B.T @ B),), "float32"),
        Case((np.eye(3) * 1e-6,), "a bowl that is almost flat"),
        Case((np.diag([1e-3, 1e7, 3.0]),), "curvatures far apart"),
    ]


def _rate(hessian, of=np.max, numerator=2.0):
    return numerator / of(np.linalg.eigvalsh(np.asarray(hessian, dtype=float)))


largest_rate = Question(
    "03.largest_rate",
    _rate,
    _hessian_cases,
    (
        Mistake(
            "1/L instead of 2/L",
            partial(_rate, numerator=1.0),
            "at 1/L the factor 1 - rate * L is 0; it reaches -1 at twice that rate.",
        ),
        Mistake(
            "took the smallest curvature",
            partial(_rate, of=np.min),
            "the steepest direction blows up first, so the largest eigenvalue rules.",
        ),
        Mistake(
            "looked at the diagonal only",
            lambda hessian: 2 / np.max(np.diag(hessian)),
            "a tilted valley can be steeper between the axes; take eigenvalues.",
        ),
        Mistake(
            "added the curvatures up",
            partial(_rate, of=np.sum),
            "each direction has its own factor; only the steepest one counts.",
        ),
    ),
    _read("The largest safe rate"),
    tolerance=1e-5,
)


# ---- a schedule --------------------------------------------------------------------------------
def _schedule_cases(rng):
    n = int(rng.integers(5, 9))
    return [
        Case((range(12), 4, 12)),
        Case(([0], n, 30), "the first step"),
        Case(([n - 1, n, n + 1], n, 30), "the end of the warm-up"),
        Case((range(8), 0, 8), "no warm-up"),
        Case((range(3), 1, 10), "one step of warm-up"),
        Case(([18, 19, 20], n, 20), "the last steps"),
        Case(([19, 20, 21, 400], 4, 20), "steps after the end", "After n_steps the factor is 0."),
    ]


def _factor(step, n_warm_up, n_steps, *, ahead=1, room=1, cosine_from=1, wave=1, end=1, low=0):
    if step < n_warm_up:
        return (step + ahead) / (n_warm_up + room)
    since = n_warm_up * cosine_from
    share = min((step - since) / (n_steps - since), end)
    return low + (1 - low) * (1 + np.cos(wave * np.pi * share)) / 2


def _curve(function, steps, *args):
    return [function(step, *args) for step in steps]


warm_up_cosine = Question(
    "03.warm_up_cosine",
    _factor,
    _schedule_cases,
    (
        Mistake(
            "off by one, the first step is lost",
            partial(_factor, ahead=0, room=0),
            "steps count from 0, and a factor of 0 wastes a gradient; begin above 0.",
        ),
        Mistake(
            "off by one, the full rate comes too early",
            partial(_factor, room=0),
            "the factor reaches 1 at step n_warm_up, the first step after the warm-up.",
        ),
        Mistake(
            "counted the cosine from step 0",
            partial(_factor, cosine_from=0),
            "the half wave begins where the warm-up ends.",
        ),
        Mistake(
            "climbs again after the end",
            partial(_factor, end=np.inf),
            "hold the share of the way at 1 once n_steps are over.",
        ),
        Mistake(
            "a whole wave instead of half of one",
            partial(_factor, wave=2),
            "from 1 down to 0 is half a wave: the angle runs from 0 to pi.",
        ),
        Mistake(
            "swings below zero",
            partial(_factor, low=-1),
            "a cosine runs from 1 to -1; lift it by 1 and halve it.",
        ),
    ),
    _read("Schedules"),
    points=2,
    probe=_curve,
)


# ---- rescue a diverging run --------------------------------------------------------------------
def _data_cases(rng):
    birds = penguins()[rng.permutation(342)[:120]]
    flipper, mass = birds.flipper_length_mm, birds.body_mass_g / 1000
    both = birds.matrix("flipper_length_mm", "bill_depth_mm")
    mixed = rng.normal(size=(60, 3)) * [1, 1e3, 1e-3] + [5, 1e4, 1]
    target = mixed @ [1.0, 2e-3, 500.0] + rng.normal(size=60)
    return [
        Case((flipper, mass, 0.1, 400), "penguins, one feature of shape (n,)"),
        Case((flipper[:, None], mass, 0.4, 100), "penguins, one feature of shape (n, 1)"),
        Case((both, mass, 0.2, 800), "penguins, two features"),
        Case((mixed, target, 0.2, 800), "three features in different units"),
        Case(([180, 190, 200, 215], [3, 4, 4, 6], 0.25, 200), "lists of whole numbers"),
        Case((both, mass, 0.1, 0), "no step at all"),
        Case((flipper, mass, 0.5, 1), "a single step"),
        Case((both[:20], mass[:20], 0.1, 5), "five steps"),
    ]


def _fit(X, y, learning_rate, n_steps, *, spread=np.std, middle=np.mean, back=(1, 1), sign=-1):
    X = np.asarray(X, dtype=float).reshape(len(y), -1)
    mean, std = middle(X, axis=0), spread(X, axis=0)
    A = np.column_stack([(X - mean) / std, np.ones(len(y))])
    theta = np.zeros(A.shape[1])
    for _ in range(n_steps):
        theta = theta + sign * learning_rate * 2 / len(y) * A.T @ (A @ theta - y)
    w = theta[:-1] / std ** back[0]
    return np.append(w, theta[-1] - back[1] * w @ mean)


def _numbers(function, *args):
    """Runs that overflow are alike, whether they end in inf or in NaN."""
    theta = np.asarray(function(*args), dtype=float)
    return np.where(np.isfinite(theta), theta, np.nan)


def _none(X, axis):
    return np.zeros(X.shape[1])


def _unit(X, axis):
    return np.ones(X.shape[1])


fit_scaled = Question(
    "03.fit_scaled",
    _fit,
    _data_cases,
    (
        Mistake(
            "divided by the variance",
            partial(_fit, spread=np.var),
            "the standard deviation is the root of the variance and has the feature's unit.",
        ),
        Mistake(
            "forgot to map back",
            partial(_fit, back=(0, 0)),
            "your weights belong to the scaled feature; what is the slope per raw unit?",
        ),
        Mistake(
            "mapped the weights back, but not the intercept",
            partial(_fit, back=(1, 0)),
            "b was the prediction at the mean of X; ask for the prediction at X = 0.",
        ),
        Mistake(
            "multiplied by the standard deviation on the way back",
            partial(_fit, back=(-1, 1)),
            "one standard deviation is many raw units: the slope per raw unit is smaller.",
        ),
        Mistake(
            "did not scale",
            partial(_fit, middle=_none, spread=_unit),
            "in raw units L is huge and this learning rate lies far above 2/L.",
        ),
        Mistake(
            "did not subtract the mean",
            partial(_fit, middle=_none),
            "far from zero, feature and intercept do almost the same: a ravine; center first.",
        ),
        Mistake("plus instead of minus", partial(_fit, sign=1), UPHILL),
    ),
    _read("Rescue a run by scaling"),
    points=3,
    tolerance=1e-6,
    probe=_numbers,
)
