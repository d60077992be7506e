"""The explorer of lesson 08: how gradients travel through a deep network, and what helps."""

from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.datasets import digits
from gradcourse.diagnostics import clip_by_norm
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, switch, whole_slider
from gradcourse.nn import ACTIVATIONS, BatchNorm, Layer, Linear, Network

N_STEPS, WIDTH, N_IMAGES, DEEPEST = 20, 16, 64, 12
NORMS, HIGHEST = (1e-9, 1e6), 4.0


class DepthExplorer(Explorer):
    """Build a deep network and watch its gradients per layer while it trains (lesson 08)."""

    size = (8.2, 3.6)
    alt = (
        "Left the length of the gradient in each layer, before the first step and after the last, "
        "on a log scale, and how widely the signals spread. Right the loss at each step."
    )
    target = "train 10 layers so that the loss is below 1 after 20 steps."

    def controls(self) -> dict[str, Control]:
        """How deep, which activation, how it begins, and two remedies."""
        return {
            "depth": whole_slider("depth (layers)", 8, 1, DEEPEST),
            "activation": menu("activation", "sigmoid", list(ACTIVATIONS)),
            "scale": log_slider("initial scale", 1.0, 0.1, 10.0),
            "learning_rate": log_slider("learning rate η", 0.3, 0.01, 3.0),
            "clip": log_slider("clip norm", 100.0, 0.01, 100.0),
            "norm": switch("batch normalization", False),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the layers and the training curve."""
        layers, curve = figure.subplots(1, 2)
        layers.set_position([0.105, 0.14, 0.45, 0.78])
        curve.set_position([0.65, 0.14, 0.335, 0.78])
        layers.set(
            xlabel="layer (1 is next to the input)",
            ylabel="length (log scale)",
            xlim=(0.5, DEEPEST + 0.5),
            xticks=range(1, DEEPEST + 1),
        )
        layers.set_title("The gradient in each layer: ○ at the start, ● at the end")
        style.log_axis(layers, "y")
        layers.set_ylim(NORMS)
        layers.text(
            0.99,
            0.97,
            "△ spread of the signals",
            color=style.MUTED,
            ha="right",
            va="top",
            fontsize=8.5,
            transform=layers.transAxes,
        )
        curve.set(xlabel="step", ylabel="loss", xlim=(0, N_STEPS), ylim=(0, HIGHEST))
        curve.set_title("Training (dotted: guessing)")
        curve.axhline(np.log(10), color=style.MUTED, linestyle=":")
        up = {"color": style.UPHILL}
        return {
            "signals": layers.plot([], [], "^-", color=style.MUTED, mfc="white", ms=6, lw=1)[0],
            "start": layers.plot([], [], "o--", mfc="white", ms=8, lw=1.2, **up)[0],
            "end": layers.plot([], [], "o-", ms=6, lw=1.5, **up)[0],
            "loss": curve.plot([], [], color=style.INK, lw=1.8)[0],
            "clipped": curve.plot([], [], "|", color=style.DOWNHILL, ms=12, mew=1.6)[0],
        }

    def compute(
        self,
        depth: int,
        activation: str,
        scale: float,
        learning_rate: float,
        clip: float,
        norm: bool,
    ) -> dict[str, object]:
        """Train for N_STEPS steps with all images at once."""
        run = train(depth, activation, scale, learning_rate, clip, norm)
        return {**run, "depth": depth, "activation": activation, "norm": norm}

    def draw(self, result: dict[str, object]) -> None:
        """Hand over norms and losses, held inside the panels."""
        draw, layers = self.artists, np.arange(1, result["depth"] + 1)
        for name in ("start", "end", "signals"):
            values = np.nan_to_num(result[name], nan=NORMS[1], posinf=NORMS[1]).clip(*NORMS)
            draw[name].set_data(layers, values)
        losses = np.nan_to_num(result["losses"], nan=99.0, posinf=99.0).clip(0, HIGHEST)
        draw["loss"].set_data(np.arange(len(losses)), losses)
        steps = np.flatnonzero(result["clipped"])
        draw["clipped"].set_data(steps, losses[steps])

    def describe(self, result: dict[str, object]) -> str:
        """Say how the first layer's gradient compares with the last one's, and what was learned."""
        first, last, losses = result["start"][0], result["start"][-1], result["losses"]
        kind = f"{result['depth']} layer{'s' * (result['depth'] > 1)} of {result['activation']}"
        kind += ", batch-normalized" * result["norm"]
        text = f"{kind}: at the start the first layer's gradient is {_ratio(first, last)}."
        end = f"from {losses[0]:.3g} to {losses[-1]:.3g}"
        clipped = int(np.sum(result["clipped"]))
        return f"{text} The loss went {end} in {N_STEPS} steps, {clipped} of them clipped."

    def reached(self, result: dict[str, object]) -> bool:
        """Whether ten layers have learned."""
        return bool(result["depth"] >= 10 and result["losses"][-1] < 1)


@lru_cache(maxsize=64)
def train(
    depth: int, activation: str, scale: float, learning_rate: float, clip: float, norm: bool
) -> dict[str, object]:
    """Return gradient norms per layer at both ends, spreads, losses, and the steps clipped."""
    X, y = images()
    network = deep_network(depth, activation, scale, norm)
    signals = [float(h.data.std()) for h in _after_each_layer(network, X)]
    norms, losses, clipped = [], [], []
    for _ in range(N_STEPS + 1):
        loss, grad = network.gradient(X, y)
        losses.append(loss)
        norms.append([float(np.linalg.norm(some[0].grad)) for some in _full(network)])
        short = clip_by_norm(grad, clip)
        clipped.append(bool(np.any(short != grad)))
        network.theta -= learning_rate * short
    return {
        "start": norms[0],
        "end": norms[-1],
        "signals": signals,
        "losses": np.array(losses),
        "clipped": np.array(clipped[:-1]),
    }


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


def _full(network: Network) -> list:
    """Return weights and bias of the full layers."""
    pairs = zip(network.layers, network.parameters, strict=True)
    return [some for layer, some in pairs if isinstance(layer, Linear)]


def _after_each_layer(network: Network, X: np.ndarray) -> list:
    """Return what each full layer hands on, after its activation."""
    outputs = network.activations(X)[1:]
    ends = [k for k, layer in enumerate(network.layers) if isinstance(layer, Linear)]
    return [outputs[k - 1] for k in [*ends[1:], len(outputs)]]


@lru_cache
def images() -> tuple[np.ndarray, np.ndarray]:
    """Return a few digits, centered."""
    X, y = digits()
    return (X[:N_IMAGES] - X.mean(axis=0)).astype(np.float32) * 2, y[:N_IMAGES]


def _ratio(first: float, last: float) -> str:
    if first == last:
        return "the only one"
    if not (np.isfinite([first, last]).all() and first > 0 and last > 0):
        return "nothing, or beyond all numbers"
    ratio = first / last
    if ratio >= 1:
        return f"{ratio:.2g} times the last one's"
    return f"1/{float(f'{1 / ratio:.2g}'):,.0f} of the last one's"
