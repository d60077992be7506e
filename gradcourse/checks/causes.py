"""What can be said of any wrong answer, whatever was asked: a shape, a sign, a factor.

Each rule looks at one thing and returns a hint, or "" if it has nothing to say. The first that
speaks is heard, so the rules stand in order: what explains most comes first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcourse.checks.values import Outcome, as_array


@dataclass(frozen=True)
class Attempt:
    """A wrong answer beside the right one, case by case; `hints` are those of the cases."""

    got: list[Outcome]
    wanted: list[Outcome]
    good: list[bool]
    hints: list[str]

    def arrays(self) -> list[tuple[np.ndarray | None, np.ndarray | None]]:
        """Return (got, wanted) of each case as arrays, None for what is not numbers."""
        pairs = zip(self.got, self.wanted, strict=True)
        return [(as_array(got.value), as_array(wanted.value)) for got, wanted in pairs]


def likely_cause(attempt: Attempt) -> str:
    """Return the hint of the first rule that has something to say."""
    return next(filter(None, (rule(attempt) for rule in RULES)), "")


def changed_input(attempt: Attempt) -> str:
    """The arguments are not what they were before the call."""
    if not any(outcome.changed for outcome in attempt.got):
        return ""
    return "Changed its input: work on a copy, or build a new array."


def awkward_case(attempt: Attempt) -> str:
    """Some cases are right, and the first wrong one has a hint of its own."""
    return attempt.hints[attempt.good.index(False)] if any(attempt.good) else ""


def general_cause(attempt: Attempt) -> str:
    """Nothing returned, another kind or shape of value, or what all numbers have in common."""
    if any(outcome.error for outcome in attempt.got):
        return ""  # the error itself is shown, and says more
    return next(filter(None, (rule(attempt) for rule in GENERAL)), "")


def nothing_returned(attempt: Attempt) -> str:
    """None comes back, always or sometimes."""
    n_missing = sum(outcome.value is None for outcome in attempt.got)
    if n_missing == len(attempt.got):
        return "Nothing was returned: end the function with `return ...`."
    if n_missing:
        return "In some cases nothing was returned: end every branch with `return ...`."
    return ""


def no_numbers(attempt: Attempt) -> str:
    """Something else comes back where numbers are wanted."""
    if any(got is None and wanted is not None for got, wanted in attempt.arrays()):
        return "The function should return numbers."
    return ""


def another_shape(attempt: Attempt) -> str:
    """The first array whose shape is not the wanted one."""
    for got, wanted in attempt.arrays():
        if got is not None and wanted is not None and got.shape != wanted.shape:
            is_, asked = got.shape or "a single number", wanted.shape or "one number"
            return f"The shape is {is_}, expected {asked}."
    return ""


def common_to_all_numbers(attempt: Attempt) -> str:
    """A sign or a factor, if all cases return numbers and nothing else."""
    pairs = attempt.arrays()
    all_got = [got.ravel() for got, _ in pairs if got is not None]
    all_wanted = [wanted.ravel() for _, wanted in pairs if wanted is not None]
    if len(all_got) < len(pairs) or len(all_wanted) < len(pairs):
        return ""
    got, wanted = np.concatenate(all_got), np.concatenate(all_wanted)
    return next(filter(None, (rule(got, wanted) for rule in OF_NUMBERS)), "")


def not_finite(got: np.ndarray, wanted: np.ndarray) -> str:
    """NaN or infinity where finite numbers are wanted."""
    if np.isfinite(got).all() or not np.isfinite(wanted).all():
        return ""
    return "NaN or infinity appears where a number is expected: a division by zero, an overflow?"


def all_zero(got: np.ndarray, wanted: np.ndarray) -> str:
    """Zeros and nothing else."""
    return "" if got.any() else "Everything returned is zero."


def flipped_sign(got: np.ndarray, wanted: np.ndarray) -> str:
    """Minus the right answer."""
    return "The sign is flipped." if _alike(got, -wanted) else ""


def constant_factor(got: np.ndarray, wanted: np.ndarray) -> str:
    """The right answer times one number, found by least squares."""
    factor = float(got @ wanted / max(wanted @ wanted, 1e-300))
    if got.size == 1 or abs(factor) < 1e-9 or not _alike(got, factor * wanted):
        return ""
    return f"Every value is {factor:.4g} times the right one: a factor is missing or too many."


def _alike(got: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether all numbers agree; what counts as zero shrinks with numbers that are all small."""
    nearly_zero = 1e-8 * min(1.0, float(np.abs(wanted).max(initial=0)))
    return np.allclose(got, wanted, rtol=1e-6, atol=nearly_zero)


Rule = Callable[[Attempt], str]
RULES: tuple[Rule, ...] = (changed_input, awkward_case, general_cause)
GENERAL: tuple[Rule, ...] = (nothing_returned, no_numbers, another_shape, common_to_all_numbers)
OF_NUMBERS = (not_finite, all_zero, flipped_sign, constant_factor)
