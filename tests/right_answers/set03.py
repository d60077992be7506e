"""Right answers to exercise set 03, written differently: (question, function)."""

import math
from itertools import count

import numpy as np

from gradcourse import descent
from gradcourse.checks.set03 import fit_scaled, largest_rate, one_step, walk, warm_up_cosine
from gradcourse.optimizers import GradientDescent
from gradcourse.schedules import Cosine, WarmUp


def step_by_numpy(theta, gradient, learning_rate):
    return np.array(theta) - learning_rate * np.array(gradient(theta))


def step_in_double_precision(theta, gradient, learning_rate):
    theta = np.array(theta, dtype=np.float64)
    theta -= np.multiply(learning_rate, gradient(theta))
    return theta


def step_number_by_number(theta, gradient, learning_rate):
    theta = np.asarray(theta)
    slopes = np.asarray(gradient(theta)).ravel()
    moved = [t - learning_rate * g for t, g in zip(theta.ravel(), slopes, strict=True)]
    return np.reshape(moved, theta.shape).tolist()


def step_by_recipe(theta, gradient, learning_rate):
    recipe = GradientDescent(learning_rate)
    return recipe.step(np.asarray(theta), np.asarray(gradient(theta)), ())[0]


def walk_with_for(f, gradient, start, rate, n_steps, gradient_tolerance, loss_tolerance):
    path = [np.array(start, dtype=float)]
    for step in range(n_steps + 1):
        slope = gradient(path[-1])
        if math.hypot(*slope) < gradient_tolerance:
            return np.array(path), "gradient"
        if step > 0 and abs(f(path[-1]) - f(path[-2])) < loss_tolerance:
            return np.array(path), "loss"
        if step < n_steps:
            path.append(path[-1] - rate * slope)
    return np.array(path), "steps"


def walk_with_while(f, gradient, start, rate, n_steps, gradient_tolerance, loss_tolerance):
    theta, before, path = np.asarray(start) + 0.0, math.inf, []
    while True:
        path.append(theta.tolist())
        grad, loss = gradient(theta), f(theta)
        if (grad @ grad) ** 0.5 < gradient_tolerance:
            return path, "gradient"
        if abs(before - loss) < loss_tolerance:
            return path, "loss"
        if len(path) == n_steps + 1:
            return path, "steps"
        theta, before = theta - rate * grad, loss


def walk_with_tables(f, gradient, start, rate, n_steps, gradient_tolerance, loss_tolerance):
    path = np.empty((n_steps + 1, len(start)))
    path[0] = start
    for i in count():
        if np.sqrt((gradient(path[i]) ** 2).sum()) < gradient_tolerance:
            return path[: i + 1], "gradient"
        if i and abs(f(path[i]) - f(path[i - 1])) < loss_tolerance:
            return path[: i + 1], "loss"
        if i == n_steps:
            return path, "steps"
        path[i + 1] = path[i] - rate * gradient(path[i])


def walk_by_library(f, gradient, start, rate, n_steps, gradient_tolerance, loss_tolerance):
    way = descent.descend(
        f,
        gradient,
        start,
        GradientDescent(rate),
        n_steps,
        gradient_tolerance=gradient_tolerance or None,
        loss_tolerance=loss_tolerance or None,
    )
    words = {"All": "steps", "The gradient": "gradient", "The loss": "loss"}
    return way.path, next(word for text, word in words.items() if way.stopped.startswith(text))


def rate_by_eigvalsh(hessian):
    return 2 / np.linalg.eigvalsh(np.array(hessian, dtype=float))[-1]


def rate_by_eigvals(hessian):
    return 2 / max(np.linalg.eigvals(np.array(hessian)).real)


def rate_by_norm(hessian):
    return float(2 / np.linalg.norm(hessian, 2))


def rate_by_power_iteration(hessian):
    hessian = np.array(hessian, dtype=float)
    v = np.arange(1.0, len(hessian) + 1)
    for _ in range(5000):
        v = hessian @ v / np.linalg.norm(hessian @ v)
    return 2 / (v @ hessian @ v)


