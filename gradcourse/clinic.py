"""The clinic: training runs that fail, each in its own way, the same way for the same seed.

Every case is a small network on the digits with one thing wrong. The seed chooses the images, the
weights, and how bad it is. Lesson 08 shows their charts; `diagnose` has to name them.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from gradcourse import require
from gradcourse.datasets import digits
from gradcourse.diagnostics import watch
from gradcourse.nn import ACTIVATIONS, RELU, SIGMOID, TANH, History, Linear, Network, fit
from gradcourse.optimizers import Adam, GradientDescent

N_SAMPLES, WIDTH = 400, 32
INKED = [k for k in range(64) if 2 <= k % 8 <= 5]  # pixels that are not always paper


class Uphill(GradientDescent):
    """Descent with the sign forgotten."""

    def step(self, theta: np.ndarray, grad: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
        """Return the parameters after a step in the wrong direction."""
        return theta + self.learning_rate * grad, state


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
    X, y = X[some], y[some]
    case = CASES[require.one_of("name", name, CASES)](rng)
    X = X * case.get("scales", 1.0)
    wrong = rng.random(N_SAMPLES) < case.get("wrong_labels", 0.0)
    y = np.where(wrong, rng.integers(0, 10, N_SAMPLES), y)
    network = Network(case["layers"], rng, dtype=float)
    case.get("prepare", lambda network: None)(network)
    history = fit(
        network,
        X,
        y,
        case["optimizer"],
        n_epochs,
        case.get("batch_size", 32),
        rng=rng,
        watch=watch(X, y),
    )
    return network, history


def layers(depth: int, activation: object, init: str) -> list:
    """Return `depth` full layers with an activation between them."""
    sizes = [64, *[WIDTH] * (depth - 1), 10]
    full = [Linear(a, b, init) for a, b in pairwise(sizes)]
    return [layer for each in full[:-1] for layer in (each, activation)] + full[-1:]


def _healthy(rng: np.random.Generator) -> dict:
    name = rng.choice(["ReLU", "tanh"])
    init = "He" if name == "ReLU" else "Xavier"
    rate = rng.uniform(0.1, 0.3)
    optimizer = GradientDescent(rate) if rng.random() < 0.5 else Adam(rate / 50)
    return {"layers": layers(rng.integers(2, 4), ACTIVATIONS[name], init), "optimizer": optimizer}


def _wrong_sign(rng: np.random.Generator) -> dict:
    return {"layers": layers(2, RELU, "He"), "optimizer": Uphill(rng.uniform(0.005, 0.2))}


def _unscaled(rng: np.random.Generator) -> dict:
    scales = np.ones(64)
    scales[rng.choice(INKED, 3, replace=False)] = 10 ** rng.uniform(2, 3)
    rate = rng.uniform(0.001, 0.1)
    return {"layers": layers(2, RELU, "He"), "optimizer": GradientDescent(rate), "scales": scales}


def _exploding(rng: np.random.Generator) -> dict:
    optimizer = GradientDescent(10 ** rng.uniform(-6, -2))
    return {"layers": layers(rng.integers(6, 10), RELU, "too large"), "optimizer": optimizer}


def _dead(rng: np.random.Generator) -> dict:
    def push_down(network: Network) -> None:
        network.parameters[0][1].data[:] = -rng.uniform(8, 20)

    case = {"layers": layers(2, RELU, "He"), "optimizer": GradientDescent(0.1)}
    return case | {"prepare": push_down}


def _diverging(rng: np.random.Generator) -> dict:
    return {"layers": layers(2, TANH, "Xavier"), "optimizer": GradientDescent(rng.uniform(15, 60))}


def _plateau(rng: np.random.Generator) -> dict:
    factor = rng.uniform(15, 40)

    def blow_up(network: Network) -> None:
        network.parameters[0][0].data[:] *= factor

    activation = TANH if rng.random() < 0.5 else SIGMOID
    case = {"layers": layers(2, activation, "Xavier"), "optimizer": GradientDescent(0.02)}
    return case | {"prepare": blow_up}


def _vanishing(rng: np.random.Generator) -> dict:
    optimizer = GradientDescent(rng.uniform(0.05, 0.3))
    return {"layers": layers(rng.integers(6, 10), SIGMOID, "Xavier"), "optimizer": optimizer}


def _noisy(rng: np.random.Generator) -> dict:
    optimizer = GradientDescent(rng.uniform(0.1, 0.16))
    case = {"layers": layers(2, TANH, "Xavier"), "optimizer": optimizer}
    return case | {"batch_size": 1, "wrong_labels": 0.2}


def _too_low(rng: np.random.Generator) -> dict:
    optimizer = GradientDescent(10 ** rng.uniform(-5, -3))
    return {"layers": layers(2, RELU, "He"), "optimizer": optimizer}


CASES: dict[str, Callable] = {
    "healthy": _healthy,
    "wrong sign": _wrong_sign,
    "unscaled features": _unscaled,
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
