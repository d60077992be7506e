"""Run the tests with the oldest or the newest versions that pyproject.toml allows.

    python tools/versions.py oldest --python 3.11
    python tools/versions.py newest --python 3.13
    python tools/versions.py oldest --python 3.13 -n 0 tests/library     these tests alone

The environment, .venv-oldest-3.11 and so on, is made by uv (`pip install uv`). It takes a Python
that is installed, also by pyenv, and fetches one otherwise. What runs the tests (pytest and the
like) has the exact version of constraints.txt in either case: in question is what a user brings.

Other versions draw other pictures, so these are not compared. Left out are the hostile submissions
and the house style: what they judge does not depend on versions, and the test command runs both.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
RESOLUTION = {"oldest": "lowest-direct", "newest": "highest"}
NO_PYTHON = 3  # the exit code where uv finds no Python of that version (or uv itself is missing)
LEFT_OUT = ("tests/grading/test_hostile.py", "tests/repository/test_house_style.py")


def tools() -> list[str]:
    """The lines of constraints.txt for what the extra `dev` names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {name_of(requirement) for requirement in project["optional-dependencies"]["dev"]}
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    return [pin for pin in pins if name_of(pin) in named]


def name_of(requirement: str) -> str:
    """The package in a line such as `numpy>=2.1`, in its one spelling."""
    return canonicalize_name(Requirement(requirement).name)


def scripts(environment: Path) -> Path:
    """The folder of an environment's programs."""
    return environment / ("Scripts" if sys.platform == "win32" else "bin")


def find_python(version: str) -> str:
    """The path of an installed Python, or its version alone: then uv fetches it."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for path in [shutil.which(f"python{version}"), *pyenv]:
        if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            return str(path)
    return version


def make(environment: Path, age: str, version: str) -> None:
    """Make an environment with the oldest or newest versions; one that is there is brought up."""
    if uv("venv", "--python", find_python(version), "--allow-existing", environment):
        raise SystemExit(NO_PYTHON)
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder, "tools.txt")
        pinned.write_text("\n".join(tools()), "utf-8")
        where = ("--python", environment, "--constraints", pinned)
        how = ("--upgrade", "--resolution", RESOLUTION[age])
        if uv("pip", "install", *where, *how, "--editable", f"{ROOT}[grading,dev]"):
            sys.exit("uv could not install these versions together.")


def uv(*arguments: str | Path) -> int:
    """Call uv and return its exit code; where it fails, it says why."""
    return subprocess.run([sys.executable, "-m", "uv", "--quiet", *map(str, arguments)]).returncode


def test(environment: Path, options: list[str]) -> int:
    """Run pytest there and return its exit code."""
    pytest = str(scripts(environment) / "pytest")
    left_out = [f"--ignore={path}" for path in LEFT_OUT]
    command = [pytest, "--any-picture", *left_out, *options]
    return subprocess.run(command, cwd=ROOT).returncode


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("age", choices=RESOLUTION)
    parser.add_argument("--python", default="3.11", help="3.11, 3.12 or 3.13 (3.11)")
    parser.add_argument("--only-install", action="store_true", help="make the environment alone")
    options, pytest_options = parser.parse_known_args(arguments)
    environment = ROOT / f".venv-{options.age}-{options.python}"
    make(environment, options.age, options.python)
    return 0 if options.only_install else test(environment, pytest_options)


if __name__ == "__main__":
    sys.exit(main())
