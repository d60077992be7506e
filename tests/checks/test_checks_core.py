"""The machinery of checks: collecting, judging, naming."""

import json

import numpy as np
import pytest

from gradcourse import progress
from gradcourse.checks.core import Case, Mistake, Question
from gradcourse.checks.values import close, describe, plain


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
    (Mistake("doubled", lambda x: np.asarray(x, float) * 2, "divide instead."),),
    lesson="[lesson 00](../../lessons/00_start_here.ipynb)",
    points=2,
)


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
    outcomes = json.loads(json.dumps(QUESTION.collect(WRONG["doubled"][0], seed=3)))
    assert QUESTION.judge(outcomes, seed=3).hint == "Doubled: divide instead."


def test_another_seed_gives_other_numbers():
    first, second = (QUESTION.collect(halve, seed)[1]["value"] for seed in (0, 1))
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
