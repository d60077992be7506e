"""The course in a web page (Pyodide, JupyterLite): no process, no socket, no kernel package.

Nothing but grading and `gradcourse check` may need what cannot be installed there.
"""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
IN_A_WEB_PAGE = """
import importlib.abc, pkgutil, subprocess, sys

ABSENT = {"ipykernel", "jupyter_client", "jupyter_server", "nbclient", "nbformat", "zmq"}

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def refuse(*args, **options):
    raise OSError("emscripten does not support processes.")

sys.meta_path.insert(0, Absent())
subprocess.Popen.__init__ = refuse
"""
IMPORT_ALL = """
import gradcourse

names = [m.name for m in pkgutil.walk_packages(gradcourse.__path__, "gradcourse.", lambda n: None)
         if not m.name.startswith("gradcourse.grading") and m.name != "gradcourse.checks.run"]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
EXPLORE = """
from gradcourse.explorers import LearningRateExplorer

explorer = LearningRateExplorer()
explorer.set(learning_rate=0.01)
print(explorer.values()["learning_rate"], explorer.sentence)
"""
CHECK = """
from gradcourse.checks import set03

set03.one_step.check(lambda theta, gradient, rate: theta + rate * gradient(theta))
"""


def test_every_module_below_grading_is_imported(run_python):
    assert int(run_python(IN_A_WEB_PAGE + IMPORT_ALL)) > 40


def test_an_explorer_moves(run_python):
    said = run_python(IN_A_WEB_PAGE + EXPLORE)
    assert said.startswith("0.01 ")
    assert "η = 0.01 is" in said


def test_a_check_judges(run_python):
    assert "✗ wrong · one_step" in run_python(IN_A_WEB_PAGE + CHECK)


def test_pip_installs_nothing_there_that_needs_a_process():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = map(Requirement, project["dependencies"])
    page = {"sys_platform": "emscripten", "extra": ""}
    there = {one.name for one in asked if one.marker is None or one.marker.evaluate(page)}
    assert there == {"numpy", "matplotlib", "pillow", "ipywidgets", "packaging", "platformdirs"}
