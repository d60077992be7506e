"""Wrong answers to exercise set 07, as learners write them: (question, mistake, function)."""

import numpy as np
from wrong_answers import engines

from gradcourse.checks import set07


# ---- local slopes
def with_table(**changed):
    def local_slopes(op, a, b):
        table = {
            "+": (1, 1),
            "-": (1, -1),
            "*": (b, a),
            "/": (1 / b, -a / b**2),
            "max": (a > b, b > a),
        }
        names = {"plus": "+", "minus": "-", "times": "*", "over": "/", "larger": "max"}
        for name, make in changed.items():
            table[names[name]] = make(a, b)
        return np.array(table[op], dtype=float)

    return local_slopes


swapped_product = with_table(times=lambda a, b: (a, b))
no_minus = with_table(minus=lambda a, b: (1, 1))
positive_quotient = with_table(over=lambda a, b: (1 / b, a / b**2))
quotient_like_product = with_table(over=lambda a, b: (1 / b, a))
both_of_max = with_table(larger=lambda a, b: (1, 1))
half_of_max = with_table(larger=lambda a, b: (0.5, 0.5))
quotient_without_square = with_table(over=lambda a, b: (1 / b, -a / b))


# ---- order
def level_by_level(parents, end):
    order, todo = [], [end]
    while todo:
        node = todo.pop(0)
        if node not in order:
            order.append(node)
            todo.extend(parents[node])
    return order


def reached_first(parents, end):
    seen, todo = [end], [end]
    while todo:
        for parent in parents[todo.pop(0)]:
            if parent not in seen:
                seen.append(parent)
                todo.append(parent)
    return seen


def forward_order(parents, end):
    return right_order(parents, end)[::-1]


def right_order(parents, end):
    done = []

    def go(node):
        for parent in parents[node]:
            if parent not in done:
                go(parent)
        if node not in done:
            done.append(node)

    go(end)
    return done[::-1]


def with_repeats(parents, end):
    done = []

    def go(node):
        for parent in parents[node]:
            go(parent)
        done.append(node)

    go(end)
    return done[::-1]


def all_nodes(parents, end):
    done = []
    for start in parents:
        for node in right_order(parents, start)[::-1]:
            if node not in done:
                done.append(node)
    return done[::-1]


def node_first(parents, end):
    order = []

    def go(node):
        if node not in order:
            order.append(node)
            for parent in parents[node]:
                go(parent)

    go(end)
    return order


def only_the_parents(parents, end):
    return [end, *parents[end]]


# ---- network
def network(
    slope,
    hidden=lambda Z: Z > 0,
    biases=lambda G: G.sum(axis=0),
    weights=np.matmul,
    back=lambda G, W2: G @ W2.T,
    shift=True,
):
    def gradient(X, y, W1, b1, W2, b2):
        Z = X @ W1 + b1
        H = Z * (Z > 0)
        S = H @ W2 + b2
        if shift:
            S = S - S.max(axis=1)[:, None]
        P = np.exp(S) / np.exp(S).sum(axis=1)[:, None]
        Y = np.eye(P.shape[1])[y]
        G2 = slope(P, Y)
        G1 = back(G2, W2) * hidden(Z)
        return weights(X.T, G1), biases(G1), weights(H.T, G2), biases(G2)

    return gradient


def mean_slope(P, Y):
    return (P - Y) / len(P)


without_mask = network(mean_slope, hidden=lambda Z: 1.0)
divided_twice = network(lambda P, Y: (P - Y) / len(P) ** 2)
summed = network(lambda P, Y: P - Y)
transposed = network(mean_slope, weights=lambda A, G: (A @ G).T)
without_labels = network(lambda P, Y: P / len(P))
mean_biases = network(mean_slope, biases=lambda G: G.mean(axis=0))
short_cut = network(
    mean_slope, back=lambda G, W2: np.repeat(G.sum(axis=1, keepdims=True), len(W2), axis=1)
)
overflowing = network(mean_slope, shift=False)
turned_round = network(lambda P, Y: (Y - P) / len(P))
hidden_by_value = network(mean_slope, hidden=lambda Z: np.maximum(Z, 0))


