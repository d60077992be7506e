"""Descent: repeat the step, keep the path, know when to stop.

`descend` is the loop that lesson 03 writes by hand: compute the gradient, let the optimizer turn
it into a step, look whether it is time to stop. It returns the whole way as a `Trajectory`, ready
to be drawn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from math import isfinite
from typing import Any

import numpy as np

from gradcourse import require
from gradcourse.differences import evaluate
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import Optimizer


@dataclass(frozen=True)
class Trajectory:
    """The path of a descent and the loss along it.

    Fields:
        path : (n_steps + 1, n) or (n_steps + 1, n, B) – parameters, the start first
        losses : (n_steps + 1,) or (n_steps + 1, B) – the loss at each of them
        stopped : str – why it ended, one sentence
    """

    path: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)
    stopped: str

    @property
    def n_steps(self) -> int:
        """How many steps were taken."""
        return len(self.path) - 1

    @property
    def final(self) -> np.ndarray:
        """The parameters at the end."""
        return self.path[-1]

    @property
    def diverged(self) -> bool:
        """Whether the loss ended above its start, or stopped being a number (any column)."""
        return bool(np.any(~(self.losses[-1] <= self.losses[0]))) or "finite" in self.stopped


def descend(
    f: Callable,
    gradient: Callable,
    start: np.ndarray,
    optimizer: Optimizer,
    n_steps: int = 100,
    *,
    schedule: Callable | None = None,
    gradient_tolerance: float | None = None,
    loss_tolerance: float | None = None,
) -> Trajectory:
    """Follow `optimizer` downhill from `start` and return the whole way.

    Three stopping rules: the step budget `n_steps`; a gradient shorter than
    `gradient_tolerance`; a step that changes the loss by less than `loss_tolerance`.
    Besides, the descent ends when a number stops being finite, and says so.

    Parameters:
        f : callable – the loss, (n,) → one number
        gradient : callable – its gradient, (n,) → (n,)
        start : (n,) or (n, B) – one point, or B of them side by side
        optimizer : a recipe from gradcourse.optimizers; for one start also one of
            gradcourse.curvature or gradcourse.constrained
        n_steps : int – at most this many steps
        schedule : callable – step → factor for learning_rate, see gradcourse.schedules
        gradient_tolerance, loss_tolerance : float – off by default; one point only

    Returns:    Trajectory – `.path`, `.losses`, `.stopped`

    Example:
        >>> from gradcourse.landscapes import bowl
        >>> from gradcourse.optimizers import GradientDescent
        >>> way = descend(bowl(), bowl().gradient, [2.0, 1.0], GradientDescent(0.5), n_steps=20)
        >>> way.final.round(5), way.stopped
        (array([0., 0.]), 'All 20 steps were taken.')

    See:        lesson 03
    """
    start = require.finite("start", start, "pass one finite number per parameter").astype(float)
    require.whole("n_steps", n_steps, least=0)
    if isinstance(optimizer, type) or not hasattr(optimizer, "step"):
        wanted = "a recipe from gradcourse.optimizers"
        raise TypeError(
            require.sentence("optimizer", wanted, optimizer, "try GradientDescent(0.1)")
        )
    if start.ndim > 1 and hasattr(optimizer, "whole_vector"):
        raise ValueError(
            f"{type(optimizer).__name__} mixes the coordinates of one start of shape (n,), but "
            f"start has the shape {start.shape}; descend from one start after the other."
        )
    if start.ndim > 1 and (gradient_tolerance or loss_tolerance):
        raise ValueError(
            f"A tolerance needs one start of shape (n,), but start has the shape {start.shape}; "
            "leave the tolerance out or descend from one start after the other."
        )
    reason_to_stop = _stopping_rules(f, gradient_tolerance, loss_tolerance)
    path, stopped = [], ""
    with np.errstate(all="ignore"):  # a diverging run overflows; it is reported in words
        try:
            for theta, grad, _ in _way(gradient, start, optimizer, schedule):
                path.append(theta)
                stopped = reason_to_stop(theta, grad)
                if stopped or len(path) > n_steps:
                    break
        except KeyboardInterrupt:
            stopped = "Interrupted"
        except OverflowError:  # plain floats raise where arrays answer inf
            stopped = "The gradient stopped being finite"
        return _trajectory(f, np.array(path or [start]), stopped)


def steps(
    gradient: Callable,
    theta: np.ndarray,
    optimizer: Optimizer,
    schedule: Callable | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray, Any]]:
    """Yield parameters, gradient and the optimizer's memory, for ever: the descent loop itself.

    Take as many steps as you need with `itertools.islice`, or leave the loop when you have seen
    enough.

    Parameters:
        gradient : callable – (n,) → (n,)
        theta : (n,) or (n, B) – where to begin
        optimizer : Optimizer – a recipe
        schedule : callable – step → factor for learning_rate, see gradcourse.schedules

    Example:
        >>> from itertools import islice
        >>> from gradcourse.optimizers import GradientDescent
        >>> way = steps(lambda theta: 2 * theta, np.array([8.0]), GradientDescent(0.25))
        >>> [float(theta[0]) for theta, grad, state in islice(way, 4)]
        [8.0, 4.0, 2.0, 1.0]

    See:        lesson 03
    """
    state = optimizer.init(theta)
    for step in count():
        theta = np.asarray(theta)
        theta.flags.writeable = False  # a gradient that changes its input fails here, not silently
        grad = np.asarray(gradient(theta))
        if grad.shape != theta.shape:
            raise ValueError(
                f"gradient must return theta's shape {theta.shape}, but it returned {grad.shape}; "
                "one partial derivative per parameter."
            )
        yield theta, grad, state
        moved, state = optimizer.step(theta, grad, state)
        # every recipe's step is proportional to its learning rate, so a factor scales the step
        theta = theta + schedule(step) * (moved - theta) if schedule else moved


def _way(
    gradient: Callable, theta: np.ndarray, optimizer: Optimizer, schedule: Callable | None
) -> Iterator[tuple]:
    """Return the steps by the quickest way there is: plain floats, where they give the same."""
    landscape = getattr(gradient, "__self__", None)
    one_rate = np.ndim(optimizer.learning_rate) == 0 and not schedule
    by_coordinate = one_rate and not getattr(optimizer, "whole_vector", False)
    if by_coordinate and type(landscape) is Landscape and theta.shape == (2,):
        return _steps_on_floats(landscape.partials, theta.tolist(), optimizer)
    return steps(gradient, theta, optimizer, schedule)


def _steps_on_floats(
    partials: Callable, theta: list[float], optimizer: Optimizer
) -> Iterator[tuple[tuple, tuple, tuple]]:
    """The same steps for one point on a landscape, some five times faster.

    Recipes work element by element, so each coordinate may have a memory of its own, and plain
    floats spare numpy's fixed cost per call.
    """
    (x, y), step = theta, optimizer.step
    memory_x, memory_y = optimizer.init(x), optimizer.init(y)
    while True:
        dx, dy = grad = partials(x, y)
        yield (x, y), grad, (memory_x, memory_y)
        x, memory_x = step(x, dx, memory_x)
        y, memory_y = step(y, dy, memory_y)


def _stopping_rules(f: Callable, gradient_tolerance: float | None, loss_tolerance: float | None):
    """Return a function (theta, grad) → reason to stop, or an empty string."""
    for name, value in {
        "gradient_tolerance": gradient_tolerance,
        "loss_tolerance": loss_tolerance,
    }.items():
        if value is not None:
            require.positive(name, value, "leave it out to take every step")
    last_loss = np.inf

    def reason_to_stop(theta: np.ndarray, grad: np.ndarray) -> str:
        nonlocal last_loss
        if not _any_finite(theta):
            return "The parameters stopped being finite"
        if gradient_tolerance and np.linalg.norm(grad) < gradient_tolerance:
            return f"The gradient is shorter than {gradient_tolerance:g}"
        if loss_tolerance:
            loss = f(np.array(theta))
            change, last_loss = abs(last_loss - loss), loss
            if change < loss_tolerance:
                return f"The loss changed by less than {loss_tolerance:g}"
        return ""

    return reason_to_stop


def _any_finite(theta: tuple | np.ndarray) -> bool:
    """Whether there is still something to follow; in a batch, one column is enough."""
    if isinstance(theta, tuple):
        return isfinite(theta[0]) and isfinite(theta[1])
    finite = np.isfinite(theta)
    return bool(finite.all() if theta.ndim == 1 else finite.any())


def _trajectory(f: Callable, path: np.ndarray, stopped: str) -> Trajectory:
    """Add the losses, all in one call if f can, and cut off what is no longer a number."""
    columns = np.moveaxis(path, 1, 0) if path.ndim > 1 else path[None]
    losses = evaluate(f, columns.reshape(len(columns), -1)).reshape(len(path), *path.shape[2:])
    if losses.ndim == 1 and not np.isfinite(losses).all():
        finite = max(1, int(np.argmin(np.isfinite(losses))))  # the start stays, whatever it is
        path, losses, stopped = path[:finite], losses[:finite], "The loss stopped being finite"
    n_steps = len(path) - 1
    if not stopped:
        return Trajectory(path, losses, f"All {n_steps} steps were taken.")
    return Trajectory(path, losses, f"{stopped} after {n_steps} step{'s' * (n_steps != 1)}.")
