"""What a hidden test says to the grader: numbers, and no verdict.

Whatever runs beside a student's code can be changed by it, a verdict too. So a hidden test only
reports what it measured; the grader compares in a process of its own with what the reference
solution reported for the same seed (see `gradcourse.grading.doors.verdict`).
"""

import json
import os
from typing import Any

from IPython.display import publish_display_data

from gradcourse import require
from gradcourse.checks.values import plain

REPORT = "application/vnd.gradcourse.report"  # text that holds JSON: NaN and infinity survive
SEED = "GRADCOURSE_SEED"


def report(
    *, weights: dict[str, float] | None = None, tolerance: float = 1e-6, **quantities: Any
) -> None:
    """Report measured quantities to the grader; outside a grader's sandbox nothing happens.

    Parameters: quantities – numbers, arrays, text, or lists and dicts of them, by name; the cell's
                             points are shared out among them
                weights    – shares other than 1: `weights={"dW1": 2}` counts dW1 twice
                tolerance  – the largest relative difference from the reference that counts as right
    Raises:     ValueError – nothing reported, a weight of nothing, a weight or tolerance below 0

    Example:
        >>> report(loss=0.25, dW1=[[0.5, -1.0]], weights={"dW1": 2})
    """
    weights = weights or {}
    if not quantities:
        raise ValueError("report() was given no quantity; name one: report(loss=loss).")
    for name, weight in weights.items():
        require.one_of("weights", name, quantities)
        require.positive(f"weights[{name!r}]", weight)
    require.positive("tolerance", tolerance)
    publish(quantities, weights, tolerance)


def publish(
    quantities: dict[str, Any], weights: dict[str, float] | None = None, tolerance: float = 1e-6
) -> None:
    """Send one report, if a grader listens: its sandbox names a seed."""
    if SEED in os.environ:
        shares = dict.fromkeys(quantities, 1.0) | (weights or {})
        message = {"quantities": plain(quantities), "weights": shares, "tolerance": tolerance}
        publish_display_data({"text/plain": "", REPORT: json.dumps(message)})


def seed() -> int:
    """Return the seed of this term's hidden inputs: 1, unless the grader was told another."""
    return int(os.environ.get(SEED, 1))
