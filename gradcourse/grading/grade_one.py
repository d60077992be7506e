"""One submission graded: a function from data to data, which any machine can run.

Every submission gets a course folder and a gradebook of its own, in which nbgrader works as it
always does. Nothing is shared with another submission, so nothing can be spoiled there.
"""

import copy
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import SaveAutoGrades
from traitlets.config import Config

from gradcourse.feedback import MIME, Feedback
from gradcourse.grading.cells import cell_id, graded_cells, is_test, max_points
from gradcourse.grading.doors.intake import Plan, Refused, Submission, take_in
from gradcourse.grading.doors.output import ENDED, SandboxedExecute
from gradcourse.grading.doors.sandbox import PACKAGE
from gradcourse.grading.doors.verdict import TrustedScore, outputs
from gradcourse.grading.nbgrader_api import autograde, base_config, open_gradebook
from gradcourse.grading.result import WAITING, Answer, Result

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
    reference: dict[str, dict[str, Any]] = field(default_factory=dict)
    seed: int = 1
    timeout: int = 30
    scratch: str = "/tmp"


@dataclass(frozen=True)
class Run:
    """One run of a notebook: as it came out of nbgrader, and the points of its graded cells."""

    notebook: NotebookNode
    points: dict[str, float | None]

    @property
    def ended(self) -> bool:
        """Whether a cell ended the kernel."""
        return ENDED in self.notebook.metadata

    @property
    def ended_in(self) -> int:
        """The section of the cell that ended the kernel."""
        before = self.notebook.cells[: self.notebook.metadata[ENDED]]
        return sum(map(is_test, before))

    def feedback(self, name: str) -> Feedback:
        """Return what the trusted score said of a test cell."""
        [cell] = [cell for cell in graded_cells(self.notebook) if cell_id(cell) == name]
        said = cell.outputs[-1].data[MIME]
        return Feedback(**{field: said[field] for field in Feedback.__dataclass_fields__})


def grade_one(
    assignment: Assignment, student: str, handed_in: dict[str, bytes | str], fingerprint: str
) -> tuple[Result, dict[str, str]]:
    """Grade one student's notebooks.

    Returns:    the result, and name → text of every notebook that nbgrader has graded
    """
    answers: list[Answer] = []
    notes: list[str] = []
    refusals: list[str] = []
    texts: dict[str, str] = {}
    for name, release in assignment.releases.items():
        try:
            submission = _taken_in(handed_in[name], release)
        except Refused as refused:
            refusals.append(str(refused))
            answers += [_nothing(name, cell) for cell in graded_cells(release)]
            continue
        notes += submission.notes
        notebook, earned = _grade_notebook(assignment, name, submission)
        answers += earned
        texts[name] = nbformat.writes(notebook)
    status = _status(answers, refusals, texts)
    waiting = WAITING if status == "needs a person" else ""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    reason = " ".join(refusals) or waiting
    result = Result(student, status, reason, tuple(answers), tuple(notes), when, fingerprint)
    return result, texts


def _taken_in(content: bytes | str, release: NotebookNode) -> Submission:
    if isinstance(content, str):
        raise Refused(content)
    return take_in(content, release)


def _status(answers: list[Answer], refusals: list[str], texts: dict[str, str]) -> str:
    if not texts:
        return "refused"
    waiting = any(answer.points is None for answer in answers)
    return "needs a person" if refusals or waiting else "graded"


def _nothing(notebook: str, cell: NotebookNode) -> Answer:
    return Answer(notebook, cell_id(cell), 0.0, max_points(cell))


# ---- one notebook, in one run or several -------------------------------------------------------
def _grade_notebook(
    assignment: Assignment, name: str, submission: Submission
) -> tuple[NotebookNode, list[Answer]]:
    """Grade one notebook; where it ends its kernel, so that only the answer that did it is lost."""

    def run(plan: Plan | None = None) -> Run:
        return _run(assignment, name, submission.notebook(plan))

    runs, killers = [run()], set[int]()
    if runs[0].ended:
        more, killers = _run_apart(run, submission, runs[0].ended_in)
        runs += more
    killed = {submission.tests[section] for section in killers}
    answers = []
    for cell in graded_cells(runs[-1].notebook):
        best = _best(runs, cell_id(cell))
        answers.append(_answer(name, cell, best, cell_id(cell) in killed))
    return _for_formgrader(runs[-1].notebook, submission, answers), answers


