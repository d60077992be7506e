"""The explorer of lesson 09: what is learned by heart, and what holds for new data."""

from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import (
    Control,
    log_slider,
    log_whole_slider,
    slider,
    whole_slider,
)

N_STEPS, MOST = 500, 30
TRUTH = np.zeros(MOST)
TRUTH[[0, 2, 5]] = 1.0, -0.8, 0.5  # the waves that are really there
GRID = np.linspace(0, 1, 201)
LOSSES = 0.003, 10.0


class GeneralizeExplorer(Explorer):
    """Fit waves to a few noisy points and watch the loss on new data (lesson 09)."""

    size = (8.6, 3.7)
    alt = (
        "Left the points, the truth and the fitted curve. In the middle the weight of each wave, "
        "true ones as rings. Right the loss on the points and on new data at each step."
    )
    target = "with 20 points, 30 waves and noise 0.3: loss below 0.2 on new data, 8 waves at most."

    def controls(self) -> dict[str, Control]:
        """The data, the size of the model, when to stop, and three remedies."""
        return {
            "n_points": whole_slider("points", 20, 5, 100),
            "n_waves": whole_slider("waves (features)", MOST, 1, MOST),
            "noise": slider("noise", 0.3, 0.0, 1.0, 0.05),
            "steps": log_whole_slider("steps", N_STEPS, 1, N_STEPS),
            "l2": log_slider("L2 strength", 0.0001, 0.0001, 1.0),
            "l1": log_slider("L1 strength", 0.0001, 0.0001, 1.0),
            "copies": whole_slider("shaken copies", 0, 0, 20),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the curve, the weights and the losses."""
        curve, weights, loss = figure.subplots(1, 3)
        curve.set_position([0.06, 0.14, 0.275, 0.77])
        weights.set_position([0.435, 0.14, 0.205, 0.77])
        loss.set_position([0.715, 0.14, 0.275, 0.77])
        curve.set(xlabel="x", ylabel="y", xlim=(0, 1), ylim=(-3.2, 3.2))
        curve.set_title("The truth (gray) and the fit")
        weights.set(xlabel="wave", ylabel="weight", xlim=(0, MOST + 1), ylim=(-1.6, 1.6))
        weights.set_title("Weights, ○ the true ones")
        loss.set(xlabel="step (log scale)", ylabel="loss (log scale)", xlim=(1, N_STEPS))
        loss.set_title("Loss: points (black), new (red)")
        style.log_axis(loss, "xy")
        loss.set_ylim(LOSSES)
        curve.plot(GRID, ON_GRID @ TRUTH, color=style.MUTED, lw=4, alpha=0.35)
        weights.axhline(0, color=style.MUTED, lw=0.8)
        real = np.flatnonzero(TRUTH)
        weights.plot(real + 1, TRUTH[real], "o", mfc="none", mec=style.MUTED, ms=9)
        red = {"color": style.UPHILL}
        return {
            "copies": curve.plot([], [], ".", color=style.MUTED, ms=3)[0],
            "fit": curve.plot([], [], lw=1.6, **red)[0],
            "points": curve.plot([], [], "o", color=style.INK, ms=5)[0],
            "weights": weights.plot([], [], "-", lw=2.2, **red)[0],
            "tips": weights.plot([], [], "o", ms=3.5, **red)[0],
            "noise": loss.plot([], [], ":", color=style.MUTED)[0],
            "seen": loss.plot([], [], color=style.INK)[0],
            "new": loss.plot([], [], **red)[0],
            "now": loss.plot([], [], "o", ms=6, mec="white", **red)[0],
            "best": loss.plot([], [], "*", ms=11, color=style.DOWNHILL)[0],
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
    ) -> dict[str, object]:
        """Descend from zero for N_STEPS steps; `steps` says where to stop."""
        asked = (n_points, n_waves, noise) == (20, MOST, 0.3)
        return {**fitted(n_points, n_waves, noise, l2, l1, copies), "steps": steps, "asked": asked}

    def draw(self, result: dict[str, object]) -> None:
        """Show the fit and its weights at the step where we stop, and the losses of all steps."""
        draw, steps, weights = self.artists, result["steps"], result["path"][result["steps"]]
        shaken = result["shaken"]
        draw["copies"].set_data(shaken.ravel(), np.tile(result["y"], len(shaken)))
        draw["points"].set_data(result["x"], result["y"])
        draw["fit"].set_data(GRID, ON_GRID[:, : len(weights)] @ weights)
        place = np.arange(1, len(weights) + 1)
        bars = np.stack([0 * weights, weights, np.nan * weights], axis=1).ravel()
        draw["weights"].set_data(np.repeat(place, 3), bars)
        draw["tips"].set_data(place[weights != 0], weights[weights != 0])
        for name in ("seen", "new"):
            draw[name].set_data(np.arange(1, N_STEPS + 1), result[name][1:].clip(*LOSSES))
        floor = max(result["noise"] ** 2, LOSSES[0])
        draw["noise"].set_data([1, N_STEPS], [floor, floor])
        best = 1 + int(np.argmin(result["new"][1:]))
        for name, step in {"now": steps, "best": best}.items():
            draw[name].set_data([step], [result["new"][step].clip(*LOSSES)])

    def describe(self, result: dict[str, object]) -> str:
        """Give the losses, the waves in use and the best step."""
        steps, weights = result["steps"], result["path"][result["steps"]]
        used, best = np.count_nonzero(weights), 1 + int(np.argmin(result["new"][1:]))
        return (
            f"After {steps} step{'s' * (steps > 1)}: loss {result['seen'][steps]:.3g} on the "
            f"points, {result['new'][steps]:.3g} on new data; {used} of {len(weights)} weights are "
            f"not 0. New data fare best (★) at step {best}: {result['new'][best]:.3g}."
        )

    def reached(self, result: dict[str, object]) -> bool:
        """Whether the asked-for fit is good on new data and sparse."""
        steps = result["steps"]
        sparse = np.count_nonzero(result["path"][steps]) <= 8
        return bool(result["asked"] and sparse and result["new"][steps] < 0.2)


@lru_cache(maxsize=64)
def fitted(
    n_points: int, n_waves: int, noise: float, l2: float, l1: float, copies: int
) -> dict[str, object]:
    """Return the data, the weights of all steps, and the losses on the points and on new data."""
    x, y = sample(n_points, noise)
    shaken = x + 0.02 * np.random.default_rng(7).standard_normal((copies, n_points))
    inputs = np.concatenate([x, shaken.clip(0, 1).ravel()])
    path = descend(waves(inputs)[:, :n_waves], np.tile(y, copies + 1), l2, l1)
    errors = waves(x)[:, :n_waves] @ path.T - y[:, None]
    off = np.pad(path, ((0, 0), (0, MOST - n_waves))) - TRUTH
    new = ((off @ AVERAGE) * off).sum(axis=1) + noise**2
    losses = {"seen": np.mean(errors**2, axis=0), "new": new}
    return {"x": x, "y": y, "shaken": shaken, "path": path, "noise": noise, **losses}


def waves(x: np.ndarray) -> np.ndarray:
    """Return half, one, one and a half … waves at x (n,): features (n, MOST) of mean square ½."""
    return np.cos(np.pi * np.arange(1, MOST + 1) * x[:, None])


# The mean over x of all products of two waves: offᵀ AVERAGE off is the mean square of a curve.
ON_GRID = waves(GRID)
AVERAGE = ON_GRID.T @ ON_GRID / len(GRID)


def sample(n_points: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return places and noisy values; more points keep the first ones."""
    rng = np.random.default_rng(3)
    x, errors = rng.random(100)[:n_points], rng.standard_normal(100)[:n_points]
    return x, waves(x) @ TRUTH + noise * errors


def descend(A: np.ndarray, y: np.ndarray, l2: float, l1: float) -> np.ndarray:
    """Return the weights of all steps from zero, (N_STEPS + 1, d), for the mean squared error.

    The gradient needs A only as AᵀA and Aᵀy, so a step costs the same for any number of points.
    """
    H, b = 2 * A.T @ A / len(A) + l2 * np.eye(A.shape[1]), 2 * A.T @ y / len(A)
    rate = 1 / np.linalg.eigvalsh(H)[-1]
    keep, push, price = np.eye(len(H)) - rate * H, rate * b, rate * l1
    path = np.zeros((N_STEPS + 1, len(H)))
    for k in range(N_STEPS):
        moved = keep @ path[k] + push
        path[k + 1] = moved - np.minimum(np.maximum(moved, -price), price)  # soft threshold
    return path
