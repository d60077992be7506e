"""Slopes that know how far they may be off, and steps that fit the scale of the function.

A difference over the step h is off by truncation, about h², and by rounding, about ε|f|/h. Slopes
over two steps tell the first, the size of f tells the second; together they are the error bar.
Where the usual step is of the wrong size (1/x close to 0, a small hill on a high plateau), a ladder
of steps is tried, and on each coordinate the rung counts whose neighbors agree with it best.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gradcourse.differences.evaluation import Array, Place

LADDER = 4.0 ** -np.arange(1, 38)  # steps from a quarter of x's size down to 5e-23 of it
AGREE = 0.01  # slopes over neighboring steps that differ by less, relatively, are the same

# scheme -> to which sides of x the steps go
ONE = np.array([[1.0]])
BOTH = np.array([[1.0], [-1.0]])
SIDES = {"central": BOTH, "forward": ONE}


class Slopes(NamedTuple):
    """Slopes, how far each may be off (infinite: no step is good), and the steps they are over."""

    values: Array
    bars: Array
    steps: Array


def quotients(
    place: Place,
    values: Array,
    h: Array,
    x: Array,
) -> Array:
    """Return rise over run, from `values` at x + h and x − h or, in one row, at x + h alone.

    The run is the one that rounding really let us take.
    """
    if len(values) == 1:
        run = (x + h) - x
        return (values[0] - place.here) / run
    run = (x + h) - (x - h)
    return (values[0] - values[1]) / run


def slopes_over(
    place: Place,
    h: Array,
    sides: Array = BOTH,
    which: Array | None = None,
) -> Array:
    """Return the slopes over the steps `h`, along all coordinates or those of `which`."""
    values, _ = place.sample(sides * h, which)
    return quotients(place, values, h, place.along(which))


def default_step(place: Place, sides: Array = BOTH) -> Array:
    """Return ∛ε (to both sides) or √ε (to one), times max(1, |x|): there both errors balance."""
    size = np.maximum(1.0, np.abs(place.along()))
    return relative_step(place, sides) * size


def relative_step(place: Place, sides: Array) -> float:
    """Return the default step at |x| ≤ 1: ∛ε to both sides, √ε to one."""
    order = 1 + len(sides)
    return float(place.eps ** (1 / order))


def rounding_bar(
    place: Place,
    slopes: Array,
    h: Array,
    x: Array,
) -> Array:
    """Return how far rounding may move a slope: that of f's value, and that of x inside f."""
    of_x = 4 * place.eps * (np.abs(x) + h)
    return (place.rounding + of_x * np.abs(slopes)) / h


def usual_slopes(place: Place, sides: Array) -> tuple[Array, bool]:
    """Return the slopes over the default step, and whether they are `believable`."""
    h = default_step(place, sides)
    moves = random_moves(place)
    values, seen = place.sample(sides * h, also=moves)
    slopes = quotients(place, values, h, place.along())
    return slopes, believable(place, slopes, moves, seen)


def random_moves(place: Place) -> Array:
    """Return two columns: a move of all coordinates along a random direction, and its opposite."""
    there = default_step(place) * _direction(place.point.size)
    return np.array([there, -there]).T


@lru_cache(maxsize=32)
def _direction(size: int) -> Array:
    """Return a random direction, the same every time, in which no coordinate is nearly still."""
    rng = np.random.default_rng(size)
    lengths = rng.uniform(1, 2, size)
    signs = rng.choice([-1.0, 1.0], size)
    return signs * lengths / size**0.5


def believable(
    place: Place,
    slopes: Array,
    moves: Array,
    seen: Array,
) -> bool:
    """Whether f, `seen` after two opposite moves, changed as `slopes` say.

    And by more than rounding. Two values of f are enough, however many coordinates there are:
    a random direction is blind to none of them, and its step is not the one of the slopes.
    """
    move = moves[:, 0]
    change = np.abs(slopes) @ np.abs(move)
    rise = (seen[0] - seen[1]) / 2
    off = abs(rise - slopes @ move) + place.rounding
    return bool(off <= place.eps ** (1 / 3) * change)  # False for NaN


