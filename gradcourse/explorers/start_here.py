"""The smallest explorer: one slider, one curve, its slope. If it answers, the set-up works."""

import numpy as np
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, slider


class StartHereExplorer(Explorer):
    """Move a point along the parabola θ² and watch its slope (lesson 00)."""

    size = (7, 3.2)
    alt = "A parabola with a movable point and the tangent line at that point."
    target = "find the place where the curve is level: slope 0."

    def controls(self) -> dict[str, Control]:
        """One slider: where on the curve."""
        return {"position": slider("position θ", 1.5, -2.0, 2.0, 0.1)}

    def build(self, figure: Figure) -> dict[str, object]:
        """Draw the parabola; the point and its tangent will move."""
        ax = figure.subplots()
        figure.subplots_adjust(left=0.09, right=0.98, bottom=0.16, top=0.9)
        theta = np.linspace(-2.2, 2.2, 200)
        ax.plot(theta, theta**2, color=style.MUTED)
        ax.set(xlabel="parameter θ", ylabel="loss L(θ) = θ²", xlim=(-2.2, 2.2), ylim=(-1, 5))
        ax.set_title("The tangent leans the way the gradient points")
        (tangent,) = ax.plot([], [], color=style.UPHILL)
        (point,) = ax.plot([], [], "o", color=style.INK, markersize=9)
        return {"tangent": tangent, "point": point}

    def compute(self, position: float) -> dict[str, float]:
        """Height and slope of the curve at `position`."""
        return {"theta": position, "loss": position**2, "slope": 2 * position}

    def draw(self, result: dict[str, float]) -> None:
        """Put the point on the curve and the tangent through it."""
        theta, loss, slope = result["theta"], result["loss"], result["slope"]
        ends = np.array([theta - 0.8, theta + 0.8])
        self.artists["tangent"].set_data(ends, loss + slope * (ends - theta))
        self.artists["point"].set_data([theta], [loss])

    def describe(self, result: dict[str, float]) -> str:
        """Say the slope and what it means."""
        theta, slope = result["theta"], result["slope"]
        if abs(slope) < 1e-9:
            return (
                f"At θ = {theta:.3g} the slope is 0: no direction is downhill, this is the bottom."
            )
        climbs = "is higher by" if slope > 0 else "is lower by"
        return (
            f"At θ = {theta:.3g} the curve has the slope {slope:.3g}: "
            f"0.1 further to the right it {climbs} about {0.1 * abs(slope):.2g}."
        )

    def reached(self, result: dict[str, float]) -> bool:
        """Whether the level place is found."""
        return abs(result["slope"]) < 1e-9
