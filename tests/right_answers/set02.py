"""Right answers to exercise set 02, written differently: (question, function)."""

import numpy as np

from gradcourse import numerical_gradient
from gradcourse.checks.set02 import (
    best_step,
    central_differences,
    many_gradients,
    relative_error,
    wrong_components,
)


def by_the_library(f, x, h=1e-5):
    return numerical_gradient(f, x, h)


def on_a_flat_copy(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    slopes = []
    for i in range(x.size):
        values = []
        for step in (h, -h):
            moved = x.flatten()
            moved[i] += step
            values.append(f(moved.reshape(x.shape)))
        slopes.append((values[0] - values[1]) / (2 * h))
    return np.array(slopes).reshape(x.shape).tolist()


def there_and_back(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    flat, slopes = x.reshape(-1), np.empty(x.size)
    for i, keep in enumerate(flat.tolist()):
        flat[i] = keep + h
        above = f(x)
        flat[i] = keep - h
        slopes[i] = (above - f(x)) / 2 / h
        flat[i] = keep
    return slopes.reshape(x.shape)


def with_cbrt(x, dtype="float64"):
    return np.cbrt(np.finfo(dtype).eps, dtype=float) * np.maximum(1, np.abs(np.array(x, float)))


def with_a_choice(x, dtype="float64"):
    size = np.abs(np.asarray(x, dtype=float))
    return np.where(size > 1, size, 1.0) * float(np.finfo(np.dtype(dtype)).eps) ** (1 / 3)


def number_by_number(x, dtype="float64"):
    root = float(np.finfo(dtype).eps) ** (1 / 3)
    if np.ndim(x) == 0:
        return root * max(1.0, abs(x))
    return [root * max(1.0, abs(value)) for value in x]


def with_numpy(a, b):
    a, b = np.array(a, float), np.array(b, float)
    size = np.max(np.abs([a, b]))
    return 0.0 if size == 0 else float(np.max(np.abs(a - b)) / size)


def with_loops(a, b):
    a, b = np.ravel(a).tolist(), np.ravel(b).tolist()
    worst = max(abs(p - q) for p, q in zip(a, b, strict=True))
    return worst / (max(map(abs, a + b)) or 1)


def with_norms(a, b):
    a, b = np.atleast_1d(a).ravel(), np.atleast_1d(b).ravel()
    size = max(np.linalg.norm(a, np.inf), np.linalg.norm(b, np.inf))
    return np.linalg.norm(a - b, np.inf) / size if size > 0 else 0


def hunt_with_the_library(f, gradient, x, tolerance=1e-5):
    estimated = numerical_gradient(f, x)
    return np.flatnonzero(abs(gradient(x) - estimated) > tolerance * np.fmax(1, abs(estimated)))


def hunt_with_a_loop(f, gradient, x, tolerance=1e-5):
    claimed, places = gradient(np.array(x)), []
    for i in range(len(x)):
        move = 1e-5 * (np.arange(len(x)) == i)
        estimate = (f(x + move) - f(x - move)) / 2e-5
        if abs(claimed[i] - estimate) > tolerance * max(1, abs(estimate)):
            places.append(i)
    return places


def hunt_with_a_set(f, gradient, x, tolerance=1e-5):
    pairs = zip(gradient(x), central_differences.right(f, x, 1e-6), strict=True)
    bad = {i for i, (c, e) in enumerate(pairs) if abs(c - e) > tolerance * max(1, abs(e))}
    return sorted(bad)


def hunt_with_true_and_false(f, gradient, x, tolerance=1e-5):
    x = np.array(x, dtype=float)
    moves = 1e-5 * np.eye(len(x))
    estimated = np.array([(f(x + m) - f(x - m)) / 2e-5 for m in moves])
    return np.where(abs(gradient(x) - estimated) > tolerance * np.clip(abs(estimated), 1, None))[0]


def columns_by_copies(f, points, h=1e-5):
    slopes = []
    for i in range(len(points)):
        up, down = np.array(points, dtype=float), np.array(points, dtype=float)
        up[i] += h
        down[i] -= h
        slopes.append((f(up) - f(down)) / (2 * h))
    return slopes


def columns_in_one_call(f, points, h=1e-5):
    points = np.asarray(points, dtype=float)
    n, count = points.shape
    moves = h * np.concatenate([np.eye(n), -np.eye(n)], axis=1)
    values = f((points[:, None, :] + moves[:, :, None]).reshape(n, -1)).reshape(2, n, count)
    return (values[0] - values[1]) / (2 * h)


def columns_by_unit_vectors(f, points, h=1e-5):
    points = np.array(points, float)
    units = np.eye(len(points))[:, :, None]
    return np.stack([(f(points + h * u) - f(points - h * u)) / (2 * h) for u in units])


RIGHT = [
    *((central_differences, answer) for answer in (by_the_library, on_a_flat_copy, there_and_back)),
    *((best_step, answer) for answer in (with_cbrt, with_a_choice, number_by_number)),
    *((relative_error, answer) for answer in (with_numpy, with_loops, with_norms)),
    *(
        (wrong_components, answer)
        for answer in (
            hunt_with_the_library,
            hunt_with_a_loop,
            hunt_with_a_set,
            hunt_with_true_and_false,
        )
    ),
    *(
        (many_gradients, answer)
        for answer in (columns_by_copies, columns_in_one_call, columns_by_unit_vectors)
    ),
]
