"""What goes into a grader's sandbox in place of a question holds no answer, nor a part of one."""

import sys
from types import CodeType, FunctionType

import cloudpickle
import numpy as np
import pytest
from answers import QUESTIONS, label

SEED = 3


def parts_of(thing, found=None):
    """A function and every function of the course that it is made from or calls, by name."""
    found = {} if found is None else found
    if isinstance(thing, type):
        methods = [value for value in vars(thing).values() if isinstance(value, FunctionType)]
        follow(methods, found)
    elif isinstance(thing, FunctionType) and thing not in found:
        found[thing] = thing.__code__
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        defaults = [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
        names = {name for code in codes_of(thing.__code__) for name in code.co_names}
        called = [value for name, value in thing.__globals__.items() if name in names]
        follow([*cells, *defaults, *called], found)
    elif hasattr(thing, "func"):
        follow([thing.func, *thing.args, *thing.keywords.values()], found)
    elif hasattr(thing, "right"):
        follow([thing.right], found)
    return found


def follow(things, found):
    for thing in things:
        if getattr(thing, "__module__", "").startswith("gradcourse.checks."):
            parts_of(thing, found)


def codes_of(code):
    """The code of a function and of all functions written inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_of(constant)


def given(question):
    """The functions that a learner is given with the inputs."""
    found = {}
    for case in question.cases(np.random.default_rng(SEED)):
        for argument in case.args:
            parts_of(argument, found)
    return found


def pickled(question):
    """The question as it travels; functions of its set go with it, as in the sandbox."""
    module = sys.modules[f"gradcourse.checks.set{question.key[:2]}"]
    cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(question.sealed(SEED))
    finally:
        cloudpickle.unregister_pickle_by_value(module)


@pytest.mark.parametrize("question", QUESTIONS, ids=label)
def test_no_part_of_an_answer_travels(question):
    sealed = pickled(question)
    answers = [question.right, *(mistake.wrong for mistake in question.mistakes)]
    secret = {part: code for answer in answers for part, code in parts_of(answer).items()}
    assert secret
    known = given(question)
    told = [part.__qualname__ for part, code in secret.items() if code.co_code in sealed]
    assert [name for name in told if name not in {part.__qualname__ for part in known}] == []


def test_a_probe_that_uses_the_answer_is_noticed():
    """The search above finds what a probe brings along."""
    from gradcourse.checks import set07

    order = set07._users_first
    assert order in parts_of(set07.backward_order.right)
    assert order in parts_of(set07.Value.right)
    assert order not in parts_of(set07._quality)
