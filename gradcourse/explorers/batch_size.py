"""The explorer of lesson 04: batch size and learning rate, counted in updates and in examples."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.curvature import Newton
from gradcourse.datasets import penguins, standardize
from gradcourse.descent import descend
from gradcourse.explorers.kit.base import Click, Explorer
from gradcourse.explorers.kit.controls import (
    Control,
    Value,
    log_slider,
    log_whole_slider,
    menu,
    slider,
    switch,
    whole_slider,
)
from gradcourse.explorers.kit.maps import Map
from gradcourse.explorers.kit.panels import cross, line, map_and_two, ring, star
from gradcourse.explorers.kit.words import counted, held, short
from gradcourse.landscapes import Landscape
from gradcourse.losses import LinearRegression, LogisticRegression, balanced_weights

N = 136  # birds
MOST_EPOCHS = 10  # so work is bounded: 1,360 examples, a few ms
START = (-1.5, 1.5)
ACROSS = (-2.5, 3.5)  # what the map shows
UP = (-5.0, 3.0)
CLOSE = 0.01
LOSSES = (0.2, 10.0)  # what the loss axes show
OUTSIDE = 99.0  # a path that leaves the map ends here
Model = LogisticRegression | LinearRegression
MODELS: dict[str, type[Model]] = {
    "species (logistic)": LogisticRegression,
    "mass (linear)": LinearRegression,
}
DATA = ("rare", "noise", "model", "balance")  # the controls that say what is learned


@dataclass(frozen=True, eq=False)
class Data:
    """Birds to learn from, as the explorer needs them: a model, its best point, plain floats."""

    model: Model
    ground: Landscape
    best: tuple[float, float]
    lowest: float
    rows: tuple[tuple[float, float, float], ...]  # x, y, weight


@dataclass(frozen=True, eq=False)
class Run:
    """One training: every theta, which of them are shown, and the loss of all birds there."""

    path: np.ndarray
    shown: np.ndarray
    losses: np.ndarray
    size: int

    @property
    def n_updates(self) -> int:
        """How often theta was moved."""
        return len(self.path) - 1


@dataclass(frozen=True, eq=False)
class TwoRuns:
    """Two trainings on the same birds: with small batches, and with all birds at once."""

    data: Data
    n_epochs: int
    mini: Run
    full: Run


class BatchSizeExplorer(Explorer[TwoRuns]):
    """Train on mini-batches of any size and see what an update costs and brings (lesson 04)."""

    size = (800, 430)
    alt = (
        "Left a map of the loss with the path of mini-batch descent. Right, the loss after each "
        "update, above by number of updates, below by epochs; in gray the full batch."
    )
    target = f"in at most 2 epochs, come closer than {CLOSE} to the lowest loss (data unchanged)."
    clicks = (Click("epochs", "n_epochs"),)

    def make_controls(self) -> dict[str, Control]:
        return {
            "batch_size": log_whole_slider("batch_size", 16, 1, N),
            "learning_rate": log_slider("learning rate η", 0.3, 0.001, 10.0),
            "n_epochs": whole_slider("n_epochs", 3, 1, MOST_EPOCHS),
            "seed": whole_slider("shuffle no.", 1, 1, 20),
            "rare": slider("rare class", 0.25, 0.02, 0.5, 0.01),
            "noise": slider("noise", 0.0, 0.0, 1.0, 0.05),
            "model": menu("model", "species (logistic)", MODELS),
            "balance": switch("balance the classes"),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        ground, updates, epochs = map_and_two(figure, "updates", "epochs", left=0.08, gap=0.28)
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
            ax.set(ylim=LOSSES, ylabel="loss (log scale)")
        epochs.set_xlim(0, MOST_EPOCHS)
        self.map = Map(ground)
        gray: dict[str, Any] = {"color": "#9a9aa2", "linewidth": 2.4}
        dark: dict[str, Any] = {"color": style.INK, "linewidth": 1.2}
        return {
            "map": self.map,
            "slow": line(ground, **gray),
            "way": line(ground, **dark),
            "best": cross(ground),
            "first": ring(ground),
            "last": star(ground, style.UPHILL),
            "slow_updates": line(updates, ".-", **gray),
            "updates": line(updates, ".-", ms=4, **dark),
            "slow_epochs": line(epochs, ".-", **gray),
            "epochs": line(epochs, **dark),
            "floor": line(epochs, ":", color=style.DOWNHILL),
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
    ) -> TwoRuns:
        data = birds_to_learn(model, rare, noise, balance)
        return TwoRuns(
            data=data,
            n_epochs=n_epochs,
            mini=_run(data, batch_size, learning_rate, n_epochs, seed),
            full=_run(data, N, learning_rate, n_epochs, seed),
        )

    def draw(self, result: TwoRuns) -> None:
        data = result.data
        mini = result.mini
        full = result.full
        self.map.show(data.ground, n_coarse=36)
        way = held(mini.path.T, -OUTSIDE, OUTSIDE)
        self.move(
            slow=held(full.path.T, -OUTSIDE, OUTSIDE),
            way=way,
            best=data.best,
            first=START,
            last=way[:, -1],
            slow_updates=_by_updates(full),
            updates=_by_updates(mini),
            slow_epochs=_by_epochs(full),
            epochs=_by_epochs(mini),
            floor=([0, MOST_EPOCHS], data.lowest),
        )

    def describe(self, result: TwoRuns) -> str:
        mini = result.mini
        full = result.full
        data = result.data
        error = gradient_error(data, mini.size)
        return (
            f"{counted(result.n_epochs, 'epoch')}: {mini.n_updates} updates from "
            f"{counted(mini.size, 'bird')} each bring the loss from {mini.losses[0]:.3g} to "
            f"{short(mini.losses[-1])}; {full.n_updates} from all {N} to "
            f"{short(full.losses[-1])}. The lowest is {data.lowest:.3g}. At the start, the "
            f"gradient of one batch is off by about {error:.0%} of the full gradient's length."
        )

    def reached(self, result: TwoRuns, values: Mapping[str, Value]) -> bool:
        data_unchanged = all(values[name] == self.beginning[name] for name in DATA)
        in_time = result.n_epochs <= 2
        return data_unchanged and in_time and result.mini.losses[-1] < result.data.lowest + CLOSE


def _by_updates(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the losses over the number of updates; 0 has no place on a log axis."""
    return np.maximum(run.shown, 0.9), held(run.losses, -9.9, 9.9)


