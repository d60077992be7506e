"""What people read after grading: a page per student, an overview of the class, a table.

All of it is plain text and HTML without scripts. Whatever comes from a student, a name included, is
escaped, and the pages forbid the browser to load or run anything.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from gradcourse.feedback import ICONS, Feedback
from gradcourse.grading.record import STATUSES, Answer, Graded

PAGE = Template((Path(__file__).parents[1] / "data" / "page.html").read_text("utf-8"))
ADVICE = {
    "refused": "Mend what is named above and hand in again.",
    "needs a person": "You need do nothing: your instructor has been told.",
}
BY_HAND = "A person reads this answer."
GIVEN = "A person has read this answer."


# ---- what one student reads --------------------------------------------------------------------
def feedback_page(graded: Graded, assignment: str) -> str:
    """Return the page for one student: points, what each answer was, what was put right."""
    title = f"{assignment}: {graded.student}"
    parts = [f"<h1>{escape(title)}</h1>", _points_line(graded)]
    if graded.reason:
        parts.append(_card("wrong", f"{graded.status}: {graded.reason} {_advice(graded)}"))
    parts += [_answer_card(answer) for answer in graded.answers]
    parts += _list("What was put right", map(escape, graded.notes))
    parts += _list("Earlier results", map(_earlier, graded.earlier))
    return PAGE.substitute(title=escape(title), body="\n".join(parts))


def _points_line(graded: Graded) -> str:
    waiting = sum(answer.counts is None for answer in graded.answers)
    more = f", {waiting} still to be read by a person" if waiting else ""
    points = f"{graded.points:g} of {graded.max_points:g} points{more}" if graded.answers else ""
    return f"<p><strong>{points}</strong> Graded {_moment(graded.when)}.</p>"


def _advice(graded: Graded) -> str:
    return ADVICE.get(graded.status, "")


def _answer_card(answer: Answer) -> str:
    points = "–" if answer.counts is None else f"{answer.counts:g}"
    score, feedback = f"{points} of {answer.max_points:g}", answer.feedback
    if answer.given is not None:
        return _card("open", f"{answer.cell} · {score}", GIVEN)
    if feedback is None:
        return _card("open", f"{answer.cell} · {score}", BY_HAND if answer.points is None else "")
    head = f"{ICONS[feedback.status]} {feedback.status} · {feedback.question} · {score}"
    hint = f"likely cause: {feedback.hint}" if feedback.hint else ""
    lesson = feedback.lesson.partition("]")[0].lstrip("[")  # the link leads nowhere from here
    read = f"read: {lesson}" if lesson else ""
    return _card(_color(feedback), head, feedback.headline, hint, read)


def _card(color: str, head: str, *lines: str) -> str:
    rows = "".join(f"<div>{escape(line)}</div>" for line in lines if line)
    return f'<div class="card {color}"><strong>{escape(head)}</strong>{rows}</div>'


def _color(feedback: Feedback) -> str:
    return {"right": "right", "wrong": "wrong"}.get(feedback.status, "open")


def _earlier(past: dict) -> str:
    points = f"{past['points']:g} of {past['max_points']:g} points"
    return f"{_moment(past['when'])}: {escape(past['status'])}, {points}"


def _moment(iso: str) -> str:
    """Return a moment as people write it."""
    return escape(iso[:16].replace("T", " ")) + " UTC"


# ---- what an instructor reads ------------------------------------------------------------------
def overview_page(records: list[Graded], assignment: str) -> str:
    """Return the page about the class: scores per question, mistakes, who needs what."""
    counts = Counter(record.status for record in records)
    numbers = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    parts = [f"<h1>{escape(assignment)}: the class</h1>", f"<p>{numbers or 'Nobody yet.'}</p>"]
    parts += _questions(records) + _mistakes(records)
    waiting = [
        f"<strong>{escape(r.student)}</strong>: {r.status}. {escape(r.reason)}"
        for r in records
        if r.reason
    ]
    parts += _list("Refused, or needs a person", waiting)
    stopped = _by_first(records, lambda feedback: feedback.ok is None)
    parts += _list("Where people have stopped", map(_who, stopped.items()))
    return PAGE.substitute(title=escape(f"{assignment}: the class"), body="\n".join(parts))


def _questions(records: list[Graded]) -> list[str]:
    """Return a table with a row per graded cell: mean score and a bar of who is where."""
    rows: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in _answers(records):
        rows[answer.notebook, answer.cell].append(answer)
    if not rows:
        return []
    head = "".join(
        f'<th scope="col"{kind}>{name}</th>'
        for name, kind in (("question", ""), ("mean", ' class="number"'), ("answers", ""))
    )
    key = "".join(
        f'<span class="{color}">{name}</span>'
        for color, name in (
            ("right", "right"),
            ("wrong", "wrong"),
            ("open", "not attempted, or by hand"),
        )
    )
    body = "".join(_question_row(cell, answers) for (_, cell), answers in rows.items())
    table = f"<table><tr>{head}</tr>{body}</table>"
    return ["<h2>Scores per question</h2>", f'<p class="key">{key}</p>', table]


def _question_row(cell: str, answers: list[Answer]) -> str:
    given = [answer.counts for answer in answers if answer.counts is not None]
    mean = f"{sum(given) / len(given):.2f}" if given else "–"
    colors = Counter(_color(answer.feedback) if answer.feedback else "open" for answer in answers)
    shares = {color: colors[color] for color in ("right", "wrong", "open") if colors[color]}
    bar = "".join(f'<span class="{c}" style="flex:{n}"></span>' for c, n in shares.items())
    words = ", ".join(f"{n} {'not attempted' if c == 'open' else c}" for c, n in shares.items())
    return (
        f'<tr><th scope="row">{escape(cell)}</th>'
        f'<td class="number">{mean} of {answers[0].max_points:g}</td>'
        f'<td><div class="bar" role="img" aria-label="{words}">{bar}</div>{words}</td></tr>'
    )


def _mistakes(records: list[Graded]) -> list[str]:
    """Return the commonest named mistakes, with those who made them."""
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in records:
        for said in _said([record]):
            name, colon, _ = said.hint.partition(": ")
            if said.ok is False and colon:
                who[said.question, name].append(record.student)
    common = sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))[:20]
    rows = ((f"{question}: {mistake}", people) for (question, mistake), people in common)
    return _list("The commonest mistakes", map(_who, rows))


def _by_first(records: list[Graded], is_it: object) -> dict[str, list[str]]:
    """Return who has their first answer of a kind at which question."""
    found: dict[str, list[str]] = {}
    for record in records:
        first = next((said.question for said in _said([record]) if is_it(said)), None)
        if first:
            found.setdefault(first, []).append(record.student)
    return found


def _said(records: Iterable[Graded]) -> list[Feedback]:
    return [answer.feedback for answer in _answers(records) if answer.feedback]


def _answers(records: Iterable[Graded]) -> list[Answer]:
    return [answer for record in records for answer in record.answers if record.status != "refused"]


def _who(row: tuple[str, list[str]]) -> str:
    what, people = row
    return f"{escape(what)} – {len(people)}: {escape(', '.join(people))}"


def _list(title: str, items: Iterable[str]) -> list[str]:
    lines = "".join(f"<li>{item}</li>" for item in items)
    return [f"<h2>{title}</h2>", f"<ul>{lines}</ul>"] if lines else []


# ---- the table ---------------------------------------------------------------------------------
def grades_csv(records: list[Graded]) -> str:
    """Return one row a student: status, scores, then a column per graded cell."""
    cells = dict.fromkeys((a.notebook, a.cell) for record in records for a in record.answers)
    several = len({notebook for notebook, _ in cells}) > 1
    names = [f"{notebook}/{cell}" if several else cell for notebook, cell in cells]
    totals = ["student", "status", "reason", "auto_score", "manual_score", "max_score"]
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow([*totals, *map(_text, names)])
    for record in records:
        table.writerow(_row(record, list(cells)))
    return file.getvalue()


def _row(record: Graded, cells: list[tuple[str, str]]) -> list[str]:
    """Return one line; what a person gave replaces our points, so the two scores add up."""
    ours = sum(answer.points or 0.0 for answer in record.answers if answer.given is None)
    given = [answer.given for answer in record.answers if answer.given is not None]
    scores = [ours, sum(given) if given else None, record.max_points or None]
    counts = {(answer.notebook, answer.cell): answer.counts for answer in record.answers}
    columns = [counts.get(cell) for cell in cells]
    return [
        _text(record.student),
        record.status,
        _text(record.reason),
        *map(_number, scores),
        *map(_number, columns),
    ]


def _number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def _text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
