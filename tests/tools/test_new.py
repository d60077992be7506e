"""A skeleton passes the tests as it is; tried in a copy of the tree, which is thrown away."""

import os
import shutil
import subprocess
import sys

import new
import pytest
from refresh import ROOT

NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", "*.egg-info")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of everything a contributor has, with commands that run in it."""
    folder = tmp_path_factory.mktemp("copy") / "gradcourse"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    return folder


def run(tree, *command):
    """Run a command in the copy; the copy's own package is what it imports."""
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, *command]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)


def passes(tree, *options):
    tested = run(tree, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *options)
    assert tested.returncode == 0, tested.stdout
    return tested.stdout


@pytest.mark.slow
def test_a_new_explorer_passes_the_tests_as_it_is(tree):
    made = run(tree, "tools/new.py", "explorer", "pendulum")
    assert made.returncode == 0, made.stderr
    assert "class PendulumExplorer" in (tree / "gradcourse/explorers/pendulum.py").read_text(
        "utf-8"
    )
    passes(tree, "tests/explorers/test_all_explorers.py", "-k", "Pendulum")
    passes(tree, "tests/repository/test_house_style.py", "-k", "pendulum or tree_passes or packed")
    again = run(tree, "tools/new.py", "explorer", "pendulum")
    assert again.returncode == 1
    assert "exists already" in again.stderr


@pytest.mark.slow
def test_a_new_exercise_passes_the_tests_as_it_is(tree):
    made = run(tree, "tools/new.py", "exercise", "05.nesterov", "--points", "2")
    assert made.returncode == 0, made.stderr
    assert "no tests ran" not in passes(tree, "tests/checks", "-k", "nesterov")
    passes(tree, "tests/notebooks/test_notebooks.py", "-k", "05_")
    passes(tree, "solutions/05_momentum_to_adam", "exercises/05_momentum_to_adam")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explorer", "Pendulum"], "NAME must be in lower case, like step_size"),
        (["explorer", "step_size"], "step_size.py exists already"),
        (["exercise", "77.slope"], "There must be one lessons/77_"),
        (["exercise", "03.one_step"], "set 03 has a question 'one_step' already"),
        (["exercise", "03.slope", "--section", "Nowhere"], "lesson 03 has no section 'Nowhere'"),
    ],
)
def test_bad_input_gets_one_sentence_and_writes_nothing(arguments, said):
    with pytest.raises(SystemExit, match=said):
        new.main(arguments)
