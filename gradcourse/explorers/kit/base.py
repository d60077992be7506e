"""The explorer: sliders above, one picture below, one sentence under it.

A subclass says what is particular to it and nothing else: which controls there are, what stands
still in the picture, what is computed from the controls, how the moving parts are set and how
the result reads in words. The rest, including speed, lives here.

How it stays quick: what stands still is drawn once and kept as pixels; a move restores them,
draws only the moving artists on top and sends one PNG to one image widget.
"""

import base64
import html
import math
import os
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import ipywidgets as widgets
import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gradcourse import style
from gradcourse.explorers.kit.controls import Control, Slider, Value
from gradcourse.explorers.kit.pixels import png
from gradcourse.quiz import Quiz

# JupyterLab runs slider callbacks on a second thread while cells run: one picture at a time.
DRAWING = threading.RLock()
DPI = 100

CSS = """<style>
.gc-explorer { max-width: 860px; }
.gc-explorer .gc-controls { display: flex; flex-flow: row wrap; gap: 2px 20px; }
.gc-explorer .gc-control { flex: 1 1 340px; max-width: 420px; min-width: 0; }
.gc-explorer .gc-picture { display: grid; background: white; border-radius: 6px; overflow: hidden; }
.gc-explorer .gc-picture > * { grid-area: 1 / 1; margin: 0; width: 100%; }
.gc-explorer .gc-hit { width: 100%; }
.gc-explorer .gc-clickable { cursor: crosshair; }
.gc-explorer .gc-status { font-size: 14px; line-height: 1.45; min-height: 2.9em; }
.gc-explorer .gc-error { color: var(--jp-error-color1, #b00020); }
.gc-explorer .gc-target { font-size: 14px; }
.gc-explorer .gc-hidden { display: none; }
</style>"""

# A click on the picture becomes "x y" (fractions of width and height) in a hidden text field.
CLICK = """
const box = this.getBoundingClientRect();
const field = this.closest('.gc-explorer').querySelector('.gc-hidden input');
field.value = ((event.clientX - box.left) / box.width).toFixed(5) + ' '
            + (1 - (event.clientY - box.top) / box.height).toFixed(5);
for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {bubbles: true}));
"""


Result = TypeVar("Result")
Points = tuple[ArrayLike, ArrayLike] | np.ndarray


@dataclass(frozen=True)
class Click:
    """What a click on a panel means.

    Fields:
        panel : the name of the panel
        x, y : the controls that go to the stops nearest to the place that is clicked
        also : further controls, and the values they are set to
    """

    panel: str
    x: str = ""
    y: str = ""
    also: Mapping[str, Value] = field(default_factory=dict)


