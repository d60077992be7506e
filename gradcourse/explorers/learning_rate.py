"""The explorer of lesson 03: move the learning rate across 2/L and watch a descent fall apart."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import landscapes, style
from gradcourse.curvature import numerical_hessian
from gradcourse.descent import descend
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, slider, whole_slider
from gradcourse.explorers.kit.pixels import Pixels, bands
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import GradientDescent

ACROSS, UP, GOAL, MOST_STEPS = (-3.0, 3.0), (-2.0, 2.0), 0.1, 60
RATES = np.geomspace(0.001, 3, 140)
LOSSES = (1e-5, 1e5)  # what the loss axes show; a curve that leaves it runs along the edge


class LearningRateExplorer(Explorer):
    """Descend with any learning rate and see how far it is from 2/L (lesson 03)."""

    size = (8.0, 4.2)
    alt = (
        "Left a map with the path of gradient descent. Right, above, the loss at each step; below, "
        "the loss after the last step for every learning rate, with a vertical line at 2/L."
    )
    target = f"move only the learning rate and get the loss below {GOAL} in 20 steps."

    def controls(self) -> dict[str, Control]:
        """Rate, steps, landscape with its condition number, and the start."""
        return {
            "learning_rate": log_slider("learning rate η", 0.01, RATES[0], RATES[-1]),
            "n_steps": whole_slider("n_steps", 20, 1, MOST_STEPS),
            "landscape": menu("landscape", "ravine", list(LANDSCAPES)),
            "condition": log_slider("condition", 20.0, 1.0, 100.0),
            "start_0": slider("start θ₀", -2.5, *ACROSS, 0.05),
            "start_1": slider("start θ₁", 1.5, *UP, 0.05),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the map on the left and the two loss panels on the right."""
        panels = figure.subplot_mosaic([["map", "loss"], ["map", "sweep"]], width_ratios=[1.15, 1])
        figure.subplots_adjust(0.085, 0.12, 0.985, 0.93, wspace=0.33, hspace=0.72)
        ground, loss, sweep = panels["map"], panels["loss"], panels["sweep"]
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
            ax.set_ylim(LOSSES[0] / 2, LOSSES[1] * 2)
        gray, red = style.LOOKS["GradientDescent"].color, style.UPHILL
        dark = {"color": style.INK, "linewidth": 1.3}
        return {
            "shades": Pixels(ground),
            "lows": ground.plot([], [], "x", markersize=8, markeredgewidth=1.8, **dark)[0],
            "way": ground.plot([], [], "o-", markersize=3, **dark)[0],
            "first": ground.plot([], [], "o", mfc="white", markersize=8, **dark)[0],
            "last": ground.plot([], [], "*", color=red, mec="white", markersize=14)[0],
            "curve": loss.plot([], [], ".-", markersize=4, **dark)[0],
            "sweep": sweep.plot(RATES, RATES, color=gray)[0],
            "limit": sweep.plot([], [], color=red, linewidth=2)[0],
            "here": sweep.plot([], [], "*", markersize=11, **dark)[0],
        }

    def compute(
        self,
        learning_rate: float,
        n_steps: int,
        landscape: str,
        condition: float,
        start_0: float,
        start_1: float,
    ) -> dict[str, object]:
        """Descend with this rate, and with all RATES; losses count from the lowest point."""
        ground, start = LANDSCAPES[landscape](condition), (start_0, start_1)
        way = descend(ground, ground.gradient, start, GradientDescent(learning_rate), n_steps)
        return {
            "landscape": ground,
            "path": way.path,
            "losses": way.losses - ground(ground.minimizers[0]),
            "sweep": _sweep(landscape, condition, start)[n_steps],
            "learning_rate": learning_rate,
            "limit": 2 / largest_curvature(ground),
            "diverged": way.diverged,
        }

    def draw(self, result: dict[str, object]) -> None:
        """Put map, path and curves in place; what runs away is held at the edge of its axis."""
        draw, path, losses = self.artists, result["path"].clip(-1e4, 1e4).T, _held(result["losses"])
        draw["shades"].pixels = _shades(result["landscape"], *draw["shades"].shape())
        draw["lows"].set_data(*np.transpose(result["landscape"].minimizers))
        draw["way"].set_data(*path)
        draw["first"].set_data(*path[:, :1])
        draw["last"].set_data(*path[:, -1:])
        draw["curve"].set_data(np.arange(len(losses)), losses)
        draw["sweep"].set_ydata(_held(result["sweep"]))
        draw["limit"].set_data([result["limit"]] * 2, [LOSSES[0] / 2, LOSSES[1] * 2])
        draw["here"].set_data([result["learning_rate"]], losses[-1:])

    def describe(self, result: dict[str, object]) -> str:
        """Say where the descent ends and how far the rate is from 2/L."""
        rate, limit, losses = result["learning_rate"], result["limit"], result["losses"]
        ratio, steps = rate / limit, f"{len(losses) - 1} step{'s' * (len(losses) != 2)}"
        if result["diverged"]:
            verdict = "each step overshoots by more than the last, it diverges"
        elif ratio > 1:
            verdict = "too large to settle at the lowest point"
        elif ratio > 0.5:
            verdict = "it zigzags across the steepest direction and settles"
        else:
            verdict = "it goes down without a zigzag"
        return (
            f"After {steps} the loss has gone from {losses[0]:.3g} to {losses[-1]:.3g}, at θ = "
            f"({result['path'][-1, 0]:.3g}, {result['path'][-1, 1]:.3g}). η = {rate:.3g} is "
            f"{ratio:.2f} times 2/L = {limit:.3g}: {verdict}."
        )

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Start where the map is clicked; take the rate that is clicked in the lower panel."""
        ground, _, sweep = self.figure.axes
        if ax is ground:
            self.set(start_0=round(x, 2), start_1=round(y, 2))
        if ax is sweep:
            self.set(learning_rate=float(f"{x:.3g}"))

    def reached(self, result: dict[str, object]) -> bool:
        """Whether the loss is small enough and nothing but the learning rate was moved."""
        others = self._beginning | {"learning_rate": result["learning_rate"]}
        return bool(result["losses"][-1] < GOAL) and self.values() == others


def two_wells(condition: float) -> Landscape:
    """Return the library's two wells, with ½ condition y² across instead of ½ y²."""
    wells = landscapes.two_wells()
    return replace(
        wells,
        height=lambda x, y: wells.height(x, 0) + 0.5 * condition * y * y,
        partials=lambda x, y: (wells.partials(x, 0)[0], condition * y),
    )


