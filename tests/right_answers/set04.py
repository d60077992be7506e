"""Right answers to exercise set 04, written in different ways: (question, function)."""

import math
import random
from collections import Counter

import numpy as np

from gradcourse.checks import set04
from gradcourse.losses import LinearSVM, LogisticRegression, balanced_weights


# ---- shuffled mini-batches
def split_by_numpy(n, batch_size, rng):
    return np.array_split(rng.permutation(n), range(batch_size, n, batch_size))


def shuffled_list(n, batch_size, rng):
    rows = list(range(n))
    rng.shuffle(rows)
    batches = []
    while rows:
        batches.append(rows[:batch_size])
        rows = rows[batch_size:]
    return batches


def by_random_keys(n, batch_size, rng):
    order = np.argsort(rng.random(n))
    return [order[k::1][:batch_size] for k in range(0, n, batch_size)]


def with_pythons_own(n, batch_size, rng):
    rows = random.Random(int(rng.integers(10**9))).sample(range(n), n)
    return [rows[i : i + batch_size] for i in range(0, n, batch_size)]


# ---- logistic gradient
def logistic_loop(X, y, w, b):
    grad_w, grad_b = [0.0] * len(w), 0.0
    for row, label in zip(X, y, strict=True):
        z = sum(float(x) * float(v) for x, v in zip(row, w, strict=True)) + b
        p = 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
        grad_w = [g + (p - label) * float(x) / len(y) for g, x in zip(grad_w, row, strict=True)]
        grad_b += (p - label) / len(y)
    return grad_w, grad_b


def logistic_by_library(X, y, w, b):
    grad = LogisticRegression(X, y).gradient(np.append(w, b))
    return grad[:-1], grad[-1]


def logistic_by_tanh(X, y, w, b):
    X = np.array(X, dtype=float)
    errors = (1 + np.tanh((X @ w + b) / 2)) / 2 - y
    return X.T @ errors / len(X), np.mean(errors)


# ---- hinge subgradient
def hinge_loop(X, y, w, b):
    total = np.zeros(len(w) + 1)
    for row, label in zip(np.asarray(X, dtype=float), y, strict=True):
        if label * (row @ w + b) < 1:
            total -= label * np.append(row, 1)
    return total[:-1] / len(y), total[-1] / len(y)


def hinge_by_library(X, y, w, b):
    grad = LinearSVM(X, y).gradient(np.append(w, b))
    return grad[:-1].tolist(), grad[-1]


def hinge_by_mask(X, y, w, b):
    X, y = np.array(X, dtype=float), np.array(y, dtype=float)
    inside = y * (X @ w + b) < 1
    return -(y[inside] @ X[inside]) / len(y), -y[inside].sum() / len(y)


# ---- noise
def noise_by_std(each, batch_size):
    return np.linalg.norm(np.std(each, axis=0, dtype=float)) / np.sqrt(batch_size)


def noise_by_hand(each, batch_size):
    each = np.array(each, dtype=float)
    distances = ((each - each.mean(axis=0)) ** 2).sum(axis=1)
    return math.sqrt(distances.mean() / batch_size)


def noise_by_trace(each, batch_size):
    columns = np.array(each, dtype=float).T
    return (np.trace(np.atleast_2d(np.cov(columns, bias=True))) / batch_size) ** 0.5


# ---- class weights
def weights_by_counter(y):
    counts = Counter(y)
    return [len(y) / (len(counts) * counts[label]) for label in y]


def weights_by_comparison(y):
    y = np.asarray(y)
    same = (y[:, None] == y).sum(axis=1)
    return 1 / same / (1 / same).mean()


# ---- the loop
def loop_with_two_parts(X, y, orders, batch_size, learning_rate):
    X, y = np.array(X, dtype=float), np.array(y)
    w, b = np.zeros(X.shape[1]), 0.0
    for order in orders:
        for rows in np.array_split(order, range(batch_size, len(order), batch_size)):
            error = 1 / (1 + np.exp(-(X[rows] @ w + b))) - y[rows]
            w, b = (
                w - learning_rate * X[rows].T @ error / len(rows),
                b - learning_rate * error.mean(),
            )
    return [*w, b]


def loop_by_library(X, y, orders, batch_size, learning_rate):
    model = LogisticRegression(X, y)
    theta = np.zeros(model.design.shape[1])
    for order in orders:
        for i in range(0, len(y), batch_size):
            theta = theta - learning_rate * model.gradient(
                theta, np.array(order[i : i + batch_size])
            )
    return theta


def loop_in_plain_python(X, y, orders, batch_size, learning_rate):
    theta = [0.0] * (len(X[0]) + 1)
    for order in orders:
        for i in range(0, len(order), batch_size):
            rows, step = order[i : i + batch_size], [0.0] * len(theta)
            for k in rows:
                x = [*X[k], 1.0]
                z = sum(a * t for a, t in zip(x, theta, strict=True))
                error = 1 / (1 + math.exp(-z)) - y[k]
                step = [s + error * a / len(rows) for s, a in zip(step, x, strict=True)]
            theta = [t - learning_rate * s for t, s in zip(theta, step, strict=True)]
    return theta


RIGHT = [
    (set04.minibatch_rows, split_by_numpy),
    (set04.minibatch_rows, shuffled_list),
    (set04.minibatch_rows, by_random_keys),
    (set04.minibatch_rows, with_pythons_own),
    (set04.logistic_gradient, logistic_loop),
    (set04.logistic_gradient, logistic_by_library),
    (set04.logistic_gradient, logistic_by_tanh),
    (set04.hinge_subgradient, hinge_loop),
    (set04.hinge_subgradient, hinge_by_library),
    (set04.hinge_subgradient, hinge_by_mask),
    (set04.batch_noise, noise_by_std),
    (set04.batch_noise, noise_by_hand),
    (set04.batch_noise, noise_by_trace),
    (set04.class_weights, weights_by_counter),
    (set04.class_weights, weights_by_comparison),
    (set04.class_weights, balanced_weights),
    (set04.train_logistic, loop_with_two_parts),
    (set04.train_logistic, loop_by_library),
    (set04.train_logistic, loop_in_plain_python),
]
