"""Exercise set 07: local slopes, the order of nodes, an engine, a network by hand, its training."""

import math
from functools import partial
from operator import attrgetter

import numpy as np

from gradcourse.checks.core import Case, question
from gradcourse.datasets import digits

ask = partial(question, "07_backpropagation")


# ---- local derivatives -------------------------------------------------------------------------
def _local_cases(rng):
    pairs = rng.uniform(0.5, 2, (5, 2)) * rng.choice([-1, 1], (5, 2))
    return [
        *(Case((op, *pair.tolist()), op) for op, pair in zip("+-*/", pairs, strict=False)),
        Case(("*", 3, -2), "whole numbers"),
        Case(("/", 1, 4), "whole numbers, divided"),
        Case(("max", 2.0, -1.0), "max, the first larger"),
        Case(
            ("max", *sorted(pairs[4].tolist())),
            "max, the second larger",
            "max hands its slope to the larger of the two alone.",
        ),
    ]


@ask("The chain rule on paper", _local_cases)
def local_slopes(
    op, a, b, *, swapped=False, minus=-1.0, quotient=lambda a, b: -a / b**2, larger=True
):
    """The two partial derivatives of one operation."""
    slopes = {
        "+": (1.0, 1.0),
        "-": (1.0, minus),
        "*": (a, b) if swapped else (b, a),
        "/": (1 / b, quotient(a, b)),
        "max": (float(a > b), float(b >= a)) if larger else (1.0, 1.0),
    }
    return np.array(slopes[op], dtype=float)


local_slopes.mistake(
    "a product's slopes swapped",
    "moving a changes a * b by b: the slope along a is b.",
    swapped=True,
)
local_slopes.mistake(
    "forgot that minus turns the second slope round", "when b grows, a - b falls.", minus=1.0
)
local_slopes.mistake(
    "forgot the minus of the quotient",
    "when b grows, a / b falls: -a / b².",
    quotient=lambda a, b: a / b**2,
)
local_slopes.mistake(
    "gave both sides of max a slope",
    "moving the smaller one a little changes nothing.",
    larger=False,
)


# ---- the order of nodes ------------------------------------------------------------------------
def _graph_cases(rng):
    diamond = {"x": [], "a": ["x"], "b": ["x"], "L": ["a", "b"]}
    skip = {"x": [], "a": ["x"], "b": ["a"], "c": ["b"], "L": ["x", "c"]}
    twice = {"x": [], "s": ["x", "x"], "L": ["s", "x"]}
    aside = {**diamond, "loose": ["a"], "other": []}
    long = {"n0": []} | {f"n{i}": [f"n{i - 1}"] for i in range(1, 30)}
    mesh = {
        f"k{i}": [f"k{j}" for j in range(i) if rng.random() < 0.5 or j == i - 1] for i in range(9)
    }
    return [
        Case((diamond, "L"), "two ways that meet"),
        Case(
            (skip, "L"),
            "a short and a long way",
            "A node waits for ALL its users, also for those on a longer way.",
        ),
        Case((twice, "L"), "a node used twice by one node", "List every node once."),
        Case((aside, "L"), "nodes the end does not need", "Only what the end was computed from."),
        Case((long, "n29"), "a chain of thirty"),
        Case((mesh, "k8"), "a mesh"),
        Case((diamond, "x"), "a single node"),
    ]


def _users_first(parents_of, *ends, repeat=False):
    """Depth first and turned round: each node stands after all its users."""
    order = []

    def visit(node):
        if repeat or node not in order:
            for parent in parents_of(node):
                visit(parent)
            order.append(node)

    for node in ends:
        visit(node)
    return order[::-1]


def _level_by_level(parents_of, end):
    """In the order in which they are met, whoever waits."""
    order = [end]
    for node in order:
        order += [p for p in dict.fromkeys(parents_of(node)) if p not in order]
    return order


def _as_reached(parents_of, end):
    """Depth first, each node before its parents, though another user may still come."""
    order = []

    def visit(node):
        if node not in order:
            order.append(node)
            for parent in parents_of(node):
                visit(parent)

    visit(end)
    return order


def _quality(function, parents, end):
    """Whether an order is complete, free of repetition and of strangers, and in order."""
    order = list(function(parents, end))
    needed = _needed(parents, end)
    last = {node: i for i, node in enumerate(order)}
    complete = needed <= set(order)
    once = len(order) == len(last)
    no_strangers = set(order) <= needed
    in_order = all(
        last[node] <= last.get(parent, math.inf)
        for node in order
        for parent in parents.get(node, [])
    )
    return [float(flag) for flag in (complete, once, no_strangers, in_order)]


def _needed(parents, end):
    """The end and all it was computed from, as a set.

    It goes with the probe into a grader's sandbox, so it may not be what is asked for, an order.
    """
    found = {end}
    while new := {parent for node in found for parent in parents[node]} - found:
        found |= new
    return found


@ask("The same by machine", _graph_cases, points=2, probe=_quality)
def backward_order(parents, end, *, order=_users_first, **options):
    """The nodes an end was computed from, each after all its users."""
    return order(parents.get, end, **options)


