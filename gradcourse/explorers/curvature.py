"""The explorer of lesson 06: what a method believes about the ground, and what a step costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import landscapes, style
from gradcourse.curvature import (
    BFGS,
    BFGSState,
    NaturalGradient,
    Newton,
    bfgs_update,
    numerical_hessian,
    solve_damped,
)
from gradcourse.datasets import penguins
from gradcourse.descent import steps
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
    pixel_grid,
    to_shares,
)
from gradcourse.explorers.kit.panels import cross, dot, dotted, line, name_lines, panels
from gradcourse.explorers.kit.words import counted as how_many
from gradcourse.explorers.kit.words import sentence_case
from gradcourse.landscapes import Landscape
from gradcourse.losses import GaussianFit
from gradcourse.optimizers import GradientDescent, Optimizer

N_STEPS = 100
GOAL = 1e-6  # this share of the height at the start
FARTHEST = 1e9  # a walk that comes here has diverged
LOSSES = (1e-10, 1e7)  # what the right panel shows
CALLS = (1, 1500)
GROUNDS = ["ravine", "rosenbrock", "saddle", "two_wells", "Gaussian fit"]
MASSES = GaussianFit(penguins().body_mass_g / 1000)  # kg
NOTHING = np.empty((2, 0))


class Counted:
    """A landscape that counts how often it is asked for a loss or a gradient."""

    def __init__(self, ground: Landscape):
        self.ground = ground
        self.calls = 0

    def loss(self, theta: np.ndarray) -> float:
        """Return the height, one call."""
        self.calls += 1
        return self.ground.height(*theta)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Return the gradient, one call."""
        self.calls += 1
        return np.array(self.ground.partials(*theta))

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """Return the Hessian by differences: two gradients for each parameter."""
        return numerical_hessian(self.gradient, theta)


class Settings(NamedTuple):
    """What a method may be told; each method uses some of it."""

    learning_rate: float = 1.0
    damping: float = 0.0
    line_search: bool = False


# The matrix of the quadratic model in which a method believes: (theta, grad, its state) → (2, 2)
Belief = Callable[[np.ndarray, np.ndarray, Any], np.ndarray]


def gradient_descent(counted: Counted, settings: Settings) -> tuple[Optimizer, Belief]:
    """Believe in a round bowl, the same everywhere."""
    bowl = np.eye(2) / settings.learning_rate
    return GradientDescent(settings.learning_rate), lambda theta, grad, state: bowl


def newton(counted: Counted, settings: Settings) -> tuple[Optimizer, Belief]:
    """Believe in the Hessian here, damped."""
    f = counted.loss if settings.line_search else None
    uncounted = Counted(counted.ground)
    damping = settings.damping * np.eye(2)
    recipe = Newton(counted.hessian, settings.damping, f)
    return recipe, lambda theta, grad, state: uncounted.hessian(theta) + damping


def bfgs(counted: Counted, settings: Settings) -> tuple[Optimizer, Belief]:
    """Believe in a guess of the Hessian, made of the gradients seen so far."""
    return BFGS(counted.loss), _guess


def natural_gradient(counted: Counted, settings: Settings) -> tuple[Optimizer, Belief]:
    """Believe in the Fisher information of the model, damped."""
    f = counted.loss if settings.line_search else None
    damping = settings.damping * np.eye(2)
    recipe = NaturalGradient(MASSES.fisher, settings.damping, f)
    return recipe, lambda theta, grad, state: MASSES.fisher(theta) + damping


def _guess(theta: np.ndarray, grad: np.ndarray, state: BFGSState) -> np.ndarray:
    """Return BFGS's Hessian as it will be used in the step from here."""
    inverse = state.inverse
    if state.theta is not None and state.grad is not None:
        inverse = bfgs_update(inverse, theta - state.theta, grad - state.grad)
    return np.linalg.inv(inverse)


class Method(NamedTuple):
    """How a method is made, which settings it uses, and its look."""

    make: Callable[[Counted, Settings], tuple[Optimizer, Belief]]
    uses: tuple[str, ...]
    look: style.Look


METHODS = {
    "gradient descent": Method(
        gradient_descent, ("learning_rate",), style.LOOKS["GradientDescent"]
    ),
    "Newton": Method(newton, ("damping", "line_search"), style.CURVED["Newton"]),
    "BFGS": Method(bfgs, (), style.CURVED["BFGS"]),
    "natural gradient": Method(
        natural_gradient, ("damping", "line_search"), style.CURVED["NaturalGradient"]
    ),
}


@dataclass(frozen=True, eq=False)
class CloseUp:
    """One step seen closely: place, gradient, the matrix B of the model, the model's lowest."""

    step: int
    theta: np.ndarray
    grad: np.ndarray
    B: np.ndarray
    low: np.ndarray


