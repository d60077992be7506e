"""The sandbox: what is cut off, what is taken away, and what is said where it cannot be had."""

import ast
import sys
from pathlib import Path

import pytest
from answers import QUESTIONS, label
from sandboxed import run

from gradcourse.__main__ import main
from gradcourse.grading.doors import sandbox
from gradcourse.grading.prepare import seal

needs_linux = pytest.mark.sandbox


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What a kernel finds around itself."""
    source = (
        "import os, gradcourse.checks as c; print(repr({'root': sorted(os.listdir('/')), "
        "'here': os.getcwd(), 'env': sorted(os.environ), 'user': os.getuid(), 'seed': c.seed(), "
        "'processes': [p for p in os.listdir('/proc') if p.isdigit()], "
        "'network': os.listdir('/sys/class/net') if os.path.exists('/sys') else [], "
        "'rights': open('/proc/self/status').read().split('CapEff:')[1].split()[0]}))"
    )
    folder = tmp_path_factory.mktemp("seen")
    return eval(run(folder, source).cells[0].outputs[0].text)


@needs_linux
def test_only_the_system_python_and_the_room_are_there(seen):
    python = {Path(p).parts[1] for p in (sys.prefix, sys.base_prefix, str(sandbox.PACKAGE))}
    assert (
        set(seen["root"]) <= {"usr", "bin", "lib", "lib64", "dev", "proc", "tmp", "room"} | python
    )
    assert seen["here"] == "/room"


@needs_linux
def test_nothing_of_the_grader_s_environment_and_processes_is_seen(seen):
    ipython = {
        "JPY_PARENT_PID",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "FORCE_COLOR",
        "PAGER",
        "GIT_PAGER",
        "TERM",
        "PYDEVD_USE_FRAME_EVAL",
        "PWD",
    }
    assert set(seen["env"]) <= set(sandbox.ENVIRONMENT) | {"GRADCOURSE_SEED"} | ipython
    assert len(seen["processes"]) <= 3
    assert seen["seed"] == 7


@needs_linux
def test_it_has_no_rights_and_no_network(seen):
    assert seen["user"] != 0
    assert int(seen["rights"], 16) == 0
    assert seen["network"] == []


# ---- answers are taken away --------------------------------------------------------------------
def code_of(function, found=None):
    """The compiled code of a function and of all it is made from."""
    found = set() if found is None else found
    parts = (getattr(function, "func", None), getattr(function, "__code__", None))
    if parts[0]:
        code_of(parts[0], found)
    if parts[1]:
        found.add(parts[1].co_code)
    return found


@pytest.mark.parametrize("question", QUESTIONS, ids=label)
def test_a_sealed_question_holds_inputs_and_no_answer(question):
    name = f"set{question.key[:2]}"
    text = seal(name, seed=3)[f"{name}.py"]
    space = {}
    exec(text, space)
    sealed = space[question.key.partition(".")[2]]
    assert sealed.is_sealed
    assert sealed.mistakes == ()
    assert sealed.collect(question.right) == question.collect(question.right, 3)
    pickled = ast.literal_eval(text.partition("pickle.loads(")[2].rpartition("))")[0])
    for function in (question.right, *(mistake.wrong for mistake in question.mistakes)):
        for code in code_of(function):
            assert len(code) < 30 or code not in pickled


def test_sets_that_are_not_asked_for_are_empty():
    for name, text in seal("set01", seed=1).items():
        space = {}
        exec(text, space)
        assert ("mse" in space) == (name == "set01.py")


# ---- where it cannot be had --------------------------------------------------------------------
@pytest.fixture
def no_bubblewrap(monkeypatch):
    sandbox.problem.cache_clear()
    which = sandbox.shutil.which
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: name != "bwrap" and which(name))
    yield
    sandbox.problem.cache_clear()


@pytest.mark.usefixtures("no_bubblewrap")
def test_without_bubblewrap_nothing_is_graded_and_a_container_is_named(tmp_path, capsys):
    assert main(["grade", "03_gradient_descent", "--course", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "bwrap is not installed" in said
    for limit in ("--network none", "--memory", "--pids-limit", f"{tmp_path}:/course"):
        assert limit in said
    assert list(tmp_path.iterdir()) == []


def test_the_container_s_recipe_exists():
    [recipe] = [word for word in sandbox.ADVICE.split() if word.endswith("Dockerfile")]
    assert Path(recipe.format(root=sandbox.PACKAGE.parent)).is_file()
