"""A docstring that says "See: lesson 05" sends a learner to a page where the name is met."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEE = re.compile(r"See:\s+lessons? ((?:\d\d(?:, | and )?)+)")


def references() -> list[tuple[str, str]]:
    """Pairs (name, number of a lesson) of all docstrings in the package."""
    pairs = []
    for path in sorted(ROOT.glob("gradcourse/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for numbers in SEE.findall(ast.get_docstring(node) or ""):
                    pairs += [(node.name, number) for number in re.findall(r"\d\d", numbers)]
    return pairs


def names_in_code(source: str) -> set[str]:
    """Names that are imported, called or looked up; a variable that is assigned is none."""
    nodes = list(ast.walk(ast.parse(source)))
    imported = {alias.name for n in nodes if isinstance(n, ast.ImportFrom) for alias in n.names}
    looked_up = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    return imported | looked_up


@cache
def names_met(number: str) -> frozenset[str]:
    """Every name in the code of a lesson and its solution, and in `backticks` in its prose."""
    found = set()
    pages = [*ROOT.glob(f"lessons/{number}_*.ipynb"), *ROOT.glob(f"solutions/{number}_*/*.ipynb")]
    for path in pages:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                found |= names_in_code(source)
            else:
                found.update(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", source))))
    return frozenset(found)


@pytest.mark.parametrize(("name", "number"), references())
def test_the_lesson_that_a_docstring_names_meets_it(name, number):
    assert name in names_met(number)


def test_a_variable_and_a_plain_word_are_no_meeting():
    assert names_in_code("from gradcourse import descend\nsteps = x.path") == {"descend", "path"}
    assert {"GradientDescent", "descend"} <= names_met("03")
    assert "because" not in names_met("03")
    assert len(references()) > 30
