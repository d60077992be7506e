import json
import os
import subprocess
import sys
from html.parser import HTMLParser

import ipywidgets as widgets
import pytest

from gradcourse import progress, quiz
from gradcourse.quiz import Right

OPTIONS = {
    "uphill": "You added the gradient: $+$ climbs.",
    "nowhere": "Only where the `gradient` is zero.",
    "downhill": Right("The step subtracts the gradient."),
}


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADCOURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def ask_choice():
    return quiz.choice("03.sign", "Where does a <step> of $-\\eta\\nabla L$ go?", OPTIONS)


def ask_number():
    return quiz.number(
        "03.edge", "Largest rate?", 0.5, 0.01, "per step", "It is 2/L.", {0.25: "That is 1/L."}
    )


def ask_prediction():
    return quiz.predict("03.what", "What happens?", ["It diverges.", "It converges."])


ALL = pytest.mark.parametrize("ask", [ask_choice, ask_number, ask_prediction])


def widgets_of(question, kind):
    """All widgets of one kind below the question, found as a page finds them."""
    found, waiting = [], [question.ui]
    while waiting:
        widget = waiting.pop(0)
        found += [widget] if isinstance(widget, kind) else []
        waiting += getattr(widget, "children", ())
    return found


def press(question, label):
    next(b for b in widgets_of(question, widgets.Button) if b.description == label).click()


def message(question):
    return widgets_of(question, widgets.HTMLMath)[-1].value


def words_of(html):
    words = []
    parser = HTMLParser()
    parser.handle_data = words.append
    parser.feed(html)
    return " ".join(" ".join(words).split())


def test_a_wrong_option_is_told_its_misconception_and_may_be_tried_again():
    question = ask_choice()
    press(question, "uphill")
    assert (question.answered, question.solved) == (True, False)
    assert "Not yet. You added the gradient" in words_of(message(question))
    press(question, "downhill")
    assert (question.given, question.solved) == ("downhill", True)
    assert "Right. The step subtracts" in words_of(message(question))


def test_what_a_quiz_was_made_with_can_be_read():
    asked = ask_number()
    assert (asked.answer, asked.tolerance, asked.unit, asked.why) == (
        0.5,
        0.01,
        "per step",
        "It is 2/L.",
    )
    assert asked.mistakes == {0.25: "That is 1/L."}
    assert ask_choice().answer == "downhill"
    assert ask_choice().reasons == OPTIONS
    assert ask_prediction().options == ["It diverges.", "It converges."]


def test_judging_remembers_nothing():
    asked = ask_number()
    assert asked.judge("0.25") == (False, "That is 1/L.")
    assert not asked.answered
    assert progress.history("answer", "03.edge") == []


def test_the_pressed_option_is_marked_with_a_sign_and_only_that_one():
    question = ask_choice()
    press(question, "nowhere")
    assert [b.icon for b in widgets_of(question, widgets.Button)] == ["", "times", ""]
    press(question, "downhill")
    assert [b.icon for b in widgets_of(question, widgets.Button)] == ["", "", "check"]


def test_the_first_try_and_the_last_are_recorded():
    question = ask_choice()
    for option in ("nowhere", "uphill", "downhill"):
        question.answer_with(option)
    tries = progress.history("answer", "03.sign")
    assert tries[0] == {"answer": "nowhere", "right": False}
    assert tries[-1] == {"answer": "downhill", "right": True}


def test_answering_an_option_there_is_not_names_those_there_are():
    with pytest.raises(ValueError, match="did you mean 'uphill'"):
        ask_choice().answer_with("uphil")
    assert progress.history("answer", "03.sign") == []


@pytest.mark.parametrize("typed", ["0.5", " 5e-1 ", "0.509", "0.491"])
def test_a_number_within_the_tolerance_is_right(typed):
    question = ask_number()
    widgets_of(question, widgets.Text)[0].value = typed
    assert question.solved is True
    assert "It is 2/L." in message(question)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("0.511", "too large"), ("−0.5", "too small"), ("0.25", "That is 1/L."), ("9", "too large")],
)
def test_a_wrong_number_is_told_why(typed, said):
    question = ask_number()
    widgets_of(question, widgets.Text)[0].value = typed
    assert question.solved is False
    assert said in message(question)


@pytest.mark.parametrize("typed", ["0,5", "half", "nan", "inf", " "])
def test_what_is_no_number_is_asked_again_and_counts_as_no_try(typed):
    question = ask_number()
    widgets_of(question, widgets.Text)[0].value = typed
    assert "write a number such as 0.25" in words_of(message(question))
    assert not question.answered
    assert progress.history("answer", "03.edge") == []


def test_entering_a_number_and_pressing_the_button_is_one_try():
    question = ask_number()
    widgets_of(question, widgets.Text)[0].value = "0.3"
    press(question, "Check")
    assert len(progress.history("answer", "03.edge")) == 1


def test_a_prediction_is_recorded_and_judged_neither_right_nor_wrong():
    question = ask_prediction()
    assert not question.answered
    press(question, "It converges.")
    assert (question.given, question.solved) == ("It converges.", None)
    assert progress.latest("prediction", "03.what") == "It converges."
    assert "Noted." in message(question)


def test_a_prediction_is_remembered_and_can_be_changed():
    ask_prediction().answer_with("It converges.")
    again = ask_prediction()
    assert again.given == "It converges."
    assert "Last time you predicted: It converges." in words_of(message(again))
    press(again, "It diverges.")
    assert progress.history("prediction", "03.what") == ["It converges.", "It diverges."]


