"""Pictures of landscapes and descents: each function takes axes and data and returns artists.

Nothing here makes a figure or shows one; the caller decides where a picture goes. That is why
lessons and explorers can draw the same map.
"""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm

from gradcourse import style
from gradcourse.descent import Trajectory
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import Optimizer


def contour_map(ax: Axes, landscape: Landscape, n_levels: int = 18) -> Artist:
    """Draw a landscape from above, lighter is lower, its minimizers marked ✕.

    Half of the levels lie below the median height, so that narrow valleys stay visible where
    the walls are high; each level has its own shade.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from gradcourse.landscapes import bowl
        >>> ax = Figure().subplots()
        >>> _ = contour_map(ax, bowl())
        >>> ax.get_xlabel()
        'θ₀'
    """
    x, y, z = landscape.grid()
    levels = z.min() + np.ptp(z) * np.linspace(0, 1, n_levels) ** even_bend(z)
    shades = BoundaryNorm(levels, 256)
    drawn = ax.contourf(x, y, z, levels=levels, cmap="Greys", norm=shades, alpha=0.6)
    ax.contour(x, y, z, levels=levels, colors="white", linewidths=0.5)
    for minimizer in landscape.minimizers:
        ax.plot(*minimizer, "x", color=style.INK, markersize=7, markeredgewidth=1.8)
    ax.set(xlabel="θ₀", ylabel="θ₁", xlim=landscape.window[:2], ylim=landscape.window[2:])
    return drawn


def even_bend(z: np.ndarray) -> float:
    """Return the power of evenly spaced shares that puts half of a map's levels below the median.

    Example:
        >>> round(even_bend(np.array([0.0, 0.25, 1.0])), 3)
        2.0
    """
    middle = (np.median(z) - z.min()) / np.ptp(z)
    return float(np.clip(np.log(middle) / np.log(0.5), 1, 12))


def path(ax: Axes, trajectory: Trajectory, optimizer: Optimizer) -> list[Artist]:
    """Draw a descent on a map: start ○, the way in the optimizer's look, end ★."""
    color, marker, linestyle = style.look_of(optimizer)
    xy = trajectory.path.T
    (way,) = ax.plot(*xy, linestyle, color=color, marker=marker, markersize=3, linewidth=1.4)
    (start,) = ax.plot(*xy[:, 0], "o", color=color, markerfacecolor="white", markersize=8)
    (end,) = ax.plot(*xy[:, -1], "*", color=color, markeredgecolor="white", markersize=13)
    return [way, start, end]


def loss_curve(ax: Axes, trajectory: Trajectory, optimizer: Optimizer, label: str = "") -> Artist:
    """Draw the loss over the steps, on a log axis when it spans more than a factor of 100."""
    color, _, linestyle = style.look_of(optimizer)
    losses = np.asarray(trajectory.losses)
    (curve,) = ax.plot(losses, linestyle, color=color, label=label)
    positive = losses[losses > 0]
    if positive.size and positive.max() > 100 * positive.min():
        style.log_axis(ax, "y")
        ax.set_ylabel("loss L(θ) (log scale)")
    else:
        ax.set_ylabel("loss L(θ)")
    ax.set_xlabel("step")
    return curve
