"""Run single cells in the sandbox, without a class around them."""

from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from gradcourse.grading.doors.output import SandboxedExecute


def marked(source: str, name: str = "x", points: float = 1.0) -> NotebookNode:
    """A cell that tests an answer."""
    marks = {"grade": True, "solution": False, "locked": True, "grade_id": name, "points": points}
    return new_code_cell(source, metadata={"nbgrader": marks})


def run(folder: Path, *cells: NotebookNode | str, timeout: int = 5) -> NotebookNode:
    """Run cells, or their sources, in the sandbox; give back the notebook."""
    (folder / "room").mkdir(exist_ok=True, mode=0o755)
    settings = {"folder": str(folder / "room"), "seed": 7}
    execute = SandboxedExecute(sandbox=settings, timeout=timeout)
    execute.shutdown_kernel = "immediate"
    made = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return execute.preprocess(new_notebook(cells=made), {"metadata": {"path": str(folder)}})[0]
