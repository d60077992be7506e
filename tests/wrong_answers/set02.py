"""Wrong answers to exercise set 02 as learners write them: (question, mistake's name, function).

An empty name: no known mistake, the check has to refuse it all the same.
"""

import math

import numpy as np

from gradcourse.checks.set02 import (
    best_step,
    central_differences,
    many_gradients,
    relative_error,
    wrong_components,
)


# ---- central differences -----------------------------------------------------------------------
def _walk(f, x, h, estimate):
    """The loop around a one-coordinate estimate, for any shape."""
    x = np.array(x, dtype=float)
    slopes = [estimate(f, x, i, h) for i in range(x.size)]
    return np.reshape(slopes, x.shape)


def _moved(x, i, h):
    copy = x.copy()
    copy.reshape(-1)[i] += h
    return copy


def ahead_only(f, x, h=1e-5):
    return _walk(f, x, h, lambda f, x, i, h: (f(_moved(x, i, h)) - f(x)) / h)


def behind_only(f, x, h=1e-5):
    return _walk(f, x, h, lambda f, x, i, h: (f(x) - f(_moved(x, i, -h))) / h)


def half_the_distance(f, x, h=1e-5):
    return _walk(f, x, h, lambda f, x, i, h: (f(_moved(x, i, h)) - f(_moved(x, i, -h))) / h)


def behind_minus_ahead(f, x, h=1e-5):
    return _walk(f, x, h, lambda f, x, i, h: (f(_moved(x, i, -h)) - f(_moved(x, i, h))) / (2 * h))


def one_long_list(f, x, h=1e-5):
    return half_the_distance(f, x, h).flatten() / 2


