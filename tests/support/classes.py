"""Classes to grade in tests and benchmarks: course folders with real and broken submissions."""

import copy
import importlib
import json
import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from refresh import ROOT

MARKS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


class Class:
    """A course folder of its own with one assignment of the course and its submissions."""

    def __init__(self, folder: Path, assignment: str = "03_gradient_descent"):
        self.folder, self.assignment = folder, assignment
        source = ROOT / "solutions" / assignment
        shutil.copytree(source, folder / "solutions" / assignment)
        self.solution = nbformat.read(source / f"{assignment}.ipynb", 4)
        self.release = nbformat.read(ROOT / "exercises" / assignment / f"{assignment}.ipynb", 4)

    def honest(self, **answers: str) -> NotebookNode:
        """The released notebook with the right answers, or with others by id (`_` for `-`)."""
        notebook = copy.deepcopy(self.release)
        right = {cell.id: MARKS.sub("", cell.source) for cell in self.solution.cells}
        other = {name.replace("_", "-"): text for name, text in answers.items()}
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = other.get(cell.id, right[cell.id])
        return notebook

    def untouched(self, *names: str) -> dict[str, str]:
        """What stands in the release for these answers."""
        released = {cell.id: cell.source for cell in self.release.cells}
        return {name: released[name.replace("_", "-")] for name in names}

    def hand_in(self, student: str, notebook: NotebookNode | bytes) -> Path:
        """Put a student's file into submitted/."""
        folder = self.folder / "submitted" / student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.assignment}.ipynb"
        raw = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        path.write_bytes(raw)
        return path


def wrong_answers(number: str) -> dict[str, list]:
    """The known wrong functions of an exercise set, by the asked name: (mistake, function)."""
    table: dict[str, list] = {}
    for question, name, function in importlib.import_module(f"wrong_answers.set{number}").WRONG:
        table.setdefault(question.key.partition(".")[2], []).append((name, function))
    return table