backward_order.mistake(
    "visits a node before its users",
    "level by level is not enough: a node may be reached by a short and by a long way.",
    order=_level_by_level,
)
backward_order.mistake(
    "visits a node before its users",
    "put a node down after its parents, not before, and turn the list round at the end.",
    order=_as_reached,
)
backward_order.mistake(
    "parents first",
    "that is the order of the forward pass; turn the list round.",
    by=lambda parents, end: backward_order.right(parents, end)[::-1],
)
backward_order.mistake(
    "listed nodes more than once", "remember what you have seen, and pass it over.", repeat=True
)
backward_order.mistake(
    "listed nodes the end does not need",
    "begin at the end and follow parents; do not go through all nodes.",
    by=lambda parents, end: _users_first(parents.get, *parents),
)


# ---- an engine ---------------------------------------------------------------------------------
def _long_way(a, b):
    c = a + b
    d = c
    for _ in range(3):
        d = d.tanh() + b
    return d * c


def _two_ways(a, b):
    c = a * b
    return c.tanh() * (c + b)


def _engine_cases(rng):
    def pair():
        return rng.uniform(0.4, 1.5, 2).tolist()

    return [
        Case((lambda a, b: a * b + b, pair()), "a * b + b"),
        Case((lambda x, w, b: (w * x + b).tanh(), rng.uniform(0.3, 1, 3).tolist()), "a neuron"),
        Case((lambda a, b: a * b * a * b + (a * b).tanh() * a, pair()), "used several times"),
        Case((_long_way, pair()), "a short and a long way"),
        Case((lambda a, b: (a + a) * (b * b), pair()), "a + a, b * b"),
        Case((lambda a, b: a * b + b, [0.0, -2.0]), "a zero"),
        Case(
            (_two_ways, pair()),
            "two ways of one length",
            "A node hands its slope on when ALL its users have given theirs.",
        ),
    ]


def _engine(
    *,
    first=1.0,
    add_up=True,
    arriving=True,
    swap=True,
    order=_users_first,
    bend=lambda x, y: 1 - y * y,
):
    """Return a class of numbers that know their slopes; each option makes a mistake."""

    class Value:
        """A number that knows what it was computed from, and its slope."""

        def __init__(self, data, parents=(), slopes=()):
            self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

        def __add__(self, other):
            return Value(self.data + other.data, (self, other), (1.0, 1.0))

        def __mul__(self, other):
            slopes = (other.data, self.data) if swap else (self.data, other.data)
            return Value(self.data * other.data, (self, other), slopes)

        def tanh(self):
            y = math.tanh(self.data)
            return Value(y, (self,), (bend(self.data, y),))

        def backward(self):
            self.grad = first
            for node in order(attrgetter("parents"), self):
                for parent, slope in zip(node.parents, node.slopes, strict=True):
                    part = (node.grad if arriving else 1.0) * slope
                    parent.grad = parent.grad + part if add_up else part

    return Value


def _run_engine(engine, build, numbers):
    """The result and the slope along each number that went in."""
    leaves = [engine(number) for number in numbers]
    end = build(*leaves)
    end.backward()
    return [float(end.data), *(float(leaf.grad) for leaf in leaves)]


ask_for_class = ask(
    "The same by machine", _engine_cases, points=3, tolerance=1e-8, probe=_run_engine
)
Value = ask_for_class(_engine())
Value.mistake(
    "= where += is needed",
    "a number used twice gets slopes from both users: parent.grad += ...",
    by=_engine(add_up=False),
)
Value.mistake(
    "forgot the slope that arrives",
    "multiply the local slope by node.grad, what came from the loss.",
    by=_engine(arriving=False),
)
Value.mistake(
    "a product's slopes swapped", "the slope of a * b along a is b.", by=_engine(swap=False)
)
Value.mistake(
    "visits a node before its users",
    "sort first: depth first, each node after its parents, then turn the list round.",
    by=_engine(order=_level_by_level),
)
Value.mistake(
    "visits a node before its users",
    "a node may have another user still to come: sort all nodes before any slope is handed on.",
    by=_engine(order=_as_reached),
)
Value.mistake(
    "forgot to begin with 1",
    "the end's slope along itself is 1: self.grad = 1.0 comes first.",
    by=_engine(first=0.0),
)
Value.mistake(
    "tanh with 1 - x² instead of 1 - y²",
    "its slope is 1 - tanh(x)²: square the output.",
    by=_engine(bend=lambda x, y: 1 - x * x),
)


# ---- two layers with matrices ------------------------------------------------------------------
def _network_cases(rng):
    def case(n, n_in, width, n_out, label="", scale=1.0):
        X, y = scale * rng.normal(size=(n, n_in)), rng.integers(0, n_out, n)
        W1, W2 = rng.normal(size=(n_in, width)), rng.normal(size=(width, n_out))
        return Case((X, y, W1, rng.normal(size=width), W2, rng.normal(size=n_out)), label)

    return [
        case(6, 4, 5, 3),
        case(3, 5, 5, 5, "square matrices"),
        case(1, 4, 6, 3, "a single row"),
        case(20, 2, 8, 2, "two classes"),
        case(8, 3, 7, 4, "seven hidden units"),
        case(12, 3, 6, 3, "large scores", scale=300.0),
    ]


