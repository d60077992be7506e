"""The clinic: training runs that fail, each in its own way, the same way for the same seed.

Every case is a small network on the digits with one thing wrong. The seed chooses the images, the
weights, and how bad it is. Lesson 08 shows their charts; `diagnose` has to name them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gradcourse import require
from gradcourse.datasets import digits
from gradcourse.diagnostics import watch
from gradcourse.nn import ACTIVATIONS, RELU, SIGMOID, TANH, History, Layer, Linear, Network, fit
from gradcourse.optimizers import Adam, GradientDescent, Optimizer

N_SAMPLES = 400
WIDTH = 32
INKED = [k for k in range(64) if 2 <= k % 8 <= 5]  # pixels that are not always paper


class Uphill(GradientDescent):
    """Descent with the sign forgotten."""

    def step(self, theta: np.ndarray, grad: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
        """Return the parameters after a step in the wrong direction."""
        return theta + self.learning_rate * grad, state


@dataclass(frozen=True)
class Case:
    """What one patient is made of, and what is wrong with it."""

    layers: list[Layer]
    optimizer: Optimizer
    batch_size: int = 32
    scales: np.ndarray | float = 1.0  # of the features
    wrong_labels: float = 0.0  # share of labels drawn at random
    prepare: Callable[[Network], None] | None = None  # spoil the weights before training


def run(name: str, seed: int, n_epochs: int = 8) -> tuple[Network, History]:
    """Train one case and return the network and its watched history.

    Parameters: name : "healthy" or an illness of gradcourse.diagnostics
                seed : int – another patient with the same illness

    Example:
        >>> network, history = run("healthy", seed=0)
        >>> history.watched[-1].loss < 0.5 * history.watched[0].loss
        True

    See:        lesson 08
    """
    rng = np.random.default_rng(seed)
    X, y = digits()
    some = rng.permutation(len(X))[:N_SAMPLES]
    case = CASES[require.one_of("name", name, CASES)](rng)
    X = X[some] * case.scales
    wrong = rng.random(N_SAMPLES) < case.wrong_labels
    y = np.where(wrong, rng.integers(0, 10, N_SAMPLES), y[some])
    network = Network(case.layers, rng, dtype=float)
    if case.prepare is not None:
        case.prepare(network)
    history = fit(
        network,
        X,
        y,
        case.optimizer,
        n_epochs,
        case.batch_size,
        rng=rng,
        watch=watch(X, y),
    )
    return network, history


def layers(depth: int, activation: Layer, init: str) -> list[Layer]:
    """Return `depth` full layers with an activation between them."""
    sizes = [64, *[WIDTH] * (depth - 1), 10]
    full = [Linear(a, b, init) for a, b in pairwise(sizes)]
    return [layer for each in full[:-1] for layer in (each, activation)] + full[-1:]


def _healthy(rng: np.random.Generator) -> Case:
    name = rng.choice(["ReLU", "tanh"])
    init = "He" if name == "ReLU" else "Xavier"
    rate = rng.uniform(0.1, 0.3)
    optimizer: Optimizer = GradientDescent(rate) if rng.random() < 0.5 else Adam(rate / 50)
    return Case(layers(int(rng.integers(2, 4)), ACTIVATIONS[name], init), optimizer)


def _wrong_sign(rng: np.random.Generator) -> Case:
    return Case(layers(2, RELU, "He"), Uphill(rng.uniform(0.005, 0.2)))


def _unscaled(rng: np.random.Generator) -> Case:
    scales = np.ones(64)
    scales[rng.choice(INKED, 3, replace=False)] = 10 ** rng.uniform(2, 3)
    optimizer = GradientDescent(rng.uniform(0.001, 0.1))
    return Case(layers(2, RELU, "He"), optimizer, scales=scales)


def _equal(rng: np.random.Generator) -> Case:
    optimizer = GradientDescent(rng.uniform(0.1, 0.3))
    activation = RELU if rng.random() < 0.5 else TANH
    return Case(layers(int(rng.integers(2, 5)), activation, "zeros"), optimizer)


def _exploding(rng: np.random.Generator) -> Case:
    optimizer = GradientDescent(10 ** rng.uniform(-6, -2))
    return Case(layers(int(rng.integers(6, 10)), RELU, "too large"), optimizer)


def _dead(rng: np.random.Generator) -> Case:
    def push_down(network: Network) -> None:
        network.parameters[0][1].data[:] = -rng.uniform(8, 20)

    return Case(layers(2, RELU, "He"), GradientDescent(0.1), prepare=push_down)


def _diverging(rng: np.random.Generator) -> Case:
    return Case(layers(2, TANH, "Xavier"), GradientDescent(rng.uniform(15, 60)))


def _plateau(rng: np.random.Generator) -> Case:
    factor = rng.uniform(15, 40)

    def blow_up(network: Network) -> None:
        network.parameters[0][0].data[:] *= factor

    activation = TANH if rng.random() < 0.5 else SIGMOID
    return Case(layers(2, activation, "Xavier"), GradientDescent(0.02), prepare=blow_up)


def _vanishing(rng: np.random.Generator) -> Case:
    optimizer = GradientDescent(rng.uniform(0.05, 0.3))
    return Case(layers(int(rng.integers(6, 10)), SIGMOID, "Xavier"), optimizer)


def _noisy(rng: np.random.Generator) -> Case:
    optimizer = GradientDescent(rng.uniform(0.1, 0.16))
    return Case(layers(2, TANH, "Xavier"), optimizer, batch_size=1, wrong_labels=0.2)


def _too_low(rng: np.random.Generator) -> Case:
    optimizer = GradientDescent(10 ** rng.uniform(-5, -3.2))
    return Case(layers(2, RELU, "He"), optimizer)


CASES: dict[str, Callable[[np.random.Generator], Case]] = {
    "healthy": _healthy,
    "wrong sign": _wrong_sign,
    "unscaled features": _unscaled,
    "equal weights": _equal,
    "exploding gradients": _exploding,
    "dead ReLU": _dead,
    "diverging": _diverging,
    "plateau": _plateau,
    "vanishing gradients": _vanishing,
    "noisy batches": _noisy,
    "learning rate too low": _too_low,
}

# The six patients of lesson 08, which shows their charts before their names: (case, seed).
WAITING_ROOM = (
    ("vanishing gradients", 3),
    ("diverging", 5),
    ("dead ReLU", 2),
    ("learning rate too low", 7),
    ("plateau", 4),
    ("healthy", 1),
)
