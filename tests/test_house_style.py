"""The house style that a machine can check: lint, format, direction of imports, size."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))
LIBRARY_LINES = 3000


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "lint-imports --no-logo"])
def test_the_tree_passes(command):
    name, *options = command.split()
    run = subprocess.run([SCRIPTS / name, *options], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_library_stays_small():
    sizes = {p: len(p.read_text("utf-8").splitlines()) for p in ROOT.glob("gradcourse/**/*.py")}
    assert 0 < sum(sizes.values()) < LIBRARY_LINES, sorted(sizes.items(), key=lambda item: -item[1])


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
