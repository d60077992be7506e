"""Exercise set 03 refuses every wrong answer, names the known mistakes, accepts every right one."""

import inspect
from collections import Counter

import nbformat
import pytest
from refresh import ROOT
from right_answers.set03 import RIGHT
from wrong_answers.set03 import WRONG

from gradcourse.checks import set03
from gradcourse.checks.core import Question

QUESTIONS = [value for value in vars(set03).values() if isinstance(value, Question)]
NAMED = [entry for entry in WRONG if entry[1]]
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
each_seed = pytest.mark.parametrize("seed", range(5))


def label(value):
    return getattr(value, "key", None) or getattr(value, "__name__", value)


@each_seed
@pytest.mark.parametrize(("question", "name", "function"), WRONG, ids=label)
def test_a_wrong_answer_is_refused_and_its_mistake_named(question, name, function, seed):
    feedback = question.examine(function, seed)
    assert feedback.ok is False
    assert feedback.points == 0
    assert feedback.hint.lower().startswith(name.lower())
    assert name or not any(feedback.hint.lower().startswith(m.name.lower()) for m in
                           question.mistakes)  # fmt: skip


@each_seed
@pytest.mark.parametrize(("question", "function"), RIGHT, ids=label)
def test_a_right_answer_is_accepted(question, function, seed):
    feedback = question.examine(function, seed)
    assert feedback.ok, str(feedback)
    assert feedback.points == question.points


@each_question
def test_there_are_enough_answers_of_both_kinds(question):
    assert len([1 for asked, _ in RIGHT if asked is question]) >= 3
    assert len([1 for asked, _, _ in NAMED if asked is question]) >= 2
    assert {m.name for m in question.mistakes} <= {name for asked, name, _ in NAMED
                                                   if asked is question}  # fmt: skip


@each_question
def test_a_mistake_explains_itself_in_one_line(question):
    hints = Counter(mistake.hint for mistake in question.mistakes)
    assert all(hint[-1] in ".?" and len(hint) < 100 for hint in hints)
    assert hints.most_common(1)[0][1] == 1


@each_question
def test_there_are_awkward_cases_and_zeros_do_not_pass(question):
    import numpy as np

    assert len(question.cases(np.random.default_rng(0))) >= 6
    assert question.examine(lambda *args: 0.0).ok is False
    assert question.examine(lambda *args: np.zeros(2)).ok is False


def attempt_nothing(*args):
    raise NotImplementedError


@each_question
def test_an_untouched_answer_is_not_attempted(question):
    assert question.examine(attempt_nothing).status == "not attempted"


@each_question
def test_the_lesson_has_the_section_a_check_links_to(question):
    section = question.lesson.partition("#")[2].rstrip(")").replace("-", " ")
    lesson = nbformat.read(ROOT / "lessons" / "03_gradient_descent.ipynb", 4)
    headings = {line for cell in lesson.cells for line in cell.source.splitlines()}
    assert f"## {section}" in headings


@each_question
def test_the_exercise_asks_for_it_and_shows_its_arguments(question):
    name = question.key.partition(".")[2]
    notebook = nbformat.read(
        ROOT / "solutions" / "03_gradient_descent" / "03_gradient_descent.ipynb", 4
    )
    source = next(cell.source for cell in notebook.cells if cell.id == name.replace("_", "-"))
    space = {}
    exec("import numpy as np\n" + source, space)
    assert question.examine(space[name]).ok
    assert len(inspect.getdoc(space[name])) > 80