@dataclass(frozen=True, eq=False)
class Walk:
    """A method's way: places, losses above the lowest, calls made so far, gradients, matrices."""

    path: np.ndarray
    losses: np.ndarray
    calls: list[int]
    grads: list[np.ndarray]
    matrices: list[np.ndarray]

    @property
    def arrival(self) -> int:
        """The first step at the goal, or more than N_STEPS."""
        near = self.losses <= GOAL * self.losses[0]
        return int(near.argmax()) if near.any() else N_STEPS + 1

    def bill(self) -> str:
        """Return steps and calls to the goal in words."""
        if self.arrival > N_STEPS:
            return f"never within {N_STEPS} steps"
        return f"{how_many(self.arrival, 'step')}, {self.calls[self.arrival]} calls"

    def close_up(self, step: int) -> CloseUp:
        """Return what the method knows at this step, or at its last one."""
        step = min(step, len(self.path) - 1)
        theta = self.path[step]
        grad = self.grads[step]
        B = self.matrices[step]
        return CloseUp(step, theta, grad, B, theta + solve_damped(B, grad))


@dataclass(frozen=True, eq=False)
class Walks:
    """The walks of all methods, and the chosen one seen closely, if it can walk here at all."""

    ground: Landscape
    start: tuple[float, float]
    step: int
    method: str
    walks: dict[str, Walk]
    here: CloseUp | None