def _run_apart(
    run: Callable[[Plan], Run], submission: Submission, suspect: int
) -> tuple[list[Run], set[int]]:
    """Run the section in which the kernel ended by itself, and the others together.

    Returns:    the runs, the one to be shown last, and the sections that end every kernel
    """
    others = submission.sections - {suspect}
    rest = run(Plan(others, others))
    if rest.ended:  # it was not, or not only, that section: a thread may end the kernel later
        return _run_each(run, submission)
    if suspect == len(submission.tests):  # what follows the last test earns nothing
        return [rest], set()
    runs = _run_alone(run, submission, suspect)
    if runs[-1].ended:
        return [*runs, rest], {suspect}
    if runs[0].ended:  # a cell of the student's own did it
        return [*runs, run(Plan(submission.sections, others))], set()
    return [*runs, rest], set()


def _run_each(run: Callable[[Plan], Run], submission: Submission) -> tuple[list[Run], set[int]]:
    """Run each answer by itself, then all together that ended no kernel."""
    runs, killers, spoiled = [], set(), set()
    for section in range(len(submission.tests)):
        alone = _run_alone(run, submission, section)
        runs += alone
        if alone[0].ended:
            spoiled.add(section)
        if alone[-1].ended:
            killers.add(section)
    harmless = submission.sections - killers - {len(submission.tests)}
    runs.append(run(Plan(answers=harmless, extras=harmless - spoiled)))
    return runs, killers


def _run_alone(run: Callable[[Plan], Run], submission: Submission, section: int) -> list[Run]:
    """Run one answer by itself; if the kernel ends, again without the student's own cells."""
    alone = frozenset({section})
    runs = [run(Plan(answers=alone, extras=alone))]
    if runs[0].ended and submission.extras:
        runs.append(run(Plan(answers=alone, extras=frozenset())))
    return runs


def _best(runs: list[Run], name: str) -> Run:
    """Return the run in which a cell earned most, the latest of several."""
    most = max(run.points[name] or 0.0 for run in runs)
    return [run for run in runs if (run.points[name] or 0.0) == most][-1]


def _answer(notebook: str, cell: NotebookNode, run: Run, killed: bool) -> Answer:
    name, most = cell_id(cell), max_points(cell)
    points = run.points[name]
    if not is_test(cell) or points is None:
        return Answer(notebook, name, points, most)
    feedback = run.feedback(name)
    if killed and not points:
        feedback = Feedback(feedback.question, False, KILLED, hint=KILLERS, max_points=most)
    return Answer(notebook, name, points, most, feedback)


def _for_formgrader(
    notebook: NotebookNode, submission: Submission, answers: list[Answer]
) -> NotebookNode:
    """Return a graded notebook with every answer in it, also one that was left out of the run."""
    shown = copy.deepcopy(notebook)
    feedback = {answer.cell: answer.feedback for answer in answers}
    for cell in shown.cells:
        if given := submission.answers.get(cell_id(cell)):
            cell.source = given[-1]
        if said := feedback.get(cell_id(cell)):
            cell.outputs = outputs(said)
    return shown


def _run(assignment: Assignment, name: str, notebook: NotebookNode) -> Run:
    """Let nbgrader grade a notebook in a course folder that exists for this one run."""
    with _alone, furnished(assignment) as root:
        handed_in = root / "submitted" / STUDENT / assignment.name
        handed_in.mkdir(parents=True)
        nbformat.write(notebook, handed_in / f"{name}.ipynb")
        config = _config(root, assignment, name)
        autograde(assignment.name, STUDENT, config)
        graded = root / "autograded" / STUDENT / assignment.name / f"{name}.ipynb"
        points = _points(config.CourseDirectory.db_url, assignment, name)
        return Run(nbformat.read(graded, as_version=4), points)


# ---- the folder of one run ---------------------------------------------------------------------
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


def sandbox_settings(root: Path, assignment: Assignment) -> dict[str, Any]:
    """Return the settings of a Sandbox for a folder that was `furnished`."""
    sealed = {f"{PACKAGE}/checks/{name}": f"{root}/sealed/{name}" for name in assignment.sealed}
    return {
        "folder": f"{root}/room",
        "scratch": assignment.scratch,
        "instead": sealed,
        "seed": assignment.seed,
        "cpu": max(60, 10 * assignment.timeout),
    }


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
