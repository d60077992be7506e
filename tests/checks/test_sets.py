"""Every exercise set refuses wrong answers, names known mistakes, and accepts right ones."""

from collections import Counter
from functools import cache
from inspect import signature

import nbformat
import numpy as np
import pytest
from answers import QUESTIONS, RIGHT, WRONG, label
from refresh import ROOT

SEEDS = range(5)
ENGINE = "07.Value"  # a class, made by a function that has the options
NAMED = [entry for entry in WRONG if entry[1]]
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)


def mistakes(question):
    return {mistake.name.lower() for mistake in question.mistakes}


@cache
def solution(question):
    """The solution notebook that asks this question, and the lesson it belongs to, as notebooks."""
    [path] = ROOT.glob(f"solutions/{question.key[:2]}_*/*.ipynb")
    return read(path), read(ROOT / "lessons" / path.name)


@cache
def read(path):
    return nbformat.read(path, 4)


@pytest.mark.parametrize(("question", "name", "function"), WRONG, ids=label)
def test_a_wrong_answer_is_refused_and_its_mistake_named(question, name, function):
    others = mistakes(question) - {name.lower()}
    for seed in SEEDS:
        feedback = question.examine(function, seed)
        said = f"With seed {seed}: {feedback}"
        assert feedback.ok is False, said
        assert feedback.points == 0, said
        assert feedback.hint.lower().startswith(name.lower()), said
        assert feedback.hint.lower().partition(": ")[0] not in others, said


@pytest.mark.parametrize(("question", "function"), RIGHT, ids=label)
def test_a_right_answer_is_accepted(question, function):
    for seed in SEEDS:
        feedback = question.examine(function, seed)
        assert feedback.ok, f"With seed {seed}: {feedback}"
        assert feedback.points == question.points


def test_there_are_enough_wrong_answers():
    n_mistakes = sum(len(question.mistakes) for question in QUESTIONS)
    print(f"\n{len(QUESTIONS)} questions with {n_mistakes} known mistakes, tried at 5 seeds:")
    print(f"{len(WRONG)} wrong answers, {len(NAMED)} of them named, and {len(RIGHT)} right ones")
    assert len(WRONG) >= 100
    assert len(NAMED) >= 100


@each_question
def test_there_are_enough_answers_of_both_kinds(question):
    where = f"answers/set{question.key[:2]}.py"
    right = [function for asked, function in RIGHT if asked is question]
    assert len(right) >= 3, f"Write {3 - len(right)} more in tests/right_{where}."
    named = [name.lower() for asked, name, _ in NAMED if asked is question]
    assert len(named) >= 2, f"Write {2 - len(named)} more in tests/wrong_{where}."
    untried = mistakes(question) - set(named)
    assert untried == set(), f"Write a wrong answer for each in tests/wrong_{where}."


@each_question
def test_a_mistake_explains_itself_in_one_short_sentence(question):
    said = {(mistake.name, mistake.hint) for mistake in question.mistakes}
    hints = Counter(hint for _, hint in said)
    assert all(hint[-1] in ".?" and len(hint) < 100 for hint in hints)
    assert hints.most_common(1)[0][1] == 1


@each_question
def test_there_are_awkward_cases_and_constants_do_not_pass(question):
    n_cases = len(question.cases(np.random.default_rng(0)))
    assert n_cases >= 6, (
        f"Write {6 - n_cases} more cases: a list, whole numbers, float32, a matrix …"
    )
    for value in (0.0, 45, [], np.zeros(2), (np.zeros(2), 0.0)):
        assert question.examine(lambda *args, value=value: value).ok is False


@each_question
def test_an_untouched_answer_is_not_attempted(question):
    def untouched(*args):
        raise NotImplementedError

    assert question.examine(untouched).status == "not attempted"


@each_question
def test_the_lesson_has_the_section_a_check_links_to(question):
    section = question.lesson.partition("#")[2].rstrip(")").replace("-", " ")
    lesson = solution(question)[1]
    headings = {line for cell in lesson.cells for line in cell.source.splitlines()}
    assert f"## {section}" in headings, f"The lesson has no section {section!r}."


@each_question
def test_the_right_answer_says_what_is_asked(question):
    assert question.right.__doc__


@each_question
def test_every_option_of_a_right_answer_makes_a_mistake(question):
    parameters = signature(question.right).parameters.values() if question.key != ENGINE else ()
    options = {name.name for name in parameters if name.kind is name.KEYWORD_ONLY}
    used = {name for mistake in question.mistakes for name in keywords(mistake.wrong)}
    assert options - used == set()


def keywords(function):
    return getattr(function, "keywords", {})


@each_question
def test_the_solution_is_right_and_its_docstring_says_what_is_asked(question):
    name = question.key.partition(".")[2]
    cells = {cell.id: cell for cell in solution(question)[0].cells}
    space = {"np": np}
    for cell in cells.values():
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, space)
    assert name in space, f"The solution notebook {question.key[:2]} does not define {name}."
    assert question.examine(space[name], seed=7).ok
    assert len(space[name].__doc__) > 80
    check = f"{name.replace('_', '-').lower()}-check"
    assert check in cells, f"The solution notebook has no cell {check!r} that calls .check()."
    assert cells[check].metadata.nbgrader.points == question.points
