"""Wrong answers to exercise set 09, as learners write them: (question, mistake, function)."""

import numpy as np

from gradcourse.checks import set09


# ---- ridge
def ridge(pull, share=2.0, total=False):
    def ridge_gradient(X, y, theta, strength):
        X, y, theta = np.array(X, dtype=float), np.array(y), np.array(theta, dtype=float)
        error = X @ theta[:-1] + theta[-1] - y
        grad = np.append(X.T @ error, error.sum()) * share
        return grad / (1 if total else len(y)) + strength * pull(theta.copy())

    return ridge_gradient


def weights_only(theta, factor=1.0):
    theta[-1] = 0
    return factor * theta


no_penalty = ridge(lambda theta: 0.0)
all_penalized = ridge(lambda theta: theta)
twice = ridge(lambda theta: weights_only(theta, 2.0))
half = ridge(lambda theta: weights_only(theta, 0.5))
minus = ridge(lambda theta: -weights_only(theta))
signs = ridge(lambda theta: np.sign(weights_only(theta)))
summed = ridge(weights_only, total=True)
without_two = ridge(weights_only, share=1.0)
first_is_the_intercept = ridge(lambda theta: np.append(0.0, theta[1:]))


def penalty_over_n(X, y, theta, strength):
    return ridge(lambda theta: weights_only(theta) / len(y))(X, y, theta, strength)


# ---- lasso
def lasso(shrink, sign=-1.0):
    def lasso_step(theta, grad, learning_rate, strength):
        theta, grad = np.array(theta, dtype=float), np.array(grad, dtype=float)
        return shrink(theta, sign * learning_rate * grad, learning_rate, strength)

    return lasso_step


def soft(w, amount):
    return np.where(w > amount, w - amount, np.where(w < -amount, w + amount, 0.0))


plain_step = lasso(lambda w, step, rate, strength: w + step)
along_the_slope = lasso(lambda w, step, rate, strength: w + step - rate * strength * np.sign(w))
across = lasso(lambda w, step, rate, strength: w + step - rate * strength * np.sign(w + step))
hard = lasso(lambda w, step, rate, strength: (w + step) * (np.abs(w + step) > rate * strength))
unscaled = lasso(lambda w, step, rate, strength: soft(w + step, strength))
shrunk_first = lasso(lambda w, step, rate, strength: soft(w, rate * strength) + step)
unsigned = lasso(lambda w, step, rate, strength: np.abs(soft(w + step, rate * strength)))
uphill = lasso(lambda w, step, rate, strength: soft(w + step, rate * strength), sign=1.0)
ridge_instead = lasso(lambda w, step, rate, strength: w + step - rate * strength * w)
only_positive = lasso(lambda w, step, rate, strength: np.maximum(w + step - rate * strength, 0))


# ---- early stopping
def last_epoch(losses, patience):
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses) - 1


def all_epochs(losses, patience):
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
    return best


def until_it_rises(losses, patience):
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
        if waited == patience:
            break
    return best


def one_too_many(losses, patience):
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        if epoch - best > patience:
            break
    return best


def equal_is_better(losses, patience):
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] <= losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best


def nan_is_better(losses, patience):
    best = 0
    for epoch in range(1, len(losses)):
        if not losses[epoch] >= losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best


def by_argmin(losses, patience):
    return int(np.argmin(losses))


def first_rise(losses, patience):
    for epoch in range(1, len(losses)):
        if losses[epoch] > losses[epoch - 1]:
            return epoch - 1
    return len(losses) - 1


# ---- PCA by gradient
def climb(move, prepare=lambda X: X - X.mean(axis=0), begin=True, unit=True, extra=0):
    def first_direction(X, start, learning_rate, n_steps):
        X, w = prepare(np.array(X, dtype=float)), np.array(start, dtype=float)
        w = w / np.linalg.norm(w) if begin else w
        for _ in range(n_steps + extra):
            w = w + learning_rate * move(X, w)
            w = w / np.linalg.norm(w) if unit else w
        return w

    return first_direction


def slope(X, w):
    return 2 / len(X) * X.T @ (X @ w)


uncentered = climb(slope, prepare=lambda X: X)
downhill = climb(lambda X, w: -slope(X, w))
sums = climb(lambda X, w: 2 * X.T @ (X @ w))
by_np_cov = climb(lambda X, w: 2 * np.cov(X.T) @ w)
without_two_pca = climb(lambda X, w: slope(X, w) / 2)
start_as_it_is = climb(slope, begin=False)
never_normed = climb(slope, unit=False)
one_step_too_many = climb(slope, extra=1)
centered_rows = climb(slope, prepare=lambda X: X - X.mean(axis=1, keepdims=True))


