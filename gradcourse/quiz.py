"""Questions inside a lesson: predict before you look, choose an option, give a number.

`predict` records what you expect before an explorer shows it; `choice` and `number` check what you
understood, and a wrong answer is told which idea leads there. You may try again: `progress` keeps
the first try and the last. Where no kernel runs, on a web page, a question is plain HTML. What it
prints as text is the question itself and never depends on what was answered.

Questions and explanations may hold `code` and $math$; options stand on buttons, as plain text.
"""

import math
import re
from collections.abc import Callable, Iterable
from html import escape

import ipywidgets as widgets

from gradcourse import progress, require
from gradcourse.feedback import CARD, COLORS

_LOOKS = {  # what is said -> word, sign, the sign's name on a button, color
    True: ("Right.", "✓", "check", COLORS["right"]),
    False: ("Not yet.", "✗", "times", COLORS["wrong"]),
    None: ("Noted.", "→", "arrow-right", COLORS["not attempted"]),
    "before": ("Last time you predicted:", "→", "arrow-right", COLORS["not attempted"]),
    "unclear": ("Once more:", "○", "", COLORS["not attempted"]),
}
_STYLE = """<style>.gradcourse-quiz .jupyter-button { width: auto; height: auto; padding: 5px 12px;
  white-space: normal; text-align: left; line-height: 1.4;
  border: 1px solid var(--jp-border-color1, #999) }</style>"""


class Right(str):
    """The explanation of a choice's one right option."""


def predict(key: str, question: str, options: Iterable[str]) -> "Question":
    """Ask what will happen; nothing is right or wrong before it has been seen.

    Parameters: key – lesson, dot, name; progress is kept under it, so a key is never renamed

    Example:
        >>> predict("03.double", "You double the rate.", ["Half the steps.", "It diverges."])
        Predict: You double the rate.
          ( ) Half the steps.
          ( ) It diverges.
    """
    options = list(options)
    if len(set(options)) < max(2, len(options)):
        raise ValueError(f"options of {key} must be two different options or more, not {options}.")
    return Question(key, question, options)


def choice(key: str, question: str, options: dict[str, str]) -> "Question":
    """Ask for one of several options.

    Parameters: options – option -> explanation: `Right("why")` for the right one; for each other
                          one, the idea that leads there and what is wrong with it
    """
    if sum(isinstance(why, Right) for why in options.values()) != 1:
        raise ValueError(f'options of {key} must have exactly one explanation marked Right("…").')

    def judge(given: str) -> tuple[bool, str]:
        return isinstance(options[given], Right), options[given]

    marks = (f"{_LOOKS[judge(option)[0]][1]} {option} – {why}" for option, why in options.items())
    return Question(key, question, options, judge=judge, reveal=marks)


def number(
    key: str,
    question: str,
    answer: float,
    tolerance: float,
    unit: str = "",
    why: str = "",
    mistakes: dict[float, str] | None = None,
) -> "Question":
    """Ask for a number.

    Parameters: tolerance – how far off still counts as right
                why       – the explanation of the right answer
                mistakes  – wrong number -> the idea that leads there
    """
    require.positive("tolerance", tolerance)

    def judge(given: str) -> tuple[bool, str]:
        value = _parse(given)
        if abs(value - answer) <= tolerance:
            return True, why
        near = (text for wrong, text in (mistakes or {}).items() if abs(value - wrong) <= tolerance)
        return False, next(near, "That is too large." if value > answer else "That is too small.")

    return Question(key, question, unit=unit, judge=judge, reveal=[f"{answer:g} {unit} {why}"])


