"""Bad input gets one clear sentence: which argument, what it was, what to write instead.

Every public function of the course checks what it is given with the few helpers below, so that
a learner reads "learning_rate must be above 0, but it is -0.1" and not a traceback from deep
inside numpy.
"""

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def positive(name: str, value: float, remedy: str = "") -> float:
    """Give `value` back if it is a finite number above 0.

    Raises:     ValueError – a sentence with the argument's name, its value and the remedy.

    Example:
        >>> positive("learning_rate", 0.1)
        0.1
    """
    if not _is_real(value) or not np.isfinite(value) or value <= 0:
        raise ValueError(sentence(name, "a number above 0", value, remedy))
    return value


def whole(name: str, value: int, least: int = 1, remedy: str = "") -> int:
    """Give `value` back as an int if it is a whole number, `least` or more."""
    if not _is_real(value) or value != value // 1 or value < least:
        raise ValueError(sentence(name, f"a whole number, {least} or more", value, remedy))
    return int(value)


def share(name: str, value: float, remedy: str = "", below_1: bool = False) -> float:
    """Give `value` back if it is a number from 0 to 1; with `below_1`, 1 itself is refused.

    Example:
        >>> share("momentum", 1.0, "try 0.9", below_1=True)
        Traceback (most recent call last):
        ...
        ValueError: momentum must be at least 0 and below 1, but it is 1.0; try 0.9.
    """
    if not _is_real(value) or not 0 <= value <= 1 or (below_1 and value == 1):
        wanted = "at least 0 and below 1" if below_1 else "from 0 to 1"
        raise ValueError(sentence(name, wanted, value, remedy))
    return value


def not_negative(name: str, value: float, remedy: str = "") -> float:
    """Give `value` back if it is a finite number, 0 or more."""
    if not _is_real(value) or not 0 <= value < np.inf:
        raise ValueError(sentence(name, "a finite number, 0 or more", value, remedy))
    return value


def finite(name: str, value: ArrayLike, remedy: str = "") -> np.ndarray:
    """Give `value` back as an array of numbers, none of them NaN or infinite, and not empty."""
    array = numbers(name, value, remedy)
    if not np.isfinite(array).all():
        first = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        remedy = remedy or "remove it or replace it with a number"
        raise ValueError(f"{name} contains {array[first]}{_at(first)}; {remedy}.")
    return array


def real(name: str, value: ArrayLike, remedy: str = "") -> np.ndarray:
    """Give `value` back as an array of finite real numbers, not empty.

    Complex ones are refused: without its imaginary part it would be another question.

    Example:
        >>> real("start", [3 + 1j])
        Traceback (most recent call last):
        ...
        ValueError: start must be real, but it is complex; take its real part with .real.
    """
    array = finite(name, value, remedy)
    if array.dtype.kind == "c":
        raise ValueError(f"{name} must be real, but it is complex; take its real part with .real.")
    return array


def numbers(name: str, value: ArrayLike, remedy: str = "") -> np.ndarray:
    """Give `value` back as a float (or complex) array; whole numbers become floats."""
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.array(None)
    if array.dtype.kind not in "biufc":
        raise TypeError(sentence(name, "a number or an array of numbers", value, remedy))
    if array.size == 0:
        raise ValueError(f"{name} is empty; {remedy or 'pass at least one number'}.")
    return array if array.dtype.kind in "fc" else array.astype(float)


def vector(name: str, value: ArrayLike, remedy: str = "") -> np.ndarray:
    """Give `value` back as an array if its shape is (n,); what is in it is not looked at.

    Example:
        >>> vector("theta", 3.0)
        Traceback (most recent call last):
        ...
        ValueError: theta must be a vector (n,), but its shape is (); write [3.0].
    """
    array = np.asarray(value)
    if array.ndim != 1:
        remedy = remedy or (f"write [{array}]" if array.ndim == 0 else "ravel it")
        raise ValueError(f"{name} must be a vector (n,), but its shape is {array.shape}; {remedy}.")
    return array


def function(name: str, value: Any, remedy: str = "") -> Callable:
    """Give `value` back if it can be called.

    Example:
        >>> function("gradient", 3.0)
        Traceback (most recent call last):
        ...
        TypeError: gradient must be a function, but it is 3.0; pass its name without calling it.
    """
    if not callable(value):
        remedy = remedy or "pass its name without calling it"
        raise TypeError(sentence(name, "a function", value, remedy))
    return value


def recipe(name: str, value: Any) -> Any:
    """Give `value` back if it is an optimizer that can be asked for steps, not its class."""
    if isinstance(value, type) or not hasattr(value, "step"):
        wanted = "a recipe from gradcourse.optimizers"
        raise TypeError(sentence(name, wanted, value, "try GradientDescent(0.1)"))
    return value


def generator(name: str, value: Any) -> np.random.Generator:
    """Give `value` back if it is one of numpy's random generators."""
    if not isinstance(value, np.random.Generator):
        remedy = "write rng = np.random.default_rng(0) first and pass rng"
        raise TypeError(sentence(name, "a numpy random generator", value, remedy))
    return value


def gradient(value: ArrayLike | None, shape: tuple[int, ...]) -> np.ndarray:
    """Give a copy of what a gradient function returned, if it has theta's shape and is real.

    A copy, because many a function returns the same array every time, with new numbers in it.

    Example:
        >>> gradient(None, (2,))
        Traceback (most recent call last):
        ...
        TypeError: gradient must return an array, but it returned None; add its `return`.
    """
    if value is None:
        raise TypeError("gradient must return an array, but it returned None; add its `return`.")
    grad = np.array(value)
    if grad.shape != shape:
        raise ValueError(
            f"gradient must return theta's shape {shape}, but it returned {grad.shape}; "
            "one partial derivative per parameter."
        )
    if grad.dtype.kind not in "biuf":
        raise TypeError(
            f"gradient must return real numbers, but it returned {grad.dtype} ones; "
            "take the real part, or turn them into floats."
        )
    return grad


def one_of(name: str, value: str, options: Iterable[str]) -> str:
    """Give `value` back if it is one of `options`; otherwise suggest the nearest one.

    Example:
        >>> one_of("name", "bowls", ["bowl", "saddle"])
        Traceback (most recent call last):
        ...
        ValueError: name must be one of bowl, saddle, but it is 'bowls'; did you mean 'bowl'?
    """
    options = list(options)
    if value in options:
        return value
    near = difflib.get_close_matches(str(value), options, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"{name} must be one of {', '.join(options)}, but it is {value!r}{hint}")


def sentence(name: str, wanted: str, value: Any, remedy: str = "") -> str:
    """Build the one sentence all checks here share; `value` is whatever was given."""
    advice = f"; {remedy}" if remedy else ""
    return f"{name} must be {wanted}, but it is {value!r:.60}{advice}."


def _at(index: tuple[int, ...]) -> str:
    if not index:
        return ""
    return f" at index {index[0] if len(index) == 1 else index}"


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating)
