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
            ∛ε · max(1, |x|) for central, √ε · max(1, |x|) for forward (ε: the rounding unit
            of the numbers f returns, so float32 gets larger steps), about 1e-103 for complex
        scheme : "central", "forward" or "complex"

    Returns:    array of x's shape, float64

    Raises:     ValueError – x not finite, h not above 0 or lost beside x, f not returning one
                real number; TypeError – complex step on f that drops the imaginary part

    Example:
        >>> numerical_gradient(lambda x: x[0] ** 2 + 3 * x[1], [1, 2]).round(6)
        array([2., 3.])

    See:        lesson 02; Nocedal and Wright, Numerical Optimization (2006), chapter 8
    """
    difference, default_step = SCHEMES[require.one_of("scheme", scheme, SCHEMES)]
    point = _real("x", require.finite("x", x))
    steps = default_step(_precision(f, point), point).ravel()
    if h is not None:
        steps = np.full(point.size, float(require.positive("h", h, "leave it out for a good one")))
    gradient = np.empty(point.size)
    for some in _blocks(point.size):
        gradient[some] = difference(f, point, steps[some], some)
    return gradient.reshape(point.shape)


def _central(f: Callable, point: np.ndarray, h: np.ndarray, some: slice) -> np.ndarray:
    x = point.ravel()[some]
    above, below = np.split(evaluate(f, moved(point, some, h, -h)), 2)
    return (above - below) / _taken(x + h, x - h)


def _forward(f: Callable, point: np.ndarray, h: np.ndarray, some: slice) -> np.ndarray:
    x = point.ravel()[some]
    here = one_number(f(point.copy()))
    return (evaluate(f, moved(point, some, h)) - here) / _taken(x + h, x)


def _taken(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the step that rounding really let us take."""
    step = right - left
    if not step.all():
        lost = left[step == 0][0]
        raise ValueError(f"h must be larger: beside x = {lost:g} rounding swallows it whole.")
    return step


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


def _precision(f: Callable, point: np.ndarray) -> np.finfo:
    """Return what is known of the numbers that f returns: their rounding unit, the smallest."""
    value = one_number(f(point.copy()))
    if np.iscomplexobj(value):
        raise ValueError(
            f"f must return a real number, but it returned {value}; take abs or .real."
        )
    return np.finfo(np.result_type(value, np.float16))


def _root_of_rounding(order: int) -> Callable:
    """Return (precision, point) → the step that balances both errors, for each coordinate."""
    return lambda precision, point: precision.eps ** (1 / order) * np.maximum(1.0, np.abs(point))


# scheme -> how a block of partial derivatives is computed, and the step when none is given
SCHEMES = {
    "central": (_central, _root_of_rounding(3)),
    "forward": (_forward, _root_of_rounding(2)),
    "complex": (_complex, lambda precision, point: np.full(point.size, precision.tiny ** (1 / 3))),
}


def _real(name: str, array: np.ndarray) -> np.ndarray:
    """Return a new array of float64, or say that real numbers are wanted."""
    if array.dtype.kind == "c":
        raise TypeError(require.sentence(name, "real", array, "pass its real part"))
    return array.astype(float)


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
    its arrays happen to fit. So k is never one of the point's own lengths (a copy is added), and
    the last value is compared with a call of its own.

    Example:
        >>> evaluate(lambda x: x[0] + max(x[1], 0), np.array([[1, 2], [-3, 5]]))
        array([1., 7.])
    """
    each = np.moveaxis(points, -1, 0)
    last = one_number(f(each[-1].copy()))
    while points.shape[-1] in points.shape[:-1]:
        points = np.concatenate([points[..., :1], points], axis=-1)
    points.flags.writeable = False  # a function that changes its input fails here, not silently
    try:
        together = np.asarray(f(points))
    except Exception:  # whatever goes wrong for many points, one by one decides
        together = np.empty(0)
    fits = together.shape == points.shape[-1:] and together.dtype.kind in "biufc"
    if fits and _same(together[-1], last):
        return together[-len(each) :] * 1.0
    return np.array([one_number(f(point.copy())) for point in each]) * 1.0


def _same(a: complex, b: complex) -> bool:
    """Whether two values agree up to the order in which their terms were added."""
    parts = [a.real, a.imag], [b.real, b.imag]  # apart: an imaginary part may be 1e-103
    return bool(np.isclose(*parts, rtol=1e-12, atol=0, equal_nan=True).all())


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
            index = ", ".join(map(str, np.unravel_index(i, self.claimed.shape))) or "–"
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

    Raises:     ValueError – the gradient's shape is not x's shape; TypeError – it is no array

    Example:
        >>> report = check_gradient(lambda x: (x**2).sum(axis=0), lambda x: -2 * x, [1.0, 3.0])
        >>> report.ok, report.cause
        (False, 'The sign is flipped: your gradient points downhill.')

    See:        lesson 02
    """
    require.positive("tolerance", tolerance)
    point = _real("x", require.finite("x", x))
    claimed = require.numbers("gradient(x)", gradient(point.copy()), "let it end in `return ...`")
    claimed = _real("gradient(x)", claimed)
    if claimed.shape != point.shape:
        raise ValueError(
            f"gradient must return an array of x's shape {point.shape}, but it returned "
            f"{claimed.shape}; one partial derivative per coordinate, in the same places."
        )
    estimated, reach = numerical_gradient(f, point, h), _precision(f, point).eps ** (2 / 3)
    size = np.abs([claimed, estimated]).max() or 1.0
    error = float(np.abs(claimed - estimated).max() / size) if np.isfinite(size) else np.nan
    ok = error <= tolerance  # False for NaN
    corners, cause = kinks(f, point), ""
    if not ok or corners:
        doubt = _doubt(estimated, corners, error < 100 * reach)
        cause = doubt or _cause(claimed, estimated, tolerance * size)
    return GradientReport(bool(ok), error, tolerance, claimed, estimated, cause, corners)


