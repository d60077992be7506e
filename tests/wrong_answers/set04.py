"""Wrong answers to exercise set 04, as learners write them: (question, mistake, function)."""

import numpy as np

from gradcourse.checks import set04


# ---- shuffled mini-batches
def in_order(n, batch_size, rng):
    return [list(range(i, min(i + batch_size, n))) for i in range(0, n, batch_size)]


def sorted_batches(n, batch_size, rng):
    return np.array_split(np.arange(n), range(batch_size, n, batch_size))


def whole_batches_only(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[k * batch_size : (k + 1) * batch_size] for k in range(n // batch_size)]


def reshaped(n, batch_size, rng):
    order = rng.permutation(n)
    return list(order[: n - n % batch_size].reshape(-1, batch_size))


def seeded_inside(n, batch_size, rng):
    order = np.random.default_rng(42).permutation(n)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


def seeded_list(n, batch_size, rng):
    rows = list(range(n))
    np.random.RandomState(1).shuffle(rows)
    return [rows[i : i + batch_size] for i in range(0, n, batch_size)]


def overlapping(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[i : i + batch_size] for i in range(n)]


def overlapping_list(n, batch_size, rng):
    rows = rng.permutation(n).tolist()
    batches = []
    for start, _ in enumerate(rows):
        batches.append(rows[start : start + batch_size])
    return batches


def with_replacement(n, batch_size, rng):
    return [rng.integers(0, n, batch_size) for _ in range(-(-n // batch_size))]


def one_flat_list(n, batch_size, rng):
    return rng.permutation(n)


# ---- two classifiers
def with_sigmoid(error, total=np.mean):
    def gradient(X, y, w, b):
        X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
        z = X @ np.asarray(w, dtype=float) + b
        with np.errstate(over="ignore"):
            errors = error(1 / (1 + np.exp(-z)), z, y)
        return total(errors[:, None] * X, axis=0), total(errors)

    return gradient


logistic_sum = with_sigmoid(lambda p, z, y: p - y, total=np.sum)
true_minus_predicted = with_sigmoid(lambda p, z, y: y - p)
from_the_score = with_sigmoid(lambda p, z, y: z - y)
labels_of_both_signs = with_sigmoid(lambda p, z, y: p - (2 * y - 1))
of_the_square = with_sigmoid(lambda p, z, y: 2 * (p - y) * p * (1 - p))


def logistic_without_intercept(X, y, w, b):
    return with_sigmoid(lambda p, z, y: p - y)(X, y, w, b)[0], 0


def logistic_weights_only(X, y, w, b):
    return with_sigmoid(lambda p, z, y: p - y)(X, y, w, b)[0]


def no_list(X, y, w, b):
    return (1 / (1 + np.exp(-X.dot(w) - b)) - y).dot(X) / len(y), 0.0


hinge_sum = with_sigmoid(lambda p, z, y: -y * (y * z < 1), total=np.sum)
hinge_uphill = with_sigmoid(lambda p, z, y: y * (y * z < 1))
only_the_wrong = with_sigmoid(lambda p, z, y: -y * (y * z < 0))
all_of_them = with_sigmoid(lambda p, z, y: -y)
no_label = with_sigmoid(lambda p, z, y: -1.0 * (y * z < 1))
no_label_in_margin = with_sigmoid(lambda p, z, y: -y * (z < 1))


def hinge_without_intercept(X, y, w, b):
    return with_sigmoid(lambda p, z, y: -y * (y * z < 1))(X, y, w, b)[0], 0.0


def mean_of_those_that_pull(X, y, w, b):
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    inside = y * (X @ w + b) < 1
    return -(y[inside, None] * X[inside]).mean(axis=0), -y[inside].mean()


def hinge_none(X, y, w, b):
    np.asarray(X) @ np.asarray(w) + b


# ---- the noise of a batch
def spread_squared(each, batch_size):
    return np.var(each, axis=0).sum() / batch_size


def squared_by_hand(each, batch_size):
    each = np.array(each, dtype=float)
    return ((each - each.mean(0)) ** 2).mean(0).sum() / batch_size


def root_then_divide(each, batch_size):
    return np.sqrt(np.var(each, axis=0).sum()) / batch_size


def norm_then_divide(each, batch_size):
    return np.linalg.norm(np.std(np.asarray(each, dtype=float), axis=0)) / batch_size


def of_single_rows(each, batch_size):
    return np.sqrt(np.var(each, axis=0).sum())


def length_of_spread(each, batch_size):
    return np.linalg.norm(np.std(each, axis=0))


def mean_over_components(each, batch_size):
    return np.sqrt(np.var(each, axis=0).mean() / batch_size)


def mean_of_squares(each, batch_size):
    each = np.array(each, dtype=float)
    return (((each - each.mean(axis=0)) ** 2).mean() / batch_size) ** 0.5


def unbiased(each, batch_size):
    return np.sqrt(np.var(each, axis=0, ddof=1).sum() / batch_size)


def unbiased_by_hand(each, batch_size):
    each = np.array(each, dtype=float)
    variance = ((each - each.mean(0)) ** 2).sum() / (len(each) - 1)
    return (variance / batch_size) ** 0.5


def around_zero(each, batch_size):
    return np.sqrt((np.array(each, dtype=float) ** 2).sum(axis=1).mean() / batch_size)


# ---- class weights
def count_of(y):
    y = list(y)
    return np.array([y.count(label) for label in y])


def n_over_count(y):
    return len(y) / count_of(y)


def n_over_count_by_unique(y):
    _, place, counts = np.unique(y, return_inverse=True, return_counts=True)
    return (len(y) / counts)[place]


def frequent_first(y):
    return len(set(np.asarray(y).tolist())) * count_of(y) / len(y)


def share_times_classes(y):
    _, place, counts = np.unique(y, return_inverse=True, return_counts=True)
    return (counts / counts.mean())[place]


def one_over_count(y):
    return 1 / count_of(y)


def one_over_count_by_unique(y):
    _, place, counts = np.unique(y, return_inverse=True, return_counts=True)
    return (1.0 / counts)[place]


def one_minus_share(y):
    return 1 - count_of(y) / len(y)


def share_of_the_others(y):
    return np.array([sum(other != label for other in y) / len(y) for label in y])


def one_weight_per_class(y):
    _, counts = np.unique(y, return_counts=True)
    return len(y) / (len(counts) * counts)


# ---- the loop
def trainer(divisor=len, sign=-1, order_of=lambda order, n: order, again=False, once=False):
    def train(X, y, orders, batch_size, learning_rate):
        X, y = np.array(X, dtype=float), np.array(y, dtype=float)
        w, b = np.zeros(X.shape[1]), 0.0
        for order in orders:
            if again:
                w, b = np.zeros(X.shape[1]), 0.0
            order, steps = order_of(list(order), len(y)), []
            for i in range(0, len(y), batch_size):
                rows = order[i : i + batch_size]
                error = 1 / (1 + np.exp(-(X[rows] @ w + b))) - y[rows]
                size = divisor(rows) if divisor is len else divisor(batch_size, len(y))
                step = sign * learning_rate * error @ X[rows] / size, error.sum() / size
                steps.append((step[0], sign * learning_rate * step[1]))
                if not once:
                    w, b = w + steps[-1][0], b + steps[-1][1]
            if once:
                w, b = w + sum(s[0] for s in steps), b + sum(s[1] for s in steps)
        return np.append(w, b)

    return train


by_batch_size = trainer(divisor=lambda batch_size, n: batch_size)
by_rows = trainer(divisor=lambda batch_size, n: n)
unshuffled = trainer(order_of=lambda order, n: list(range(n)))
collected = trainer(once=True)
forgetful = trainer(again=True)
climbing = trainer(sign=1)


def weights_only(X, y, orders, batch_size, learning_rate):
    return trainer()(X, y, orders, batch_size, learning_rate)[:-1]


def intercept_first(X, y, orders, batch_size, learning_rate):
    return np.roll(trainer()(X, y, orders, batch_size, learning_rate), 1)


def full_batches(X, y, orders, batch_size, learning_rate):
    return trainer()(X, y, orders, len(y), learning_rate)


BATCHES, LOGISTIC, HINGE = set04.minibatch_rows, set04.logistic_gradient, set04.hinge_subgradient
NOISE, WEIGHTS, LOOP = set04.batch_noise, set04.class_weights, set04.train_logistic
WRONG = [
    (BATCHES, "did not shuffle", in_order),
    (BATCHES, "did not shuffle", sorted_batches),
    (BATCHES, "dropped the short last batch", whole_batches_only),
    (BATCHES, "dropped the short last batch", reshaped),
    (BATCHES, "shuffled the same way in every epoch", seeded_inside),
    (BATCHES, "shuffled the same way in every epoch", seeded_list),
    (BATCHES, "moved on by one row instead of one batch", overlapping),
    (BATCHES, "moved on by one row instead of one batch", overlapping_list),
    (BATCHES, "", with_replacement),
    (BATCHES, "", one_flat_list),
    (LOGISTIC, "summed instead of averaged", logistic_sum),
    (LOGISTIC, "sign flipped", true_minus_predicted),
    (LOGISTIC, "used the score instead of the probability", from_the_score),
    (LOGISTIC, "took the labels for -1 and 1", labels_of_both_signs),
    (LOGISTIC, "used the squared error", of_the_square),
    (LOGISTIC, "forgot the intercept", logistic_without_intercept),
    (LOGISTIC, "", logistic_weights_only),
    (LOGISTIC, "", no_list),
    (HINGE, "summed instead of averaged", hinge_sum),
    (HINGE, "sign flipped", hinge_uphill),
    (HINGE, "let only wrong answers pull", only_the_wrong),
    (HINGE, "let every row pull", all_of_them),
    (HINGE, "forgot the label in the slope", no_label),
    (HINGE, "compared the score without its label", no_label_in_margin),
    (HINGE, "forgot the intercept", hinge_without_intercept),
    (HINGE, "", mean_of_those_that_pull),
    (HINGE, "", hinge_none),
    (NOISE, "forgot the square root", spread_squared),
    (NOISE, "forgot the square root", squared_by_hand),
    (NOISE, "divided by the batch size outside the root", root_then_divide),
    (NOISE, "divided by the batch size outside the root", norm_then_divide),
    (NOISE, "forgot the batch size", of_single_rows),
    (NOISE, "forgot the batch size", length_of_spread),
    (NOISE, "averaged over the parameters", mean_over_components),
    (NOISE, "averaged over the parameters", mean_of_squares),
    (NOISE, "divided by n - 1", unbiased),
    (NOISE, "divided by n - 1", unbiased_by_hand),
    (NOISE, "", around_zero),
    (WEIGHTS, "forgot the number of classes", n_over_count),
    (WEIGHTS, "forgot the number of classes", n_over_count_by_unique),
    (WEIGHTS, "gave the frequent class more", frequent_first),
    (WEIGHTS, "gave the frequent class more", share_times_classes),
    (WEIGHTS, "did not scale to the mean 1", one_over_count),
    (WEIGHTS, "did not scale to the mean 1", one_over_count_by_unique),
    (WEIGHTS, "used shares of all rows", one_minus_share),
    (WEIGHTS, "used shares of all rows", share_of_the_others),
    (WEIGHTS, "", one_weight_per_class),
    (LOOP, "divided a short batch by the full batch size", by_batch_size),
    (LOOP, "divided by all rows", by_rows),
    (LOOP, "ignored the order", unshuffled),
    (LOOP, "updated only once per epoch", collected),
    (LOOP, "started anew in every epoch", forgetful),
    (LOOP, "plus instead of minus", climbing),
    (LOOP, "", weights_only),
    (LOOP, "", intercept_first),
    (LOOP, "", full_batches),
]
