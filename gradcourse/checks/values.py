"""Plain values: what a learner's function returned, as lists, numbers and text fit for JSON.

They are all that leaves a learner's kernel, so a judge compares values and never meets an object
that could answer for itself.
"""

from dataclasses import asdict, dataclass
from typing import Any, Self, TypeAlias

import numpy as np

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a plain value or an error, and whether the input was changed."""

    value: Plain = None
    changed: bool = False
    error: str = ""

    def to_json(self) -> dict[str, Plain]:
        """Return the outcome as it travels in a report."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Plain]) -> Self:
        """Return the outcome that a report holds; of anything else as much as can be read."""
        error = str(fields.get("error", ""))
        return cls(fields.get("value"), bool(fields.get("changed")), error)


def plain(value: Any) -> Plain:
    """Return a value as lists, numbers, text: what JSON can carry, shape included.

    Example:
        >>> plain((np.arange(2.0), True))
        [[0.0, 1.0], True]
    """
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind == "f":
            value = np.asarray(value, dtype=float)  # long doubles, too
        if value.dtype.kind in "biuf":
            return value.tolist()  # plain already, and quick
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return {"type": type(value).__name__}


def close(got: Plain, wanted: Plain, tolerance: float) -> bool:
    """Whether two plain values agree: same shape, numbers within a relative tolerance.

    Numbers in one list are measured against the largest of them, so that a zero beside a large
    number need not be exact; NaN agrees with nothing but NaN.
    """
    a, b = as_array(got), as_array(wanted)
    if a is None or b is None:
        if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
            return all(close(x, y, tolerance) for x, y in zip(got, wanted, strict=True))
        return type(got) is type(wanted) and got == wanted
    if a.shape != b.shape or isinstance(got, bool) != isinstance(wanted, bool):
        return False
    finite = b[np.isfinite(b)]
    scale = np.abs(finite).max() if finite.size else 0.0
    return bool(np.isclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True).all())


def as_array(value: Plain) -> np.ndarray | None:
    """Return a plain value as an array of floats, or None if it is not one."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array.astype(float) if array.dtype.kind in "biuf" else None


def describe(value: Plain) -> str:
    """Return a plain value as short text, numbers rounded to six digits."""
    array = as_array(value)
    if array is None or isinstance(value, bool):
        return str(value)[:200]
    if array.ndim == 0:
        return f"{float(array):.6g}"
    with np.printoptions(precision=6, suppress=False, threshold=20, edgeitems=3):
        return str(array)
