"""The controls of an explorer: a slider with a number field beside it, a menu, a switch.

A slider alone is imprecise and nameless to a screen reader. So the value lives in a labeled
number field, and the slider beside it only walks over a list of good values, its stops. Move
either one and the other follows. The slider counts its stops in whole numbers, because a browser
rounds fractions its own way and would send them back changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np

LABEL = {"description_width": "118px"}


@dataclass(frozen=True)
class Control:
    """Something to move: `widget` holds the value, `row` is what is shown."""

    widget: widgets.Widget
    row: widgets.Widget

    @property
    def value(self) -> object:
        """The value that `compute` receives."""
        return self.widget.value

    def set(self, value: object) -> None:
        """Move the control."""
        self.widget.value = value

    def on_change(self, callback: Callable) -> None:
        """Call `callback` after every change of the value."""
        self.widget.observe(callback, "value")


def slider(label: str, value: float, low: float, high: float, step: float = 0.1) -> Control:
    """Return a slider on a linear scale."""
    stops = np.round(np.arange(low, high + step / 2, step), 10)
    field = widgets.BoundedFloatText(value=value, min=low, max=high, step=step)
    return _beside(label, stops.tolist(), field)


def log_slider(label: str, value: float, low: float, high: float) -> Control:
    """Return a slider on a log scale: 50 stops per factor of ten, three digits each."""
    n_stops = round(50 * np.log10(high / low)) + 1
    stops = [float(f"{stop:.3g}") for stop in np.geomspace(low, high, n_stops)]
    field = widgets.BoundedFloatText(value=value, min=low, max=high, step=low)
    return _beside(label, stops, field)


def whole_slider(label: str, value: int, low: int, high: int, step: int = 1) -> Control:
    """Return a slider over whole numbers."""
    field = widgets.BoundedIntText(value=value, min=low, max=high, step=step)
    return _beside(label, range(low, high + 1, step), field)


def player(label: str, value: int, high: int, milliseconds: int = 120) -> Control:
    """Return a slider over steps from 0 with play, pause, stop and repeat buttons."""
    control = whole_slider(label, value, 0, high)
    play = widgets.Play(min=0, max=high, value=value, interval=milliseconds, show_repeat=False)
    play.observe(lambda change: control.set(change["new"]), "value")
    control.on_change(lambda change: setattr(play, "value", change["new"]))
    control.row.remove_class("gc-control")  # one control, one class
    row = widgets.VBox([control.row, play])
    row.add_class("gc-control")
    return Control(control.widget, row)


def log_whole_slider(label: str, value: int, low: int, high: int) -> Control:
    """Return a slider over whole numbers on a log scale."""
    stops = np.unique(np.geomspace(low, high, 60).round().astype(int))
    field = widgets.BoundedIntText(value=value, min=low, max=high)
    return _beside(label, stops.tolist(), field)


def menu(label: str, value: str, options: dict[str, object] | list) -> Control:
    """Return a drop-down menu; a dict shows its keys and gives its values."""
    options = list(options.items()) if isinstance(options, dict) else options
    return _alone(widgets.Dropdown(description=label, value=value, options=options, style=LABEL))


def switch(label: str, value: bool = False) -> Control:
    """Return a check box."""
    return _alone(widgets.Checkbox(description=label, value=value, indent=False))


def _alone(widget: widgets.Widget) -> Control:
    row = widgets.HBox([widget])
    row.add_class("gc-control")
    return Control(widget, row)


def _beside(label: str, stops: Sequence[float], field: widgets.Widget) -> Control:
    """Put a slider beside its number field and link them in both directions."""

    def nearest() -> int:
        return int(np.abs(np.asarray(stops) - field.value).argmin())

    bar = widgets.IntSlider(value=nearest(), min=0, max=len(stops) - 1, readout=False)
    field.description, field.style = label, LABEL
    field.layout, bar.layout = {"width": "205px", "flex": "0 0 auto"}, {"flex": "1 1 120px"}
    row = widgets.HBox([field, bar])
    row.add_class("gc-control")

    def to_field(_: dict) -> None:
        if bar.value != nearest():  # else the slider only follows the field
            field.value = stops[bar.value]

    def to_bar(_: dict) -> None:
        bar.value = nearest()

    bar.observe(to_field, "value")
    field.observe(to_bar, "value")
    return Control(field, row)
