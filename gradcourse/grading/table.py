"""The grades of a class as a table that every spreadsheet and learning platform reads: CSV."""

import csv
import io

from gradcourse.grading.result import Result

COLUMNS = ("student", "status", "reason", "auto_score", "manual_score", "max_score")


def grades_csv(results: list[Result]) -> str:
    """Return one row a student: status, scores, then a column per graded cell."""
    cells = list(dict.fromkeys((a.notebook, a.cell) for r in results for a in r.answers))
    several = len({notebook for notebook, _ in cells}) > 1
    names = [f"{notebook}/{cell}" if several else cell for notebook, cell in cells]
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow([*COLUMNS, *map(_text, names)])
    for result in results:
        table.writerow(_row(result, cells))
    return file.getvalue()


def _row(result: Result, cells: list[tuple[str, str]]) -> list[str]:
    """Return one line; what a person gave replaces our points, so the two scores add up."""
    ours = sum(answer.points or 0.0 for answer in result.answers if answer.given is None)
    given = [answer.given for answer in result.answers if answer.given is not None]
    counts = {(answer.notebook, answer.cell): answer.counts for answer in result.answers}
    return [
        _text(result.student),
        result.status,
        _text(result.reason),
        _number(ours),
        _number(sum(given) if given else None),
        _number(result.max_points or None),
        *(_number(counts.get(cell)) for cell in cells),
    ]


def _number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def _text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
