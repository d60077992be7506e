"""Descent: repeat the step, keep the path, know when to stop.

`descend` is the loop that lesson 03 writes by hand: compute the gradient, let the optimizer turn
it into a step, look whether it is time to stop. It returns the whole way as a `Trajectory`, ready
to be drawn.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, islice
from types import MethodType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gradcourse import require
from gradcourse.differences import evaluate
from gradcourse.landscapes import Landscape
from gradcourse.optimizers import Optimizer, State, works_by_coordinate

BROKEN = "stopped being finite"
# While squares add up to less, all numbers are finite, and so is what optimizers remember of them.
CALM = 1e300
# The gradient that a landscape has by itself, not one that somebody put in its place.
BY_PARTIALS = Landscape.gradient
# Parameters, gradient and memory; on plain floats, a pair of each.
Step = tuple[Any, Any, Any]


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
        """Whether a number stopped being finite, or the loss ended above its start, still rising.

        Rising: the second half of the way took it higher than the first, by more than a
        hundredth, and not merely by going to and fro: what the loss has risen in the end is three
        tenths of all its ups and downs, or the second half went a hundred times as high. So neither
        a run that is called back into its feasible set, where even the best point may lie higher
        than the start, nor one that trembles around its minimum has diverged. Of many columns, one
        is enough.
        """
        if BROKEN in self.stopped or not np.isfinite(self.losses[-1]).all():
            return True
        middle = self.n_steps // 2
        with np.errstate(all="ignore"):  # some columns may have overflowed on the way
            rise = self.losses - self.losses[0]
            ups_and_downs = np.abs(np.diff(self.losses, axis=0)).sum(axis=0)
            before, after = rise[: middle + 1].max(axis=0), rise[middle:].max(axis=0)
            clearly = (rise[-1] > 0.3 * ups_and_downs) | (after > 100 * before)
            return bool(np.any((rise[-1] > 0) & (after > 1.01 * before) & clearly))


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
    start = require.real("start", start, "pass one finite number per parameter").astype(float)
    n_steps = require.whole("n_steps", n_steps, least=0)
    require.function("f", f)
    _refuse_to_walk(gradient, optimizer, schedule)
    _refuse_options(start, optimizer, gradient_tolerance, loss_tolerance)
    reason_to_stop = _stopping_rules(f, gradient_tolerance, loss_tolerance)
    way = islice(_way(gradient, start, optimizer, schedule), n_steps + 1)
    path, stopped = [], ""
    with np.errstate(all="ignore"):  # a diverging run overflows; it is reported in words
        try:
            for theta, grad, memory in way:
                path.append(theta)
                stopped = reason_to_stop(theta, grad, memory)
                if stopped:
                    break
        except KeyboardInterrupt:
            stopped = "Interrupted"
        except OverflowError:  # a gradient in plain floats raises where arrays answer inf
            stopped = f"The gradient {BROKEN}"
        return _trajectory(f, np.array(path or [start]), stopped)


def steps(
    gradient: Callable,
    theta: ArrayLike,
    optimizer: Optimizer[State],
    schedule: Callable | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray, State]]:
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
    theta = require.real("theta", theta).astype(float)
    _refuse_to_walk(gradient, optimizer, schedule)
    state = optimizer.init(theta)
    for step in count():
        theta = np.asarray(theta)
        theta.flags.writeable = False  # a gradient that changes its input fails here, not silently
        grad = require.gradient(gradient(theta), theta.shape)
        yield theta, grad, state
        moved, state = optimizer.step(theta, grad, state)
        if schedule:  # a recipe's step is proportional to its learning rate: a factor scales it
            moved = theta + _factor(schedule, step, optimizer) * (moved - theta)
        theta = moved


def _factor(schedule: Callable, step: int, optimizer: Optimizer) -> float:
    name, factor = f"schedule({step})", schedule(step)
    if isinstance(factor, np.ndarray) and factor.ndim == 0:
        factor = factor.item()
    remedy = "a schedule returns the factor of the learning rate, such as 0.5"
    factor = require.not_negative(name, factor, remedy)
    if getattr(optimizer, "stays_inside", False):
        require.share(name, factor, "a longer step leaves the set")
    return factor


def _refuse_to_walk(gradient: Callable, optimizer: Optimizer, schedule: Callable | None) -> None:
    require.function("gradient", gradient)
    require.recipe("optimizer", optimizer)
    if schedule is not None:
        require.function("schedule", schedule, "try gradcourse.schedules.Cosine(100)")


def _refuse_options(
    start: np.ndarray,
    optimizer: Optimizer,
    gradient_tolerance: float | None,
    loss_tolerance: float | None,
) -> None:
    """Say in one sentence what cannot be asked for together."""
    for name, value in {
        "gradient_tolerance": gradient_tolerance,
        "loss_tolerance": loss_tolerance,
    }.items():
        if value is not None:
            require.positive(name, value, "leave it out to take every step")
    if start.ndim <= 1:
        return
    if getattr(optimizer, "whole_vector", False):  # a recipe of your own may leave the mark out
        raise ValueError(
            f"{type(optimizer).__name__} mixes the coordinates of one start of shape (n,), but "
            f"start has the shape {start.shape}; descend from one start after the other."
        )
    if gradient_tolerance or loss_tolerance:
        raise ValueError(
            f"A tolerance needs one start of shape (n,), but start has the shape {start.shape}; "
            "leave the tolerance out or descend from one start after the other."
        )


# Why: docs/decisions.md#the-quick-way-of-descend-is-for-what-is-known-to-allow-it
def _way(
    gradient: Callable, start: np.ndarray, optimizer: Optimizer, schedule: Callable | None
) -> Iterator[Step]:
    """Return the steps by the quickest way there is: plain floats, where they give the same."""
    by_partials = isinstance(gradient, MethodType) and gradient.__func__ is BY_PARTIALS
    by_coordinate = works_by_coordinate(optimizer) and not schedule
    if by_partials and by_coordinate and start.shape == (2,):
        return _steps_on_floats(gradient, start, optimizer)
    return steps(gradient, start, optimizer, schedule)


def _steps_on_floats(gradient: Any, start: np.ndarray, optimizer: Optimizer) -> Iterator[Step]:
    """The same steps for one point on a landscape, some five times faster.

    These recipes work element by element, so each coordinate may have a memory of its own, and
    plain floats spare numpy's fixed cost per call.
    """
    partials, move = gradient.__self__.partials, optimizer.step
    x, y = start.tolist()
    memory_x, memory_y = optimizer.init(x), optimizer.init(y)
    n_steps = 0
    with suppress(ArithmeticError, TypeError, ValueError):
        while True:
            dx, dy = grad = partials(x, y)
            if not x * x + y * y + dx * dx + dy * dy < CALM:
                break
            after_x, after_y = move(x, dx, memory_x), move(y, dy, memory_y)
            yield (x, y), grad, (memory_x, memory_y)
            (x, memory_x), (y, memory_y) = after_x, after_y
            n_steps += 1
    # where floats raise, arrays answer inf or nan, or say in a sentence what is wrong
    yield from islice(steps(gradient, start, optimizer), n_steps, None)


def _stopping_rules(
    f: Callable, gradient_tolerance: float | None, loss_tolerance: float | None
) -> Callable[[Any, Any, Any], str]:
    """Return a function (theta, grad, memory) → reason to stop, or an empty string."""
    last_loss = np.inf
    later = _nan_where_it_fails(f)

    def reason_to_stop(theta: Any, grad: Any, memory: Any) -> str:
        nonlocal last_loss
        broken = _broken(theta, grad, memory)
        if broken:
            return f"{broken} {BROKEN}"
        if gradient_tolerance and np.linalg.norm(grad) < gradient_tolerance:
            return f"The gradient is shorter than {gradient_tolerance:g}"
        if loss_tolerance:
            loss = (f if last_loss == np.inf else later)(np.array(theta))
            change, last_loss = abs(last_loss - loss), loss
            if change < loss_tolerance:
                return f"The loss changed by less than {loss_tolerance:g}"
        return ""

    return reason_to_stop


def _broken(theta: Any, grad: Any, memory: Any) -> str:
    """Name what is not finite any more; of many columns, one that is finite is enough."""
    if isinstance(theta, tuple) or (theta.ndim == 1 and theta @ theta + grad @ grad < CALM):
        return ""
    memory = memory if isinstance(memory, tuple) else (memory,)
    named = {"The parameters": (theta,), "The gradient": (grad,), "The optimizer's memory": memory}
    for name, parts in named.items():
        if not all(_any_finite(part) for part in parts if isinstance(part, np.ndarray)):
            return name
    return ""


def _any_finite(array: np.ndarray) -> bool:
    """Whether there is still something to follow: all of a vector, or one column."""
    finite = np.isfinite(array)
    return bool(finite.all() if array.ndim < 2 else finite.all(axis=0).any())


def _trajectory(f: Callable, path: np.ndarray, stopped: str) -> Trajectory:
    """Add the losses, all in one call if f can, and cut off what is no longer a number."""
    columns = np.moveaxis(path, 1, 0) if path.ndim > 1 else path[None]
    points = columns.reshape(len(columns), -1)
    losses = _losses(f, points).reshape(len(path), *path.shape[2:])
    if losses.ndim == 1:
        good = np.isfinite(losses) & np.isfinite(path).reshape(len(path), -1).all(axis=1)
        if not good.all():
            first = int(np.argmin(good))
            culprit = "The loss" if np.isfinite(path[first]).all() else "The parameters"
            stopped = f"{culprit} {BROKEN}"
            path, losses = path[: max(1, first)], losses[: max(1, first)]  # the start stays
    n_steps = len(path) - 1
    if not stopped:
        taken = "The 1 step was taken." if n_steps == 1 else f"All {n_steps} steps were taken."
        return Trajectory(path, losses, taken)
    unit = "step" if n_steps == 1 else "steps"
    return Trajectory(path, losses, f"{stopped} after {n_steps} {unit}.")


def _losses(f: Callable, points: np.ndarray) -> np.ndarray:
    """Return f of all points; where it fails it is NaN, but at the start it must not fail."""
    try:
        return evaluate(f, points)
    except (ArithmeticError, ValueError):
        f(points[:, 0].copy())
        return evaluate(_nan_where_it_fails(f), points)


def _nan_where_it_fails(f: Callable) -> Callable:
    """Return f, but NaN where it raises: math.log(-1) fails where np.log(-1) is NaN."""

    def value(theta: np.ndarray) -> ArrayLike:
        try:
            return f(theta)
        except (ArithmeticError, ValueError):
            return np.nan

    return value
