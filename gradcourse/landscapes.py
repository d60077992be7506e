"""Landscapes: small functions of two parameters with a character of their own.

A loss of a real model lives in many dimensions, where nobody can look. These eight live in two,
so that you can see what a method does on a round bowl, in a narrow ravine, on a plateau, at a
saddle. Lesson 01 walks on them, lesson 03 descends them, lesson 05 races on them.

Each knows its value, its exact gradient, its lowest points and the window worth drawing.
Coordinates are on axis 0: `theta` may be one point `(2,)`, many points `(2, B)` or the grid of a
contour map `(2, H, W)`; the same line of code serves all three.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcourse import require

Pair = tuple[float, float]


@dataclass(frozen=True)
class Landscape:
    """A function of two parameters, its exact gradient, and where to look at it.

    Parameters:
        name : str – what people call it
        height : callable – (x, y) → value
        partials : callable – (x, y) → (∂/∂x, ∂/∂y)
        minimizers : pairs – the lowest points
        window : (x from, x to, y from, y to) – the part worth drawing
        start : pair – a point from which a descent is instructive
        character : str – one sentence: what it teaches

    Example:
        >>> hill = bowl()
        >>> float(hill([3.0, 4.0])), hill.gradient([3.0, 4.0])
        (12.5, array([3., 4.]))
    """

    name: str
    height: Callable
    partials: Callable
    minimizers: tuple[Pair, ...]
    window: tuple[float, float, float, float]
    start: Pair
    character: str

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Return the height at `theta`: shape `(2, ...)` → shape `(...)`."""
        return self.height(*coordinates(theta))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Return both partial derivatives at `theta`: shape `(2, ...)` → shape `(2, ...)`."""
        return np.array(self.partials(*coordinates(theta)))

    def grid(self, n: int = 121) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return x, y and height on an n × n grid over the window, ready for a contour map."""
        left, right, low, high = self.window
        x, y = np.meshgrid(np.linspace(left, right, n), np.linspace(low, high, n))
        return x, y, self.height(x, y)


def coordinates(theta: np.ndarray) -> np.ndarray:
    """Return `theta` as numbers with the two coordinates on axis 0, or say what is wrong."""
    if not isinstance(theta, np.ndarray) or theta.dtype.kind not in "fc":
        theta = require.numbers("theta", theta)
    if theta.ndim == 0 or theta.shape[0] != 2:
        raise ValueError(
            f"theta must hold two coordinates on axis 0, shape (2, ...), but its shape is "
            f"{theta.shape}; for a list of points pass its transpose."
        )
    return theta


def bowl() -> Landscape:
    """½(x² + y²): round, one minimum, the gradient points straight away from it."""
    return Landscape(
        "bowl",
        lambda x, y: 0.5 * (x * x + y * y),
        lambda x, y: (1.0 * x, 1.0 * y),
        minimizers=((0.0, 0.0),),
        window=(-3.0, 3.0, -3.0, 3.0),
        start=(-2.5, 2.0),
        character="Round: every descent arrow points at the minimum.",
    )


def ravine(condition: float = 25.0) -> Landscape:
    """½(x² + condition·y²): `condition` times steeper across than along.

    Example:
        >>> ravine(condition=4).gradient([1.0, 1.0])
        array([1., 4.])
    """
    k = float(require.positive("condition", condition, "1 is a round bowl, 25 a ravine"))
    return Landscape(
        "ravine",
        lambda x, y: 0.5 * (x * x + k * y * y),
        lambda x, y: (1.0 * x, k * y),
        minimizers=((0.0, 0.0),),
        window=(-3.0, 3.0, -2.0, 2.0),
        start=(-2.5, 1.5),
        character=f"{k:g} times steeper across than along: steps zigzag.",
    )


def saddle() -> Landscape:
    """½x² − ½y² + ⅛y⁴: flat in the middle, lower on both sides, at y = ±√2."""
    low = 2**0.5
    return Landscape(
        "saddle",
        lambda x, y: 0.5 * x * x - 0.5 * y * y + 0.125 * y * y * y * y,
        lambda x, y: (1.0 * x, -y + 0.5 * y * y * y),
        minimizers=((0.0, -low), (0.0, low)),
        window=(-2.5, 2.5, -2.5, 2.5),
        start=(-2.0, 0.01),
        character="The gradient is zero in the middle, and it is not a minimum.",
    )


