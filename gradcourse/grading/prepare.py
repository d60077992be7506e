"""Before a class is graded: the release, a gradebook to start from, and the reference's numbers."""

import pickle
import shutil
import tempfile
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import NbGraderException
from traitlets.config import Config

from gradcourse.checks import exercise_sets
from gradcourse.checks.core import Question
from gradcourse.grading.cells import cell_id, is_test
from gradcourse.grading.class_folder import ClassFolder
from gradcourse.grading.doors.output import ENDED, SandboxedExecute
from gradcourse.grading.doors.verdict import judge, reported
from gradcourse.grading.grade_one import Assignment, furnished, sandbox_settings
from gradcourse.grading.nbgrader_api import base_config, open_gradebook, release

STUB = '''"""An exercise set as a grader's sandbox sees it: its inputs, without answers."""

import pickle

globals().update(pickle.loads({pickled!r}))
'''


def prepare(folder: ClassFolder, name: str, seed: int, timeout: int, scratch: str) -> Assignment:
    """Return all that is needed to grade one assignment; add to the class folder what is missing.

    Raises:     FileNotFoundError – there is no such assignment in solutions/
                ValueError        – nbgrader refuses the solution, or it does not earn all points
    """
    solutions = _solutions(folder, name)
    with tempfile.TemporaryDirectory(dir=scratch) as made:
        root = Path(made)
        _release(folder, name, base_config(root))
        assignment = replace(_read(root, name), seed=seed, timeout=timeout, scratch=scratch)
        if not folder.folder("release", name).exists():
            shutil.copytree(root / "exercises" / name, folder.folder("release", name))
    _enter(folder, name, assignment)
    sealed = seal(" ".join(cell.source for nb in solutions.values() for cell in nb.cells), seed)
    assignment = replace(assignment, sealed=sealed)
    reference = {stem: _measure(assignment, nb) for stem, nb in solutions.items()}
    return replace(assignment, reference=reference)


def _solutions(folder: ClassFolder, name: str) -> dict[str, NotebookNode]:
    """Return the assignment's source notebooks by name."""
    source = folder.folder("source")
    found = {path.stem: nbformat.read(path, 4) for path in sorted(source.glob(f"{name}/*.ipynb"))}
    if not found:
        known = sorted({path.parent.name for path in source.glob("*/*.ipynb")})
        those = f"there are {', '.join(known)}" if known else "there is none at all"
        raise FileNotFoundError(f"There is no assignment {name!r} in {source}; {those}.")
    return found


def _release(folder: ClassFolder, name: str, config: Config) -> None:
    """Let nbgrader make the release of an assignment in a folder of its own."""
    source = Path(config.CourseDirectory.root) / "solutions" / name
    if not source.exists():
        shutil.copytree(folder.folder("source", name), source)
    try:
        release(name, config)
    except (NbGraderException, RuntimeError) as error:
        raise ValueError(f"nbgrader cannot release {name}: {error}") from error


def _read(root: Path, name: str) -> Assignment:
    """Return the assignment that nbgrader has made in a folder."""
    released = root / "exercises" / name
    paths = sorted(path for path in released.rglob("*") if path.is_file())
    notebooks = {path.stem: nbformat.read(path, 4) for path in paths if path.suffix == ".ipynb"}
    files = {
        path.relative_to(released).as_posix(): path.read_bytes()
        for path in paths
        if path.suffix != ".ipynb"
    }
    gradebook = (root / "gradebook.db").read_bytes()
    return Assignment(name, notebooks, gradebook, files)


def _enter(folder: ClassFolder, name: str, assignment: Assignment) -> None:
    """Enter the assignment into the class's gradebook, unless the same stands there."""
    with furnished(assignment) as root:
        fresh = _entries(open_gradebook(f"sqlite:///{root}/gradebook.db"), name)
        if fresh != _entries(folder.gradebook(), name):
            _release(folder, name, base_config(root, folder.url))


def _entries(opened: AbstractContextManager[Gradebook], name: str) -> set[tuple]:
    """Return what a gradebook knows of an assignment's cells."""
    with opened as gradebook:
        try:
            notebooks = gradebook.find_assignment(name).notebooks
            sources = {
                (nb.name, cell.name, cell.source) for nb in notebooks for cell in nb.source_cells
            }
            points = {
                (nb.name, cell.name, cell.max_score)
                for nb in notebooks
                for cell in (*nb.grade_cells, *nb.task_cells)
            }
        except MissingEntry:
            sources, points = set(), set()
    return sources | points


# Why: docs/decisions.md#the-librarys-answers-are-sealed-away
def seal(text: str, seed: int) -> dict[str, str]:
    """Return what stands in a sandbox in place of each exercise set: file name → its text.

    The sets that `text` names keep their inputs of this seed; of the others nothing is left.
    """
    return {
        f"{name}.py": _stub(module, seed, wanted=name in text)
        for name, module in exercise_sets().items()
    }


def _stub(module: ModuleType, seed: int, wanted: bool) -> str:
    questions = {
        key: value.sealed(seed)
        for key, value in vars(module).items()
        if wanted and isinstance(value, Question)
    }
    cloudpickle.register_pickle_by_value(module)  # the sandbox cannot import it
    try:
        return STUB.format(pickled=cloudpickle.dumps(questions, pickle.DEFAULT_PROTOCOL))
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _measure(assignment: Assignment, solution: NotebookNode) -> dict[str, dict[str, Any]]:
    """Run a reference solution in the sandbox; return what each of its test cells reported.

    Raises:     ValueError – it does not run to its end, or does not earn all points itself
    """
    with furnished(assignment) as root:
        settings = sandbox_settings(root, assignment)
        run = SandboxedExecute(sandbox=settings, timeout=assignment.timeout)
        run.shutdown_kernel = "immediate"
        solution, _ = run.preprocess(solution, ResourcesDict(metadata={"path": str(root)}))
    if ENDED in solution.metadata:
        cell = cell_id(solution.cells[solution.metadata[ENDED]])
        raise ValueError(f"The reference solution of {assignment.name} ends its kernel in {cell}.")
    tests = [cell for cell in solution.cells if is_test(cell)]
    return {cell_id(test): _reference(test, solution, assignment.seed) for test in tests}


def _reference(test: NotebookNode, solution: NotebookNode, seed: int) -> dict[str, Any]:
    """Return what a test cell of the reference reported, {} if it is silent."""
    report = reported(test)
    feedback = judge(test, report, seed) if report.quantities else None
    fault = _first_error(solution, test) if _error(test) else ""
    if feedback and not feedback.ok:
        fault = fault or f"{cell_id(test)}: {feedback.headline}"
    if fault:
        raise ValueError(f"The reference solution itself fails {fault}")
    return asdict(report) if report.quantities else {}


def _first_error(solution: NotebookNode, test: NotebookNode) -> str:
    """Return what a test failed with, and the error above it that may be the cause."""
    first = next(cell for cell in solution.cells if _error(cell))
    if first is test:
        return f"{cell_id(test)}: {_error(test)}"
    return f"{cell_id(first)}: {_error(first)}; so does {cell_id(test)}: {_error(test)}"


def _error(cell: NotebookNode) -> str:
    """Return the error that a cell ended with, or ""."""
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return f"{errors[0].ename}: {errors[0].evalue}" if errors else ""
