"""The explorer of lesson 01: stand on a hill, turn round, and see how steep each direction is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from gradcourse import landscapes, style
from gradcourse.explorers.kit.base import Click, Explorer
from gradcourse.explorers.kit.controls import Control, Value, log_slider, menu, slider, switch
from gradcourse.explorers.kit.maps import Map, lowest_points
from gradcourse.explorers.kit.panels import cross, line, panels
from gradcourse.landscapes import Landscape

EDGE = 2.5  # half the width of the map
LONGEST = 1.1  # the longest arrow on it
DEGREES = np.arange(0.0, 361.0, 3.0)


def _around(ground: Landscape) -> Landscape:
    """Return a landscape in the window of this map."""
    return replace(ground, window=(-EDGE, EDGE, -EDGE, EDGE))


# name -> the landscape, and the climb that reaches to the top of the right panel
GROUNDS = {
    "two wells": (_around(landscapes.two_wells()), 4.0),
    "bowl": (_around(landscapes.bowl()), 4.0),
    "ravine": (_around(landscapes.ravine(condition=5)), 12.0),
    "saddle": (_around(landscapes.saddle()), 4.0),
    "plateau": (_around(landscapes.plateau()), 1.2),
    "Rastrigin": (_around(landscapes.rastrigin()), 80.0),
}

# titles of both panels
WITHOUT_ARROWS = ("Light is low, ✕ lowest, ○ ends your step", "○ your step among all directions")
WITH_ARROWS = (
    "The gradient ▲ points straight uphill",
    "Steepest: along the gradient ▲, against it ▽",
)


@dataclass(frozen=True, eq=False)
class Step:
    """A step on a landscape, the same step in all other directions, and the gradient.

    Fields:
        unit : (2,) – the direction of the step
        climbs, promised : (122,) – the rise per unit of distance, measured and as the gradient
            says: in all DEGREES, and last in the direction of the step
        angle : degrees – where the gradient points
        arrows : whether the gradient is shown
    """

    landscape: str
    theta: np.ndarray
    direction: float
    length: float
    unit: np.ndarray
    height: float
    climbs: np.ndarray
    promised: np.ndarray
    grad: np.ndarray
    norm: float
    angle: float
    arrows: bool

    @property
    def tip(self) -> np.ndarray:
        """Where the step ends."""
        return self.theta + self.length * self.unit


class HillExplorer(Explorer[Step]):
    """Turn a step round on a map and compare its climb with the gradient (lesson 01)."""

    size = (800, 400)
    alt = (
        "Left a contour map with a point, a step, and the gradient with its opposite as arrows. "
        "Right a wave: the climb of the step for every direction."
    )
    target = "turn the direction until the step climbs as steeply as it can."
    clicks = (Click("map", "theta_0", "theta_1"), Click("climbs", "direction"))

    def make_controls(self) -> dict[str, Control]:
        return {
            "direction": slider("direction (°)", 200, 0, 360, 1),
            "step_length": log_slider("step_length", 0.1, 0.001, 2.0),
            "theta_0": slider("position θ₀", -0.4, -EDGE, EDGE, 0.05),
            "theta_1": slider("position θ₁", 1.2, -EDGE, EDGE, 0.05),
            "landscape": menu("landscape", "two wells", GROUNDS),
            "arrows": switch("show the gradient ▲ and its opposite ▽", True),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        # the map is square: right angles look right
        ground, climbs = panels(
            figure, map=(0.065, 0.125, 0.4, 0.8), climbs=(0.565, 0.125, 0.415, 0.8)
        )
        ground.set(xlabel="θ₀", ylabel="θ₁", xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE))
        climbs.axhline(0, color=style.MUTED, linewidth=0.8)
        climbs.set(xlim=(0, 360), xticks=range(0, 361, 90), ylabel="climb per unit of distance")
        climbs.set_xlabel("direction of the step (degrees from →, 90 is ↑)")
        self.map = Map(ground, even=True)
        self.climbs = climbs
        self.titles = [ground.set_title(""), climbs.set_title("")]
        self.gradient = _no_arrow(ground, color=style.UPHILL)
        self.downhill = _no_arrow(ground, facecolor="white", edgecolor=style.DOWNHILL, lw=1.6)
        hollow = {"mfc": "white", "markersize": 8, "markeredgewidth": 1.8}
        return {
            "map": self.map,
            "lows": cross(ground),
            "promised": line(climbs, ":", linewidth=1.4, color=style.UPHILL),
            "measured": line(climbs, color=style.INK),
            "most": line(climbs, "^", markersize=10, color=style.UPHILL),
            "least": line(climbs, "v", color=style.DOWNHILL, **hollow),
            "chosen": line(climbs, "o", color=style.INK, **hollow),
            "downhill": self.downhill,
            "gradient": self.gradient,
            "needle": line(ground, linewidth=1.4, color=style.INK),
            "tip": line(ground, "o", color=style.INK, **hollow),
            "here": line(ground, "o", markersize=5, color=style.INK),
        }

    def compute(
        self,
        direction: float,
        step_length: float,
        theta_0: float,
        theta_1: float,
        landscape: str,
        arrows: bool,
    ) -> Step:
        ground, _ = GROUNDS[landscape]
        theta = np.array([theta_0, theta_1])
        turns = np.radians(np.append(DEGREES, direction))  # your own direction last
        units = np.array([np.cos(turns), np.sin(turns)])
        rise = ground(theta[:, None] + step_length * units) - ground(theta)
        grad = ground.gradient(theta) + 0.0  # no -0
        return Step(
            landscape=landscape,
            theta=theta,
            direction=direction,
            length=step_length,
            unit=units[:, -1],
            height=float(ground(theta)),
            climbs=rise / step_length,
            promised=grad @ units,
            grad=grad,
            norm=float(np.hypot(*grad)),
            angle=float(np.degrees(np.arctan2(*grad[::-1]))),
            arrows=arrows and bool(grad.any()),
        )

    def draw(self, result: Step) -> None:
        ground, highest = GROUNDS[result.landscape]
        titles = WITH_ARROWS if result.arrows else WITHOUT_ARROWS
        self._stand_still(titles, highest)
        self.map.show(ground)
        theta = result.theta
        tip = result.tip
        self.move(
            lows=lowest_points(ground),
            here=theta,
            tip=tip,
            needle=np.transpose([theta, theta + 0.5 * result.unit, tip]),
            measured=(DEGREES, result.climbs[:-1]),
            promised=(DEGREES, result.promised[:-1]),
            chosen=(result.direction, result.climbs[-1]),
            most=(result.angle % 360, result.norm),
            least=((result.angle + 180) % 360, -result.norm),
        )
        length = LONGEST * min(0.25 + result.norm / highest, 1)
        self.gradient.set_xy(_arrow(theta, result.angle, length))
        self.downhill.set_xy(_arrow(theta, result.angle + 180, length))
        for name in ("gradient", "downhill", "most", "least", "promised"):
            self.artists[name].set_visible(result.arrows)

    def _stand_still(self, titles: tuple[str, str], highest: float) -> None:
        """Write titles and numbers anew when the landscape changes or the arrows come and go."""
        if self.still != (titles, highest):
            for title, text in zip(self.titles, titles, strict=True):
                title.set_text(text)
            self.climbs.set_ylim(-highest, highest)
            self.still = titles, highest

    def describe(self, result: Step) -> str:
        climb = result.climbs[-1]
        text = (
            f"Height {result.height:.3g}. A step of {result.length:.3g} toward "
            f"{result.direction:.0f}° changes it by {climb * result.length:.3g}: "
            f"a climb of {climb:.3g} per unit of distance."
        )
        if result.norm == 0:
            return f"{text} The gradient is (0, 0): this place is level."
        if not result.arrows:
            return text
        g0, g1 = result.grad
        return (
            f"{text} The gradient ({g0:.3g}, {g1:.3g}) promises {result.promised[-1]:.3g} here "
            f"and at most its own length {result.norm:.3g}, toward {result.angle % 360:.0f}°."
        )

    def reached(self, result: Step, values: Mapping[str, Value]) -> bool:
        """Whether the step points along the gradient, to within two degrees."""
        nearly = np.cos(np.radians(2))
        return bool(result.promised[-1] > nearly * result.norm > 0)


def _no_arrow(ax: Axes, **look: Any) -> Polygon:
    """Return an arrow that has no corners yet."""
    arrow = Polygon(np.empty((0, 2)), **look)
    ax.add_patch(arrow)
    return arrow


def _arrow(tail: np.ndarray, degrees: float, length: float) -> np.ndarray:
    """Return the corners of an arrow of this length and direction, (7, 2)."""
    neck = length - 0.24
    side = np.array([0.03j, neck + 0.03j, neck + 0.11j, length])  # along + i · across
    corners = np.append(side, side[2::-1].conj()) * np.exp(1j * np.radians(degrees))
    return tail + np.transpose([corners.real, corners.imag])