def plateau() -> Landscape:
    """1 − 1 / (1 + x² + y²)²: a round pit in the middle, almost flat far out."""

    def height(x: float, y: float) -> float:
        s = 1 + x * x + y * y
        return 1 - 1 / (s * s)

    def partials(x: float, y: float) -> Pair:
        s = 1 + x * x + y * y
        slope = 4 / (s * s * s)
        return slope * x, slope * y

    return Landscape(
        "plateau",
        height,
        partials,
        minimizers=((0.0, 0.0),),
        window=(-3.0, 3.0, -3.0, 3.0),
        start=(-2.2, 1.6),
        character="Far out the slope nearly vanishes: steps become tiny.",
    )


def two_wells() -> Landscape:
    """¼(x² − 1)² + ⅛x + ½y²: two valleys, the left one deeper."""
    deepest, _, _ = np.sort(np.roots([1, 0, -1, 0.125]).real)
    return Landscape(
        "two wells",
        lambda x, y: 0.25 * (x * x - 1) * (x * x - 1) + 0.125 * x + 0.5 * y * y,
        lambda x, y: (x * x * x - x + 0.125, 1.0 * y),
        minimizers=((float(deepest), 0.0),),
        window=(-2.0, 2.0, -1.5, 1.5),
        start=(1.6, 1.0),
        character="Two valleys: where you start decides where you end.",
    )


def rosenbrock() -> Landscape:
    """(1 − x)² + 100(y − x²)²: a curved, narrow valley with an almost flat floor."""

    def partials(x: float, y: float) -> Pair:
        across = 200 * (y - x * x)
        return 2 * (x - 1) - 2 * x * across, across

    return Landscape(
        "Rosenbrock",
        lambda x, y: (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
        partials,
        minimizers=((1.0, 1.0),),
        window=(-2.0, 2.0, -1.0, 3.0),
        start=(-1.2, 1.0),
        character="Finding the valley is easy, following its bend is not.",
    )


def himmelblau() -> Landscape:
    """(x² + y − 11)² + (x + y² − 7)²: four equally deep minima."""

    def partials(x: float, y: float) -> Pair:
        a, b = x * x + y - 11, x + y * y - 7
        return 4 * x * a + 2 * b, 2 * a + 4 * y * b

    return Landscape(
        "Himmelblau",
        lambda x, y: (x * x + y - 11) * (x * x + y - 11) + (x + y * y - 7) * (x + y * y - 7),
        partials,
        minimizers=(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404),
        ),
        window=(-5.0, 5.0, -5.0, 5.0),
        start=(-0.5, -0.5),
        character="Four valleys of the same depth: a small nudge changes the winner.",
    )


def rastrigin() -> Landscape:
    """20 + x² + y² − 10 cos 2πx − 10 cos 2πy: a bowl full of dents."""
    turn = 2 * np.pi
    return Landscape(
        "Rastrigin",
        lambda x, y: 20 + x * x + y * y - 10 * np.cos(turn * x) - 10 * np.cos(turn * y),
        lambda x, y: (
            2 * x + 10 * turn * np.sin(turn * x),
            2 * y + 10 * turn * np.sin(turn * y),
        ),
        minimizers=((0.0, 0.0),),
        window=(-2.6, 2.6, -2.6, 2.6),
        start=(1.9, -1.2),
        character="A local minimum in every dent: the gradient sees only its own.",
    )


ALL = {
    make.__name__: make
    for make in (
        bowl,
        ravine,
        saddle,
        plateau,
        two_wells,
        rosenbrock,
        himmelblau,
        rastrigin,
    )
}


def get(name: str) -> Landscape:
    """Return a landscape by its function's name, as menus do.

    Example:
        >>> get("two_wells").name
        'two wells'
    """
    return ALL[require.one_of("name", name, ALL)]()
