"""Maps: the heights of a landscape in bands of gray, painted the same way in every explorer.

Some explorers keep one map for all landscapes: there a place is given as shares of the window, from
−1 to 1 on both axes, so the axes stand still whatever landscape the menu chooses.
"""

from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes

from gradcourse import landscapes
from gradcourse.explorers.kit.pixels import Pixels, bands
from gradcourse.landscapes import Landscape
from gradcourse.plots import even_bend

ground_of = lru_cache(landscapes.get)  # the same object every time: what is kept of it, is found


class Map(Pixels):
    """A panel that shows a landscape from above, lighter is lower.

    Parameters:
        ax : Axes – their limits are the landscape's window, or shares of it
        even : bool – as on the maps of gradcourse.plots, half of the bands lie below the median
            height, with white contour lines between them; otherwise most bands lie close to the
            lowest point, and there are no lines to be taken for paths
    """

    def __init__(self, ax: Axes, even: bool = False):
        super().__init__(ax)
        self.even = even

    def show(self, ground: Landscape, n_coarse: int = 0) -> None:
        """Show this landscape from the next picture on.

        Parameters:
            ground : its window is what the panel shows
            n_coarse : a loss that is slow to compute is asked only at n_coarse × n_coarse places,
                and interpolated between them; 0 asks at every pixel
        """
        self.pixels = shades(ground, *self.shape(), n_coarse, self.even)

    def show_heights(self, heights: np.ndarray) -> None:
        """Show these heights, one for each pixel; blank where they are no numbers."""
        if np.isfinite(heights).all():
            self.pixels = bands(heights)
        else:
            self.pixels = np.full((*heights.shape, 4), 255, np.uint8)


@lru_cache(maxsize=8)
def shades(
    ground: Landscape, width: int, height: int, n_coarse: int = 0, even: bool = False
) -> np.ndarray:
    """Return the heights of a landscape as the pixels of a map."""
    x, y = pixel_grid(ground, n_coarse or width, n_coarse or height)
    z = ground.height(x, y) + 0 * x
    if n_coarse:
        z = _between(height, n_coarse) @ z @ _between(width, n_coarse).T
    return bands(z, even_bend(z), lines=True) if even else bands(z)


def pixel_grid(ground: Landscape, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x (width,) and y (height, 1) of a map's pixels; single precision is quicker."""
    left, right, low, high = ground.window
    x = np.linspace(left, right, width, dtype=np.float32)
    y = np.linspace(low, high, height, dtype=np.float32)
    return x, y[:, None]


def _between(n: int, n_coarse: int) -> np.ndarray:
    """Return the matrix (n, n_coarse) of linear interpolation."""
    place = np.linspace(0, n_coarse - 1, n)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(n_coarse)))


def from_shares(ground: Landscape, shares: tuple[float, float]) -> np.ndarray:
    """Return the place that lies at these shares of the window."""
    middle, half = _window(ground)
    return middle + half * np.array(shares)


def to_shares(ground: Landscape, theta: np.ndarray) -> np.ndarray:
    """Return the shares of the window at which places (2, k) lie."""
    middle, half = _window(ground)
    return (np.asarray(theta) - middle[:, None]) / half[:, None]


def _window(ground: Landscape) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle and half the size of the window."""
    low, high = np.array(ground.window).reshape(2, 2).T
    return (low + high) / 2, (high - low) / 2


def lowest_points(ground: Landscape) -> np.ndarray:
    """Return the landscape's lowest points, (2, k)."""
    return np.transpose(ground.minimizers)


def above(ground: Landscape, theta: np.ndarray) -> np.ndarray:
    """Return how far the heights at theta (2, ...) lie above the lowest point."""
    return ground(theta) - min(ground(np.array(low)) for low in ground.minimizers)
