"""The verdict: only reported numbers count, and they are judged outside."""

import json

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_output

from gradcourse.checks import catalog, find, report, seed, set03
from gradcourse.checks.reports import REPORT
from gradcourse.checks.values import Outcome
from gradcourse.grading.doors.verdict import Report, TrustedScore, judge, reported

KEY = "03.one_step"


def cell(*messages, points=4.0, errors=()):
    """A test cell that has put out reports."""
    outputs = [new_output("display_data", data={REPORT: text}) for text in messages]
    outputs += [new_output("error", ename=name, evalue="", traceback=[]) for name in errors]
    made = new_code_cell("hidden()", outputs=outputs)
    made.metadata["nbgrader"] = {
        "grade": True,
        "grade_id": "x",
        "points": points,
        "solution": False,
    }
    return made


def message(weights=None, tolerance=1e-6, **quantities):
    weights = weights or dict.fromkeys(quantities, 1)
    said = {"quantities": quantities, "weights": weights, "tolerance": tolerance}
    return json.dumps(said, default=Outcome.to_json)


WANTED = Report({"loss": 0.5, "dW1": [[1.0, 2.0]]}, {"loss": 1, "dW1": 3}, 1e-6)


@pytest.mark.parametrize(
    ("quantities", "points"),
    [
        ({"loss": 0.5, "dW1": [[1.0, 2.0]]}, 4),
        ({"loss": 0.5 + 1e-8, "dW1": [[1.0, 2.0]]}, 4),
        ({"loss": 0.5, "dW1": [[2.0, 1.0]]}, 1),
        ({"loss": 0.6, "dW1": [[1.0, 2.0]]}, 3),
        ({"dW1": [[1.0, 2.0]], "other": 1}, 3),
        ({"loss": None, "dW1": [1.0, 2.0]}, 0),
        ({"loss": True, "dW1": "right"}, 0),
        ({"loss": float("nan"), "dW1": {"shape": 1}}, 0),
    ],
)
def test_each_quantity_earns_its_share(quantities, points):
    assert judge(cell(message(**quantities)), WANTED, seed=1).points == points


def test_a_student_s_weights_and_tolerance_count_for_nothing():
    cheat = message({"loss": 9, "dW1": -9}, 1e9, loss=0.5, dW1=[[0.0, 0.0]])
    assert judge(cell(cheat), WANTED, seed=1).points == 1


def test_what_is_missing_or_wrong_is_named():
    feedback = judge(cell(message(loss=0.1)), WANTED, seed=1)
    assert feedback.headline == "0 of 2 reported results are right."
    assert feedback.hint == "loss differs from the reference. dW1 was not reported."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "[" * 100_000,
        '{"quantities": [], "weights": {}, "tolerance": 1}',
        '{"quantities": {}, "weights": {}}',
    ],
)
def test_what_cannot_be_read_is_not_reported(text):
    assert reported(cell(text)).quantities == {}
    assert judge(cell(text), WANTED, seed=1).points == 0


def test_of_several_reports_each_quantity_s_last_counts():
    both = cell(message(loss=1.0), message(loss=0.5), message(dW1=[[1.0, 2.0]]))
    assert judge(both, WANTED, seed=1).points == 4


def test_nothing_reported_says_what_stopped_it():
    feedback = judge(cell(errors=["NameError"]), WANTED, seed=1)
    assert "did not run to its end" in feedback.headline
    assert feedback.hint == "It stopped with NameError."


def test_the_name_of_an_unknown_error_is_not_repeated():
    assert judge(cell(errors=["<script>"]), WANTED, seed=1).hint == ""


def test_an_untouched_answer_is_not_attempted():
    assert judge(cell(errors=["NotImplementedError"]), WANTED, seed=1).status == "not attempted"


# ---- questions of the course -------------------------------------------------------------------
def asked(outcomes, seed=5):
    wanted = Report({KEY: None}, {KEY: 1})
    return judge(cell(message(**{KEY: outcomes})), wanted, seed)


def test_a_question_is_found_by_its_key():
    assert find(KEY) is set03.one_step


def test_a_quantity_with_a_point_in_its_name_is_no_question_of_the_course():
    wanted = Report({"own.loss": 0.5}, {"own.loss": 1}, 1e-6)
    given = json.dumps(
        {"quantities": {"own.loss": 0.5}, "weights": {"own.loss": 1}, "tolerance": 1e-6}
    )
    assert judge(cell(given), wanted, seed=1).ok


