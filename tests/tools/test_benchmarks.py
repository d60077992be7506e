"""The benchmarks are not run by the tests, but each can be started as its first lines say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = sorted(ROOT.glob("benchmarks/*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_finds_all_that_it_imports(path):
    docstring = path.read_text("utf-8").split('"""')[1]
    assert f"python benchmarks/{path.name}" in docstring
    folders = re.search(r"export PYTHONPATH=(\S+)", docstring)
    env = os.environ | {"PYTHONPATH": folders[1].replace(":", os.pathsep) if folders else ""}
    code = f"import runpy; runpy.run_path({str(path)!r}, run_name='benchmark')"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
