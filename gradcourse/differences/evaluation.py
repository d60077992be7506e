"""Values of a function near a point, as few calls as possible.

Differences (lesson 02) need f at hundreds of points. Array code takes them all in one call:
coordinates on axis 0, points on the last axis. Not every function can, and some only seem to,
so a batch is tried, then verified; a function that can't take it is called point by point.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray

# Numbers per call of f. Arrays above 128 KB are fetched from the operating system page by page,
# each time anew: that took three times as long.
BLOCK = 16_000


def evaluate(f: Callable, points: Array) -> Array:
    """Return f at each of the k points on the last axis: one call if f can, a loop if not.

    Example:
        >>> evaluate(lambda x: x[0] + max(x[1], 0), np.array([[1, 2], [-3, 5]]))
        array([1., 7.])
    """
    return batched(f)(points)


# Why: docs/decisions.md#a-batch-is-tried-then-verified
def batched(f: Callable) -> Callable[[Array], Array]:
    """Return a function from many points to their values; its first batch is verified.

    A function that isn't written for many points may still return k numbers, wrong ones, when
    its arrays happen to fit. So the last value of the first batch is compared with a call of its
    own. What the comparison finds holds for all later batches.
    """
    takes_many: bool | None = None

    def values_at(points: Array) -> Array:
        nonlocal takes_many
        if takes_many is None:
            last = one_number(f(points[..., -1].copy()))
            values = _together(f, points)
            takes_many = values is not None and _same(values[-1], last)
        else:
            values = _together(f, points) if takes_many else None
        if values is None or not takes_many:
            singles = np.moveaxis(points, -1, 0)
            return np.array([one_number(f(point.copy())) for point in singles]) * 1.0
        return values

    return values_at


def _together(f: Callable, points: Array) -> Array | None:
    """Return f of all points from one call, or None if what comes back can't be their values."""
    k = points.shape[-1]
    points = points.view()
    while points.shape[-1] in points.shape[:-1]:  # else f might mistake points for coordinates
        points = np.concatenate([points[..., :1], points], axis=-1)
    points.flags.writeable = False  # a function that changes its input fails here, not silently
    try:
        values = np.asarray(f(points))
    except Exception:  # whatever goes wrong for many points, one by one decides
        return None
    fits = values.shape == points.shape[-1:] and values.dtype.kind in "biufc"
    return values[-k:] * 1.0 if fits else None


def _same(a: np.number, b: np.number | np.bool) -> bool:
    """Whether two values agree up to the order in which their terms were added."""
    parts = [(a.real, b.real), (a.imag, b.imag)]  # apart: an imaginary part may be 1e-103
    return all(_equal(p, q) for p, q in parts)


def _equal(a: Any, b: Any) -> bool:
    both_nan = a != a and b != b
    return a == b or abs(a - b) <= 1e-12 * abs(b) or both_nan


