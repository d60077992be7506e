"""The explorer of lesson 06: what a method believes about the ground, and what a step costs."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import landscapes, style
from gradcourse.curvature import (
    BFGS,
    NaturalGradient,
    Newton,
    bfgs_update,
    numerical_hessian,
    solve_damped,
)
from gradcourse.datasets import penguins
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, player, slider, switch
from gradcourse.explorers.kit.maps import (
    above,
    from_shares,
    ground_of,
    pixel_grid,
    shades,
    to_shares,
)
from gradcourse.explorers.kit.pixels import Pixels, bands
from gradcourse.landscapes import Landscape
from gradcourse.losses import GaussianFit
from gradcourse.optimizers import GradientDescent

N_STEPS, GOAL = 100, 1e-6  # the goal: this share of the height at the start
LOSSES, CALLS = (1e-10, 1e7), (1, 1500)
METHODS = {
    "gradient descent": "GradientDescent",
    "Newton": "Newton",
    "BFGS": "BFGS",
    "natural gradient": "NaturalGradient",
}
GROUNDS = ["ravine", "rosenbrock", "saddle", "two_wells", "Gaussian fit"]
MASSES = GaussianFit(penguins().body_mass_g / 1000)  # kg


class CurvatureExplorer(Explorer):
    """See the quadratic bowl in which each method believes, and where it sends it (lesson 06)."""

    size = (8.6, 3.5)
    alt = (
        "Left a map of the loss with the path of the chosen method. In the middle the quadratic "
        "model it has at this point, with its lowest place. Right the loss of all methods against "
        "the calls of loss and gradient they have made."
    )
    target = "on the saddle, start Newton's method at |θ₁| ≤ 0.1 and let it reach a minimum."

    def controls(self) -> dict[str, Control]:
        """Step, method and ground; rate, damping and line search; where to start."""
        return {
            "step": player("step", 2, N_STEPS),
            "method": menu("method", "gradient descent", list(METHODS)),
            "landscape": menu("landscape", "ravine", GROUNDS),
            "condition": log_slider("condition (ravine)", 25.0, 1.0, 1000.0),
            "learning_rate": log_slider("η of descent", 0.07, 0.001, 2.0),
            "damping": log_slider("damping λ", 0.001, 0.001, 100.0),
            "start_0": slider("start θ₀", -0.8, -1.0, 1.0, 0.02),
            "start_1": slider("start θ₁", 0.75, -1.0, 1.0, 0.02),
            "line_search": switch("line search (Newton, natural)", False),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the loss, the belief and the bill."""
        ground, belief, bill = figure.subplots(1, 3)
        ground.set_position([0.06, 0.15, 0.265, 0.74])
        belief.set_position([0.355, 0.15, 0.265, 0.74])
        bill.set_position([0.715, 0.15, 0.265, 0.74])
        for ax, title in ((ground, "The loss"), (belief, "What the method believes here")):
            ax.set(xlim=(-1, 1), ylim=(-1, 1), xlabel="θ₀ (shares of the window)")
            ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
            ax.set_title(title)
        ground.set_ylabel("θ₁", labelpad=-6)
        belief.set(yticklabels=[])
        belief.set_ylabel("θ₁", labelpad=-2)
        bill.set(xlabel="calls of loss and gradient", ylabel="loss above the lowest")
        bill.set_title("What it costs (dotted: the goal)")
        for axis, limits in (("x", CALLS), ("y", LOSSES)):
            style.log_axis(bill, axis)
            getattr(bill, f"set_{axis}lim")(limits)
        artists = {"shades": Pixels(ground), "model": Pixels(belief)}
        artists["goal"] = bill.plot([], [], ":", color=style.MUTED)[0]
        artists["lows"] = ground.plot([], [], "x", color=style.INK, ms=8, mew=1.8)[0]
        looks = style.LOOKS | style.CURVED
        for place, (text, name) in zip((0.99, 0.92, 0.85, 0.78), METHODS.items(), strict=True):
            color, marker, line = looks[name]
            artists[f"{name} bill"] = bill.plot([], [], line, color=color, linewidth=1.3)[0]
            artists[f"{name} now"] = bill.plot([], [], marker, color=color, mec="white", ms=8)[0]
            bill.text(
                1.0,
                place,
                text,
                color=color,
                ha="right",
                va="top",
                fontsize=8,
                transform=bill.transAxes,
            )
        artists["way"] = ground.plot([], [], color=style.INK, linewidth=1.4)[0]
        artists["stops"] = ground.plot([], [], ".", color=style.INK, ms=5)[0]
        for ax, name in ((ground, "here"), (belief, "stand")):
            artists[name] = ax.plot([], [], "o", color=style.INK, mec="white", ms=8)[0]
        artists["jump"] = belief.plot([], [], color=style.DOWNHILL, linewidth=1.6)[0]
        artists["believed"] = belief.plot([], [], "x", color=style.DOWNHILL, ms=9, mew=2.2)[0]
        return artists

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
    ) -> dict[str, object]:
        """Walk with every method; the chosen one is looked at more closely."""
        ground = ground_with(landscape, condition)
        start = tuple(from_shares(ground, (start_0, start_1)).tolist())
        settings = {"learning_rate": learning_rate, "damping": damping, "search": line_search}
        walks = {
            name: walk(name, ground, start, **{key: settings[key] for key in USES[name]})
            for name in METHODS.values()
            if name != "NaturalGradient" or landscape == "Gaussian fit"
        }
        chosen = walks.get(METHODS[method])
        here = chosen.look(min(step, len(chosen.path) - 1)) if chosen else None
        return {
            "ground": ground,
            "start": start,
            "step": step,
            "walks": walks,
            "here": here,
            "method": method,
            "chosen": chosen,
        }

    def draw(self, result: dict[str, object]) -> None:
        """Put the chosen path on the map, its belief beside it, all methods on the bill."""
        draw, ground, here = self.artists, result["ground"], result["here"]
        draw["shades"].pixels = shades(ground, *draw["shades"].shape())
        draw["lows"].set_data(*to_shares(ground, np.transpose(ground.minimizers)))
        goal = GOAL * above(ground, np.array(result["start"]))
        draw["goal"].set_data(CALLS, [goal, goal])
        for name in METHODS.values():
            run = result["walks"].get(name)
            calls, losses = (run.calls, run.losses.clip(*LOSSES)) if run else ([], [])
            now = slice(min(result["step"], len(calls) - 1), None)  # the last, once it has stopped
            draw[f"{name} bill"].set_data(calls, losses)
            draw[f"{name} now"].set_data(calls[now][:1], losses[now][:1])
        path = result["chosen"].path[: here.step + 1].T if here else np.empty((2, 0))
        way = to_shares(ground, path).clip(-9, 9)
        stand, low = way[:, -1:], to_shares(ground, here.low[:, None]) if here else way
        for name, points in (
            ("way", way),
            ("stops", way),
            ("here", stand),
            ("stand", stand),
            ("jump", np.hstack([stand, low])),
            ("believed", low),
        ):
            draw[name].set_data(*points.clip(-9, 9))
        draw["model"].pixels = self._model(ground, here)

    def _model(self, ground: Landscape, here: "Look | None") -> np.ndarray:
        """The quadratic model around this point as pixels; blank where there is none."""
        width, height = self.artists["model"].shape()
        if here is None or not np.isfinite(here.B).all():
            return np.full((height, width, 4), 255, np.uint8)
        x, y = pixel_grid(ground, width, height)
        dx, dy = x - here.theta[0], y - here.theta[1]
        (a, b), (_, c) = here.B
        slope = here.grad[0] * dx + here.grad[1] * dy
        return bands(slope + 0.5 * (a * dx * dx + c * dy * dy) + b * (dx * dy))

    def describe(self, result: dict[str, object]) -> str:
        """Say what is believed here, and what the goal costs this method and plain descent."""
        method, here = result["method"], result["here"]
        if here is None:
            return (
                "The natural gradient needs a model that gives probabilities, and this landscape "
                "has none: choose the Gaussian fit."
            )
        low, high = np.linalg.eigvalsh(here.B)
        bowl = f"a bowl with curvatures {low:.3g} and {high:.3g}"
        if low <= 0:
            bowl = f"no bowl: a curvature of {low:.3g} has no lowest point"
        text = f"{method[0].upper()}{method[1:]}, step {here.step}: it believes in {bowl}."
        text = text.replace("believes in no bowl", "sees no bowl")
        others = ["gradient descent"] if method != "gradient descent" else ["Newton"]
        bills = [f"{name} {result['walks'][METHODS[name]].bill()}" for name in [method, *others]]
        return f"{text} To the goal: {'; '.join(bills)}."

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Start where the map is clicked."""
        if ax is self.figure.axes[0]:
            self.set(start_0=round(x, 2), start_1=round(y, 2), step=0)

    def reached(self, result: dict[str, object]) -> bool:
        """Whether Newton arrived on the saddle."""
        return bool(
            result["ground"].name == "saddle"
            and result["method"] == "Newton"
            and abs(to_shares(result["ground"], np.array(result["start"])[:, None])[1, 0]) <= 0.1
            and result["chosen"].arrival <= N_STEPS
        )


@dataclass(frozen=True)
class Look:
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
        calls = self.calls[self.arrival]
        return f"{self.arrival} step{'s' * (self.arrival != 1)}, {calls} calls"

    def look(self, step: int) -> Look:
        """Return what the method knows at this step."""
        theta, grad, B = self.path[step], self.grads[step], self.matrices[step]
        return Look(step, theta, grad, B, theta + solve_damped(B, grad))


USES = {
    "GradientDescent": ["learning_rate"],
    "Newton": ["damping", "search"],
    "BFGS": [],
    "NaturalGradient": ["damping", "search"],
}


@lru_cache(maxsize=64)
def walk(
    name: str,
    ground: Landscape,
    start: tuple[float, float],
    learning_rate: float = 1.0,
    damping: float = 0.0,
    search: bool = False,
) -> Walk:
    """Walk from `start`, at most N_STEPS, and keep the books."""
    counted = Counted(ground)
    f, bend = counted.loss if search else None, counted.hessian
    recipe, belief = {
        "GradientDescent": lambda: (
            GradientDescent(learning_rate),
            lambda theta, state: np.eye(2) / learning_rate,
        ),
        "Newton": lambda: (
            Newton(bend, damping, f),
            lambda theta, state: uncounted(theta) + damping * np.eye(2),
        ),
        "BFGS": lambda: (BFGS(counted.loss), None),
        "NaturalGradient": lambda: (
            NaturalGradient(MASSES.fisher, damping, f),
            lambda theta, state: MASSES.fisher(theta) + damping * np.eye(2),
        ),
    }[name]()
    uncounted = Counted(ground).hessian
    theta, (path, calls, grads, matrices) = np.array(start), ([], [], [], [])
    state = recipe.init(theta)
    for _ in range(N_STEPS + 1):
        grad = counted.gradient(theta)
        if not np.abs([theta, grad]).max() < 1e9:  # diverged, or no number any more
            break
        path.append(theta)
        calls.append(counted.calls)
        grads.append(grad)
        matrices.append(belief(theta, state) if belief else _guess(state, theta, grad))
        if np.linalg.norm(grad) < 1e-9:
            break
        theta, state = recipe.step(theta, grad, state)
    places = np.array(path)
    losses = np.nan_to_num(above(ground, places.T), nan=np.inf)
    return Walk(places, losses, calls, grads, matrices)


def _guess(state: object, theta: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """Return BFGS's Hessian as it will be used in the step from here."""
    inverse = state.inverse
    if state.theta is not None:
        inverse = bfgs_update(inverse, theta - state.theta, grad - state.grad)
    return np.linalg.inv(inverse)


class Counted:
    """A landscape that counts how often it is asked for a loss or a gradient."""

    def __init__(self, ground: Landscape):
        self.ground, self.calls = ground, 0

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
        lambda mu, log_sigma: MASSES((mu, log_sigma)),
        lambda mu, log_sigma: MASSES.gradient((mu, log_sigma)),
        minimizers=((float(y.mean()), float(np.log(y.std()))),),
        window=(1.5, 7.0, -1.2, 2.0),
        start=(2.0, 1.5),
        character="The mean and log spread of penguins' masses, in kg.",
    )
