"""The explorer: sliders above, one picture below, one sentence under it.

A subclass says what is particular to it and nothing else: which controls there are, what stands
still in the picture, what is computed from the controls, how the moving parts are set and how
the result reads in words. The rest, including speed, lives here.

How it stays quick: what stands still is drawn once and kept as pixels; a move restores them,
draws only the moving artists on top and sends one PNG to one image widget.
"""

import base64
import html
import threading

import ipywidgets as widgets
import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.controls import Control
from gradcourse.explorers.kit.pixels import png

# JupyterLab runs slider callbacks on a second thread while cells run: one picture at a time.
DRAWING = threading.RLock()

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


class Explorer:
    """Controls → compute → draw → describe, again at every move of a slider.

    A subclass gives:
        controls() → {name: Control}, from gradcourse.explorers.kit.controls
        build(figure) → {name: artist}; draw here, once, whatever stands still
        compute(**values) → result; pure, no widgets
        draw(result): set the data of the artists; call `redraw_still()` if the still part changed
        describe(result) → one sentence with numbers
    and may give:
        on_click(x, y, ax): what a click at data coordinates means, mostly `self.set(...)`
        target (a sentence) and reached(result) → bool
        size (inches), alt (what the picture shows, for those who don't see it)

    Parameters:
        predict : a prediction from gradcourse.quiz that is asked before the picture shows
        start : values of controls to begin with, by name
    """

    size = (8.2, 3.7)
    alt = "A figure that follows the controls above; the line below it says what it shows."
    target = ""

    def __init__(self, predict: object = None, **start: object):
        with rc_context(style.LOOK), DRAWING:
            self.figure = Figure(figsize=self.size, dpi=100)
            self.canvas = FigureCanvasAgg(self.figure)
            self.artists = self.build(self.figure)
        for artist in self.artists.values():
            artist.set_animated(True)
        self.controls_by_name = self.controls()
        for name, value in start.items():
            self._control(name).set(value)
        self.widgets = {name: c.widget for name, c in self.controls_by_name.items()}
        self._beginning = self.values()
        self._still = None
        self._busy = False
        self.updates = 0
        self.target_reached = False
        self.predict = predict
        self.ui = self._assemble(predict)
        for control in self.controls_by_name.values():
            control.on_change(self._moved)
        self.refresh()

    # ---- what a subclass gives -------------------------------------------------------------
    def controls(self) -> dict[str, Control]:
        """Return the controls by the name under which `compute` receives their values."""
        raise NotImplementedError

    def build(self, figure: Figure) -> dict[str, object]:
        """Draw what stands still and return the artists that will move."""
        raise NotImplementedError

    def compute(self, **values: object) -> object:
        """Return the result for these values of the controls."""
        raise NotImplementedError

    def draw(self, result: object) -> None:
        """Hand the result's numbers to the artists."""
        raise NotImplementedError

    def describe(self, result: object) -> str:
        """Return in one sentence, with numbers, what the picture shows."""
        raise NotImplementedError

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Answer a click at data coordinates (x, y) of `ax`; does nothing by default."""

    def reached(self, result: object) -> bool:
        """Whether the target is met."""
        return False

    # ---- what a learner or a test does -------------------------------------------------------
    def values(self) -> dict[str, object]:
        """Return the current values of all controls."""
        return {name: control.value for name, control in self.controls_by_name.items()}

    def set(self, **values: object) -> None:
        """Move several controls at once, with one redraw."""
        self._busy = True
        try:
            for name, value in values.items():
                self._control(name).set(value)
        finally:
            self._busy = False
        self.refresh()

    def reset(self, _: object = None) -> None:
        """Put every control back to where it began."""
        self.set(**self._beginning)

    def redraw_still(self) -> None:
        """Forget the kept pixels: something that stands still has changed."""
        self._still = None

    def refresh(self) -> None:
        """Compute, draw and say what is seen; an error becomes a sentence, not a silence."""
        with DRAWING, np.errstate(all="ignore"):
            try:
                self.result = self.compute(**self.values())
                self.draw(self.result)
                text, style_class = self.describe(self.result), ""
            except Exception as error:  # whatever it is, the learner must read it
                text, style_class = f"{type(error).__name__}: {error}", "gc-error"
            self.image.value = self._png()
            self.updates += 1
        self.sentence = text
        self.status.value = (
            f'<div class="gc-status {style_class}" role="status" aria-live="polite">'
            f"{html.escape(text)}</div>"
        )
        if not style_class:
            self._show_target()

    # ---- how it works ------------------------------------------------------------------------
    def _control(self, name: str) -> Control:
        if name not in self.controls_by_name:
            offers = ", ".join(self.controls_by_name)
            raise ValueError(f"{type(self).__name__} has no control {name!r}; it has {offers}.")
        return self.controls_by_name[name]

    def _moved(self, _: object) -> None:
        if not self._busy:
            self.refresh()

    def _png(self) -> bytes:
        if self._still is None:
            with rc_context(style.LOOK):
                self.canvas.draw()  # animated artists are left out
            self._still = self.canvas.copy_from_bbox(self.figure.bbox)
        self.canvas.restore_region(self._still)
        for artist in self.artists.values():
            artist.axes.draw_artist(artist)
        return png(np.asarray(self.canvas.buffer_rgba()))

    def _clicked(self, change: dict) -> None:
        across, up = map(float, change["new"].split())
        pixel = across * self.figure.bbox.width, up * self.figure.bbox.height
        for ax in self.figure.axes:
            if ax.bbox.contains(*pixel):
                self.on_click(*map(float, ax.transData.inverted().transform(pixel)), ax)

    def _show_target(self) -> None:
        if not self.target:
            return
        self.target_reached = self.target_reached or self.reached(self.result)
        mark = "✓ Target reached:" if self.target_reached else "○ Target:"
        self.goal.value = f'<div class="gc-target"><b>{mark}</b> {html.escape(self.target)}</div>'

    def _assemble(self, predict: object) -> widgets.Widget:
        """Put controls, picture, sentence and target into one widget."""
        self.image = widgets.Image(format="png")
        self.status, self.goal = widgets.HTML(), widgets.HTML()
        click = widgets.Text()
        click.add_class("gc-hidden")
        click.observe(self._clicked, "value")
        reset = widgets.Button(description="Reset", icon="undo")
        reset.on_click(self.reset)
        controls = widgets.Box([c.row for c in self.controls_by_name.values()])
        controls.add_class("gc-controls")
        picture = widgets.Box([self.image, self._hit_area()])
        picture.add_class("gc-picture")
        picture.layout.max_width = f"{self.size[0] * 100:.0f}px"  # never blown up, only shrunk
        parts = [widgets.HTML(CSS), self.goal, controls, picture, self.status, reset, click]
        explorer = widgets.VBox(parts)
        explorer.add_class("gc-explorer")
        return explorer if predict is None else _behind(predict, explorer)

    def _hit_area(self) -> widgets.HTML:
        """Lay an element over the picture that carries its description and takes the clicks."""
        clickable = type(self).on_click is not Explorer.on_click
        action = f'onclick="{html.escape(CLICK)}"' if clickable else ""
        return widgets.HTML(
            f'<div class="gc-hit {"gc-clickable" * clickable}" role="img" {action} '
            f'aria-label="{html.escape(self.alt)}" '
            f'style="aspect-ratio: {self.size[0]} / {self.size[1]}"></div>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple:
        """Show the widgets where there is a kernel, the picture and the sentence elsewhere."""
        data = dict(self.ui._repr_mimebundle_())
        asked = f"{self.predict!r}\n" if self.predict else ""
        data["text/plain"] = f"{asked}{type(self).__name__}: {self.sentence}"
        data["image/png"] = base64.b64encode(bytes(self.image.value)).decode()
        return data, {"image/png": {"alt": self.alt}}


def _behind(predict: object, explorer: widgets.Widget) -> widgets.Widget:
    """Keep the explorer hidden until the prediction is made."""
    box = widgets.VBox([predict.ui])

    def show(_: object = None) -> None:
        box.children = [predict.ui, explorer]

    show() if predict.answered else predict.on_answer(show)
    return box