class Question:
    """One question on the page; without a `judge` it is a prediction.

    Attributes: ui     – the widget to show
                answer – the last answer as text, or None; predictions remember earlier sessions
                solved – whether that answer is right; None before one, and for a prediction
    """

    def __init__(
        self,
        key: str,
        question: str,
        options: Iterable[str] = (),
        *,
        unit: str = "",
        judge: Callable[[str], tuple[bool, str]] | None = None,
        reveal: Iterable[str] = (),
    ):
        if not re.fullmatch(r"\d\d\.[\w-]+", key):
            raise ValueError(f"key must be like '03.largest-rate', but it is {key!r}.")
        self.key, self.question, self.options, self.unit = key, question, list(options), unit
        self.answer: str | None = None
        self.solved: bool | None = None
        self._title = "Question:" if judge else "Predict:"
        self._judge, self._reveal = judge, list(reveal)
        self._listeners: list[Callable[[Question], object]] = []
        self._build()

    @property
    def answered(self) -> bool:
        """Whether there is an answer, be it from an earlier session."""
        return self.answer is not None

    def on_answer(self, callback: Callable[["Question"], object]) -> None:
        """Call `callback(question)` after every answer from now on."""
        self._listeners.append(callback)

    def answer_with(self, value: object) -> None:
        """Answer as a learner does: press the option `value`, or enter the number."""
        given = require.one_of("answer", value, self.options) if self.options else str(value)
        kind, kept, text = "prediction", given, "Now look what happens."
        if self._judge:
            self.solved, text = self._judge(given)
            kind, kept = "answer", {"answer": given, "right": self.solved}
        self.answer = given
        self._say(self.solved, f"{text} {progress.record(kind, self.key, kept)}")
        for callback in self._listeners:
            callback(self)

    def _build(self) -> None:
        head = widgets.HTMLMath(f"{_STYLE}<strong>{self._title}</strong> {_rich(self.question)}")
        self._message = widgets.HTMLMath()
        self._buttons = [widgets.Button(description=option) for option in self.options]
        for button in self._buttons:
            button.on_click(lambda button: self.answer_with(button.description))
        inputs = self._buttons or [self._number_row()]
        self.ui = widgets.VBox([head, *inputs, self._message]).add_class("gradcourse-quiz")
        last = None if self._judge else progress.latest("prediction", self.key)
        if last in self.options:
            self.answer = last
            self._say("before", f"{last} You may change it.")

    def _number_row(self) -> widgets.Widget:
        """Enter, leaving the field and the button all answer, the same number only once."""
        field = widgets.Text(description="Your answer:", continuous_update=False)
        field.style.description_width = "initial"
        button = widgets.Button(description="Check")
        field.observe(lambda _: self._enter(field.value), "value")
        button.on_click(lambda _: self._enter(field.value))
        return widgets.HBox([field, widgets.Label(self.unit), button])

    def _enter(self, text: str) -> None:
        if text != self.answer:
            try:
                self.answer_with(text)
            except ValueError as error:
                self._say("unclear", str(error))

    def _say(self, look: bool | str | None, text: str) -> None:
        """Show a message under the question and mark the button that was pressed."""
        word, sign, icon, color = _LOOKS[look]
        for button in self._buttons:
            button.icon = icon if button.description == self.answer else ""
        # The element is new each time: screen readers speak a new alert, but not a new status.
        self._message.value = (
            f'<div role="alert" aria-live="polite" style="{CARD.format(color=color)}">'
            f'<span aria-hidden="true" style="color:{color}">{sign}</span> '
            f"<strong>{word}</strong> {_rich(text)}</div>"
        )

    def __repr__(self) -> str:
        blanks = [f"( ) {option}" for option in self.options] or [f"____ {self.unit}".strip()]
        return "\n  ".join([f"{self._title} {self.question}", *blanks])

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """Live widgets, and for a page without a kernel HTML with the answer folded away."""
        folded = f"<details><summary>Answer</summary>{_list(self._reveal)}</details>"
        html = (
            f'<div style="{CARD.format(color=_LOOKS[None][3])}"><strong>{self._title}</strong> '
            f"{_rich(self.question)}{_list(self.options)}{folded if self._reveal else ''}</div>"
        )
        return {**self.ui._repr_mimebundle_(**kwargs), "text/plain": repr(self), "text/html": html}


def _parse(text: str) -> float:
    try:
        value = float(text.replace("−", "-"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"write a number such as 0.25 or 1e-3, not {text!r}.")
    return value


def _rich(text: str) -> str:
    """Escape a text; `code` in backticks becomes code, $math$ is left to the notebook."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _list(items: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{_rich(item)}</li>' for item in items)}</ul>" if items else ""
