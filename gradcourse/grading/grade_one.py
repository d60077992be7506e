"""One submission graded: a function from data to data, which any machine can run.

Every submission gets a course folder and a gradebook of its own, in which nbgrader works as it
always does. Nothing is shared with another submission, so nothing can be spoiled there.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import SaveAutoGrades
from traitlets.config import Config

from gradcourse.feedback import MIME, Feedback
from gradcourse.grading.doors.intake import Refused, Submission, take_in
from gradcourse.grading.doors.output import ENDED, SandboxedExecute
from gradcourse.grading.doors.sandbox import PACKAGE
from gradcourse.grading.doors.verdict import TrustedScore, is_test
from gradcourse.grading.nbgrader_api import autograde, base_config, open_gradebook
from gradcourse.grading.record import WAITING, Answer, Graded

STUDENT = "student"  # what everyone is called while being graded
KILLED = "Python ended while this answer ran, or had to be stopped; the others were graded apart."
KILLERS = "Look for a loop without an end, for memory that grows, for code that ends the process."
_alone = threading.Lock()  # nbgrader changes the working directory while it works


@dataclass(frozen=True)
class Assignment:
    """All that a machine needs to know to grade submissions of one assignment.

    Parameters: name      – the assignment's
                releases  – name → notebook as it was handed out
                gradebook – an SQLite file that holds this assignment and no student
                files     – data files that were handed out, by path
                sealed    – module of `gradcourse.checks` → what stands in its place
                reference – notebook → id of a test cell → what the reference solution reported
                seed      – the seed of the hidden inputs
                timeout   – seconds that one cell may take
                scratch   – a folder with a short path, for files that live as long as one run
    """

    name: str
    releases: dict[str, NotebookNode]
    gradebook: bytes
    files: dict[str, bytes]
    sealed: dict[str, str] = field(default_factory=dict)
    reference: dict[str, dict] = field(default_factory=dict)
    seed: int = 1
    timeout: int = 30
    scratch: str = "/tmp"


@dataclass(frozen=True)
class Attempt:
    """One run of a notebook: as it came out of nbgrader, and the points of its graded cells."""

    notebook: NotebookNode
    points: dict[str, float | None]

    @property
    def ended(self) -> bool:
        """Whether a cell ended the kernel."""
        return ENDED in self.notebook.metadata

    def feedback(self, cell_id: str) -> Feedback:
        """Return what the trusted score said of a test cell."""
        [cell] = [cell for cell in _graded_cells(self.notebook) if _id(cell) == cell_id]
        said = cell.outputs[-1].data[MIME]
        return Feedback(**{name: said[name] for name in Feedback.__dataclass_fields__})


def grade_one(
    assignment: Assignment, student: str, handed_in: dict[str, bytes | str], fingerprint: str
) -> tuple[Graded, dict[str, str]]:
    """Grade one student's notebooks.

    Returns:    the result, and name → text of every notebook that nbgrader has graded
    """
    answers, notes, refusals, texts = [], [], [], {}
    for name, release in assignment.releases.items():
        try:
            submission = _taken_in(handed_in[name], release)
        except Refused as reason:
            refusals.append(str(reason))
            answers += [_nothing(name, cell) for cell in _graded_cells(release)]
            continue
        notes += submission.notes
        notebook, given = _grade_notebook(assignment, name, submission)
        answers += given
        texts[name] = nbformat.writes(notebook)
    status = _status(answers, refusals, texts)
    waiting = WAITING if status == "needs a person" else ""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    reason = " ".join(refusals) or waiting
    graded = Graded(student, status, reason, tuple(answers), tuple(notes), when, fingerprint)
    return graded, texts


def _taken_in(content: bytes | str, release: NotebookNode) -> Submission:
    if isinstance(content, str):
        raise Refused(content)
    return take_in(content, release)


def _status(answers: list[Answer], refusals: list[str], texts: dict) -> str:
    if not texts:
        return "refused"
    waiting = any(answer.points is None for answer in answers)
    return "needs a person" if refusals or waiting else "graded"


def _nothing(notebook: str, cell: NotebookNode) -> Answer:
    return Answer(notebook, _id(cell), 0.0, float(cell.metadata.nbgrader.points))


def _grade_notebook(
    assignment: Assignment, name: str, submission: Submission
) -> tuple[NotebookNode, list[Answer]]:
    """Grade one notebook; where it ends its kernel, so that only the answer that did it is lost."""
    runs, killed = [_attempt(assignment, name, submission.notebook())], set()
    if runs[0].ended:
        more, killed = _apart(assignment, name, submission)
        runs += more
    shown, answers = runs[-1].notebook, []
    for cell in _graded_cells(shown):
        best = max(reversed(runs), key=lambda run, cell=cell: run.points[_id(cell)] or 0.0)
        answer = _answer(name, cell, best, _id(cell) in killed)
        if answer.feedback:
            cell.outputs[-1].data = answer.feedback._repr_mimebundle_()
        answers.append(answer)
    for cell in shown.cells:  # whoever reads it sees every answer, also one that was left out
        if _id(cell) in submission.answers:
            cell.source = submission.answers[_id(cell)][-1]
    return shown, answers


def _apart(
    assignment: Assignment, name: str, submission: Submission
) -> tuple[list[Attempt], set[str]]:
    """Run each answer by itself, then all together that ended no kernel.

    Returns:    the runs, and the ids of the test cells whose answers end every kernel
    """
    tests = [_id(cell) for cell in submission.release.cells if is_test(cell)]
    sections = set(range(len(tests) + 1))  # what follows the last test is a section too
    runs, killed, bare = [], set(), set()
    for number in range(len(tests)):
        others = sections - {number}
        runs.append(_attempt(assignment, name, submission.notebook(others)))
        if runs[-1].ended and submission.extras:  # or was it a cell of the student's own beside it?
            runs.append(_attempt(assignment, name, submission.notebook(others, sections)))
            bare.add(number)
        if runs[-1].ended:
            killed.add(number)
    together = submission.notebook(killed | {len(tests)}, bare)
    return [*runs, _attempt(assignment, name, together)], {tests[number] for number in killed}


def _answer(name: str, cell: NotebookNode, run: Attempt, killed: bool) -> Answer:
    points, most = run.points[_id(cell)], float(cell.metadata.nbgrader.points)
    if not is_test(cell) or points is None:
        return Answer(name, _id(cell), points, most)
    feedback = run.feedback(_id(cell))
    if killed and not points:
        feedback = Feedback(feedback.question, False, KILLED, hint=KILLERS, max_points=most)
    return Answer(name, _id(cell), points, most, feedback)


def _attempt(assignment: Assignment, name: str, notebook: NotebookNode) -> Attempt:
    """Let nbgrader grade a notebook in a course folder that exists for this one run."""
    with _alone, furnished(assignment) as root:
        handed_in = root / "submitted" / STUDENT / assignment.name
        handed_in.mkdir(parents=True)
        nbformat.write(notebook, handed_in / f"{name}.ipynb")
        config = _config(root, assignment, name)
        autograde(assignment.name, STUDENT, config)
        graded = root / "autograded" / STUDENT / assignment.name / f"{name}.ipynb"
        points = _points(config.CourseDirectory.db_url, assignment, name)
        return Attempt(nbformat.read(graded, as_version=4), points)


@contextmanager
def furnished(assignment: Assignment) -> Iterator[Path]:
    """Give a folder with the assignment's data files, sealed questions and gradebook in it."""
    os.makedirs(assignment.scratch, mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=assignment.scratch) as folder:
        _furnish(Path(folder), assignment)
        yield Path(folder)


