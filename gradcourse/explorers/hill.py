"""The explorer of lesson 01: stand on a hill, turn round, and see how steep each direction is."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import landscapes, plots, style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, slider, switch

EDGE, LONGEST = 2.5, 1.1  # half the width of the map; the longest arrow on it
DEGREES = np.arange(0.0, 361.0, 3.0)

# name -> the landscape, and the climb that reaches to the top of the right panel
GROUNDS = {
    "two wells": (landscapes.two_wells(), 4.0),
    "bowl": (landscapes.bowl(), 4.0),
    "ravine": (landscapes.ravine(condition=5), 12.0),
    "saddle": (landscapes.saddle(), 4.0),
    "plateau": (landscapes.plateau(), 1.2),
    "Rastrigin": (landscapes.rastrigin(), 80.0),
}

# titles of both panels, without and with the arrows
TITLES = (
    ("Light is low, ✕ lowest, ○ ends your step", "○ your step among all directions"),
    ("The gradient ▲ points straight uphill", "Steepest: along the gradient ▲, against it ▽"),
)


class HillExplorer(Explorer):
    """Turn a step round on a map and compare its climb with the gradient (lesson 01)."""

    size = (8.0, 4.0)
    alt = (
        "Left a contour map with a point, a step, and the gradient with its opposite as arrows. "
        "Right a wave: the climb of the step for every direction."
    )
    target = "turn the direction until the step climbs as steeply as it can."

    def controls(self) -> dict[str, Control]:
        """Which way to step and how far, from where, on which landscape."""
        return {
            "direction": slider("direction (°)", 200, 0, 360, 1),
            "step_length": log_slider("step_length", 0.1, 0.001, 2.0),
            "theta_0": slider("position θ₀", -0.4, -EDGE, EDGE, 0.05),
            "theta_1": slider("position θ₁", 1.2, -EDGE, EDGE, 0.05),
            "landscape": menu("landscape", "two wells", list(GROUNDS)),
            "arrows": switch("show the gradient ▲ and its opposite ▽", True),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the map and the panel of directions; the landscape itself comes in draw."""
        self._shown = None
        ground, climbs = figure.subplots(1, 2)
        ground.set_position([0.065, 0.125, 0.4, 0.8])  # square: right angles look right
        climbs.set_position([0.565, 0.125, 0.415, 0.8])
        self._titles = [ax.set_title("") for ax in (ground, climbs)]
        climbs.axhline(0, color=style.MUTED, linewidth=0.8)
        climbs.set(xlim=(0, 360), xticks=range(0, 361, 90), ylabel="climb per unit of distance")
        climbs.set_xlabel("direction of the step (degrees from →, 90 is ↑)")
        ink, up, down = ({"color": c} for c in (style.INK, style.UPHILL, style.DOWNHILL))
        hollow = {"mfc": "white", "markersize": 8, "markeredgewidth": 1.8}
        return {
            "promised": climbs.plot([], [], ":", linewidth=1.4, **up)[0],
            "measured": climbs.plot([], [], **ink)[0],
            "most": climbs.plot([], [], "^", markersize=10, **up)[0],
            "least": climbs.plot([], [], "v", **down, **hollow)[0],
            "chosen": climbs.plot([], [], "o", **ink, **hollow)[0],
            "downhill": ground.fill([], [], facecolor="white", edgecolor=style.DOWNHILL, lw=1.6)[0],
            "gradient": ground.fill([], [], **up)[0],
            "needle": ground.plot([], [], linewidth=1.4, **ink)[0],
            "tip": ground.plot([], [], "o", **ink, **hollow)[0],
            "here": ground.plot([], [], "o", markersize=5, **ink)[0],
        }

    def compute(
        self,
        direction: float,
        step_length: float,
        theta_0: float,
        theta_1: float,
        landscape: str,
        arrows: bool,
    ) -> dict[str, object]:
        """The climb of a step of this length in every direction, and what the gradient says."""
        ground, theta = GROUNDS[landscape][0], np.array([theta_0, theta_1])
        turns = np.radians(np.append(DEGREES, direction))  # your own direction last
        units = np.array([np.cos(turns), np.sin(turns)])
        rise = ground(theta[:, None] + step_length * units) - ground(theta)
        grad = ground.gradient(theta) + 0.0  # no -0
        return {
            "landscape": landscape,
            "direction": direction,
            "step_length": step_length,
            "theta": theta,
            "height": float(ground(theta)),
            "unit": units[:, -1],
            "grad": grad,
            "climbs": rise / step_length,
            "promised": grad @ units,
            "norm": float(np.hypot(*grad)),
            "angle": float(np.degrees(np.arctan2(*grad[::-1]))),
            "arrows": arrows and bool(grad.any()),
        }

    def draw(self, result: dict[str, object]) -> None:
        """Turn the arrows and the wave; a wave that is too high runs out of the panel."""
        self._stand_still(result["landscape"], result["arrows"])
        draw, theta, norm, unit = self.artists, result["theta"], result["norm"], result["unit"]
        tip, scale = theta + result["step_length"] * unit, GROUNDS[result["landscape"]][1]
        draw["here"].set_data(*theta[:, None])
        draw["tip"].set_data(*tip[:, None])
        draw["needle"].set_data(*np.transpose([theta, theta + 0.5 * unit, tip]))
        draw["measured"].set_data(DEGREES, result["climbs"][:-1])
        draw["promised"].set_data(DEGREES, result["promised"][:-1])
        draw["chosen"].set_data([result["direction"]], result["climbs"][-1:])
        length = LONGEST * min(0.25 + norm / scale, 1)
        for arrow, mark, turn, climb in (
            ("gradient", "most", 0, norm),
            ("downhill", "least", 180, -norm),
        ):
            draw[arrow].set_xy(_arrow(theta, result["angle"] + turn, length))
            draw[mark].set_data([(result["angle"] + turn) % 360], [climb])
        for name in ("gradient", "downhill", "most", "least", "promised"):
            draw[name].set_visible(result["arrows"])

    def _stand_still(self, name: str, arrows: bool) -> None:
        """Draw map and titles anew when another landscape is chosen or the arrows come and go."""
        ground, climbs = self.figure.axes
        if self._shown == (name, arrows):
            return
        for old in [*ground.collections, *(set(ground.lines) - set(self.artists.values()))]:
            old.remove()
        land, scale = GROUNDS[name]
        plots.contour_map(ground, replace(land, window=(-EDGE, EDGE, -EDGE, EDGE)))
        climbs.set_ylim(-scale, scale)
        for title, text in zip(self._titles, TITLES[arrows], strict=True):
            title.set_text(text)
        self._shown = name, arrows
        self.redraw_still()

    def describe(self, result: dict[str, object]) -> str:
        """Say how the chosen step climbs, and how that compares with the gradient."""
        length, climb, (g0, g1) = result["step_length"], result["climbs"][-1], result["grad"]
        text = (
            f"Height {result['height']:.3g}. A step of {length:.3g} toward "
            f"{result['direction']:.0f}° changes it by {climb * length:.3g}: "
            f"a climb of {climb:.3g} per unit of distance."
        )
        if result["norm"] == 0:
            return f"{text} The gradient is (0, 0): this place is level."
        if not result["arrows"]:
            return text
        return (
            f"{text} The gradient ({g0:.3g}, {g1:.3g}) promises {result['promised'][-1]:.3g} here "
            f"and at most its own length {result['norm']:.3g}, toward {result['angle'] % 360:.0f}°."
        )

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Stand where the map is clicked; turn to the direction clicked in the right panel."""
        if ax is self.figure.axes[0]:
            self.set(theta_0=round(x, 2), theta_1=round(y, 2))
        else:
            self.set(direction=round(x))

    def reached(self, result: dict[str, object]) -> bool:
        """Whether the step points along the gradient, to within two degrees."""
        return bool(result["promised"][-1] > np.cos(np.radians(2)) * result["norm"] > 0)


def _arrow(tail: np.ndarray, degrees: float, length: float) -> np.ndarray:
    """Return the corners of an arrow of this length and direction, (7, 2)."""
    neck = length - 0.24
    side = np.array([0.03j, neck + 0.03j, neck + 0.11j, length])  # along + i · across
    corners = np.append(side, side[2::-1].conj()) * np.exp(1j * np.radians(degrees))
    return tail + np.transpose([corners.real, corners.imag])
