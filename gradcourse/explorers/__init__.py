"""Explorers: one for each lesson, all built on gradcourse.explorers.kit.base.

A module of this folder, `step_size.py`, gives one explorer, `StepSizeExplorer`; it is found by its
name and loaded when it is first asked for. To add one, copy `start_here.py`.

Example:
    >>> from gradcourse.explorers import StartHereExplorer
    >>> explorer = StartHereExplorer()
    >>> explorer.widgets["position"].value = 2.0
    >>> explorer.sentence
    'At θ = 2 the curve has the slope 4: 0.1 further to the right it is higher by about 0.4.'
"""

from importlib import import_module
from pkgutil import iter_modules

_MODULES = {"Explorer": "kit.base"} | {
    f"{module.name.title().replace('_', '')}Explorer": module.name
    for module in iter_modules(__path__)
    if not module.ispkg
}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> type:
    if name in _MODULES:
        explorer: type = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return explorer
    raise AttributeError(f"gradcourse.explorers has no {name!r}; it offers {', '.join(__all__)}.")