@pytest.mark.parametrize("last", ["An option of an older edition.", None, 3, ["It converges."]])
def test_a_remembered_prediction_that_is_no_option_now_is_passed_over(last):
    progress.record("prediction", "03.what", last)
    assert not ask_prediction().answered


def test_a_choice_starts_afresh_in_every_session():
    ask_choice().answer_with("downhill")
    assert not ask_choice().answered


def test_a_listener_is_called_after_each_answer_and_sees_it():
    seen = []
    question = ask_prediction()
    question.on_answer(lambda asked: seen.append(asked.given))
    question.answer_with("It diverges.")
    question.answer_with("It converges.")
    assert seen == ["It diverges.", "It converges."]


def test_a_folder_that_cannot_be_written_to_is_said_and_the_lesson_goes_on(data):
    data.write_text("a file stands here")
    question = ask_prediction()
    question.answer_with("It diverges.")
    assert question.answered
    assert "cannot be written to" in message(question)


@ALL
def test_text_and_html_do_not_depend_on_what_was_answered(ask):
    question = ask()
    fresh = {k: v for k, v in question._repr_mimebundle_().items() if "widget" not in k}
    question.answer_with("0.25" if ask is ask_number else question.options[0])
    for later in (question, ask()):
        bundle = later._repr_mimebundle_()
        assert {k: v for k, v in bundle.items() if "widget" not in k} == fresh
    assert set(fresh) == {"text/plain", "text/html"}


@ALL
def test_a_page_with_a_kernel_gets_the_widgets(ask):
    question = ask()
    view = question._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == question.ui.model_id


def test_text_shows_the_question_and_its_options_but_no_answer():
    assert repr(ask_choice()) == (
        "Question: Where does a <step> of $-\\eta\\nabla L$ go?\n"
        "  ( ) uphill\n  ( ) nowhere\n  ( ) downhill"
    )
    assert repr(ask_number()) == "Question: Largest rate?\n  ____ per step"


def test_a_page_without_a_kernel_shows_the_options_and_folds_the_explanations_away():
    html = ask_choice()._repr_mimebundle_()["text/html"]
    open_part, folded = html.split("<details>")
    assert "<li>nowhere</li>" in open_part
    assert "subtracts" not in open_part
    for sign, (option, why) in zip("✗✗✓", OPTIONS.items(), strict=True):
        assert f"{sign} {option} – {why.replace('`', '')}" in words_of(folded)
    assert "<script" not in html


def test_the_number_is_folded_away_and_a_prediction_has_nothing_to_fold():
    assert (
        "0.5 per step It is 2/L." in ask_number()._repr_mimebundle_()["text/html"].split("<det")[1]
    )
    assert "<details>" not in ask_prediction()._repr_mimebundle_()["text/html"]


def test_text_is_escaped_and_code_and_math_are_kept():
    question = ask_choice()
    head = widgets_of(question, widgets.HTMLMath)[0].value
    assert "&lt;step&gt;" in head
    assert "$-\\eta\\nabla L$" in head
    press(question, "nowhere")
    assert "<code>gradient</code>" in message(question)


@ALL
def test_every_input_has_a_name_for_screen_readers_and_none_a_tooltip(ask):
    question = ask()
    inputs = widgets_of(question, (widgets.Button, widgets.Text))
    assert all(widget.description for widget in inputs)
    assert all(widget.tooltip is None for widget in widgets_of(question, widgets.DOMWidget))


def test_a_message_is_announced():
    question = ask_choice()
    question.answer_with("uphill")
    assert 'role="alert" aria-live="polite"' in message(question)


@pytest.mark.parametrize("key", ["sign", "3.sign", "03", "03.", "03.a b"])
def test_a_key_names_its_lesson(key):
    with pytest.raises(ValueError, match=r"key must be like '03\.largest-rate'"):
        quiz.predict(key, "?", ["a", "b"])


@pytest.mark.parametrize("options", [{"a": "x"}, {"a": Right("x"), "b": Right("y")}, {}])
def test_a_choice_has_exactly_one_right_option(options):
    with pytest.raises(ValueError, match="exactly one"):
        quiz.choice("03.sign", "?", options)


@pytest.mark.parametrize("options", [[], ["a"], ["a", "a"]])
def test_a_prediction_offers_at_least_two_options(options):
    with pytest.raises(ValueError, match="two different options"):
        quiz.predict("03.what", "?", options)


@pytest.mark.parametrize("tolerance", [0, -1, float("nan")])
def test_a_number_needs_a_tolerance(tolerance):
    with pytest.raises(ValueError, match="tolerance"):
        quiz.number("03.edge", "?", 0.5, tolerance)


def test_what_a_question_prints_is_the_same_in_another_process(tmp_path):
    code = (
        "import json; from gradcourse import quiz\n"
        "q = quiz.predict('03.what', 'What happens?', ['It diverges.', 'It converges.'])\n"
        "b = q._repr_mimebundle_(); print(json.dumps([b['text/plain'], b['text/html']]))"
    )
    env = os.environ | {"GRADCOURSE_DATA": str(tmp_path / "empty"), "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    bundle = ask_prediction()._repr_mimebundle_()
    assert json.loads(run.stdout) == [bundle["text/plain"], bundle["text/html"]]
