"""The second explorer of lesson 01: guess a direction, or know it, in up to 100 dimensions."""

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, whole_slider

MOST, N_STEPS = 100, 40  # dimensions and tries; steps shown
ANGLES = np.linspace(0, 180, 181)


class RandomSearchExplorer(Explorer):
    """Race the best of some random directions against the gradient (lesson 01)."""

    size = (8.0, 3.7)
    alt = (
        "Left how often a random direction makes which angle with steepest descent: a hump around "
        "90 degrees. Right the loss at each step, for random search and for the gradient."
    )
    target = "keep n_tries = 10 and find where random search is less than half as fast."

    def controls(self) -> dict[str, Control]:
        """How many dimensions, how many random directions at each step, how long a step is."""
        return {
            "dimensions": whole_slider("dimensions d", 2, 2, MOST),
            "n_tries": whole_slider("n_tries", 10, 1, MOST),
            "step_length": log_slider("step_length", 0.04, 0.005, 0.5),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the angles on the left and the losses on the right."""
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
        ink, down = {"color": style.INK}, {"color": style.DOWNHILL}
        marks = {"markevery": 4, "mfc": "white", "markersize": 6}
        return {
            "density": angles.plot([], [], **ink)[0],
            "best": angles.plot([], [], "o--", mfc="white", markevery=[1], **ink)[0],
            "gradient": losses.plot([], [], "v-", **down, **marks)[0],
            "random": losses.plot([], [], "o-", **ink, **marks)[0],
        }

    def compute(self, dimensions: int, n_tries: int, step_length: float) -> dict[str, object]:
        """Both descents on a round bowl, and how random directions lie to steepest descent."""
        cosines = best_cosines(dimensions, n_tries)
        return {
            "dimensions": dimensions,
            "n_tries": n_tries,
            "density": density(dimensions),
            "share": float(np.maximum(cosines, 0).mean()),
            "angle": float(np.degrees(np.arccos(cosines)).mean()),
            "random": losses_along(cosines, step_length),
            "gradient": losses_along(np.ones(N_STEPS), step_length),
        }

    def draw(self, result: dict[str, object]) -> None:
        """Set the hump, the best angle and the two curves."""
        draw, steps = self.artists, np.arange(N_STEPS + 1)
        draw["density"].set_data(ANGLES, result["density"])
        draw["best"].set_data([result["angle"]] * 2, [0, result["density"].max()])
        for name in ("random", "gradient"):
            draw[name].set_data(steps, result[name])

    def describe(self, result: dict[str, object]) -> str:
        """Say how the best direction compares, and what each method has reached."""
        tries, share, d = result["n_tries"], result["share"], result["dimensions"]
        return (
            f"In {d} dimensions the best of {tries} random directions goes down {share:.0%} as "
            f"steeply as the gradient's opposite, on average. After {N_STEPS} steps random search "
            f"has {result['random'][-1]:.1%} of the first loss left, the gradient "
            f"{result['gradient'][-1]:.1%}."
        )

    def reached(self, result: dict[str, object]) -> bool:
        """Whether ten tries are less than half as steep as the gradient."""
        return result["n_tries"] == 10 and result["share"] < 0.5


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
        moved = squares[-1] + step_length**2 - 2 * squares[-1] ** 0.5 * step_length * cosine
        squares.append(float(min(squares[-1], max(moved, 0.0))))
    return np.array(squares)