def factor_by_math(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return (step + 1) / (n_warm_up + 1)
    if step >= n_steps:
        return 0
    return 0.5 * (1 + math.cos(math.pi * (step - n_warm_up) / (n_steps - n_warm_up)))


def factor_by_numpy(step, n_warm_up, n_steps):
    rise = (np.asarray(step) + 1) / (n_warm_up + 1)
    share = np.clip((step - n_warm_up) / (n_steps - n_warm_up), 0, 1)
    return np.where(step < n_warm_up, rise, np.cos(np.pi / 2 * share) ** 2)


def factor_by_library(step, n_warm_up, n_steps):
    fall = Cosine(n_steps - n_warm_up)
    return WarmUp(n_warm_up, 1 / (n_warm_up + 1), fall)(step) if n_warm_up else fall(step)


def fit_apart(X, y, learning_rate, n_steps):
    X, y = np.array(X, float), np.array(y, float)
    X = X[:, np.newaxis] if X.ndim == 1 else X
    m, s = X.mean(axis=0), X.std(axis=0)
    Z, w, b = (X - m) / s, np.zeros(X.shape[1]), 0.0
    for _ in range(n_steps):
        error = Z @ w + b - y
        w, b = w - learning_rate * 2 * Z.T @ error / len(y), b - learning_rate * 2 * error.mean()
    return [*(w / s), b - sum(w / s * m)]


def fit_by_library(X, y, learning_rate, n_steps):
    from gradcourse.datasets import standardize
    from gradcourse.losses import LinearRegression

    Z, mean, std = standardize(X)
    line = LinearRegression(Z, y)
    start = np.zeros(line.design.shape[1])
    way = descent.descend(line, line.gradient, start, GradientDescent(learning_rate), n_steps)
    w = way.final[:-1] / std
    return np.append(w, way.final[-1] - np.sum(w * mean))


def fit_with_loops(X, y, learning_rate, n_steps):
    columns = np.atleast_2d(np.array(X, float).T).tolist()
    n = len(y)
    means = [sum(column) / n for column in columns]
    spreads = [
        math.sqrt(sum((value - mean) ** 2 for value in column) / n)
        for column, mean in zip(columns, means, strict=True)
    ]
    shapes = zip(columns, means, spreads, strict=True)
    scaled = [[(value - mean) / spread for value in column] for column, mean, spread in shapes]
    theta = [0.0] * (len(columns) + 1)
    for _ in range(n_steps):
        guesses = [theta[-1]] * n
        for weight, column in zip(theta, scaled, strict=False):
            guesses = [g + weight * value for g, value in zip(guesses, column, strict=True)]
        errors = [g - target for g, target in zip(guesses, y, strict=True)]
        slopes = [
            2 / n * sum(e * z for e, z in zip(errors, column, strict=True)) for column in scaled
        ]
        slopes.append(2 / n * sum(errors))
        theta = [t - learning_rate * slope for t, slope in zip(theta, slopes, strict=True)]
    weights = [t / spread for t, spread in zip(theta, spreads, strict=False)]
    return [*weights, theta[-1] - sum(w * m for w, m in zip(weights, means, strict=True))]


RIGHT = [
    *((one_step, f) for f in (step_by_numpy, step_in_double_precision)),
    *((one_step, f) for f in (step_number_by_number, step_by_recipe)),
    *((walk, f) for f in (walk_with_for, walk_with_while, walk_with_tables, walk_by_library)),
    *((largest_rate, f) for f in (rate_by_eigvalsh, rate_by_eigvals, rate_by_norm)),
    (largest_rate, rate_by_power_iteration),
    *((warm_up_cosine, f) for f in (factor_by_math, factor_by_numpy, factor_by_library)),
    *((fit_scaled, f) for f in (fit_apart, fit_by_library, fit_with_loops)),
]