class CurvatureExplorer(Explorer[Walks]):
    """See the quadratic bowl in which each method believes, and where it sends it (lesson 06)."""

    size = (860, 350)
    alt = (
        "Left a map of the loss with the path of the chosen method. In the middle the quadratic "
        "model it has at this point, with its lowest place. Right the loss of all methods against "
        "the calls of loss and gradient they have made."
    )
    target = "on the saddle, start Newton's method at |θ₁| ≤ 0.1 and let it reach a minimum."
    clicks = (Click("map", "start_0", "start_1", also={"step": 0}),)

    def make_controls(self) -> dict[str, Control]:
        return {
            "step": player("step", 2, N_STEPS),
            "method": menu("method", "gradient descent", METHODS),
            "landscape": menu("landscape", "ravine", GROUNDS),
            "condition": log_slider("condition (ravine)", 25.0, 1.0, 1000.0),
            "learning_rate": log_slider("η of descent", 0.07, 0.001, 2.0),
            "damping": log_slider("damping λ", 0.001, 0.001, 100.0),
            "start_0": slider("start θ₀", -0.8, -1.0, 1.0, 0.02),
            "start_1": slider("start θ₁", 0.75, -1.0, 1.0, 0.02),
            "line_search": switch("line search (Newton, natural)", False),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        ground, belief, bill = panels(
            figure,
            map=(0.06, 0.15, 0.265, 0.74),
            belief=(0.355, 0.15, 0.265, 0.74),
            bill=(0.715, 0.15, 0.265, 0.74),
        )
        for ax, title in ((ground, "The loss"), (belief, "What the method believes here")):
            ax.set(xlim=(-1, 1), ylim=(-1, 1), xlabel="θ₀ (shares of the window)")
            ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
            ax.set_title(title)
        ground.set_ylabel("θ₁", labelpad=-6)
        belief.set(yticklabels=[])
        belief.set_ylabel("θ₁", labelpad=-2)
        self.map = Map(ground)
        self.model = Map(belief)
        return {
            "map": self.map,
            "model": self.model,
            "lows": cross(ground),
            **_bill_lines(bill),
            "way": line(ground, color=style.INK, linewidth=1.4),
            "stops": line(ground, ".", color=style.INK, ms=5),
            "here": dot(ground),
            "stand": dot(belief),
            "jump": line(belief, color=style.DOWNHILL, linewidth=1.6),
            "believed": line(belief, "x", color=style.DOWNHILL, ms=9, mew=2.2),
        }

    def compute(
        self,
        step: int,
        method: str,
        landscape: str,
        condition: float,
        learning_rate: float,
        damping: float,
        line_search: bool,
        start_0: float,
        start_1: float,
    ) -> Walks:
        ground = ground_with(landscape, condition)
        x, y = from_shares(ground, (start_0, start_1)).tolist()
        settings = Settings(learning_rate, damping, line_search)._asdict()
        walks = {
            name: walk(name, ground, (x, y), **{used: settings[used] for used in way.uses})
            for name, way in METHODS.items()
            if name != "natural gradient" or landscape == "Gaussian fit"
        }
        here = walks[method].close_up(step) if method in walks else None
        return Walks(ground, (x, y), step, method, walks, here)

    def draw(self, result: Walks) -> None:
        ground = result.ground
        self.map.show(ground)
        self.move(
            lows=to_shares(ground, lowest_points(ground)),
            goal=(CALLS, GOAL * above(ground, np.array(result.start))),
        )
        for name in METHODS:
            bill, now = _bill_of(result.walks.get(name), result.step)
            self.move(**{f"{name} bill": bill, f"{name} now": now})
        self._draw_belief(result)

    def _draw_belief(self, result: Walks) -> None:
        """Put the chosen path on the map, and the model around this point beside it."""
        ground = result.ground
        here = result.here
        width, height = self.model.shape()
        if here is None:
            self.model.show_heights(np.full((height, width), np.nan))
            names = ("way", "stops", "here", "stand", "jump", "believed")
            return self.move(**dict.fromkeys(names, NOTHING))
        x, y = pixel_grid(ground, width, height)
        self.model.show_heights(_quadratic(here, x, y))
        path = result.walks[result.method].path[: here.step + 1]
        way = to_shares(ground, path.T).clip(-9, 9)
        low = to_shares(ground, here.low[:, None]).clip(-9, 9)
        jump = np.hstack([way[:, -1:], low])
        stand = way[:, -1]
        self.move(way=way, stops=way, here=stand, stand=stand, jump=jump, believed=low)

    def describe(self, result: Walks) -> str:
        method = result.method
        here = result.here
        if here is None:
            return (
                "The natural gradient needs a model that gives probabilities, and this landscape "
                "has none: choose the Gaussian fit."
            )
        low, high = np.linalg.eigvalsh(here.B)
        belief = f"it believes in a bowl with curvatures {low:.3g} and {high:.3g}"
        if low <= 0:
            belief = f"it sees no bowl: a curvature of {low:.3g} has no lowest point"
        other = "Newton" if method == "gradient descent" else "gradient descent"
        bills = [f"{name} {result.walks[name].bill()}" for name in (method, other)]
        return (
            f"{sentence_case(method)}, step {here.step}: {belief}. To the goal: {'; '.join(bills)}."
        )

    def reached(self, result: Walks, values: Mapping[str, Value]) -> bool:
        if result.ground.name != "saddle" or result.method != "Newton":
            return False
        _, start_1 = to_shares(result.ground, np.array(result.start)[:, None])[:, 0]
        return bool(abs(start_1) <= 0.1 and result.walks["Newton"].arrival <= N_STEPS)


def _bill_lines(bill: Axes) -> dict[str, Artist]:
    """Lay out the panel on the right, and return its lines."""
    bill.set(xlabel="calls of loss and gradient", ylabel="loss above the lowest")
    bill.set_title("What it costs (dotted: the goal)")
    style.log_axis(bill, "xy")
    bill.set(xlim=CALLS, ylim=LOSSES)
    name_lines(bill, {name: method.look.color for name, method in METHODS.items()})
    artists: dict[str, Artist] = {"goal": dotted(bill)}
    for name, method in METHODS.items():
        color, marker, dashes = method.look
        artists[f"{name} bill"] = line(bill, dashes, color=color, linewidth=1.3)
        artists[f"{name} now"] = line(bill, marker, color=color, mec="white", ms=8)
    return artists


def _bill_of(run: Walk | None, step: int) -> tuple[Points, Points]:
    """Return a method's losses over its calls, and where it is at this step."""
    if run is None:
        return NOTHING, NOTHING
    losses = run.losses.clip(*LOSSES)
    now = min(step, len(run.calls) - 1)  # the last, once it has stopped
    return (run.calls, losses), (run.calls[now], losses[now])


def _quadratic(here: CloseUp, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the heights of the quadratic model around this point, up to a constant."""
    dx = x - here.theta[0]
    dy = y - here.theta[1]
    (a, b), (_, c) = here.B
    slope = here.grad[0] * dx + here.grad[1] * dy
    return slope + 0.5 * (a * dx * dx + c * dy * dy) + b * (dx * dy)


@lru_cache(maxsize=64)
def walk(name: str, ground: Landscape, start: tuple[float, float], **settings: Any) -> Walk:
    """Walk from `start`, at most N_STEPS, and keep the books."""
    counted = Counted(ground)
    recipe, belief = METHODS[name].make(counted, Settings(**settings))
    path, calls, grads, matrices = [], [], [], []
    way = steps(counted.gradient, np.array(start), recipe)
    for theta, grad, state in islice(way, N_STEPS + 1):
        if not np.abs([theta, grad]).max() < FARTHEST:  # diverged, or no number any more
            break
        path.append(theta)
        calls.append(counted.calls)
        grads.append(grad)
        matrices.append(belief(theta, grad, state))
        if np.linalg.norm(grad) < 1e-9:
            break
    losses = np.nan_to_num(above(ground, np.array(path).T), nan=np.inf)
    return Walk(np.array(path), losses, calls, grads, matrices)


@lru_cache(maxsize=64)
def ground_with(name: str, condition: float) -> Landscape:
    """Return a landscape by the menu's word; `condition` matters to the ravine alone."""
    if name == "ravine":
        return landscapes.ravine(condition)
    if name != "Gaussian fit":
        return ground_of(name)
    y = MASSES.y
    return Landscape(
        "Gaussian fit",
        lambda mu, log_sigma: MASSES(np.stack(np.broadcast_arrays(mu, log_sigma))),
        lambda mu, log_sigma: MASSES.gradient(np.array([mu, log_sigma])),
        minimizers=((float(y.mean()), float(np.log(y.std()))),),
        window=(1.5, 7.0, -1.2, 2.0),
        start=(2.0, 1.5),
        character="The mean and log spread of penguins' masses, in kg.",
    )