class Explorer(Generic[Result]):
    """Controls → compute → draw → describe, again at every move of a slider.

    A subclass gives:
        make_controls() → {name: Control}, from gradcourse.explorers.kit.controls
        build(figure) → {name: artist}, what will move; draw here, once, whatever stands still
        compute(**values) → result, a small frozen dataclass; pure, no widgets
        draw(result): hand its numbers to the artists, mostly `self.move(name=(x, y), ...)`;
            where titles or limits change as well, set `still` to a name of what they show now
        describe(result) → one sentence with numbers
    and may give:
        clicks : what a click on a panel means, a Click for each
        target (a sentence) and reached(result, values) → bool, whether these values meet it
        wins_needed, wins_by : a target to be met several times, see `count_win`
        size (pixels), alt (what the picture shows, for those who don't see it)

    `start_here.py` is the smallest one, to be copied. With the environment variable
    GRADCOURSE_DEBUG set, an error is raised where it happens; otherwise it becomes a sentence
    below the picture and stays in `error`.

    Parameters:
        predict : a prediction from gradcourse.quiz that is asked before the picture shows
        start : values of controls to begin with, by name
    """

    size = (820, 370)
    alt = "A figure that follows the controls above; the line below it says what it shows."
    target = ""
    clicks: tuple[Click, ...] = ()
    wins_needed = 1
    wins_by = ""

    def __init__(self, predict: Quiz | None = None, **start: Value):
        # The next number above: 8.2 × 100 is 819.999…, which some matplotlibs cut to 819 pixels.
        inches = [math.nextafter(pixels / DPI, math.inf) for pixels in self.size]
        with rc_context(style.LOOK), DRAWING:
            self.figure = Figure(figsize=(inches[0], inches[1]), dpi=DPI)
            self.canvas = FigureCanvasAgg(self.figure)
            self.artists = self.build(self.figure)
        for artist in self.artists.values():
            artist.set_animated(True)
        self.controls = self.make_controls()
        for name, value in self._checked(start).items():
            self.controls[name].begin(value)
        self.widgets = {name: control.widget for name, control in self.controls.items()}
        self.beginning = self.values()
        self.still: Hashable = ""
        self._stills: dict[Hashable, Any] = {}  # the pixels of all that has stood still so far
        self._busy = False
        self.updates = 0
        self.error: Exception | None = None
        self.wins: set[Value] = set()
        self.target_reached = False
        self.predict = predict
        self.ui = self._assemble(predict)
        for control in self.controls.values():
            control.on_change(self._moved)
        self.refresh()

    # ---- what a subclass gives -------------------------------------------------------------
    def make_controls(self) -> dict[str, Control]:
        """Return new controls by the name under which `compute` receives their values."""
        raise NotImplementedError

    def build(self, figure: Figure) -> dict[str, Artist]:
        """Draw what stands still and return the artists that will move, the lowest first."""
        raise NotImplementedError

    def compute(self, *args: Any, **kwargs: Any) -> Result:
        """Return the result for these values of the controls."""
        raise NotImplementedError

    def draw(self, result: Result) -> None:
        """Hand the result's numbers to the artists."""
        raise NotImplementedError

    def describe(self, result: Result) -> str:
        """Return in one sentence, with numbers, what the picture shows."""
        raise NotImplementedError

    def reached(self, result: Result, values: Mapping[str, Value]) -> bool:
        """Whether the target is met by these values of the controls; pure, as `compute` is."""
        return False

    def on_click(self, x: float, y: float, panel: str) -> None:
        """Answer a click at data coordinates (x, y) of a panel, as `clicks` says."""
        for click in self.clicks:
            if click.panel != panel:
                continue
            moves = dict(click.also)
            for name, place in ((click.x, x), (click.y, y)):
                if name:
                    moves[name] = self._slider(name).stop_near(place)
            self.set(**moves)

    # ---- what `draw` calls -------------------------------------------------------------------
    def move(self, **lines: Points) -> None:
        """Give lines their points: (x, y), or an array (2, k). One number counts for all points."""
        for name, (x, y) in lines.items():
            line = self.artists.get(name)
            if line is None:
                raise ValueError(f"build() returned no {name!r}; it has {', '.join(self.artists)}.")
            if not isinstance(line, Line2D):
                raise TypeError(f"{name} is a {type(line).__name__}; move() is for lines.")
            xs, ys = np.atleast_1d(x, y)
            line.set_data(_as_many(xs, ys), _as_many(ys, xs))

    # ---- what a learner or a test does -------------------------------------------------------
    def values(self) -> dict[str, Value]:
        """Return the current values of all controls."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: Value) -> None:
        """Move several controls at once, with one redraw; if one is refused, none moves."""
        self._checked(values)
        self._busy = True
        try:
            for name, value in values.items():
                self.controls[name].set(value)
        finally:
            self._busy = False
        self.refresh()

    def reset(self) -> None:
        """Put every control back to where it began. A target that was reached stays reached."""
        self.set(**self.beginning)

    def refresh(self) -> None:
        """Compute, draw and say what is seen; an error becomes a sentence, not a silence."""
        self.error = None
        with DRAWING, np.errstate(all="ignore"):
            try:
                values = self.values()
                self.result = self.compute(**values)
                self.draw(self.result)
                self.sentence = self.describe(self.result)
                self.count_win(self.result, values)
            except Exception as error:  # whatever it is, the learner must read it
                self.error = error
                self.sentence = f"{type(error).__name__}: {error}"
            self.image.value = self._png()
            self.updates += 1
        self._show_words()
        if self.error and "GRADCOURSE_DEBUG" in os.environ:
            raise self.error

    def count_win(self, result: Result, values: Mapping[str, Value]) -> None:
        """Note that a state meets the target; the target is reached after `wins_needed` of them.

        With `wins_by`, the name of a control, only states in which it differs count anew. This is
        all that an explorer remembers from one move to the next.
        """
        if self.reached(result, values):
            self.wins.add(values.get(self.wins_by, ""))
        self.target_reached = len(self.wins) >= self.wins_needed

    # ---- how it works ------------------------------------------------------------------------
    def _checked(self, values: Mapping[str, Value]) -> Mapping[str, Value]:
        """Give values back if there is a control for each, and it can have the value."""
        for name, value in values.items():
            if name not in self.controls:
                offers = ", ".join(self.controls)
                raise ValueError(f"{type(self).__name__} has no control {name!r}; it has {offers}.")
            self.controls[name].check(name, value)
        return values

    def _slider(self, name: str) -> Slider:
        control = self.controls[name]
        if not isinstance(control, Slider):
            raise TypeError(f"{name} is no slider, so a click can't move it; mend `clicks`.")
        return control

    def _moved(self, _: dict[str, Any]) -> None:
        if not self._busy:
            self.refresh()

    def _png(self) -> bytes:
        if self.still not in self._stills:
            with rc_context(style.LOOK):
                self.canvas.draw()  # animated artists are left out
            self._stills[self.still] = self.canvas.copy_from_bbox(self.figure.bbox)
        self.canvas.restore_region(self._stills[self.still])
        for artist in self.artists.values():
            if artist.axes is not None:
                artist.axes.draw_artist(artist)
        return png(np.asarray(self.canvas.buffer_rgba()))

    def _clicked(self, change: dict[str, Any]) -> None:
        across, up = map(float, change["new"].split())
        pixel = across * self.figure.bbox.width, up * self.figure.bbox.height
        for ax in self.figure.axes:
            if ax.bbox.contains(*pixel):
                x, y = ax.transData.inverted().transform(pixel).tolist()
                self.on_click(x, y, str(ax.get_label()))

    def _show_words(self) -> None:
        style_class = "gc-error" if self.error else ""
        self.status.value = (
            f'<div class="gc-status {style_class}" role="status" aria-live="polite">'
            f"{html.escape(self.sentence)}</div>"
        )
        if self.target and not self.error:
            mark = "✓ Target reached:" if self.target_reached else "○ Target:"
            words = f"<b>{mark}</b> {html.escape(self.target)}"
            self.goal.value = f'<div class="gc-target">{words}</div>'

    def _assemble(self, predict: Quiz | None) -> widgets.Widget:
        """Put controls, picture, sentence and target into one widget."""
        self.image = widgets.Image(format="png")
        self.status, self.goal = widgets.HTML(), widgets.HTML()
        click = widgets.Text()
        click.add_class("gc-hidden")
        click.observe(self._clicked, "value")
        reset = widgets.Button(description="Reset", icon="undo")
        reset.on_click(lambda _: self.reset())
        controls = widgets.Box([control.row for control in self.controls.values()])
        controls.add_class("gc-controls")
        picture = widgets.Box([self.image, self._hit_area()])
        picture.add_class("gc-picture")
        picture.layout.max_width = f"{self.size[0]}px"  # never blown up, only shrunk
        parts = [widgets.HTML(CSS), self.goal, controls, picture, self.status, reset, click]
        explorer = widgets.VBox(parts)
        explorer.add_class("gc-explorer")
        return explorer if predict is None else _behind(predict, explorer)

    def _hit_area(self) -> widgets.HTML:
        """Lay an element over the picture that carries its description and takes the clicks."""
        width, height = self.size
        attributes = f'role="img" aria-label="{html.escape(self.alt)}"'
        style_class = "gc-hit"
        if self.clicks or type(self).on_click is not Explorer.on_click:
            attributes += f' onclick="{html.escape(CLICK)}"'
            style_class += " gc-clickable"
        return widgets.HTML(
            f'<div class="{style_class}" {attributes} style="aspect-ratio: {width} / {height}">'
            "</div>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple:
        """Show the widgets where there is a kernel, the picture and the sentence elsewhere."""
        data = dict(self.ui._repr_mimebundle_())
        asked = f"{self.predict!r}\n" if self.predict else ""
        data["text/plain"] = f"{asked}{type(self).__name__}: {self.sentence}"
        data["image/png"] = base64.b64encode(bytes(self.image.value)).decode()
        return data, {"image/png": {"alt": self.alt}}


def _as_many(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return a single value as often as there are others."""
    return np.repeat(values, len(others)) if len(values) == 1 != len(others) else values


def _behind(predict: Quiz, explorer: widgets.Widget) -> widgets.Widget:
    """Keep the explorer hidden until the prediction is made."""
    box = widgets.VBox([predict.ui])

    def show(_: Quiz) -> None:
        box.children = [predict.ui, explorer]

    if predict.answered:
        show(predict)
    else:
        predict.on_answer(show)
    return box
