"""Exercise set 04: shuffled batches, two classifiers' gradients, noise, rare classes, the loop."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question
from gradcourse.datasets import penguins

ask = partial(question, "04_batch_sizes")


# ---- shuffled mini-batches ---------------------------------------------------------------------
def _batch_cases(rng):
    seed = int(rng.integers(1000))
    return [
        Case((12, 4, seed)),
        Case((10, 4, seed), "a last batch that is shorter", "10 rows in fours: 4, 4 and 2."),
        Case((342, 32, seed), "all penguins"),
        Case((50, 1, seed), "batches of one"),
        Case((30, 30, seed), "one batch of all rows"),
        Case((7, 6, seed), "a last batch of one"),
        Case((1, 1, seed), "a single row"),
    ]


def _two_epochs(function, n, batch_size, seed):
    """What is asked, whatever the order is: sizes, each row once, shuffled, shuffled anew."""
    rng = np.random.default_rng(seed)
    epochs = [[np.asarray(batch).tolist() for batch in function(n, batch_size, rng)] for _ in "ab"]
    flat = [[row for batch in epoch for row in batch] for epoch in epochs]
    mixed = [flat[0] != sorted(flat[0]), flat[0] != flat[1]] if n > 9 > batch_size else []
    return [[len(batch) for batch in epochs[0]], sorted(flat[0]), sorted(flat[1]), *mixed]


def _drawn_freely(n, batch_size, rng):
    return [rng.integers(n, size=min(batch_size, n - i)) for i in range(0, n, batch_size)]


@ask("One epoch, many updates", _batch_cases, points=2, probe=_two_epochs)
def minibatch_rows(n, batch_size, rng, *, shuffle=True, last=True, again=False, step=None):
    """The rows of each mini-batch of one shuffled epoch."""
    rng = np.random.default_rng(0) if again else rng
    order = rng.permutation(n) if shuffle else np.arange(n)
    starts = range(0, n if last else n - batch_size + 1, step or batch_size)
    return [order[i : i + batch_size] for i in starts]


minibatch_rows.mistake(
    "did not shuffle", "rows often lie sorted by class; take a permutation first.", shuffle=False
)
minibatch_rows.mistake(
    "dropped the short last batch",
    "each row is met once; the last batch holds whatever is left.",
    last=False,
)
minibatch_rows.mistake(
    "shuffled the same way in every epoch",
    "use the generator you are given; a new one made inside starts again each time.",
    again=True,
)
minibatch_rows.mistake(
    "moved on by one row instead of one batch", "the next batch begins where this one ends.", step=1
)


# ---- gradients of two classifiers --------------------------------------------------------------
def _class_cases(rng, low):
    def labels(n):
        return np.where(rng.random(n) < 0.4, 1, low)

    birds = penguins()[rng.permutation(342)[:60]]
    Z = (birds.matrix() - [44, 17, 200, 4200]) / [5, 2, 14, 800]
    is_chinstrap = np.where(birds.species == "Chinstrap", 1, low)
    far = rng.normal(size=(4, 2)) * 400
    sure = np.where(far.sum(axis=1) > -3, 1, low)
    sure[0] = 1 + low - sure[0]  # one that is sure and wrong
    return [
        Case((rng.normal(size=(6, 2)), labels(6), rng.normal(size=2), rng.normal())),
        Case((Z, is_chinstrap, rng.normal(size=4), 0.5), "penguins"),
        Case(([[1, 2], [3, -1], [0, 4]], [1, low, 1], [0.5, -0.25], 0), "lists of whole numbers"),
        Case((rng.normal(size=(1, 3)), labels(1), rng.normal(size=3), 0.1), "a batch of one"),
        Case((rng.normal(size=(5, 1)), labels(5), rng.normal(size=1), -0.3), "one feature"),
        Case((rng.normal(size=(8, 2)), labels(8), np.zeros(2), 0.0), "zero weights"),
        Case(
            (far, sure, np.ones(2), 3.0),
            "large scores",
            "e to a large power overflows; only e to something negative is safe.",
        ),
        Case((np.float32(rng.normal(size=(4, 2))), labels(4), np.float32([1, -1]), 0.2), "float32"),
    ]


def _both(function, *args):
    """One vector of both parts: a slope that is nearly 0 is measured against the others."""
    grad_w, grad_b = function(*args)
    return [*np.asarray(grad_w).tolist(), grad_b]


def _gradient(slope, X, y, w, b, *, mean=True, sign=1.0, intercept=True):
    X, y, w = (np.asarray(array, dtype=float) for array in (X, y, w))
    slopes = sign * slope(X @ w + b, y) / (len(y) if mean else 1)
    return slopes @ X, float(slopes.sum()) if intercept else 0.0


def _logistic(z, y):
    return np.exp(-np.logaddexp(0, -z)) - y


def _signs(z, y):
    return np.exp(-np.logaddexp(0, -z)) - (2 * y - 1)


def _no_sigmoid(z, y):
    return z - y


def _squared(z, y):
    p = np.exp(-np.logaddexp(0, -z))
    return 2 * (p - y) * p * (1 - p)


@ask(
    "Two species by logistic regression",
    partial(_class_cases, low=0),
    points=2,
    tolerance=1e-6,
    probe=_both,
)
def logistic_gradient(X, y, w, b, *, slope=_logistic, **options):
    """The gradient of the mean logistic loss along w and b, labels 0 and 1."""
    return _gradient(slope, X, y, w, b, **options)


logistic_gradient.mistake(
    "summed instead of averaged",
    "the loss is a mean, so divide by the number of rows in the batch.",
    mean=False,
)
logistic_gradient.mistake("sign flipped", "the slope is predicted minus true.", sign=-1.0)
logistic_gradient.mistake(
    "used the score instead of the probability",
    "send X @ w + b through the sigmoid before you subtract the label.",
    slope=_no_sigmoid,
)
logistic_gradient.mistake(
    "took the labels for -1 and 1",
    "here they are 0 and 1, as probabilities are.",
    slope=_signs,
)
logistic_gradient.mistake(
    "used the squared error",
    "with the logistic loss the factor p (1 - p) cancels.",
    slope=_squared,
)
logistic_gradient.mistake(
    "forgot the intercept",
    "b is a weight whose feature is always 1: its slope is the mean of the errors.",
    intercept=False,
)


def _hinge(z, y):
    return np.where(y * z < 1, -y, 0.0)


def _perceptron(z, y):
    return np.where(y * z < 0, -y, 0.0)


def _everyone(z, y):
    return -y * np.ones_like(z)


def _unlabeled(z, y):
    return np.where(y * z < 1, -1.0, 0.0)


def _ignores_label(z, y):
    return np.where(z < 1, -y, 0.0)


@ask("The margin of an SVM", partial(_class_cases, low=-1), points=2, tolerance=1e-6, probe=_both)
def hinge_subgradient(X, y, w, b, *, slope=_hinge, **options):
    """A subgradient of the mean hinge loss along w and b, labels -1 and 1."""
    return _gradient(slope, X, y, w, b, **options)


hinge_subgradient.mistake(
    "summed instead of averaged",
    "divide by all rows of the batch, those with slope 0 too.",
    mean=False,
)
hinge_subgradient.mistake(
    "sign flipped", "where the hinge slopes, 1 - y z falls with y: the slope is -y.", sign=-1.0
)
hinge_subgradient.mistake(
    "let only wrong answers pull",
    "a right answer inside the margin, y z < 1, pulls as well.",
    slope=_perceptron,
)
hinge_subgradient.mistake(
    "let every row pull",
    "beyond the margin the loss is flat: slope 0.",
    slope=_everyone,
)
hinge_subgradient.mistake(
    "forgot the label in the slope",
    "the two classes pull to different sides.",
    slope=_unlabeled,
)
hinge_subgradient.mistake(
    "compared the score without its label",
    "the margin is y z, large when the score has the label's sign.",
    slope=_ignores_label,
)
hinge_subgradient.mistake(
    "forgot the intercept",
    "b has a slope too: the mean of the slopes of the scores.",
    intercept=False,
)


# ---- the noise of a batch ----------------------------------------------------------------------
def _noise_cases(rng):
    each = rng.normal(size=(40, 3)) * [1, 2, 0.5] + [3, 0, -1]
    return [
        Case((each, 8)),
        Case((each, 1), "a batch of one"),
        Case((each, 1000), "a batch larger than the data"),
        Case((each[:, :1], 4), "one parameter"),
        Case(([[1, 2], [3, 2], [2, 5]], 2), "lists of whole numbers"),
        Case((np.ones((5, 2)), 3), "rows that all agree"),
        Case((np.float32(each), 16), "float32"),
    ]


@ask("How noisy is a batch", _noise_cases, tolerance=1e-5)
def batch_noise(each, batch_size, *, root=True, power=1, total=np.sum, ddof=0):
    """The standard deviation of a batch's gradient, as a length."""
    variance = total(np.var(np.asarray(each, dtype=float), axis=0, ddof=ddof)) / batch_size**power
    return float(np.sqrt(variance) if root else variance)