LANDSCAPES = {"ravine": lru_cache(landscapes.ravine), "two wells": lru_cache(two_wells)}


def largest_curvature(ground: Landscape) -> float:
    """Return L at the lowest point: the largest eigenvalue of the Hessian, from differences."""
    return float(np.linalg.eigvalsh(numerical_hessian(ground.gradient, ground.minimizers[0]))[-1])


@lru_cache(maxsize=8)
def _sweep(name: str, condition: float, start: tuple[float, float]) -> np.ndarray:
    """Losses of all RATES at every step, (MOST_STEPS + 1, n_rates): one descent side by side."""
    ground = LANDSCAPES[name](condition)
    starts = np.repeat(np.array(start)[:, None], len(RATES), axis=1)
    way = descend(ground, ground.gradient, starts, GradientDescent(RATES), MOST_STEPS)
    return way.losses - ground(ground.minimizers[0])


@lru_cache(maxsize=8)
def _shades(ground: Landscape, width: int, height: int) -> np.ndarray:
    """The heights of the landscape as pixels of the map."""
    x, y = np.linspace(*ACROSS, width, dtype="f4"), np.linspace(*UP, height, dtype="f4")
    return bands(ground.height(x, y[:, None]))


def _held(losses: np.ndarray) -> np.ndarray:
    return np.nan_to_num(losses, nan=LOSSES[1], posinf=LOSSES[1]).clip(*LOSSES)
