"""Wrong answers to exercise set 03 as learners write them: (question, mistake's name, function).

An empty name: no known mistake, the check has to refuse it all the same.
"""

import math

import numpy as np

from gradcourse.checks.set03 import fit_scaled, largest_rate, one_step, walk, warm_up_cosine


# ---- one step ----------------------------------------------------------------------------------
def climbs(theta, gradient, learning_rate):
    grad = np.array(gradient(theta))
    return grad * learning_rate + np.array(theta)


def climbs_number_by_number(theta, gradient, learning_rate):
    theta, grad = np.asarray(theta), np.asarray(gradient(theta))
    moved = [t + learning_rate * g for t, g in zip(theta.ravel(), grad.ravel(), strict=True)]
    return np.reshape(moved, theta.shape)


def subtracts_in_place(theta, gradient, learning_rate):
    step = np.asarray(gradient(theta)) * learning_rate
    theta -= step
    return theta


def writes_into_the_array(theta, gradient, learning_rate):
    theta = np.asarray(theta)
    theta[...] = theta - learning_rate * gradient(theta)
    return theta


def updates_one_by_one(theta, gradient, learning_rate):
    new = np.asarray(theta, dtype=np.float64).copy()
    for index in range(len(new)):
        slope = gradient(new)
        new[index] = new[index] - slope[index] * learning_rate
    return new


def updates_by_enumerate(theta, gradient, learning_rate):
    theta = np.array(theta) * 1.0
    for i, value in enumerate(theta.tolist() if len(theta) else []):
        theta[i] = value - learning_rate * np.asarray(gradient(theta))[i]
    return theta


def ignores_the_rate(theta, gradient, learning_rate):
    return np.array(theta) - np.array(gradient(theta))


def gives_the_step(theta, gradient, learning_rate):
    return -np.asarray(gradient(theta)) * learning_rate


def scales_theta_too(theta, gradient, learning_rate):
    return learning_rate * (np.asarray(theta) - gradient(theta))


def forgets_to_return(theta, gradient, learning_rate):
    theta = np.asarray(theta) - learning_rate * gradient(theta)


def calls_the_gradient_wrongly(theta, gradient, learning_rate):
    return theta - learning_rate * gradient


def never_ends(theta, gradient, learning_rate):
    return never_ends(theta, gradient, learning_rate)


def zero_step(theta, gradient, learning_rate):
    return np.zeros_like(theta)


# ---- the loop ------------------------------------------------------------------------------------
def walker(points=lambda path: path, last=lambda n: n, length=np.linalg.norm, change=abs, sign=-1):
    """A loop written with for and else, with a place for each slip."""

    def walk(f, gradient, start, learning_rate, n_steps, gradient_tolerance, loss_tolerance):
        theta = np.asarray(start) * 1.0
        path, reason = [theta], "steps"
        for step in range(last(n_steps) + 1):
            grad = gradient(theta)
            if length(grad) < gradient_tolerance:
                reason = "gradient"
                break
            if step and change(f(path[-2]) - f(path[-1])) < loss_tolerance:
                reason = "loss"
                break
            if step < last(n_steps):
                theta = theta + sign * learning_rate * grad
                path.append(theta)
        return np.array(points(path)), reason

    return walk


def keeps_one_array(f, gradient, start, learning_rate, n_steps, gradient_tolerance, loss_tolerance):
    theta, path, before = np.array(start, float), [], None
    while True:
        path.append(theta)
        grad, loss = np.array(gradient(theta)), float(f(theta))
        if np.sqrt(np.sum(grad**2)) < gradient_tolerance:
            return path, "gradient"
        if before is not None and abs(before - loss) < loss_tolerance:
            return path, "loss"
        if len(path) == n_steps + 1:
            return path, "steps"
        before = loss
        theta -= learning_rate * grad


def stops_one_step_early(
    f, gradient, start, learning_rate, n_steps, gradient_tolerance, loss_tolerance
):
    theta, path = np.array(start, float), [np.array(start, float)]
    while np.linalg.norm(gradient(theta)) >= gradient_tolerance:
        if len(path) > 1 and abs(f(path[-2]) - f(path[-1])) < loss_tolerance:
            return path, "loss"
        if len(path) >= n_steps:
            return path, "steps"
        theta = theta - learning_rate * gradient(theta)
        path = [*path, theta]
    return path, "gradient"


