"""The explorer of lesson 09: what is learned by heart, and what holds for new data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import (
    Control,
    Value,
    log_slider,
    log_whole_slider,
    slider,
    whole_slider,
)
from gradcourse.explorers.kit.panels import dotted, line, panels
from gradcourse.explorers.kit.words import counted

N_STEPS = 500
MOST = 30  # waves
TRUTH = np.zeros(MOST)
TRUTH[[0, 2, 5]] = 1.0, -0.8, 0.5  # the waves that are really there
GRID = np.linspace(0, 1, 201)
LOSSES = (0.003, 10.0)
ASKED = {"n_points": 20, "n_waves": MOST, "noise": 0.3}  # what the target is about


@dataclass(frozen=True, eq=False)
class Fit:
    """The data, the weights of all steps, and the losses on the points and on new data.

    Fields:
        x, y : (n_points,) – the points
        shaken : (copies, n_points) – the places of the shaken copies, which keep the values y
        path : (N_STEPS + 1, n_waves)
        seen, new : (N_STEPS + 1,) – the loss on the points, and the mean loss on new data
    """

    x: np.ndarray
    y: np.ndarray
    shaken: np.ndarray
    noise: float
    path: np.ndarray
    seen: np.ndarray
    new: np.ndarray

    @property
    def best(self) -> int:
        """The step at which new data fare best, the start not counted."""
        return 1 + int(np.argmin(self.new[1:]))


@dataclass(frozen=True, eq=False)
class Stopped:
    """A fit, and the step at which we stop."""

    fit: Fit
    step: int

    @property
    def weights(self) -> np.ndarray:
        """The weights at this step."""
        return self.fit.path[self.step]

    @property
    def n_used(self) -> int:
        """How many of them are not 0."""
        return int(np.count_nonzero(self.weights))


class GeneralizeExplorer(Explorer[Stopped]):
    """Fit waves to a few noisy points and watch the loss on new data (lesson 09)."""

    size = (860, 370)
    alt = (
        "Left the points, the truth and the fitted curve. In the middle the weight of each wave, "
        "true ones as rings. Right the loss on the points and on new data at each step."
    )
    target = "with 20 points, 30 waves and noise 0.3: loss below 0.2 on new data, 8 waves at most."

    def make_controls(self) -> dict[str, Control]:
        return {
            "n_points": whole_slider("points", 20, 5, 100),
            "n_waves": whole_slider("waves (features)", MOST, 1, MOST),
            "noise": slider("noise", 0.3, 0.0, 1.0, 0.05),
            "steps": log_whole_slider("steps", N_STEPS, 1, N_STEPS),
            "l2": log_slider("L2 strength", 0.0001, 0.0001, 1.0),
            "l1": log_slider("L1 strength", 0.0001, 0.0001, 1.0),
            "copies": whole_slider("shaken copies", 0, 0, 20),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        curve, weights, loss = panels(
            figure,
            curve=(0.06, 0.14, 0.275, 0.77),
            weights=(0.435, 0.14, 0.205, 0.77),
            loss=(0.715, 0.14, 0.275, 0.77),
        )
        _draw_truth(curve, weights)
        loss.set(xlabel="step (log scale)", ylabel="loss (log scale)", xlim=(1, N_STEPS))
        loss.set_title("Loss: points (black), new (red)")
        style.log_axis(loss, "xy")
        loss.set_ylim(LOSSES)
        return {
            "copies": line(curve, ".", color=style.MUTED, ms=3),
            "fit": line(curve, color=style.UPHILL, lw=1.6),
            "points": line(curve, "o", color=style.INK, ms=5),
            "weights": line(weights, color=style.UPHILL, lw=2.2),
            "tips": line(weights, "o", color=style.UPHILL, ms=3.5),
            "noise": dotted(loss),
            "seen": line(loss, color=style.INK),
            "new": line(loss, color=style.UPHILL),
            "now": line(loss, "o", color=style.UPHILL, ms=6, mec="white"),
            "best": line(loss, "*", color=style.DOWNHILL, ms=11),
        }

    def compute(
        self,
        n_points: int,
        n_waves: int,
        noise: float,
        steps: int,
        l2: float,
        l1: float,
        copies: int,
    ) -> Stopped:
        return Stopped(fitted(n_points, n_waves, noise, l2, l1, copies), steps)

    def draw(self, result: Stopped) -> None:
        fit = result.fit
        weights = result.weights
        waves_in_use = np.arange(1, len(weights) + 1)
        gap = np.full(len(weights), np.nan)
        foot = np.zeros(len(weights))
        bars = np.stack([foot, weights, gap], axis=1)
        all_steps = np.arange(1, N_STEPS + 1)
        seen = fit.seen.clip(*LOSSES)
        new = fit.new.clip(*LOSSES)
        self.move(
            copies=(fit.shaken.ravel(), np.tile(fit.y, len(fit.shaken))),
            points=(fit.x, fit.y),
            fit=(GRID, ON_GRID[:, : len(weights)] @ weights),
            weights=(np.repeat(waves_in_use, 3), bars.ravel()),
            tips=(waves_in_use[weights != 0], weights[weights != 0]),
            noise=([1, N_STEPS], max(fit.noise**2, LOSSES[0])),
            seen=(all_steps, seen[1:]),
            new=(all_steps, new[1:]),
            now=(result.step, new[result.step]),
            best=(fit.best, new[fit.best]),
        )

    def describe(self, result: Stopped) -> str:
        fit = result.fit
        step = result.step
        return (
            f"After {counted(step, 'step')}: loss {fit.seen[step]:.3g} on the points, "
            f"{fit.new[step]:.3g} on new data; {result.n_used} of {len(result.weights)} weights "
            f"are not 0. New data fare best (★) at step {fit.best}: {fit.new[fit.best]:.3g}."
        )

    def reached(self, result: Stopped, values: Mapping[str, Value]) -> bool:
        asked = all(values[name] == value for name, value in ASKED.items())
        return asked and result.n_used <= 8 and bool(result.fit.new[result.step] < 0.2)


def _draw_truth(curve: Axes, weights: Axes) -> None:
    """Draw the curve that the points come from, and its weights."""
    curve.set(xlabel="x", ylabel="y", xlim=(0, 1), ylim=(-3.2, 3.2))
    curve.set_title("The truth (gray) and the fit")
    curve.plot(GRID, ON_GRID @ TRUTH, color=style.MUTED, lw=4, alpha=0.35)
    weights.set(xlabel="wave", ylabel="weight", xlim=(0, MOST + 1), ylim=(-1.6, 1.6))
    weights.set_title("Weights, ○ the true ones")
    weights.axhline(0, color=style.MUTED, lw=0.8)
    real = np.flatnonzero(TRUTH)
    weights.plot(real + 1, TRUTH[real], "o", mfc="none", mec=style.MUTED, ms=9)


@lru_cache(maxsize=64)
def fitted(n_points: int, n_waves: int, noise: float, l2: float, l1: float, copies: int) -> Fit:
    """Return a fit that begins with all weights 0."""
    x, y = sample(n_points, noise)
    shaken = x + 0.02 * np.random.default_rng(7).standard_normal((copies, n_points))
    inputs = np.concatenate([x, shaken.clip(0, 1).ravel()])
    A = waves(inputs)[:, :n_waves]
    path = proximal_path(A, np.tile(y, copies + 1), l2, l1)
    errors = waves(x)[:, :n_waves] @ path.T - y[:, None]
    off = np.pad(path, ((0, 0), (0, MOST - n_waves))) - TRUTH
    new = ((off @ AVERAGE) * off).sum(axis=1) + noise**2
    seen = np.mean(errors**2, axis=0)
    return Fit(x, y, shaken, noise, path, seen, new)


def waves(x: np.ndarray) -> np.ndarray:
    """Return half, one, one and a half … waves at x (n,): features (n, MOST) of mean square ½."""
    return np.cos(np.pi * np.arange(1, MOST + 1) * x[:, None])


# The mean over x of all products of two waves: offᵀ AVERAGE off is the mean square of a curve.
ON_GRID = waves(GRID)
AVERAGE = ON_GRID.T @ ON_GRID / len(GRID)


def sample(n_points: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return places and noisy values; more points keep the first ones."""
    rng = np.random.default_rng(3)
    x = rng.random(100)[:n_points]
    errors = rng.standard_normal(100)[:n_points]
    return x, waves(x) @ TRUTH + noise * errors


def proximal_path(A: np.ndarray, y: np.ndarray, l2: float, l1: float) -> np.ndarray:
    """Return the weights of all steps from zero, (N_STEPS + 1, d), for the mean squared error.

    The path of the library's ProximalGradient, as a test checks. A loop of its own, because here a
    step is one product with a matrix, and 500 steps have to fit between two pictures: the gradient
    needs A only as AᵀA and Aᵀy, so a step costs the same for any number of points.
    """
    n, d = A.shape
    H = 2 * A.T @ A / n + l2 * np.eye(d)
    b = 2 * A.T @ y / n
    rate = 1 / np.linalg.eigvalsh(H)[-1]
    keep = np.eye(d) - rate * H
    push = rate * b
    price = rate * l1
    path = np.zeros((N_STEPS + 1, d))
    for k in range(N_STEPS):
        moved = keep @ path[k] + push
        path[k + 1] = moved - np.minimum(np.maximum(moved, -price), price)  # soft threshold
    return path
