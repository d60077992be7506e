"""The explorer of lesson 08: how gradients travel through a deep network, and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.autodiff import Tensor
from gradcourse.datasets import digits
from gradcourse.descent import steps
from gradcourse.diagnostics import clip_by_norm
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import (
    Control,
    Value,
    log_slider,
    menu,
    switch,
    whole_slider,
)
from gradcourse.explorers.kit.panels import line, panels, write_in_corner
from gradcourse.explorers.kit.words import counted, held
from gradcourse.nn import ACTIVATIONS, BatchNorm, Layer, Linear, Network
from gradcourse.optimizers import GradientDescent

N_STEPS = 20
N_IMAGES = 64
WIDTH = 16  # units in a layer
DEEPEST = 12
NORMS = (1e-9, 1e6)  # what the left panel shows
HIGHEST = 4.0  # the largest loss that is shown


@dataclass(frozen=True, eq=False)
class Training:
    """What is measured while a network trains.

    Fields:
        start, end : (depth,) – the length of the gradient in each layer, at first and at last
        signals : (depth,) – how widely each layer's outputs spread at first
        losses : (N_STEPS + 1,)
        clipped : (N_STEPS,) – whether the step was clipped
    """

    start: np.ndarray
    end: np.ndarray
    signals: np.ndarray
    losses: np.ndarray
    clipped: np.ndarray


@dataclass(frozen=True, eq=False)
class Trained:
    """A network by its settings, and its training."""

    depth: int
    activation: str
    norm: bool
    training: Training


class DepthExplorer(Explorer[Trained]):
    """Build a deep network and watch its gradients per layer while it trains (lesson 08)."""

    size = (820, 360)
    alt = (
        "Left the length of the gradient in each layer, before the first step and after the last, "
        "on a log scale, and how widely the signals spread. Right the loss at each step."
    )
    target = f"train 10 layers so that the loss is below 1 after {N_STEPS} steps."

    def make_controls(self) -> dict[str, Control]:
        return {
            "depth": whole_slider("depth (layers)", 8, 1, DEEPEST),
            "activation": menu("activation", "sigmoid", ACTIVATIONS),
            "scale": log_slider("initial scale", 1.0, 0.1, 10.0),
            "learning_rate": log_slider("learning rate η", 0.3, 0.01, 3.0),
            "clip": log_slider("clip norm", 100.0, 0.01, 100.0),
            "norm": switch("batch normalization", False),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        layers, curve = panels(
            figure, layers=(0.105, 0.14, 0.45, 0.78), curve=(0.65, 0.14, 0.335, 0.78)
        )
        layers.set(xlabel="layer (1 is next to the input)", ylabel="length (log scale)")
        layers.set(xlim=(0.5, DEEPEST + 0.5), xticks=range(1, DEEPEST + 1))
        layers.set_title("The gradient in each layer: ○ at the start, ● at the end")
        style.log_axis(layers, "y")
        layers.set_ylim(NORMS)
        write_in_corner(layers, "△ spread of the signals", color=style.MUTED, fontsize=8.5)
        curve.set(xlabel="step", ylabel="loss", xlim=(0, N_STEPS), ylim=(0, HIGHEST))
        curve.set_title("Training (dotted: guessing)")
        curve.axhline(np.log(10), color=style.MUTED, linestyle=":")
        return {
            "signals": line(layers, "^-", color=style.MUTED, mfc="white", ms=6, lw=1),
            "start": line(layers, "o--", color=style.UPHILL, mfc="white", ms=8, lw=1.2),
            "end": line(layers, "o-", color=style.UPHILL, ms=6, lw=1.5),
            "loss": line(curve, color=style.INK, lw=1.8),
            "clipped": line(curve, "|", color=style.DOWNHILL, ms=12, mew=1.6),
        }

    def compute(
        self,
        depth: int,
        activation: str,
        scale: float,
        learning_rate: float,
        clip: float,
        norm: bool,
    ) -> Trained:
        training = train(depth, activation, scale, learning_rate, clip, norm)
        return Trained(depth, activation, norm, training)

    def draw(self, result: Trained) -> None:
        training = result.training
        layers = np.arange(1, result.depth + 1)
        losses = held(training.losses, 0, HIGHEST)
        clipped = np.flatnonzero(training.clipped)
        self.move(
            signals=(layers, held(training.signals, *NORMS)),
            start=(layers, held(training.start, *NORMS)),
            end=(layers, held(training.end, *NORMS)),
            loss=(np.arange(len(losses)), losses),
            clipped=(clipped, losses[clipped]),
        )

    def describe(self, result: Trained) -> str:
        training = result.training
        normalized = ", batch-normalized" if result.norm else ""
        ratio = _ratio(training.start[0], training.start[-1])
        return (
            f"{counted(result.depth, 'layer')} of {result.activation}{normalized}: at the start "
            f"the first layer's gradient is {ratio}. The loss went from {training.losses[0]:.3g} "
            f"to {training.losses[-1]:.3g} in {N_STEPS} steps, {training.clipped.sum()} of them "
            "clipped."
        )

    def reached(self, result: Trained, values: Mapping[str, Value]) -> bool:
        return bool(result.depth >= 10 and result.training.losses[-1] < 1)


@lru_cache(maxsize=64)
def train(
    depth: int, activation: str, scale: float, learning_rate: float, clip: float, norm: bool
) -> Training:
    """Train for N_STEPS steps with all images at once."""
    X, y = images()
    network = deep_network(depth, activation, scale, norm)
    signals = [output.data.std() for output in _after_each_layer(network, X)]
    norms, losses, clipped = [], [], []

    def clipped_gradient(theta: np.ndarray) -> np.ndarray:
        network.theta[:] = theta
        loss, grad = network.gradient(X, y)
        short = clip_by_norm(grad, clip)
        losses.append(loss)
        clipped.append(np.any(short != grad))
        return short

    way = steps(clipped_gradient, network.theta.copy(), GradientDescent(learning_rate))
    for _ in islice(way, N_STEPS + 1):
        norms.append([_length(weights) for weights, _ in _full(network)])  # before clipping
    return Training(
        start=np.array(norms[0]),
        end=np.array(norms[-1]),
        signals=np.array(signals),
        losses=np.array(losses),
        clipped=np.array(clipped[:-1]),
    )


def _length(weights: Tensor) -> float:
    """Return the length of the gradient along these weights."""
    return 0.0 if weights.grad is None else float(np.linalg.norm(weights.grad))


def deep_network(depth: int, activation: str, scale: float, norm: bool) -> Network:
    """Return a network of `depth` layers, its weights `scale` times Xavier's."""
    sizes = [64, *[WIDTH] * (depth - 1), 10]
    layers: list[Layer] = []
    for k in range(depth):
        layers.append(Linear(sizes[k], sizes[k + 1], "Xavier"))
        if k < depth - 1 and norm:
            layers.append(BatchNorm(WIDTH))
        if k < depth - 1:
            layers.append(ACTIVATIONS[activation])
    network = Network(layers, np.random.default_rng(0))
    for weights, _ in _full(network):
        weights.data[:] *= scale
    return network


def _full(network: Network) -> list[list[Tensor]]:
    """Return weights and bias of the full layers."""
    pairs = zip(network.layers, network.parameters, strict=True)
    return [some for layer, some in pairs if isinstance(layer, Linear)]


def _after_each_layer(network: Network, X: np.ndarray) -> list[Tensor]:
    """Return what each full layer hands on, after its activation."""
    outputs = network.activations(X)[1:]
    ends = [k for k, layer in enumerate(network.layers) if isinstance(layer, Linear)]
    return [outputs[k - 1] for k in [*ends[1:], len(outputs)]]


@lru_cache
def images() -> tuple[np.ndarray, np.ndarray]:
    """Return a few digits, centered."""
    X, y = digits()
    centered = X[:N_IMAGES] - X.mean(axis=0)
    return 2 * centered.astype(np.float32), y[:N_IMAGES]


def _ratio(first: float, last: float) -> str:
    if first == last:
        return "the only one"
    if not (np.isfinite([first, last]).all() and first > 0 and last > 0):
        return "nothing, or out of sight"
    ratio = first / last
    if ratio >= 1:
        return f"{ratio:.2g} times the last one's"
    return f"1/{float(f'{1 / ratio:.2g}'):,.0f} of the last one's"
