"""The command for the oldest and the newest versions asks uv for the right things."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
import versions

ROOT = Path(__file__).parents[2]
JOBS = re.findall(r'"(\w+) (3\.\d+)"', (ROOT / ".ci" / "run").read_text("utf-8"))


@pytest.fixture
def asked(monkeypatch):
    """Every command line that is asked for instead of being run; constraints by their text."""
    lines = []

    def run(command, **_):
        words = list(map(str, command))
        if "--constraints" in words:
            pinned = words.index("--constraints") + 1
            words[pinned] = Path(words[pinned]).read_text("utf-8")
        lines.append(words)
        return type("Run", (), {"returncode": 0})

    monkeypatch.setattr(versions.subprocess, "run", run)
    return lines


def test_the_oldest_are_the_lower_bounds(asked):
    versions.main(["oldest", "--only-install"])
    install = asked[-1]
    assert install[install.index("--resolution") + 1] == "lowest-direct"
    assert install[-1] == f"{ROOT}[grading,dev]"


def test_the_newest_are_whatever_there_is(asked):
    versions.main(["newest", "--only-install"])
    install = asked[-1]
    assert "--upgrade" in install
    assert install[install.index("--resolution") + 1] == "highest"


def test_only_what_runs_the_tests_is_pinned(asked):
    versions.main(["oldest", "--only-install"])
    pinned = asked[-1][asked[-1].index("--constraints") + 1]
    names = {line.partition("==")[0] for line in pinned.splitlines()}
    assert {"pytest", "nbval", "ruff"} <= names
    assert names & {"numpy", "matplotlib", "nbgrader", "nbclient"} == set()


def test_pytest_gets_the_options_and_allows_other_pictures(asked):
    versions.main(["oldest", "--python", "3.13", "-n", "0", "tests/library"])
    assert "--any-picture" in asked[-1]
    assert asked[-1][-3:] == ["-n", "0", "tests/library"]
    assert ".venv-oldest-3.13" in asked[-1][0]


def test_what_is_left_out_exists():
    assert [path for path in versions.LEFT_OUT if not (ROOT / path).is_file()] == []


def test_a_python_that_is_installed_is_found():
    version = "{}.{}".format(*sys.version_info)
    assert Path(versions.find_python(version)).is_file()
    assert versions.find_python("3.999") == "3.999"


def test_a_python_that_is_nowhere_has_an_exit_code_of_its_own(monkeypatch):
    monkeypatch.setattr(versions, "uv", lambda *_: 2)
    with pytest.raises(SystemExit) as stopped:
        versions.main(["oldest", "--only-install"])
    assert stopped.value.code == versions.NO_PYTHON


def test_ci_runs_oldest_and_newest_on_the_oldest_and_the_newest_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pythons = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    ages = versions.RESOLUTION
    assert sorted(JOBS) == sorted(
        (age, python) for age in ages for python in (pythons[0], pythons[-1])
    )
