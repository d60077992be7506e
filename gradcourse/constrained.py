"""Constraints: descend, but stay inside.

Two ways to respect a feasible set. *Projection* steps where the gradient says and comes back to
the nearest point of the set. The *conditional gradient* (Frank–Wolfe) never leaves: it asks which
corner of the set lies farthest downhill and walks toward it. A set therefore needs two abilities,
`project` and `vertex`; the simplex and the L1 ball have both in a few lines.

A price per unit of size, instead of a limit, is the lasso: `ProximalGradient` pays it after every
step. The recipes fit into `descend`, for one point of shape (n,). Lessons 06 and 09 draw them.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from gradcourse import require


class FeasibleSet(Protocol):
    """What the methods below ask of a set; one of your own needs no more."""

    def project(self, w: np.ndarray) -> np.ndarray:
        """Return the nearest point of the set."""

    def vertex(self, grad: np.ndarray) -> np.ndarray:
        """Return the corner farthest downhill."""

    def contains(self, w: np.ndarray) -> bool:
        """Whether w lies in the set, up to rounding."""


@dataclass(frozen=True)
class Simplex:
    """All w with no negative entry and a fixed sum: shares, mixtures, probabilities.

    Parameters: total : float – the sum, above 0

    Example:
        >>> shares = Simplex()
        >>> shares.project([0.9, 0.7, -0.4]), shares.vertex(np.array([3.0, -1.0, 0.0]))
        (array([0.6, 0.4, 0. ]), array([0., 1., 0.]))

    See:        lesson 06; Duchi et al., Efficient Projections onto the l1-Ball (2008)
    """

    total: float = 1.0

    def __post_init__(self):
        require.positive("total", self.total)

    def project(self, w: np.ndarray) -> np.ndarray:
        """Return the nearest point of the set: lower all entries alike, cut off at 0."""
        w = require.vector("w", require.real("w", w))
        down = np.sort(w)[::-1]
        # by how much to lower the k largest entries, if only they are kept; k = 1, 2, ...
        excess = (np.cumsum(down) - self.total) / np.arange(1, len(w) + 1)
        n_positive = np.count_nonzero(down > excess)
        return np.maximum(w - excess[n_positive - 1], 0.0)

    def vertex(self, grad: np.ndarray) -> np.ndarray:
        """Return the corner farthest downhill: everything on the entry with the least slope."""
        corner = np.zeros(len(grad))
        corner[np.argmin(grad)] = self.total
        return corner

    def contains(self, w: np.ndarray) -> bool:
        """Whether w lies in the set, up to rounding."""
        none_below_0 = np.min(w) >= -1e-9 * self.total
        return bool(none_below_0 and np.isclose(np.sum(w), self.total))


@dataclass(frozen=True)
class L1Ball:
    """All w whose absolute values sum to at most `radius`: it has corners where weights are 0.

    Parameters: radius : float – above 0

    Example:
        >>> diamond = L1Ball(radius=1.0)
        >>> diamond.project([0.9, -0.5]), diamond.vertex(np.array([2.0, -3.0]))
        (array([ 0.7, -0.3]), array([0., 1.]))

    See:        lesson 06; Tibshirani, Regression Shrinkage and Selection via the Lasso (1996)
    """

    radius: float = 1.0

    def __post_init__(self):
        require.positive("radius", self.radius)

    def project(self, w: np.ndarray) -> np.ndarray:
        """Return the nearest point of the set: that of the simplex, with the signs put back."""
        w = require.vector("w", require.real("w", w))
        if np.abs(w).sum() <= self.radius:
            return w.astype(float)
        sizes = Simplex(self.radius).project(np.abs(w))
        return np.sign(w) * sizes

    def vertex(self, grad: np.ndarray) -> np.ndarray:
        """Return the corner farthest downhill: against the steepest entry."""
        corner = np.zeros(len(grad))
        steepest = np.argmax(np.abs(grad))
        corner[steepest] = -self.radius * np.sign(grad[steepest])
        return corner

    def contains(self, w: np.ndarray) -> bool:
        """Whether w lies in the set, up to rounding."""
        return bool(np.abs(w).sum() <= self.radius * (1 + 1e-9))


@dataclass(frozen=True)
class ProjectedGradient:
    """Step against the gradient, then come back to the nearest allowed point.

    Parameters:
        feasible : a set with `project`, such as Simplex or L1Ball
        learning_rate : float – η, above 0

    Example:
        >>> optimizer = ProjectedGradient(L1Ball(1.0), learning_rate=0.5)
        >>> optimizer.step(np.array([1.0, 0.0]), grad=np.array([-2.0, -1.0]), state=())[0]
        array([1., 0.])

    See:        lesson 06
    """

    feasible: FeasibleSet
    learning_rate: float = 0.1
    whole_vector = True
    stays_inside = True  # a schedule above 1 would lead out of the set

    def __post_init__(self):
        require.positive("learning_rate", self.learning_rate)

    def init(self, theta: np.ndarray) -> tuple:
        """Return the memory before the first step: none."""
        return ()

    def step(self, theta: np.ndarray, grad: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
        """Return the parameters and the memory after one step."""
        return self.feasible.project(theta - self.learning_rate * grad), state


class StepCount(NamedTuple):
    """What ConditionalGradient remembers: how many steps it has taken."""

    taken: int


@dataclass(frozen=True)
class ConditionalGradient:
    """Walk toward the corner farthest downhill: θ ← θ + γ (corner − θ), γ = 2 / (step + 2).

    Also called Frank–Wolfe. It never leaves the set, needs no projection, and after k steps mixes
    at most k + 1 corners.

    Parameters:
        feasible : a set with `vertex`, such as Simplex or L1Ball
        learning_rate : float – a factor for γ, above 0 and at most 1: beyond, a step would leave
            the set

    Example:
        >>> optimizer, theta = ConditionalGradient(L1Ball(1.0)), np.zeros(2)
        >>> optimizer.step(theta, grad=np.array([-2.0, -1.0]), state=optimizer.init(theta))
        (array([1., 0.]), StepCount(taken=1))

    See:        lesson 06; Frank and Wolfe (1956); Jaggi, Revisiting Frank–Wolfe (2013)
    """

    feasible: FeasibleSet
    learning_rate: float = 1.0
    whole_vector = True
    stays_inside = True  # a schedule above 1 would lead out of the set

    def __post_init__(self):
        require.positive("learning_rate", self.learning_rate)
        require.share("learning_rate", self.learning_rate, "a longer step leaves the set")

    def init(self, theta: np.ndarray) -> StepCount:
        """Return the memory before the first step; the start must lie in the set."""
        require.vector("theta", theta)
        if not self.feasible.contains(theta):
            raise ValueError(
                f"start must lie in {self.feasible}, but it is {theta}; project it first."
            )
        return StepCount(0)

    def step(
        self, theta: np.ndarray, grad: np.ndarray, state: StepCount
    ) -> tuple[np.ndarray, StepCount]:
        """Return the parameters and the memory after one step."""
        share = self.learning_rate * 2 / (state.taken + 2)
        corner = self.feasible.vertex(grad)
        return theta + share * (corner - theta), StepCount(state.taken + 1)


@dataclass(frozen=True)
class ProximalGradient:
    """Step against the gradient of the loss, then pull every parameter toward 0: the lasso.

    Minimizes L(θ) + l1 · Σ |θ|; the gradient is that of L alone. Also called ISTA.

    Parameters:
        l1 : float or (n,) – the price per unit of size, 0 or more; 0 for an intercept
        learning_rate : float – η, above 0

    Example:
        >>> optimizer = ProximalGradient(l1=1.0, learning_rate=0.5)
        >>> optimizer.step(np.array([2.0, 0.1]), grad=np.array([1.0, 0.0]), state=())[0]
        array([1., 0.])

    See:        lesson 09; Tibshirani (1996); Daubechies, Defrise and De Mol (2004)
    """

    l1: float | np.ndarray
    learning_rate: float = 0.1
    whole_vector = True

    def __post_init__(self):
        require.positive("learning_rate", self.learning_rate)
        if np.min(require.real("l1", self.l1)) < 0:
            raise ValueError(f"l1 must be 0 or more, but it is {self.l1}; a price below 0 pays.")

    def init(self, theta: np.ndarray) -> tuple:
        """Return the memory before the first step: none."""
        return ()

    def step(self, theta: np.ndarray, grad: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
        """Return the parameters and the memory after one step."""
        moved = theta - self.learning_rate * grad
        return soft_threshold(moved, self.learning_rate * self.l1), state


def soft_threshold(theta: np.ndarray, amount: float | np.ndarray) -> np.ndarray:
    """Move every entry toward 0 by `amount`, and stop there.

    It solves min ½ (w − θ)² + amount · |w|, entry by entry.

    Example:
        >>> soft_threshold(np.array([3.0, -0.5, -2.0]), 1.0)
        array([ 2., -0., -1.])

    See:        lesson 09
    """
    size = np.maximum(np.abs(theta) - amount, 0.0)
    return np.sign(theta) * size


def duality_gap(feasible: FeasibleSet, theta: np.ndarray, grad: np.ndarray) -> float:
    """Return ∇L·(θ − corner): for a convex loss, at most so much lower is the best allowed point.

    A certificate that costs nothing: the corner is known already. It is 0 at the best point only.

    Example:
        >>> duality_gap(L1Ball(1.0), theta=np.array([1.0, 0.0]), grad=np.array([-2.0, -1.0]))
        0.0

    See:        lesson 06
    """
    corner = feasible.vertex(grad)
    return float(grad @ (theta - corner))
