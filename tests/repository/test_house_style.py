"""The house style that a machine can check: lint, format, direction of imports, size."""

import ast
import io
import subprocess
import sysconfig
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
LIBRARY_LINES = 3000  # of code, see docs/decisions.md
GRADING_LINES = 1300  # of code: what an instructor needs and no lesson shows
CONTENT_LINES = 250  # of code, each exercise set and each lesson's explorer
STRING = tokenize.STRING


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "lint-imports --no-logo"])
def test_the_tree_passes(command):
    name, *options = command.split()
    run = subprocess.run([SCRIPTS / name, *options], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def code_lines(path: Path) -> int:
    """Lines with code on them: docstrings, comments and blank lines are there to be read."""
    source = path.read_text("utf-8")
    prose = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
            prose |= set(range(first.lineno, first.end_lineno + 1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = [t for t in tokens if t.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, STRING)]
    return len({n for t in code for n in range(t.start[0], t.end[0] + 1)} - prose)


def test_the_library_stays_small():
    sizes = {path: code_lines(path) for path in ROOT.glob("gradcourse/**/*.py")}
    content = {path for path in sizes if is_content(path)}
    grading = {path for path in sizes if path.parent.name == "grading"}
    library = sum(size for path, size in sizes.items() if path not in content | grading)
    assert 0 < library < LIBRARY_LINES, sorted(sizes.items(), key=lambda item: -item[1])
    assert 0 < sum(sizes[path] for path in grading) <= GRADING_LINES
    assert max(sizes[path] for path in content) < CONTENT_LINES, "one set or explorer is too long"


def is_content(path: Path) -> bool:
    """Whether a file belongs to one lesson: its explorer or its exercise set."""
    return path.name.startswith("set") or (
        path.parent.name == "explorers"
        and path.name not in {"__init__.py", "base.py", "controls.py"}
    )


def test_code_lines_counts_code_alone(tmp_path):
    file = tmp_path / "small.py"
    file.write_text('"""Prose,\nmore prose."""\n\n# why\ndef f(x):\n    """One."""\n    return x\n')
    assert code_lines(file) == 2


def test_importing_the_package_loads_neither_pictures_nor_widgets(run_python):
    code = "import gradcourse, sys; print({'matplotlib', 'ipywidgets', 'numpy'} & set(sys.modules))"
    assert run_python(code) == "set()"


def test_the_mathematics_loads_neither_pictures_nor_widgets(run_python):
    code = (
        "import sys\n"
        "from gradcourse import datasets, descent, landscapes, losses, optimizers, schedules\n"
        "print({'matplotlib', 'ipywidgets', 'IPython'} & set(sys.modules))"
    )
    assert run_python(code) == "set()"
