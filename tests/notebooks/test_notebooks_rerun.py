"""nbval runs every notebook once; here, that this one run notices whatever changed.

A stale number, picture or point in a small notebook makes the test command fail. What needs no run
is read from the stored outputs, which that run has compared: the points of solutions and exercises.
"""

import base64
import io
import re
import subprocess
import sys

import nbformat
import pytest
import refresh
import release
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from refresh import ROOT

from gradcourse.feedback import MIME

NAMES = release.set_names(ROOT)
FIGURE = """import matplotlib.pyplot as plt
plt.figure(figsize=(2, 1))
plt.plot([0, 1])
plt.show()"""
CHECK = """from gradcourse.checks import set03
set03.one_step.check(lambda theta, gradient, rate: theta - rate * gradient(theta))"""
SOURCES = {"figure": FIGURE, "pi": "import math\nround(math.pi, 4)", "check": CHECK}


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_is_its_solution_without_the_answers(name, capsys):
    assert release.main(["--check", "--no-run", name]) == 0, capsys.readouterr().out


def feedback(folder, name):
    """What the checks of one notebook say in its stored outputs, and the points they are worth."""
    cells = nbformat.read(ROOT / folder / name / f"{name}.ipynb", as_version=4).cells
    graded = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    said = [[o.data[MIME] for o in cell.outputs if MIME in o.get("data", {})] for cell in graded]
    return said, [cell.metadata.nbgrader.points for cell in graded]


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_scores_everything(name):
    said, worth = feedback("solutions", name)
    assert sum(worth) > 0
    assert [[check["points"] for check in cell] for cell in said] == [[points] for points in worth]
    assert [[check["max_points"] for check in cell] for cell in said] == [[p] for p in worth]


@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_exercise_scores_nothing(name):
    said, worth = feedback("exercises", name)
    assert [[check["points"] for check in cell] for cell in said] == [[0] for _ in worth]
    assert [[check["max_points"] for check in cell] for cell in said] == [[p] for p in worth]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A refreshed notebook with a number, a picture and a check in it."""
    path = tmp_path_factory.mktemp("notebooks") / "small.ipynb"
    cells = [new_code_cell(source, id=name) for name, source in SOURCES.items()]
    nbformat.write(new_notebook(cells=cells), path)
    refresh.main([str(path)])
    return path


def run_as_the_test_command_does(folder, *options):
    """Test notebooks with the project's own settings, in this process's environment."""
    settings = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-n", "0"]
    settings += ["-p", "nbval_compares_all", "-p", "no:cacheprovider", *options]
    command = [sys.executable, "-m", "pytest", *settings, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def gray_picture():
    file = io.BytesIO()
    Image.new("RGBA", (200, 100), "gray").save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def spoil_number(cells):
    cells["pi"].outputs[0].data["text/plain"] = "3.1417"


def spoil_points(cells):
    [said] = [o.data[MIME] for o in cells["check"].outputs if MIME in o.get("data", {})]
    said["points"] += 1


def spoil_picture(cells):
    cells["figure"].outputs[0].data["image/png"] = gray_picture()


def drop_picture(cells):
    del cells["figure"].outputs[0].data["image/png"]


def spoil_metadata(cells):
    cells["figure"].outputs[0].metadata = {"image/png": {"width": 5}}


def spoil_run_count(cells):
    cells["pi"].outputs[0].execution_count = 7


SPOILERS = {
    "true": [],
    "shown": [spoil_number, spoil_points, spoil_picture],
    "hidden": [drop_picture, spoil_run_count],
    "metadata": [spoil_metadata],
}


def spoiled(small, folder, name):
    """Write a copy of the small notebook in which something stored is not what a run shows."""
    notebook = nbformat.read(small, as_version=4)
    for spoil in SPOILERS[name]:
        spoil({cell.id: cell for cell in notebook.cells})
    nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def tested(small, tmp_path_factory):
    """What the test command says of all copies."""
    folder = tmp_path_factory.mktemp("spoiled")
    for name in SPOILERS:
        spoiled(small, folder, name)
    return run_as_the_test_command_does(folder)


@pytest.mark.parametrize(
    ("name", "cells"), [("true", []), ("shown", [0, 1, 2]), ("hidden", [0, 1]), ("metadata", [0])]
)
def test_all_that_is_not_what_a_run_shows_is_noticed(tested, name, cells):
    failed = re.findall(rf"^FAILED .*\b{name}\.ipynb::Cell (\d)", tested, re.M)
    assert failed == [str(cell) for cell in cells]


def test_it_says_what_differs(tested):
    assert "6 failed, 6 passed" in tested
    assert tested.count("Cell outputs differ") in (6, 12)  # CI's summary says each once more
    assert "Picture 1 of the cell looks different from the stored one." in tested
    assert "Pictures stored: 0, in the fresh run: 1." in tested


def test_other_pictures_can_be_allowed(small, tmp_path):
    notebook = nbformat.read(small, as_version=4)
    spoil_picture({cell.id: cell for cell in notebook.cells})
    nbformat.write(notebook, tmp_path / "pictures.ipynb")
    assert "3 passed" in run_as_the_test_command_does(tmp_path, "--any-picture")
