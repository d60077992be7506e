"""What a check answers: one value that says what was right, what went wrong, and where to read.

You meet it in the exercises: a check cell ends in a `Feedback`, shown as a card. It prints as text
in a terminal and travels as JSON, so that a program can add up the points. It depends on its
fields alone, never on the clock, the machine or the session.
"""

import re
from dataclasses import asdict, dataclass
from html import escape

MIME = "application/vnd.gradcourse.feedback+json"
ICONS = {"right": "✓", "wrong": "✗", "not attempted": "○"}
# JupyterLab's own colors follow its light and dark theme; the second value serves a web page.
COLORS = {
    "right": "var(--jp-success-color1, #2e8b3d)",
    "wrong": "var(--jp-error-color1, #d9362b)",
    "not attempted": "var(--jp-info-color1, #2f7fd6)",
}
CARD = (
    "border:1px solid var(--jp-border-color1, #999);border-left:5px solid {color};"
    "padding:8px 12px;margin:6px 0;color:var(--jp-content-font-color1, inherit);line-height:1.5"
)
_PRE = "margin:0 0 0 1em;white-space:pre-wrap;color:inherit"
_LINK = re.compile(r"\[([^\]]+)\]\((?!/)([^:\s]+)\)")  # no scheme: it stays inside the course
_PLAIN, _ANCHOR = r"\1 (\2)", r'<a href="\2">\1</a>'


@dataclass(frozen=True)
class Feedback:
    """The answer of one check, ready to be shown.

    Parameters: question – the name of the asked function, such as "one_step"
                ok       – True right, False wrong, None not attempted yet
                headline – one sentence: what was found
                expected, got, hint – what was wanted, what came, the likely cause
                lesson   – where to read: text, or "[text](relative/link.ipynb#Section-name)"
                points, max_points – earned, and what can be earned

    Example:
        >>> print(Feedback("one_step", False, "It climbs.", hint="The sign is flipped."))
        ✗ wrong · one_step
        It climbs.
          likely cause: The sign is flipped.
    """

    question: str
    ok: bool | None
    headline: str
    expected: str = ""
    got: str = ""
    hint: str = ""
    lesson: str = ""
    points: float = 0.0
    max_points: float = 0.0

    def __post_init__(self):
        if not 0 <= self.points <= self.max_points:
            raise ValueError(f"points must be from 0 to {self.max_points:g}, not {self.points}.")

    @property
    def status(self) -> str:
        """The verdict as words: "right", "wrong" or "not attempted"."""
        return "not attempted" if self.ok is None else "right" if self.ok else "wrong"

    def __str__(self) -> str:
        head = f"{ICONS[self.status]} {self.status} · {self.question}{self._score()}"
        return "\n".join([head, self.headline, *(_text_row(*row) for row in self._rows())])

    def _score(self) -> str:
        unit = "point" if self.max_points == 1 else "points"
        return f" · {self.points:g} of {self.max_points:g} {unit}" if self.max_points else ""

    def _rows(self) -> list[tuple[str, str]]:
        labels = {"expected": self.expected, "got": self.got, "likely cause": self.hint}
        return [row for row in {**labels, "read": self.lesson}.items() if row[1]]

    def _html(self) -> str:
        color, rows = COLORS[self.status], "".join(_html_row(*row) for row in self._rows())
        icon = f'<span aria-hidden="true" style="color:{color}">{ICONS[self.status]}</span>'
        head = f"<strong>{self.status}</strong> · <code>{escape(self.question)}</code>"
        body = f"{icon} {head}{self._score()}<div>{escape(self.headline)}</div>{rows}"
        return f'<div style="{CARD.format(color=color)}">{body}</div>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        data = {**asdict(self), "status": self.status}
        return {"text/plain": str(self), "text/html": self._html(), MIME: data}


def _text_row(label: str, text: str) -> str:
    row = f"  {label}:{chr(10) if chr(10) in text else ' '}{_LINK.sub(_PLAIN, text)}"
    return row.replace("\n", "\n    ")


def _html_row(label: str, text: str) -> str:
    if label in ("expected", "got"):  # values keep their spaces and a fixed width
        return f'<div>{label}:</div><pre style="{_PRE}">{escape(text)}</pre>'
    return f"<div>{label}: {_LINK.sub(_ANCHOR, escape(text))}</div>"