batch_noise.mistake(
    "forgot the square root",
    "a variance is a squared distance; the root makes it a distance.",
    root=False,
)
batch_noise.mistake(
    "divided by the batch size outside the root",
    "the variance falls like 1/B, so the distance falls like 1/root of B.",
    power=2,
)
batch_noise.mistake(
    "forgot the batch size", "a mean of B rows is steadier than a single row.", power=0
)
batch_noise.mistake(
    "averaged over the parameters",
    "the squared length of a vector is the sum over its components.",
    total=np.mean,
)
batch_noise.mistake(
    "divided by n - 1", "these rows are all there are, not a sample: divide by n.", ddof=1
)


# ---- class weights -----------------------------------------------------------------------------
def _label_cases(rng):
    birds = penguins().species
    return [
        Case((np.array([0, 0, 0, 1]),)),
        Case((rng.permutation(np.repeat([0, 1, 2], [30, 5, 12])),), "three classes"),
        Case(([1, 1, -1],), "a list, labels -1 and 1"),
        Case((np.zeros(4, dtype=int),), "one class only"),
        Case((rng.permutation(np.repeat([3, 7], [6, 6])),), "classes of one size"),
        Case((np.unique(birds, return_inverse=True)[1],), "the species of the penguins"),
        Case((np.array([2.0, 5.0, 2.0]),), "labels that are not counted from 0"),
    ]


