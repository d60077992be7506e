"""The explorer of lesson 05: optimizers race from one start, and a sweep over all rates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.descent import descend
from gradcourse.explorers.kit.base import Click, Explorer, Points
from gradcourse.explorers.kit.controls import (
    Control,
    Value,
    log_slider,
    menu,
    player,
    slider,
    switch,
)
from gradcourse.explorers.kit.maps import (
    Map,
    above,
    from_shares,
    ground_of,
    lowest_points,
    to_shares,
)
from gradcourse.explorers.kit.panels import cross, dotted, line, map_and_two, name_lines
from gradcourse.explorers.kit.words import counted, short
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import AdaGrad, Adam, GradientDescent, Momentum, Optimizer, Rate, RMSProp

N_STEPS = 200
GOAL = 1e-3  # the finish line: this share of the height at the start
IN_TIME = 100  # the target's number of steps
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
NOTHING = np.empty((2, 0))


@dataclass(frozen=True, eq=False)
class Run:
    """One racer's way, in shares of the window, its losses and the step of its arrival."""

    shares: np.ndarray
    losses: np.ndarray
    arrival: int


@dataclass(frozen=True, eq=False)
class Race:
    """Who takes part and how far everyone is; `sweep` holds the steps to the goal at all RATES."""

    ground: Landscape
    start: tuple[float, float]
    step: int
    rate: float
    runs: dict[str, Run]
    sweep: dict[str, np.ndarray]


class RaceExplorer(Explorer[Race]):
    """Let optimizers race, and see which learning rates each can use (lesson 05)."""

    size = (820, 440)
    alt = (
        "Left a map with the path of each optimizer. Right, above, the loss at each step; below, "
        "for every learning rate the steps each optimizer needs to the goal."
    )
    target = f"let all six reach the goal on the ravine within {IN_TIME} steps."
    clicks = (Click("map", "start_0", "start_1"), Click("sweep", "learning_rate"))

    def make_controls(self) -> dict[str, Control]:
        return {
            "step": player("step", 60, N_STEPS),
            "learning_rate": log_slider("learning rate η", 0.02, RATES[0], RATES[-1]),
            "landscape": menu("landscape", "ravine", GROUNDS),
            "rates": menu("rates", "the same for all", ["the same for all", "each its best"]),
            "beta1": slider("momentum β₁", 0.9, 0.0, 0.99, 0.01),
            "beta2": slider("decay β₂", 0.99, 0.5, 0.999, 0.001),
            "start_0": slider("start θ₀", -0.8, -1.0, 1.0, 0.02),
            "start_1": slider("start θ₁", 0.75, -1.0, 1.0, 0.02),
            **{name: switch(text, True) for name, text in RACERS.items()},
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        ground, loss, sweep = map_and_two(
            figure, "loss", "sweep", left=0.095, gap=0.32, map_width=1.1
        )
        ticks = [-1, -0.5, 0, 0.5, 1]
        ground.set(xlabel="θ₀ (shares of the window)", xlim=(-1, 1), xticks=ticks)
        ground.set(ylabel="θ₁", ylim=(-1, 1), yticks=ticks)
        ground.set_title("One start, six ways to remember")
        loss.set(xlabel="step", ylabel="loss (log scale)", xlim=(0, N_STEPS), ylim=LOSSES)
        loss.set_title("The race (dotted: the goal)")
        style.log_axis(loss, "y")
        sweep.set(xlabel="learning rate η (log scale)", ylabel="steps to goal", ylim=(0, 205))
        sweep.set_title("Who gets there at which rate?")
        style.log_axis(sweep, "x")
        sweep.set_xlim(RATES[0], RATES[-1])
        colors = {text: style.LOOKS[name].color for name, text in RACERS.items()}
        name_lines(loss, colors, gap=0.078, size=7.5)
        self.map = Map(ground)
        artists: dict[str, Artist] = {
            "map": self.map,
            "goal": dotted(loss),
            "here": line(sweep, color=style.MUTED, linewidth=1),
            "lows": cross(ground),
        }
        for name in RACERS:
            color, marker, dashes = style.LOOKS[name]
            artists[f"{name} way"] = line(ground, dashes, color=color, linewidth=1.5)
            artists[f"{name} now"] = line(ground, marker, color=color, mec="white", ms=8)
            artists[f"{name} loss"] = line(loss, dashes, color=color, linewidth=1.5)
            artists[f"{name} sweep"] = line(sweep, dashes, color=color, linewidth=1.5)
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
    ) -> Race:
        ground = ground_of(landscape)
        x, y = from_shares(ground, (start_0, start_1)).tolist()
        sweep = sweep_of(landscape, (x, y), beta1, beta2)
        runs = {}
        for name in (name for name, takes_part in racers.items() if takes_part):
            rate = learning_rate
            if rates == "each its best":
                rate = float(RATES[np.argmin(sweep[name])])
            runs[name] = run(ground, (x, y), racer(name, rate, beta1, beta2))
        return Race(ground, (x, y), step, learning_rate, runs, sweep)

    def draw(self, result: Race) -> None:
        ground = result.ground
        self.map.show(ground)
        self.move(
            lows=to_shares(ground, lowest_points(ground)),
            goal=([0, N_STEPS], GOAL * above(ground, np.array(result.start))),
            here=(result.rate, [0, 205]),
        )
        for name in RACERS:
            if name in result.runs:
                self._draw_racer(name, result.runs[name], result)
            else:
                lines = [f"{name} {part}" for part in ("way", "now", "loss", "sweep")]
                self.move(**dict.fromkeys(lines, NOTHING))

    def _draw_racer(self, name: str, run: Run, result: Race) -> None:
        """Put one racer where it is at this step."""
        way = run.shares[:, : result.step + 1]
        losses = run.losses[: result.step + 1].clip(*LOSSES)
        steps = result.sweep[name]
        lines: dict[str, Points] = {
            f"{name} way": way,
            f"{name} now": way[:, -1:],
            f"{name} loss": (np.arange(losses.size), losses),
            f"{name} sweep": (RATES, np.where(steps > N_STEPS, np.nan, steps)),
        }
        self.move(**lines)

    def describe(self, result: Race) -> str:
        runs = result.runs
        step = result.step
        if not runs:
            return f"After {step} steps: nobody takes part; tick an optimizer."
        arrived = sorted((run.arrival, name) for name, run in runs.items() if run.arrival <= step)
        others = sorted(
            (run.losses[min(step, len(run.losses) - 1)], name)
            for name, run in runs.items()
            if run.arrival > step
        )
        first = "nobody has reached the goal"
        if arrived:
            told = [f"{RACERS[name]} at step {at}" for at, name in arrived]
            first = f"reached the goal: {', '.join(told)}"
        last = ""
        if others:
            told = [f"{RACERS[name]} ({short(loss, 2)})" for loss, name in others]
            last = f"; on the way, loss above the lowest: {', '.join(told)}"
        return f"After {counted(step, 'step')}: {first}{last}."

    def reached(self, result: Race, values: Mapping[str, Value]) -> bool:
        on_time = [run.arrival <= IN_TIME for run in result.runs.values()]
        return len(on_time) == 6 and all(on_time) and result.ground.name == "ravine"


