"""Exercise set 04: shuffled batches, two classifiers' gradients, noise, rare classes, the loop."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link
from gradcourse.datasets import penguins

_read = partial(section_link, "04_batch_sizes")


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


def _batches(n, batch_size, rng, *, shuffle=True, last=True, again=False, step=None):
    rng = np.random.default_rng(0) if again else rng
    order = rng.permutation(n) if shuffle else np.arange(n)
    starts = range(0, n if last else n - batch_size + 1, step or batch_size)
    return [order[i : i + batch_size] for i in starts]


def _drawn_freely(n, batch_size, rng):
    return [rng.integers(n, size=min(batch_size, n - i)) for i in range(0, n, batch_size)]


minibatch_rows = Question(
    "04.minibatch_rows",
    _batches,
    _batch_cases,
    (
        Mistake(
            "did not shuffle",
            partial(_batches, shuffle=False),
            "rows often lie sorted by class; take a permutation first.",
        ),
        Mistake(
            "dropped the short last batch",
            partial(_batches, last=False),
            "each row is met once; the last batch holds whatever is left.",
        ),
        Mistake(
            "shuffled the same way in every epoch",
            partial(_batches, again=True),
            "use the generator you are given; a new one made inside starts again each time.",
        ),
        Mistake(
            "moved on by one row instead of one batch",
            partial(_batches, step=1),
            "the next batch begins where this one ends.",
        ),
    ),
    _read("One epoch, many updates"),
    points=2,
    probe=_two_epochs,
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


logistic_gradient = Question(
    "04.logistic_gradient",
    partial(_gradient, _logistic),
    partial(_class_cases, low=0),
    (
        Mistake(
            "summed instead of averaged",
            partial(_gradient, _logistic, mean=False),
            "the loss is a mean, so divide by the number of rows in the batch.",
        ),
        Mistake(
            "sign flipped",
            partial(_gradient, _logistic, sign=-1.0),
            "the slope is predicted minus true.",
        ),
        Mistake(
            "used the score instead of the probability",
            partial(_gradient, _no_sigmoid),
            "send X @ w + b through the sigmoid before you subtract the label.",
        ),
        Mistake(
            "took the labels for -1 and 1",
            partial(_gradient, _signs),
            "here they are 0 and 1, as probabilities are.",
        ),
        Mistake(
            "used the squared error",
            partial(_gradient, _squared),
            "with the logistic loss the factor p (1 - p) cancels.",
        ),
        Mistake(
            "forgot the intercept",
            partial(_gradient, _logistic, intercept=False),
            "b is a weight whose feature is always 1: its slope is the mean of the errors.",
        ),
    ),
    _read("Two species by logistic regression"),
    points=2,
    tolerance=1e-6,
    probe=_both,
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


hinge_subgradient = Question(
    "04.hinge_subgradient",
    partial(_gradient, _hinge),
    partial(_class_cases, low=-1),
    (
        Mistake(
            "summed instead of averaged",
            partial(_gradient, _hinge, mean=False),
            "divide by all rows of the batch, those with slope 0 too.",
        ),
        Mistake(
            "sign flipped",
            partial(_gradient, _hinge, sign=-1.0),
            "where the hinge slopes, 1 - y z falls with y: the slope is -y.",
        ),
        Mistake(
            "let only wrong answers pull",
            partial(_gradient, _perceptron),
            "a right answer inside the margin, y z < 1, pulls as well.",
        ),
        Mistake(
            "let every row pull",
            partial(_gradient, _everyone),
            "beyond the margin the loss is flat: slope 0.",
        ),
        Mistake(
            "forgot the label in the slope",
            partial(_gradient, _unlabeled),
            "the two classes pull to different sides.",
        ),
        Mistake(
            "compared the score without its label",
            partial(_gradient, _ignores_label),
            "the margin is y z, large when the score has the label's sign.",
        ),
        Mistake(
            "forgot the intercept",
            partial(_gradient, _hinge, intercept=False),
            "b has a slope too: the mean of the slopes of the scores.",
        ),
    ),
    _read("The margin of an SVM"),
    points=2,
    tolerance=1e-6,
    probe=_both,
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


def _noise(each, batch_size, *, root=True, power=1, spread=np.var, total=np.sum, ddof=0):
    variance = total(spread(np.asarray(each, dtype=float), axis=0, ddof=ddof)) / batch_size**power
    return float(np.sqrt(variance) if root else variance)


batch_noise = Question(
    "04.batch_noise",
    _noise,
    _noise_cases,
    (
        Mistake(
            "forgot the square root",
            partial(_noise, root=False),
            "a variance is a squared distance; the root makes it a distance.",
        ),
        Mistake(
            "divided by the batch size outside the root",
            partial(_noise, power=2),
            "the variance falls like 1/B, so the distance falls like 1/root of B.",
        ),
        Mistake(
            "forgot the batch size",
            partial(_noise, power=0),
            "a mean of B rows is steadier than a single row.",
        ),
        Mistake(
            "averaged over the parameters",
            partial(_noise, total=np.mean),
            "the squared length of a vector is the sum over its components.",
        ),
        Mistake(
            "divided by n - 1",
            partial(_noise, ddof=1),
            "these rows are all there are, not a sample: divide by n.",
        ),
    ),
    _read("How noisy is a batch"),
    tolerance=1e-5,
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


def _weights(y, *, share=lambda n, k, count: n / (k * count)):
    y = np.asarray(y)
    counts = np.array([(y == label).sum() for label in y])
    return share(len(y), len(set(y.tolist())), counts)


class_weights = Question(
    "04.class_weights",
    _weights,
    _label_cases,
    (
        Mistake(
            "forgot the number of classes",
            partial(_weights, share=lambda n, k, c: n / c),
            "with k classes this makes the mean weight k; divide by k.",
        ),
        Mistake(
            "gave the frequent class more",
            partial(_weights, share=lambda n, k, c: k * c / n),
            "turn it over: the rarer a class, the more each of its rows counts.",
        ),
        Mistake(
            "did not scale to the mean 1",
            partial(_weights, share=lambda n, k, c: 1 / c),
            "with tiny weights the gradient shrinks, and the learning rate no longer fits.",
        ),
        Mistake(
            "used shares of all rows",
            partial(_weights, share=lambda n, k, c: 1 - c / n),
            "every class should pull alike: weight times count must be the same for all.",
        ),
    ),
    _read("A rare class"),
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


def _train(
    X,
    y,
    orders,
    batch_size,
    learning_rate,
    *,
    divisor=None,
    ordered=True,
    sign=-1.0,
    late=False,
    reset=False,
):
    A = np.column_stack([np.asarray(X, dtype=float), np.ones(len(y))])
    y, theta = np.asarray(y, dtype=float), np.zeros(A.shape[1])
    for order in orders:
        order = np.asarray(order) if ordered else np.arange(len(y))
        theta, held = (theta * 0 if reset else theta), theta
        for i in range(0, len(y), batch_size):
            rows = order[i : i + batch_size]
            slopes = _logistic(A[rows] @ (held if late else theta), y[rows])
            theta = theta + sign * learning_rate * slopes @ A[rows] / (divisor or len)(rows)
    return theta


def _by_batch_size(X, y, orders, batch_size, learning_rate):
    return _train(X, y, orders, batch_size, learning_rate, divisor=lambda rows: batch_size)


def _by_all_rows(X, y, orders, batch_size, learning_rate):
    return _train(X, y, orders, batch_size, learning_rate, divisor=lambda rows: len(y))


train_logistic = Question(
    "04.train_logistic",
    _train,
    _loop_cases,
    (
        Mistake(
            "divided a short batch by the full batch size",
            _by_batch_size,
            "the last batch may be shorter: divide by the number of its own rows.",
        ),
        Mistake(
            "divided by all rows",
            _by_all_rows,
            "a batch estimates the mean from its own rows; divide by their number.",
        ),
        Mistake(
            "ignored the order",
            partial(_train, ordered=False),
            "each epoch has its own order: take the rows from it.",
        ),
        Mistake(
            "updated only once per epoch",
            partial(_train, late=True),
            "every batch moves theta, and the next batch starts from there.",
        ),
        Mistake(
            "started anew in every epoch",
            partial(_train, reset=True),
            "an epoch goes on where the last one ended.",
        ),
        Mistake(
            "plus instead of minus",
            partial(_train, sign=1.0),
            "the gradient points uphill; to go down, go against it.",
        ),
    ),
    _read("One epoch, many updates"),
    points=3,
    tolerance=1e-7,
)
