"""What holds for every notebook in the repository, seen without running it.

That a run reproduces the stored outputs is tested by nbval and in test_notebooks_rerun.py.
"""

import ast
import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import comment_markers, metadata_tags
from refresh import ROOT, find_notebooks, normalize, to_text

LESSONS = find_notebooks([ROOT / "lessons"])
SOLUTIONS = find_notebooks([ROOT / "solutions"])
EXERCISES = find_notebooks([ROOT / "exercises"])
READABLE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f-]+)?")
MACHINE_PATH = re.compile(r"(?<![\w.])(/(home|root|Users|tmp|opt|usr|var|work)/|[A-Z]:\\)")
CLOCKS_AND_NETWORK = {"time", "datetime", "random", "urllib", "requests", "socket", "subprocess"}
HIDDEN = re.compile(r"BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)\n[ #]*END \1", re.S)
TELLING = 20  # characters: shorter lines, such as `return total`, give nothing away


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def read(path: Path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_cells(path: Path) -> list:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def words(path: Path) -> str:
    """Everything a reader sees as text: sources, printed lines, text and HTML outputs."""
    parts = []
    for cell in read(path).cells:
        parts.append(cell.source)
        for output in cell.get("outputs", []):
            parts.append(output.get("text", ""))
            parts += [str(v) for kind, v in output.get("data", {}).items() if "image" not in kind]
    return "\n".join(parts)


def top_level_imports(cell) -> set[str]:
    """The packages a cell imports outside of any function."""
    packages = set()
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            packages.add(node.module.partition(".")[0])
    return packages


every_notebook = pytest.mark.parametrize("path", LESSONS + SOLUTIONS + EXERCISES, ids=relative)


def test_each_solution_has_its_exercise():
    assert SOLUTIONS
    assert [p.name for p in SOLUTIONS] == [p.name for p in EXERCISES]


def test_nothing_but_the_notebook_is_in_a_solution_s_folder():
    files = {p for p in ROOT.glob("solutions/**/*") if p.is_file() and p.parts[-2][0] != "."}
    assert files == set(SOLUTIONS)


@every_notebook
def test_the_file_has_the_repository_s_form(path):
    nb = deepcopy(read(path))
    nbformat.validate(nb)
    assert to_text(normalize(nb)) == path.read_text("utf-8")


@every_notebook
def test_cell_ids_are_readable_and_unique(path):
    ids = [cell.id for cell in read(path).cells]
    assert [i for i in ids if not READABLE_ID.fullmatch(i) or RANDOM_ID.fullmatch(i)] == []
    assert len(ids) == len(set(ids))


@every_notebook
def test_every_cell_was_run_once_from_top_to_bottom(path):
    # nbval passes over a cell without a run count, so stripped outputs would go unnoticed.
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_no_cell_is_hidden_from_nbval(path):
    tags = {tag for cell in code_cells(path) for tag in cell.metadata.get("tags", [])}
    assert tags & set(metadata_tags) == set()
    assert [marker for marker in comment_markers if marker in words(path)] == []


@every_notebook
def test_no_cell_ends_in_an_error_or_a_warning(path):
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    assert [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"] == []


@every_notebook
def test_no_cell_prints_more_than_one_reads(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            assert len(text) < 2500, cell.id


@every_notebook
def test_no_path_of_one_machine_is_shown(path):
    assert MACHINE_PATH.findall(words(path)) == []


@every_notebook
def test_imports_stand_in_the_first_code_cell(path):
    first, *rest = code_cells(path)
    assert top_level_imports(first)
    assert {cell.id: names for cell in rest if (names := top_level_imports(cell))} == {}


@every_notebook
def test_cells_are_plain_python_without_clock_or_network(path):
    # A magic, a shell command or an install is no Python, so ast.parse would refuse it.
    used = set().union(*(top_level_imports(cell) for cell in code_cells(path)))
    assert used & CLOCKS_AND_NETWORK == set()
    assert "get_ipython" not in words(path)


@every_notebook
def test_cells_are_short(path):
    lengths = {cell.id: len(cell.source.splitlines()) for cell in code_cells(path)}
    long = {name: lines for name, lines in lengths.items() if lines > 15}
    assert len(long) <= len(lengths) // 5, long
    assert max(lengths.values()) <= 30, long


@pytest.mark.parametrize("path", LESSONS, ids=relative)
def test_a_cell_that_holds_the_answers_of_a_question_is_folded(path):
    telling = [cell for cell in code_cells(path) if re.match(r"(choice|number)\(", cell.source)]
    shown = [c.id for c in telling if not c.metadata.get("jupyter", {}).get("source_hidden")]
    assert telling
    assert shown == []


def hidden_lines(solution: Path) -> set[str]:
    """The lines of answers and hidden tests that would give something away."""
    lines = {
        line.strip()
        for cell in read(solution).cells
        for region in HIDDEN.finditer(cell.source)
        for line in region[2].splitlines()
    }
    return {line for line in lines if len(line) >= TELLING and not line.startswith("#")}


@pytest.mark.parametrize("solution", SOLUTIONS, ids=relative)
def test_no_answer_and_no_hidden_test_leaks_into_the_exercise(solution):
    hidden = hidden_lines(solution)
    shown = words(ROOT / "exercises" / solution.parent.name / solution.name)
    assert hidden
    assert {line for line in hidden if line in shown} == set()
    assert "BEGIN " not in shown
