"""Optimizers: what to do with a gradient once you have it.

An optimizer is a recipe; what it remembers between steps is a value handed in and out. `init`
makes the memory, `step` takes parameters, gradient and memory and returns new parameters and new
memory. Nothing is changed in place, so a cell that is run twice gives the same picture twice.

The recipes are plain arithmetic, element by element: they work on a single float, on an array of
any shape, and with a column of learning rates that tries many settings at once. Their conventions
are PyTorch's, and so are their numbers. Lesson 03 uses the first one, lesson 05 explains the rest.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from gradcourse import require

# A number, a parameter vector or a batch of them: whatever adds and multiplies.
Array = Any
# One number, or one for each column of a batch.
Rate = float | np.ndarray
# What a recipe remembers: only the recipe itself looks inside.
State = TypeVar("State")


# Why: docs/decisions.md#one-recipe-protocol-for-all-methods
class Optimizer(Protocol[State]):
    """What every recipe of the course offers, and all that `descend` asks of it.

    `init` makes the memory before the first step; `step` turns parameters, gradient and memory
    into new parameters and new memory, and changes none of them. A step is proportional to
    `learning_rate`.
    """

    @property
    def learning_rate(self) -> Rate:
        """The factor of every step."""

    @property
    def whole_vector(self) -> bool:
        """Whether a step mixes the coordinates, as Newton's does: then one start at a time."""

    def init(self, theta: Array) -> State:
        """Return the memory before the first step."""

    def step(self, theta: Array, grad: Array, state: State) -> tuple[Array, State]:
        """Return the parameters and the memory after one step."""


@dataclass(frozen=True)
class GradientDescent:
    """Step against the gradient: θ ← θ − η ∇L(θ). Nothing to remember.

    Parameters:
        learning_rate : float or array – η, the step per unit of gradient, above 0

    Example:
        >>> optimizer = GradientDescent(learning_rate=0.1)
        >>> theta, state = optimizer.step(3.0, grad=6.0, state=optimizer.init(3.0))
        >>> round(theta, 6)
        2.4

    See:        lesson 03; Cauchy (1847)
    """

    learning_rate: Rate = 0.1
    whole_vector = False

    def __post_init__(self):
        _check_rate(self.learning_rate)

    def init(self, theta: Array) -> tuple:
        """Return the memory before the first step."""
        return ()

    def step(self, theta: Array, grad: Array, state: tuple) -> tuple[Array, tuple]:
        """Return the parameters and the memory after one step."""
        return theta - self.learning_rate * grad, state


class MomentumState(NamedTuple):
    """What Momentum remembers: a running, decaying sum of gradients."""

    velocity: Array


@dataclass(frozen=True)
class Momentum:
    """Let the steps gather speed: v ← μ v + ∇L, θ ← θ − η v.

    Along a ravine the gradients agree and add up; across it they cancel.
    Nesterov's variant steps along ∇L + μ v, the velocity one step ahead.

    Parameters:
        learning_rate : float or array – η, above 0
        momentum : float – μ, 0 ≤ μ < 1, how much of the last velocity is kept
        nesterov : bool – look one step ahead

    Example:
        >>> optimizer = Momentum(learning_rate=0.1, momentum=0.9)
        >>> theta, state = optimizer.step(3.0, grad=6.0, state=optimizer.init(3.0))
        >>> theta, state = optimizer.step(theta, grad=4.8, state=state)
        >>> round(theta, 6), round(state.velocity, 6)
        (1.38, 10.2)

    See:        lesson 05; Polyak (1964); Nesterov (1983); Sutskever et al. (2013)
    """

    learning_rate: Rate = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    whole_vector = False

    def __post_init__(self):
        _check_rate(self.learning_rate)
        _check_memory("momentum", self.momentum)

    def init(self, theta: Array) -> MomentumState:
        """Return the memory before the first step: no velocity."""
        return MomentumState(velocity=0.0 * theta)

    def step(self, theta: Array, grad: Array, state: MomentumState) -> tuple[Array, MomentumState]:
        """Return the parameters and the memory after one step."""
        velocity = self.momentum * state.velocity + grad
        direction = grad + self.momentum * velocity if self.nesterov else velocity
        return theta - self.learning_rate * direction, MomentumState(velocity)


class AdaGradState(NamedTuple):
    """What AdaGrad remembers: the sum of all squared gradients so far."""

    square_sum: Array


@dataclass(frozen=True)
class AdaGrad:
    """Give each parameter its own rate, smaller the more it has been pushed.

    s ← s + (∇L)², θ ← θ − η ∇L / (√s + ε).

    Parameters:
        learning_rate : float or array – η, above 0
        eps : float – ε, keeps the first division finite; outside the root, as in PyTorch

    Example:
        >>> optimizer = AdaGrad(learning_rate=0.5)
        >>> theta, state = optimizer.step(3.0, grad=600.0, state=optimizer.init(3.0))
        >>> round(theta, 6)  # the first step is η, however large the gradient
        2.5

    See:        lesson 05; Duchi, Hazan, Singer (2011)
    """

    learning_rate: Rate = 0.01
    eps: float = 1e-10
    whole_vector = False

    def __post_init__(self):
        _check_rate(self.learning_rate)
        require.not_negative("eps", self.eps, "try 1e-10")

    def init(self, theta: Array) -> AdaGradState:
        """Return the memory before the first step: nothing summed."""
        return AdaGradState(square_sum=0.0 * theta)

    def step(self, theta: Array, grad: Array, state: AdaGradState) -> tuple[Array, AdaGradState]:
        """Return the parameters and the memory after one step."""
        square_sum = state.square_sum + grad * grad
        return (
            theta - self.learning_rate * grad / (square_sum**0.5 + self.eps),
            AdaGradState(square_sum),
        )