def one_number(value: ArrayLike) -> np.number | np.bool:
    """Return what f returned as one number, or say that it is none."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biufc" or value is np.ma.masked:
        what = f"shape {array.shape}" if array.dtype.kind in "biufc" else type(value).__name__
        raise ValueError(f"f must return one number, but it returned {what}; sum or average it.")
    return array.ravel()[0]


@dataclass(frozen=True)
class Place:
    """A function, a point, and what one call of the function at the point tells.

    Fields: f, values_at (many points -> their values), point (float64), here (f at the point),
    eps (the rounding unit of the numbers that f computes with).
    """

    f: Callable
    values_at: Callable[[Array], Array]
    point: Array
    here: float
    eps: float

    @property
    def rounding(self) -> float:
        """How far a value of f beside the point may be off: a sum of n terms rounds n times."""
        return (4 + self.point.size**0.5) * self.eps * abs(self.here)

    def along(self, which: Array | None = None) -> Array:
        """Return the coordinates of the point, or some of them, in one row."""
        x = self.point.ravel()
        return x if which is None else x[which]

    def sample(
        self,
        offsets: Array,
        which: Array | None = None,
        also: Array | None = None,
    ) -> tuple[Array, Array]:
        """Return f with one coordinate moved at a time, in the shape of `offsets`.

        `offsets` has one row for each way of moving and one column for each coordinate of `which`
        (flat indices; all by default). `also` are moves of the whole point, one per column; they
        ride along in the last call, and the second array has their values.
        """
        which = np.arange(self.point.size) if which is None else which
        width = max(1, BLOCK // (len(offsets) * self.point.size))
        blocks = [slice(begin, begin + width) for begin in range(0, which.size, width)]
        parts = [
            self.values_at(moved(self.point, which[some], offsets[:, some], None))
            for some in blocks[:-1]
        ]
        some = blocks[-1]
        last = self.values_at(moved(self.point, which[some], offsets[:, some], also))
        alone = last.size - (0 if also is None else also.shape[1])
        parts.append(last[:alone])
        rows = [part.reshape(len(offsets), -1) for part in parts]
        return np.concatenate(rows, axis=1) if parts[1:] else rows[0], last[alone:]


def look(f: Callable, point: Array) -> Place:
    """Call f once at `point`, say what is wrong with the value, and return the place.

    Beside the point f may end (the logarithm of a negative number): where it fails it is NaN.
    """
    value = one_number(f(point.copy()))
    if value.dtype.kind == "c":
        raise ValueError(
            f"f must return a real number, but it returned {value}; take abs or .real."
        )
    safe = _nan_where_it_fails(f)
    kind = value.dtype.char if value.dtype.kind == "f" else "d"
    if kind == "d" and _computes_in_float32(safe, point, float(value)):
        kind = "f"
    eps = float(np.finfo(kind).eps)
    return Place(f, batched(safe), point, float(value), eps)


# Why: docs/decisions.md#the-rounding-of-f-is-measured
def _computes_in_float32(
    f: Callable,
    point: Array,
    here: float,
) -> bool:
    """Whether f returns numbers of type float64 that are of float32, at x and beside it.

    Of float64 numbers one in 500 million is of float32 by chance, round ones always. So at least
    three values have to need more than 16 binary digits.
    """
    if float(np.float32(here)) != here:  # the usual case: nothing more to ask
        return False
    direction = np.cos(np.arange(point.size)).reshape(point.shape)
    move = np.maximum(1.0, np.abs(point)) * direction
    values = [here]
    for step in (3e-6, -3e-6, 7e-6, -7e-6):
        if float(np.float32(values[-1])) != values[-1]:  # NaN, too
            return False
        values.append(float(np.real(one_number(f(point + step * move)))))
    mantissas = np.frexp(values)[0]
    of_float32 = np.array(values).astype(np.float32) == values
    round_ones = mantissas * 2**16 % 1 == 0
    return bool(of_float32.all() and np.count_nonzero(~round_ones) >= 3)


def _nan_where_it_fails(f: Callable) -> Callable:
    def value(x: Array) -> ArrayLike:
        try:
            return f(x)
        except (ArithmeticError, ValueError):
            return np.nan

    return value


def moved(
    point: Array,
    which: Array,
    offsets: Array,
    also: Array | None = None,
) -> Array:
    """Return copies of `point`, in each of them one coordinate of `which` moved by its offset.

    Shape `point.shape + (offsets.size,)`: the copies are on the last axis. More copies, each moved
    by a column of `also`, stand at the end.

    Example:
        >>> moved(np.array([1.0, 2.0]), np.array([0, 1]), np.array([[0.5, 0.5]]))
        array([[1.5, 1. ],
               [2. , 2.5]])
    """
    alone = offsets.size
    columns = alone if also is None else alone + also.shape[1]
    start = point.astype(np.result_type(point, offsets)).ravel()
    copies = np.empty((point.size, columns), start.dtype)
    copies[:] = start[:, None]
    for row, offset in enumerate(offsets):
        begin = row * which.size
        copies[which, np.arange(begin, begin + which.size)] = start[which] + offset
    if also is not None:
        copies[:, alone:] += also
    return copies.reshape(*point.shape, columns)