def search(
    place: Place,
    sides: Array = BOTH,
    which: Array | None = None,
) -> Slopes:
    """Return each coordinate's slope over the step that suits it, of a whole ladder of steps.

    It costs as much as 37 gradients, so it is asked only where the usual step is in doubt.
    """
    x = place.along(which)
    steps = LADDER[:, None] * np.maximum(1.0, np.abs(x))
    rungs = [slopes_over(place, h, sides, which) for h in steps]
    slopes = np.array(rungs)
    slopes[~np.isfinite(slopes)] = np.nan
    noise = rounding_bar(place, slopes, steps, x)
    bars = np.nan_to_num(_disagreement(slopes) + noise, nan=np.inf)
    bars[_contradicted(slopes, bars, noise)] = np.inf
    usual = int(np.searchsorted(-LADDER, -relative_step(place, sides)))
    rung = _best_rung(np.abs(slopes), bars, noise, usual)
    bars[0] = noise[usual]  # for where f is flat, as far as shorter steps can tell
    each = np.arange(x.size)
    known = rung >= 0
    return Slopes(
        np.where(known, slopes[rung, each], np.nan),
        np.where(known, bars[rung, each], np.inf),
        steps[rung, each],
    )


def astray(
    place: Place,
    slopes: Slopes,
    which: Array,
) -> Array:
    """Return how far slopes over shorter steps are from `slopes`, at least, whatever rounding did.

    `slopes` are those of the coordinates `which`.
    """
    x = place.along(which)
    furthest = np.zeros(which.size)
    for h in slopes.steps * LADDER[:10, None]:
        shorter = slopes_over(place, h, which=which)
        off = np.abs(shorter - slopes.values) - 3 * rounding_bar(place, shorter, h, x)
        furthest = np.maximum(furthest, np.nan_to_num(off))
    return furthest


def _best_rung(
    steepness: Array,
    bars: Array,
    noise: Array,
    usual: int,
) -> Array:
    """Return which step suits each coordinate, -1 for none; `usual` is the rung of the default.

    - Where neighbors on the ladder agree, the smallest relative error bar counts.
    - Where f is level, its slope far smaller than that of larger steps, or flat, every step about
      the same, the slope is about 0 and no bar is small beside it; there the smallest bar counts.
    - Elsewhere f has no slope: it jumps, is noisy, or isn't defined beside x.
    """
    each = np.arange(steepness.shape[1])
    relative = np.nan_to_num(bars / steepness, nan=np.inf)
    best = np.argmin(relative, axis=0)
    agreed = bars[best, each] <= AGREE * steepness[best, each]
    outer = steepness[: usual + 1]
    flat = (outer <= noise[: usual + 1]).all(axis=0)
    steepest = np.nan_to_num(outer).max(axis=0)
    level = outer[-1] + bars[usual] <= AGREE * steepest
    calmest = usual + np.argmin(bars[usual:], axis=0)
    return np.select([agreed, level, flat], [best, calmest, 0], default=-1)


def _contradicted(
    slopes: Array,
    bars: Array,
    noise: Array,
) -> Array:
    """Whether a shorter step rules a slope out, though rounding blurs what it sees.

    Large steps may agree on the slope of a hill and miss that its ground is rough.
    """
    least = np.nan_to_num(slopes - 3 * noise, nan=-np.inf)
    most = np.nan_to_num(slopes + 3 * noise, nan=np.inf)
    highest_low = np.maximum.accumulate(least[::-1])[::-1]
    lowest_high = np.minimum.accumulate(most[::-1])[::-1]
    too_low = slopes + bars < highest_low
    too_high = slopes - bars > lowest_high
    return too_low | too_high


def _disagreement(slopes: Array) -> Array:
    """Return how far each slope is from those over the next larger and the next smaller step."""
    gaps = np.abs(np.diff(slopes, axis=0))
    outside = np.full((1, slopes.shape[1]), np.inf)
    to_larger = np.concatenate([outside, gaps])
    to_smaller = np.concatenate([gaps, outside])
    return np.maximum(to_larger, to_smaller)
