"""FILL IN: the explorer of lesson NN, and what it lets you see."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Click, Explorer
from gradcourse.explorers.kit.controls import Control, Value, log_slider, slider
from gradcourse.explorers.kit.panels import dot, line, panels


@dataclass(frozen=True)
class Pendulum:
    """FILL IN: what one picture shows, in numbers."""

    theta: float
    h: float
    loss: float
    secant: float


class PendulumExplorer(Explorer[Pendulum]):
    """FILL IN: move ... and see ... (lesson NN)."""

    size = (720, 340)
    alt = "FILL IN: a parabola with a point on it and a line through two places of the curve."
    target = "FILL IN: what to reach, such as a line that is level."
    clicks = (Click("curve", x="theta"),)

    def make_controls(self) -> dict[str, Control]:
        return {
            "theta": slider("position θ", 1.5, -2.0, 2.0, 0.1),
            "h": log_slider("step h", 0.5, 0.01, 1.0),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        (ax,) = panels(figure, curve=(0.09, 0.16, 0.89, 0.75))
        theta = np.linspace(-2.2, 2.2, 200)
        ax.plot(theta, theta**2, color=style.MUTED)
        ax.set(xlabel="parameter θ", ylabel="loss θ²", xlim=(-2.2, 2.2), ylim=(-1, 5))
        ax.set_title("FILL IN: what is drawn")
        return {"secant": line(ax, color=style.UPHILL), "here": dot(ax)}

    def compute(self, theta: float, h: float) -> Pendulum:
        rise = (theta + h) ** 2 - theta**2
        return Pendulum(theta, h, loss=theta**2, secant=rise / h)

    def draw(self, result: Pendulum) -> None:
        ends = np.array([-1.0, 1.0])
        self.move(
            secant=(result.theta + ends, result.loss + result.secant * ends),
            here=(result.theta, result.loss),
        )

    def describe(self, result: Pendulum) -> str:
        return (
            f"At θ = {result.theta:.3g} a step of {result.h:.3g} changes the loss by "
            f"{result.secant:.3g} for each unit of distance."
        )

    def reached(self, result: Pendulum, values: Mapping[str, Value]) -> bool:
        return abs(result.secant) < 0.05
