"""A course folder in nbgrader's layout: what was handed in, what is graded, what is written.

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
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.utils import parse_utc
from traitlets.config import Config, PyFileConfigLoader

from gradcourse.grading import pages
from gradcourse.grading.doors.intake import Refused, find_file, read_file
from gradcourse.grading.nbgrader_api import base_config, open_gradebook
from gradcourse.grading.record import Graded

CONFIG = '''"""nbgrader's settings for this course folder, so that its commands work here too."""

c = get_config()
c.CourseDirectory.course_id = "gradcourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.Execute.kernel_name = "grade-with-gradcourse"  # no kernel: nbgrader's autograde has no sandbox
c.HTMLExporter.sanitize_html = True  # formgrader shows students' text, and runs none of it
'''


@dataclass(frozen=True)
class Course:
    """One course folder and its gradebook."""

    root: Path
    config: Config

    @classmethod
    def open(cls, folder: str | Path, gradebook: str | None = None) -> "Course":
        """Open a course folder; write nbgrader's settings into it if there are none.

        Raises:     FileNotFoundError – no such folder
        """
        root = Path(folder).resolve()
        if not root.is_dir():
            raise FileNotFoundError(f"There is no course folder {folder}; name it with --course.")
        config = base_config(root, gradebook)
        settings = root / "nbgrader_config.py"
        if not settings.exists():
            database = f"c.CourseDirectory.db_url = {gradebook!r}\n" if gradebook else ""
            settings.write_text(CONFIG + database, "utf-8")
        config.merge(PyFileConfigLoader(settings.name, path=str(root)).load_config())
        if gradebook:
            config.CourseDirectory.db_url = gradebook
        return cls(root, config)

    @property
    def url(self) -> str:
        """The gradebook's address."""
        return self.config.CourseDirectory.db_url

    def folder(self, kind: str, *names: str) -> Path:
        """Return a folder; "source" and the like may have other names in nbgrader's settings."""
        default = {"source": "solutions", "release": "exercises"}.get(kind, kind)
        name = self.config.CourseDirectory.get(f"{kind}_directory", default)
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

    def timestamp(self, student: str, assignment: str) -> object:
        """Return when it was handed in, if the student's folder says so."""
        with suppress(Refused, ValueError, OverflowError):
            raw = read_file(self.folder("submitted", student, assignment, "timestamp.txt"))
            return parse_utc(raw[:100].decode("ascii").strip())
        return None

    def record(self, student: str, assignment: str) -> Graded | None:
        """Return the result that was written last, or None."""
        try:
            text = self._record_file(student, assignment).read_text("utf-8")
            return Graded.from_dict(json.loads(text))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def records(self, assignment: str) -> list[Graded]:
        """Return the current result of everyone who has handed something in."""
        found = [self.record(student, assignment) for student in self.students(assignment)]
        return [record for record in found if record]

    def keep(self, assignment: str, graded: Graded, texts: dict[str, str]) -> Graded:
        """Write one result down: notebooks, gradebook, and last the record itself."""
        before = self.record(graded.student, assignment)
        graded = _after(before, graded)
        if texts:
            self._write_notebooks(graded.student, assignment, texts)
            self._write_grades(assignment, graded)
        text = json.dumps(graded.to_dict(), indent=1)
        _write(self._record_file(graded.student, assignment), text)
        return graded

    def report(self, assignment: str) -> list[Graded]:
        """Write what people read, with what persons have given in it; return all results."""
        records, folder = self.records(assignment), self.folder("reports", assignment)
        by_hand = self._by_hand(assignment)
        records = [
            record.with_given(*by_hand.get(record.student, ({}, _is_waiting(record))))
            for record in records
        ]
        for record in records:
            page = self.folder("feedback", record.student, assignment) / f"{assignment}.html"
            _write(page, pages.feedback_page(record, assignment))
        _write(folder / "grades.csv", pages.grades_csv(records))
        _write(folder / "overview.html", pages.overview_page(records, assignment))
        return records

    def _record_file(self, student: str, assignment: str) -> Path:
        return self.root / ".gradcourse" / assignment / f"{student}.json"

    def _write_notebooks(self, student: str, assignment: str, texts: dict[str, str]) -> None:
        folder = self.folder("autograded", student, assignment)
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in texts.items():
            _write(folder / f"{name}.ipynb", text)

    def _write_grades(self, assignment: str, graded: Graded) -> None:
        """Put the points into nbgrader's gradebook; what a person gave stays."""
        moment = self.timestamp(graded.student, assignment)
        handed_in = {"timestamp": moment} if moment else {}
        with self.gradebook() as gradebook:
            gradebook.update_or_create_student(graded.student)
            gradebook.update_or_create_submission(assignment, graded.student, **handed_in)
            for answer in graded.answers:
                where = (answer.cell, answer.notebook, assignment, graded.student)
                grade = gradebook.find_grade(*where)
                grade.auto_score = answer.points
                grade.needs_manual_grade = answer.points is None or grade.manual_score is not None
            gradebook.db.commit()

    def _by_hand(self, assignment: str) -> dict[str, tuple[dict, bool]]:
        """Return, by student, what persons have given and whether one has still to look."""
        with self.gradebook() as gradebook:
            try:
                submissions = gradebook.find_assignment(assignment).submissions
            except MissingEntry:
                submissions = []
            return {submission.student_id: _given(submission) for submission in submissions}


def _given(submission: SubmittedAssignment) -> tuple[dict[tuple[str, str], float], bool]:
    grades = [
        (notebook.name, grade) for notebook in submission.notebooks for grade in notebook.grades
    ]
    given = {
        (name, grade.name): grade.manual_score
        for name, grade in grades
        if grade.manual_score is not None
    }
    return given, any(grade.needs_manual_grade for _, grade in grades)


def _is_waiting(record: Graded) -> bool:
    return any(answer.points is None for answer in record.answers)


def _content(student: Path, assignment: str, name: str) -> bytes | str:
    try:
        return read_file(find_file(student, assignment, name))
    except Refused as reason:
        return str(reason)


def _after(before: Graded | None, graded: Graded) -> Graded:
    """Return a result that remembers the earlier ones; a refused file takes nothing away."""
    if before is None:
        return graded
    past = {name: getattr(before, name) for name in ("when", "status", "points", "max_points")}
    answers = [{"cell": a.cell, "points": a.points} for a in before.answers]
    earlier = (*before.earlier, past | {"answers": answers})
    if graded.status == "refused" and before.answers:
        reason = f"{graded.reason} The result of {before.when} stands."
        graded = replace(graded, reason=reason, answers=before.answers)
    return replace(graded, earlier=earlier)


def _write(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8")
    new.replace(path)
