"""Right answers to exercise set 01, written differently: (question, function)."""

import math
import statistics

import numpy as np

from gradcourse.checks.set01 import (
    direction_and_norm,
    mse,
    mse_gradient,
    partial_derivatives,
    steepest_of_eight,
)
from gradcourse.differences import numerical_gradient
from gradcourse.losses import LinearRegression, mean_squared_error


# ---- partial derivatives -----------------------------------------------------------------------
def partials_as_array(x, y):
    return np.array([2 * x * y, x**2 + 6 * y])


def partials_as_list(x, y):
    along_x = y * (x + x)
    along_y = x * x + 2 * 3 * y
    return [along_x, along_y]


def partials_as_tuple(x, y):
    return 2.0 * x * y, x**2.0 + 6.0 * y


def partials_by_complex_step(x, y):
    def height(x, y):
        return x * x * y + 3 * y * y

    x, y, h = np.asarray(x, dtype=float), np.asarray(y, dtype=float), 1e-100
    return np.stack([height(x + 1j * h, y).imag / h, height(x, y + 1j * h).imag / h])


# ---- direction and norm ------------------------------------------------------------------------
def direction_with_numpy(grad):
    grad = np.asarray(grad, dtype=float)
    norm = np.linalg.norm(grad)
    if norm == 0:
        return np.zeros_like(grad), 0.0
    return grad / norm, norm


def direction_with_loops(grad):
    total = 0
    for component in grad:
        total += component**2
    norm = math.sqrt(total)
    return [component / norm if norm > 0 else 0.0 for component in grad], norm


def direction_with_hypot(grad):
    norm = math.hypot(*grad)
    return ([g / norm for g in grad], norm) if norm else ([0 for _ in grad], 0)


def direction_kept_in_its_dtype(grad):
    grad = np.array(grad)
    norm = np.sqrt(grad @ grad)
    return [grad / norm if norm else grad, norm]


# ---- the steepest of eight directions ----------------------------------------------------------
def eight_with_a_loop(loss, theta, step=0.001):
    best_angle, best_climb = None, -math.inf
    for angle in range(0, 360, 45):
        turn = math.radians(angle)
        there = [theta[0] + step * math.cos(turn), theta[1] + step * math.sin(turn)]
        climb = loss(np.array(there)) - loss(np.array(theta, dtype=float))
        if climb > best_climb:
            best_angle, best_climb = angle, climb
    return best_angle


def eight_with_max(loss, theta, step=0.001):
    def height(angle):
        return loss(theta + step * np.array([np.cos(angle), np.sin(angle)]))

    return np.degrees(max(np.arange(8) * np.pi / 4, key=height))


def eight_by_hand(loss, theta, step=0.001):
    d = step / 2**0.5
    moves = [(step, 0), (d, d), (0, step), (-d, d), (-step, 0), (-d, -d), (0, -step), (d, -d)]
    heights = [loss([theta[0] + east, theta[1] + north]) for east, north in moves]
    return 45.0 * heights.index(max(heights))


def eight_with_complex_numbers(loss, theta, step=0.001):
    places = complex(*theta) + step * np.exp(0.25j * np.pi * np.arange(8))
    return 45 * np.argmax([loss(np.array([z.real, z.imag])) for z in places])


def mapped_by_landscape_only(loss, theta, step=0.001):
    angles = np.arange(0.0, 360.0, 45.0)
    units = np.stack([np.cos(np.deg2rad(angles)), np.sin(np.deg2rad(angles))], axis=1)
    climbs = [float(loss(np.add(theta, step * unit))) for unit in units]
    return int(angles[int(np.argmax(climbs))])


# ---- mean squared error ------------------------------------------------------------------------
def mse_with_numpy(slope, intercept, x, y):
    return np.mean((slope * np.asarray(x) + intercept - np.asarray(y)) ** 2)


def mse_with_a_loop(slope, intercept, x, y):
    total = 0
    for flipper, mass in zip(x, y, strict=True):
        total += (mass - (slope * flipper + intercept)) ** 2
    return total / len(x)


def mse_with_statistics(slope, intercept, x, y):
    pairs = zip(map(float, x), map(float, y), strict=True)
    return statistics.fmean((slope * a + intercept - b) ** 2 for a, b in pairs)


def mse_from_the_library(slope, intercept, x, y):
    return mean_squared_error(slope * np.array(x) + intercept, y)


def mse_as_dot_product(slope, intercept, x, y):
    error = np.polyval([slope, intercept], x) - y
    return error @ error / error.size


# ---- its gradient ------------------------------------------------------------------------------
def gradient_with_numpy(slope, intercept, x, y):
    x, y = np.array(x), np.array(y)
    error = slope * x + intercept - y
    return np.array([2 * np.mean(error * x), 2 * np.mean(error)])


def gradient_with_a_loop(slope, intercept, x, y):
    along_slope = along_intercept = 0.0
    for i in range(len(x)):
        error = slope * x[i] + intercept - y[i]
        along_slope += 2 * error * x[i] / len(x)
        along_intercept += 2 * error / len(x)
    return along_slope, along_intercept


def gradient_from_the_other_side(slope, intercept, x, y):
    x = np.asarray(x)
    rest = np.asarray(y) - slope * x - intercept
    return [-2 * (rest * x).sum() / x.size, -2 * rest.sum() / x.size]


def gradient_from_the_library(slope, intercept, x, y):
    return LinearRegression(x, y).gradient([slope, intercept])


def gradient_by_complex_step(slope, intercept, x, y):
    def loss(theta):
        return ((theta[0] * np.array(x) + theta[1] - np.array(y)) ** 2).mean()

    return numerical_gradient(loss, np.array([slope, intercept]), scheme="complex")


RIGHT = [
    (partial_derivatives, partials_as_array),
    (partial_derivatives, partials_as_list),
    (partial_derivatives, partials_as_tuple),
    (partial_derivatives, partials_by_complex_step),
    (direction_and_norm, direction_with_numpy),
    (direction_and_norm, direction_with_loops),
    (direction_and_norm, direction_with_hypot),
    (direction_and_norm, direction_kept_in_its_dtype),
    (steepest_of_eight, eight_with_a_loop),
    (steepest_of_eight, eight_with_max),
    (steepest_of_eight, eight_by_hand),
    (steepest_of_eight, eight_with_complex_numbers),
    (steepest_of_eight, mapped_by_landscape_only),
    (mse, mse_with_numpy),
    (mse, mse_with_a_loop),
    (mse, mse_with_statistics),
    (mse, mse_from_the_library),
    (mse, mse_as_dot_product),
    (mse_gradient, gradient_with_numpy),
    (mse_gradient, gradient_with_a_loop),
    (mse_gradient, gradient_from_the_other_side),
    (mse_gradient, gradient_from_the_library),
    (mse_gradient, gradient_by_complex_step),
]
