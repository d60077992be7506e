"""The controls of an explorer: a slider with a number field beside it, a menu, a switch.

A slider alone is imprecise and nameless to a screen reader. So the value lives in a labeled
number field, and the slider beside it only walks over a list of good values, its stops. Move
either one and the other follows. The slider counts its stops in whole numbers, because a browser
rounds fractions its own way and would send them back changed.
"""

from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as widgets
import numpy as np

from gradcourse import require

Value = float | int | str | bool
LABEL = {"description_width": "118px"}


class Control:
    """Something to move: a menu, a switch, or a slider.

    Fields:
        widget : holds the value
        row : what is shown
        stops : the values at which it can stand; where a learner begins is always one of them
    """

    stops: tuple[Value, ...]

    def __init__(self, widget: widgets.Widget, row: widgets.Box, stops: Iterable[Value]):
        self.widget = widget
        self.row = row
        self.stops = tuple(stops)
        self.row.add_class("gc-control")

    @property
    def value(self) -> Value:
        """The value that `compute` receives."""
        value: Value = self.widget.value
        return value

    def check(self, name: str, value: Value) -> None:
        """Refuse a value that this control cannot have; `name` is what the sentence calls it."""
        if value not in self.stops:
            offers = ", ".join(map(str, self.stops))
            raise ValueError(require.sentence(name, f"one of {offers}", value))

    def set(self, value: Value) -> None:
        """Move the control."""
        self.widget.value = value

    def begin(self, value: Value) -> None:
        """Let the control begin at this value."""
        self.set(value)

    def on_change(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Call `callback` after every change of the value."""
        self.widget.observe(callback, "value")


# Why: docs/decisions.md#a-slider-walks-over-stops
class Slider(Control):
    """A number field, and beside it a slider over its stops: each follows the other."""

    stops: tuple[float, ...]

    def __init__(self, label: str, field: widgets.Widget, stops: Iterable[float]):
        field.description, field.style = label, LABEL
        field.layout = {"width": "205px", "flex": "0 0 auto"}
        self.bar = widgets.IntSlider(min=0, readout=False, layout={"flex": "1 1 120px"})
        super().__init__(field, widgets.HBox([field, self.bar]), stops)
        self.begin(field.value)
        self.bar.observe(self._field_follows, "value")
        field.observe(self._bar_follows, "value")

    def check(self, name: str, value: Value) -> None:
        """Refuse what is no number; a number outside the range is pulled in."""
        require.finite(name, value, f"try {self.value}")

    def begin(self, value: Value) -> None:
        """Let the control begin at this value: it takes the place of the stop next to it."""
        self.set(value)
        start = self.widget.value
        replaced = self.stop_near(start)
        if replaced in (self.stops[0], self.stops[-1]):  # the ends stay
            replaced = start
        kept = [stop for stop in self.stops if stop != replaced]
        self.stops = tuple(sorted({*kept, start}))
        self.bar.max = len(self.stops) - 1
        self._bar_follows()

    def stop_near(self, value: float) -> float:
        """Return the stop nearest to a value."""
        return self.stops[self._nearest(value)]

    def _nearest(self, value: float) -> int:
        return int(np.abs(np.array(self.stops) - value).argmin())

    def _field_follows(self, _: dict[str, Any]) -> None:
        if self.bar.value != self._nearest(self.widget.value):  # else the bar follows the field
            self.widget.value = self.stops[self.bar.value]

    def _bar_follows(self, _: dict[str, Any] | None = None) -> None:
        self.bar.value = self._nearest(self.widget.value)


def slider(label: str, value: float, low: float, high: float, step: float = 0.1) -> Slider:
    """Return a slider on a linear scale."""
    stops = np.round(np.arange(low, high + step / 2, step), 10)
    field = widgets.BoundedFloatText(value=value, min=low, max=high, step=step)
    return Slider(label, field, stops.tolist())


def log_slider(label: str, value: float, low: float, high: float) -> Slider:
    """Return a slider on a log scale: 50 stops per factor of ten, three digits each."""
    n_stops = round(50 * np.log10(high / low)) + 1
    stops = [float(f"{stop:.3g}") for stop in np.geomspace(low, high, n_stops)]
    field = widgets.BoundedFloatText(value=value, min=low, max=high, step=low)
    return Slider(label, field, stops)


def whole_slider(label: str, value: int, low: int, high: int, step: int = 1) -> Slider:
    """Return a slider over whole numbers."""
    field = widgets.BoundedIntText(value=value, min=low, max=high, step=step)
    return Slider(label, field, range(low, high + 1, step))


def log_whole_slider(label: str, value: int, low: int, high: int) -> Slider:
    """Return a slider over whole numbers on a log scale."""
    stops = np.unique(np.geomspace(low, high, 60).round().astype(int))
    field = widgets.BoundedIntText(value=value, min=low, max=high)
    return Slider(label, field, stops.tolist())


def player(label: str, value: int, high: int, milliseconds: int = 120) -> Slider:
    """Return a slider over steps from 0 with play, pause, stop and repeat buttons."""
    control = whole_slider(label, value, 0, high)
    play = widgets.Play(min=0, max=high, value=value, interval=milliseconds, show_repeat=False)
    play.observe(lambda change: control.set(change["new"]), "value")
    control.on_change(lambda change: setattr(play, "value", change["new"]))
    control.row.remove_class("gc-control")  # one control, one class
    control.row = widgets.VBox([control.row, play])
    control.row.add_class("gc-control")
    return control


def menu(label: str, value: str, options: Iterable[str]) -> Control:
    """Return a drop-down menu."""
    options = tuple(options)
    widget = widgets.Dropdown(description=label, value=value, options=options, style=LABEL)
    return Control(widget, widgets.HBox([widget]), options)


def switch(label: str, value: bool = False) -> Control:
    """Return a check box."""
    widget = widgets.Checkbox(description=label, value=value, indent=False)
    return Control(widget, widgets.HBox([widget]), (False, True))
