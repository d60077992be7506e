"""Panels: where the axes of an explorer lie, and names written beside their lines.

Every panel has a name, which is the label of its axes: `clicks` of an explorer refers to it.
"""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradcourse import style

Box = tuple[float, float, float, float]


def panels(figure: Figure, **boxes: Box) -> list[Axes]:
    """Return axes by name, each in its box: left, bottom, width, height as shares of the figure."""
    return [figure.add_axes(box, label=name) for name, box in boxes.items()]


def map_and_two(
    figure: Figure,
    upper: str,
    lower: str,
    *,
    left: float,
    gap: float,
    map_width: float = 1.0,
) -> list[Axes]:
    """Return a panel "map" on the left, and two panels beside it, one above the other.

    Parameters:
        upper, lower : str – the names of the two panels on the right
        left : float – the room for the numbers of the map, as a share of the figure
        gap : float – the room between map and panels, in widths of a panel
        map_width : float – the width of the map, in widths of the others
    """
    axes = figure.subplot_mosaic([["map", upper], ["map", lower]], width_ratios=[map_width, 1])
    figure.subplots_adjust(left, 0.12, 0.985, 0.93, wspace=gap, hspace=0.72)
    return list(axes.values())


def line(ax: Axes, marks: str = "-", **look: Any) -> Line2D:
    """Return a line that has no points yet; `marks` and `look` are those of `Axes.plot`."""
    return ax.plot([], [], marks, **look)[0]


# ---- marks that mean the same in every explorer --------------------------------------------------
def cross(ax: Axes) -> Line2D:
    """Return the mark of a lowest point."""
    return line(ax, "x", color=style.INK, markersize=8, markeredgewidth=1.8)


def ring(ax: Axes) -> Line2D:
    """Return the mark of where a way began."""
    return line(ax, "o", color=style.INK, markerfacecolor="white", markersize=8)


def dot(ax: Axes) -> Line2D:
    """Return the mark of where we stand."""
    return line(ax, "o", color=style.INK, markeredgecolor="white", markersize=8)


def star(ax: Axes, color: str) -> Line2D:
    """Return the mark of where a way ends, or of what is best."""
    return line(ax, "*", color=color, markeredgecolor="white", markersize=14)


def dotted(ax: Axes) -> Line2D:
    """Return the line of a goal, or of what is there for comparison."""
    return line(ax, ":", color=style.MUTED)


# ---- words on panels -----------------------------------------------------------------------------
def name_lines(ax: Axes, colors: Mapping[str, str], *, gap: float = 0.07, size: float = 8) -> None:
    """Write names into the upper right corner, one below the other, each in its line's color."""
    for place, (name, color) in enumerate(colors.items()):
        write_in_corner(ax, name, below=gap * place, color=color, fontsize=size)


def write_in_corner(ax: Axes, text: str, below: float = 0.0, **look: Any) -> None:
    """Write a text into the upper right corner, or so much below it."""
    ax.text(1.0, 0.99 - below, text, ha="right", va="top", transform=ax.transAxes, **look)
