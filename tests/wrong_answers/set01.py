"""Wrong answers to exercise set 01 as learners write them: (question, mistake's name, function).

An empty name: no known mistake, the check has to refuse it all the same.
"""

import math

import numpy as np

from gradcourse.checks.set01 import (
    direction_and_norm,
    mse,
    mse_gradient,
    partial_derivatives,
    steepest_of_eight,
)


# ---- partial derivatives -----------------------------------------------------------------------
def y_before_x(x, y):
    by_y, by_x = x**2 + 6 * y, 2 * x * y
    return [by_y, by_x]


def y_before_x_stacked(x, y):
    return np.stack([6 * y + x * x, (x + x) * y])


def no_two(x, y):
    return [x * y, x**2 + 3 * y]


def no_two_stacked(x, y):
    return np.stack([np.multiply(x, y), np.square(x) + 3 * y])


def other_variable_gone(x, y):
    return 2 * x, 1 + 6 * y


def other_variable_is_one(x, y):
    return np.array([2 * x * 1, 1**2 + 3 * 2 * y])


def keeps_three_y_squared(x, y):
    by_x = 2 * x * y + 3 * y**2
    return [by_x, x**2 + 6 * y]


def derivative_of_one_term_only(x, y):
    return np.array([y * 2 * x + 3 * y * y, 3 * 2 * y + x * x])


def total_slope(x, y):
    return x**2 + 6 * y + 2 * x * y


def one_number(x, y):
    return sum([2 * x * y, x * x, 6 * y])


def height_itself(x, y):
    return x**2 * y + 3 * y**2


def both_negative(x, y):
    return np.array([-2 * x * y, -(x**2) - 6 * y])


def one_sign_lost(x, y):
    return np.array([2 * x * y, x**2 - 6 * y])


def only_for_numbers(x, y):
    return [float(2 * x * y), float(x**2 + 6 * y)]


def only_by_x(x, y):
    return 2 * x * y


def all_zeros(*args):
    return np.zeros(2)


def nothing(*args):
    return None


def words(*args):
    return "uphill"


def never_ends(*args):
    return never_ends(*args)


def divides_by_zero(*args):
    return 1 / 0


def partials_with_exit(x, y):
    raise ValueError("not for these numbers")


# ---- direction and norm ------------------------------------------------------------------------
def no_guard(grad):
    norm = np.linalg.norm(grad)
    return np.asarray(grad) / norm, norm


def no_guard_by_hand(grad):
    grad = np.array(grad, dtype=np.float64)
    norm = np.sqrt(np.sum(grad**2))
    return [g / norm for g in grad], norm


def norm_first(grad):
    grad = np.asarray(grad)
    norm = np.sqrt((grad * 1.0) @ grad)
    return norm, grad / norm if norm else grad


def norm_first_with_loops(grad):
    norm = math.hypot(*grad)
    return norm, [g / norm if norm else 0.0 for g in grad]


def squared_norm_below(grad):
    grad = np.asarray(grad, dtype=float)
    norm = np.linalg.norm(grad)
    return (grad / norm**2 if norm > 0 else grad), norm


def squared_norm_below_unguarded(grad):
    grad = np.asarray(grad) * 1.0
    return grad / np.dot(grad, grad), np.linalg.norm(grad)


def norm_without_root(grad):
    total = sum(g**2 for g in np.asarray(grad, dtype=float))
    return [g / total if total else 0.0 for g in grad], total


def norm_without_root_unguarded(grad):
    grad = np.array(grad, dtype=float)
    total = np.dot(grad, grad)
    return grad / total, total


def taxi_norm(grad):
    norm = sum(abs(g) for g in np.asarray(grad, dtype=float))
    return (np.asarray(grad) / norm, norm) if norm else (np.zeros(len(grad)), 0.0)


def taxi_norm_by_numpy(grad):
    norm = np.linalg.norm(grad, 1)
    return np.asarray(grad) / norm, norm


def points_down(grad):
    grad = np.asarray(grad, dtype=float)
    norm = np.linalg.norm(grad)
    return (grad / -norm if norm else grad), norm


def points_down_with_loops(grad):
    norm = math.hypot(*grad)
    return [-g / norm if norm else 0.0 for g in grad], norm


def not_divided(grad):
    return np.array(grad), np.linalg.norm(grad)