def stays_where_it_moved(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    flat, slopes = x.reshape(-1), []
    for i in range(x.size):
        behind, here = _moved(x, i, -h), _moved(x, i, h)
        slopes.append((f(here) - f(behind)) / (2 * h))
        flat[i] += h
    return np.reshape(slopes, x.shape)


def published(f, point, epsilon=1e-5):
    gradient = np.zeros_like(point)
    for i in range(len(point)):
        plus, minus = point.copy(), point.copy()
        plus[i] += epsilon
        minus[i] -= epsilon
        gradient[i] = (f(plus) - f(minus)) / (2 * epsilon)
    return gradient


def ignores_h(f, x, h=1e-5):
    return half_the_distance(f, x, 1e-5) / 2


def moves_all_at_once(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    return (f(x + h) - f(x - h)) / (2 * h) * np.ones_like(x)


def keeps_float32(f, x, h=1e-5):
    x = np.array(x)
    x = x if x.dtype == np.float32 else x.astype(float)
    return half_the_distance(f, x, h) / 2 if x.dtype != np.float32 else _single(f, x, h)


def _single(f, x, h):
    up = [np.float32(f(_moved(x, i, np.float32(h)))) for i in range(x.size)]
    down = [np.float32(f(_moved(x, i, -np.float32(h)))) for i in range(x.size)]
    return (np.array(up) - np.array(down)) / (2 * h)


def whole_slopes(f, x, h=1e-5):
    x = np.array(x)
    slopes = np.zeros_like(x)
    for i, move in zip(np.ndindex(x.shape), h * np.eye(x.size), strict=True):
        step = move.reshape(x.shape)
        slopes[i] = (f(x + step) - f(x - step)) / (2 * h)
    return slopes


def slopes_of_one_kind(f, x, h=1e-5):
    exact = half_the_distance(f, x, h) / 2
    return exact.astype(np.float32) if np.asarray(x).dtype == np.float32 else exact


def wants_a_length(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    slopes = np.zeros_like(x)
    for i in range(len(x)):
        move = np.zeros_like(x)
        move[i] = h
        slopes[i] = (f(x + move) - f(x - move)) / (2 * h)
    return slopes


def always_a_list(f, x, h=1e-5):
    return np.atleast_1d(half_the_distance(f, x, h) / 2)


def there_but_not_back(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        slopes[i] = (above - f(x)) / (2 * h)
    return slopes


def ahead_only_with_eye(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    moves = h * np.eye(x.size).reshape(-1, *x.shape)
    return np.reshape([(f(x + move) - f(x)) / h for move in moves], x.shape)


def half_the_distance_by_numbers(f, x, h=1e-5):
    x = np.asarray(x) * np.float64(1)
    moves = np.eye(x.size).reshape(-1, *x.shape) * h
    return np.array([f(x + m) - f(x - m) for m in moves]).reshape(x.shape) / h


def changes_x(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    slopes = half_the_distance(f, x, h) / 2
    if x.size:
        x += h
    return slopes


def forgets_to_return(f, x, h=1e-5):
    half_the_distance(f, x, h)


# ---- the step ----------------------------------------------------------------------------------
def by_square_root(x, dtype="float64"):
    return math.sqrt(np.finfo(dtype).eps) * np.maximum(np.abs(np.array(x, float)), 1)


def epsilon_itself(x, dtype="float64"):
    return np.finfo(dtype).eps.item() * np.maximum(np.abs(np.array(x, float)), 1)


def one_for_all(x, dtype="float64"):
    return np.cbrt(float(np.finfo(dtype).eps)) * np.ones(np.shape(x))


def in_proportion(x, dtype="float64"):
    return np.cbrt(float(np.finfo(dtype).eps)) * np.abs(np.array(x, float))


def takes_the_smaller(x, dtype="float64"):
    return np.cbrt(float(np.finfo(dtype).eps)) * np.minimum(np.abs(np.array(x, float)), 1)


def with_its_sign(x, dtype="float64"):
    return np.cbrt(float(np.finfo(dtype).eps)) * np.maximum(np.array(x, float), 1)


def over_x(x, dtype="float64"):
    return np.cbrt(float(np.finfo(dtype).eps)) / np.maximum(1, np.abs(np.array(x, float)))


def one_more(x, dtype="float64"):
    return float(np.finfo(dtype).eps) ** (1 / 3) * (np.abs(np.array(x, float)) + 1)


def by_math_sqrt_and_where(x, dtype="float64"):
    size = np.abs(np.array(x, float))
    return np.finfo(dtype).eps.item() ** 0.5 * np.where(size < 1, 1, size)


def forgets_x(x, dtype="float64"):
    return np.full(np.shape(x), np.finfo(dtype).eps.item() ** (1 / 3))


def largest_x_for_all(x, dtype="float64"):
    return float(np.finfo(dtype).eps) ** (1 / 3) * max(1.0, np.abs(x).max())


def always_float64(x, dtype="float64"):
    return np.cbrt(2.220446049250313e-16) * np.maximum(1, np.abs(np.array(x, float)))


def python_max(x, dtype="float64"):
    return float(np.finfo(dtype).eps) ** (1 / 3) * max(1, abs(x))


def integer_power(x, dtype="float64"):
    return float(np.finfo(dtype).eps) ** (1 // 3) * np.maximum(1, np.abs(np.array(x, float)))


# ---- relative error ----------------------------------------------------------------------------
def how_far(a, b):
    return np.abs(np.subtract(a, b)).max()


def on_average(a, b):
    size = max(np.max(np.abs(a)), np.max(np.abs(b)))
    return 0.0 if size == 0 else np.mean(np.abs(np.subtract(a, b))) / size


def signed(a, b):
    size = np.abs([a, b]).max()
    return np.subtract(a, b).max() / size if size > 0 else 0.0


def place_by_place(a, b):
    worst = 0.0
    for p, q in zip(np.ravel(a), np.ravel(b), strict=True):
        if p or q:
            worst = max(worst, abs(p - q) / max(abs(p), abs(q)))
    return worst


def by_both_sizes(a, b):
    size = np.abs(a).max() + np.abs(b).max()
    return np.abs(np.subtract(a, b)).max() / size if size else 0.0


def zero_by_zero(a, b):
    size = np.abs([a, b]).max()
    return np.abs(np.subtract(a, b)).max() / size


def divides_by_zero(a, b):
    a, b = np.ravel(a).tolist(), np.ravel(b).tolist()
    return max(abs(p - q) for p, q in zip(a, b, strict=True)) / max(map(abs, a + b))


def relative_to_b(a, b):
    size = np.linalg.norm(np.ravel(b), np.inf)
    return np.abs(np.subtract(a, b)).max() / size if size else 0.0


def sizes_with_a_sign(a, b):
    size = max(np.max(a), np.max(b))
    return np.abs(np.subtract(a, b)).max() / size if size else 0.0


def difference_of_sizes(a, b):
    p, q = np.abs(a).max(), np.abs(b).max()
    return abs(p - q) / max(p, q) if max(p, q) else 0.0


def plainly_apart(a, b):
    return max(abs(p - q) for p, q in zip(np.ravel(a), np.ravel(b), strict=True))


def relative_to_a(a, b):
    size = np.abs(a).max()
    return np.abs(np.subtract(a, b)).max() / size if size else 0.0


def with_lengths(a, b):
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return np.linalg.norm(np.subtract(a, b)) / size if size else 0.0


def padded(a, b):
    return np.abs(np.subtract(a, b)).max() / (np.abs([a, b]).max() + 1e-3)


# ---- the hunt ----------------------------------------------------------------------------------
def _both(f, gradient, x):
    return np.asarray(gradient(x)), central_differences.right(f, x)


def the_good_ones(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    pairs = enumerate(zip(claimed, estimated, strict=True))
    return [i for i, (c, e) in pairs if abs(c - e) <= tolerance * max(1, abs(e))]


def from_one(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    pairs = enumerate(zip(claimed, estimated, strict=True), 1)
    return [i for i, (c, e) in pairs if abs(c - e) > tolerance * max(1, abs(e))]


def too_large_only(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    return list(np.where(claimed - estimated > tolerance * np.maximum(1, np.abs(estimated)))[0])


def one_yardstick(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    return list(np.where(np.abs(claimed - estimated) > tolerance)[0])


def a_mask(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    return np.abs(claimed - estimated) > tolerance * np.maximum(1, np.abs(estimated))


def fixed_tolerance(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    return np.flatnonzero(abs(claimed - estimated) > 1e-5 * np.maximum(1, abs(estimated))).tolist()


def in_proportion_only(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    return [
        i for i in range(len(x)) if abs(claimed[i] - estimated[i]) > tolerance * abs(estimated[i])
    ]


def yes_and_no(f, gradient, x, tolerance=1e-5):
    return a_mask(f, gradient, x, tolerance).tolist()


def a_tuple_of_arrays(f, gradient, x, tolerance=1e-5):
    return np.nonzero(a_mask(f, gradient, x, tolerance))


def largest_first(f, gradient, x, tolerance=1e-5):
    return np.flatnonzero(a_mask(f, gradient, x, tolerance))[::-1]


def nothing_wrong(f, gradient, x, tolerance=1e-5):
    return []


def the_first_only(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    wrong = np.abs(claimed - estimated) > tolerance * np.maximum(1, np.abs(estimated))
    return [int(wrong.argmax())] if wrong.any() else []


def by_exact_equality(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    return [i for i in range(len(x)) if claimed[i] != estimated[i]]


def yes_or_no(f, gradient, x, tolerance=1e-5):
    claimed, estimated = _both(f, gradient, x)
    return bool(np.allclose(claimed, estimated))


# ---- many points at once -----------------------------------------------------------------------
def column_after_column(f, points, h=1e-5):
    points = np.array(points, float)
    slopes = np.zeros_like(points)
    for column in range(points.shape[1]):
        for row in range(points.shape[0]):
            point = points[:, column].copy()
            point[row] += h
            above = f(point)
            point[row] -= 2 * h
            slopes[row, column] = (above - f(point)) / (2 * h)
    return slopes


def point_after_point_transposed_back(f, points, h=1e-5):
    return np.array([central_differences.right(f, p, h) for p in np.array(points, float).T]).T


def one_point_moved_among_all(f, points, h=1e-5):
    points = np.array(points, float)
    slopes = np.empty_like(points)
    for place in np.ndindex(points.shape):
        move = np.zeros_like(points)
        move[place] = h
        slopes[place] = ((f(points + move) - f(points - move)) / (2 * h))[place[1]]
    return slopes


def moves_the_first_point_only(f, points, h=1e-5):
    points = np.array(points, float)
    slopes = np.empty_like(points)
    for i in range(len(points)):
        move = np.zeros_like(points)
        move[i, 0] = h
        slopes[i] = (f(points + move) - f(points - move)) / (2 * h)
    return slopes


def there_and_back_in_place(f, points, h=1e-5):
    points = np.asarray(points, float)
    slopes = np.empty_like(points)
    for i in range(len(points)):
        points[i] += h
        above = f(points)
        points[i] -= 2 * h
        slopes[i] = (above - f(points)) / (2 * h)
    return slopes


def whole_table_of_one_kind(f, points, h=1e-5):
    slopes = _rows(f, points, h, lambda f, up, _, down, h: (f(up) - f(down)) / h / 2)
    return slopes.astype(np.float32) if np.asarray(points).dtype == np.float32 else slopes


def _rows(f, points, h, estimate):
    points = np.array(points, float)
    slopes = []
    for i in range(len(points)):
        up, down = points.copy(), points.copy()
        up[i] += h
        down[i] -= h
        slopes.append(estimate(f, up, points, down, h))
    return np.array(slopes)


def a_row_for_each_point(f, points, h=1e-5):
    return _rows(f, points, h, lambda f, up, _, down, h: (f(up) - f(down)) / h / 2).T


def all_ahead_only(f, points, h=1e-5):
    return _rows(f, points, h, lambda f, up, here, _, h: (f(up) - f(here)) / h)


def all_half_the_distance(f, points, h=1e-5):
    return _rows(f, points, h, lambda f, up, _, down, h: (f(up) - f(down)) / h)


def keeps_whole_numbers(f, points, h=1e-5):
    slopes = np.zeros_like(points)
    for i in range(len(points)):
        up, down = points.copy(), points.copy()
        up[i] = up[i] + h
        down[i] = down[i] - h
        slopes[i] = (f(up) - f(down)) / (2 * h)
    return slopes


def averages_the_points(f, points, h=1e-5):
    slopes = _rows(f, points, h, lambda f, up, _, down, h: (f(up) - f(down)) / h / 2)
    return slopes.mean(axis=1)


def moves_every_coordinate(f, points, h=1e-5):
    points = np.array(points, float)
    return np.array([(f(points + h) - f(points - h)) / (2 * h)] * len(points))


def broken(*args):
    return undefined_name  # noqa: F821


WRONG = [
    (central_differences, "forward instead of central", ahead_only),
    (central_differences, "backward instead of central", behind_only),
    (central_differences, "divided by h instead of 2h", half_the_distance),
    (central_differences, "sign flipped", behind_minus_ahead),
    (central_differences, "lost the shape", one_long_list),
    (central_differences, "moved on without going back", stays_where_it_moved),
    (central_differences, "forward instead of central", ahead_only_with_eye),
    (central_differences, "divided by h instead of 2h", half_the_distance_by_numbers),
    (central_differences, "An array of whole numbers", whole_slopes),
    (central_differences, "float32 keeps 7 digits", slopes_of_one_kind),
    (central_differences, "One partial derivative per entry", wants_a_length),
    (central_differences, "A single number has no length", always_a_list),
    (central_differences, "changed its input", there_but_not_back),
    (central_differences, "", published),
    (central_differences, "Use the h you are given", ignores_h),
    (central_differences, "", moves_all_at_once),
    (central_differences, "float32 keeps 7 digits", keeps_float32),
    (central_differences, "changed its input", changes_x),
    (central_differences, "Nothing was returned", forgets_to_return),
    (central_differences, "", broken),
    (best_step, "square root instead of cube root", by_square_root),
    (best_step, "took ε itself", epsilon_itself),
    (best_step, "not scaled with x", one_for_all),
    (best_step, "nothing left at 0", in_proportion),
    (best_step, "the smaller instead of the larger", takes_the_smaller),
    (best_step, "forgot that x may be negative", with_its_sign),
    (best_step, "square root instead of cube root", by_math_sqrt_and_where),
    (best_step, "not scaled with x", forgets_x),
    (best_step, "divided by the size of x", over_x),
    (best_step, "added 1 instead of comparing with it", one_more),
    (best_step, "Use np.maximum and np.abs", largest_x_for_all),
    (best_step, "np.finfo(dtype).eps knows", always_float64),
    (best_step, "Use np.maximum and np.abs", python_max),
    (best_step, "", integer_power),
    (best_step, "", broken),
    (relative_error, "absolute error", how_far),
    (relative_error, "average instead of largest", on_average),
    (relative_error, "forgot the absolute value", signed),
    (relative_error, "entry by entry", place_by_place),
    (relative_error, "divided by the sum", by_both_sizes),
    (relative_error, "absolute error", plainly_apart),
    (relative_error, "0/0", zero_by_zero),
    (relative_error, "Two zeros agree", divides_by_zero),
    (relative_error, "relative to a only", relative_to_a),
    (relative_error, "relative to b only", relative_to_b),
    (relative_error, "sizes with a sign", sizes_with_a_sign),
    (relative_error, "", difference_of_sizes),
    (relative_error, "", with_lengths),
    (relative_error, "", padded),
    (relative_error, "", broken),
    (wrong_components, "listed the right ones", the_good_ones),
    (wrong_components, "counted from 1", from_one),
    (wrong_components, "forgot the absolute value", too_large_only),
    (wrong_components, "the same tolerance for every size", one_yardstick),
    (wrong_components, "nothing allowed at slope 0", in_proportion_only),
    (wrong_components, "true and false instead of places", a_mask),
    (wrong_components, "true and false instead of places", yes_and_no),
    (wrong_components, "Use the tolerance you are given", fixed_tolerance),
    (wrong_components, "List every wrong place", the_first_only),
    (wrong_components, "List every wrong place", largest_first),
    (wrong_components, "One of four is wrong", nothing_wrong),
    (wrong_components, "", a_tuple_of_arrays),
    (wrong_components, "", by_exact_equality),
    (wrong_components, "", yes_or_no),
    (many_gradients, "loops over the points", column_after_column),
    (many_gradients, "loops over the points", point_after_point_transposed_back),
    (many_gradients, "transposed", a_row_for_each_point),
    (many_gradients, "forward instead of central", all_ahead_only),
    (many_gradients, "divided by h instead of 2h", all_half_the_distance),
    (many_gradients, "An array of whole numbers", keeps_whole_numbers),
    (many_gradients, "loops over the points", one_point_moved_among_all),
    (many_gradients, "float32 swallows", whole_table_of_one_kind),
    (many_gradients, "Every column is a point", moves_the_first_point_only),
    (many_gradients, "changed its input", there_and_back_in_place),
    (many_gradients, "", averages_the_points),
    (many_gradients, "", moves_every_coordinate),
    (many_gradients, "", broken),
]
