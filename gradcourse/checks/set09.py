"""Exercise set 09: ridge, lasso, early stopping, PCA by gradient, importance, shards."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question

ask = partial(question, "09_generalize_and_scale")


# ---- ridge -------------------------------------------------------------------------------------
def _ridge_cases(rng):
    def case(n, d, strength, label="", hint=""):
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        return Case((X, y, rng.normal(size=d + 1), strength), label, hint)

    return [
        case(6, 2, 0.5),
        case(20, 4, 2.0),
        case(5, 1, 0.1, "one feature"),
        case(8, 3, 0.0, "strength 0", "At strength 0 only the mean squared error is left."),
        case(1, 2, 1.5, "a single row"),
        case(4, 6, 0.3, "more features than rows"),
        Case(([[1, 2], [3, 4], [5, 7]], [1, 0, 2], [1, -1, 2], 3), "lists of whole numbers"),
    ]


@ask("A price for large weights", _ridge_cases, points=2)
def ridge_gradient(
    X, y, theta, strength, *, price=1.0, spare=True, n=True, sign=1, power=1, two=2.0
):
    """The gradient of the mean squared error plus ½ strength · Σ w²."""
    X, y, theta = (np.asarray(a, dtype=float) for a in (X, y, theta))
    A = np.column_stack([X, np.ones(len(X))])
    grad = two * A.T @ (A @ theta - y) / (len(y) if n else 1)
    pull = price * strength * (theta if power == 1 else np.sign(theta))
    pull[-1] *= not spare
    return grad + sign * pull


ridge_gradient.mistake(
    "forgot the penalty", "add strength · w, the gradient of ½ strength · Σ w².", price=0.0
)
ridge_gradient.mistake(
    "penalized the intercept",
    "the intercept, the last entry, may be as large as it likes.",
    spare=False,
)
ridge_gradient.mistake(
    "forgot the ½ of the penalty",
    "the penalty is ½ strength · w²; its slope is strength · w.",
    price=2.0,
)
ridge_gradient.mistake(
    "kept the ½ of the penalty",
    "the 2 of the square cancels the ½: the slope is strength · w.",
    price=0.5,
)
ridge_gradient.mistake(
    "minus the penalty", "it is part of the loss: its gradient is added.", sign=-1
)
ridge_gradient.mistake("summed instead of averaged", "the loss is the MEAN squared error.", n=False)
ridge_gradient.mistake(
    "took the sign of the weights", "that is the slope of |w|; the slope of ½ w² is w.", power=0
)
ridge_gradient.mistake(
    "forgot the 2 of the square", "the slope of (prediction − y)² has a factor 2.", two=1.0
)


# ---- lasso -------------------------------------------------------------------------------------
def _lasso_cases(rng):
    def case(n, rate, strength, label="", hint=""):
        return Case((rng.normal(size=n), rng.normal(size=n), rate, strength), label, hint)

    crossing = (np.array([0.3, -0.2]), np.array([2.0, -1.0]), 0.5, 0.1)
    return [
        case(4, 0.1, 1.0),
        case(6, 0.5, 0.4),
        case(3, 0.01, 20.0, "a high price"),
        case(5, 0.2, 0.0, "a price of 0", "At price 0 it is a plain step."),
        Case(
            (np.array([0.05, -0.04, 2.0]), np.zeros(3), 0.1, 1.0),
            "weights near 0",
            "What would cross 0 stops at 0.",
        ),
        Case(crossing, "a step across 0", "Take the step first, then shrink what it led to."),
        Case(([1, -2, 0], [1, 1, -1], 0.5, 1), "lists of whole numbers"),
    ]


@ask("A price for large weights", _lasso_cases, points=2)
def lasso_step(theta, grad, rate, strength, *, kind="soft", scaled=True, first=False, up=-1):
    """One proximal step: descend, then shrink every weight toward 0."""
    theta, grad = np.asarray(theta, dtype=float), np.asarray(grad, dtype=float)
    amount = strength * (rate if scaled else 1.0)
    shrink = {
        "soft": lambda w: np.sign(w) * np.maximum(np.abs(w) - amount, 0),
        "hard": lambda w: np.where(np.abs(w) > amount, w, 0.0),
        "slope": lambda w: w - amount * np.sign(theta),
        "across": lambda w: w - amount * np.sign(w),
        "positive": lambda w: np.maximum(np.abs(w) - amount, 0),
        "none": lambda w: w,
    }[kind]
    return shrink(theta) + up * rate * grad if first else shrink(theta + up * rate * grad)


lasso_step.mistake("no shrinking", "after the step pull every weight toward 0.", kind="none")
lasso_step.mistake(
    "stepped along the slope of |w|",
    "that jumps across 0 for ever and no weight becomes 0.",
    kind="slope",
)
lasso_step.mistake(
    "shrank across 0",
    "a weight smaller than the amount becomes 0, not its opposite.",
    kind="across",
)
lasso_step.mistake(
    "cut off instead of shrinking", "ALL weights come nearer to 0, the large ones too.", kind="hard"
)
lasso_step.mistake(
    "forgot the learning rate of the price", "shrink by learning_rate · strength.", scaled=False
)
lasso_step.mistake("shrank before the step", "step first, then shrink.", first=True)
lasso_step.mistake("lost the signs", "multiply by the sign of the weight.", kind="positive")
lasso_step.mistake("stepped uphill", "subtract the gradient.", up=1)


# ---- early stopping ----------------------------------------------------------------------------
def _stop_cases(rng):
    fall = np.cumsum(-rng.random(6)) + 5
    bumpy = [3.0, 2.0, 2.5, 2.4, 1.9, 2.2, 2.1, 2.05, 1.0]
    return [
        Case(
            (bumpy, 3),
            "a second best after a bump",
            "Count epochs since the last BEST, not since the last fall.",
        ),
        Case((bumpy, 2), "less patience"),
        Case((fall.tolist(), 2), "always better", "It never stops early: all epochs are seen."),
        Case(([1.0, 1.0, 1.0, 0.5], 2), "no change", "Equal to the best is not better."),
        Case(
            ([2.0, 1.0, np.nan, np.nan, np.nan, 0.1], 3),
            "NaN",
            "NaN is never better: ask whether the loss is below the best.",
        ),
        Case(([4.0], 5), "one epoch"),
        Case(
            ([5.0, 4.0, 6.0, 7.0, 1.0], 1),
            "patience 1",
            "The first epoch is the first best; it does not count as waiting.",
        ),
        Case(([1, 2, 3, 4, 5, 6], 4), "whole numbers, only worse"),
    ]


@ask("Too good on what it saw", _stop_cases, points=2)
def early_stop(
    losses, patience, *, since="best", strict=True, last=False, more=0, patient=True, nan=False
):
    """The best epoch seen before patience ran out."""
    best = 0
    waited = 0
    for epoch, loss in enumerate(losses):
        better = loss < losses[best] if strict else loss <= losses[best]
        if nan:
            better = not loss >= losses[best]
        fell = epoch > 0 and loss < losses[epoch - 1]
        best = epoch if epoch and better else best
        waited = 0 if (better or epoch == 0 or (since == "fall" and fell)) else waited + 1
        if patient and waited >= patience + more:
            break
    return epoch if last else best


early_stop.mistake(
    "returned the last epoch", "return the BEST epoch: its weights are the ones to keep.", last=True
)
early_stop.mistake(
    "looked at all epochs",
    "after `patience` epochs without a new best, training has ended.",
    patient=False,
)
early_stop.mistake(
    "waited for a rise",
    "count epochs since the best, even while the loss falls back toward it.",
    since="fall",
)
early_stop.mistake(
    "waited one epoch too long", "stop when `patience` epochs have brought no new best.", more=1
)
early_stop.mistake(
    "took equal for better", "a new best is strictly below the old one.", strict=False
)
early_stop.mistake(
    "took NaN for better", "`not loss >= best` is True for NaN; ask `loss < best`.", nan=True
)


# ---- PCA by gradient ---------------------------------------------------------------------------
def _pca_cases(rng):
    def case(n, d, rate, steps, far=0.0, label="", hint=""):
        stretch = np.geomspace(2, 0.3, d)
        X = far + rng.normal(size=(n, d)) * stretch
        return Case((X, rng.normal(size=d), rate, steps), label, hint)

    return [
        case(30, 3, 0.1, 5),
        case(12, 5, 0.05, 40, label="forty steps"),
        case(20, 2, 0.2, 1, label="one step"),
        case(15, 3, 0.1, 8, far=20.0, label="far from 0", hint="Subtract the mean of each column."),
        case(10, 4, 0.1, 0, label="no step", hint="Even the start gets the length 1."),
        Case(([[1, 2], [3, 4], [5, 7]], [1, 0], 0.1, 3), "lists of whole numbers"),
    ]


@ask("Fewer dimensions", _pca_cases, points=2, tolerance=1e-8)
def first_direction(
    X, start, rate, n_steps, *, center=True, unit=True, sign=1, n=True, two=2.0, begin=True, less=0
):
    """The first principal direction, by projected gradient ascent."""
    X = np.asarray(X, dtype=float)
    w = np.asarray(start, dtype=float)
    X = X - X.mean(axis=0) if center else X
    w = w / np.linalg.norm(w) if begin else w
    for _ in range(n_steps):
        w = w + sign * rate * two * X.T @ (X @ w) / (len(X) - less if n else 1)
        w = w / np.linalg.norm(w) if unit else w
    return w


first_direction.mistake(
    "forgot to center",
    "variance is measured from the mean: subtract it from each column.",
    center=False,
)
first_direction.mistake(
    "left the length as it came",
    "a direction has the length 1: divide by the length after each step.",
    unit=False,
)
first_direction.mistake(
    "went downhill", "the variance is to be LARGEST: add the gradient.", sign=-1
)
first_direction.mistake(
    "summed instead of averaged", "the variance is a mean over the rows.", n=False
)
first_direction.mistake(
    "divided by n − 1", "the mean over the rows divides by n; np.cov needs bias=True.", less=1
)
first_direction.mistake(
    "forgot the 2 of the square", "the slope of (x · w)² is 2 (x · w) x.", two=1.0
)
first_direction.mistake(
    "returned the start as it came",
    "without any step, too, a direction has the length 1.",
    begin=False,
)


# ---- importance --------------------------------------------------------------------------------
def _importance_cases(rng):
    def case(n, d, scales=1.0, label="", hint=""):
        X = rng.normal(size=(n, d)) * scales + rng.normal(size=d)
        return Case((rng.normal(size=(n, d)), X), label, hint)

    return [
        case(8, 3),
        case(20, 2),
        case(
            5,
            4,
            np.array([1, 1000, 0.01, 1]),
            "grams and meters",
            "A slope is per unit: multiply by the feature's standard deviation.",
        ),
        Case(
            (np.array([[1.0, 0.2], [-1.0, 0.2]]), np.array([[0.0, 1], [1, 0]])),
            "slopes of both signs",
            "Take absolute values before the mean.",
        ),
        Case(
            (rng.normal(size=(6, 2)), np.column_stack([rng.normal(size=6), np.full(6, 3.0)])),
            "a constant feature",
        ),
        Case(([[1, 2], [3, -4], [2, 2]], [[0, 1], [2, 5], [4, 0]]), "lists of whole numbers"),
    ]


@ask("Which inputs matter", _importance_cases)
def importance(slopes, X, *, scale=1, early=True, share=True, square=False):
    """Each feature's share of the mean absolute slope times its standard deviation."""
    slopes, X = np.asarray(slopes, dtype=float), np.asarray(X, dtype=float)
    size = np.abs(slopes).mean(axis=0) if early else np.abs(slopes.mean(axis=0))
    size = (slopes**2).mean(axis=0) if square else size
    spread = X.std(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = size * spread**scale
    return size / size.sum() if share else size


importance.mistake(
    "forgot the units",
    "multiply by each feature's standard deviation; grams are not kilograms.",
    scale=0,
)
importance.mistake("divided by the deviation", "slope per unit TIMES units of spread.", scale=-1)
importance.mistake("multiplied by the variance", "the standard deviation is its root.", scale=2)
importance.mistake(
    "averaged before the absolute value", "slopes of opposite signs would cancel.", early=False
)
importance.mistake(
    "did not make shares", "divide by the sum, so that all shares sum to 1.", share=False
)
importance.mistake("squared the slopes", "asked for are absolute values.", square=True)


# ---- shards ------------------------------------------------------------------------------------
def _shard_cases(rng):
    def case(sizes, d, label="", hint=""):
        return Case((rng.normal(size=(len(sizes), d)), sizes), label, hint)

    return [
        case([10, 10, 10], 3, "equal shards"),
        case([100, 10], 2, "unequal shards", "A shard counts as often as it has rows."),
        case([7], 4, "one worker"),
        case([3, 0, 5], 2, "an empty shard", "A shard without rows has no say."),
        case([1, 2, 3, 4], 1, "one parameter"),
        Case(([[1, 2], [3, 4]], [2, 6]), "lists of whole numbers"),
    ]


@ask("Shared among workers", _shard_cases)
def combine_shards(gradients, sizes, *, weighted=True, mean=True, inverse=False):
    """The gradient of all rows, from the means of several shards."""
    gradients, sizes = np.asarray(gradients, dtype=float), np.asarray(sizes, dtype=float)
    counts = sizes if weighted else np.ones_like(sizes)
    if inverse:
        counts = 1 / np.maximum(counts, 1)
    total = counts @ gradients
    return total / counts.sum() if mean else total


combine_shards.mistake(
    "all shards alike", "weigh each gradient by its number of rows.", weighted=False
)
combine_shards.mistake("forgot to divide", "divide by the number of all rows.", mean=False)
combine_shards.mistake(
    "summed the gradients", "means are combined by a weighted mean.", weighted=False, mean=False
)
combine_shards.mistake("the small shards count most", "many rows, much weight.", inverse=True)
