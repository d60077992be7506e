"""The second explorer of lesson 06: descend inside a set, projecting or from corner to corner."""

from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.constrained import (
    ConditionalGradient,
    L1Ball,
    ProjectedGradient,
    Simplex,
    duality_gap,
)
from gradcourse.datasets import penguins, standardize
from gradcourse.descent import descend
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, player, slider
from gradcourse.explorers.kit.maps import shades
from gradcourse.explorers.kit.pixels import Pixels
from gradcourse.landscapes import Landscape

N_STEPS, EDGE, HEIGHTS = 60, 1.2, (1e-7, 3.0)
SETS = {"L1 ball": L1Ball, "simplex": Simplex}
METHODS = {"conditional gradient": "ConditionalGradient", "projection": "ProjectedGradient"}


class ConstraintExplorer(Explorer):
    """Find the best weights inside a set, and read off how far from it you are (lesson 06)."""

    size = (8.2, 3.9)
    alt = (
        "Left a map of the loss over two weights, the allowed set, the path so far, the gradient "
        "and the corner that the conditional gradient picks. Right how far both methods are from "
        "the best allowed loss at each step, and the duality gap."
    )
    target = "in the L1 ball, let the best allowed point have one weight of exactly 0."

    def controls(self) -> dict[str, Control]:
        """Step, method, set and its size, the rate of projection, the start."""
        return {
            "step": player("step", 1, N_STEPS),
            "method": menu("method", "conditional gradient", list(METHODS)),
            "feasible": menu("allowed set", "L1 ball", list(SETS)),
            "radius": slider("radius (or sum)", 0.6, 0.02, 1.1, 0.02),
            "learning_rate": log_slider("η of projection", 0.1, 0.01, 1.0),
            "start_0": slider("start, bill length", 0.1, -1.0, 1.0, 0.02),
            "start_1": slider("start, bill depth", 0.5, -1.0, 1.0, 0.02),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the map and the distance from the best."""
        ground, error = figure.subplots(1, 2)
        ground.set_position([0.085, 0.13, 0.385, 0.795])
        error.set_position([0.58, 0.13, 0.405, 0.795])
        ground.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xlabel="weight of bill length")
        ground.set_ylabel("weight of bill depth", labelpad=-4)
        ground.set_title("✕ best of all, ★ best allowed, ◇ corner picked")
        error.set(xlabel="step", ylabel="loss above the best allowed", xlim=(0, N_STEPS))
        error.set_title("How far? (dotted: the duality gap)")
        style.log_axis(error, "y")
        error.set_ylim(HEIGHTS)
        artists = {"shades": Pixels(ground)}
        artists["set"] = ground.plot([], [], color=style.DOWNHILL, linewidth=2)[0]
        artists["free"] = ground.plot(*_ground().minimizers[0], "x", color=style.INK, ms=8)[0]
        artists["best"] = ground.plot([], [], "*", color=style.DOWNHILL, mec="white", ms=15)[0]
        artists["aim"] = ground.plot([], [], "--", color=style.MUTED, linewidth=1.2)[0]
        artists["corner"] = ground.plot([], [], "D", mfc="none", mec=style.INK, ms=10, mew=1.6)[0]
        artists["slope"] = ground.plot([], [], color=style.UPHILL, linewidth=1.8)[0]
        artists["way"] = ground.plot([], [], color=style.INK, linewidth=1.4)[0]
        artists["here"] = ground.plot([], [], "o", color=style.INK, mec="white", ms=8)[0]
        artists["gap"] = error.plot([], [], ":", color=style.MUTED, linewidth=1.6)[0]
        for place, (text, name) in zip((0.99, 0.93), METHODS.items(), strict=True):
            color, marker, line = style.CURVED[name]
            artists[f"{name} error"] = error.plot([], [], line, color=color, linewidth=1.5)[0]
            artists[f"{name} now"] = error.plot([], [], marker, color=color, mec="white", ms=8)[0]
            error.text(
                1.0,
                place,
                text,
                color=color,
                ha="right",
                va="top",
                fontsize=8,
                transform=error.transAxes,
            )
        return artists

    def compute(
        self,
        step: int,
        method: str,
        feasible: str,
        radius: float,
        learning_rate: float,
        start_0: float,
        start_1: float,
    ) -> dict[str, object]:
        """Walk with both methods; where the chosen one stands, ask for slope, corner and gap."""
        allowed, ground = SETS[feasible](radius), _ground()
        start = tuple(allowed.project(np.array([start_0, start_1])).tolist())
        best = walk("ProjectedGradient", allowed, start, 0.4)[0][-1]
        walks = {
            "ConditionalGradient": walk("ConditionalGradient", allowed, start, 1.0),
            "ProjectedGradient": walk("ProjectedGradient", allowed, start, learning_rate),
        }
        theta = walks[METHODS[method]][0][step]
        grad = ground.gradient(theta)
        return {
            "allowed": allowed,
            "step": step,
            "method": method,
            "walks": walks,
            "theta": theta,
            "grad": grad,
            "corner": allowed.vertex(grad),
            "best": best,
            "gap": duality_gap(allowed, theta, grad),
            "loss": float(ground(theta)),
            "above": float(ground(theta) - ground(best)),
            "free": theta - learning_rate * grad,
        }

    def draw(self, result: dict[str, object]) -> None:
        """Put the set, the path and the corner on the map, the distances beside it."""
        draw, theta, step = self.artists, result["theta"], result["step"]
        draw["shades"].pixels = shades(_ground(), *draw["shades"].shape())
        draw["set"].set_data(*outline(result["allowed"]))
        draw["best"].set_data(*result["best"][:, None])
        conditional = result["method"] == "conditional gradient"
        draw["corner"].set_data(*result["corner"][:, None])
        draw["corner"].set_visible(conditional)
        aim = result["corner"] if conditional else result["free"]
        draw["aim"].set_data(*np.transpose([theta, aim]))
        length = 0.35 / max(np.linalg.norm(result["grad"]), 1e-12)
        draw["slope"].set_data(*np.transpose([theta, theta + length * result["grad"]]))
        path = result["walks"][METHODS[result["method"]]][0]
        draw["way"].set_data(*path[: step + 1].T)
        draw["here"].set_data(*theta[:, None])
        lowest = _ground()(result["best"])
        for name, (_, losses, gaps) in result["walks"].items():
            above = (losses - lowest).clip(*HEIGHTS)
            draw[f"{name} error"].set_data(np.arange(len(above)), above)
            draw[f"{name} now"].set_data([step], above[step : step + 1])
            if name == METHODS[result["method"]]:
                draw["gap"].set_data(np.arange(len(gaps)), gaps.clip(*HEIGHTS))

    def describe(self, result: dict[str, object]) -> str:
        """Say where the method stands, what the gap promises and what is true."""
        method, (w0, w1), (c0, c1) = result["method"], result["theta"], result["corner"]
        weights = zip(("bill length", "bill depth"), result["best"], strict=True)
        zero = [name for name, weight in weights if abs(weight) < 1e-9]
        sparse = f" At the best allowed point {zero[0]} weighs exactly 0." if zero else ""
        return (
            f"{method[0].upper()}{method[1:]}, step {result['step']}: weights ({w0:.3g}, "
            f"{w1:.3g}), corner farthest downhill ({c0:.3g}, {c1:.3g}). Loss {result['loss']:.3g}: "
            f"by the gap at most {result['gap']:.2g} above the best allowed, in truth "
            f"{max(result['above'], 0.0):.2g}.{sparse}"
        )

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Start at the allowed point nearest to the click."""
        if ax is self.figure.axes[0]:
            self.set(start_0=round(x, 2), start_1=round(y, 2), step=0)

    def reached(self, result: dict[str, object]) -> bool:
        """Whether the best point of the L1 ball is a corner."""
        corner = np.count_nonzero(np.abs(result["best"]) < 1e-9) == 1
        return isinstance(result["allowed"], L1Ball) and corner


@lru_cache(maxsize=64)
def walk(
    name: str, allowed: L1Ball | Simplex, start: tuple[float, float], rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return path, losses and duality gaps of N_STEPS steps."""
    ground = _ground()
    make = {"ConditionalGradient": ConditionalGradient, "ProjectedGradient": ProjectedGradient}
    way = descend(ground, ground.gradient, start, make[name](allowed, rate), N_STEPS)
    gaps = [duality_gap(allowed, theta, ground.gradient(theta)) for theta in way.path]
    return way.path, way.losses, np.array(gaps)


@lru_cache
def _ground() -> Landscape:
    """Return the loss of two weights: a penguin's mass from its bill's length and depth."""
    birds = penguins()
    X, *_ = standardize(birds.matrix("bill_length_mm", "bill_depth_mm"))
    y, *_ = standardize(birds.body_mass_g)
    (a, b), (_, c) = 2 * X.T @ X / len(y)
    p, q = 2 * X.T @ y / len(y)
    low = np.linalg.solve([[a, b], [b, c]], [p, q])
    return Landscape(
        "penguins",
        lambda u, v: 1 + 0.5 * (a * u * u + c * v * v) + b * u * v - p * u - q * v,
        lambda u, v: (a * u + b * v - p, b * u + c * v - q),
        minimizers=(tuple(low.tolist()),),
        window=(-EDGE, EDGE, -EDGE, EDGE),
        start=(0.1, 0.5),
        character="Two weights of a straight line: bill length and bill depth.",
    )


def outline(allowed: L1Ball | Simplex) -> np.ndarray:
    """Return the set's border as a line, (2, k)."""
    if isinstance(allowed, Simplex):
        return allowed.total * np.array([[1.0, 0.0], [0.0, 1.0]])
    return allowed.radius * np.array([[1.0, 0, -1, 0, 1], [0.0, 1, 0, -1, 0]])
