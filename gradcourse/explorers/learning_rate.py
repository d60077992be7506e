"""The explorer of lesson 03: move the learning rate across 2/L and watch a descent fall apart."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import landscapes, style
from gradcourse.curvature import numerical_hessian
from gradcourse.descent import descend
from gradcourse.explorers.kit.base import Click, Explorer
from gradcourse.explorers.kit.controls import Control, Value, log_slider, menu, slider, whole_slider
from gradcourse.explorers.kit.maps import Map, lowest_points
from gradcourse.explorers.kit.panels import cross, line, map_and_two, ring, star
from gradcourse.explorers.kit.words import counted, held
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import GradientDescent

ACROSS = (-3.0, 3.0)  # what the map shows
UP = (-2.0, 2.0)
GOAL = 0.1
MOST_STEPS = 60
RATES = np.geomspace(0.001, 3, 140)
LOSSES = (1e-5, 1e5)  # what the loss axes show; a curve that leaves it runs along the edge
EDGES = (LOSSES[0] / 2, LOSSES[1] * 2)


@dataclass(frozen=True, eq=False)
class Descent:
    """A descent with one rate, and where all RATES lead; losses count from the lowest point.

    Fields:
        path, losses : (n_steps + 1, 2) and (n_steps + 1,)
        sweep : (140,) – the loss after as many steps for each of RATES
        limit : 2/L, above which no rate settles
    """

    ground: Landscape
    learning_rate: float
    path: np.ndarray
    losses: np.ndarray
    sweep: np.ndarray
    limit: float
    diverged: bool


class LearningRateExplorer(Explorer[Descent]):
    """Descend with any learning rate and see how far it is from 2/L (lesson 03)."""

    size = (800, 420)
    alt = (
        "Left a map with the path of gradient descent. Right, above, the loss at each step; below, "
        "the loss after the last step for every learning rate, with a vertical line at 2/L."
    )
    target = f"move only the learning rate and get the loss below {GOAL} in 20 steps."
    clicks = (Click("map", "start_0", "start_1"), Click("sweep", "learning_rate"))

    def make_controls(self) -> dict[str, Control]:
        return {
            "learning_rate": log_slider("learning rate η", 0.01, RATES[0], RATES[-1]),
            "n_steps": whole_slider("n_steps", 20, 1, MOST_STEPS),
            "landscape": menu("landscape", "ravine", LANDSCAPES),
            "condition": log_slider("condition", 20.0, 1.0, 100.0),
            "start_0": slider("start θ₀", -2.5, *ACROSS, 0.05),
            "start_1": slider("start θ₁", 1.5, *UP, 0.05),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        ground, loss, sweep = map_and_two(
            figure, "loss", "sweep", left=0.085, gap=0.33, map_width=1.15
        )
        ground.set(xlabel="parameter θ₀", ylabel="parameter θ₁", xlim=ACROSS, ylim=UP)
        ground.set_title("Each step goes against the gradient, ○ to ★")
        loss.set(xlabel="step", ylabel="loss (log scale)", xlim=(0, MOST_STEPS))
        loss.set_title(f"The loss on the way (dotted: {GOAL})")
        loss.axhline(GOAL, color=style.MUTED, linestyle=":", linewidth=1.2)
        sweep.set(xlabel="learning rate η (log scale)", ylabel="final loss (log scale)")
        sweep.set_title("It settles only left of 2/L, in red", color=style.UPHILL)
        style.log_axis(sweep, "x")
        sweep.set_xlim(RATES[0], RATES[-1])
        for ax in (loss, sweep):
            style.log_axis(ax, "y")
            ax.set_ylim(EDGES)
        self.map = Map(ground)
        dark = {"color": style.INK, "linewidth": 1.3}
        return {
            "map": self.map,
            "lows": cross(ground),
            "way": line(ground, "o-", markersize=3, **dark),
            "first": ring(ground),
            "last": star(ground, style.UPHILL),
            "curve": line(loss, ".-", markersize=4, **dark),
            "sweep": line(sweep, color=style.LOOKS["GradientDescent"].color),
            "limit": line(sweep, color=style.UPHILL, linewidth=2),
            "here": line(sweep, "*", markersize=11, **dark),
        }

    def compute(
        self,
        learning_rate: float,
        n_steps: int,
        landscape: str,
        condition: float,
        start_0: float,
        start_1: float,
    ) -> Descent:
        ground = LANDSCAPES[landscape](condition)
        start = (start_0, start_1)
        recipe = GradientDescent(learning_rate)
        way = descend(ground, ground.gradient, np.array(start), recipe, n_steps)
        return Descent(
            ground=ground,
            learning_rate=learning_rate,
            path=way.path,
            losses=way.losses - ground(np.array(ground.minimizers[0])),
            sweep=_sweep(landscape, condition, start)[n_steps],
            limit=2 / largest_curvature(ground),
            diverged=way.diverged,
        )

    def draw(self, result: Descent) -> None:
        path = result.path.clip(-1e4, 1e4).T
        losses = held(result.losses, *LOSSES)
        self.map.show(result.ground)
        self.move(
            lows=lowest_points(result.ground),
            way=path,
            first=path[:, 0],
            last=path[:, -1],
            curve=(np.arange(len(losses)), losses),
            sweep=(RATES, held(result.sweep, *LOSSES)),
            limit=(result.limit, EDGES),
            here=(result.learning_rate, losses[-1]),
        )

    def describe(self, result: Descent) -> str:
        rate = result.learning_rate
        losses = result.losses
        end_0, end_1 = result.path[-1]
        return (
            f"After {counted(len(losses) - 1, 'step')} the loss has gone from {losses[0]:.3g} to "
            f"{losses[-1]:.3g}, at θ = ({end_0:.3g}, {end_1:.3g}). η = {rate:.3g} is "
            f"{rate / result.limit:.2f} times 2/L = {result.limit:.3g}: {_verdict(result)}."
        )

    def reached(self, result: Descent, values: Mapping[str, Value]) -> bool:
        only_the_rate = {**self.beginning, "learning_rate": result.learning_rate} == values
        return only_the_rate and bool(result.losses[-1] < GOAL)


def _verdict(result: Descent) -> str:
    if result.diverged:
        return "each step overshoots by more than the last, it diverges"
    if result.learning_rate > result.limit:
        return "too large to settle at the lowest point"
    if result.learning_rate > 0.5 * result.limit:
        return "it zigzags across the steepest direction and settles"
    return "it goes down without a zigzag"


@lru_cache
def ravine(condition: float) -> Landscape:
    """Return the library's ravine, in the window of this explorer."""
    return replace(landscapes.ravine(condition), window=(*ACROSS, *UP))


