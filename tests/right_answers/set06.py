"""Right answers to exercise set 06, written in different ways: (question, function)."""

import numpy as np

from gradcourse import curvature
from gradcourse.checks import set06
from gradcourse.constrained import ConditionalGradient, L1Ball, duality_gap


# ---- Hessian
def by_library(gradient, theta, h):
    return curvature.numerical_hessian(gradient, np.array(theta, dtype=float), h)


def column_by_column(gradient, theta, h):
    n = len(theta)
    H = np.empty((n, n))
    for j in range(n):
        plus, minus = np.array(theta, dtype=float), np.array(theta, dtype=float)
        plus[j] += h
        minus[j] -= h
        H[:, j] = (np.asarray(gradient(plus)) - np.asarray(gradient(minus))) / (2 * h)
    return H


def averaged_halves(gradient, theta, h):
    H = column_by_column(gradient, theta, h)
    return 0.5 * (H + H.T)


# ---- Newton
def by_recipe(gradient, hessian, theta, damping, n_steps):
    newton = curvature.Newton(lambda t: np.asarray(hessian(t)), damping)
    path = [np.array(theta, dtype=float)]
    for _ in range(n_steps):
        path.append(newton.step(path[-1], np.asarray(gradient(path[-1])), ())[0])
    return path


def by_inverse(gradient, hessian, theta, damping, n_steps):
    path = np.empty((n_steps + 1, len(theta)))
    path[0] = theta
    for k in range(n_steps):
        bowl = hessian(path[k]) + np.diag(np.full(len(theta), damping))
        path[k + 1] = path[k] - np.linalg.inv(bowl) @ gradient(path[k])
    return path


def by_least_squares(gradient, hessian, theta, damping, n_steps):
    theta = np.array(theta, dtype=float)
    path = [theta]
    for _ in range(n_steps):
        bowl = np.array(hessian(theta), dtype=float)
        bowl[np.diag_indices(len(theta))] += damping
        theta = theta + np.linalg.lstsq(bowl, -np.asarray(gradient(theta)), rcond=None)[0]
        path.append(theta)
    return tuple(path)


# ---- BFGS
def update_by_library(inverse, s, y):
    return curvature.bfgs_update(inverse, s, y)


def written_out(C, s, y):
    ys = y @ s
    if not ys > 0:
        return C.copy()
    Cy = C @ y
    return C + (1 + y @ Cy / ys) * np.outer(s, s) / ys - (np.outer(Cy, s) + np.outer(s, Cy)) / ys


def by_columns(C, s, y):
    ys, s, y = float(s @ y), s[:, None], y[:, None]
    if ys <= 0:
        return C
    V = np.eye(len(s)) - y @ s.T / ys
    return V.T @ C @ V + s @ s.T / ys


# ---- Frank–Wolfe
def walk_by_library(gradient, n, radius, n_steps):
    ball = L1Ball(radius)
    recipe, theta = ConditionalGradient(ball), np.zeros(n)
    state = recipe.init(theta)
    for _ in range(n_steps):
        theta, state = recipe.step(theta, gradient(theta), state)
    return theta, duality_gap(ball, theta, gradient(theta))


def by_list_of_corners(gradient, n, radius, n_steps):
    corners = radius * np.vstack([np.eye(n), -np.eye(n)])
    theta = np.zeros(n)
    for k in range(n_steps):
        corner = corners[np.argmin(corners @ gradient(theta))]
        theta = (k * theta + 2 * corner) / (k + 2)
    grad = gradient(theta)
    return [theta, (grad @ theta - corners @ grad).max()]


def gap_by_norm(gradient, n, radius, n_steps):
    theta = np.zeros(n)
    for k in range(n_steps):
        grad = gradient(theta)
        i = max(range(n), key=lambda j: abs(grad[j]))
        gamma = 2 / (k + 2)
        theta = (1 - gamma) * theta
        theta[i] -= gamma * radius * np.sign(grad[i])
    grad = gradient(theta)
    return theta, float(grad @ theta + radius * np.abs(grad).max())


# ---- natural gradient
def by_solving(y, mu, sigma):
    z = (np.asarray(y, dtype=float) - mu) / sigma
    grad = np.array([-z.mean() / sigma, (1 - (z**2).mean()) / sigma])
    return np.linalg.solve(np.diag([1.0, 2.0]) / sigma**2, grad)


def simplified(y, mu, sigma):
    y = np.asarray(y, dtype=float)
    return mu - y.mean(), (sigma - np.mean((y - mu) ** 2) / sigma) / 2


def by_loops(y, mu, sigma):
    away = sum(mu - value for value in y) / len(y)
    square = sum((value - mu) ** 2 for value in y) / len(y)
    return [away, 0.5 * sigma * (1 - square / sigma**2)]


RIGHT = [
    (set06.hessian, by_library),
    (set06.hessian, column_by_column),
    (set06.hessian, averaged_halves),
    (set06.newton_path, by_recipe),
    (set06.newton_path, by_inverse),
    (set06.newton_path, by_least_squares),
    (set06.bfgs_update, update_by_library),
    (set06.bfgs_update, written_out),
    (set06.bfgs_update, by_columns),
    (set06.frank_wolfe, walk_by_library),
    (set06.frank_wolfe, by_list_of_corners),
    (set06.frank_wolfe, gap_by_norm),
    (set06.natural_gradient, by_solving),
    (set06.natural_gradient, simplified),
    (set06.natural_gradient, by_loops),
]