@ask("A rare class", _label_cases)
def class_weights(y, *, share=lambda n, k, count: n / (k * count)):
    """A weight for each row: the classes pull alike, and the mean weight is 1."""
    y = np.asarray(y)
    counts = np.array([(y == label).sum() for label in y])
    return share(len(y), len(set(y.tolist())), counts)


class_weights.mistake(
    "forgot the number of classes",
    "with k classes this makes the mean weight k; divide by k.",
    share=lambda n, k, c: n / c,
)
class_weights.mistake(
    "gave the frequent class more",
    "turn it over: the rarer a class, the more each of its rows counts.",
    share=lambda n, k, c: k * c / n,
)
class_weights.mistake(
    "did not scale to the mean 1",
    "with tiny weights the gradient shrinks, and the learning rate no longer fits.",
    share=lambda n, k, c: 1 / c,
)
class_weights.mistake(
    "used shares of all rows",
    "every class should pull alike: weight times count must be the same for all.",
    share=lambda n, k, c: 1 - c / n,
)


# ---- the whole loop ----------------------------------------------------------------------------
def _loop_cases(rng):
    X, y = rng.normal(size=(10, 2)), (rng.random(10) < 0.5).astype(int)
    orders = [rng.permutation(10) for _ in range(3)]
    birds = penguins()[rng.permutation(342)[:50]]
    Z = (birds.matrix("flipper_length_mm", "body_mass_g") - [200, 4200]) / [14, 800]
    gentoo = (birds.species == "Gentoo").astype(int)
    return [
        Case((X, y, orders, 5, 0.5)),
        Case(
            (X, y, orders, 4, 0.5),
            "a last batch that is shorter",
            "Average over the rows that are in the batch.",
        ),
        Case((X, y, orders, 1, 0.2), "batches of one"),
        Case((X, y, orders, 10, 1.0), "the full batch"),
        Case((X, y, [], 5, 0.5), "no epoch at all"),
        Case((X.tolist(), y.tolist(), [list(range(10))], 3, 0.1), "lists"),
        Case((Z, gentoo, [rng.permutation(50)], 8, 0.3), "penguins"),
    ]


@ask("One epoch, many updates", _loop_cases, points=3, tolerance=1e-7)
def train_logistic(
    X,
    y,
    orders,
    batch_size,
    learning_rate,
    *,
    divisor=lambda rows, batch_size, n: len(rows),
    ordered=True,
    sign=-1.0,
    late=False,
    reset=False,
):
    """Mini-batch descent of a logistic regression, the intercept last."""
    A = np.column_stack([np.asarray(X, dtype=float), np.ones(len(y))])
    y = np.asarray(y, dtype=float)
    theta = np.zeros(A.shape[1])
    for order in orders:
        order = np.asarray(order) if ordered else np.arange(len(y))
        held = theta
        if reset:
            theta = np.zeros_like(theta)
        for i in range(0, len(y), batch_size):
            rows = order[i : i + batch_size]
            slopes = _logistic(A[rows] @ (held if late else theta), y[rows])
            grad = slopes @ A[rows] / divisor(rows, batch_size, len(y))
            theta = theta + sign * learning_rate * grad
    return theta


train_logistic.mistake(
    "divided a short batch by the full batch size",
    "the last batch may be shorter: divide by the number of its own rows.",
    divisor=lambda rows, batch_size, n: batch_size,
)
train_logistic.mistake(
    "divided by all rows",
    "a batch estimates the mean from its own rows; divide by their number.",
    divisor=lambda rows, batch_size, n: n,
)
train_logistic.mistake(
    "ignored the order", "each epoch has its own order: take the rows from it.", ordered=False
)
train_logistic.mistake(
    "updated only once per epoch",
    "every batch moves theta, and the next batch starts from there.",
    late=True,
)
train_logistic.mistake(
    "started anew in every epoch", "an epoch goes on where the last one ended.", reset=True
)
train_logistic.mistake(
    "plus instead of minus", "the gradient points uphill; to go down, go against it.", sign=1.0
)
