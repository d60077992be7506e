"""What you have predicted, answered and solved, kept between sessions; lesson 00 shows it.

Each event is one line of JSON at the end of `progress.jsonl` in your user data folder (or in the
folder GRADCOURSE_DATA names). A line is written in one piece and begins with a line break of its
own: several notebooks can write at once, and a line torn by a crash does not spoil the next one.

What there is to reach stands in `data/course.json`: the keys found in the notebooks themselves. A
test compares the two, so the bars can neither drift nor count a question that has gone.
"""

import json
import os
from html import escape
from itertools import count
from pathlib import Path
from typing import Any, TypedDict

import platformdirs

KINDS = ("prediction", "answer", "points")
COLUMNS = ("predictions", "questions right", "exercise points")
COURSE = Path(__file__).parent / "data" / "course.json"


Events = dict[tuple[str, str], list[Any]]  # (kind, key) → values; a file may hold anything
Row = dict[str, tuple[float, float]]  # column → (done, what there is)


class Plan(TypedDict):
    """What there is to reach in one lesson: the keys of its quizzes, the points of its set."""

    title: str
    predictions: list[str]
    questions: list[str]
    points: dict[str, float]


def folder() -> Path:
    """Give the folder your records are kept in."""
    return Path(os.environ.get("GRADCOURSE_DATA") or platformdirs.user_data_dir("gradcourse"))


def record(kind: str, key: str, value: str | float | dict[str, str | bool | None]) -> str:
    """Add one event; return "", or one sentence if it could not be saved.

    Parameters: kind  – "prediction" (value: the option), "points" (value: the points earned) or
                        "answer" (value: {"answer": text, "right": True or False})
                key   – lesson, dot, name: "03.one_step"
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, but it is {kind!r}.")
    line = json.dumps({"kind": kind, "key": key, "value": value}, default=float)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with _file().open("ab", buffering=0) as file:  # unbuffered: one write, at the end
            file.write(f"\n{line}\n".encode())
    except OSError as error:
        return _unsaved(error)
    return ""


def history(kind: str, key: str) -> list[Any]:
    """Give every value recorded under this kind and key, the oldest first."""
    return _events().get((kind, key), [])


def latest(kind: str, key: str) -> Any:
    """Give the value recorded last, or None."""
    return (history(kind, key) or [None])[-1]


def summary() -> "Overview":
    """Give each lesson's (done, what there is): once right stays right, the best points count."""
    events = _events()
    course: dict[str, Plan] = json.loads(COURSE.read_text(encoding="utf-8"))
    return Overview((f"{n} {plan['title']}", _row(plan, events)) for n, plan in course.items())


show = summary  # in a notebook, the summary shows itself


def forget(yes: bool = False) -> str:
    """Start afresh if you say `yes=True`; your records move to a numbered backup beside them."""
    if not yes:
        return "Nothing was changed; progress.forget(yes=True) sets your records aside."
    if not _file().exists():
        return "There are no records yet."
    backups = (folder() / f"progress-backup-{n}.jsonl" for n in count(1))
    backup = next(file for file in backups if not file.exists())
    try:
        _file().rename(backup)
    except OSError as error:
        return _unsaved(error)
    return f"You start afresh; your earlier records are in {backup}."


class Overview(dict[str, Row]):
    """The summary, shown as a table of bars; as text, one line per lesson."""

    def __repr__(self) -> str:
        return "\n".join(f"{lesson}: {_counts(row)}" for lesson, row in self.items())

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col' {_CELL}>{name}</th>" for name in ("lesson", *COLUMNS))
        return f"<table><tr>{head}</tr>{''.join(map(_html_row, self, self.values()))}</table>"


_CELL = "style='text-align:left;white-space:normal'"


def _counts(row: Row) -> str:
    return ", ".join(f"{name} {done:g} of {most:g}" for name, (done, most) in row.items())


def _html_row(lesson: str, row: Row) -> str:
    title = escape(lesson)
    bars = "".join(_bar(f"{title}: {name}", *counts) for name, counts in row.items())
    return f"<tr><th scope='row' {_CELL}>{title}</th>{bars}</tr>"


def _bar(label: str, done: float, most: float) -> str:
    bar = f"<progress value='{done:g}' max='{most:g}' aria-label='{label}' style='width:6em'>"
    shown = f"{bar}</progress> {done:g}&nbsp;of&nbsp;{most:g}" if most else "–"
    return f"<td {_CELL}>{shown}</td>"


def _row(plan: Plan, events: Events) -> Row:
    """Count what is recorded under the keys of one lesson's plan."""
    made = sum(("prediction", key) in events for key in plan["predictions"])
    tries = (events.get(("answer", key), []) for key in plan["questions"])
    right = sum(any(answer["right"] for answer in answers) for answers in tries)
    most = plan["points"]
    best = sum(min(max(events.get(("points", key), [0])), most[key]) for key in most)
    predictions, questions, points = COLUMNS
    return {
        predictions: (made, len(plan["predictions"])),
        questions: (right, len(plan["questions"])),
        points: (best, sum(most.values())),
    }


# Why: docs/decisions.md#our-own-progress-file
def _file() -> Path:
    return folder() / "progress.jsonl"


def _unsaved(error: OSError) -> str:
    remedy = "set GRADCOURSE_DATA to a folder of yours to keep your progress"
    return f"{folder()} cannot be written to ({error.strerror}); {remedy}."


def _events() -> Events:
    """Read all values by (kind, key), passing over torn and foreign lines."""
    events: Events = {}
    try:
        lines = _file().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        try:
            event = json.loads(line)
            events.setdefault((event["kind"], event["key"]), []).append(event["value"])
        except (ValueError, TypeError, KeyError):
            continue
    return events
