"""The second explorer of lesson 06: descend inside a set, projecting or from corner to corner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
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
from gradcourse.explorers.kit.base import Click, Explorer
from gradcourse.explorers.kit.controls import Control, Value, log_slider, menu, player, slider
from gradcourse.explorers.kit.maps import Map
from gradcourse.explorers.kit.panels import cross, dot, dotted, line, name_lines, panels, star
from gradcourse.explorers.kit.words import sentence_case
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import Optimizer

N_STEPS = 60
EDGE = 1.2  # half the width of the map
HEIGHTS = (1e-7, 3.0)  # what the right panel shows
Set = L1Ball | Simplex
SETS: dict[str, type[Set]] = {"L1 ball": L1Ball, "simplex": Simplex}
RECIPES: dict[str, Callable[[Set, float], Optimizer]] = {
    "ConditionalGradient": ConditionalGradient,
    "ProjectedGradient": ProjectedGradient,
}
METHODS = {"conditional gradient": "ConditionalGradient", "projection": "ProjectedGradient"}


@dataclass(frozen=True, eq=False)
class Walk:
    """A way inside the set, its losses and its duality gaps."""

    path: np.ndarray
    losses: np.ndarray
    gaps: np.ndarray


@dataclass(frozen=True, eq=False)
class Inside:
    """Both methods' ways, and where the chosen one stands.

    Fields:
        theta, grad, loss : where it stands
        corner : the corner of the set farthest downhill
        free : where plain descent would step to
        best : the best allowed point
        gap, above : how far the loss is from the best allowed one, by the gap and in truth
    """

    allowed: Set
    step: int
    method: str
    walks: dict[str, Walk]
    theta: np.ndarray
    grad: np.ndarray
    corner: np.ndarray
    free: np.ndarray
    best: np.ndarray
    loss: float
    gap: float
    above: float


class ConstraintExplorer(Explorer[Inside]):
    """Find the best weights inside a set, and read off how far from it you are (lesson 06)."""

    size = (820, 390)
    alt = (
        "Left a map of the loss over two weights, the allowed set, the path so far, the gradient "
        "and the corner that the conditional gradient picks. Right how far both methods are from "
        "the best allowed loss at each step, and the duality gap."
    )
    target = "in the L1 ball, let the best allowed point have one weight of exactly 0."
    clicks = (Click("map", "start_0", "start_1", also={"step": 0}),)

    def make_controls(self) -> dict[str, Control]:
        return {
            "step": player("step", 1, N_STEPS),
            "method": menu("method", "conditional gradient", METHODS),
            "feasible": menu("allowed set", "L1 ball", SETS),
            "radius": slider("radius (or sum)", 0.6, 0.02, 1.1, 0.02),
            "learning_rate": log_slider("η of projection", 0.1, 0.01, 1.0),
            "start_0": slider("start, bill length", 0.1, -1.0, 1.0, 0.02),
            "start_1": slider("start, bill depth", 0.5, -1.0, 1.0, 0.02),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        ground, error = panels(
            figure, map=(0.085, 0.13, 0.385, 0.795), error=(0.58, 0.13, 0.405, 0.795)
        )
        ground.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xlabel="weight of bill length")
        ground.set_ylabel("weight of bill depth", labelpad=-4)
        ground.set_title("✕ best of all, ★ best allowed, ◇ corner picked")
        error.set(xlabel="step", ylabel="loss above the best allowed", xlim=(0, N_STEPS))
        error.set_title("How far? (dotted: the duality gap)")
        style.log_axis(error, "y")
        error.set_ylim(HEIGHTS)
        name_lines(
            error, {text: style.CURVED[name].color for text, name in METHODS.items()}, gap=0.06
        )
        return self._on_the_map(ground) | self._beside_it(error)

    def _on_the_map(self, ground: Axes) -> dict[str, Artist]:
        self.map = Map(ground)
        return {
            "map": self.map,
            "set": line(ground, color=style.DOWNHILL, linewidth=2),
            "unconstrained": cross(ground),
            "best": star(ground, style.DOWNHILL),
            "aim": line(ground, "--", color=style.MUTED, linewidth=1.2),
            "corner": line(ground, "D", mfc="none", mec=style.INK, ms=10, mew=1.6),
            "slope": line(ground, color=style.UPHILL, linewidth=1.8),
            "way": line(ground, color=style.INK, linewidth=1.4),
            "here": dot(ground),
        }

    def _beside_it(self, error: Axes) -> dict[str, Artist]:
        artists: dict[str, Artist] = {"gap": dotted(error)}
        for name in METHODS.values():
            color, marker, dashes = style.CURVED[name]
            artists[f"{name} error"] = line(error, dashes, color=color, linewidth=1.5)
            artists[f"{name} now"] = line(error, marker, color=color, mec="white", ms=8)
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
    ) -> Inside:
        allowed = SETS[feasible](radius)
        ground = loss_of_two_weights()
        x, y = allowed.project(np.array([start_0, start_1])).tolist()
        best = walk("ProjectedGradient", allowed, (x, y), 0.4).path[-1]
        rates = {"ConditionalGradient": 1.0, "ProjectedGradient": learning_rate}
        walks = {name: walk(name, allowed, (x, y), rate) for name, rate in rates.items()}
        theta = walks[METHODS[method]].path[step]
        grad = ground.gradient(theta)
        return Inside(
            allowed=allowed,
            step=step,
            method=method,
            walks=walks,
            theta=theta,
            grad=grad,
            corner=allowed.vertex(grad),
            free=theta - learning_rate * grad,
            best=best,
            loss=float(ground(theta)),
            gap=duality_gap(allowed, theta, grad),
            above=float(ground(theta) - ground(best)),
        )

    def draw(self, result: Inside) -> None:
        theta = result.theta
        ground = loss_of_two_weights()
        chosen = result.walks[METHODS[result.method]]
        conditional = result.method == "conditional gradient"
        length = 0.35 / max(float(np.linalg.norm(result.grad)), 1e-12)
        self.map.show(ground)
        self.artists["corner"].set_visible(conditional)
        self.move(
            set=outline(result.allowed),
            unconstrained=ground.minimizers[0],
            best=result.best,
            corner=result.corner,
            aim=np.transpose([theta, result.corner if conditional else result.free]),
            slope=np.transpose([theta, theta + length * result.grad]),
            way=chosen.path[: result.step + 1].T,
            here=theta,
            gap=(np.arange(N_STEPS + 1), chosen.gaps.clip(*HEIGHTS)),
        )
        lowest = ground(result.best)
        for name, run in result.walks.items():
            above = (run.losses - lowest).clip(*HEIGHTS)
            self.move(**{f"{name} error": (np.arange(N_STEPS + 1), above)})
            self.move(**{f"{name} now": (result.step, above[result.step])})

    def describe(self, result: Inside) -> str:
        (w0, w1), (c0, c1) = result.theta, result.corner
        weights = zip(("bill length", "bill depth"), result.best, strict=True)
        zero = [name for name, weight in weights if abs(weight) < 1e-9]
        sparse = f" At the best allowed point {zero[0]} weighs exactly 0." if zero else ""
        return (
            f"{sentence_case(result.method)}, step {result.step}: weights ({w0:.3g}, {w1:.3g}), "
            f"corner farthest downhill ({c0:.3g}, {c1:.3g}). Loss {result.loss:.3g}: "
            f"by the gap at most {result.gap:.2g} above the best allowed, in truth "
            f"{max(result.above, 0.0):.2g}.{sparse}"
        )

    def reached(self, result: Inside, values: Mapping[str, Value]) -> bool:
        at_a_corner = np.count_nonzero(np.abs(result.best) < 1e-9) == 1
        return isinstance(result.allowed, L1Ball) and at_a_corner


@lru_cache(maxsize=64)
def walk(name: str, allowed: Set, start: tuple[float, float], rate: float) -> Walk:
    """Take N_STEPS steps inside the set."""
    ground = loss_of_two_weights()
    recipe = RECIPES[name](allowed, rate)
    way = descend(ground, ground.gradient, np.array(start), recipe, N_STEPS)
    gaps = [duality_gap(allowed, theta, ground.gradient(theta)) for theta in way.path]
    return Walk(way.path, way.losses, np.array(gaps))


@lru_cache
def loss_of_two_weights() -> Landscape:
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
        minimizers=((float(low[0]), float(low[1])),),
        window=(-EDGE, EDGE, -EDGE, EDGE),
        start=(0.1, 0.5),
        character="Two weights of a straight line: bill length and bill depth.",
    )


def outline(allowed: Set) -> np.ndarray:
    """Return the set's border as a line, (2, k)."""
    if isinstance(allowed, Simplex):
        return allowed.total * np.array([[1.0, 0.0], [0.0, 1.0]])
    x = np.array([1.0, 0, -1, 0, 1])
    y = np.array([0.0, 1, 0, -1, 0])
    return allowed.radius * np.array([x, y])