def not_divided_with_loops(grad):
    return [float(g) for g in grad], math.sqrt(sum(float(g) ** 2 for g in grad))


def largest_component(grad):
    top = np.abs(grad).max()
    return np.asarray(grad) / max(top, 1e-300), top


def first_two_only(grad):
    grad = np.asarray(grad, dtype=float)
    norm = math.hypot(*grad[:2])
    return (grad / norm if norm else grad), norm


def adds_a_little(grad):
    grad = np.asarray(grad, dtype=float)
    norm = np.linalg.norm(grad)
    return grad / (norm + 1e-8), norm


def scales_in_place(grad):
    grad = np.asarray(grad)
    norm = float(np.linalg.norm(grad))
    if norm:
        grad[...] = grad / norm
    return grad, norm


def norm_alone(grad):
    return np.linalg.norm(grad)


def stops_at_level(grad):
    norm = math.hypot(*grad)
    return [float(g) / norm for g in grad], norm


# ---- the steepest of eight directions ----------------------------------------------------------
def places(theta, step, moves):
    return [np.array([theta[0] + step * a, theta[1] + step * b]) for a, b in moves]


R = math.sqrt(0.5)
FAIR = [(1, 0), (R, R), (0, 1), (-R, R), (-1, 0), (-R, -R), (0, -1), (R, -R)]
BOX = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]


def eight_heights(loss, theta, step, moves=FAIR):
    return [float(loss(place)) for place in places(theta, step, moves)]


def lowest_of_eight(loss, theta, step=0.001):
    heights = eight_heights(loss, theta, step)
    return 45 * heights.index(min(heights))


def steepest_fall(loss, theta, step=0.001):
    drops = [loss(np.asarray(theta)) - h for h in eight_heights(loss, theta, step)]
    return int(np.argmax(drops)) * 45


def box_steps(loss, theta, step=0.001):
    heights = eight_heights(loss, theta, step, BOX)
    return 45 * heights.index(max(heights))


def box_steps_by_grid(loss, theta, step=0.001):
    best = max(BOX, key=lambda move: loss(np.asarray(theta) + step * np.array(move)))
    return math.degrees(math.atan2(best[1], best[0])) % 360


def in_radians(loss, theta, step=0.001):
    return np.argmax(eight_heights(loss, theta, step)) * np.pi / 4


def in_radians_by_max(loss, theta, step=0.001):
    def height(turn):
        return loss(np.asarray(theta) + step * np.array([math.cos(turn), math.sin(turn)]))

    return max((k * math.pi / 4 for k in range(8)), key=height)


def which_of_eight(loss, theta, step=0.001):
    return int(np.argmax(eight_heights(loss, theta, step)))


def which_of_eight_in_a_loop(loss, theta, step=0.001):
    best = 0
    heights = eight_heights(loss, theta, step)
    for k in range(8):
        if heights[k] > heights[best]:
            best = k
    return best


def compass(loss, theta, step=0.001):
    moves = [(b, a) for a, b in FAIR]
    return 45 * int(np.argmax(eight_heights(loss, theta, step, moves)))


def sine_and_cosine_swapped(loss, theta, step=0.001):
    angles = np.arange(0, 360, 45)
    turns = np.radians(angles)
    moves = zip(np.sin(turns), np.cos(turns), strict=True)
    return angles[np.argmax(eight_heights(loss, theta, step, moves))]


def through_atan2(loss, theta, step=0.001):
    a, b = FAIR[int(np.argmax(eight_heights(loss, theta, step)))]
    return round(math.degrees(math.atan2(b, a)))


def half_turns(loss, theta, step=0.001):
    angle = 45 * int(np.argmax(eight_heights(loss, theta, step)))
    return angle if angle <= 180 else angle - 360


def largest_climb(loss, theta, step=0.001):
    here = loss(np.asarray(theta, dtype=float))
    return max(height - here for height in eight_heights(loss, theta, step))


def largest_climb_sorted(loss, theta, step=0.001):
    climbs = np.array(eight_heights(loss, theta, step)) - loss(np.array(theta) * 1.0)
    return sorted(climbs)[-1]


def degrees_into_cosine(loss, theta, step=0.001):
    moves = [(np.cos(angle), np.sin(angle)) for angle in range(0, 360, 45)]
    return 45 * int(np.argmax(eight_heights(loss, theta, step, moves)))


