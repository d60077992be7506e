"""Running every notebook again changes nothing, and one wrong number is noticed."""

import json
import subprocess
import sys

import nbformat
import pytest
import refresh
import release
from nbformat.v4 import new_code_cell, new_notebook
from refresh import ROOT

from gradcourse.__main__ import main

NOTEBOOKS = refresh.find_notebooks([ROOT / folder for folder in refresh.DEFAULT_FOLDERS])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_refreshing_changes_nothing(path, capsys):
    assert refresh.main(["--check", str(path)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", release.set_names(ROOT))
def test_releasing_changes_nothing(name, capsys):
    assert release.main(["--check", name]) == 0, capsys.readouterr().out


def score(folder, name, capsys):
    """The points of one notebook, as `gradcourse check` counts them."""
    main(["check", str(ROOT / folder / name / f"{name}.ipynb"), "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", release.set_names(ROOT))
def test_an_untouched_exercise_scores_nothing_and_a_solution_everything(name, capsys):
    untouched, solved = (score(folder, name, capsys) for folder in ("exercises", "solutions"))
    assert untouched["points"] == 0
    assert untouched["max_points"] == solved["max_points"] == solved["points"] > 0


@pytest.fixture
def small_notebook(tmp_path):
    """A refreshed notebook with one number in it."""
    path = tmp_path / "small.ipynb"
    cells = [new_code_cell("import math\nround(math.pi, 4)", id="pi")]
    nbformat.write(new_notebook(cells=cells), path)
    refresh.main([str(path)])
    return path


def run_as_the_test_command_does(path):
    """Test one notebook with the project's own settings, in this process's environment."""
    settings = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-n", "0"]
    command = [sys.executable, "-m", "pytest", *settings, "-p", "no:cacheprovider", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_true_number_passes(small_notebook):
    run = run_as_the_test_command_does(small_notebook)
    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout


def test_one_wrong_digit_fails(small_notebook):
    text = small_notebook.read_text("utf-8")
    small_notebook.write_text(text.replace('"3.1416"', '"3.1417"'), "utf-8")
    run = run_as_the_test_command_does(small_notebook)
    assert run.returncode == 1, run.stdout
    assert "Cell outputs differ" in run.stdout
