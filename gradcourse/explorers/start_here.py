"""The explorer of lesson 00: one slider, one curve, its slope. If it answers, the set-up works.

It is the smallest explorer, and the file to copy for a new one. All have the same parts: controls,
what stands still, a result, how it is computed, drawn and told, and a target to reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, Value, slider
from gradcourse.explorers.kit.panels import line


@dataclass(frozen=True)
class Tangent:
    """A place on the curve, its height and its slope."""

    theta: float
    loss: float
    slope: float

    @property
    def is_level(self) -> bool:
        """Whether the curve neither climbs nor falls here."""
        return abs(self.slope) < 1e-9


class StartHereExplorer(Explorer[Tangent]):
    """Move a point along the parabola θ² and watch its slope (lesson 00)."""

    size = (700, 320)
    alt = "A parabola with a movable point and the tangent line at that point."
    target = "find the place where the curve is level: slope 0."

    def make_controls(self) -> dict[str, Control]:
        return {"position": slider("position θ", 1.5, -2.0, 2.0, 0.1)}

    def build(self, figure: Figure) -> dict[str, Artist]:
        ax = figure.add_subplot()
        figure.subplots_adjust(left=0.09, right=0.98, bottom=0.16, top=0.9)
        theta = np.linspace(-2.2, 2.2, 200)
        ax.plot(theta, theta**2, color=style.MUTED)
        ax.set(xlabel="parameter θ", ylabel="loss L(θ) = θ²", xlim=(-2.2, 2.2), ylim=(-1, 5))
        ax.set_title("The tangent leans the way the gradient points")
        return {
            "tangent": line(ax, color=style.UPHILL),
            "point": line(ax, "o", color=style.INK, markersize=9),
        }

    def compute(self, position: float) -> Tangent:
        return Tangent(theta=position, loss=position**2, slope=2 * position)

    def draw(self, result: Tangent) -> None:
        ends = np.array([-0.8, 0.8])
        self.move(
            tangent=(result.theta + ends, result.loss + result.slope * ends),
            point=(result.theta, result.loss),
        )

    def describe(self, result: Tangent) -> str:
        if result.is_level:
            return (
                f"At θ = {result.theta:.3g} the slope is 0: "
                "no direction is downhill, this is the bottom."
            )
        climbs = "is higher by" if result.slope > 0 else "is lower by"
        return (
            f"At θ = {result.theta:.3g} the curve has the slope {result.slope:.3g}: "
            f"0.1 further to the right it {climbs} about {0.1 * abs(result.slope):.2g}."
        )

    def reached(self, result: Tangent, values: Mapping[str, Value]) -> bool:
        return result.is_level
