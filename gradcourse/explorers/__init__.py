"""Explorers: one for each lesson, all built on gradcourse.explorers.kit.base.

Example:
    >>> from gradcourse.explorers import StartHereExplorer
    >>> explorer = StartHereExplorer()
    >>> explorer.widgets["position"].value = 2.0
    >>> explorer.sentence
    'At θ = 2 the curve has the slope 4: 0.1 further to the right it is higher by about 0.4.'
"""

import importlib

_MODULES = {
    "Explorer": "kit.base",
    "StartHereExplorer": "start_here",
    "HillExplorer": "hill",
    "RandomSearchExplorer": "random_search",
    "StepSizeExplorer": "step_size",
    "LearningRateExplorer": "learning_rate",
    "BatchSizeExplorer": "batch_size",
    "RaceExplorer": "race",
    "CurvatureExplorer": "curvature",
    "ConstraintExplorer": "constraint",
    "GraphExplorer": "graph",
    "DepthExplorer": "depth",
    "GeneralizeExplorer": "generalize",
    "AtWorkExplorer": "at_work",
}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"gradcourse.explorers has no {name!r}; it offers {', '.join(__all__)}.")
