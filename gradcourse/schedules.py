"""Schedules: how the learning rate changes while you descend.

Large steps cover ground, small steps settle. A schedule is called with the number of the step,
counted from 0, and returns the factor that multiplies the learning rate for that step:

    theta = theta - learning_rate * schedule(step) * gradient(theta)

`descend(..., schedule=Cosine(100))` does just that. Each takes one step or many, a list or an
array, so that `schedule(np.arange(100))` is the whole curve to draw. Lesson 03 compares them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from gradcourse import require


@dataclass(frozen=True)
class Constant:
    """The same factor at every step.

    Example:
        >>> Constant()(np.arange(3))
        array([1., 1., 1.])
    """

    factor: float = 1.0

    def __post_init__(self):
        require.positive("factor", self.factor)

    def __call__(self, step: ArrayLike) -> np.ndarray:
        """Return the factor at `step`, 0 for the first."""
        return self.factor + 0.0 * np.asarray(step)


@dataclass(frozen=True)
class StepDecay:
    """Multiply by `factor` once every `every` steps: factor^⌊step / every⌋. PyTorch's StepLR.

    Example:
        >>> StepDecay(every=2, factor=0.5)(np.arange(5))
        array([1.  , 1.  , 0.5 , 0.5 , 0.25])
    """

    every: int
    factor: float = 0.1

    def __post_init__(self):
        require.whole("every", self.every)
        require.positive("factor", self.factor)

    def __call__(self, step: ArrayLike) -> np.ndarray:
        """Return the factor at `step`, 0 for the first."""
        return float(self.factor) ** (np.asarray(step) // self.every)


@dataclass(frozen=True)
class Exponential:
    """Multiply by `factor` at every step: factor^step. PyTorch's ExponentialLR.

    The steps still to come have a finite sum: start too far away and you never arrive.

    Example:
        >>> Exponential(0.5)(np.arange(4))
        array([1.   , 0.5  , 0.25 , 0.125])
    """

    factor: float = 0.99

    def __post_init__(self):
        require.positive("factor", self.factor)

    def __call__(self, step: ArrayLike) -> np.ndarray:
        """Return the factor at `step`, 0 for the first."""
        return float(self.factor) ** np.asarray(step)


@dataclass(frozen=True)
class Cosine:
    """Half a wave from 1 down to `floor`, in `n_steps` steps; from there on, `floor`.

    floor + (1 − floor)(1 + cos(π step / n_steps)) / 2. PyTorch's CosineAnnealingLR, which climbs
    again after `n_steps` where we stay down.

    Example:
        >>> Cosine(n_steps=4)(np.arange(6)).round(3)
        array([1.   , 0.854, 0.5  , 0.146, 0.   , 0.   ])

    See:        Loshchilov and Hutter (2017)
    """

    n_steps: int
    floor: float = 0.0

    def __post_init__(self):
        require.whole("n_steps", self.n_steps)
        require.share("floor", self.floor)

    def __call__(self, step: ArrayLike) -> np.ndarray:
        """Return the factor at `step`, 0 for the first."""
        wave = np.cos(np.pi * np.minimum(step, self.n_steps) / self.n_steps)
        return self.floor + (1 - self.floor) * (1 + wave) / 2


@dataclass(frozen=True)
class WarmUp:
    """Rise in a straight line from `start` to 1 in `n_steps` steps, then follow `then`.

    `then` begins at its own step 0 when the rise is over. PyTorch's LinearLR followed, in a
    SequentialLR, by another schedule.

    Example:
        >>> WarmUp(n_steps=4, start=0.2, then=Exponential(0.5))(np.arange(7)).round(2)
        array([0.2 , 0.4 , 0.6 , 0.8 , 1.  , 0.5 , 0.25])

    See:        Goyal et al. (2017)
    """

    n_steps: int
    start: float = 0.1
    then: Callable = field(default_factory=Constant)

    def __post_init__(self):
        require.whole("n_steps", self.n_steps)
        require.positive("start", self.start, "at 0 the first step is lost")
        require.share("start", self.start)

    def __call__(self, step: ArrayLike) -> np.ndarray:
        """Return the factor at `step`, 0 for the first."""
        rise = self.start + (1 - self.start) * np.minimum(step, self.n_steps) / self.n_steps
        return rise * self.then(np.maximum(np.asarray(step) - self.n_steps, 0))
