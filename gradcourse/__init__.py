"""gradcourse: the small library behind a course on gradients in machine learning.

Lessons import what they teach from here. Importing the package itself costs next to nothing:
each name below is looked up only when it is first used, so the mathematics never has to wait
for matplotlib or the widgets.

Example:
    >>> import gradcourse
    >>> gradcourse.numerical_gradient(lambda x: x[0] ** 2 + x[1] ** 2, [1, 2]).round(6)
    array([2., 4.])
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__version__ = "0.1.0"

# name -> the module that defines it
_NAMES = {
    "numerical_gradient": "differences",
    "check_gradient": "differences",
    "descend": "descent",
    "Trajectory": "descent",
}
_MODULES = {
    "autodiff",
    "checks",
    "clinic",
    "constrained",
    "curvature",
    "datasets",
    "descent",
    "diagnostics",
    "differences",
    "doctor",
    "explorers",
    "feedback",
    "landscapes",
    "losses",
    "nn",
    "optimizers",
    "plots",
    "progress",
    "quiz",
    "schedules",
    "style",
}

__all__ = sorted([*_NAMES, *_MODULES])


def __getattr__(name: str) -> "Callable | ModuleType":
    """Import a part of the library the moment it is asked for (PEP 562)."""
    if name in _NAMES:
        return getattr(importlib.import_module(f"gradcourse.{_NAMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"gradcourse.{name}")
    raise AttributeError(f"gradcourse has no {name!r}; it offers {', '.join(__all__)}.")


def __dir__() -> list[str]:
    return __all__
