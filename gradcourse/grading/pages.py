"""What people read after grading: a page per student, and an overview of the class.

The pages are Jinja2's templates in gradcourse/data, without scripts. Jinja2 escapes whatever it is
given, a student's name included, and the pages forbid the browser to load or run anything.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gradcourse.feedback import ICONS, Feedback
from gradcourse.grading.result import STATUSES, Answer, Result

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "data"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ADVICE = {
    "refused": "Mend what is named above and hand in again.",
    "needs a person": "You need do nothing: your instructor has been told.",
}
BY_HAND = "A person reads this answer."
GIVEN = "A person has read this answer."
COLORS = ("right", "wrong", "open")  # of cards and bars, see page.html


# ---- what one student reads --------------------------------------------------------------------
@dataclass(frozen=True)
class Card:
    """What is said of one answer."""

    color: str
    head: str
    lines: tuple[str, ...] = ()


def feedback_page(result: Result, assignment: str) -> str:
    """Return the page for one student: points, what each answer was, what was put right."""
    return TEMPLATES.get_template("feedback.html").render(
        assignment=assignment,
        result=result,
        points=_points(result),
        advice=ADVICE.get(result.status, ""),
        cards=[_card(answer) for answer in result.answers],
        earlier=[
            f"{moment(past['when'])}: {past['status']}, "
            f"{past['points']:g} of {past['max_points']:g} points"
            for past in result.earlier
        ],
    )


def _points(result: Result) -> str:
    if not result.answers:
        return ""
    waiting = sum(answer.counts is None for answer in result.answers)
    more = f", {waiting} still to be read by a person" if waiting else ""
    return f"{result.points:g} of {result.max_points:g} points{more}"


def _card(answer: Answer) -> Card:
    points = "–" if answer.counts is None else f"{answer.counts:g}"
    score = f"{points} of {answer.max_points:g}"
    if answer.given is not None:
        return Card("open", f"{answer.cell} · {score}", (GIVEN,))
    if answer.feedback is None:
        lines = (BY_HAND,) if answer.points is None else ()
        return Card("open", f"{answer.cell} · {score}", lines)
    said = answer.feedback
    head = f"{ICONS[said.status]} {said.status} · {said.question} · {score}"
    hint = f"likely cause: {said.hint}" if said.hint else ""
    lesson = said.lesson.partition("]")[0].lstrip("[")  # the link leads nowhere from here
    read = f"read: {lesson}" if lesson else ""
    return Card(_color(answer), head, (said.headline, hint, read))


def _color(answer: Answer) -> str:
    status = answer.feedback.status if answer.feedback else ""
    return status if status in ("right", "wrong") else "open"


def moment(iso: str) -> str:
    """Return a moment as people write it.

    Example:
        >>> moment("2026-01-31T12:34:56+00:00")
        '2026-01-31 12:34 UTC'
    """
    return iso[:16].replace("T", " ") + " UTC"


TEMPLATES.filters["moment"] = moment


# ---- what an instructor reads ------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """How a class has answered one question."""

    cell: str
    mean: str
    shares: dict[str, int]  # color → how many

    @property
    def words(self) -> str:
        """The shares as a sentence."""
        names = {"open": "not attempted"}
        return ", ".join(f"{n} {names.get(color, color)}" for color, n in self.shares.items())


def overview_page(results: list[Result], assignment: str) -> str:
    """Return the page about the class: scores per question, mistakes, who needs what."""
    counts = Counter(result.status for result in results)
    return TEMPLATES.get_template("overview.html").render(
        assignment=assignment,
        numbers=", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status]),
        rows=_rows(results),
        mistakes=_mistakes(results),
        waiting=[result for result in results if result.reason],
        stopped=_stopped(results),
    )


def _rows(results: list[Result]) -> list[Row]:
    by_cell: dict[tuple[str, str], list[Answer]] = {}
    for answer in _answers(results):
        by_cell.setdefault((answer.notebook, answer.cell), []).append(answer)
    return [_row(cell, answers) for (_, cell), answers in by_cell.items()]


def _row(cell: str, answers: list[Answer]) -> Row:
    points = [answer.counts for answer in answers if answer.counts is not None]
    mean = f"{sum(points) / len(points):.2f}" if points else "–"
    counts = Counter(_color(answer) for answer in answers)
    shares = {color: counts[color] for color in COLORS if counts[color]}
    return Row(cell, f"{mean} of {answers[0].max_points:g}", shares)


def _mistakes(results: list[Result]) -> list[str]:
    """Return the commonest named mistakes, with those who made them."""
    who: dict[str, list[str]] = {}
    for result in results:
        for said in _feedback(result):
            name, colon, _ = said.hint.partition(": ")
            if said.ok is False and colon:
                who.setdefault(f"{said.question}: {name}", []).append(result.student)
    common = sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))
    return [_who(mistake, students) for mistake, students in common[:20]]


def _stopped(results: list[Result]) -> list[str]:
    """Return at which question people have their first gap, and who."""
    who: dict[str, list[str]] = {}
    for result in results:
        gaps = [said.question for said in _feedback(result) if said.ok is None]
        if gaps:
            who.setdefault(gaps[0], []).append(result.student)
    return [_who(question, students) for question, students in who.items()]


def _who(what: str, students: list[str]) -> str:
    return f"{what} – {len(students)}: {', '.join(students)}"


def _feedback(result: Result) -> list[Feedback]:
    return [answer.feedback for answer in _answers([result]) if answer.feedback]


def _answers(results: Iterable[Result]) -> list[Answer]:
    return [answer for result in results if result.status != "refused" for answer in result.answers]
