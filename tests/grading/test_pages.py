"""The pages and the table: every number right, nothing of a student's run or misread."""

import csv
import io
from html.parser import HTMLParser

import pytest

from gradcourse.feedback import Feedback
from gradcourse.grading.pages import feedback_page, overview_page
from gradcourse.grading.result import WAITING, Answer, Result
from gradcourse.grading.table import grades_csv

EVIL = "<script>alert('ada')</script>"
HINT = "Plus instead of minus: the gradient points uphill."
WHEN = "2026-01-31T12:34:56+00:00"


def said(ok, hint="", points=0.0):
    link = "[lesson 03, The update rule](../../lessons/03.ipynb#The-update-rule)"
    return Feedback(
        "one_step", ok, "What was found.", hint=hint, lesson=link, points=points, max_points=2
    )


def graded(student, ok, hint="", points=0.0, **more):
    answers = (
        Answer("03", "one-step-check", points, 2, said(ok, hint, points)),
        Answer("03", "why", None, 1),
    )
    return Result(student, "needs a person", WAITING, answers, when=WHEN, **more)


RIGHT, WRONG = graded("ada", True, points=2.0), graded("bob", False, HINT)
OPEN, REFUSED = graded("cem", None), Result("dee", "refused", "The file is empty.", when=WHEN)
CLASS = [RIGHT, WRONG, OPEN, REFUSED]


class Balanced(HTMLParser):
    """Fails at a tag that is closed without being opened, or stays open."""

    def __init__(self, html):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("result", CLASS, ids=lambda result: result.student)
def test_a_feedback_page_is_whole_and_says_the_points(result):
    html = feedback_page(result, "03_gradient_descent")
    assert {"html", "title", "h1"} <= set(Balanced(html).seen)
    if result.answers:
        assert f"{result.points:g} of 3 points, 1 still to be read by a person" in html
    assert "2026-01-31 12:34 UTC" in html


def test_a_wrong_answer_s_page_names_the_mistake_and_where_to_read():
    html = feedback_page(WRONG, "03")
    assert f"likely cause: {HINT}" in html
    assert "read: lesson 03, The update rule<" in html
    assert "href" not in html


def test_a_refused_file_s_page_says_why_and_what_to_do():
    html = feedback_page(REFUSED, "03")
    assert "refused: The file is empty. Mend what is named above and hand in again." in html


def test_points_of_a_person_replace_ours_on_the_page():
    given = {("03", "one-step-check"): 1.5, ("03", "why"): 1.0}
    result = RIGHT.with_given(given, waiting=False)
    assert (result.status, result.reason, result.points) == ("graded", "", 2.5)
    assert feedback_page(result, "03").count("A person has read this answer.") == 2


def test_notes_and_earlier_results_are_listed():
    past = {"when": WHEN, "status": "graded", "points": 1.0, "max_points": 3.0}
    html = feedback_page(graded("ada", True, notes=("Found twice.",), earlier=(past,)), "03")
    assert "<li>Found twice.</li>" in html
    assert "<li>2026-01-31 12:34 UTC: graded, 1 of 3 points</li>" in html


def the_student_s_page(result):
    return feedback_page(result, EVIL)


def the_class_s_page(result):
    return overview_page([result], EVIL)


@pytest.mark.parametrize("page", [the_student_s_page, the_class_s_page])
def test_nothing_of_a_student_s_is_run(page):
    feedback = Feedback(EVIL, False, EVIL, hint=f"{EVIL}: {EVIL}")
    answer = Answer(EVIL, EVIL, 0.0, 2, feedback)
    html = page(Result(EVIL, "graded", EVIL, (answer,), (EVIL,), EVIL))
    assert "script" not in Balanced(html).seen
    assert "default-src 'none'" in html


def test_the_overview_counts():
    html = overview_page(CLASS, "03")
    Balanced(html)
    assert "3 needs a person, 1 refused" in html
    assert "0.67 of 2" in html
    assert "1 right, 1 wrong, 1 not attempted" in html
    assert "one_step: Plus instead of minus – 1: bob" in html
    assert "<strong>dee</strong>: refused. The file is empty." in html
    assert "one_step – 1: cem" in html.partition("Where people have stopped")[2]


def test_the_commonest_mistake_comes_first():
    others = [graded(f"s{n}", False, "Rare: it is.") for n in range(2)]
    html = overview_page([*others, *(graded(f"t{n}", False, HINT) for n in range(3))], "03")
    assert html.index("Plus instead of minus – 3") < html.index("Rare – 2")


def test_an_empty_class_has_an_overview_and_a_table():
    assert "Nobody yet." in overview_page([], "03")
    assert grades_csv([]).startswith("student,status,reason,")


def rows(results):
    return list(csv.DictReader(io.StringIO(grades_csv(results))))


def test_the_table_has_a_row_a_student_and_a_column_a_cell():
    first = rows(CLASS)[0]
    assert list(first) == [
        "student",
        "status",
        "reason",
        "auto_score",
        "manual_score",
        "max_score",
        "one-step-check",
        "why",
    ]
    assert [row["auto_score"] for row in rows(CLASS)] == ["2", "0", "0", "0"]
    assert (first["why"], first["max_score"], first["manual_score"]) == ("", "3", "")


def test_automatic_and_given_points_add_up():
    result = RIGHT.with_given({("03", "one-step-check"): 1.5}, waiting=True)
    [row] = rows([result])
    assert (row["auto_score"], row["manual_score"], row["one-step-check"]) == ("0", "1.5", "1.5")


def test_no_text_becomes_a_formula():
    [row] = rows([Result("=cmd()", "refused", "@evil")])
    assert (row["student"], row["reason"]) == ("'=cmd()", "'@evil")


def test_names_of_several_notebooks_tell_the_columns_apart():
    answers = (Answer("a", "q", 1.0, 1), Answer("b", "q", 0.0, 1))
    [row] = rows([Result("ada", "graded", answers=answers)])
    assert (row["a/q"], row["b/q"]) == ("1", "0")
