"""Checks of the exercises, one module per exercise set: `gradcourse.checks.set01` and so on.

`report` and `seed` are for hidden tests that a class grader reads; `catalog` and `find` know every
question of the course by its key.
"""

import difflib
import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

from gradcourse.checks.core import Question
from gradcourse.checks.reports import report, seed

__all__ = ["catalog", "exercise_sets", "find", "report", "seed"]


def exercise_sets() -> dict[str, ModuleType]:
    """Return the modules of the exercise sets by name: "set01" and so on."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}") for name in names if name.startswith("set")}


@cache
def catalog() -> dict[str, Question]:
    """Return every question of the course by its key, "03.one_step"."""
    return {
        value.key: value
        for module in exercise_sets().values()
        for value in vars(module).values()
        if isinstance(value, Question)
    }


def find(key: str) -> Question:
    """Return the question with this key.

    Raises:     ValueError – there is no such question; the nearest one is named

    Example:
        >>> find("03.one_step").points
        1.0
    """
    if key not in catalog():
        near = difflib.get_close_matches(key, catalog(), n=1)
        remedy = f"did you mean {near[0]!r}?" if near else "see gradcourse.checks.catalog()."
        raise ValueError(f"There is no question {key!r}; {remedy}")
    return catalog()[key]
