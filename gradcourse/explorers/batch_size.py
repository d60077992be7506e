"""The explorer of lesson 04: batch size and learning rate, counted in updates and in examples."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.curvature import Newton
from gradcourse.datasets import penguins, standardize
from gradcourse.descent import descend
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import (
    Control,
    log_slider,
    log_whole_slider,
    menu,
    slider,
    switch,
    whole_slider,
)
from gradcourse.explorers.kit.pixels import Pixels, bands
from gradcourse.losses import LinearModel, LinearRegression, LogisticRegression, balanced_weights

N, MOST_EPOCHS, START = 136, 10, (-1.5, 1.5)  # so work is bounded: 1,360 examples, a few ms
ACROSS, UP, CLOSE = (-2.5, 3.5), (-5.0, 3.0), 0.01
MODELS = {"species (logistic)": LogisticRegression, "mass (linear)": LinearRegression}


class BatchSizeExplorer(Explorer):
    """Train on mini-batches of any size and see what an update costs and brings (lesson 04)."""

    size = (8.0, 4.3)
    alt = (
        "Left a map of the loss with the path of mini-batch descent. Right, the loss after each "
        "update, above by number of updates, below by epochs; in gray the full batch."
    )
    target = f"in at most 2 epochs, come closer than {CLOSE} to the lowest loss (data unchanged)."

    def controls(self) -> dict[str, Control]:
        """Batch size, rate, epochs; then what the data are like."""
        return {
            "batch_size": log_whole_slider("batch_size", 16, 1, N),
            "learning_rate": log_slider("learning rate η", 0.3, 0.001, 10.0),
            "n_epochs": whole_slider("n_epochs", 3, 1, MOST_EPOCHS),
            "seed": whole_slider("shuffle no.", 1, 1, 20),
            "rare": slider("rare class", 0.25, 0.02, 0.5, 0.01),
            "noise": slider("noise", 0.0, 0.0, 1.0, 0.05),
            "model": menu("model", "species (logistic)", list(MODELS)),
            "balance": switch("balance the classes"),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the map and the two clocks."""
        panels = figure.subplot_mosaic([["map", "updates"], ["map", "epochs"]])
        figure.subplots_adjust(0.08, 0.12, 0.985, 0.93, wspace=0.28, hspace=0.72)
        ground, updates, epochs = panels.values()
        ground.set(xlabel="weight w", ylabel="intercept b", xlim=ACROSS, ylim=UP)
        ground.set_title("Small batches stagger, large ones walk")
        updates.set(xlabel="updates (log scale)")
        updates.set_title("Per update the full batch (gray) wins …")
        style.log_axis(updates, "x")
        updates.set_xlim(0.8, N * MOST_EPOCHS)
        epochs.set(xlabel=f"epochs = birds seen / {N}")
        epochs.set_title("… per bird seen it loses")
        for ax in (updates, epochs):
            style.log_axis(ax, "y")
            ax.set(ylim=(0.2, 10), ylabel="loss (log scale)")
        epochs.set_xlim(0, MOST_EPOCHS)
        gray, dark = {"color": "#9a9aa2", "linewidth": 2.4}, {"color": style.INK, "linewidth": 1.2}
        return {
            "shades": Pixels(ground),
            "slow": ground.plot([], [], "-", **gray)[0],
            "way": ground.plot([], [], "-", **dark)[0],
            "best": ground.plot([], [], "x", ms=8, mew=1.8, **dark)[0],
            "first": ground.plot(*START, "o", mfc="white", ms=8, **dark)[0],
            "last": ground.plot([], [], "*", color=style.UPHILL, mec="white", ms=14)[0],
            "slow_updates": updates.plot([], [], ".-", **gray)[0],
            "updates": updates.plot([], [], ".-", ms=4, **dark)[0],
            "slow_epochs": epochs.plot([], [], ".-", **gray)[0],
            "epochs": epochs.plot([], [], "-", **dark)[0],
            "floor": epochs.plot([], [], ":", color=style.DOWNHILL)[0],
        }

    def compute(
        self,
        batch_size: int,
        learning_rate: float,
        n_epochs: int,
        seed: int,
        rare: float,
        noise: float,
        model: str,
        balance: bool,
    ) -> dict[str, object]:
        """Train twice on the same birds: with this batch size, and with all at once."""
        data = birds_to_learn(model, rare, noise, balance)
        result = {"data": data, "batch_size": batch_size, "n_epochs": n_epochs}
        for name, size in {"mini": batch_size, "full": N}.items():
            path = train(data, size, learning_rate, n_epochs, seed)
            last = len(path) - 1
            early = np.geomspace(1, last, 40)
            shown = np.unique(np.append(np.linspace(0, last, 100), early).astype(int))
            result[name] = Run(path, shown, data.model(path[shown].T), size)
        return result

    def draw(self, result: dict[str, object]) -> None:
        """Put map, paths and both clocks in place; what runs away is held at the edge."""
        draw, data, mini, full = self.artists, result["data"], result["mini"], result["full"]
        draw["shades"].pixels = _shades(data, *draw["shades"].shape())
        draw["best"].set_data(*np.array(data.best)[:, None])
        draw["way"].set_data(*_held(mini.path.T, 99))
        draw["slow"].set_data(*_held(full.path.T, 99))
        draw["last"].set_data(*_held(mini.path[-1:].T, 99))
        for name, run in {"": mini, "slow_": full}.items():
            losses = _held(run.losses, 9.9)
            draw[f"{name}updates"].set_data(np.maximum(run.shown, 0.9), losses)
            draw[f"{name}epochs"].set_data(
                np.minimum(run.shown * run.size / N, MOST_EPOCHS), losses
            )
        draw["floor"].set_data([0, MOST_EPOCHS], [data.lowest] * 2)

    def describe(self, result: dict[str, object]) -> str:
        """Say what the updates brought, what the full batch brought, and how noisy a batch is."""
        data, mini, full, n = result["data"], result["mini"], result["full"], result["n_epochs"]
        epochs = f"{n} epoch{'s' * (n > 1)}"
        error = gradient_error(data, result["batch_size"])
        return (
            f"{epochs}: {len(mini.path) - 1} updates from {_birds(mini.size)} each bring the loss "
            f"from {mini.losses[0]:.3g} to {_said(mini.losses[-1])}; {len(full.path) - 1} from all "
            f"{N} to {_said(full.losses[-1])}. The lowest is {data.lowest:.3g}. At the start, the "
            f"gradient of one batch is off by about {error:.0%} of the full gradient's length."
        )

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Take as many epochs as are clicked on the lower clock."""
        if ax is self.figure.axes[2]:
            self.set(n_epochs=int(np.clip(round(x), 1, MOST_EPOCHS)))

    def reached(self, result: dict[str, object]) -> bool:
        """Whether it came close in time, on the data as they were."""
        ours = ("batch_size", "learning_rate", "n_epochs", "seed")
        others = {name: value for name, value in self.values().items() if name not in ours}
        untouched = others.items() <= self._beginning.items() and result["n_epochs"] <= 2
        return bool(untouched and result["mini"].losses[-1] < result["data"].lowest + CLOSE)


@dataclass(frozen=True, eq=False)
class Data:
    """Birds to learn from, as the explorer needs them: a model, its best point, plain floats."""

    model: LinearModel
    best: tuple[float, float]
    lowest: float
    rows: tuple[tuple[float, float, float], ...]  # x, y, weight

    @property
    def is_logistic(self) -> bool:
        """Whether the answers are classes."""
        return isinstance(self.model, LogisticRegression)


@dataclass(frozen=True)
class Run:
    """One training: every theta, which of them are shown, and the loss of all birds there."""

    path: np.ndarray
    shown: np.ndarray
    losses: np.ndarray
    size: int


@lru_cache(maxsize=16)
def birds_to_learn(name: str, rare: float, noise: float, balance: bool) -> Data:
    """Return 136 birds, a share `rare` of them Chinstrap, a share `noise` of answers mixed up."""
    rng, birds = np.random.default_rng(0), penguins()
    n_rare = max(2, round(rare * N))
    kinds = {"Chinstrap": n_rare, "Adelie": N - n_rare}
    picked = [
        rng.permutation(np.flatnonzero(birds.species == kind))[:n] for kind, n in kinds.items()
    ]
    chosen = birds[np.concatenate(picked)]
    x, is_rare = standardize(chosen.flipper_length_mm)[0], chosen.species == "Chinstrap"
    y = is_rare.astype(float) if "species" in name else standardize(chosen.body_mass_g)[0]
    mixed = rng.permutation(N)[: round(noise * N)]
    y[mixed] = y[rng.permutation(mixed)]
    weights = balanced_weights(y) if balance and "species" in name else None
    model = MODELS[name](x, y, weights)
    best = _lowest_point(model)
    rows = zip(
        x.tolist(),
        y.tolist(),
        np.broadcast_to(1.0, N).tolist() if weights is None else model.weights.tolist(),
        strict=True,
    )
    return Data(model, tuple(best), float(model(best)), tuple(rows))


def train(data: Data, batch_size: int, rate: float, n_epochs: int, seed: int) -> np.ndarray:
    """Return every theta of mini-batch descent, in plain floats: quick for a batch of one, too."""
    rng, (w, b), path = np.random.default_rng(seed), START, [START]
    for _ in range(n_epochs):
        order = rng.permutation(N).tolist() if batch_size < N else range(N)
        for first in range(0, N, batch_size):
            batch = order[first : first + batch_size]
            slope_w = slope_b = 0.0
            for i in batch:
                x, y, weight = data.rows[i]
                z = w * x + b
                if data.is_logistic:
                    pull = weight * (1 / (1 + math.exp(-max(-500.0, z))) - y)
                else:
                    pull = 2 * (z - y)
                slope_w += pull * x
                slope_b += pull
            w, b = w - rate * slope_w / len(batch), b - rate * slope_b / len(batch)
            path.append((w, b))
    return np.array(path)


def gradient_error(data: Data, batch_size: int) -> float:
    """Return how far the gradient of one batch is off at the start, relative to the full one.

    Batches are drawn without replacement: variance σ² / B · (n − B) / (n − 1).
    """
    x, y, weight = np.array(data.rows).T
    model = type(data.model)(x, y)
    slopes = model.loss_gradient(model.predict(np.array(START)), y) * N * weight
    each = slopes[:, None] * model.design
    full = each.mean(axis=0)
    variance = each.var(axis=0).sum() / batch_size * (N - batch_size) / (N - 1)
    return float(np.sqrt(variance) / np.linalg.norm(full))


def _lowest_point(model: LinearModel) -> np.ndarray:
    """Return the best theta, by Newton's method (lesson 06)."""
    return descend(model, model.gradient, np.zeros(2), Newton(model.hessian), n_steps=30).final


@lru_cache(maxsize=8)
def _shades(data: Data, width: int, height: int) -> np.ndarray:
    """The loss as pixels of the map: computed on a coarse grid, then interpolated."""
    x, y = np.linspace(*ACROSS, 36), np.linspace(*UP, 36)
    z = data.model(np.stack(np.meshgrid(x, y)))
    return bands(_between(height, 36) @ z @ _between(width, 36).T)


def _between(n: int, n_coarse: int) -> np.ndarray:
    """Return the matrix (n, n_coarse) of linear interpolation."""
    place = np.linspace(0, n_coarse - 1, n)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(n_coarse)))


def _held(values: np.ndarray, limit: float) -> np.ndarray:
    return np.nan_to_num(values, nan=limit, posinf=limit, neginf=-limit).clip(-limit, limit)


def _said(loss: float) -> str:
    return f"{loss:.3g}" if np.isfinite(loss) and loss < 1e6 else "beyond all bounds"


def _birds(n: int) -> str:
    return "1 bird" if n == 1 else f"{n} birds"