def _by_epochs(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the losses over the number of birds seen."""
    return np.minimum(run.shown * run.size / N, MOST_EPOCHS), held(run.losses, -9.9, 9.9)


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
    is_rare = chosen.species == "Chinstrap"
    classes = "species" in name
    x, *_ = standardize(chosen.flipper_length_mm)
    y = is_rare.astype(float) if classes else standardize(chosen.body_mass_g)[0]
    mixed = rng.permutation(N)[: round(noise * N)]
    y[mixed] = y[rng.permutation(mixed)]
    weights = balanced_weights(y) if balance and classes else None
    return _data(MODELS[name](x, y, weights), x, y)


def _data(model: Model, x: np.ndarray, y: np.ndarray) -> Data:
    """Return a model with its lowest point, its map and its rows."""
    best = _lowest_point(model)
    weights = np.broadcast_to(1.0 if model.weights is None else model.weights, N)
    ground = Landscape(
        "birds",
        height=lambda w, b: model(np.stack(np.broadcast_arrays(w, b)).astype(float)),
        partials=lambda w, b: tuple(model.gradient(np.array([w, b]))),
        minimizers=(best,),
        window=(*ACROSS, *UP),
        start=START,
        character="The loss of a weight and an intercept.",
    )
    rows = zip(x.tolist(), y.tolist(), weights.tolist(), strict=True)
    return Data(model, ground, best, float(model(np.array(best))), tuple(rows))


def _lowest_point(model: Model) -> tuple[float, float]:
    """Return the best theta, by Newton's method (lesson 06)."""
    way = descend(model, model.gradient, np.zeros(2), Newton(model.hessian), n_steps=30)
    w, b = way.final.tolist()
    return w, b


def _run(data: Data, batch_size: int, rate: float, n_epochs: int, seed: int) -> Run:
    """Train, and look at the loss after some 140 of the updates, more of them early."""
    path = train(data, batch_size, rate, n_epochs, seed)
    last = len(path) - 1
    chosen = np.append(np.linspace(0, last, 100), np.geomspace(1, last, 40))
    shown = np.unique(chosen.astype(int))
    return Run(path, shown, data.model(path[shown].T), batch_size)


def train(data: Data, batch_size: int, rate: float, n_epochs: int, seed: int) -> np.ndarray:
    """Return every theta of mini-batch descent.

    A loop of its own, in plain floats: a batch of one bird makes 1,360 updates, and arrays of two
    numbers would take eight times as long. A test compares it with the library's gradients.
    """
    rng = np.random.default_rng(seed)
    w, b = START
    path = [START]
    classes = isinstance(data.model, LogisticRegression)
    for _ in range(n_epochs):
        order = rng.permutation(N).tolist() if batch_size < N else range(N)
        for first in range(0, N, batch_size):
            batch = [data.rows[i] for i in order[first : first + batch_size]]
            grad_w, grad_b = _batch_gradient(classes, batch, w, b)
            w, b = w - rate * grad_w, b - rate * grad_b
            path.append((w, b))
    return np.array(path)


def _batch_gradient(
    classes: bool, batch: list[tuple[float, float, float]], w: float, b: float
) -> tuple[float, float]:
    """Return the gradient of the loss of these birds along weight and intercept."""
    factor = 1.0 if classes else 2.0  # of the logistic and of the squared error
    grad_w = grad_b = 0.0
    for x, y, weight in batch:
        predicted = w * x + b
        if classes:
            predicted = 1 / (1 + math.exp(-max(-500.0, predicted)))
        pull = factor * weight * (predicted - y)
        grad_w += pull * x
        grad_b += pull
    return grad_w / len(batch), grad_b / len(batch)


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