def kinks(f: Callable, x: np.ndarray) -> tuple[int, ...]:
    """Return the flat indices of the coordinates along which f has a kink or a jump at `x`.

    On a smooth function the slopes to the right and to the left come together as the step
    shrinks; at a kink their gap stays.

    Example:
        >>> kinks(lambda x: abs(x[0]) + x[1] ** 2, [0.0, 0.0])
        (0,)
    """
    point = _real("x", require.finite("x", x))
    precision, here = _precision(f, point), one_number(f(point.copy()))
    steps = _root_of_rounding(3)(precision, point).ravel()

    def slopes(some: slice, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        above, below = np.split(evaluate(f, moved(point, some, h, -h)), 2)
        return (above - here) / h, (here - below) / h

    def bent(some: slice, h: np.ndarray) -> np.ndarray:
        (right, left), (far_right, far_left) = slopes(some, h), slopes(some, 10 * h)
        gap, steepest = np.abs(right - left), np.maximum(np.abs(right), np.abs(left))
        noise = 16 * precision.eps * np.abs(here) / h
        return (gap > 0.5 * np.abs(far_right - far_left)) & (gap > 1e-3 * steepest + noise)

    found = np.concatenate([bent(some, steps[some]) for some in _blocks(point.size)])
    return tuple(int(i) for i in np.flatnonzero(found))


def _doubt(estimated: np.ndarray, corners: tuple, within_reach: bool) -> str:
    """Say in one sentence why the differences are no judge here, if they aren't."""
    if corners:
        return (
            f"f has a kink at coordinate {corners[0]}: differences average both slopes there, "
            "so they cannot judge your gradient at this point; move x a little."
        )
    if not np.isfinite(estimated).all():
        return "f is NaN or infinite at x or beside it, so there is nothing to compare with."
    small = "So small a difference may be the rounding of f itself; allow a larger tolerance."
    return small if within_reach else ""


def _cause(claimed: np.ndarray, estimated: np.ndarray, allowed: float) -> str:
    """Name the likeliest mistake in one sentence."""
    if not np.isfinite(claimed).all():
        return "Your gradient contains NaN or infinity."
    if not claimed.any():
        return "Your gradient is zero everywhere; was the result returned?"
    close = {"rtol": 1e-3, "atol": 1e-6 * np.abs(estimated).max()}
    if np.allclose(claimed, -estimated, **close):
        return "The sign is flipped: your gradient points downhill."
    factor = float((claimed * estimated).sum() / max((estimated**2).sum(), 1e-300))
    same_way = claimed.size > 1 and np.allclose(claimed, factor * estimated, **close)
    if same_way and abs(factor - 1) > 0.01:
        return (
            f"Your gradient is {factor:.4g} times the right one: a factor is missing or too many."
        )
    square = claimed.ndim == 2 and claimed.shape[0] == claimed.shape[1]
    if square and np.allclose(claimed, estimated.T, **close):
        return "Your gradient is transposed."
    wrong = np.flatnonzero(np.abs(claimed - estimated) > allowed)
    return f"{wrong.size} of {claimed.size} partial derivatives differ, the first at {wrong[0]}."
