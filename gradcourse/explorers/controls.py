"""The controls of an explorer: a slider with a number field beside it, a menu, a switch.

A slider alone is imprecise and nameless to a screen reader, a log slider even announces the
exponent instead of the value. So each slider comes with a labeled number field that holds the
value itself; move either one and the other follows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log10

import ipywidgets as widgets

LABEL = {"description_width": "118px"}


@dataclass(frozen=True)
class Control:
    """Something to move: `widget` is grabbed, `field` holds the value, `row` is what is shown."""

    widget: widgets.Widget
    field: widgets.Widget
    row: widgets.Widget

    @property
    def value(self) -> object:
        """The value that `compute` receives."""
        return self.field.value

    def set(self, value: object) -> None:
        """Move the control."""
        self.field.value = value

    def on_change(self, callback: Callable) -> None:
        """Call `callback` after every change of the value."""
        self.field.observe(callback, "value")


def slider(label: str, value: float, low: float, high: float, step: float = 0.1) -> Control:
    """Return a slider on a linear scale."""
    bar = widgets.FloatSlider(value=value, min=low, max=high, step=step, readout=False)
    field = widgets.BoundedFloatText(value=value, min=low, max=high, step=step)
    return _pair(label, bar, field)


def log_slider(label: str, value: float, low: float, high: float) -> Control:
    """Return a slider on a log scale, 50 stops per factor of ten, values to three digits."""
    bar = widgets.FloatLogSlider(
        value=value, min=log10(low), max=log10(high), step=0.02, readout=False
    )
    field = widgets.BoundedFloatText(value=value, min=low, max=high, step=low)
    return _pair(label, bar, field)


def whole_slider(label: str, value: int, low: int, high: int, step: int = 1) -> Control:
    """Return a slider over whole numbers."""
    bar = widgets.IntSlider(value=value, min=low, max=high, step=step, readout=False)
    return _pair(label, bar, widgets.BoundedIntText(value=value, min=low, max=high, step=step))


def menu(label: str, value: str, options: dict[str, object] | list) -> Control:
    """Return a drop-down menu; a dict shows its keys and gives its values."""
    options = list(options.items()) if isinstance(options, dict) else options
    return _single(widgets.Dropdown(description=label, value=value, options=options, style=LABEL))


def switch(label: str, value: bool = False) -> Control:
    """Return a check box."""
    return _single(widgets.Checkbox(description=label, value=value, indent=False))


def _single(widget: widgets.Widget) -> Control:
    row = widgets.HBox([widget])
    row.add_class("gc-control")
    return Control(widget, widget, row)


def _pair(label: str, bar: widgets.Widget, field: widgets.Widget) -> Control:
    """Link a slider and its number field in both directions."""
    field.description, field.style = label, LABEL
    field.layout, bar.layout = {"width": "205px", "flex": "0 0 auto"}, {"flex": "1 1 120px"}
    row = widgets.HBox([field, bar])
    row.add_class("gc-control")

    def to_field(change: dict) -> None:
        new = change["new"]
        if _rounded(new) != _rounded(field.value):  # else the slider only follows the field
            field.value = _rounded(new)

    def to_bar(change: dict) -> None:
        bar.value = change["new"]

    bar.observe(to_field, "value")
    field.observe(to_bar, "value")
    return Control(bar, field, row)


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.3g}")
