"""Right answers to exercise set 09, written in different ways: (question, function)."""

import numpy as np

from gradcourse.autodiff import Tensor
from gradcourse.checks import set09
from gradcourse.constrained import ProximalGradient, soft_threshold
from gradcourse.losses import LinearRegression


# ---- ridge
def ridge_by_library(X, y, theta, strength):
    theta = np.array(theta, dtype=float)
    return LinearRegression(X, y).gradient(theta) + strength * np.append(theta[:-1], 0.0)


def ridge_by_autodiff(X, y, theta, strength):
    w, b = Tensor(np.array(theta[:-1], dtype=float)), Tensor(float(theta[-1]))
    error = np.array(X, dtype=float) @ w + b - np.array(y, dtype=float)
    loss = (error * error).mean() + (w * w).sum() * (0.5 * strength)
    loss.backward()
    return [*w.grad, float(b.grad)]


def ridge_by_loops(X, y, theta, strength):
    *w, b = theta
    grad = [strength * w_k for w_k in w] + [0.0]
    for row, target in zip(X, y, strict=True):
        error = sum(x * w_k for x, w_k in zip(row, w, strict=True)) + b - target
        for k, x in enumerate([*row, 1.0]):
            grad[k] += 2 * error * x / len(y)
    return grad


# ---- lasso
def lasso_by_library(theta, grad, learning_rate, strength):
    recipe = ProximalGradient(strength, learning_rate)
    return recipe.step(np.array(theta, dtype=float), np.array(grad, dtype=float), ())[0]


def lasso_by_threshold(theta, grad, learning_rate, strength):
    moved = np.array(theta) - learning_rate * np.array(grad)
    return soft_threshold(moved, learning_rate * strength)


def lasso_by_clip(theta, grad, learning_rate, strength):
    moved = np.subtract(theta, learning_rate * np.array(grad))
    return moved - np.clip(moved, -learning_rate * strength, learning_rate * strength)


def lasso_by_loop(theta, grad, learning_rate, strength):
    out = []
    for w, g in zip(theta, grad, strict=True):
        w, amount = w - learning_rate * g, learning_rate * strength
        out.append(w - amount if w > amount else w + amount if w < -amount else 0.0)
    return out


# ---- early stopping
def stop_by_slices(losses, patience):
    best = 0
    while True:
        coming = [k for k in range(best + 1, best + 1 + patience) if k < len(losses)]
        better = [k for k in coming if losses[k] < losses[best]]
        if not better:
            return best
        best = better[0]


def stop_by_counting(losses, patience):
    best, waited, lowest = 0, 0, losses[0]
    for epoch, loss in enumerate(losses[1:], start=1):
        if loss < lowest:
            best, waited, lowest = epoch, 0, loss
            continue
        waited += 1
        if waited >= patience:
            break
    return best


def stop_by_running_best(losses, patience):
    losses = [np.inf if np.isnan(loss) else loss for loss in losses]
    for epoch in range(len(losses)):
        best = int(np.argmin(losses[: epoch + 1]))
        if epoch - best == patience:
            return best
    return best


# ---- PCA by gradient
def pca_by_covariance(X, start, learning_rate, n_steps):
    C = np.atleast_2d(np.cov(np.array(X, dtype=float).T, bias=True))
    w = np.array(start) / np.linalg.norm(start)
    for _ in range(n_steps):
        w = w + 2 * learning_rate * C @ w
        w /= np.sqrt(w @ w)
    return w


def pca_by_autodiff(X, start, learning_rate, n_steps):
    X = np.array(X, dtype=float)
    X, w = X - np.mean(X, axis=0), np.array(start, dtype=float) / np.linalg.norm(start)
    for _ in range(n_steps):
        t = Tensor(w)
        ((X @ t) ** 2).mean().backward()
        w = w + learning_rate * t.grad
        w = w / np.linalg.norm(w)
    return w


def pca_with_the_length_at_the_end(X, start, learning_rate, n_steps):
    X, w = np.array(X, dtype=float), np.array(start, dtype=float)
    X = X - X.mean(axis=0)
    for _ in range(n_steps):  # every step is linear in w, so the length may wait
        w = w + learning_rate * 2 / len(X) * X.T @ (X @ w)
    return w / np.linalg.norm(w)


# ---- importance
def importance_by_loops(slopes, X):
    columns = zip(np.array(slopes).T, np.array(X).T, strict=True)
    sizes = [np.mean([abs(s) for s in slope]) * np.std(x) for slope, x in columns]
    return [size / sum(sizes) for size in sizes]


def importance_of_scaled_inputs(slopes, X):
    spreads = np.array([np.std(column) for column in np.array(X).T])
    per_spread = np.abs(np.array(slopes) * spreads)
    return per_spread.sum(axis=0) / per_spread.sum()


def importance_in_one(slopes, X):
    sizes = np.einsum("nd,d->d", np.abs(slopes), np.std(X, axis=0))
    return sizes / np.linalg.norm(sizes, 1)


# ---- shards
def shards_by_average(gradients, sizes):
    return np.average(gradients, axis=0, weights=sizes)


def shards_one_by_one(gradients, sizes):
    mean, seen = np.zeros(len(gradients[0])), 0
    for gradient, size in zip(gradients, sizes, strict=True):
        seen += size
        mean = mean + (np.array(gradient) - mean) * (size / seen)
    return mean


def shards_by_rows(gradients, sizes):
    rows = [gradient for gradient, size in zip(gradients, sizes, strict=True) for _ in range(size)]
    return np.mean(rows, axis=0)


RIGHT = [
    (set09.early_stop, stop_by_running_best),
    (set09.combine_shards, shards_one_by_one),
    (set09.importance, importance_of_scaled_inputs),
    (set09.first_direction, pca_with_the_length_at_the_end),
    (set09.ridge_gradient, ridge_by_library),
    (set09.ridge_gradient, ridge_by_autodiff),
    (set09.ridge_gradient, ridge_by_loops),
    (set09.lasso_step, lasso_by_library),
    (set09.lasso_step, lasso_by_threshold),
    (set09.lasso_step, lasso_by_clip),
    (set09.lasso_step, lasso_by_loop),
    (set09.early_stop, stop_by_slices),
    (set09.early_stop, stop_by_counting),
    (set09.first_direction, pca_by_covariance),
    (set09.first_direction, pca_by_autodiff),
    (set09.importance, importance_by_loops),
    (set09.importance, importance_in_one),
    (set09.combine_shards, shards_by_average),
    (set09.combine_shards, shards_by_rows),
]
