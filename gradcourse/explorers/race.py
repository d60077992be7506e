"""The explorer of lesson 05: optimizers race from one start, and a sweep over all rates."""

from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.descent import descend
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, player, slider, switch
from gradcourse.explorers.kit.maps import above, from_shares, ground_of, shades, to_shares
from gradcourse.explorers.kit.pixels import Pixels
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import AdaGrad, Adam, GradientDescent, Momentum, RMSProp

N_STEPS, GOAL = 200, 1e-3  # the finish line: this share of the height at the start
RATES = np.geomspace(0.001, 3, 48)
GROUNDS = ("ravine", "saddle", "plateau", "two_wells", "rosenbrock")
RACERS = {
    "GradientDescent": "plain",
    "Momentum": "Momentum",
    "Nesterov": "Nesterov",
    "AdaGrad": "AdaGrad",
    "RMSProp": "RMSProp",
    "Adam": "Adam",
}
LOSSES = (1e-6, 1e3)


class RaceExplorer(Explorer):
    """Let optimizers race, and see which learning rates each can use (lesson 05)."""

    size = (8.2, 4.4)
    alt = (
        "Left a map with the path of each optimizer. Right, above, the loss at each step; below, "
        "for every learning rate the steps each optimizer needs to the goal."
    )
    target = "let all six reach the goal on the ravine within 100 steps."

    def controls(self) -> dict[str, Control]:
        """Time, ground, rates, memory, start, and who takes part."""
        return {
            "step": player("step", 60, N_STEPS),
            "learning_rate": log_slider("learning rate η", 0.02, RATES[0], RATES[-1]),
            "landscape": menu("landscape", "ravine", list(GROUNDS)),
            "rates": menu("rates", "the same for all", ["the same for all", "each its best"]),
            "beta1": slider("momentum β₁", 0.9, 0.0, 0.99, 0.01),
            "beta2": slider("decay β₂", 0.99, 0.5, 0.999, 0.001),
            "start_0": slider("start θ₀", -0.8, -1.0, 1.0, 0.02),
            "start_1": slider("start θ₁", 0.75, -1.0, 1.0, 0.02),
            **{name: switch(text, True) for name, text in RACERS.items()},
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the map, the race and the sweep."""
        panels = figure.subplot_mosaic([["map", "loss"], ["map", "sweep"]], width_ratios=[1.1, 1])
        figure.subplots_adjust(0.095, 0.12, 0.985, 0.93, wspace=0.32, hspace=0.72)
        ground, loss, sweep = panels.values()
        ground.set(xlabel="θ₀ (shares of the window)", ylabel="θ₁", xlim=(-1, 1), ylim=(-1, 1))
        ground.set(xticks=[-1, -0.5, 0, 0.5, 1], yticks=[-1, -0.5, 0, 0.5, 1])
        ground.set_title("One start, six ways to remember")
        loss.set(xlabel="step", ylabel="loss (log scale)", xlim=(0, N_STEPS), ylim=LOSSES)
        loss.set_title("The race (dotted: the goal)")
        style.log_axis(loss, "y")
        sweep.set(xlabel="learning rate η (log scale)", ylabel="steps to goal", ylim=(0, 205))
        sweep.set_title("Who gets there at which rate?")
        style.log_axis(sweep, "x")
        sweep.set_xlim(RATES[0], RATES[-1])
        artists = {"shades": Pixels(ground)}
        artists["goal"] = loss.plot([], [], ":", color=style.MUTED)[0]
        artists["here"] = sweep.plot([], [], color=style.MUTED, linewidth=1)[0]
        artists["lows"] = ground.plot([], [], "x", color=style.INK, ms=8, mew=1.8)[0]
        for name in RACERS:
            color, marker, line = style.LOOKS[name]
            artists[f"{name} way"] = ground.plot([], [], line, color=color, linewidth=1.5)[0]
            artists[f"{name} now"] = ground.plot([], [], marker, color=color, mec="white", ms=8)[0]
            artists[f"{name} loss"] = loss.plot([], [], line, color=color, linewidth=1.5)[0]
            artists[f"{name} sweep"] = sweep.plot([], [], line, color=color, linewidth=1.5)[0]
        for name, place in zip(RACERS, np.linspace(0.99, 0.60, len(RACERS)), strict=True):
            look = style.LOOKS[name]
            loss.text(
                1.0,
                place,
                RACERS[name],
                color=look.color,
                ha="right",
                va="top",
                fontsize=7.5,
                transform=loss.transAxes,
            )
        return artists

    def compute(
        self,
        step: int,
        learning_rate: float,
        landscape: str,
        rates: str,
        beta1: float,
        beta2: float,
        start_0: float,
        start_1: float,
        **racers: bool,
    ) -> dict[str, object]:
        """Let everyone who takes part run all steps; how far is shown, `step` says."""
        ground = ground_of(landscape)
        start = tuple(from_shares(ground, (start_0, start_1)).tolist())
        sweep = sweep_of(landscape, start, beta1, beta2)
        runs = {}
        for name in (name for name, takes_part in racers.items() if takes_part):
            rate = learning_rate
            if rates == "each its best":
                rate = float(RATES[np.argmin(sweep[name])])
            way = descend(ground, ground.gradient, start, racer(name, rate, beta1, beta2), N_STEPS)
            runs[name] = Run(ground, way, rate)
        return {
            "ground": ground,
            "step": step,
            "runs": runs,
            "sweep": sweep,
            "start": start,
            "rate": learning_rate,
        }

    def draw(self, result: dict[str, object]) -> None:
        """Put everyone where they are at this step."""
        draw, ground, now = self.artists, result["ground"], result["step"] + 1
        draw["shades"].pixels = shades(ground, *draw["shades"].shape())
        draw["lows"].set_data(*to_shares(ground, np.transpose(ground.minimizers)))
        goal = GOAL * above(ground, np.array(result["start"]))
        draw["goal"].set_data([0, N_STEPS], [goal, goal])
        draw["here"].set_data([result["rate"]] * 2, [0, 205])
        for name in RACERS:
            run = result["runs"].get(name)
            way = run.shares[:, :now] if run else np.empty((2, 0))
            losses = run.losses[:now] if run else np.empty(0)
            draw[f"{name} way"].set_data(*way)
            draw[f"{name} now"].set_data(*way[:, -1:])
            draw[f"{name} loss"].set_data(np.arange(losses.size), losses.clip(*LOSSES))
            steps = result["sweep"][name] if run else np.empty(0)
            draw[f"{name} sweep"].set_data(
                RATES[: len(steps)], np.where(steps > N_STEPS, np.nan, steps)
            )

    def describe(self, result: dict[str, object]) -> str:
        """Give the ranking in words; who has arrived stays below the goal."""
        runs, step = result["runs"], result["step"]
        if not runs:
            return f"After {step} steps: nobody takes part; tick an optimizer."
        arrived = sorted((run.arrival, name) for name, run in runs.items() if run.arrival <= step)
        others = sorted(
            (_finite(run.losses[min(step, len(run.losses) - 1)]), name)
            for name, run in runs.items()
            if run.arrival > step
        )
        told = [f"{RACERS[name]} at step {at}" for at, name in arrived]
        still = [f"{RACERS[name]} ({_height(loss)})" for loss, name in others]
        first = f"reached the goal: {', '.join(told)}" if told else "nobody has reached the goal"
        last = f"; on the way, loss above the lowest: {', '.join(still)}" if still else ""
        return f"After {step} step{'s' * (step != 1)}: {first}{last}."

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Start where the map is clicked; take the rate that is clicked in the sweep."""
        ground, _, sweep = self.figure.axes
        if ax is ground:
            self.set(start_0=round(x, 2), start_1=round(y, 2))
        if ax is sweep:
            self.set(learning_rate=float(f"{x:.3g}"))

    def reached(self, result: dict[str, object]) -> bool:
        """Whether all six arrived in time on the ravine."""
        runs = result["runs"]
        on_time = [run.arrival <= 100 for run in runs.values()]
        return len(runs) == 6 and all(on_time) and result["ground"].name == "ravine"


class Run:
    """One racer's way, in shares of the window, its losses and the step of its arrival."""

    def __init__(self, ground: Landscape, way: object, rate: float):
        self.rate = rate
        self.shares = to_shares(ground, way.path.T).clip(-9, 9)
        lowest = float(min(ground(np.array(low)) for low in ground.minimizers))
        self.losses = np.nan_to_num(way.losses - lowest, nan=np.inf)
        self.arrival = int(_arrival(self.losses, GOAL * self.losses[0]))


def racer(name: str, rate: float | np.ndarray, beta1: float, beta2: float) -> object:
    """Return the recipe of one racer."""
    return {
        "GradientDescent": lambda: GradientDescent(rate),
        "Momentum": lambda: Momentum(rate, beta1),
        "Nesterov": lambda: Momentum(rate, beta1, nesterov=True),
        "AdaGrad": lambda: AdaGrad(rate),
        "RMSProp": lambda: RMSProp(rate, beta2),
        "Adam": lambda: Adam(rate, beta1, beta2),
    }[name]()


@lru_cache(maxsize=32)
def sweep_of(landscape: str, start: tuple[float, float], beta1: float, beta2: float) -> dict:
    """Return the steps to the goal at all RATES, by racer: one descent with a column per rate."""
    ground, found = ground_of(landscape), {}
    starts = np.repeat(np.array(start)[:, None], len(RATES), axis=1)
    goal = GOAL * above(ground, np.array(start))
    for name in RACERS:
        recipe = racer(name, RATES, beta1, beta2)
        way = descend(ground, ground.gradient, starts, recipe, N_STEPS)
        found[name] = _arrival(above(ground, way.path.transpose(1, 0, 2)), goal)
    return found


def _arrival(losses: np.ndarray, goal: float) -> np.ndarray:
    """Return the first step from which on the loss stays below the goal: (steps, ...) → (...)."""
    far = ~(losses <= goal)
    return np.where(far.any(axis=0), len(far) - far[::-1].argmax(axis=0), 0)


def _finite(loss: float) -> float:
    return loss if np.isfinite(loss) else float("inf")


def _height(loss: float) -> str:
    return f"{loss:.2g}" if loss < 1e6 else "out of sight"
