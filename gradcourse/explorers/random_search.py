"""The second explorer of lesson 01: guess a direction, or know it, in up to 100 dimensions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, Value, log_slider, whole_slider
from gradcourse.explorers.kit.panels import line

MOST = 100  # dimensions and tries
N_STEPS = 40
ANGLES = np.linspace(0, 180, 181)


@dataclass(frozen=True, eq=False)
class Search:
    """How random directions lie to steepest descent, and two descents on a round bowl.

    Fields:
        density : (181,) – percent of all directions within a degree of each of ANGLES
        share : the steepness of the best direction, as a share of the gradient's
        angle : the best direction's angle to steepest descent, in degrees
        random, gradient : (N_STEPS + 1,) – losses as shares of the first
    """

    dimensions: int
    n_tries: int
    density: np.ndarray
    share: float
    angle: float
    random: np.ndarray
    gradient: np.ndarray


class RandomSearchExplorer(Explorer[Search]):
    """Race the best of some random directions against the gradient (lesson 01)."""

    size = (800, 370)
    alt = (
        "Left how often a random direction makes which angle with steepest descent: a hump around "
        "90 degrees. Right the loss at each step, for random search and for the gradient."
    )
    target = "keep n_tries = 10 and find where random search is less than half as fast."

    def make_controls(self) -> dict[str, Control]:
        return {
            "dimensions": whole_slider("dimensions d", 2, 2, MOST),
            "n_tries": whole_slider("n_tries", 10, 1, MOST),
            "step_length": log_slider("step_length", 0.04, 0.005, 0.5),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        angles, losses = figure.subplots(1, 2)
        figure.subplots_adjust(0.075, 0.145, 0.98, 0.85, wspace=0.27)
        angles.set(xlim=(0, 180), xticks=range(0, 181, 45), ylim=(0, 7.5))
        angles.set(xlabel="angle to steepest descent (degrees)", ylabel="directions (% per degree)")
        angles.set_title(
            "In many dimensions nearly all directions\nare level: 90° from the gradient"
        )
        angles.axvline(90, color=style.MUTED, linestyle=":", linewidth=1.2)
        angles.text(4, 6.3, "○ best of n_tries,\n    on average")
        losses.set(xlim=(0, N_STEPS), ylim=(0, 1.05), xlabel="step")
        losses.set_ylabel("loss, as a share of the first")
        losses.set_title("The gradient ▽ leaves behind\nthe best of n_tries random directions ○")
        marks = {"mfc": "white", "markersize": 6, "markevery": 4}
        return {
            "density": line(angles, color=style.INK),
            "best": line(angles, "o--", color=style.INK, mfc="white", markevery=[1]),
            "gradient": line(losses, "v-", color=style.DOWNHILL, **marks),
            "random": line(losses, "o-", color=style.INK, **marks),
        }

    def compute(self, dimensions: int, n_tries: int, step_length: float) -> Search:
        cosines = best_cosines(dimensions, n_tries)
        return Search(
            dimensions=dimensions,
            n_tries=n_tries,
            density=density(dimensions),
            share=float(np.maximum(cosines, 0).mean()),
            angle=float(np.degrees(np.arccos(cosines)).mean()),
            random=losses_along(cosines, step_length),
            gradient=losses_along(np.ones(N_STEPS), step_length),
        )

    def draw(self, result: Search) -> None:
        steps = np.arange(N_STEPS + 1)
        self.move(
            density=(ANGLES, result.density),
            best=(result.angle, [0, result.density.max()]),
            gradient=(steps, result.gradient),
            random=(steps, result.random),
        )

    def describe(self, result: Search) -> str:
        return (
            f"In {result.dimensions} dimensions the best of {result.n_tries} random directions "
            f"goes down {result.share:.0%} as steeply as the gradient's opposite, on average. "
            f"After {N_STEPS} steps random search has {result.random[-1]:.1%} of the first loss "
            f"left, the gradient {result.gradient[-1]:.1%}."
        )

    def reached(self, result: Search, values: Mapping[str, Value]) -> bool:
        return result.n_tries == 10 and result.share < 0.5


def best_cosines(dimensions: int, n_tries: int) -> np.ndarray:
    """Return for each step the best cosine between n_tries random directions and the descent."""
    return _cosines()[:, :n_tries, dimensions - 1].max(axis=1)


@cache
def _cosines() -> np.ndarray:
    """Return (N_STEPS, MOST, MOST): step, try, and how many coordinates of it count.

    Descent may as well be along the first axis: the bowl and the directions are round.
    """
    directions = np.random.default_rng(1).normal(size=(N_STEPS, MOST, MOST))
    return directions[:, :, :1] / np.sqrt((directions**2).cumsum(axis=2))


def density(dimensions: int) -> np.ndarray:
    """Return how many percent of all directions lie within a degree of each of ANGLES.

    The directions at the angle φ form a circle, or sphere, of radius sin φ: ~ sin(φ)^(d − 2).
    """
    crowd = np.sin(np.radians(ANGLES)) ** (dimensions - 2)
    return 100 * crowd / (180 * crowd.mean())


def losses_along(cosines: np.ndarray, step_length: float) -> np.ndarray:
    """Return the loss ½ r² as a share of the first, from distance r = 1, at every step.

    A step at an angle φ to the descent leads to r² + s² − 2 r s cos φ (law of cosines); it is
    taken only if it leads down.
    """
    squares = [1.0]
    for cosine in cosines:
        last = squares[-1]
        moved = last + step_length**2 - 2 * last**0.5 * step_length * cosine
        squares.append(float(min(last, max(moved, 0.0))))
    return np.array(squares)
