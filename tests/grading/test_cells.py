"""What a cell is for: one set of answers to it."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradcourse.grading import cells


def cell(make=new_code_cell, **marks):
    made = make("x", id=f"own-{len(marks)}{marks.get('points', '')}")
    if marks:
        made.metadata["nbgrader"] = {"grade_id": "theirs", **marks}
    return made


PLAIN = cell()
ANSWER = cell(solution=True, grade=False)
TEST = cell(solution=False, grade=True, points=2)
WORDS = cell(new_markdown_cell, solution=True, grade=True, points=3)
TASK = cell(new_markdown_cell, task=True, points=4)
LOCKED = cell(locked=True)


@pytest.mark.parametrize(
    ("question", "yes"),
    [
        (cells.is_answer, [ANSWER, WORDS]),
        (cells.is_test, [TEST]),
        (cells.is_locked, [TEST, LOCKED]),
        (cells.is_graded, [TEST, WORDS, TASK]),
    ],
)
def test_each_question_is_answered_for_each_kind_of_cell(question, yes):
    assert [one for one in (PLAIN, ANSWER, TEST, WORDS, TASK, LOCKED) if question(one)] == yes


def test_nbgrader_s_id_comes_before_the_cell_s_own():
    assert cells.cell_id(TEST) == "theirs"
    assert cells.cell_id(PLAIN) == PLAIN.id


def test_graded_cells_keep_their_order():
    notebook = new_notebook(cells=[PLAIN, WORDS, ANSWER, TEST])
    assert [cells.max_points(one) for one in cells.graded_cells(notebook)] == [3, 2]
