"""Make the exercises that learners open from the solutions that authors write.

    python tools/release.py                          every set
    python tools/release.py 03_gradient_descent      this one alone
    python tools/release.py --check                  change nothing, name what would change
    python tools/release.py --no-run                 keep the outputs of the cells that are there

nbgrader takes the answers and the hidden tests out of solutions/NAME/NAME.ipynb; what is left runs
once from top to bottom, so that exercises/NAME/NAME.ipynb shows what an untouched answer says.
nbgrader works in a temporary course folder without its database: nothing is left behind.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbgrader.converters import NbGraderException
from refresh import ROOT, refreshed, tell, update
from traitlets.config import Config

from gradcourse.grading import nbgrader_api


def course_config(course: Path) -> Config:
    """Nbgrader's settings for one throw-away course folder."""
    config = nbgrader_api.base_config(course)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return config


def strip_answers(solution: Path) -> NotebookNode:
    """What nbgrader leaves of a solution: the same notebook without answers and hidden tests."""
    name = solution.stem
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        (course / "solutions" / name).mkdir(parents=True)
        shutil.copy(solution, course / "solutions" / name)
        nbgrader_api.release(name, course_config(course))
        return nbformat.read(course / "exercises" / name / f"{name}.ipynb", as_version=4)


def released(solution: Path, target: Path, run: bool) -> str:
    """The text the released notebook `target` should hold."""
    stripped = strip_answers(solution)
    if not run:
        keep_outputs(stripped, nbformat.read(target, as_version=4))
    return refreshed(stripped, target, run)


def keep_outputs(new: NotebookNode, old: NotebookNode) -> None:
    """Give each code cell of `new` the outputs and the run count of its namesake in `old`."""
    before = {cell.id: cell for cell in old.cells if cell.cell_type == "code"}
    for cell in new.cells:
        if cell.cell_type == "code" and cell.id in before:
            cell.outputs = before[cell.id].outputs
            cell.execution_count = before[cell.id].execution_count


def release(name: str, root: Path, check: bool, run: bool = True) -> list[Path]:
    """Write or check one exercise set below `root`; give back the files that differ."""
    solution = root / "solutions" / name / f"{name}.ipynb"
    target = root / "exercises" / name / f"{name}.ipynb"
    if check and not target.exists():
        return [target]
    target.parent.mkdir(parents=True, exist_ok=True)
    text = released(solution, target, run or not target.exists())
    return [target] if update(target, text, check) else []


def set_names(root: Path) -> list[str]:
    """The exercise sets that have a solution."""
    return sorted(path.stem for path in root.glob("solutions/*/*.ipynb"))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="exercise sets, such as 03_gradient_descent")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if it would")
    parser.add_argument("--no-run", action="store_true", help="keep the outputs that are there")
    options = parser.parse_args(arguments)
    names = options.names or set_names(root)
    changed = []
    for name in names:
        try:
            changed += release(name, root, options.check, not options.no_run)
        except (CellExecutionError, NbGraderException) as error:
            sys.exit(f"{name}: nothing was written.\n{error}")
    return tell(changed, len(names), options.check)


if __name__ == "__main__":
    sys.exit(main())