@pytest.mark.parametrize(
    "key",
    ["loss", "03.nothing", "99.one_step", "03._step", "03.np", "os.path", "../03.walk", "03."],
)
def test_what_is_no_question_of_the_course_is_a_quantity_of_the_instructor_s(key):
    assert key not in catalog()
    wanted = Report({key: 0.5}, {key: 1}, 1e-6)
    assert judge(cell(message(**{key: 0.5})), wanted, seed=1).points == 4


def test_a_right_answer_earns_all_points_at_any_seed():
    for number in (1, 2, 77):
        outcomes = set03.one_step.collect(set03.one_step.right, number)
        assert asked(outcomes, number).points == 4


def test_numbers_of_another_seed_earn_nothing():
    assert asked(set03.one_step.collect(set03.one_step.right, 1), seed=2).points == 0


def test_a_known_mistake_is_named_and_no_value_shown():
    mistake = set03.one_step.mistakes[0]
    feedback = asked(set03.one_step.collect(mistake.wrong, 5))
    assert feedback.hint.lower().startswith(mistake.name)
    assert feedback.expected == feedback.got == ""


def test_an_error_s_own_text_is_not_shown():
    def leaks(*args):
        raise ValueError("the secret inputs are 1, 2, 3")

    feedback = asked(set03.one_step.collect(leaks, 5))
    assert "secret" not in str(feedback)
    assert "ValueError" in feedback.hint


@pytest.mark.parametrize(
    "outcomes",
    [
        None,
        7,
        "right",
        [],
        {},
        [{}],
        [{"value": 1.0}] * 8,
        [{"changed": False}] * 8,
        [7] * 8,
        [{"value": [[[]]], "changed": {}}] * 8,
        [{"error": ["x"]}] * 8,
        [{"nonsense": 1}] * 8,
    ],
)
def test_nonsense_earns_nothing_and_breaks_nothing(outcomes):
    feedback = asked(outcomes)
    assert feedback.points == 0
    assert feedback.ok is False


# ---- the preprocessor --------------------------------------------------------------------------
def test_all_other_output_of_a_test_cell_is_dropped():
    marked = cell(message(loss=0.5))
    marked.outputs.insert(0, new_output("execute_result", data={"text/plain": "4.0"}))
    reference = {"x": {"quantities": {"loss": 0.1}, "weights": {"loss": 1}, "tolerance": 1e-6}}
    done, _ = TrustedScore(reference=reference).preprocess_cell(marked, {}, 0)
    points, card = done.outputs
    assert points.data == {"text/plain": "0.0"}
    assert "differs from the reference" in card.data["text/plain"]


def test_no_report_outlives_the_score():
    beside = cell(message(loss=0.5))
    del beside.metadata["nbgrader"]
    for other in (beside, cell(message(loss=0.5))):
        done, _ = TrustedScore(reference={"x": {}}).preprocess_cell(other, {}, 0)
        assert REPORT not in json.dumps(done)


# ---- what hidden tests call --------------------------------------------------------------------
@pytest.fixture
def said(monkeypatch):
    messages = []
    monkeypatch.setenv("GRADCOURSE_SEED", "12")
    monkeypatch.setattr("gradcourse.checks.reports.publish_display_data", messages.append)
    return messages


def test_a_report_holds_plain_numbers_weights_and_tolerance(said):
    report(loss=np.float64(0.25), dW1=np.eye(2), weights={"dW1": 2})
    assert json.loads(said[0][REPORT]) == {
        "quantities": {"loss": 0.25, "dW1": [[1.0, 0.0], [0.0, 1.0]]},
        "weights": {"loss": 1, "dW1": 2},
        "tolerance": 1e-6,
    }
    assert seed() == 12


def test_a_sealed_question_reports_and_does_not_judge(said):
    sealed = set03.one_step.sealed(12)
    sealed.report(lambda *args: 0.0)
    outcomes = json.loads(said[0][REPORT])["quantities"][KEY]
    assert len(outcomes) == len(set03.one_step.cases(np.random.default_rng(0)))
    assert sealed.is_sealed
    assert sealed.mistakes == ()
    sealed.check(lambda *args: 0.0)  # shows nothing, judges nothing


def test_without_a_sandbox_a_wrong_answer_raises_and_nothing_is_said():
    set03.one_step.report(set03.one_step.right)
    with pytest.raises(AssertionError, match="another value"):
        set03.one_step.report(lambda *args: 0.0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "no quantity"),
        ({"loss": 1, "weights": {"lost": 2}}, "did you mean 'loss'"),
        ({"loss": 1, "weights": {"loss": 0}}, "above 0"),
        ({"loss": 1, "tolerance": -1}, "above 0"),
    ],
)
def test_a_report_of_nothing_or_with_nonsense_is_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        report(**options)
