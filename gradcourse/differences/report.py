"""The verdict on a gradient: what agrees, what doesn't, the likeliest cause, in sentences.

Differences are uncertain themselves, so a verdict compares intervals. A gradient fails where it is
off by more than the tolerance and the uncertainty together, and passes where both are small; in
between the differences cannot judge.
"""

from dataclasses import dataclass, field

import numpy as np

from gradcourse.differences.evaluation import Array

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
    """

    ok: bool | None
    relative_error: float
    tolerance: float
    claimed: Array = field(repr=False)
    estimated: Array = field(repr=False)
    uncertainty: Array = field(repr=False)
    cause: str = ""
    kinks: tuple[int, ...] = ()

    def __str__(self) -> str:
        verdict = {True: "passed", False: "FAILED", None: "undecided"}[self.ok]
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
        if self.cause:
            lines.append(self.cause)
        return "\n".join(lines)


def judge(
    claimed: Array,
    estimated: Array,
    uncertainty: Array,
    tolerance: float,
    kinks: Array,
    jumps: Array,
) -> GradientReport:
    """Return the verdict; `kinks` and `jumps` are flat indices of coordinates without a slope."""
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
    cause = (_corner(kinks, jumps) or cause) if ok is not False else cause
    corners = tuple(int(i) for i in np.sort(np.concatenate([kinks, jumps])))
    return GradientReport(ok, error, tolerance, claimed, estimated, uncertainty, cause, corners)


def _corner(kinks: Array, jumps: Array) -> str:
    """Say in one sentence that f has no slope here, if it hasn't."""
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
    if (np.maximum(np.abs(claimed), np.abs(estimated)) <= uncertainty).all():
        return (
            f"Differences cannot judge here: they are uncertain by {widest:.2g}, and within that "
            "both gradients are 0, so a wrong sign or factor would not show; check at a random "
            "point, too."
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
