"""Exercise set 01 refuses every wrong answer, names the known mistakes, accepts every right one."""

import nbformat
import numpy as np
import pytest
from refresh import ROOT
from right_answers.set01 import RIGHT
from wrong_answers.set01 import WRONG

from gradcourse.checks import set01
from gradcourse.checks.core import Question

QUESTIONS = [value for value in vars(set01).values() if isinstance(value, Question)]
NAMED = [entry for entry in WRONG if entry[1]]
LESSON = ROOT / "lessons" / "01_what_a_gradient_is.ipynb"
SOLUTION = ROOT / "solutions" / "01_what_a_gradient_is" / "01_what_a_gradient_is.ipynb"
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
each_seed = pytest.mark.parametrize("seed", range(5))


def label(value):
    return getattr(value, "key", None) or getattr(value, "__name__", value)


def mistakes_named(question):
    return {name for asked, name, _ in NAMED if asked is question}


@each_seed
@pytest.mark.parametrize(("question", "name", "function"), NAMED, ids=label)
def test_a_known_mistake_is_called_by_its_name(question, name, function, seed):
    feedback = question.examine(function, seed)
    assert feedback.ok is False
    assert feedback.points == 0
    assert feedback.hint.lower().startswith(f"{name.lower()}: ")


@each_seed
@pytest.mark.parametrize(("question", "name", "function"), WRONG, ids=label)
def test_no_mistake_is_given_another_one_s_name(question, name, function, seed):
    feedback = question.examine(function, seed)
    assert feedback.ok is False
    others = {mistake.name.lower() for mistake in question.mistakes} - {name}
    assert feedback.hint.lower().partition(": ")[0] not in others


@each_seed
@pytest.mark.parametrize(("question", "function"), RIGHT, ids=label)
def test_a_right_answer_is_accepted(question, function, seed):
    feedback = question.examine(function, seed)
    assert feedback.ok, str(feedback)
    assert feedback.points == question.points


@each_question
def test_every_known_mistake_is_made_twice_and_right_answers_differ(question):
    made = [name for asked, name, _ in NAMED if asked is question]
    assert mistakes_named(question) == {mistake.name for mistake in question.mistakes}
    assert min(made.count(name) for name in made) >= 2
    assert len([1 for asked, _ in RIGHT if asked is question]) >= 3


@each_question
def test_a_hint_is_one_short_sentence(question):
    assert all(m.hint[-1] == "." and len(m.hint) < 100 for m in question.mistakes)


@each_question
def test_there_are_awkward_cases_and_constants_do_not_pass(question):
    assert len(question.cases(np.random.default_rng(0))) >= 6
    for value in (0.0, 45, np.zeros(2), (np.zeros(2), 0.0)):
        assert question.examine(lambda *args, value=value: value).ok is False


@each_question
def test_an_untouched_answer_is_not_attempted(question):
    def untouched(*args):
        raise NotImplementedError

    assert question.examine(untouched).status == "not attempted"


@each_question
def test_the_lesson_has_the_section_a_check_links_to(question):
    section = question.lesson.partition("#")[2].rstrip(")").replace("-", " ")
    cells = nbformat.read(LESSON, 4).cells
    assert f"## {section}" in {line for cell in cells for line in cell.source.splitlines()}


@each_question
def test_the_solution_is_right_and_says_what_is_asked(question):
    name = question.key.partition(".")[2]
    cells = {cell.id: cell for cell in nbformat.read(SOLUTION, 4).cells}
    space = {"np": np}
    exec(cells[name.replace("_", "-")].source, space)
    assert question.examine(space[name], seed=7).ok
    assert len(space[name].__doc__) > 80
    assert cells[f"{name.replace('_', '-')}-check"].metadata.nbgrader.points == question.points
