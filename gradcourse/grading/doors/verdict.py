"""The trusted score: points are decided in the grader's own process.

The kernel that ran a student's code has only reported numbers. They are compared with those of the
reference solution for the same seed; the checks that name mistakes judge them a second time, out
of reach. Nothing else that a test cell has put out is believed, or kept.
"""

import builtins
import json
from dataclasses import dataclass, replace

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Integer

from gradcourse.checks import catalog, find
from gradcourse.checks.reports import REPORT
from gradcourse.checks.values import Outcome, close
from gradcourse.feedback import Feedback

BY_HAND = Feedback("", None, "Its test reports nothing, so a person decides.")


@dataclass(frozen=True)
class Report:
    """What the hidden test of one cell reported, all its messages together."""

    quantities: dict
    weights: dict
    tolerance: float = 0.0


class TrustedScore(NbGraderPreprocessor):
    """Comes between the run and nbgrader's SaveAutoGrades, and puts our points into test cells."""

    reference = Dict(help="id of a test cell → what the reference reported").tag(config=True)
    seed = Integer(1, help="the seed of the hidden inputs").tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Replace what a test cell has put out by points and Feedback."""
        if is_test(cell):
            grading = cell.metadata.nbgrader
            wanted = self.reference[grading.grade_id]
            feedback = judge(cell, Report(**wanted), self.seed) if wanted else BY_HAND
            data = feedback._repr_mimebundle_()
            points = {"text/plain": repr(float(feedback.points))}  # nbgrader reads partial credit
            cell.outputs = [
                new_output("execute_result", data=points, execution_count=None),
                new_output("display_data", data=data),
            ]
        return cell, resources


def is_test(cell: NotebookNode) -> bool:
    """Whether this is a cell that tests an answer."""
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def reported(cell: NotebookNode) -> Report:
    """Return what a test cell reported; what cannot be read counts as not reported."""
    report = Report({}, {})
    for output in cell.outputs:
        message = _message(output.get("data", {}).get(REPORT, ""))
        if message:
            quantities = report.quantities | message["quantities"]
            weights = report.weights | message["weights"]
            report = Report(quantities, weights, message["tolerance"])
    return report


def _message(text: str) -> dict | None:
    try:
        message = json.loads(text)
        fits = all(isinstance(message[key], dict) for key in ("quantities", "weights"))
        return message if fits and "tolerance" in message else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def judge(cell: NotebookNode, wanted: Report, seed: int) -> Feedback:
    """Return points and words for what one test cell reported."""
    got, name = reported(cell).quantities, cell.metadata.nbgrader.grade_id
    parts = {key: _verdict(key, got, wanted, seed) for key in wanted.quantities}
    if not any(key in got for key in parts):
        parts = {name: _nothing_reported(name, cell)}
    share = sum(wanted.weights[key] for key, part in parts.items() if part.ok)
    most = float(cell.metadata.nbgrader.points)
    points = most * share / sum(wanted.weights.values())
    return replace(_together(name, parts), points=points, max_points=most)


def _verdict(key: str, got: dict, wanted: Report, seed: int) -> Feedback:
    """Judge one quantity: by its question if it is one of the course's, or by the reference."""
    if key not in got:
        return Feedback(key, False, f"{key} was not reported.")
    if key in catalog():
        return _by_question(key, got[key], seed)
    if close(got[key], wanted.quantities[key], wanted.tolerance):
        return Feedback(key, True, f"{key} is right.")
    return Feedback(key, False, f"{key} differs from the reference.")


def _by_question(key: str, outcomes: object, seed: int) -> Feedback:
    """Let the check that a learner knows judge again; hidden inputs and answers stay hidden."""
    try:
        outcomes = [Outcome.from_json(fields) for fields in outcomes]
        feedback = find(key).judge(outcomes, seed)
    except Exception:  # the outcomes may be anything at all
        return Feedback(key, False, "What came back is not what this answer is asked for.")
    error = next((outcome.error for outcome in outcomes if outcome.error), "")
    hint = feedback.hint or _error_hint(error.partition(":")[0])
    return replace(feedback, expected="", got="", hint="" if feedback.ok else hint)


def _error_hint(name: str) -> str:
    """Name an error if it is one of Python's own: anything else may be a message in disguise."""
    known = isinstance(getattr(builtins, name, None), type)
    return f"It stopped with {name}." if known else ""


def _nothing_reported(name: str, cell: NotebookNode) -> Feedback:
    errors = [output.ename for output in cell.outputs if output.output_type == "error"]
    if "NotImplementedError" in errors:
        return Feedback(name, None, "Not attempted yet.")
    headline = "No result came back: the answer did not run to its end."
    return Feedback(name, False, headline, hint=_error_hint(errors[0]) if errors else "")


def _together(name: str, parts: dict[str, Feedback]) -> Feedback:
    """Return one Feedback for all quantities of a cell."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    wrong = [part for part in parts.values() if not part.ok]
    headline = f"{len(parts) - len(wrong)} of {len(parts)} reported results are right."
    hints = " ".join(f"{part.headline} {part.hint}".strip() for part in wrong)
    return Feedback(name, not wrong, headline, hint=hints)
