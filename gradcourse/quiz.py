"""Quizzes inside a lesson: predict before you look, choose an option, give a number.

`predict` records what you expect before an explorer shows it; `choice` and `number` check what you
understood, and a wrong answer is told which idea leads there. You may try again: `progress` keeps
the first try and the last. Where no kernel runs, on a web page, a quiz is plain HTML. What it
prints as text is the question itself and never depends on what was answered.

Questions and explanations may hold `code` and $math$; options stand on buttons, as plain text.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from enum import Enum
from html import escape

import ipywidgets as widgets

from gradcourse import progress, require
from gradcourse.feedback import CARD, COLORS

_STYLE = """<style>.gradcourse-quiz .jupyter-button { width: auto; height: auto; padding: 5px 12px;
  white-space: normal; text-align: left; line-height: 1.4;
  border: 1px solid var(--jp-border-color1, #999) }</style>"""


class Look(Enum):
    """How a message looks: its first word, its sign, the sign's name on a button, its color."""

    RIGHT = ("Right.", "✓", "check", COLORS["right"])
    WRONG = ("Not yet.", "✗", "times", COLORS["wrong"])
    NOTED = ("Noted.", "→", "arrow-right", COLORS["not attempted"])
    REMEMBERED = ("Last time you predicted:", "→", "arrow-right", COLORS["not attempted"])
    UNCLEAR = ("Once more:", "○", "", COLORS["not attempted"])

    def __init__(self, word: str, sign: str, icon: str, color: str):
        self.word = word
        self.sign = sign
        self.icon = icon
        self.color = color

    @classmethod
    def of(cls, solved: bool | None) -> "Look":
        """Return the look of a verdict; None is that of a prediction."""
        return cls.NOTED if solved is None else cls.RIGHT if solved else cls.WRONG


class Right(str):
    """The explanation of a choice's one right option."""


class Quiz(ABC):
    """One quiz on the page. Each kind says how it judges; its settings are its attributes.

    Parameters: key      – lesson, dot, name; progress is kept under it, so a key is never renamed
                question – what is asked
                options  – what stands on the buttons; none: a number is asked for
                unit     – what stands behind the number
    Attributes: ui     – the widget to show
                given  – the last answer as text, or None; predictions remember earlier sessions
                solved – whether that answer is right; None before one, and for a prediction
    """

    title = "Question:"

    def __init__(self, key: str, question: str, options: Iterable[str] = (), unit: str = ""):
        if not re.fullmatch(r"\d\d\.[\w-]+", key):
            raise ValueError(f"key must be like '03.largest-rate', but it is {key!r}.")
        self.key = key
        self.question = question
        self.options = list(options)
        self.unit = unit
        self.given: str | None = None
        self.solved: bool | None = None
        self._listeners: list[Callable[[Quiz], None]] = []
        self._build()

    @abstractmethod
    def judge(self, given: str) -> tuple[bool | None, str]:
        """Return whether an answer is right and what to say to it; nothing is remembered."""

    @abstractmethod
    def explanations(self) -> list[str]:
        """Return what a page without a kernel folds away: the answers and their reasons."""

    @property
    def answered(self) -> bool:
        """Whether there is an answer, be it from an earlier session."""
        return self.given is not None

    def on_answer(self, callback: Callable[["Quiz"], None]) -> None:
        """Call `callback(quiz)` after every answer from now on."""
        self._listeners.append(callback)

    def answer_with(self, value: str | float) -> None:
        """Answer as a learner does: press the option `value`, or enter the number."""
        given = require.one_of("answer", value, self.options) if self.options else str(value)
        self.solved, text = self.judge(given)
        self.given = given
        unsaved = self._record(given)
        self._say(Look.of(self.solved), f"{text} {unsaved}")
        for callback in self._listeners:
            callback(self)

    def _record(self, given: str) -> str:
        kept = {"answer": given, "right": self.solved}
        return progress.record("answer", self.key, kept)

    def _build(self) -> None:
        head = widgets.HTMLMath(f"{_STYLE}<strong>{self.title}</strong> {_rich(self.question)}")
        self._message = widgets.HTMLMath()
        self._buttons = [widgets.Button(description=option) for option in self.options]
        for button in self._buttons:
            button.on_click(lambda button: self.answer_with(button.description))
        inputs = self._buttons or [self._number_row()]
        self.ui = widgets.VBox([head, *inputs, self._message]).add_class("gradcourse-quiz")

    def _number_row(self) -> widgets.Widget:
        """Enter, leaving the field and the button all answer, the same number only once."""
        field = widgets.Text(description="Your answer:", continuous_update=False)
        field.style.description_width = "initial"
        button = widgets.Button(description="Check")
        field.observe(lambda _: self._enter(field.value), "value")
        button.on_click(lambda _: self._enter(field.value))
        return widgets.HBox([field, widgets.Label(self.unit), button])

    def _enter(self, text: str) -> None:
        if text != self.given:
            try:
                self.answer_with(text)
            except ValueError as error:
                self._say(Look.UNCLEAR, str(error))

    def _say(self, look: Look, text: str) -> None:
        """Show a message under the question and mark the button that was pressed."""
        for button in self._buttons:
            button.icon = look.icon if button.description == self.given else ""
        # The element is new each time: screen readers speak a new alert, but not a new status.
        self._message.value = (
            f'<div role="alert" aria-live="polite" style="{CARD.format(color=look.color)}">'
            f'<span aria-hidden="true" style="color:{look.color}">{look.sign}</span> '
            f"<strong>{look.word}</strong> {_rich(text)}</div>"
        )

    def __repr__(self) -> str:
        blanks = [f"( ) {option}" for option in self.options] or [f"____ {self.unit}".strip()]
        return "\n  ".join([f"{self.title} {self.question}", *blanks])

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """Live widgets, and for a page without a kernel HTML with the answer folded away."""
        folded = _list(self.explanations())
        if folded:
            folded = f"<details><summary>Answer</summary>{folded}</details>"
        html = (
            f'<div style="{CARD.format(color=Look.NOTED.color)}"><strong>{self.title}</strong> '
            f"{_rich(self.question)}{_list(self.options)}{folded}</div>"
        )
        return {**self.ui._repr_mimebundle_(**kwargs), "text/plain": repr(self), "text/html": html}


class Prediction(Quiz):
    """Ask what will happen; nothing is right or wrong before it has been seen.

    Example:
        >>> predict("03.double", "You double the rate.", ["Half the steps.", "It diverges."])
        Predict: You double the rate.
          ( ) Half the steps.
          ( ) It diverges.
    """

    title = "Predict:"

    def __init__(self, key: str, question: str, options: Iterable[str]):
        options = list(options)
        if len(set(options)) < max(2, len(options)):
            raise ValueError(
                f"options of {key} must be two different options or more, not {options}."
            )
        super().__init__(key, question, options)
        last = progress.latest("prediction", key)
        if last in options:
            self.given = last
            self._say(Look.REMEMBERED, f"{last} You may change it.")

    def judge(self, given: str) -> tuple[bool | None, str]:
        """Whatever is predicted, the picture answers."""
        return None, "Now look what happens."

    def explanations(self) -> list[str]:
        """Nothing: the picture answers."""
        return []

    def _record(self, given: str) -> str:
        return progress.record("prediction", self.key, given)


class Choice(Quiz):
    """Ask for one of several options.

    Parameters: options – option → explanation: `Right("why")` for the right one; for each other
                          one, the idea that leads there and what is wrong with it
    Attributes: answer  – the right option
                reasons – the explanations by option

    Example:
        >>> choice("03.sign", "Where to?", {"up": "Climbs.", "down": Right("Falls.")}).answer
        'down'
    """

    def __init__(self, key: str, question: str, options: dict[str, str]):
        right = [option for option, why in options.items() if isinstance(why, Right)]
        if len(right) != 1:
            raise ValueError(
                f'options of {key} must have exactly one explanation marked Right("…").'
            )
        self.answer = right[0]
        self.reasons = options
        super().__init__(key, question, options)

    def judge(self, given: str) -> tuple[bool | None, str]:
        """Compare with the one right option; each has its own explanation."""
        return given == self.answer, self.reasons[given]

    def explanations(self) -> list[str]:
        """Every option with its sign and its explanation."""
        return [
            f"{Look.of(option == self.answer).sign} {option} – {why}"
            for option, why in self.reasons.items()
        ]


class Number(Quiz):
    """Ask for a number.

    Parameters: answer    – the right number
                tolerance – how far off still counts as right
                why       – the explanation of the right answer
                mistakes  – wrong number → the idea that leads there
    """

    def __init__(
        self,
        key: str,
        question: str,
        answer: float,
        tolerance: float,
        unit: str = "",
        why: str = "",
        mistakes: dict[float, str] | None = None,
    ):
        self.answer = answer
        self.tolerance = require.positive("tolerance", tolerance)
        self.why = why
        self.mistakes = mistakes or {}
        super().__init__(key, question, unit=unit)

    def judge(self, given: str) -> tuple[bool | None, str]:
        """Compare with the answer, then with each number that a known idea leads to."""
        value = _parse(given)
        if abs(value - self.answer) <= self.tolerance:
            return True, self.why
        for wrong, idea in self.mistakes.items():
            if abs(value - wrong) <= self.tolerance:
                return False, idea
        return False, "That is too large." if value > self.answer else "That is too small."

    def explanations(self) -> list[str]:
        """The number and why."""
        return [f"{self.answer:g} {self.unit} {self.why}"]


# What a lesson calls.
predict = Prediction
choice = Choice
number = Number


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
