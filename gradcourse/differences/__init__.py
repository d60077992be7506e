"""Numerical gradients: ask the function itself, by moving each coordinate a little.

This is the gradient anyone can compute without calculus, and the judge every other gradient of
the course has to face. Lesson 02 builds it, breaks it, and shows why the step may be neither
large nor tiny.

An estimate is off by truncation (a bent curve, a straight line: about h² for central differences)
and by rounding (about ε|f|/h). Two steps show the first and the size of f the second, so every
estimate can have an error bar. Numbers that such a look finds worthless are not handed back.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from gradcourse import require
from gradcourse.differences.evaluation import Array, Place, batched, evaluate, look
from gradcourse.differences.kinks import Corner, corners, over_two_steps
from gradcourse.differences.report import SMALL, GradientReport, judge
from gradcourse.differences.step_search import (
    AGREE,
    SIDES,
    Slopes,
    astray,
    believable,
    default_step,
    random_moves,
    search,
    slopes_over,
    usual_slopes,
)

__all__ = ["GradientReport", "check_gradient", "evaluate", "numerical_gradient"]

WORST = 100  # entries of a gradient that are looked at again before it is called wrong


def numerical_gradient(
    f: Callable,
    x: ArrayLike,
    h: float | None = None,
    scheme: str = "central",
) -> Array:
    """Return the gradient of `f` at `x`, estimated from values of `f` alone.

    central: (f(x + h) − f(x − h)) / 2h, error ~ h². forward: (f(x + h) − f(x)) / h, error ~ h.
    complex: Im f(x + ih) / h, no subtraction and so no round-off, for analytic f only.

    Unless you choose h, a second look along one random direction asks whether the slopes are
    believable. If not, each coordinate gets a step of its own, and if none will do, you are told.

    Parameters:
        f : callable – takes an array of x's shape, returns one number
        x : number, list or array of any shape – where; whole numbers and float32 are widened
        h : float – the step, absolute; by default the one that balances both errors:
            ∛ε · max(1, |x|) for central, √ε · max(1, |x|) for forward (ε: the rounding unit
            of the numbers f returns, so float32 gets larger steps), about 1e-103 for complex.
            With an h of yours you get what it gives, good or bad, NaN where f fails
        scheme : "central", "forward" or "complex"

    Returns:    array of x's shape, float64

    Raises:     ValueError – x not finite, h not above 0 or lost beside x, f not returning one
                finite real number, or no step with a slope to be trusted (a jump, noise, the edge
                of where f is defined); TypeError – complex step on f that isn't analytic

    Example:
        >>> numerical_gradient(lambda x: x[0] ** 2 + 3 * x[1], [1, 2]).round(6)
        array([2., 3.])

    See:        lesson 02; Nocedal and Wright, Numerical Optimization (2006), chapter 8
    """
    require.one_of("scheme", scheme, [*SIDES, "complex"])
    point = point_of(x)
    with np.errstate(all="ignore"):  # NaN beside x is an answer here, not an accident
        place = look(f, point)
        slopes = _slopes(place, scheme) if h is None else _slopes_over(place, h, scheme)
    return slopes.reshape(point.shape)


def _slopes(place: Place, scheme: str) -> Array:
    """Return slopes over the default step, or over better ones if they are not believable."""
    if not math.isfinite(place.here):
        raise ValueError(f"f is {place.here} at x, so it has no gradient there; move x.")
    if scheme == "complex":
        return _analytic(place, _imaginary(place, _tiny(place)))
    slopes, fine = usual_slopes(place, SIDES[scheme])
    if fine:
        return slopes
    found = search(place, SIDES[scheme])
    if scheme == "forward" and not np.isfinite(found.bars).all():
        found = search(place)  # central differences lose fewer digits
    if not np.isfinite(found.bars).all():
        raise ValueError(_no_slope(place, found))
    return found.values


def _slopes_over(
    place: Place,
    h: float,
    scheme: str,
) -> Array:
    """Return slopes over the step that was asked for, whatever they are."""
    steps = _given_step(place, h, scheme)
    if scheme == "complex":
        _analytic(place, _imaginary(place, _tiny(place)))
        return _imaginary(place, steps)
    return slopes_over(place, steps, SIDES[scheme])


def _given_step(
    place: Place,
    h: float,
    scheme: str,
) -> Array:
    """Return the learner's step for each coordinate, or say why it can't be taken."""
    step = float(require.positive("h", h, "leave it out for a good one"))
    x = place.along()
    lost = x + step == (x - step if scheme == "central" else x)
    if scheme != "complex" and lost.any():
        beside = x[lost][0]
        raise ValueError(f"h must be larger: beside x = {beside:g} rounding swallows it whole.")
    return np.full(x.size, step)


def _no_slope(place: Place, found: Slopes) -> str:
    """Say what is seen along the first coordinate that has no slope."""
    which = np.flatnonzero(~np.isfinite(found.bars))[:1]
    h = default_step(place)[which]
    near, nearer = (slopes_over(place, step, which=which)[0] for step in (h, h / 10))
    return (
        f"f has no slope that differences can find at coordinate {which[0]}: a step of {h[0]:.1g} "
        f"gives {near:.4g}, one of {h[0] / 10:.1g} {nearer:.4g}. Does f jump or end "
        "there, change from call to call, or lose digits inside? Then choose h yourself."
    )


def _tiny(place: Place) -> Array:
    """Return the complex step: nothing is subtracted, so it may be next to nothing."""
    smallest = np.finfo(np.float32 if place.eps > 1e-10 else float).tiny
    return np.full(place.point.size, smallest ** (1 / 3))


def _imaginary(place: Place, h: Array) -> Array:
    try:
        (values,), _ = replace(place, values_at=batched(place.f)).sample(1j * h[None])
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


def _analytic(place: Place, slopes: Array) -> Array:
    """Return the slopes of the complex step if real steps see them too."""
    moves = random_moves(place)
    seen = place.values_at((place.along()[:, None] + moves).reshape(*place.point.shape, 2))
    if not believable(place, slopes, moves, seen):
        real = search(place)
        same = np.abs(slopes - real.values) <= AGREE * np.abs(real.values) + real.bars
        if not same.all():
            i = np.flatnonzero(~same)[0]
            raise TypeError(
                f"at coordinate {i} the complex step gives {slopes[i]:.3g} where differences give "
                f"{real.values[i]:.3g}: f is not analytic (conj, abs, sign, max, .real inside?); "
                "use scheme='central'."
            )
    return slopes


def point_of(x: ArrayLike) -> Array:
    """Return x as a new array of float64, or say why it is no point."""
    array = real_array("x", require.finite("x", x))
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError("x has masked entries; fill them with numbers, or leave them out.")
    return array


def real_array(name: str, array: Array) -> Array:
    """Return a new array of float64, or say that real numbers are wanted."""
    if array.dtype.kind == "c":
        raise TypeError(require.sentence(name, "real", array, "pass its real part"))
    return array.astype(float)


def check_gradient(
    f: Callable,
    gradient: Callable,
    x: ArrayLike,
    tolerance: float = 1e-6,
    h: float | None = None,
) -> GradientReport:
    """Compare a gradient function with central differences at `x` and report.

    relative error = max |claimed − estimated| / max(|claimed|, |estimated|), over all coordinates.

    The differences have an error bar of their own, from two steps and the rounding of f. Where it
    is wider than the tolerance allows, the verdict is neither passed nor failed but undecided. An
    entry far smaller than the largest may be off by 0.1 % of itself where its error bar shows it.

    Parameters:
        f : callable – takes an array of x's shape, returns one number
        gradient : callable – takes the same array, returns an array of x's shape
        x : number, list or array – where to compare; a random point finds more than a round one
        tolerance : float – the largest relative error that passes
        h : float – the step of the differences; by default a good one

    Returns:    GradientReport – `.ok` (True, False or None), `.relative_error`, `.uncertainty`,
                `.cause`; print it

    Raises:     ValueError – the gradient's shape is not x's shape; TypeError – it is no array

    Example:
        >>> report = check_gradient(lambda x: (x**2).sum(axis=0), lambda x: -2 * x, [1.0, 3.0])
        >>> report.ok, report.cause
        (False, 'The sign is flipped: your gradient points downhill.')

    See:        lesson 02
    """
    require.positive("tolerance", tolerance)
    point = point_of(x)
    given = require.numbers("gradient(x)", gradient(point.copy()), "let it end in `return ...`")
    claimed = real_array("gradient(x)", given)
    if claimed.shape != point.shape:
        raise ValueError(
            f"gradient must return an array of x's shape {point.shape}, but it returned "
            f"{claimed.shape}; one partial derivative per coordinate, in the same places."
        )
    with np.errstate(all="ignore"):
        slopes, kinds = _judging_slopes(look(f, point), claimed.ravel(), tolerance, h)
        bars = slopes.bars
        if given.dtype.itemsize < 8:  # a claim in float32 is rounded, too
            bars = bars + 4 * np.finfo(given.dtype).eps * np.abs(claimed).max()
    estimated, uncertainty = (array.reshape(point.shape) for array in (slopes.values, bars))
    return judge(claimed, estimated, uncertainty, tolerance, kinds)


def _judging_slopes(
    place: Place,
    claimed: Array,
    tolerance: float,
    h: float | None,
) -> tuple[Slopes, Array]:
    """Return slopes with error bars, as narrow as the tolerance asks if possible; corners."""
    step = default_step(place) if h is None else _given_step(place, h, "central")
    usual, gaps, suspects = over_two_steps(place, step)
    kinds = np.full(claimed.size, Corner.SMOOTH)
    kinds[suspects] = corners(place, suspects)
    slopes = usual._replace(bars=_bars_at_corners(usual.bars, gaps, kinds))
    allowed = tolerance * _largest(claimed, slopes.values)
    wide = _in_doubt(slopes, claimed, tolerance) & np.isin(kinds, [Corner.SMOOTH, Corner.BESIDE])
    if h is None and wide.any() and math.isfinite(place.here):
        which = np.flatnonzero(wide)
        some = Slopes(*(array[which] for array in slopes))
        searched = search(place, which=which)
        lost = ~np.isfinite(searched.bars)  # the two usual steps may agree by chance
        some.bars[lost] = 10 * some.bars[lost] + astray(place, some, which)[lost]
        judged = combine(some, searched, claimed[which], allowed)
        one_sided = np.abs(judged.values - some.values) > gaps[which] / 4
        beside = kinds[which] == Corner.BESIDE
        better = ~beside | one_sided
        slopes = _with(slopes, which[better], Slopes(*(array[better] for array in judged)))
        kinds[which[beside & one_sided]] = Corner.SMOOTH
    kinds[kinds == Corner.BESIDE] = Corner.KINK
    curvatures = gaps / step
    curvatures[suspects] = 0  # no curvature, but a kink or a jump somewhere near
    return slopes._replace(bars=slopes.bars + _rounding_of_x(place, curvatures)), kinds


def _largest(*arrays: Array) -> float:
    """Return the largest finite size of a number in the arrays."""
    return float(np.nan_to_num(np.abs(np.concatenate(arrays)), posinf=0).max())


def _in_doubt(
    slopes: Slopes,
    claimed: Array,
    tolerance: float,
) -> Array:
    """Whether a slope is too uncertain for a verdict, or among the worst that convict a claim.

    A wrong gradient is wrong if a few entries are, so a look at more would take time for nothing.
    """
    wide = ~(slopes.bars <= tolerance * min(_largest(claimed), _largest(slopes.values)))
    off = np.abs(claimed - slopes.values) - slopes.bars
    own = np.minimum(
        tolerance * _largest(claimed, slopes.values),
        SMALL * np.maximum(np.abs(claimed), np.abs(slopes.values)),
    )
    convicts = off > own
    worst = np.argsort(-np.nan_to_num(off))[:WORST]
    return wide | (convicts & np.isin(np.arange(off.size), worst))


def _bars_at_corners(
    bars: Array,
    gaps: Array,
    kinds: Array,
) -> Array:
    """Return error bars that hold the slopes to both sides of a kink, and any slope elsewhere."""
    two_slopes = (kinds == Corner.KINK) | (kinds == Corner.BESIDE)
    no_slope = (kinds == Corner.NOISE) | (kinds == Corner.JUMP)
    return np.select([two_slopes, no_slope], [bars + gaps / 2, np.inf], bars)


def _with(
    slopes: Slopes,
    which: Array,
    others: Slopes,
) -> Slopes:
    """Return `slopes` with the `others` in their places `which`."""
    arrays = [array.copy() for array in slopes]
    for array, new in zip(arrays, others, strict=True):
        array[which] = new
    return Slopes(*arrays)


def combine(
    usual: Slopes,
    searched: Slopes,
    claimed: Array,
    allowed: float,
) -> Slopes:
    """Return for each coordinate the slope to be trusted: over the usual step or a searched one.

    A step longer than the usual one may clear a claim, not convict it: f may be rougher than such
    a step can see. A shorter one that rules the usual slope out is trusted, unless the claim is
    close to the usual one: then either may be blind, and the bar holds both.
    """
    distance = np.abs(usual.values - searched.values)
    found = np.isfinite(searched.bars)
    narrower = searched.bars < usual.bars
    shorter = searched.steps <= usual.steps
    apart = distance > usual.bars + searched.bars
    cleared = np.abs(claimed - searched.values) <= searched.bars + allowed
    confirmed = np.abs(claimed - usual.values) <= np.abs(usual.values) / 2
    torn = found & shorter & apart & ~cleared & confirmed
    take = found & ((shorter & (narrower | apart)) | (cleared & narrower))
    level = (claimed == 0) & (usual.values == 0) & (searched.values == 0)
    bars = np.where(take, searched.bars, usual.bars)
    bars = np.where(torn, distance + usual.bars, bars)
    # beside a large entry, a wave may hide in the rounding of f: nothing seen convicts nobody
    unseen = ~found | (searched.values == 0)
    small = np.maximum(np.abs(claimed), np.abs(usual.values)) <= allowed
    to_claim = np.abs(claimed - usual.values)
    bars = np.where(unseen & small & ~take, np.maximum(bars, to_claim), bars)
    return Slopes(
        np.where(take, searched.values, usual.values),
        np.where(level, 0.0, bars),
        np.where(take, searched.steps, usual.steps),
    )


def _rounding_of_x(place: Place, curvatures: Array) -> float:
    """Return by how much any gradient is uncertain because x itself is rounded."""
    sizes = np.maximum(1.0, np.abs(place.along()))
    return float(4 * np.finfo(float).eps * np.nan_to_num(curvatures * sizes, posinf=0).max())
