import ast
import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from IPython.lib.pretty import pretty

from gradcourse import doctor

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADCOURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def finding(name):
    return next(found for found in doctor.examine() if found.name == name)


def test_a_healthy_machine_is_found_healthy():
    assert [(found.name, found.ok) for found in doctor.examine()] == [
        ("Python", True),
        ("packages", True),
        ("kernel", True),
        ("widgets", True),
        ("data folder", True),
        ("grading (optional)", None),
    ]


def test_what_a_healthy_notebook_shows_holds_nothing_of_the_machine():
    assert pretty(doctor.examine()) == (
        "ok     Python\nok     packages\nok     kernel\nok     widgets\nok     data folder\n"
        "Everything is ready."
    )


def test_the_terminal_gets_the_details_and_exit_code_0(capsys, data):
    assert doctor.tell() == 0
    printed = capsys.readouterr().out
    for detail in (sys.version.split()[0], metadata.version("jupyterlab"), str(data), "grading"):
        assert detail in printed
    assert "Remedy" not in printed


def test_a_failure_is_told_with_its_remedy_in_both_places(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (99, 0))
    assert doctor.tell() == 1
    printed = capsys.readouterr().out + pretty(doctor.examine())
    assert printed.count("Remedy: install Python") == 2
    assert printed.count("To mend: Python.") == 2
    assert "Everything is ready" not in printed


def test_every_check_but_the_note_has_a_remedy_of_one_sentence():
    for name, (_, remedy) in doctor.CHECKS.items():
        assert bool(remedy) == (name != "grading (optional)")
        assert not remedy.endswith(".")
        assert ". " not in remedy


def test_the_oldest_python_is_the_one_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    oldest = ".".join(map(str, doctor.OLDEST_PYTHON))
    assert project["requires-python"] == f">={oldest}"
    assert oldest in doctor.CHECKS["Python"][1]


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        ("numpy>=2.0", ""),
        ("numpy", ""),
        ("numpy>=999.1", f"numpy {metadata.version('numpy')} is installed, >=999.1 is needed"),
        ("no-such-package-here>=1.0", "no-such-package-here is missing"),
    ],
)
def test_a_missing_or_old_package_is_named(monkeypatch, requirement, problem):
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: [requirement])
    assert doctor._packages()[0] is (problem == "")
    if problem:
        assert finding("packages").detail == problem


@pytest.mark.parametrize(
    ("older", "newer"), [("1.9", "1.10"), ("2.0rc1", "2.1"), ("8.1.5", "8.1.10"), ("3", "3.0.1")]
)
def test_versions_are_compared_as_numbers(monkeypatch, older, newer):
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: [f"numpy>={newer}"])
    monkeypatch.setattr(doctor.metadata, "version", lambda _: older)
    assert not doctor._packages()[0]
    monkeypatch.setattr(doctor.metadata, "version", lambda _: newer)
    assert doctor._packages()[0]


def test_a_package_of_another_system_is_not_asked_for(monkeypatch):
    line = 'no-such-package-here>=1 ; sys_platform == "emscripten"'
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: [line])
    assert doctor._packages() == (True, "0 found, all new enough")


def test_a_version_that_is_left_out_is_named(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: ["numpy>=1,!=2.5"])
    monkeypatch.setattr(doctor.metadata, "version", lambda _: "2.5")
    assert "numpy 2.5 is installed" in doctor._packages()[1]


def test_in_a_web_page_nothing_is_started_and_nothing_fails(monkeypatch):
    monkeypatch.setattr(doctor.sys, "platform", "emscripten")
    monkeypatch.setattr(doctor.subprocess, "run", None)
    assert {found.name: found.ok for found in doctor.examine()} == {
        "Python": True,
        "packages": True,
        "kernel": None,
        "widgets": None,
        "data folder": True,
        "grading (optional)": None,
    }
    assert finding("kernel").detail == "not looked at: no process can be started in a web page"


def test_packages_of_the_extras_are_not_asked_of_a_learner(monkeypatch):
    line = 'no-such-package-here>=1 ; extra == "dev"'
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: [line])
    assert doctor._packages()[0]


def kernelspec(folder, program):
    """Write a kernelspec `python3` that starts `program`, found before all others."""
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(program), "-m", "ipykernel_launcher"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))


def test_a_kernel_of_another_python_fails(tmp_path, monkeypatch):
    other = tmp_path / "other-python"
    other.write_text("#!/bin/sh\necho /elsewhere\n")
    other.chmod(0o755)
    kernelspec(tmp_path, other)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert finding("kernel").ok is False
    assert str(other) in finding("kernel").detail
    assert "ipykernel install" in finding("kernel").remedy


def test_a_kernel_whose_python_is_gone_fails(tmp_path, monkeypatch):
    kernelspec(tmp_path, tmp_path / "gone")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert finding("kernel").ok is False


@pytest.mark.parametrize("program", ["python", "python3", sys.executable])
def test_a_kernel_of_this_python_is_fine(tmp_path, monkeypatch, program):
    kernelspec(tmp_path, program)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert finding("kernel").ok is True


def test_the_kernel_is_judged_whatever_folder_the_doctor_is_called_from(tmp_path, monkeypatch):
    (tmp_path / "gradcourse.py").write_text("raise ImportError('a stray file of this folder')")
    monkeypatch.chdir(tmp_path)
    assert finding("kernel").ok is True


def test_widgets_that_jupyterlab_cannot_find_fail(monkeypatch):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: ["/nowhere"])
    assert finding("widgets").ok is False


def test_a_missing_jupyterlab_fails(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert finding("widgets").ok is False
    assert "jupyterlab" in finding("widgets").detail


def test_a_data_folder_that_cannot_be_written_to_fails(data):
    data.write_text("a file stands where the folder should be")
    assert finding("data folder").ok is False
    assert "GRADCOURSE_DATA" in finding("data folder").remedy


def test_looking_leaves_nothing_in_the_data_folder(data):
    assert finding("data folder").ok
    assert list(data.iterdir()) == []


def test_the_optional_parts_are_a_note_even_when_missing(monkeypatch):
    monkeypatch.setattr(doctor.util, "find_spec", lambda _: None)
    found = finding("grading (optional)")
    assert found.ok is None
    assert "missing: nbgrader" in found.detail


def test_the_doctor_answers_where_every_package_is_missing(tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[1])"
    code += "; from gradcourse import doctor; doctor.tell()"
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)], env=env, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "FAILS  packages" in run.stdout
    assert "FAILS  widgets" in run.stdout
    assert "ok     Python" in run.stdout


def test_an_older_python_can_at_least_read_the_doctor():
    ast.parse((ROOT / "gradcourse" / "doctor.py").read_text("utf-8"), feature_version=(3, 8))
