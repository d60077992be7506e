"""Right answers to exercise set 05, written in different ways: (question, function)."""

import math

import numpy as np

from gradcourse.checks import set05
from gradcourse.optimizers import AdaGrad, Adam, Momentum, RMSProp


def by_library(recipe):
    """Let the library's recipe walk."""

    def path(gradient, theta, *args):
        *numbers, n_steps = args
        optimizer, theta = recipe(*numbers), np.array(theta, dtype=float)
        state, places = optimizer.init(theta), [theta]
        for _ in range(n_steps):
            theta, state = optimizer.step(theta, np.asarray(gradient(theta)), state)
            places.append(theta)
        return places

    return path


momentum_by_library = by_library(Momentum)
adagrad_by_library = by_library(lambda rate: AdaGrad(rate, eps=1e-8))
rmsprop_by_library = by_library(RMSProp)
adam_by_library = by_library(Adam)


# ---- momentum
def heavy_ball(gradient, theta, rate, momentum, n_steps):
    path = [np.array(theta, dtype=float)]
    for k in range(n_steps):
        push = momentum * (path[-1] - path[-2]) if k else 0
        path.append(path[-1] - rate * np.asarray(gradient(path[-1])) + push)
    return path


def momentum_in_an_array(gradient, theta, rate, momentum, n_steps):
    theta = np.array(theta, dtype=float)
    path, velocity = np.empty((n_steps + 1, *theta.shape)), np.zeros_like(theta)
    path[0] = theta
    for k in range(n_steps):
        velocity *= momentum
        velocity += gradient(path[k])
        path[k + 1] = path[k] - rate * velocity
    return path


# ---- AdaGrad, RMSProp
def adagrad_from_history(gradient, theta, rate, n_steps):
    path, history = [np.array(theta, dtype=float)], []
    for _ in range(n_steps):
        history.append(np.array(gradient(path[-1]), dtype=float))
        size = np.linalg.norm(history, axis=0)
        path.append(path[-1] - rate * history[-1] / (size + 1e-8))
    return path


def adagrad_by_recursion(gradient, theta, rate, n_steps, squares=0.0):
    theta = np.array(theta, dtype=float)
    if n_steps == 0:
        return [theta]
    grad = np.array(gradient(theta), dtype=float)
    squares = squares + grad * grad
    after = theta - rate * grad / (squares**0.5 + 1e-8)
    return [theta, *adagrad_by_recursion(gradient, after, rate, n_steps - 1, squares)]


def rmsprop_by_difference(gradient, theta, rate, decay, n_steps):
    path, mean = [np.array(theta, dtype=float)], 0.0
    for _ in range(n_steps):
        grad = np.array(gradient(path[-1]), dtype=float)
        mean = mean + (1 - decay) * (grad**2 - mean)
        path.append(path[-1] - rate * grad / (np.sqrt(mean) + 1e-8))
    return path


def rmsprop_from_history(gradient, theta, rate, decay, n_steps):
    path, history = [np.array(theta, dtype=float)], []
    for k in range(n_steps):
        history.append(np.array(gradient(path[-1]), dtype=float) ** 2)
        weights = (1 - decay) * decay ** np.arange(k, -1, -1)
        mean = np.tensordot(weights, history, axes=1)
        grad = np.array(gradient(path[-1]), dtype=float)
        path.append(path[-1] - rate * grad / (np.sqrt(mean) + 1e-8))
    return path


# ---- Adam
def adam_with_one_factor(gradient, theta, rate, beta1, beta2, n_steps):
    path, m, v = [np.array(theta, dtype=float)], 0.0, 0.0
    for t in range(1, n_steps + 1):
        grad = np.array(gradient(path[-1]), dtype=float)
        m, v = m + (1 - beta1) * (grad - m), v + (1 - beta2) * (grad * grad - v)
        root = math.sqrt(1 - beta2**t)
        path.append(path[-1] - rate * root / (1 - beta1**t) * m / (np.sqrt(v) + 1e-8 * root))
    return path


def adam_with_running_powers(gradient, theta, rate, beta1, beta2, n_steps):
    path, m, v, left1, left2 = [np.array(theta, dtype=float)], 0.0, 0.0, 1.0, 1.0
    for _ in range(n_steps):
        grad = np.array(gradient(path[-1]), dtype=float)
        left1, left2 = left1 * beta1, left2 * beta2
        m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
        step = m / (1 - left1) / (np.sqrt(v / (1 - left2)) + 1e-8)
        path.append(path[-1] - rate * step)
    return path


# ---- match a path
def by_least_squares(path, gradient, rate):
    a, b, c = (np.array(point, dtype=float) for point in path[:3])
    right = (b - c) / rate - np.asarray(gradient(b))
    return np.linalg.lstsq(((a - b) / rate)[:, None], right, rcond=None)[0][0]


def by_the_largest_part(path, gradient, rate):
    a, b, c = (np.array(point, dtype=float) for point in path[:3])
    push = b - c - rate * np.asarray(gradient(b))
    k = int(np.argmax(np.abs(a - b)))
    return float(push[k] / (a - b)[k])


def by_all_points(path, gradient, rate):
    path = np.array(path, dtype=float)
    v = -np.diff(path, axis=0) / rate
    push = v[1:] - np.array([gradient(point) for point in path[1:-1]])
    return (push * v[:-1]).sum() / (v[:-1] ** 2).sum()


# ---- tune
def tune_by_loop(run, rates, budget):
    best, lowest = None, math.inf
    for rate in rates:
        loss = run(rate, budget // len(rates))
        if math.isfinite(loss) and loss < lowest:
            best, lowest = rate, loss
    return best


def tune_by_sorting(run, rates, budget):
    pairs = [(run(rate, int(budget / len(rates))), rate) for rate in rates]
    return sorted(pair for pair in pairs if math.isfinite(pair[0]))[0][1]


def tune_by_nan(run, rates, budget):
    losses = np.array([run(rate, budget // len(rates)) for rate in rates], dtype=float)
    return np.asarray(rates)[np.nanargmin(np.where(np.isfinite(losses), losses, np.nan))]


RIGHT = [
    (set05.momentum_path, momentum_by_library),
    (set05.momentum_path, heavy_ball),
    (set05.momentum_path, momentum_in_an_array),
    (set05.adagrad_path, adagrad_by_library),
    (set05.adagrad_path, adagrad_from_history),
    (set05.adagrad_path, adagrad_by_recursion),
    (set05.rmsprop_path, rmsprop_by_library),
    (set05.rmsprop_path, rmsprop_by_difference),
    (set05.rmsprop_path, rmsprop_from_history),
    (set05.adam_path, adam_by_library),
    (set05.adam_path, adam_with_one_factor),
    (set05.adam_path, adam_with_running_powers),
    (set05.find_momentum, by_least_squares),
    (set05.find_momentum, by_the_largest_part),
    (set05.find_momentum, by_all_points),
    (set05.tune_rate, tune_by_loop),
    (set05.tune_rate, tune_by_sorting),
    (set05.tune_rate, tune_by_nan),
]