def asks_the_loss_first(
    f, gradient, start, learning_rate, n_steps, gradient_tolerance, loss_tolerance
):
    path, losses = [np.array(start, float)], [f(np.array(start, float))]
    while True:
        if len(losses) > 1 and abs(losses[-1] - losses[-2]) < loss_tolerance:
            return path, "loss"
        grad = gradient(path[-1])
        if np.linalg.norm(grad) < gradient_tolerance:
            return path, "gradient"
        if len(path) == n_steps + 1:
            return path, "steps"
        path.append(path[-1] - learning_rate * grad)
        losses.append(f(path[-1]))


def returns_only_the_end(*args):
    path, reason = walker()(*args)
    return path[-1], reason


def returns_only_the_path(*args):
    return walker()(*args)[0]


def says_it_in_other_words(*args):
    path, reason = walker()(*args)
    return path, f"stopped: {reason}"


def ignores_all_rules(f, gradient, start, learning_rate, n_steps, *tolerances):
    path = [np.array(start, float)]
    for _ in range(n_steps):
        path.append(path[-1] - learning_rate * gradient(path[-1]))
    return path, "steps"


def walks_without_return(*args):
    walker()(*args)


# ---- the largest rate ----------------------------------------------------------------------------
def by_eigenvalue_without_two(hessian):
    return 1 / max(np.linalg.eigvals(np.array(hessian, float)).real)


def by_svd_without_two(hessian):
    return float(np.linalg.svd(np.array(hessian, float), compute_uv=False)[0] ** -1)


def flattest(hessian):
    return 2 / sorted(np.linalg.eigvalsh(np.array(hessian, float)))[0]


def flattest_by_svd(hessian):
    return 2 * np.linalg.norm(np.linalg.inv(np.array(hessian, float)), 2)


def steepest_axis(hessian):
    return 2 / max(row[i] for i, row in enumerate(np.array(hessian, float)))


def steepest_axis_by_diagonal(hessian):
    return np.min(2 / np.diagonal(np.array(hessian, float)))


def all_curvatures(hessian):
    return 2.0 / sum(np.array(hessian, float)[i][i] for i in range(len(hessian)))


def all_curvatures_by_eigenvalues(hessian):
    return 2.0 / np.linalg.eigvalsh(np.array(hessian, float)).sum()


def largest_entry(hessian):
    return 2 / np.abs(np.array(hessian, float)).max()


def all_rates(hessian):
    return 2 / np.linalg.eigvalsh(np.array(hessian, float))


def curvature_itself(hessian):
    return np.linalg.eigvalsh(np.array(hessian, float))[-1]


def always_a_tenth(hessian):
    return 0.1


# ---- the schedule --------------------------------------------------------------------------------
def half_wave(share):
    return 0.5 + 0.5 * math.cos(math.pi * share)