def run(ground: Landscape, start: tuple[float, float], recipe: Optimizer) -> Run:
    """Let one racer run all its steps."""
    way = descend(ground, ground.gradient, np.array(start), recipe, N_STEPS)
    lowest = min(ground(np.array(low)) for low in ground.minimizers)
    losses = np.nan_to_num(way.losses - lowest, nan=np.inf)
    shares = to_shares(ground, way.path.T).clip(-9, 9)
    return Run(shares, losses, int(_arrival(losses, GOAL * losses[0])))


def racer(name: str, rate: Rate, beta1: float, beta2: float) -> Optimizer:
    """Return the recipe of one racer; `rate` is a number, or one for each column of a batch."""
    recipes: dict[str, Callable[[], Optimizer]] = {
        "GradientDescent": lambda: GradientDescent(rate),
        "Momentum": lambda: Momentum(rate, beta1),
        "Nesterov": lambda: Momentum(rate, beta1, nesterov=True),
        "AdaGrad": lambda: AdaGrad(rate),
        "RMSProp": lambda: RMSProp(rate, beta2),
        "Adam": lambda: Adam(rate, beta1, beta2),
    }
    return recipes[name]()


@lru_cache(maxsize=32)
def sweep_of(
    landscape: str, start: tuple[float, float], beta1: float, beta2: float
) -> dict[str, np.ndarray]:
    """Return the steps to the goal at all RATES, by racer: one descent with a column per rate."""
    ground = ground_of(landscape)
    starts = np.repeat(np.array(start)[:, None], len(RATES), axis=1)
    goal = GOAL * above(ground, np.array(start))
    found = {}
    for name in RACERS:
        recipe = racer(name, RATES, beta1, beta2)
        way = descend(ground, ground.gradient, starts, recipe, N_STEPS)
        found[name] = _arrival(above(ground, way.path.transpose(1, 0, 2)), goal)
    return found


def _arrival(losses: np.ndarray, goal: float | np.ndarray) -> np.ndarray:
    """Return the first step from which on the loss stays below the goal: (steps, ...) → (...)."""
    far = ~(losses <= goal)
    after_the_last = len(far) - far[::-1].argmax(axis=0)
    return np.where(far.any(axis=0), after_the_last, 0)
