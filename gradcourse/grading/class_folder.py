"""The folder of a class in nbgrader's layout: what was handed in, what is graded, what is written.

solutions/A/A.ipynb            the source of an assignment, with answers and hidden tests
exercises/A/A.ipynb            what students receive
submitted/STUDENT/A/A.ipynb    what they hand in
autograded/STUDENT/A/A.ipynb   run and scored, for formgrader
feedback/STUDENT/A/A.html      what the student reads
reports/A/                     grades.csv and overview.html
.gradcourse/A/STUDENT.json     every result, the earlier ones too
gradebook.db                   nbgrader's gradebook, unless it is a database elsewhere
"""

import json
import os
import shutil
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.utils import parse_utc
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from gradcourse.grading import pages
from gradcourse.grading.doors.intake import Refused, find_file, read_file
from gradcourse.grading.nbgrader_api import LAYOUT, base_config, open_gradebook
from gradcourse.grading.result import Result
from gradcourse.grading.table import grades_csv

SETTINGS = '''"""nbgrader's settings for this class folder, so that its commands work here too."""

c = get_config()
{layout}
c.Execute.kernel_name = "grade-with-gradcourse"  # no kernel: nbgrader's autograde has no sandbox
c.HTMLExporter.sanitize_html = True  # formgrader shows students' text, and runs none of it
'''
Given = dict[tuple[str, str], float]  # (notebook, cell) → points that a person gave


@dataclass(frozen=True)
class ClassFolder:
    """The folder of one class, and its gradebook."""

    root: Path
    config: Config

    @classmethod
    def open(cls, folder: str | Path, gradebook: str | None = None) -> "ClassFolder":
        """Open a class folder; write nbgrader's settings into it if there are none.

        Raises:     FileNotFoundError – no such folder
        """
        root = Path(folder).resolve()
        if not root.is_dir():
            raise FileNotFoundError(f"There is no course folder {folder}; name it with --course.")
        config = base_config(root, gradebook)
        settings = root / "nbgrader_config.py"
        if not settings.exists():
            settings.write_text(_settings(gradebook), "utf-8")
        config.merge(PyFileConfigLoader(settings.name, path=str(root)).load_config())
        if gradebook:
            config.CourseDirectory.db_url = gradebook
        return cls(root, config)

    @property
    def url(self) -> str:
        """The gradebook's address."""
        return self.config.CourseDirectory.db_url

    def folder(self, kind: str, *names: str) -> Path:
        """Return the folder of a kind, such as "source", under its name in nbgrader's settings."""
        name = self.config.CourseDirectory.get(f"{kind}_directory", kind)
        return self.root.joinpath(name, *names)

    def gradebook(self) -> AbstractContextManager[Gradebook]:
        """Open the gradebook, and close it after the block."""
        return open_gradebook(self.url, self.config.CourseDirectory.course_id)

    def students(self, assignment: str) -> list[str]:
        """Return who has handed something in."""
        folders = sorted(self.folder("submitted").glob("[!.]*"))
        return [path.name for path in folders if os.path.lexists(path / assignment)]

    def handed_in(self, student: str, assignment: str, names: list[str]) -> dict[str, bytes | str]:
        """Return what a student's files hold, by notebook; text says why one cannot be read."""
        folder = self.folder("submitted", student)
        return {name: _content(folder, assignment, name) for name in names}

    def timestamp(self, student: str, assignment: str) -> datetime | None:
        """Return when it was handed in, if the student's folder says so."""
        with suppress(Refused, ValueError, OverflowError):
            raw = read_file(self.folder("submitted", student, assignment, "timestamp.txt"))
            return parse_utc(raw[:100].decode("ascii").strip())
        return None

    def result(self, student: str, assignment: str) -> Result | None:
        """Return the result that was written last, or None."""
        try:
            text = self._result_file(student, assignment).read_text("utf-8")
            return Result.from_dict(json.loads(text))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def results(self, assignment: str) -> list[Result]:
        """Return the current result of everyone who has handed something in."""
        found = [self.result(student, assignment) for student in self.students(assignment)]
        return [result for result in found if result]

    def save(self, assignment: str, result: Result, texts: dict[str, str]) -> Result:
        """Write one result down: notebooks, gradebook, and last the result's own file."""
        result = result.after(self.result(result.student, assignment))
        if texts:
            self._write_notebooks(result.student, assignment, texts)
            self._write_grades(assignment, result)
        text = json.dumps(result.to_dict(), indent=1)
        _write(self._result_file(result.student, assignment), text)
        return result

    def write_pages(self, assignment: str) -> list[Result]:
        """Write what people read, with what persons have given in it; return all results."""
        by_hand = self._by_hand(assignment)
        results = []
        for result in self.results(assignment):
            given, waiting = by_hand.get(result.student, ({}, result.is_waiting))
            results.append(result.with_given(given, waiting))
        for result in results:
            page = self.folder("feedback", result.student, assignment) / f"{assignment}.html"
            _write(page, pages.feedback_page(result, assignment))
        folder = self.folder("reports", assignment)
        _write(folder / "grades.csv", grades_csv(results))
        _write(folder / "overview.html", pages.overview_page(results, assignment))
        return results

    def _result_file(self, student: str, assignment: str) -> Path:
        return self.root / ".gradcourse" / assignment / f"{student}.json"

    def _write_notebooks(self, student: str, assignment: str, texts: dict[str, str]) -> None:
        folder = self.folder("autograded", student, assignment)
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in texts.items():
            _write(folder / f"{name}.ipynb", text)

    def _write_grades(self, assignment: str, result: Result) -> None:
        """Put the points into nbgrader's gradebook; what a person gave stays."""
        moment = self.timestamp(result.student, assignment)
        handed_in = {"timestamp": moment} if moment else {}
        with self.gradebook() as gradebook:
            gradebook.update_or_create_student(result.student)
            gradebook.update_or_create_submission(assignment, result.student, **handed_in)
            for answer in result.answers:
                where = (answer.cell, answer.notebook, assignment, result.student)
                grade = gradebook.find_grade(*where)
                grade.auto_score = answer.points
                grade.needs_manual_grade = answer.points is None or grade.manual_score is not None
            gradebook.db.commit()

    def _by_hand(self, assignment: str) -> dict[str, tuple[Given, bool]]:
        """Return, by student, what persons have given and whether one has still to look."""
        with self.gradebook() as gradebook:
            try:
                submissions = gradebook.find_assignment(assignment).submissions
            except MissingEntry:
                submissions = []
            return {submission.student_id: _given(submission) for submission in submissions}


def _settings(gradebook: str | None) -> str:
    layout = [f"c.CourseDirectory.{name} = {value!r}" for name, value in LAYOUT.items()]
    if gradebook:
        layout.append(f"c.CourseDirectory.db_url = {gradebook!r}")
    return SETTINGS.format(layout="\n".join(layout))


def _given(submission: SubmittedAssignment) -> tuple[Given, bool]:
    given, waiting = {}, False
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            waiting = waiting or grade.needs_manual_grade
            if grade.manual_score is not None:
                given[notebook.name, grade.name] = grade.manual_score
    return given, waiting


def _content(student: Path, assignment: str, name: str) -> bytes | str:
    try:
        return read_file(find_file(student, assignment, name))
    except Refused as reason:
        return str(reason)


def _write(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8")
    new.replace(path)
