"""Curvature: steps that know how the slope changes.

All methods here do one thing: they put a quadratic bowl with a matrix B in the place of the loss,
m(d) = L + ∇L·d + ½ d·B d, and step to its lowest point, d = −B⁻¹∇L. They differ in B alone: the
Hessian for Newton, a guess learned from the last steps for BFGS, the Fisher matrix for the natural
gradient; plain descent takes I/η. Lesson 06 shows the bowls.

The recipes fit into `descend` like those of gradcourse.optimizers, for one point of shape (n,).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcourse import require


def numerical_hessian(gradient: Callable, theta: np.ndarray, h: float | None = None) -> np.ndarray:
    """Return the second derivatives at `theta`, by central differences of the gradient.

    Column j is (∇L(θ + h eⱼ) − ∇L(θ − h eⱼ)) / 2h; the two halves of the matrix, which differ by
    rounding alone, are averaged.

    Parameters: gradient : callable – (n,) → (n,)
                theta : (n,) – where
                h : float – the step, by default ∛ε · max(1, |θⱼ|)
    Returns:    (n, n) – symmetric
    Raises:     ValueError – theta is no vector or not finite, h not above 0 or lost in rounding, or
                    the gradient has another shape

    Example:
        >>> numerical_hessian(lambda t: np.array([2 * t[0] * t[1], t[0] ** 2]), [1, 3]).round(6)
        array([[6., 2.],
               [2., 0.]])

    See:        lesson 06
    """
    require.function("gradient", gradient)
    theta = require.vector("theta", require.real("theta", theta)).astype(float)
    steps = np.cbrt(np.finfo(float).eps) * np.maximum(1.0, np.abs(theta))
    if h is not None:
        steps[:] = require.positive("h", h, "leave it out for a good one")
    if np.any((theta + steps == theta) | (theta - steps == theta)):
        remedy = "rounding would swallow it; leave it out for a good one"
        raise ValueError(require.sentence("h", "large enough to move theta", h, remedy))
    columns = []
    for step, move in zip(steps, np.diag(steps), strict=True):
        ahead = require.gradient(gradient(theta + move), theta.shape)
        behind = require.gradient(gradient(theta - move), theta.shape)
        columns.append(np.subtract(ahead, behind, dtype=float) / (2 * step))
    return (np.array(columns) + np.transpose(columns)) / 2


def condition_number(hessian: np.ndarray) -> float:
    """Return the largest curvature over the smallest, of all directions, without their signs.

    Example:
        >>> condition_number([[1, 0], [0, 25]])
        25.0

    See:        lesson 06
    """
    hessian = require.real("hessian", hessian)
    if hessian.ndim != 2 or not _symmetric(hessian):
        raise ValueError(
            f"hessian must be a symmetric matrix (n, n), but it is {hessian.tolist()!r:.60}; "
            "second derivatives do not ask for the order."
        )
    curvatures = np.abs(np.linalg.eigvalsh(hessian))
    if curvatures.min() == 0:
        return float("inf")
    return float(curvatures.max() / curvatures.min())


def _symmetric(matrix: np.ndarray) -> bool:
    """Whether a matrix is its own transpose, up to a millionth of its largest entry."""
    if matrix.shape != matrix.T.shape:
        return False
    return bool(np.abs(matrix - matrix.T).max() <= 1e-6 * np.abs(matrix).max())


def _square(name: str, value: np.ndarray, n: int) -> np.ndarray:
    matrix = require.real(name, value, f"return an array ({n}, {n}) of finite numbers")
    if matrix.shape != (n, n):
        raise ValueError(
            f"{name} must have the shape ({n}, {n}), but its shape is {matrix.shape}; one row and "
            "one column per parameter."
        )
    return matrix


def solve_damped(B: np.ndarray, grad: np.ndarray, damping: float = 0.0) -> np.ndarray:
    """Return the step to the lowest point of the bowl: −(B + damping · I)⁻¹ ∇L.

    Damping adds curvature in every direction: the more, the shorter the step, and the closer to
    plain descent with η = 1 / damping. Where the matrix cannot be inverted, the shortest step that
    solves what can be solved is returned.

    Example:
        >>> solve_damped(np.diag([1.0, 25.0]), np.array([1.0, 25.0]))
        array([-1., -1.])
    """
    B = B + damping * np.eye(len(grad))
    try:
        return -np.linalg.solve(B, grad)
    except np.linalg.LinAlgError:
        return -np.linalg.lstsq(B, grad, rcond=None)[0]


def backtrack(
    f: Callable, theta: np.ndarray, grad: np.ndarray, step: np.ndarray, halvings: int = 40
) -> np.ndarray:
    """Halve `step` until the loss falls by enough: by 10⁻⁴ of what the slope promises (Armijo).

    Parameters: f : callable – the loss, (n,) → one number
                theta, grad, step : (n,) – where, the gradient there, the step proposed
                halvings : int – after so many the step is given up
    Returns:    (n,) – the shortened step, or zeros if no length helps

    Example:
        >>> backtrack(lambda t: t @ t, np.array([1.0]), np.array([2.0]), np.array([-8.0]))
        array([-1.])

    See:        lesson 06; Nocedal and Wright, Numerical Optimization (2006), chapter 3
    """
    here, promised = f(theta), 1e-4 * (grad @ step)
    for halving in range(halvings if promised < 0 else 0):
        share = 0.5**halving
        if f(theta + share * step) <= here + share * promised:
            return share * step
    return np.zeros_like(step)


@dataclass(frozen=True)
class Newton:
    """Step to the lowest point of the loss's own quadratic model: θ ← θ − η (H + λI)⁻¹ ∇L.

    Parameters:
        hessian : callable – θ (n,) → (n, n), the second derivatives
        damping : float – λ ≥ 0; above the most negative curvature, every step goes downhill
        f : callable – the loss; if given, steps are shortened until it falls (`backtrack`)
        learning_rate : float – η, 1 for the full step

    Example:
        >>> newton = Newton(hessian=lambda theta: np.diag([1.0, 25.0]))
        >>> theta, _ = newton.step(np.array([3.0, 2.0]), grad=np.array([3.0, 50.0]), state=())
        >>> theta
        array([0., 0.])

    See:        lesson 06
    """

    hessian: Callable
    damping: float = 0.0
    f: Callable | None = None
    learning_rate: float = 1.0
    whole_vector = True  # a step mixes the coordinates, so they cannot be walked one by one

    def __post_init__(self):
        require.function("hessian", self.hessian, "a function of theta that returns the matrix")
        if self.f is not None:
            require.function("f", self.f)
        require.positive("learning_rate", self.learning_rate, "1 is the full step")
        require.not_negative("damping", self.damping, "0 is the pure method")

    def init(self, theta: np.ndarray) -> tuple:
        """Return the memory before the first step: none."""
        require.vector("theta", theta)
        return ()

    def step(self, theta: np.ndarray, grad: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
        """Return the parameters and the memory after one step."""
        matrix = _square("hessian(theta)", self.hessian(theta), len(grad))
        step = self.learning_rate * solve_damped(matrix, grad, self.damping)
        if self.f:
            step = backtrack(self.f, theta, grad, step)
        return theta + step, state


@dataclass(frozen=True)
class NaturalGradient:
    """Newton's step with the Fisher matrix for the Hessian: θ ← θ − η (F + λI)⁻¹ ∇L.

    F measures how much the model's *predictions* change with θ, whatever the data say. It has no
    negative curvature, and the direction does not depend on how the parameters are written.

    Parameters:
        fisher : callable – θ (n,) → (n, n)
        damping, f, learning_rate : as for Newton

    Example:
        >>> natural = NaturalGradient(fisher=lambda theta: np.diag([4.0, 8.0]), learning_rate=0.5)
        >>> natural.step(np.array([1.0, 1.0]), grad=np.array([4.0, 8.0]), state=())[0]
        array([0.5, 0.5])

    See:        lesson 06; Amari, Natural Gradient Works Efficiently in Learning (1998)
    """

    fisher: Callable
    damping: float = 0.0
    f: Callable | None = None
    learning_rate: float = 1.0
    whole_vector = True

    def __post_init__(self):
        require.function("fisher", self.fisher, "a function of theta that returns the matrix")
        if self.f is not None:
            require.function("f", self.f)
        require.positive("learning_rate", self.learning_rate, "1 is the full step")
        require.not_negative("damping", self.damping, "0 is the pure method")

    def init(self, theta: np.ndarray) -> tuple:
        """Return the memory before the first step: none."""
        require.vector("theta", theta)
        return ()

    def step(self, theta: np.ndarray, grad: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
        """Return the parameters and the memory after one step."""
        matrix = _square("fisher(theta)", self.fisher(theta), len(grad))
        newton = Newton(lambda theta: matrix, self.damping, self.f, self.learning_rate)
        return newton.step(theta, grad, state)


class BFGSState(NamedTuple):
    """What BFGS remembers: its guess of the inverse Hessian, and the last place and gradient."""

    inverse: np.ndarray
    theta: np.ndarray | None = None
    grad: np.ndarray | None = None


@dataclass(frozen=True)
class BFGS:
    """Learn the curvature from the way the gradient changes: θ ← θ − C ∇L, C ≈ H⁻¹.

    The guess begins with I and is mended after every step by `bfgs_update`; no second derivative
    is ever computed. Steps are shortened by `backtrack`.

    Parameters:
        f : callable – the loss, (n,) → one number
        learning_rate : float – η, 1 for the full step

    Example:
        >>> optimizer = BFGS(lambda theta: float(theta @ theta))
        >>> theta = np.array([3.0])
        >>> theta, state = optimizer.step(theta, 2 * theta, optimizer.init(theta))
        >>> theta, state = optimizer.step(theta, 2 * theta, state)
        >>> theta, state.inverse  # two points of a parabola give its curvature 2 exactly
        (array([0.]), array([[0.5]]))

    See:        lesson 06; Nocedal and Wright, Numerical Optimization (2006), chapter 6
    """

    f: Callable
    learning_rate: float = 1.0
    whole_vector = True

    def __post_init__(self):
        require.function("f", self.f, "the loss, which shortens the steps")
        require.positive("learning_rate", self.learning_rate, "1 is the full step")

    def init(self, theta: np.ndarray) -> BFGSState:
        """Return the memory before the first step: a round bowl."""
        require.vector("theta", theta)
        return BFGSState(np.eye(len(theta)))

    def step(
        self, theta: np.ndarray, grad: np.ndarray, state: BFGSState
    ) -> tuple[np.ndarray, BFGSState]:
        """Return the parameters and the memory after one step."""
        inverse = state.inverse
        if state.theta is not None:
            inverse = bfgs_update(inverse, theta - state.theta, grad - state.grad)
        step = backtrack(self.f, theta, grad, -self.learning_rate * inverse @ grad)
        return theta + step, BFGSState(inverse, theta, grad)


def bfgs_update(inverse: np.ndarray, s: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the inverse Hessian, mended so that it explains the last step: C y = s.

    Of all symmetric matrices that do, it is the closest to the old one (in a suitable norm). A
    step along which the slope did not grow, y·s ≤ 0, would make it useless and is passed over.

    Parameters: inverse : (n, n) – C, the guess so far, symmetric
                s, y : (n,) – the last step, and how it changed the gradient
    Returns:    (n, n) – symmetric, positive definite if C is

    Example:
        >>> C = bfgs_update(np.eye(2), s=np.array([1.0, 0.0]), y=np.array([4.0, 0.0]))
        >>> C
        array([[0.25, 0.  ],
               [0.  , 1.  ]])

    See:        lesson 06
    """
    slope_growth = y @ s
    if slope_growth <= 1e-12 * np.sqrt((s @ s) * (y @ y)):
        return inverse
    away = np.eye(len(s)) - np.outer(s, y) / slope_growth
    return away @ inverse @ away.T + np.outer(s, s) / slope_growth
