"""The house style that a machine can check: lint, format, direction of imports, size."""

import ast
import io
import subprocess
import sysconfig
import tokenize
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
CODE = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
SOURCES = sorted(ROOT.glob("gradcourse/**/*.py"))
OURS = [
    path for room in ("gradcourse", "tools", "benchmarks") for path in ROOT.glob(f"{room}/**/*.py")
]
DENSITY = 10  # tokens on a line of code, in the mean; more is hard to read
LONGEST = 40  # lines of code in a function
LARGEST = 4000  # tokens in a file: what one reads in a sitting


@pytest.mark.parametrize(
    "command", ["ruff check", "ruff format --check", "lint-imports --no-logo", "mypy"]
)
def test_the_tree_passes(command):
    name, *options = command.split()
    run = subprocess.run([SCRIPTS / name, *options], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def docstring_lines(source: str) -> set[int]:
    """The lines that docstrings stand on: they are there to be read, not to be counted."""
    lines = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
            lines |= set(range(first.lineno, first.end_lineno + 1))
    return lines


def tokens_by_line(source: str) -> Counter:
    """How many tokens of code begin on each line; comments and docstrings are none."""
    prose = docstring_lines(source)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    begun = Counter(t.start[0] for t in tokens if t.type in CODE)
    return Counter({line: n for line, n in begun.items() if line not in prose})


def room(path: Path) -> str:
    """The package a file belongs to: what is judged together."""
    return path.parent.relative_to(ROOT / "gradcourse").parts[:1] or ("library",)


def test_code_is_not_packed():
    rooms = {}
    for path in SOURCES:
        rooms.setdefault(room(path), Counter()).update(
            {(path, line): n for line, n in tokens_by_line(path.read_text("utf-8")).items()}
        )
    assert {
        name: f"{lines.total() / len(lines):.1f} tokens a line"
        for name, lines in rooms.items()
        if lines and lines.total() / len(lines) > DENSITY
    } == {}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_formatter_decides_how_code_looks(path):
    source = path.read_text("utf-8")
    assert "fmt: " + "skip" not in source
    assert "fmt: " + "off" not in source


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_are_short(path):
    source = path.read_text("utf-8")
    lines = tokens_by_line(source)
    assert lines.total() <= LARGEST
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            length = len(
                [line for line in range(node.lineno, node.end_lineno + 1) if line in lines]
            )
            assert length <= LONGEST, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_annotation_says_object(path):
    """`object` says that nothing is known; special methods of Python and Jupyter ask for it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_repr_mimebundle"):
            arguments = [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            hints = [a.annotation for a in arguments if a is not None] + [node.returns]
            said = [n.id for h in hints if h for n in ast.walk(h) if isinstance(n, ast.Name)]
            assert "object" not in said or node.name == "__eq__", node.name


def test_tokens_are_counted_where_code_is():
    source = '"""Prose,\nmore prose."""\n\n# why\ndef f(x):\n    """One."""\n    return x\n'
    assert tokens_by_line(source) == {5: 6, 7: 2}


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
