"""The sandbox: what is cut off, what is taken away, and what is said where it cannot be had."""

import ast
import sys
from pathlib import Path

import pytest
from answers import QUESTIONS, label
from nbformat.v4 import new_code_cell, new_notebook

from gradcourse.__main__ import main
from gradcourse.grading.doors import sandbox
from gradcourse.grading.doors.output import ENDED, OUTPUT, TEXT, SandboxedExecute
from gradcourse.grading.prepare import seal


def run(tmp_path, *sources, timeout=5):
    """Run cells in the sandbox; give back the notebook."""
    (tmp_path / "room").mkdir(exist_ok=True, mode=0o755)
    settings = {"folder": str(tmp_path / "room"), "seed": 7}
    execute = SandboxedExecute(sandbox=settings, timeout=timeout)
    execute.shutdown_kernel = "immediate"
    cells = [new_code_cell(source) for source in sources]
    return execute.preprocess(new_notebook(cells=cells), {"metadata": {"path": str(tmp_path)}})[0]


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


@needs_linux
def test_a_large_output_is_cut_and_html_left_out(tmp_path):
    html = "from IPython.display import HTML; HTML('<script>')"
    first, second = run(tmp_path, "print('x' * 10**6)", html).cells
    assert len(first.outputs[0].text) == TEXT.cell - OUTPUT
    assert set(second.outputs[0].data) == {"text/plain"}


@needs_linux
def test_a_cell_that_ends_the_kernel_is_remembered_and_the_rest_left_alone(tmp_path):
    notebook = run(tmp_path, "1", "import os; os._exit(1)", "print('never')")
    assert notebook.metadata[ENDED] == 1
    assert notebook.cells[2].outputs == []


@needs_linux
def test_an_endless_cell_is_interrupted_and_the_next_one_runs(tmp_path):
    notebook = run(tmp_path, "while True: pass", "print('on')", timeout=2)
    assert ENDED not in notebook.metadata
    assert notebook.cells[1].outputs[0].text == "on\n"


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
    assert sealed.right is None
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