def degrees_into_math(loss, theta, step=0.001):
    best, highest = 0, -math.inf
    for angle in range(0, 360, 45):
        there = [theta[0] + step * math.cos(angle), theta[1] + step * math.sin(angle)]
        if loss(there) > highest:
            best, highest = angle, loss(there)
    return best


def only_four(loss, theta, step=0.001):
    return 90 * int(np.argmax(eight_heights(loss, theta, step, FAIR[::2])))


def best_starts_at_zero(loss, theta, step=0.001):
    best, answer, here = 0, None, loss(np.asarray(theta, dtype=float))
    for k, height in enumerate(eight_heights(loss, theta, step)):
        if height - here > best:
            best, answer = height - here, 45 * k
    return answer


def ignores_step(loss, theta, step=0.001):
    return 45 * int(np.argmax(eight_heights(loss, theta, 0.001)))


def moves_the_caller_s_theta(loss, theta, step=0.001):
    heights = []
    for a, b in FAIR:
        theta[0] += step * a
        theta[1] += step * b
        heights.append(loss(np.asarray(theta)))
        theta[0] -= step * a
        theta[1] -= step * b
    return 45 * int(np.argmax(heights))


def whole_numbers_cut(loss, theta, step=0.001):
    heights = []
    for a, b in FAIR:
        there = np.array(theta)
        there[0], there[1] = theta[0] + step * a, theta[1] + step * b
        heights.append(loss(there))
    return 45 * int(np.argmax(heights))


def always_east(loss, theta, step=0.001):
    return 0


# ---- mean squared error ------------------------------------------------------------------------
def errors(slope, intercept, x, y):
    return [slope * float(a) + intercept - float(b) for a, b in zip(x, y, strict=True)]


def sum_of_squares(*args):
    return sum(e**2 for e in errors(*args))


def sum_of_squares_by_dot(*args):
    return np.dot(errors(*args), errors(*args))


def root_mean_square(*args):
    return math.sqrt(np.mean(np.square(errors(*args))))


def norm_over_root_n(*args):
    e = errors(*args)
    return np.linalg.norm(e) / len(e) ** 0.5


def mean_error(*args):
    return sum(errors(*args)) / len(errors(*args))


def mean_prediction_minus_mean(slope, intercept, x, y):
    return slope * np.mean(x) + intercept - np.mean(y)


def squared_mean(*args):
    return np.mean(errors(*args)) ** 2


def squared_mean_of_predictions(slope, intercept, x, y):
    return (np.mean(y) - slope * np.mean(x) - intercept) ** 2


def mean_absolute(*args):
    return np.mean([abs(e) for e in errors(*args)])


def mean_root_of_squares(*args):
    return sum((e**2) ** 0.5 for e in errors(*args)) / len(errors(*args))


def half(*args):
    return 0.5 * np.mean(np.power(errors(*args), 2))


def over_two_n(*args):
    return sum_of_squares(*args) / (2 * len(errors(*args)))


def without_intercept(slope, intercept, x, y):
    return np.mean((slope * np.asarray(x) - np.asarray(y)) ** 2)


def line_through_origin(slope, intercept, x, y):
    return sum((b - slope * a) ** 2 for a, b in zip(x, y, strict=True)) / len(y)


def sample_variance(*args):
    return sum_of_squares(*args) / max(len(errors(*args)) - 1, 1)


def every_square(*args):
    return np.square(errors(*args))


def plus_truth(slope, intercept, x, y):
    return np.mean((slope * np.asarray(x) + intercept + np.asarray(y)) ** 2)


def lists_are_not_arrays(slope, intercept, x, y):
    return ((slope * x + intercept - y) ** 2).mean()


def errors_in_place(slope, intercept, x, y):
    y = np.asarray(y)
    y -= (slope * np.asarray(x) + intercept).astype(y.dtype)
    return (y**2).mean()


# ---- its gradient ------------------------------------------------------------------------------
def truth_minus_prediction(*args):
    e, x = -np.array(errors(*args)), np.asarray(args[2])
    return [2 * np.mean(e * x), 2 * np.mean(e)]


def downhill(*args):
    e = np.array(errors(*args))
    return -2 / len(e) * np.array([e @ args[2], e.sum()])