@lru_cache
def two_wells(condition: float) -> Landscape:
    """Return the library's two wells, with ½ condition y² across instead of ½ y²."""
    wells = landscapes.two_wells()
    return replace(
        wells,
        height=lambda x, y: wells.height(x, 0) + 0.5 * condition * y * y,
        partials=lambda x, y: (wells.partials(x, 0)[0], condition * y),
        window=(*ACROSS, *UP),
    )


LANDSCAPES = {"ravine": ravine, "two wells": two_wells}


def largest_curvature(ground: Landscape) -> float:
    """Return L at the lowest point: the largest eigenvalue of the Hessian, from differences."""
    lowest = np.array(ground.minimizers[0])
    return float(np.linalg.eigvalsh(numerical_hessian(ground.gradient, lowest))[-1])


@lru_cache(maxsize=8)
def _sweep(name: str, condition: float, start: tuple[float, float]) -> np.ndarray:
    """Losses of all RATES at every step, (MOST_STEPS + 1, n_rates): one descent side by side."""
    ground = LANDSCAPES[name](condition)
    starts = np.repeat(np.array(start)[:, None], len(RATES), axis=1)
    way = descend(ground, ground.gradient, starts, GradientDescent(RATES), MOST_STEPS)
    return way.losses - ground(np.array(ground.minimizers[0]))
