"""Words and limits that explorers share: numbers too large to show, plurals, sentences."""

import numpy as np
from numpy.typing import ArrayLike

LARGEST = 1e6  # a larger number tells a learner nothing more


def short(value: float, digits: int = 3) -> str:
    """Return a loss in a few digits; one that is huge, or no number, is out of sight.

    Example:
        >>> short(0.12345), short(float("nan"))
        ('0.123', 'out of sight')
    """
    return f"{value:.{digits}g}" if abs(value) < LARGEST else "out of sight"


def held(values: ArrayLike, low: float, high: float) -> np.ndarray:
    """Return values held inside the limits of an axis; what is no number is held at the top.

    So a curve that runs away stays visible: it runs along the edge.

    Example:
        >>> held([-1.0, 0.5, 99.0, float("nan")], 0.0, 1.0).tolist()
        [0.0, 0.5, 1.0, 1.0]
    """
    return np.nan_to_num(np.asarray(values, float), nan=high).clip(low, high)


def counted(n: int, noun: str) -> str:
    """Return how many there are in words.

    Example:
        >>> counted(1, "step"), counted(20, "step")
        ('1 step', '20 steps')
    """
    return f"1 {noun}" if n == 1 else f"{n} {noun}s"


def sentence_case(text: str) -> str:
    """Return a text with a capital first letter, all others as they are."""
    return text[:1].upper() + text[1:]