def _furnish(root: Path, assignment: Assignment) -> None:
    (root / "gradebook.db").write_bytes(assignment.gradebook)
    contents = {f"room/{path}": data for path, data in assignment.files.items()}
    contents |= {f"sealed/{name}": text.encode() for name, text in assignment.sealed.items()}
    (root / "room").mkdir(mode=0o755)
    for path, data in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def sandbox_settings(root: Path, assignment: Assignment) -> dict:
    """Return the settings of a Sandbox for a folder that was `furnished`."""
    checks, cpu = PACKAGE / "checks", max(60, 10 * assignment.timeout)
    instead = {str(checks / name): f"{root}/sealed/{name}" for name in assignment.sealed}
    folders = {"folder": f"{root}/room", "scratch": assignment.scratch}
    return {**folders, "instead": instead, "seed": assignment.seed, "cpu": cpu}


def _config(root: Path, assignment: Assignment, name: str) -> Config:
    config = base_config(root)
    config.CourseDirectory.source_directory = "none"  # files come from the release, see furnish
    config.Autograde.autograde_preprocessors = [SandboxedExecute, TrustedScore, SaveAutoGrades]
    config.SandboxedExecute.sandbox = sandbox_settings(root, assignment)
    config.SandboxedExecute.timeout = assignment.timeout
    config.SandboxedExecute.shutdown_kernel = "immediate"
    config.TrustedScore.reference = assignment.reference[name]
    config.TrustedScore.seed = assignment.seed
    return config


def _points(url: str, assignment: Assignment, name: str) -> dict[str, float | None]:
    """Read the points from the submission's own gradebook; None where a person decides."""
    by_hand = {cell for cell, report in assignment.reference[name].items() if not report}
    with open_gradebook(url) as gradebook:
        graded = gradebook.find_submission_notebook(name, assignment.name, STUDENT).grades
        points = {grade.name: grade.auto_score for grade in graded}
    return {cell: None if cell in by_hand else score for cell, score in points.items()}


def _graded_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if utils.is_grade(cell) or utils.is_task(cell)]


def _id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id", ""))
