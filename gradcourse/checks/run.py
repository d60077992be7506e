"""Run a learner's notebook in a fresh kernel and read what its checks say.

What a cell shows depends on everything that ran before it, in whatever order. A fresh kernel from
top to bottom is the only honest test, and the one a grader will make.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from gradcourse.feedback import MIME, Feedback


@dataclass(frozen=True)
class Result:
    """What the checks of one notebook said, one Feedback per question."""

    questions: tuple[Feedback, ...]

    @property
    def points(self) -> float:
        """The points earned."""
        return sum(feedback.points for feedback in self.questions)

    @property
    def max_points(self) -> float:
        """The points that can be earned."""
        return sum(feedback.max_points for feedback in self.questions)


def run_checks(path: str | Path, seconds: int = 120) -> Result:
    """Execute a notebook from top to bottom and return its checks' Feedback.

    Raises:     FileNotFoundError, ValueError – not there, or not a notebook
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no notebook {path}; check the path.")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises many kinds
        raise ValueError(f"{path} is not a readable notebook: {error}"[:200]) from error
    for cell in notebook.cells:
        cell["outputs"] = [] if cell.cell_type == "code" else None
    client = NotebookClient(
        notebook,
        timeout=seconds,
        allow_errors=True,
        kernel_name="python3",
        interrupt_on_timeout=True,
        extra_arguments=["--IPKernelApp.log_level=40"],  # no warnings of the kernel's own
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    client.execute()
    return Result(tuple(_feedback_of(notebook)))


def _feedback_of(notebook: nbformat.NotebookNode) -> Iterator[Feedback]:
    """Yield a Feedback for every check cell, also for one that stopped before it could speak."""
    for cell in notebook.cells:
        outputs = cell.get("outputs") or []
        said = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
        for fields in said:
            yield Feedback(**{name: fields[name] for name in Feedback.__dataclass_fields__})
        graded = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and graded.get("grade") and not said:
            error = next((f"{o.ename}: {o.evalue}" for o in outputs if "ename" in o), "no answer")
            yield Feedback(
                graded["grade_id"],
                False,
                f"The check cell stopped ({error}).",
                hint="Restore the cells around it from the released notebook.",
                max_points=graded.get("points", 0),
            )