def starts_at_zero(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return step / n_warm_up
    return half_wave(min(1, (step - n_warm_up) / (n_steps - n_warm_up)))


def starts_at_zero_by_min(step, n_warm_up, n_steps):
    rest = max(0, step - n_warm_up) / (n_steps - n_warm_up)
    rise = min(1, step / n_warm_up) if n_warm_up else 1
    return rise * half_wave(min(1, rest))


def full_too_early(step, n_warm_up, n_steps):
    if step >= n_warm_up:
        return half_wave(min(step - n_warm_up, n_steps - n_warm_up) / (n_steps - n_warm_up))
    return (step + 1) / n_warm_up


def full_too_early_by_table(step, n_warm_up, n_steps):
    rise = list(np.linspace(0, 1, n_warm_up + 1)[1:])
    fall = [half_wave(k / (n_steps - n_warm_up)) for k in range(n_steps - n_warm_up)]
    return (rise + fall)[step] if step < n_steps else 0.0


def cosine_over_all_steps(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return (step + 1) / (n_warm_up + 1)
    return half_wave(min(step, n_steps) / n_steps)


def cosine_over_all_by_numpy(step, n_warm_up, n_steps):
    wave = (1 + np.cos(np.pi * np.clip(step / n_steps, 0, 1))) / 2
    return np.where(step < n_warm_up, (step + 1) / (n_warm_up + 1), wave)


def climbs_again(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return (step + 1) / (n_warm_up + 1)
    return half_wave((step - n_warm_up) / (n_steps - n_warm_up))


def climbs_again_by_square(step, n_warm_up, n_steps):
    angle = math.pi * (step - n_warm_up) / (n_steps - n_warm_up)
    return (step + 1) / (n_warm_up + 1) if step < n_warm_up else math.cos(angle / 2) ** 2


def whole_wave(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return (step + 1) / (n_warm_up + 1)
    return half_wave(2 * min(1, (step - n_warm_up) / (n_steps - n_warm_up)))


def whole_wave_by_square(step, n_warm_up, n_steps):
    share = min(step - n_warm_up, n_steps - n_warm_up) / (n_steps - n_warm_up)
    return (step + 1) / (n_warm_up + 1) if step < n_warm_up else math.cos(math.pi * share) ** 2


def bare_cosine(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return (step + 1) / (n_warm_up + 1)
    return math.cos(math.pi * min(1, (step - n_warm_up) / (n_steps - n_warm_up)))


def bare_cosine_by_clip(step, n_warm_up, n_steps):
    share = np.clip((step - n_warm_up) / (n_steps - n_warm_up), 0, 1)
    return float(np.cos(share * np.pi)) if step >= n_warm_up else (step + 1) / (n_warm_up + 1)


def in_degrees(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return (step + 1) / (n_warm_up + 1)
    return (1 + math.cos(180 * min(1, (step - n_warm_up) / (n_steps - n_warm_up)))) / 2


def straight_down(step, n_warm_up, n_steps):
    if step < n_warm_up:
        return (step + 1) / (n_warm_up + 1)
    return max(0, (n_steps - step) / (n_steps - n_warm_up))


# ---- scaling -------------------------------------------------------------------------------------
def fitter(spread=lambda X: X.std(0), middle=lambda X: X.mean(0), back=None, sign=-1, mean=True):
    """A fit with weights and intercept apart, with a place for each slip."""

    def fit(X, y, learning_rate, n_steps):
        X, y = np.array(X, float), np.array(y, float)
        X = X if X.ndim == 2 else X.reshape(-1, 1)
        center, width = middle(X), spread(X)
        Z, w, b = (X - center) / width, np.zeros(X.shape[1]), 0.0
        count = len(y) if mean else 1
        for _ in range(n_steps):
            error = Z @ w + b - y
            w, b = (
                w + sign * learning_rate * 2 * Z.T @ error / count,
                b + sign * learning_rate * 2 * error.sum() / count,
            )
        w, b = back(w, b, center, width) if back else (w / width, b - (w / width) @ center)
        return np.array([*w, b])

    return fit


def wrong_way(w, b, center, width):
    return w * width, b - (w * width) @ center


def only_weights(w, b, center, width):
    return w / width, b


def not_at_all(w, b, center, width):
    return w, b


def nothing(X):
    return np.zeros(X.shape[1])


def raw_in_one_vector(X, y, learning_rate, n_steps):
    A = np.hstack([np.array(X, float).reshape(len(y), -1), np.ones((len(y), 1))])
    theta = np.zeros(A.shape[1])
    for _ in range(n_steps):
        theta = theta - learning_rate * (2 * A.T @ (A @ theta - np.array(y))) / len(y)
    return theta


def scales_in_place(X, y, learning_rate, n_steps):
    X = np.asarray(X, dtype=float)
    X -= X.mean(axis=0)
    return fitter()(X, y, learning_rate, n_steps)


def only_the_weights(X, y, learning_rate, n_steps):
    return fitter()(X, y, learning_rate, n_steps)[:-1]


def intercept_first(X, y, learning_rate, n_steps):
    return np.roll(fitter()(X, y, learning_rate, n_steps), 1)


def through_the_origin(X, y, learning_rate, n_steps):
    X = np.asarray(X, dtype=float).reshape(len(y), -1)
    return np.append(np.linalg.lstsq(X, np.asarray(y), rcond=None)[0], 0)


WRONG = [
    (one_step, "plus instead of minus", climbs),
    (one_step, "plus instead of minus", climbs_number_by_number),
    (one_step, "changed its input", subtracts_in_place),
    (one_step, "changed its input", writes_into_the_array),
    (one_step, "used the already updated coordinate", updates_one_by_one),
    (one_step, "used the already updated coordinate", updates_by_enumerate),
    (one_step, "forgot the learning rate", ignores_the_rate),
    (one_step, "returned the step, not the place", gives_the_step),
    (one_step, "", scales_theta_too),
    (one_step, "", forgets_to_return),
    (one_step, "", calls_the_gradient_wrongly),
    (one_step, "", never_ends),
    (one_step, "", zero_step),
    (walk, "forgot the start", walker(points=lambda path: path[1:])),
    (walk, "one step too many", walker(last=lambda n: n + 1)),
    (walk, "one step too few", stops_one_step_early),
    (walk, "stored the same array again and again", keeps_one_array),
    (walk, "a rising loss counts as no change", walker(change=lambda change: change)),
    (walk, "compared the parts of the gradient with their sign", walker(length=max)),
    (
        walk,
        "compared the largest part of the gradient, not its length",
        walker(length=lambda grad: max(map(abs, grad))),
    ),
    (walk, "asked the rules in another order", asks_the_loss_first),
    (walk, "plus instead of minus", walker(sign=1)),
    (walk, "", returns_only_the_end),
    (walk, "", returns_only_the_path),
    (walk, "", says_it_in_other_words),
    (walk, "", ignores_all_rules),
    (walk, "", walks_without_return),
    (largest_rate, "1/L instead of 2/L", by_eigenvalue_without_two),
    (largest_rate, "1/L instead of 2/L", by_svd_without_two),
    (largest_rate, "took the smallest curvature", flattest),
    (largest_rate, "took the smallest curvature", flattest_by_svd),
    (largest_rate, "looked at the diagonal only", steepest_axis),
    (largest_rate, "looked at the diagonal only", steepest_axis_by_diagonal),
    (largest_rate, "added the curvatures up", all_curvatures),
    (largest_rate, "added the curvatures up", all_curvatures_by_eigenvalues),
    (largest_rate, "looked at the diagonal only", largest_entry),
    (largest_rate, "", all_rates),
    (largest_rate, "", curvature_itself),
    (largest_rate, "", always_a_tenth),
    (warm_up_cosine, "off by one, the first step is lost", starts_at_zero),
    (warm_up_cosine, "off by one, the first step is lost", starts_at_zero_by_min),
    (warm_up_cosine, "off by one, the full rate comes too early", full_too_early),
    (warm_up_cosine, "off by one, the full rate comes too early", full_too_early_by_table),
    (warm_up_cosine, "counted the cosine from step 0", cosine_over_all_steps),
    (warm_up_cosine, "counted the cosine from step 0", cosine_over_all_by_numpy),
    (warm_up_cosine, "climbs again after the end", climbs_again),
    (warm_up_cosine, "climbs again after the end", climbs_again_by_square),
    (warm_up_cosine, "a whole wave instead of half of one", whole_wave),
    (warm_up_cosine, "a whole wave instead of half of one", whole_wave_by_square),
    (warm_up_cosine, "swings below zero", bare_cosine),
    (warm_up_cosine, "swings below zero", bare_cosine_by_clip),
    (warm_up_cosine, "", in_degrees),
    (warm_up_cosine, "", straight_down),
    (fit_scaled, "divided by the variance", fitter(spread=lambda X: X.var(axis=0))),
    (fit_scaled, "forgot to map back", fitter(back=not_at_all)),
    (fit_scaled, "mapped the weights back, but not the intercept", fitter(back=only_weights)),
    (fit_scaled, "multiplied by the standard deviation on the way back", fitter(back=wrong_way)),
    (fit_scaled, "did not scale", fitter(spread=lambda X: 1.0, middle=nothing)),
    (fit_scaled, "did not scale", raw_in_one_vector),
    (fit_scaled, "did not subtract the mean", fitter(middle=nothing)),
    (fit_scaled, "plus instead of minus", fitter(sign=1)),
    (fit_scaled, "", fitter(mean=False)),
    (fit_scaled, "", fitter(spread=lambda X: X.std(axis=0, ddof=1))),
    (fit_scaled, "", fitter(spread=lambda X: np.ptp(X, axis=0))),
    (fit_scaled, "changed its input", scales_in_place),
    (fit_scaled, "", only_the_weights),
    (fit_scaled, "", intercept_first),
    (fit_scaled, "", through_the_origin),
]
