"""Kinks and jumps: places where a function has no slope, only one to the left and one to the right.

On a smooth function the slopes to both sides come together as the step shrinks: their gap is a
quarter over a quarter of the step. At a kink (ReLU at 0) the gap stays, at a jump it grows as the
step shrinks, and where f is noise it grows, too, but by a different factor each time.
"""

from collections.abc import Callable
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from gradcourse.differences.evaluation import Array, Place, look
from gradcourse.differences.step_search import (
    BOTH,
    Slopes,
    believable,
    default_step,
    quotients,
    random_moves,
    rounding_bar,
)

QUARTERS = 4.0 ** -np.arange(-1, 15)  # the usual step, a longer one, and ever shorter ones
NEAR_AND_FAR = np.array([[1.0], [-1.0], [2.0], [-2.0]])


class Corner(IntEnum):
    """What f is along a coordinate; BESIDE: a kink or a jump closer to x than the usual step."""

    SMOOTH, KINK, JUMP, NOISE, BESIDE = range(5)


def kinks(f: Callable, x: ArrayLike) -> tuple[int, ...]:
    """Return the flat indices of the coordinates along which f has a kink or a jump at `x`.

    Example:
        >>> kinks(lambda x: abs(x[0]) + x[1] ** 2, [0.0, 0.0])
        (0,)
    """
    with np.errstate(all="ignore"):
        place = look(f, np.array(x, dtype=float))
        _, _, suspects = over_two_steps(place, default_step(place))
        kinds = corners(place, suspects)
        found = suspects[(kinds == Corner.KINK) | (kinds == Corner.JUMP)]
        return tuple(found.tolist())


def over_two_steps(place: Place, h: Array) -> tuple[Slopes, Array, Array]:
    """Return central slopes over h with error bars, the gaps between their sides, and suspects.

    The slope over 2h is off by four times the truncation, so a third of the difference is that of
    the slope over h. Three such error bars are meant to be safe. Suspect of a kink are coordinates
    whose gap does not halve with the step.
    """
    x, here = place.along(), place.here
    moves = random_moves(place)
    values, seen = place.sample(NEAR_AND_FAR * h, also=moves)
    near = quotients(place, values[:2], h, x)
    far = quotients(place, values[2:], 2 * h, x)
    blur = rounding_bar(place, near, h, x)
    bars = np.abs(near - far) + 3 * blur
    if not believable(place, near, moves, seen):  # the two steps agree by chance, if they do
        bars = np.maximum(bars, np.abs(near))
    bend = values[0] - 2 * here + values[1]
    wide_bend = values[2] - 2 * here + values[3]
    gap = np.abs(bend) / h
    wide_gap = np.abs(wide_bend) / (2 * h)
    stays = gap > 0.75 * wide_gap
    suspect = stays & (gap > 1e-3 * np.abs(near) + blur)
    bars = np.where(np.isfinite(bars), bars, np.inf)
    return Slopes(near, bars, h), gap, np.flatnonzero(suspect)


def corners(place: Place, suspects: Array) -> Array:
    """Return the kind of corner at each of the `suspects` (flat indices of coordinates).

    What counts are the shortest steps over which a gap that stays would still be seen.
    """
    if not suspects.size:
        return np.zeros(0, int)
    x = place.along(suspects)
    steps = QUARTERS[:, None] * default_step(place)[suspects]
    looks = [_gap(place, h, suspects) for h in steps]
    gaps, blur = np.array(looks).swapaxes(0, 1)
    seen_well = gaps[1] > 4 * blur
    seen = seen_well & (steps > 16 * np.spacing(np.abs(x)))
    shortest = np.maximum(1, rows_in_a_row(seen) - 1)
    each = np.arange(suspects.size)
    last = gaps[shortest, each]
    before = gaps[shortest - 1, each]
    as_before = last > 0.5 * before
    as_at_first = last > 0.5 * gaps[1]
    stays = as_before & as_at_first & seen[1]
    growths = _last_growths(gaps, shortest)
    as_at_kink = (growths < 3).all(axis=0) & (growths > 0.5).all(axis=0)
    as_at_jump = (growths < 5.5).all(axis=0) & (growths >= 3).all(axis=0) & (shortest > 5)
    beside = seen[3] & (np.abs(gaps[2:4] / gaps[1] - 1) < 0.2).all(axis=0)
    kinds = [Corner.JUMP, Corner.NOISE, Corner.KINK, Corner.BESIDE]
    noisy = (growths > 3).any(axis=0)
    is_kind = [stays & as_at_jump, stays & ~as_at_kink & noisy, stays & as_at_kink, beside]
    return np.select(is_kind, kinds, default=Corner.SMOOTH)


def rows_in_a_row(true: Array) -> Array:
    """Return how many rows of each column are true before the first that is not.

    Example:
        >>> rows_in_a_row(np.array([[True, True], [True, False], [False, True]]))
        array([2, 1])
    """
    unbroken = np.logical_and.accumulate(true, axis=0)
    return unbroken.sum(axis=0)


def _last_growths(gaps: Array, shortest: Array) -> Array:
    """Return by which factors the gap grew over the last five quarterings before `shortest`."""
    each = np.arange(shortest.size)
    rows = np.maximum(1, shortest - np.arange(6)[:, None])
    factors = gaps[rows[:-1], each] / gaps[rows[1:], each]
    is_step = rows[:-1] > rows[1:]
    last = gaps[shortest, each] / gaps[shortest - 1, each]
    return np.where(is_step, factors, last)


def _gap(
    place: Place,
    h: Array,
    which: Array,
) -> tuple[Array, Array]:
    """Return how far the slopes to the right and to the left are apart, and its error bar."""
    (above, below), _ = place.sample(BOTH * h, which)
    right = (above - place.here) / h
    left = (place.here - below) / h
    steepest = np.maximum(np.abs(right), np.abs(left))
    return np.abs(right - left), rounding_bar(place, steepest, h, place.along(which))
