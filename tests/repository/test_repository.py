"""What a newcomer is told is what works: commands, requirements, constraints, licenses."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WINDOWS = {
    "python3 ": "py ",
    " &&": ";",
    ".venv/bin/": ".venv\\Scripts\\",
    "lessons/": "lessons\\",
}


def without_comments(file_name: str) -> list[str]:
    lines = (ROOT / file_name).read_text("utf-8").splitlines()
    return [text for line in lines if (text := line.partition("#")[0].strip())]


def code_blocks(text: str) -> list[str]:
    return [block.strip() for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)]


def declared() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(r) for group in [PROJECT["dependencies"], *extras] for r in group]


def pinned() -> dict[str, Requirement]:
    lines = [Requirement(line) for line in without_comments("constraints.txt")]
    return {canonicalize_name(requirement.name): requirement for requirement in lines}


@pytest.mark.skipif(sys.platform == "win32", reason="the script is for Debian and Ubuntu")
def test_ci_runs_exactly_the_test_command_of_the_readme():
    command = subprocess.run(
        [ROOT / ".ci" / "run", "--show"], check=True, capture_output=True, text=True
    )
    assert command.stdout.strip() in code_blocks(README)


@pytest.mark.parametrize("file_name", ["requirements.txt", "requirements-dev.txt"])
def test_both_systems_are_told_to_install_the_same(file_name):
    lines = [block for block in code_blocks(README) if f"-r {file_name}" in block]
    assert len(lines) == 2
    for unix, windows in WINDOWS.items():
        lines[0] = lines[0].replace(unix, windows)
    assert lines[0] == lines[1]


def test_the_first_command_opens_a_lesson_with_the_repository_as_root():
    line = next(block for block in code_blocks(README) if "jupyter lab" in block)
    lesson = line.split()[-1]
    assert "--ServerApp.root_dir=. " in line
    assert (ROOT / lesson).is_file()


def test_learners_install_the_course_and_its_five_companions_with_exact_versions():
    wanted = [
        "-c constraints.txt",
        "-e .",
        "jupyterlab",
        "numpy",
        "matplotlib",
        "ipywidgets",
        "nbval",
    ]
    assert without_comments("requirements.txt") == wanted


def test_contributors_install_what_learners_install_and_the_extras():
    assert without_comments("requirements-dev.txt") == ["-r requirements.txt", "-e .[grading,dev]"]


def test_constraints_are_exact_versions_that_pip_accepts():
    assert all(
        [s.operator for s in r.specifier] == ["=="] and not r.extras and not r.url
        for r in pinned().values()
    )


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_each_declared_package_is_pinned_within_its_range(requirement):
    [pin] = pinned()[canonicalize_name(requirement.name)].specifier
    assert requirement.specifier.contains(pin.version)


def test_the_constraints_name_the_command_in_contributing_that_made_them():
    header = (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1]
    command = header.removeprefix("#").strip()
    assert command.startswith("uv pip compile --universal")
    assert command in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_files_that_take_longest_exist():
    source = (ROOT / "conftest.py").read_text("utf-8")
    [named] = re.findall(r"^LONGEST_FIRST = (\(.*?^\))", source, re.M | re.S)
    assert [name for name in ast.literal_eval(named) if not (ROOT / name).exists()] == []


def test_the_version_is_the_same_everywhere():
    import gradcourse

    assert gradcourse.__version__ == PROJECT["version"]
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("file_name", PROJECT["license-files"])
def test_each_license_is_named_in_the_readme(file_name):
    text = (ROOT / file_name).read_text("utf-8")
    assert "the gradcourse authors" in text
    assert f"]({file_name})" in README


def test_no_tracked_file_names_a_folder_of_one_machine():
    pattern = r"/(home|root|Users|opt|tmp)/[A-Za-z0-9_.-]+"
    found = subprocess.run(
        ["git", "grep", "-nIE", pattern, "--", ".", ":!tests/repository/test_repository.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert found.stdout == ""