# ---- importance
def shares(size):
    def importance(slopes, X):
        slopes, X = np.array(slopes, dtype=float), np.array(X, dtype=float)
        with np.errstate(all="ignore"):
            values = size(slopes, X)
            return values / values.sum()

    return importance


def no_shares(slopes, X):
    return np.abs(np.array(slopes, dtype=float)).mean(axis=0) * np.std(X, axis=0)


no_units = shares(lambda s, X: np.abs(s).mean(0))
divided = shares(lambda s, X: np.abs(s).mean(0) / X.std(0))
variances = shares(lambda s, X: np.abs(s).mean(0) * X.var(0))
mean_first = shares(lambda s, X: np.abs(s.mean(0)) * X.std(0))
squares = shares(lambda s, X: (s**2).mean(0) * X.std(0))
times_input = shares(lambda s, X: np.abs(s * X).mean(0))
signed = shares(lambda s, X: s.mean(0) * X.std(0))


# ---- shards
def alike(gradients, sizes):
    return np.mean(gradients, axis=0)


def undivided(gradients, sizes):
    return np.array(sizes) @ np.array(gradients)


def plain_sum(gradients, sizes):
    return np.sum(gradients, axis=0)


def small_first(gradients, sizes):
    counts = 1 / np.maximum(sizes, 1)
    return counts @ np.array(gradients) / counts.sum()


def squared_counts(gradients, sizes):
    counts = np.array(sizes, dtype=float) ** 2
    return counts @ np.array(gradients) / counts.sum()


def over_workers(gradients, sizes):
    return np.array(sizes) @ np.array(gradients) / len(sizes)


RIDGE, LASSO, STOP = set09.ridge_gradient, set09.lasso_step, set09.early_stop
PCA, SHARE, SHARDS = set09.first_direction, set09.importance, set09.combine_shards
WRONG = [
    (RIDGE, "forgot the penalty", no_penalty),
    (RIDGE, "penalized the intercept", all_penalized),
    (RIDGE, "forgot the ½ of the penalty", twice),
    (RIDGE, "kept the ½ of the penalty", half),
    (RIDGE, "minus the penalty", minus),
    (RIDGE, "summed instead of averaged", summed),
    (RIDGE, "took the sign of the weights", signs),
    (RIDGE, "forgot the 2 of the square", without_two),
    (RIDGE, "", first_is_the_intercept),
    (RIDGE, "", penalty_over_n),
    (LASSO, "no shrinking", plain_step),
    (LASSO, "stepped along the slope of |w|", along_the_slope),
    (LASSO, "shrank across 0", across),
    (LASSO, "cut off instead of shrinking", hard),
    (LASSO, "forgot the learning rate of the price", unscaled),
    (LASSO, "shrank before the step", shrunk_first),
    (LASSO, "lost the signs", unsigned),
    (LASSO, "stepped uphill", uphill),
    (LASSO, "", ridge_instead),
    (LASSO, "", only_positive),
    (STOP, "returned the last epoch", last_epoch),
    (STOP, "looked at all epochs", all_epochs),
    (STOP, "waited for a rise", until_it_rises),
    (STOP, "waited one epoch too long", one_too_many),
    (STOP, "took equal for better", equal_is_better),
    (STOP, "took NaN for better", nan_is_better),
    (STOP, "", by_argmin),
    (STOP, "", first_rise),
    (PCA, "forgot to center", uncentered),
    (PCA, "left the length as it came", never_normed),
    (PCA, "went downhill", downhill),
    (PCA, "summed instead of averaged", sums),
    (PCA, "divided by n − 1", by_np_cov),
    (PCA, "forgot the 2 of the square", without_two_pca),
    (PCA, "returned the start as it came", start_as_it_is),
    (PCA, "", one_step_too_many),
    (PCA, "", centered_rows),
    (SHARE, "forgot the units", no_units),
    (SHARE, "divided by the deviation", divided),
    (SHARE, "multiplied by the variance", variances),
    (SHARE, "averaged before the absolute value", mean_first),
    (SHARE, "did not make shares", no_shares),
    (SHARE, "squared the slopes", squares),
    (SHARE, "", times_input),
    (SHARE, "", signed),
    (SHARDS, "all shards alike", alike),
    (SHARDS, "forgot to divide", undivided),
    (SHARDS, "summed the gradients", plain_sum),
    (SHARDS, "the small shards count most", small_first),
    (SHARDS, "", squared_counts),
    (SHARDS, "", over_workers),
]