@ask("From one unit to matrices", _network_cases, points=3, tolerance=1e-7)
def network_gradient(
    X,
    y,
    W1,
    b1,
    W2,
    b2,
    *,
    mask=True,
    divide=1,
    turned=False,
    shifted=True,
    onehot=True,
    first=True,
):
    """The gradient of softmax cross-entropy for two layers with ReLU between them."""
    n = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    S = H @ W2 + b2
    S = S - S.max(axis=1, keepdims=True) if shifted else S
    P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
    G2 = P.copy()
    if onehot:
        G2[np.arange(n), y] -= 1
    G2 = G2 / n**divide
    G1 = G2 @ (W2.T if first else np.ones_like(W2.T))
    G1 = G1 * (Z > 0) if mask else G1
    dW1, dW2 = X.T @ G1, H.T @ G2
    dW1, dW2 = (dW1.T, dW2.T) if turned else (dW1, dW2)
    return [dW1, G1.sum(axis=0), dW2, G2.sum(axis=0)]


network_gradient.mistake(
    "forgot the activation's derivative",
    "where ReLU gave 0 nothing flows back: times (H > 0).",
    mask=False,
)
network_gradient.mistake(
    "divided by the batch twice",
    "divide the slope along the scores by n, once; everything behind inherits it.",
    divide=2,
)
network_gradient.mistake(
    "summed instead of averaged", "the loss is the mean over rows: divide by n.", divide=0
)
network_gradient.mistake(
    "transposed", "a slope has its variable's shape: dW = input.T @ slope.", turned=True
)
network_gradient.mistake(
    "forgot to subtract the true labels",
    "predicted minus true: take 1 from the true class's probability.",
    onehot=False,
)
network_gradient.mistake(
    "skipped the second layer on the way back",
    "the slope along the hidden layer is G @ W2.T.",
    first=False,
)
network_gradient.mistake(
    "overflow in softmax",
    "subtract each row's largest score before taking exp; the probabilities don't change.",
    shifted=False,
)


# ---- the training loop -------------------------------------------------------------------------
def _softmax_slope(theta, X, y):
    """The gradient of softmax regression, theta (n_features, n_classes)."""
    S = X @ theta
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return X.T @ P / len(y)


def _line_slope(theta, X, y):
    return 2 * X.T @ (X @ theta - y) / len(y)


def _train_cases(rng):
    X, y = digits()
    some = rng.permutation(len(X))[:100]
    A = rng.normal(size=(10, 3))
    b = rng.normal(size=10)

    def orders(n, k):
        return np.array([rng.permutation(n) for _ in range(k)])

    return [
        Case(
            (_softmax_slope, np.zeros((64, 10)), X[some], y[some], 0.5, 20, orders(100, 2)),
            "digits",
        ),
        Case(
            (_line_slope, rng.normal(size=3), A, b, 0.1, 4, orders(10, 1)),
            "a last batch of 2 rows",
            "The last, shorter batch counts as well.",
        ),
        Case((_line_slope, rng.normal(size=3), A, b, 0.1, 3, orders(10, 3)), "three epochs"),
        Case((_line_slope, rng.normal(size=3), A, b, 0.05, 1, orders(10, 2)), "a batch of one"),
        Case((_line_slope, rng.normal(size=3), A, b, 0.1, 10, orders(10, 2)), "all rows at once"),
        Case(
            (_line_slope, [1, 2, 3], A, b, 0.1, 5, orders(10, 1)),
            "a list of whole numbers",
            "Turn the start into an array of floats first.",
        ),
    ]


@ask("Train on the digits", _train_cases, points=2, tolerance=1e-8)
def train(
    gradient,
    theta,
    X,
    y,
    rate,
    size,
    orders,
    *,
    sign=-1,
    labels=True,
    last=True,
    keep=True,
    pile=False,
    fixed=False,
):
    """Mini-batch descent over given orders of the rows."""
    start = theta = np.array(theta, dtype=float)
    base_X, base_y = X, y
    for order in orders:
        theta = theta if keep else start
        order = np.arange(len(X)) if fixed else order
        X, y = base_X[order], base_y[order] if labels else base_y
        if pile:
            base_X, base_y = X, y
        stop = len(X) if last else len(X) // size * size
        for i in range(0, stop, size):
            theta = theta + sign * rate * gradient(theta, X[i : i + size], y[i : i + size])
    return theta


train.mistake("plus instead of minus", "descend: minus rate * gradient.", sign=1)
train.mistake(
    "shuffled the images but not the labels",
    "take the same rows of both: X[rows], y[rows].",
    labels=False,
)
train.mistake(
    "dropped the last short batch",
    "range(0, n, batch_size) reaches it; its slice is just shorter.",
    last=False,
)
train.mistake("began anew in every epoch", "set theta once, before the first epoch.", keep=False)
train.mistake(
    "shuffled what was shuffled before",
    "each order refers to the rows as they were given; keep X and y as they are.",
    pile=True,
)
train.mistake("did not shuffle", "use the order of each epoch.", fixed=True)
