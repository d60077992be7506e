import dataclasses
import json
from html.parser import HTMLParser

import pytest

from gradcourse.feedback import MIME, Feedback

LINK = (
    "[lesson 03, section 'The largest safe rate'](../../lessons/03_x.ipynb#The-largest-safe-rate)"
)
WRONG = Feedback(
    "one_step",
    False,
    "The step climbs.",
    expected="[0.8, 1.2]",
    got="[[1, 0],\n [0, 1]]",
    hint="The sign is flipped.",
    lesson=LINK,
    points=0.5,
    max_points=2,
)


def html_of(feedback: Feedback) -> str:
    return feedback._repr_mimebundle_()["text/html"]


def words_of(html: str) -> str:
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_data = words.append
    parser.feed(html)
    return " ".join(" ".join(words).split())


def tags_of(html: str) -> list[tuple[str, dict]]:
    tags: list[tuple[str, dict]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append((tag, dict(attrs)))
    parser.feed(html)
    return tags


@pytest.mark.parametrize(
    ("ok", "status"), [(True, "right"), (False, "wrong"), (None, "not attempted")]
)
def test_the_status_is_told_in_words_everywhere(ok, status):
    feedback = Feedback("q", ok, "A headline.")
    assert feedback.status == status
    assert status in str(feedback).splitlines()[0]
    assert status in words_of(html_of(feedback))


def test_text_holds_every_field_and_keeps_the_shape_of_a_matrix():
    assert str(WRONG) == (
        "✗ wrong · one_step · 0.5 of 2 points\n"
        "The step climbs.\n"
        "  expected: [0.8, 1.2]\n"
        "  got:\n"
        "    [[1, 0],\n"
        "     [0, 1]]\n"
        "  likely cause: The sign is flipped.\n"
        "  read: lesson 03, section 'The largest safe rate' "
        "(../../lessons/03_x.ipynb#The-largest-safe-rate)"
    )


def test_empty_fields_leave_no_empty_labels():
    bare = Feedback("q", True, "Right.")
    assert str(bare) == "✓ right · q\nRight."
    assert "expected" not in html_of(bare)


def test_one_point_is_singular():
    assert "1 of 1 point" in str(Feedback("q", True, "Right.", points=1, max_points=1))
    assert "points" not in str(Feedback("q", True, "Right.", points=1, max_points=1))


def test_html_holds_every_field():
    words = words_of(html_of(WRONG))
    for text in ("one_step", "The step climbs.", "[0.8, 1.2]", "The sign is flipped.", "0.5 of 2"):
        assert text in words


@pytest.mark.parametrize("field", ["question", "headline", "expected", "got", "hint", "lesson"])
def test_nothing_a_learner_returns_becomes_markup(field):
    evil = "</pre><img src=x onerror=alert(1)>\"'&"
    feedback = dataclasses.replace(WRONG, **{field: evil})
    assert "img" not in [tag for tag, _ in tags_of(html_of(feedback))]
    assert evil in words_of(html_of(feedback))


def test_a_lesson_link_leads_to_the_section():
    links = [attrs["href"] for tag, attrs in tags_of(html_of(WRONG)) if tag == "a"]
    assert links == ["../../lessons/03_x.ipynb#The-largest-safe-rate"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//elsewhere.example/x", "https://a.b/c"])
def test_a_link_out_of_the_course_stays_text(url):
    feedback = dataclasses.replace(WRONG, lesson=f"[read]({url})")
    assert "a" not in [tag for tag, _ in tags_of(html_of(feedback))]


def test_a_link_cannot_break_out_of_its_attribute():
    feedback = dataclasses.replace(WRONG, lesson='[read](x"onclick="alert(1))')
    assert all("onclick" not in attrs for _, attrs in tags_of(html_of(feedback)))


def test_colors_follow_the_theme_and_have_a_fallback():
    styles = " ".join(attrs.get("style", "") for _, attrs in tags_of(html_of(WRONG)))
    assert "var(--jp-error-color1, #" in styles
    assert styles.count("var(") == styles.count(", inherit)") + styles.count(", #") + styles.count(
        ", monospace)"
    )


def test_json_carries_every_field_and_the_status():
    data = json.loads(json.dumps(WRONG._repr_mimebundle_()[MIME]))
    status = data.pop("status")
    assert status == "wrong"
    assert Feedback(**data) == WRONG


def test_two_equal_values_show_exactly_the_same():
    assert WRONG._repr_mimebundle_() == dataclasses.replace(WRONG)._repr_mimebundle_()


@pytest.mark.parametrize("points", [-1, 3, float("nan")])
def test_points_outside_the_range_are_refused(points):
    with pytest.raises(ValueError, match="points must be from 0 to 2"):
        Feedback("q", False, "h", points=points, max_points=2)


def test_a_feedback_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        WRONG.points = 2