# ---- training
def loop(step, rows=lambda order, i, size: order[i : i + size], stop=lambda n, size: n):
    def train(gradient, theta, X, y, rate, size, orders):
        theta = np.array(theta, dtype=float)
        for order in orders:
            for i in range(0, stop(len(X), size), size):
                picked = rows(order, i, size)
                theta = step(gradient, theta, X, y, picked, rate, i)
        return theta

    return train


def down(gradient, theta, X, y, rows, rate, i):
    return theta - rate * gradient(theta, X[rows], y[rows])


uphill = loop(lambda g, t, X, y, rows, rate, i: t + rate * g(t, X[rows], y[rows]))
labels_left = loop(lambda g, t, X, y, rows, rate, i: t - rate * g(t, X[rows], y[i : i + len(rows)]))
without_the_rest = loop(down, stop=lambda n, size: n - n % size)
unshuffled = loop(down, rows=lambda order, i, size: np.arange(i, min(i + size, len(order))))
full_batch = loop(lambda g, t, X, y, rows, rate, i: t - rate * g(t, X, y))
summed_step = loop(lambda g, t, X, y, rows, rate, i: t - rate * len(rows) * g(t, X[rows], y[rows]))


def forgetful(gradient, theta, X, y, rate, size, orders):
    for order in orders:
        end = loop(down)(gradient, theta, X, y, rate, size, [order])
    return end


def piling(gradient, theta, X, y, rate, size, orders):
    theta = np.array(theta, dtype=float)
    for order in orders:
        X, y = X[order], y[order]
        theta = loop(down)(gradient, theta, X, y, rate, size, [np.arange(len(X))])
    return theta


LOCAL, ORDER, ENGINE = set07.local_slopes, set07.backward_order, set07.Value
NETWORK, TRAIN = set07.network_gradient, set07.train
WRONG = [
    (LOCAL, "a product's slopes swapped", swapped_product),
    (LOCAL, "forgot that minus turns the second slope round", no_minus),
    (LOCAL, "forgot the minus of the quotient", positive_quotient),
    (LOCAL, "", quotient_like_product),
    (LOCAL, "gave both sides of max a slope", both_of_max),
    (LOCAL, "", half_of_max),
    (LOCAL, "", quotient_without_square),
    (ORDER, "visits a node before its users", level_by_level),
    (ORDER, "visits a node before its users", reached_first),
    (ORDER, "parents first", forward_order),
    (ORDER, "listed nodes more than once", with_repeats),
    (ORDER, "listed nodes the end does not need", all_nodes),
    (ORDER, "visits a node before its users", node_first),
    (ORDER, "", only_the_parents),
    (ENGINE, "= where += is needed", engines.Overwriting),
    (ENGINE, "= where += is needed", engines.OverwritingByPairs),
    (ENGINE, "forgot the slope that arrives", engines.LocalOnly),
    (ENGINE, "a product's slopes swapped", engines.SwappedProduct),
    (ENGINE, "visits a node before its users", engines.ByLevels),
    (ENGINE, "visits a node before its users", engines.AsReached),
    (ENGINE, "tanh with 1 - x² instead of 1 - y²", engines.BentByInput),
    (ENGINE, "forgot to begin with 1", engines.NeverBegun),
    (ENGINE, "", engines.Straight),
    (ENGINE, "", engines.Adding),
    (ENGINE, "", engines.FirstParentOnly),
    (NETWORK, "forgot the activation's derivative", without_mask),
    (NETWORK, "divided by the batch twice", divided_twice),
    (NETWORK, "summed instead of averaged", summed),
    (NETWORK, "transposed", transposed),
    (NETWORK, "forgot to subtract the true labels", without_labels),
    (NETWORK, "", mean_biases),
    (NETWORK, "skipped the second layer on the way back", short_cut),
    (NETWORK, "overflow in softmax", overflowing),
    (NETWORK, "", turned_round),
    (NETWORK, "", hidden_by_value),
    (TRAIN, "plus instead of minus", uphill),
    (TRAIN, "shuffled the images but not the labels", labels_left),
    (TRAIN, "dropped the last short batch", without_the_rest),
    (TRAIN, "began anew in every epoch", forgetful),
    (TRAIN, "shuffled what was shuffled before", piling),
    (TRAIN, "did not shuffle", unshuffled),
    (TRAIN, "", full_batch),
    (TRAIN, "", summed_step),
]
