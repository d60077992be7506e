"""The machinery of checks: collecting, judging, naming."""

import json
from importlib import import_module

import numpy as np
import pytest

from gradcourse import progress
from gradcourse.checks import catalog, find
from gradcourse.checks.core import Case, Question, question
from gradcourse.checks.values import Outcome, close, describe, plain


def halve(x):
    return np.asarray(x, float) / 2


QUESTION = Question(
    "00.halve",
    halve,
    lambda rng: [
        Case((np.array([3, 4]),), "whole numbers", "An int array cannot hold halves."),
        Case((rng.normal(size=3),), "three numbers"),
        Case((rng.normal(size=(2, 2)),), "a matrix"),
    ],
    lesson="[lesson 00](../../lessons/00_start_here.ipynb)",
    points=2,
)
QUESTION.mistake("doubled", "divide instead.", by=lambda x: np.asarray(x, float) * 2)


def mutate(x):
    x = np.asarray(x)
    x *= 0
    return x


WRONG = {
    "doubled": (lambda x: 2 * np.asarray(x, float), "Doubled: divide instead."),
    "nothing": (lambda x: None, "Nothing was returned"),
    "integers": (lambda x: np.asarray(x) // 1 / 2, ""),
    "int dtype": (
        lambda x: (
            (halve(x) + 0.5).astype(np.asarray(x).dtype)
            if np.asarray(x).dtype.kind == "i"
            else halve(x)
        ),
        "An int array",
    ),
    "sign": (lambda x: -halve(x), "The sign is flipped."),
    "factor": (lambda x: 3 * halve(x), "Every value is 3 times the right one"),
    "zero": (lambda x: 0 * halve(x), "Everything returned is zero."),
    "shape": (lambda x: halve(x)[..., None], "The shape is (2, 1), expected (2,)."),
    "nan": (lambda x: halve(x) * np.nan, "NaN or infinity"),
    "changed": (mutate, "Changed its input"),
    "text": (lambda x: "half", "The function should return numbers."),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_refused_and_explained(name):
    function, hint = WRONG[name]
    feedback = QUESTION.examine(function)
    assert feedback.ok is False
    assert feedback.points == 0
    assert feedback.hint.startswith(hint), feedback.hint


def test_a_right_answer_earns_its_points_for_every_seed():
    for seed in range(5):
        feedback = QUESTION.examine(lambda x: (np.array(x) * 0.5).tolist(), seed)
        assert feedback.ok is True
        assert feedback.points == feedback.max_points == 2


def test_an_unwritten_answer_is_not_attempted():
    def stub(x):
        raise NotImplementedError

    assert QUESTION.examine(stub).status == "not attempted"


def test_an_error_is_shown_with_its_message():
    feedback = QUESTION.examine(lambda x: x.halved())
    assert feedback.got.startswith("AttributeError")
    assert feedback.hint == ""
    assert "Stops with an error for whole numbers" in feedback.headline


def test_endless_recursion_is_an_error_like_any_other():
    def forever(x):
        return forever(x)

    assert QUESTION.examine(forever).got.startswith("RecursionError")


def test_what_is_not_a_function_is_answered_in_a_sentence():
    assert "not callable" in QUESTION.examine(3).got


def test_collected_outcomes_survive_json_and_are_judged_the_same():
    collected = QUESTION.collect(WRONG["doubled"][0], seed=3)
    travelled = json.loads(json.dumps([outcome.to_json() for outcome in collected]))
    outcomes = [Outcome.from_json(fields) for fields in travelled]
    assert outcomes == collected
    assert QUESTION.judge(outcomes, seed=3).hint == "Doubled: divide instead."


def test_another_seed_gives_other_numbers():
    first, second = (QUESTION.collect(halve, seed)[1].value for seed in (0, 1))
    assert first != second


def test_check_shows_the_card_and_remembers_the_points(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADCOURSE_DATA", str(tmp_path))
    QUESTION.check(halve)
    assert "right" in capsys.readouterr().out
    assert progress.latest("points", "00.halve") == 2


def test_an_untouched_answer_is_not_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADCOURSE_DATA", str(tmp_path))

    def stub(x):
        raise NotImplementedError

    QUESTION.check(stub)
    assert progress.latest("points", "00.halve") is None


@pytest.mark.parametrize(
    ("got", "wanted", "same"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.001, False),
        ([1e-13, 1.0], [0.0, 1.0], True),
        ([1.0, 2.0], [[1.0, 2.0]], False),
        (True, 1.0, False),
        (True, True, True),
        (float("nan"), 1.0, False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("inf"), True),
        (None, 0.0, False),
        ("a", "a", True),
        ([[1.0, 2.0], "stop"], [[1.0, 2.0], "stop"], True),
        ([[1.0, 2.0], "stop"], [[1.0, 2.0], "budget"], False),
        ([[1.0], [2.0, 3.0]], [[1.0], [2.0, 3.0]], True),
        ({"type": "function"}, 1.0, False),
    ],
)
def test_close_compares_shape_and_numbers(got, wanted, same):
    assert close(got, wanted, 1e-9) is same


def test_plain_takes_numbers_apart_and_names_what_it_cannot():
    assert plain([np.float32(0.5), (1, None), {"a": np.arange(2)}]) == [
        0.5,
        [1, None],
        {"a": [0, 1]},
    ]
    assert plain(np.longdouble(0.5) * np.ones(2)) == [0.5, 0.5]
    assert plain(np.array(["a", "b"])) == ["a", "b"]
    assert plain(1 + 2j) == {"complex": [1.0, 2.0]}
    assert plain(halve) == {"type": "function"}


def test_describe_rounds():
    assert describe(1 / 3) == "0.333333"
    assert describe([1 / 3, 2.0]) == "[0.333333 2.      ]"
    assert describe("stopped") == "stopped"


def test_a_nan_in_the_input_is_not_taken_for_a_change():
    question = Question("00.same", np.nan_to_num, lambda rng: [Case((np.array([np.nan, 1.0]),))])
    assert question.examine(np.nan_to_num).ok

    def changing(x):
        x[0] = 0.0
        return x

    assert "Changed its input" in question.examine(changing).hint


def test_tiny_numbers_are_not_said_to_have_another_sign():
    tiny = Question("00.tiny", lambda x: 1e-10 * x, lambda rng: [Case((rng.normal(size=3),))])
    assert "3 times the right one" in tiny.examine(lambda x: 3e-10 * x).hint
    assert tiny.examine(lambda x: -1e-10 * x).hint == "The sign is flipped."


def test_nothing_returned_in_some_cases_only_is_said():
    feedback = QUESTION.examine(lambda x: halve(x) if np.ndim(x) == 1 else None)
    assert feedback.hint.startswith("In some cases nothing was returned")


# ---- a question is declared by its right answer ------------------------------------------------
@question("00_start_here", "Doubling", lambda rng: [Case((rng.normal(),)), Case((3,))], points=2)
def double(x, *, times=2, after=abs):
    return times * after(x) if times > 2 else times * x


double.mistake("tripled", "three are too many.", times=3)
double.mistake("lost the sign", "a negative number stays negative.", by=lambda x: 2 * abs(x))


def test_a_question_takes_its_name_from_the_right_answer():
    assert double.key == "00.double"
    assert double.lesson == "[lesson 00, Doubling](../../lessons/00_start_here.ipynb#Doubling)"
    assert double.examine(lambda x: x + x).points == 2


def test_options_of_the_right_answer_make_mistakes():
    assert [mistake.name for mistake in double.mistakes] == ["tripled", "lost the sign"]
    assert double.examine(lambda x: 3 * abs(x)).hint == "Tripled: three are too many."


@pytest.mark.parametrize("given", [{}, {"by": abs, "times": 3}, {"by": 3}])
def test_a_mistake_has_options_or_a_function(given):
    with pytest.raises(ValueError, match="'odd' needs options of the right answer, or by="):
        double.mistake("odd", "why.", **given)


def test_every_question_of_the_course_is_found_by_its_key():
    assert len(catalog()) >= 50
    for key, asked in catalog().items():
        assert find(key) is asked
        assert getattr(import_module(f"gradcourse.checks.set{key[:2]}"), key[3:]) is asked


def test_a_key_nobody_has_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"no question '03\.one_stp'; did you mean '03\.one_step'"):
        find("03.one_stp")
    with pytest.raises(ValueError, match="no question 'loss'"):
        find("loss")


def test_own_answers_are_tried_once_for_each_seed():
    calls = []

    def right(x):
        calls.append(x)
        return x

    asked = Question("00.same", right, lambda rng: [Case((rng.normal(),))])
    for seed in (1, 1, 2, 1):
        assert not asked.examine(lambda x: x + 1, seed).ok
    assert len(calls) == 2


def test_a_sealed_question_remembers_no_outcome():
    double.examine(lambda x: x, seed=4)
    assert double.sealed(4)._known == {}


def test_a_misspelled_option_of_a_mistake_is_named():
    with pytest.raises(ValueError, match="double has no option 'tims'"):
        double.mistake("tripled", "three are too many.", tims=3)
