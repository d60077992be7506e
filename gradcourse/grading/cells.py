"""What a cell of a released notebook is for, as nbgrader's metadata say: asked here, and only here.

nbgrader's words are "solution" for an answer, "grade" for what earns points, and "locked" for what
a student should not change.
"""

from nbformat import NotebookNode


def cell_id(cell: NotebookNode) -> str:
    """Return nbgrader's id of a cell, or the cell's own where nbgrader has given none."""
    return _marks(cell).get("grade_id", cell.get("id", ""))


def is_answer(cell: NotebookNode) -> bool:
    """Whether a student is to write into this cell."""
    return bool(_marks(cell).get("solution"))


def is_test(cell: NotebookNode) -> bool:
    """Whether this is code that tests an answer and earns its points."""
    return cell.cell_type == "code" and bool(_marks(cell).get("grade")) and not is_answer(cell)


def is_locked(cell: NotebookNode) -> bool:
    """Whether the cell stays as it was released."""
    return is_test(cell) or bool(_marks(cell).get("locked"))


def is_graded(cell: NotebookNode) -> bool:
    """Whether points are given for this cell, by a test or by a person."""
    return bool(_marks(cell).get("grade") or _marks(cell).get("task"))


def graded_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that points are given for, in the notebook's order."""
    return [cell for cell in notebook.cells if is_graded(cell)]


def max_points(cell: NotebookNode) -> float:
    """Return what a graded cell can earn."""
    return float(_marks(cell)["points"])


def _marks(cell: NotebookNode) -> NotebookNode:
    return cell.metadata.get("nbgrader", NotebookNode())