def without_two(*args):
    e = errors(*args)
    return [np.dot(e, args[2]) / len(e), sum(e) / len(e)]


def without_two_stacked(*args):
    e = np.array(errors(*args))
    return np.stack([e * args[2], e]).mean(axis=1)


def sums(*args):
    return 2 * np.dot(errors(*args), args[2]), 2 * np.sum(errors(*args))


def sums_in_a_loop(*args):
    slope = intercept = 0.0
    for e, x in zip(errors(*args), args[2], strict=True):
        slope += 2 * e * x
        intercept += 2 * e
    return [slope, intercept]


def intercept_first(*args):
    e = np.array(errors(*args))
    return np.array([2 * e.mean(), 2 * (e * args[2]).mean()])


def intercept_first_tuple(*args):
    e = errors(*args)
    return 2 * sum(e) / len(e), 2 * np.dot(args[2], e) / len(e)


def without_x(*args):
    return [2 * np.mean(errors(*args))] * 2


def without_x_by_numpy(*args):
    return np.full(2, 2 * np.mean(errors(*args)))


def means_multiplied(*args):
    e = np.mean(errors(*args))
    return np.array([2 * e * np.mean(args[2]), 2 * e])


def means_multiplied_tuple(*args):
    return 2 * np.mean(args[2]) * np.mean(errors(*args)), 2 * np.mean(errors(*args))


def with_respect_to_the_data(*args):
    e = np.mean(errors(*args))
    return np.array([2 * e * args[0], -2 * e])


def with_respect_to_x_and_y(*args):
    e = errors(*args)
    return [sum(2 * i * args[0] for i in e) / len(e), sum(-2 * i for i in e) / len(e)]


def only_one_averaged(*args):
    e = np.array(errors(*args))
    return [2 * (e * args[2]).sum(), 2 * e.mean()]


def one_per_bird(*args):
    return 2 * np.array(errors(*args)) * args[2]


def divided_by_two_n(*args):
    e = np.array(errors(*args))
    return np.array([e @ args[2], e.sum()]) / (2 * len(e))


def gradient_of_the_absolute(*args):
    sign = np.sign(errors(*args))
    return [np.mean(sign * args[2]), np.mean(sign)]


