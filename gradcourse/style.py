"""One look for the whole course: a color, a marker and a line for each optimizer, quiet axes.

The six colors stay apart under the four common kinds of color vision and on white paper; the
markers and line styles carry the same information, so nothing depends on color alone.
"""

from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gradcourse.optimizers import Optimizer


class Look(NamedTuple):
    """How one optimizer is drawn, everywhere."""

    color: str
    marker: str
    linestyle: str


LOOKS = {
    "GradientDescent": Look("#7d7d85", "o", "-"),
    "Momentum": Look("#3f82f0", "s", "-"),
    "Nesterov": Look("#5010a8", "D", "--"),
    "AdaGrad": Look("#d07f00", "^", "-."),
    "RMSProp": Look("#94408a", "v", "--"),
    "Adam": Look("#d81a2e", "P", "-"),
}

# lesson 06; never in one picture with the five others above, so their colors serve again
CURVED = {
    "Newton": Look("#3f82f0", "s", "-"),
    "BFGS": Look("#d07f00", "^", "-."),
    "NaturalGradient": Look("#94408a", "v", "--"),
    "ProjectedGradient": Look("#3f82f0", "s", "-"),
    "ConditionalGradient": Look("#d07f00", "^", "-"),
}

INK = "#1b1b1f"  # text, arrows, the path a learner moves
UPHILL = "#d81a2e"  # the gradient
DOWNHILL = "#0b6e4f"  # against it
MUTED = "#6a6a72"  # what is there for comparison

LOOK: dict[Any, Any] = {  # new versions of matplotlib name every key in their types, old ones none
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "svg.hashsalt": "gradcourse",
}


def use() -> None:
    """Give the figures of this notebook the look of the course."""
    matplotlib.rcParams.update(LOOK)


def look_of(optimizer: Optimizer) -> Look:
    """Return the look of a recipe such as those of gradcourse.optimizers (gray if unknown)."""
    name = "Nesterov" if getattr(optimizer, "nesterov", False) else type(optimizer).__name__
    return (LOOKS | CURVED).get(name, Look(MUTED, ".", ":"))


def log_axis(ax: Axes, which: str = "y") -> None:
    """Make the axes named in `which` ("x", "y" or "xy") logarithmic with plain labels.

    Plain labels (0.001, 1, 1e+06) instead of typeset powers, because a slider may draw while a
    cell of the learner draws too, and matplotlib's formula parser serves one at a time.
    """
    for name in which:
        getattr(ax, f"set_{name}scale")("log")
        axis = getattr(ax, f"{name}axis")
        axis.set_major_locator(LogLocator(numticks=7))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
