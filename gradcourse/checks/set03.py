"""Exercise set 03: a step, the loop around it, its rate, its schedule, its rescue."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question
from gradcourse.datasets import penguins
from gradcourse.landscapes import ravine, rosenbrock

UPHILL = "the gradient points uphill; to go down, go against it."


ask = partial(question, "03_gradient_descent")


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


def _in_place(theta, gradient, learning_rate):
    theta -= learning_rate * gradient(theta)
    return theta


def _one_after_the_other(theta, gradient, learning_rate):
    theta = np.array(theta, dtype=float)
    for i in range(len(theta)):
        theta[i] -= learning_rate * gradient(theta)[i]
    return theta


@ask("The update rule", _step_cases, tolerance=1e-6)
def one_step(theta, gradient, learning_rate, *, sign=-1.0):
    """One step against the gradient."""
    return np.asarray(theta) + sign * learning_rate * np.asarray(gradient(theta))


one_step.mistake("plus instead of minus", UPHILL, sign=1.0)
one_step.mistake(
    "changed its input",
    "`-=` writes into the caller's array; build a new one with `theta - ...`.",
    by=_in_place,
)
one_step.mistake(
    "used the already updated coordinate",
    "compute the whole gradient at the old theta, then move all coordinates at once.",
    by=_one_after_the_other,
)
one_step.mistake(
    "forgot the learning rate",
    "a gradient is a slope, not a distance; the learning rate turns it into a step.",
    by=lambda theta, gradient, _: one_step.right(theta, gradient, 1.0),
)
one_step.mistake(
    "returned the step, not the place",
    "the new theta is the old one plus the step.",
    by=lambda *args: one_step.right(*args) - np.asarray(args[0]),
)


# ---- the loop with three stopping rules --------------------------------------------------------
def _bowl(theta):
    """A round bowl in any number of dimensions, lowest at (1, 1, ...)."""
    return 1.5 * ((np.asarray(theta) - 1) ** 2).sum()


def _bowl_gradient(theta):
    return 3 * (np.asarray(theta, dtype=float) - 1)


def _walk_cases(rng):
    bowl = (_bowl, _bowl_gradient)
    steep = ravine(10)
    bend = rosenbrock()
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


def _without_start(*args):
    path, reason = walk.right(*args)
    return path[1:], reason


def _same_array(*args):
    path, reason = walk.right(*args)
    return [path[-1]] * len(path), reason


@ask("When to stop", _walk_cases, points=3, tolerance=1e-7)
def walk(
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
    """The whole path of gradient descent, and which of three rules stopped it."""
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


walk.mistake(
    "forgot the start",
    "the path begins where you begin, so n steps make n + 1 points.",
    by=_without_start,
)
walk.mistake(
    "one step too many", "n_steps counts steps, not points; with n_steps = 0 nothing moves.", late=1
)
walk.mistake("one step too few", "n_steps counts steps, and the start is no step.", late=-1)
walk.mistake(
    "stored the same array again and again",
    "`theta -= ...` changes the array that is already in the path; build a new one.",
    by=_same_array,
)
walk.mistake(
    "a rising loss counts as no change",
    "compare the size of the change; a loss that jumps up has changed.",
    change=float,
)
walk.mistake(
    "compared the parts of the gradient with their sign",
    "-5 is below every tolerance and yet steep; compare the length of the vector.",
    size=np.max,
)
walk.mistake(
    "compared the largest part of the gradient, not its length",
    "the length is the root of the sum of all squares.",
    size=partial(np.linalg.norm, ord=np.inf),
)
walk.mistake(
    "asked the rules in another order",
    "the gradient is asked first, then the loss, then the budget.",
    first="loss",
)
walk.mistake("plus instead of minus", UPHILL, sign=-1)


# ---- the largest safe rate ---------------------------------------------------------------------
def _hessian_cases(rng):
    A = rng.normal(size=(8, 5))
    B = rng.normal(size=(4, 3))
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


@ask("The largest safe rate", _hessian_cases, tolerance=1e-5)
def largest_rate(hessian, *, of=np.max, numerator=2.0):
    """The largest safe learning rate on a quadratic, 2/L."""
    return numerator / of(np.linalg.eigvalsh(np.asarray(hessian, dtype=float)))


largest_rate.mistake(
    "1/L instead of 2/L",
    "at 1/L the factor 1 - rate * L is 0; it reaches -1 at twice that rate.",
    numerator=1.0,
)
largest_rate.mistake(
    "took the smallest curvature",
    "the steepest direction blows up first, so the largest eigenvalue rules.",
    of=np.min,
)
largest_rate.mistake(
    "looked at the diagonal only",
    "a tilted valley can be steeper between the axes; take eigenvalues.",
    by=lambda hessian: 2 / np.max(np.diag(hessian)),
)
largest_rate.mistake(
    "added the curvatures up",
    "each direction has its own factor; only the steepest one counts.",
    of=np.sum,
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


def _curve(function, steps, *args):
    return [function(step, *args) for step in steps]


@ask("Schedules", _schedule_cases, points=2, probe=_curve)
def warm_up_cosine(
    step, n_warm_up, n_steps, *, ahead=1, room=1, cosine_from=1, wave=1, end=1, low=0
):
    """The factor of the rate: a linear warm-up, then half a cosine wave down to 0."""
    if step < n_warm_up:
        return (step + ahead) / (n_warm_up + room)
    since = n_warm_up * cosine_from
    share = min((step - since) / (n_steps - since), end)
    return low + (1 - low) * (1 + np.cos(wave * np.pi * share)) / 2


warm_up_cosine.mistake(
    "off by one, the first step is lost",
    "steps count from 0, and a factor of 0 wastes a gradient; begin above 0.",
    ahead=0,
    room=0,
)
warm_up_cosine.mistake(
    "off by one, the full rate comes too early",
    "the factor reaches 1 at step n_warm_up, the first step after the warm-up.",
    room=0,
)
warm_up_cosine.mistake(
    "counted the cosine from step 0", "the half wave begins where the warm-up ends.", cosine_from=0
)
warm_up_cosine.mistake(
    "climbs again after the end",
    "hold the share of the way at 1 once n_steps are over.",
    end=np.inf,
)
warm_up_cosine.mistake(
    "a whole wave instead of half of one",
    "from 1 down to 0 is half a wave: the angle runs from 0 to pi.",
    wave=2,
)
warm_up_cosine.mistake(
    "swings below zero", "a cosine runs from 1 to -1; lift it by 1 and halve it.", low=-1
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


def _numbers(function, *args):
    """Runs that overflow are alike, whether they end in inf or in NaN."""
    theta = np.asarray(function(*args), dtype=float)
    return np.where(np.isfinite(theta), theta, np.nan)


def _none(X, axis):
    return np.zeros(X.shape[1])


def _unit(X, axis):
    return np.ones(X.shape[1])


@ask("Rescue a run by scaling", _data_cases, points=3, tolerance=1e-6, probe=_numbers)
def fit_scaled(
    X, y, learning_rate, n_steps, *, spread=np.std, middle=np.mean, back=(1, 1), sign=-1
):
    """A linear model fitted on standardized features and mapped back to raw units."""
    X = np.asarray(X, dtype=float).reshape(len(y), -1)
    mean, std = middle(X, axis=0), spread(X, axis=0)
    A = np.column_stack([(X - mean) / std, np.ones(len(y))])
    theta = np.zeros(A.shape[1])
    for _ in range(n_steps):
        theta = theta + sign * learning_rate * 2 / len(y) * A.T @ (A @ theta - y)
    w = theta[:-1] / std ** back[0]
    return np.append(w, theta[-1] - back[1] * w @ mean)


fit_scaled.mistake(
    "divided by the variance",
    "the standard deviation is the root of the variance and has the feature's unit.",
    spread=np.var,
)
fit_scaled.mistake(
    "forgot to map back",
    "your weights belong to the scaled feature; what is the slope per raw unit?",
    back=(0, 0),
)
fit_scaled.mistake(
    "mapped the weights back, but not the intercept",
    "b was the prediction at the mean of X; ask for the prediction at X = 0.",
    back=(1, 0),
)
fit_scaled.mistake(
    "multiplied by the standard deviation on the way back",
    "one standard deviation is many raw units: the slope per raw unit is smaller.",
    back=(-1, 1),
)
fit_scaled.mistake(
    "did not scale",
    "in raw units L is huge and this learning rate lies far above 2/L.",
    middle=_none,
    spread=_unit,
)
fit_scaled.mistake(
    "did not subtract the mean",
    "far from zero, feature and intercept do almost the same: a ravine; center first.",
    middle=_none,
)
fit_scaled.mistake("plus instead of minus", UPHILL, sign=1)
