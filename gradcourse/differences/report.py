"""The verdict on a gradient: what agrees, what doesn't, the likeliest cause, in sentences.

Differences are uncertain themselves, so a verdict compares intervals. A gradient fails where it is
off by more than the tolerance and the uncertainty together, and passes where both are small; in
between the differences cannot judge.
"""

from dataclasses import dataclass, field

import numpy as np

from gradcourse.differences.evaluation import Array
from gradcourse.differences.kinks import Corner

SMALL = 1e-3  # how far an entry much smaller than the largest may be off, relative to itself


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradient` found; prints as a small table.

    Fields:
        ok : bool or None – passed, failed, or None: the differences cannot judge here. None
            counts as false in an `if` or `assert`; `ok is False` means a wrong gradient
        relative_error, tolerance : float – what was found and what was allowed
        claimed, estimated, uncertainty : arrays of x's shape – your gradient, that of the
            differences, and by how much the latter may be off
        cause : str – a sentence, may be empty
        kinks : tuple – flat indices where f has a kink or a jump
        entry : int or None – the flat index of the entry that failed by its own error alone,
            small beside the largest
    """

    ok: bool | None
    relative_error: float
    tolerance: float
    claimed: Array = field(repr=False)
    estimated: Array = field(repr=False)
    uncertainty: Array = field(repr=False)
    cause: str = ""
    kinks: tuple[int, ...] = ()
    entry: int | None = None

    def __str__(self) -> str:
        verdict = {True: "passed", False: "FAILED", None: "undecided"}[self.ok]
        lines = [
            f"gradient check {verdict}: {self._error()}",
            f"{'index':>8}{'your gradient':>16}{'differences':>16}",
        ]
        off = np.abs(self.claimed - self.estimated).ravel()
        for i in np.sort(np.argsort(-np.nan_to_num(off, nan=np.inf), kind="stable")[:6]):
            index = ", ".join(map(str, np.unravel_index(i, self.claimed.shape))) or "–"
            lines.append(
                f"{index:>8}{self.claimed.ravel()[i]:>16.6g}{self.estimated.ravel()[i]:>16.6g}"
            )
        if self.cause:
            lines.append(self.cause)
        return "\n".join(lines)

    def _error(self) -> str:
        """Say what was found and allowed: of all entries, or of the one that decided alone."""
        if self.entry is None:
            return f"relative error {self.relative_error:.1e} (allowed {self.tolerance:.0e})"
        pair = np.array([self.claimed.ravel()[self.entry], self.estimated.ravel()[self.entry]])
        error = np.abs(pair[0] - pair[1]) / np.abs(pair).max()
        place = ", ".join(map(str, np.unravel_index(self.entry, self.claimed.shape)))
        allowed = max(SMALL, self.tolerance)
        return f"relative error {error:.1e} of entry {place} itself (allowed {allowed:.0e})"


def judge(
    claimed: Array,
    estimated: Array,
    uncertainty: Array,
    tolerance: float,
    kinds: Array,
) -> GradientReport:
    """Return the verdict; `kinds` has a `Corner` for each coordinate."""
    off, size = np.abs(claimed - estimated), np.abs([claimed, estimated])
    largest = float(size.max())
    error = float(off.max() / (largest or 1.0)) if np.isfinite(largest) else np.nan
    allowed = tolerance * largest
    own = np.minimum(allowed, max(SMALL, tolerance) * size.max(axis=0))
    wrong = off > own + uncertainty
    if not np.isfinite(claimed).all():
        ok, cause = False, "Your gradient contains NaN or infinity."
    elif wrong.any():
        ok, cause = False, _mistake(claimed, estimated, uncertainty, wrong)
    elif np.isfinite(largest) and uncertainty.max() <= allowed:
        ok, cause = True, _unseen(claimed, estimated, uncertainty > own)
    else:
        ok, cause = None, _doubt(claimed, estimated, uncertainty, allowed)
    if ok is not False:
        cause = _corner(kinds) or cause
    corners = tuple(np.flatnonzero((kinds == Corner.KINK) | (kinds == Corner.JUMP)).tolist())
    alone = wrong.any() and error <= tolerance
    entry = int(np.argmax(wrong * off / np.maximum(own, 1e-300))) if alone else None
    return GradientReport(
        ok, error, tolerance, claimed, estimated, uncertainty, cause, corners, entry
    )


def _corner(kinds: Array) -> str:
    """Say in one sentence that f has no slope here, if it hasn't."""
    kinks, jumps, noisy = (
        np.flatnonzero(kinds == kind) for kind in (Corner.KINK, Corner.JUMP, Corner.NOISE)
    )
    if jumps.size:
        return (
            f"f jumps at coordinate {jumps[0]}: it has no slope there, so differences cannot judge "
            "your gradient at this point; move x a little."
        )
    if kinks.size:
        return (
            f"f has a kink at coordinate {kinks[0]}: differences average both slopes there, "
            "so they cannot judge your gradient at this point; move x a little."
        )
    if noisy.size:
        return (
            f"f has noise along coordinate {noisy[0]}, from rounding or chance, so differences "
            "cannot judge your gradient here. Does f subtract large numbers, or change from call "
            "to call?"
        )
    return ""


def _doubt(
    claimed: Array,
    estimated: Array,
    uncertainty: Array,
    allowed: float,
) -> str:
    """Say in one sentence why the differences are no judge here."""
    if not np.isfinite(estimated).all():
        return "f is NaN or infinite at x or beside it, so there is nothing to compare with."
    widest = uncertainty.max()
    if not np.isfinite(widest):
        which = np.argmax(uncertainty)
        return (
            f"Differences cannot judge here: no step gives a slope to be trusted at entry {which}. "
            "Does f jump or end there, change from call to call, or lose digits inside?"
        )
    if (np.maximum(np.abs(claimed), np.abs(estimated)) <= uncertainty).all():
        return (
            f"The slopes of f are known only to ±{widest:.2g}; both gradients "
            "are smaller than that, so nothing can be compared; check at a random point, too."
        )
    return (
        f"Differences cannot judge here: they are uncertain by {widest:.2g}, and the tolerance "
        f"allows {allowed:.2g}; allow a larger one, or check at another point."
    )


def _unseen(
    claimed: Array,
    estimated: Array,
    unsure: Array,
) -> str:
    """Say which entries passed only because they are small beside the largest."""
    unseen = np.flatnonzero(unsure & (claimed != estimated))
    if not unseen.size:
        return ""
    return (
        f"{unseen.size} of {claimed.size} partial derivatives are too small beside the largest "
        f"for differences to judge, the first at {unseen[0]}."
    )


def _mistake(
    claimed: Array,
    estimated: Array,
    uncertainty: Array,
    wrong: Array,
) -> str:
    """Name the likeliest mistake in one sentence."""
    if not claimed.any():
        return "Your gradient is zero everywhere; was the result returned?"

    largest = np.abs(estimated).max()
    blur = np.minimum(uncertainty, 0.01 * largest)  # with more, everything looks like anything

    def is_times(factor: float, other: Array) -> bool:
        slack = 1e-3 * np.abs(claimed) + 1e-6 * largest + blur
        return bool((np.abs(claimed - factor * other) <= slack).all())

    if is_times(-1, estimated):
        return "The sign is flipped: your gradient points downhill."
    factor = float((claimed * estimated).sum() / max((estimated**2).sum(), 1e-300))
    if claimed.size > 1 and is_times(factor, estimated) and abs(factor - 1) > 0.01:
        return (
            f"Your gradient is {factor:.4g} times the right one: a factor is missing or too many."
        )
    if claimed.ndim == 2 and claimed.shape == claimed.T.shape and is_times(1, estimated.T):
        return "Your gradient is transposed."
    first = np.flatnonzero(wrong)
    return f"{first.size} of {claimed.size} partial derivatives differ, the first at {first[0]}."