class RMSPropState(NamedTuple):
    """What RMSProp remembers: a running mean of squared gradients."""

    mean_square: Array


@dataclass(frozen=True)
class RMSProp:
    """Divide by the recent size of the gradient: AdaGrad that can forget.

    s ← ρ s + (1 − ρ)(∇L)², θ ← θ − η ∇L / (√s + ε).

    Parameters:
        learning_rate : float or array – η, above 0
        decay : float – ρ, 0 ≤ ρ < 1, how slowly old squares fade
        eps : float – ε, keeps the division finite

    Example:
        >>> optimizer = RMSProp(learning_rate=0.1, decay=0.75)
        >>> theta, state = optimizer.step(3.0, grad=6.0, state=optimizer.init(3.0))
        >>> round(theta, 6), state.mean_square
        (2.8, 9.0)

    See:        lesson 05; Tieleman and Hinton (2012)
    """

    learning_rate: Rate = 0.01
    decay: float = 0.99
    eps: float = 1e-8
    whole_vector = False

    def __post_init__(self):
        _check_rate(self.learning_rate)
        _check_memory("decay", self.decay)
        require.not_negative("eps", self.eps, "try 1e-8")

    def init(self, theta: Array) -> RMSPropState:
        """Return the memory before the first step: mean square zero."""
        return RMSPropState(mean_square=0.0 * theta)

    def step(self, theta: Array, grad: Array, state: RMSPropState) -> tuple[Array, RMSPropState]:
        """Return the parameters and the memory after one step."""
        mean_square = self.decay * state.mean_square + (1 - self.decay) * grad * grad
        return (
            theta - self.learning_rate * grad / (mean_square**0.5 + self.eps),
            RMSPropState(mean_square),
        )


class AdamState(NamedTuple):
    """What Adam remembers: the step count and two running means."""

    t: int
    m: Array
    v: Array


@dataclass(frozen=True)
class Adam:
    """Momentum's direction divided by RMSProp's size, both corrected for starting at zero.

    m ← β₁ m + (1 − β₁) ∇L, v ← β₂ v + (1 − β₂)(∇L)²,
    m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), θ ← θ − η m̂ / (√v̂ + ε).

    Parameters:
        learning_rate : float or array – η, above 0
        beta1, beta2 : float – 0 ≤ β < 1, how slowly the two means forget
        eps : float – ε, keeps the division finite
        bias_correction : bool – False leaves m and v as they are, to see what the hats are for

    Example:
        >>> optimizer = Adam(learning_rate=0.1)
        >>> theta, state = optimizer.step(3.0, grad=600.0, state=optimizer.init(3.0))
        >>> round(theta, 6)  # the first step is η, however large the gradient
        2.9

    See:        lesson 05; Kingma and Ba (2015)
    """

    learning_rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    bias_correction: bool = True
    whole_vector = False

    def __post_init__(self):
        _check_rate(self.learning_rate)
        _check_memory("beta1", self.beta1)
        _check_memory("beta2", self.beta2)
        require.not_negative("eps", self.eps, "try 1e-8")

    def init(self, theta: Array) -> AdamState:
        """Return the memory before the first step: both means zero."""
        return AdamState(t=0, m=0.0 * theta, v=0.0 * theta)

    def step(self, theta: Array, grad: Array, state: AdamState) -> tuple[Array, AdamState]:
        """Return the parameters and the memory after one step."""
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * grad
        v = self.beta2 * state.v + (1 - self.beta2) * grad * grad
        rate, v_hat = self.learning_rate, v
        if self.bias_correction:  # the hat of m̂ sits on the rate: one number, not a vector
            rate, v_hat = rate / (1 - self.beta1**t), v / (1 - self.beta2**t)
        return theta - rate * m / (v_hat**0.5 + self.eps), AdamState(t, m, v)


BY_COORDINATE = (GradientDescent, Momentum, AdaGrad, RMSProp, Adam)


def works_by_coordinate(optimizer: Optimizer) -> bool:
    """Whether a step may be taken coordinate by coordinate, each with a memory of its own.

    Only the recipes above are known to allow it. One of your own, even if it inherits from them,
    may look at the whole gradient, for instance to clip its length.
    """
    return type(optimizer) in BY_COORDINATE and np.ndim(optimizer.learning_rate) == 0


def _check_rate(rate: Rate) -> None:
    if not (require.real("learning_rate", rate, "try 0.1") > 0).all():
        raise ValueError(
            f"learning_rate must be above 0, but it is {rate}; "
            "a minus sign would climb instead of descend, try 0.1."
        )


def _check_memory(name: str, value: float) -> None:
    """At 1 nothing would ever be forgotten, and nothing new taken in."""
    require.share(name, value, "try 0.9", below_1=True)
