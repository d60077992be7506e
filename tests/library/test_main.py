"""The command `gradcourse`: points and hints, exit codes, one sentence for a mistake."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from gradcourse.__main__ import main
from gradcourse.checks.run import run_checks

ASK = """
from gradcourse.checks.core import Case, Question
question = Question("00.double", lambda x: 2 * x, lambda rng: [Case((3.0,))], points=2)
"""
GRADE = {"grade": True, "solution": False, "grade_id": "double-check", "points": 2}


def save(tmp_path, *sources, points=2):
    cells = [new_code_cell(ASK), *map(new_code_cell, sources)]
    cells[-1].metadata["nbgrader"] = GRADE | {"points": points}
    path = tmp_path / "answers.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture
def right(tmp_path):
    return save(tmp_path, "question.check(lambda x: x + x)")


@pytest.fixture
def wrong(tmp_path):
    return save(tmp_path, "question.check(lambda x: -2 * x)")


def test_a_right_answer_earns_its_points(right, capsys):
    assert main(["check", str(right)]) == 0
    assert "2 of 2 points" in capsys.readouterr().out


def test_a_wrong_answer_is_explained(wrong, capsys):
    assert main(["check", str(wrong)]) == 1
    printed = capsys.readouterr().out
    assert "The sign is flipped." in printed
    assert "0 of 2 points" in printed


def test_json_holds_every_field(wrong, capsys):
    main(["check", str(wrong), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["points"], answer["max_points"]) == (0, 2)
    assert answer["questions"][0]["hint"] == "The sign is flipped."


def test_a_check_that_stops_is_reported_with_its_error(tmp_path):
    [feedback] = run_checks(save(tmp_path, "question.check(doubel)")).questions
    assert "NameError: name 'doubel' is not defined" in feedback.headline
    assert (feedback.points, feedback.max_points) == (0, 2)


def test_a_stored_output_counts_for_nothing(tmp_path, right):
    from gradcourse.feedback import MIME

    nb = nbformat.read(right, 4)
    nb.cells[-1].source = "pass"
    fake = {MIME: {"question": "double", "ok": True, "headline": "", "points": 2, "max_points": 2}}
    nb.cells[-1].outputs = [nbformat.v4.new_output("display_data", data=fake)]
    nbformat.write(nb, right)
    assert run_checks(right).points == 0


def test_a_cell_that_never_ends_is_stopped(tmp_path):
    path = save(tmp_path, "while True: pass")
    [feedback] = run_checks(path, seconds=2).questions
    assert feedback.ok is False


def test_the_notebook_itself_is_left_alone(wrong):
    before = wrong.read_bytes()
    run_checks(wrong)
    assert wrong.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "There is no notebook"), ("no json", "is not a readable notebook")],
)
def test_a_file_that_is_no_notebook_gets_one_sentence(tmp_path, capsys, content, sentence):
    path = tmp_path / "x.ipynb"
    if content:
        path.write_text(content)
    assert main(["check", str(path)]) == 2
    error = capsys.readouterr().err.strip()
    assert sentence in error
    assert "\n" not in error


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert "check" in printed
    assert "doctor" in printed
