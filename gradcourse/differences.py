"""Numerical gradients: ask the function itself, by moving each coordinate a little.

This is the gradient anyone can compute without calculus, and the judge every other gradient of
the course has to face. Lesson 02 builds it, breaks it, and shows why the step may be neither
large nor tiny.

Many moved points are handed to the function in one call when it can take them (coordinates on
axis 0, points on the last axis); when it can't, they go one by one. The answer is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from gradcourse import require

BLOCK = 1 << 16  # numbers per call of f: small enough to stay in the processor's cache


def numerical_gradient(
    f: Callable, x: np.ndarray, h: float | None = None, scheme: str = "central"
) -> np.ndarray:
    """Return the gradient of `f` at `x`, estimated from values of `f` alone.

    central: (f(x + h) − f(x − h)) / 2h, error ~ h². forward: (f(x + h) − f(x)) / h, error ~ h.
    complex: Im f(x + ih) / h, no subtraction and so no round-off, for analytic f only.

    Parameters:
        f : callable – takes an array of x's shape, returns one number
        x : number, list or array of any shape – where; whole numbers and float32 are widened
        h : float – the step, absolute; by default the one that balances both errors:
            ∛ε · max(1, |x|) for central, √ε · max(1, |x|) for forward, 1e-100 for complex
        scheme : "central", "forward" or "complex"

    Returns:    array of x's shape, float64

    Raises:     ValueError – x not finite, h not above 0, f not returning one number;
                TypeError – complex step on a function that drops the imaginary part

    Example:
        >>> numerical_gradient(lambda x: x[0] ** 2 + 3 * x[1], [1, 2]).round(6)
        array([2., 3.])

    See:        lesson 02; Nocedal and Wright, Numerical Optimization (2006), chapter 8
    """
    difference, default_step = SCHEMES[require.one_of("scheme", scheme, SCHEMES)]
    point = require.finite("x", x).astype(float)
    if h is None:
        steps = default_step(f, point).ravel()
    else:
        steps = np.full(point.size, require.positive("h", h, "leave it out for a good one"))
    gradient = np.empty(point.size)
    for some in _blocks(point.size):
        gradient[some] = difference(f, point, steps[some], some)
    return gradient.reshape(point.shape)


def _central(f: Callable, point: np.ndarray, h: np.ndarray, some: slice) -> np.ndarray:
    x = point.ravel()[some]
    above, below = np.split(evaluate(f, moved(point, some, h, -h)), 2)
    return (above - below) / ((x + h) - (x - h))  # the step that rounding really let us take


def _forward(f: Callable, point: np.ndarray, h: np.ndarray, some: slice) -> np.ndarray:
    x = point.ravel()[some]
    here = one_number(f(point.copy()))
    return (evaluate(f, moved(point, some, h)) - here) / ((x + h) - x)


def _complex(f: Callable, point: np.ndarray, h: np.ndarray, some: slice) -> np.ndarray:
    try:
        values = evaluate(f, moved(point, some, 1j * h))
    except TypeError as error:
        raise TypeError(
            f"f cannot take complex numbers ({error}); use scheme='central'."
        ) from error
    if values.dtype.kind != "c":
        raise TypeError(
            "f returned real numbers for complex input, so it drops the imaginary part "
            "(abs, float or a comparison inside?); use scheme='central'."
        )
    return values.imag / h


def _root_of_rounding(order: int) -> Callable:
    """Return (f, point) → the step that balances both errors, scaled to each coordinate.

    ε is the rounding unit of the numbers `f` returns: a function that computes in float32
    needs a step a thousand times larger than one that computes in float64.
    """

    def step(f: Callable, point: np.ndarray) -> np.ndarray:
        rounding = np.finfo(np.result_type(one_number(f(point.copy())), np.float32)).eps
        return rounding ** (1 / order) * np.maximum(1.0, np.abs(point))

    return step


# scheme -> how a block of partial derivatives is computed, and the step when none is given
SCHEMES = {
    "central": (_central, _root_of_rounding(3)),
    "forward": (_forward, _root_of_rounding(2)),
    "complex": (_complex, lambda f, point: np.full(point.size, 1e-100)),
}


def _blocks(size: int) -> Iterator[slice]:
    """Yield slices over the coordinates, each as large as the cache likes."""
    width = max(1, BLOCK // (2 * size))
    return (slice(i, min(i + width, size)) for i in range(0, size, width))


def moved(point: np.ndarray, some: slice, *offsets: np.ndarray) -> np.ndarray:
    """Return copies of `point`, in each of them one coordinate of `some` moved by its offset.

    Shape `point.shape + (len(offsets) * k,)`: the copies are on the last axis.

    Example:
        >>> moved(np.array([1.0, 2.0]), slice(0, 2), np.array([0.5, 0.5]))
        array([[1.5, 1. ],
               [2. , 2.5]])
    """
    here = np.arange(some.stop - some.start)
    dtype = np.result_type(point, *offsets)
    copies = np.empty((point.size, len(offsets), here.size), dtype)
    copies[:] = point.reshape(-1, 1, 1)
    for which, offset in enumerate(offsets):
        copies[some.start + here, which, here] += offset
    return copies.reshape(*point.shape, -1)


def evaluate(f: Callable, points: np.ndarray) -> np.ndarray:
    """Return f at each of the k points on the last axis: one call if f can, a loop if not.

    A function that isn't written for many points may still return k numbers, wrong ones, when
    its arrays happen to fit. So the last one is compared with a call of its own.

    Example:
        >>> evaluate(lambda x: x[0] + max(x[1], 0), np.array([[1, 2], [-3, 5]]))
        array([1., 7.])
    """
    each = np.moveaxis(points, -1, 0)
    last = one_number(f(each[-1].copy()))
    points.flags.writeable = False  # a function that changes its input fails here, not silently
    try:
        together = np.asarray(f(points))
    except Exception:  # whatever goes wrong for many points, one by one decides
        together = np.empty(0)
    fits = together.shape == (len(each),) and together.dtype.kind in "biufc"
    if fits and _same(together[-1], last):
        return together if together.dtype.kind in "fc" else together.astype(float)
    return np.array([one_number(f(point.copy())) for point in each]) * 1.0


def _same(a: complex, b: complex) -> bool:
    """Whether two values agree up to the order in which their terms were added."""
    return a == b or abs(a - b) <= 1e-12 * abs(b) or (a != a and b != b)


def one_number(value: object) -> np.generic:
    """Return what f returned as one number, or say that it is none."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biufc":
        what = f"shape {array.shape}" if array.dtype.kind in "biufc" else type(value).__name__
        raise ValueError(f"f must return one number, but it returned {what}; sum or average it.")
    return array.reshape(())[()]


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradient` found; prints as a small table.

    Fields: ok, relative_error, tolerance, claimed and estimated (arrays of x's shape), cause
    (a sentence, may be empty), kinks (flat indices where left and right slope disagree).
    """

    ok: bool
    relative_error: float
    tolerance: float
    claimed: np.ndarray = field(repr=False)
    estimated: np.ndarray = field(repr=False)
    cause: str = ""
    kinks: tuple[int, ...] = ()

    def __str__(self) -> str:
        verdict = "passed" if self.ok else "FAILED"
        lines = [
            f"gradient check {verdict}: relative error {self.relative_error:.1e} "
            f"(allowed {self.tolerance:.0e})",
            f"{'index':>8}{'your gradient':>16}{'differences':>16}",
        ]
        off = np.abs(self.claimed - self.estimated).ravel()
        for i in np.sort(np.argsort(-np.nan_to_num(off, nan=np.inf), kind="stable")[:6]):
            index = ", ".join(map(str, np.unravel_index(i, self.claimed.shape)))
            lines.append(
                f"{index:>8}{self.claimed.ravel()[i]:>16.6g}{self.estimated.ravel()[i]:>16.6g}"
            )
        return "\n".join(lines + [self.cause] * bool(self.cause))


def check_gradient(
    f: Callable, gradient: Callable, x: np.ndarray, tolerance: float = 1e-6, h: float | None = None
) -> GradientReport:
    """Compare a gradient function with central differences at `x` and report.

    relative error = max |claimed − estimated| / max(|claimed|, |estimated|), over all coordinates.

    Parameters:
        f : callable – takes an array of x's shape, returns one number
        gradient : callable – takes the same array, returns an array of x's shape
        x : number, list or array – where to compare; a random point finds more than a round one
        tolerance : float – the largest relative error that passes
        h : float – the step of the differences; by default a good one

    Returns:    GradientReport – `.ok`, `.relative_error`, `.cause`; print it

    Raises:     ValueError – the gradient's shape is not x's shape

    Example:
        >>> report = check_gradient(lambda x: (x**2).sum(axis=0), lambda x: -2 * x, [1.0, 3.0])
        >>> report.ok, report.cause
        (False, 'The sign is flipped: your gradient points downhill.')

    See:        lesson 02
    """
    point = require.finite("x", x).astype(float)
    claimed = np.asarray(gradient(point.copy()), dtype=float)
    if claimed.shape != point.shape:
        raise ValueError(
            f"gradient must return an array of x's shape {point.shape}, but it returned "
            f"{claimed.shape}; one partial derivative per coordinate, in the same places."
        )
    estimated = numerical_gradient(f, point, h)
    size = max(np.abs(claimed).max(), np.abs(estimated).max())
    error = float(np.abs(claimed - estimated).max() / size) if size else 0.0
    ok = error <= tolerance  # False for NaN
    corners = kinks(f, point)
    cause = _cause(claimed, estimated, tolerance, corners) if not ok or corners else ""
    return GradientReport(ok, error, tolerance, claimed, estimated, cause, corners)


def kinks(f: Callable, x: np.ndarray) -> tuple[int, ...]:
    """Return the flat indices of the coordinates along which f has a kink or a jump at `x`.

    On a smooth function the slopes to the right and to the left come together as the step
    shrinks; at a kink their gap stays.

    Example:
        >>> kinks(lambda x: abs(x[0]) + x[1] ** 2, [0.0, 0.0])
        (0,)
    """
    point = require.finite("x", x).astype(float)
    here = one_number(f(point.copy()))

    def slopes(h: float) -> np.ndarray:
        steps = np.full(point.size, h)
        values = evaluate(f, moved(point, slice(0, point.size), steps, -steps))
        right, left = np.split((values - here) / h, 2)
        return right, -left

    (right, left), (wide_right, wide_left) = slopes(1e-6), slopes(1e-4)
    gap, wide_gap = np.abs(right - left), np.abs(wide_right - wide_left)
    steepest = np.maximum(np.abs(right), np.abs(left))
    return tuple(int(i) for i in np.flatnonzero((gap > 0.5 * wide_gap) & (gap > 1e-3 * steepest)))


def _cause(claimed: np.ndarray, estimated: np.ndarray, tolerance: float, corners: tuple) -> str:
    """Name the likeliest reason for a difference, in one sentence."""
    if corners:
        return (
            f"f has a kink at coordinate {corners[0]}: differences average both slopes there, "
            "so they cannot judge your gradient at this point; move x a little."
        )
    if not np.isfinite(claimed).all():
        return "Your gradient contains NaN or infinity."
    close = {"rtol": 1e3 * tolerance, "atol": 1e-6 * np.abs(estimated).max()}
    if not claimed.any():
        return "Your gradient is zero everywhere; was the result returned?"
    if np.allclose(claimed, -estimated, **close):
        return "The sign is flipped: your gradient points downhill."
    factor = float((claimed * estimated).sum() / max((estimated**2).sum(), 1e-300))
    if claimed.size > 1 and np.allclose(claimed, factor * estimated, **close):
        return (
            f"Your gradient is {factor:.4g} times the right one: a factor is missing or too many."
        )
    square = claimed.ndim == 2 and claimed.shape[0] == claimed.shape[1]
    if square and np.allclose(claimed, estimated.T, **close):
        return "Your gradient is transposed."
    wrong = np.flatnonzero(~np.isclose(claimed, estimated, **close).ravel())
    return f"{wrong.size} of {claimed.size} partial derivatives differ, the first at {wrong[0]}."
