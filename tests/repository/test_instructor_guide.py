"""What docs/instructor.md tells of exists: files, commands, options, sentences, examples."""

import re
import shlex
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gradcourse.__main__ import build_parser
from gradcourse.checks.core import Case, question

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "instructor.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.M | re.S)
PROSE = re.sub(r"^```.*?^```", "", GUIDE, flags=re.M | re.S)
SHELL = "\n".join(text for language, text in BLOCKS if not language)
PYTHON = [text for language, text in BLOCKS if language == "python"]
CODE = [*re.findall(r"`([^`\n]+)`", PROSE), *SHELL.replace("\\\n", " ").splitlines()]
LIBRARY = "\n".join(path.read_text("utf-8") for path in ROOT.glob("gradcourse/**/*.py"))


def commands(program):
    """Every command line of a program that the guide names."""
    return sorted({line for line in CODE if line.startswith(f"{program} ")})


def test_every_section_is_in_the_table_of_contents():
    contents, _, text = PROSE.partition("\n## ")
    titles = re.findall(r"^## (.+)$", f"## {text}", re.M)
    assert re.findall(r"^- \[(.+?)\]", contents, re.M) == titles


def test_paths_of_this_repository_exist():
    pattern = (
        r"(?<![\w/.])(?:\./)?((?:lessons|exercises|solutions|gradcourse|docs|benchmarks)/[\w./-]*)"
    )
    paths = {path for code in CODE for path in re.findall(pattern, code)}
    own = {path for path in paths if "04_own" in path or "NAME" in path}
    assert len(paths - own) > 6
    assert [path for path in sorted(paths - own) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("line", commands("gradcourse"))
def test_each_gradcourse_command_is_understood(line):
    words = shlex.split(line.replace(" --help", ""))[1:]
    if words in (["check"], ["grade"]):  # named in a sentence, not to be typed as it stands
        words.append("NAME")
    assert build_parser().parse_args(words).command.__name__ == words[0]


def test_each_option_in_a_sentence_is_one_of_grade_or_of_the_container():
    from gradcourse.grading.doors.sandbox import ADVICE

    [commands_of] = [a for a in build_parser()._actions if a.choices]
    options = commands_of.choices["grade"].format_help() + ADVICE
    named = {code.split()[0] for code in CODE if code.startswith("--")}
    assert named >= {"--workers", "--timeout", "--course"}
    assert [option for option in named if option not in options] == []


def test_each_nbgrader_command_exists():
    from nbgrader.apps import NbGraderApp

    names = {line.split()[1] for line in commands("nbgrader")}
    assert names >= {"export", "db"}
    assert names <= set(NbGraderApp.subcommands)


def test_each_dask_option_exists():
    from distributed.cli import dask_scheduler, dask_worker

    mains = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
    for line in commands("dask"):
        known = {option for param in mains[line.split()[1]].params for option in param.opts}
        assert set(re.findall(r"--\w+", line)) <= known
    assert len(commands("dask")) >= 2


def test_the_container_command_is_the_one_that_the_grader_prints():
    from gradcourse.grading.doors.sandbox import ADVICE

    names = {"root": ".", "course": "/PATH/TO/CLASS", "assignment": "03_gradient_descent"}
    printed = ADVICE.format(problem="", **names)
    lines = [line.strip() for line in printed.splitlines() if line.startswith("  ")]
    assert len(lines) >= 3
    normal = GUIDE.replace("-f ./docs", "-f docs")
    assert [line for line in lines if line.replace("-f ./docs", "-f docs") not in normal] == []


def test_messages_in_the_table_of_troubles_are_in_the_library():
    table = GUIDE.partition("## When something fails")[2].partition("###")[0]
    quoted = re.findall(
        r"`([A-Za-z][^`]+)`",
        "\n".join(line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ")),
    )
    others = {"nbgrader: command not found", "VersionMismatchWarning", "bwrap is not installed"}
    parts = [part for text in quoted if text not in others for part in text.split("…")[:1]]
    assert len(parts) > 6
    assert [part for part in parts if part.strip() not in LIBRARY] == []


def test_the_shell_understands_the_loops():
    loops = [text for language, text in BLOCKS if not language and text.startswith("for ")]
    assert len(loops) == 2
    for loop in loops:
        subprocess.run(["bash", "-n"], input=loop, text=True, check=True)


def test_the_hidden_test_of_the_guide_reports(monkeypatch):
    said = []
    monkeypatch.setattr("gradcourse.checks.report", lambda **given: said.append(given))
    [test] = [text for text in PYTHON if "BEGIN HIDDEN TESTS" in text]
    exec(test, {"ridge_loss": lambda w, strength: strength * sum(np.square(w))})
    assert said[0]["strong"] == pytest.approx(100 * said[0]["weak"])
    assert said[0]["weights"] == {"strong": 2}


def test_the_question_of_the_guide_names_its_mistake():
    [text] = [text for text in PYTHON if "double.mistake(" in text]
    names = {"Case": Case, "ask": partial(question, "04_batch_sizes")}
    exec(text, names)
    assert names["double"].examine(lambda x: x + x).ok
    assert names["double"].examine(lambda x: 2 + x).hint.startswith("Added 2")
