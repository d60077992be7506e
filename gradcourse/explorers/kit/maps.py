"""Any landscape on one fixed map: places as shares of its window, from −1 to 1 on both axes.

So the axes of an explorer stand still, whatever landscape the menu chooses.
"""

from functools import lru_cache

import numpy as np

from gradcourse import landscapes
from gradcourse.explorers.kit.pixels import bands
from gradcourse.landscapes import Landscape

ground_of = lru_cache(landscapes.get)  # the same object every time: what is kept of it, is found


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


def pixel_grid(ground: Landscape, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x (width,) and y (height, 1) of a map's pixels."""
    left, right, low, high = ground.window
    return np.linspace(left, right, width), np.linspace(low, high, height)[:, None]


@lru_cache(maxsize=8)
def shades(ground: Landscape, width: int, height: int) -> np.ndarray:
    """Return the heights of the landscape as pixels of the map."""
    x, y = pixel_grid(ground, width, height)
    return bands(ground.height(x, y) + 0 * x)


def above(ground: Landscape, theta: np.ndarray) -> np.ndarray:
    """Return how far the heights at theta (2, ...) lie above the lowest point."""
    return ground(theta) - min(ground(np.array(low)) for low in ground.minimizers)