WRONG = [
    (partial_derivatives, "swapped the components", y_before_x),
    (partial_derivatives, "swapped the components", y_before_x_stacked),
    (partial_derivatives, "forgot the factor 2", no_two),
    (partial_derivatives, "forgot the factor 2", no_two_stacked),
    (partial_derivatives, "dropped the variable held still", other_variable_gone),
    (partial_derivatives, "dropped the variable held still", other_variable_is_one),
    (partial_derivatives, "kept a term that stands still", keeps_three_y_squared),
    (partial_derivatives, "kept a term that stands still", derivative_of_one_term_only),
    (partial_derivatives, "added the partial derivatives", total_slope),
    (partial_derivatives, "added the partial derivatives", one_number),
    (partial_derivatives, "", height_itself),
    (partial_derivatives, "", both_negative),
    (partial_derivatives, "", one_sign_lost),
    (partial_derivatives, "", only_for_numbers),
    (partial_derivatives, "", only_by_x),
    (partial_derivatives, "", all_zeros),
    (partial_derivatives, "", nothing),
    (partial_derivatives, "", words),
    (partial_derivatives, "", never_ends),
    (partial_derivatives, "", partials_with_exit),
    (direction_and_norm, "divided zero by zero", no_guard),
    (direction_and_norm, "divided zero by zero", no_guard_by_hand),
    (direction_and_norm, "swapped the two results", norm_first),
    (direction_and_norm, "swapped the two results", norm_first_with_loops),
    (direction_and_norm, "divided by the norm squared", squared_norm_below),
    (direction_and_norm, "divided by the norm squared", squared_norm_below_unguarded),
    (direction_and_norm, "forgot the square root", norm_without_root),
    (direction_and_norm, "forgot the square root", norm_without_root_unguarded),
    (direction_and_norm, "added absolute values", taxi_norm),
    (direction_and_norm, "added absolute values", taxi_norm_by_numpy),
    (direction_and_norm, "returned the downhill direction", points_down),
    (direction_and_norm, "returned the downhill direction", points_down_with_loops),
    (direction_and_norm, "returned the gradient unscaled", not_divided),
    (direction_and_norm, "returned the gradient unscaled", not_divided_with_loops),
    (direction_and_norm, "", largest_component),
    (direction_and_norm, "", first_two_only),
    (direction_and_norm, "", adds_a_little),
    (direction_and_norm, "", scales_in_place),
    (direction_and_norm, "", norm_alone),
    (direction_and_norm, "", stops_at_level),
    (direction_and_norm, "", nothing),
    (direction_and_norm, "", never_ends),
    (steepest_of_eight, "chose steepest descent", lowest_of_eight),
    (steepest_of_eight, "chose steepest descent", steepest_fall),
    (steepest_of_eight, "longer steps on the diagonals", box_steps),
    (steepest_of_eight, "longer steps on the diagonals", box_steps_by_grid),
    (steepest_of_eight, "radians instead of degrees", in_radians),
    (steepest_of_eight, "radians instead of degrees", in_radians_by_max),
    (steepest_of_eight, "the number of the direction, not its angle", which_of_eight),
    (steepest_of_eight, "the number of the direction, not its angle", which_of_eight_in_a_loop),
    (steepest_of_eight, "turned like a compass", compass),
    (steepest_of_eight, "turned like a compass", sine_and_cosine_swapped),
    (steepest_of_eight, "a negative angle", through_atan2),
    (steepest_of_eight, "a negative angle", half_turns),
    (steepest_of_eight, "returned the climb", largest_climb),
    (steepest_of_eight, "returned the climb", largest_climb_sorted),
    (steepest_of_eight, "gave degrees to cosine and sine", degrees_into_cosine),
    (steepest_of_eight, "gave degrees to cosine and sine", degrees_into_math),
    (steepest_of_eight, "", only_four),
    (steepest_of_eight, "", best_starts_at_zero),
    (steepest_of_eight, "", ignores_step),
    (steepest_of_eight, "", moves_the_caller_s_theta),
    (steepest_of_eight, "", whole_numbers_cut),
    (steepest_of_eight, "", always_east),
    (steepest_of_eight, "", nothing),
    (mse, "summed instead of averaged", sum_of_squares),
    (mse, "summed instead of averaged", sum_of_squares_by_dot),
    (mse, "took the square root", root_mean_square),
    (mse, "took the square root", norm_over_root_n),
    (mse, "forgot the square", mean_error),
    (mse, "forgot the square", mean_prediction_minus_mean),
    (mse, "averaged before squaring", squared_mean),
    (mse, "averaged before squaring", squared_mean_of_predictions),
    (mse, "absolute values instead of squares", mean_absolute),
    (mse, "absolute values instead of squares", mean_root_of_squares),
    (mse, "halved the loss", half),
    (mse, "halved the loss", over_two_n),
    (mse, "left out the intercept", without_intercept),
    (mse, "left out the intercept", line_through_origin),
    (mse, "", sample_variance),
    (mse, "", every_square),
    (mse, "", plus_truth),
    (mse, "", lists_are_not_arrays),
    (mse, "", errors_in_place),
    (mse, "", divides_by_zero),
    (mse_gradient, "sign flipped", truth_minus_prediction),
    (mse_gradient, "sign flipped", downhill),
    (mse_gradient, "forgot the factor 2", without_two),
    (mse_gradient, "forgot the factor 2", without_two_stacked),
    (mse_gradient, "summed instead of averaged", sums),
    (mse_gradient, "summed instead of averaged", sums_in_a_loop),
    (mse_gradient, "swapped the components", intercept_first),
    (mse_gradient, "swapped the components", intercept_first_tuple),
    (mse_gradient, "forgot the inner derivative", without_x),
    (mse_gradient, "forgot the inner derivative", without_x_by_numpy),
    (mse_gradient, "multiplied two averages", means_multiplied),
    (mse_gradient, "multiplied two averages", means_multiplied_tuple),
    (mse_gradient, "derived by the data", with_respect_to_the_data),
    (mse_gradient, "derived by the data", with_respect_to_x_and_y),
    (mse_gradient, "", only_one_averaged),
    (mse_gradient, "", one_per_bird),
    (mse_gradient, "", divided_by_two_n),
    (mse_gradient, "", gradient_of_the_absolute),
    (mse_gradient, "", all_zeros),
    (mse_gradient, "", nothing),
]
