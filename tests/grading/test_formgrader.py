"""nbgrader's formgrader in a real browser, on a class that we have graded."""

import os

import pytest
from classes import Class
from lab import browser, chromium_path, jupyter_lab

from gradcourse.grading.classroom import grade

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        not chromium_path() and not os.environ.get("CI"), reason="needs the system's Chromium"
    ),
]
A = "03_gradient_descent"
ATTACK = (
    "from IPython.display import HTML, display\n"
    "display(HTML('<script>document.title = \"owned\"</script>'))\n"
    "def one_step(theta, gradient, learning_rate):\n"
    "    '''<script>document.title = \"owned\"</script>'''\n"
    "    return theta + learning_rate * gradient(theta)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory, cluster):
    """The address of a server in a graded course folder, and a browser's page."""
    work = Class(tmp_path_factory.mktemp("formgrader"))
    work.hand_in("ada", work.honest())
    work.hand_in("mallory", work.honest(one_step=ATTACK))
    grade(A, work.folder, scheduler=cluster, say=lambda line: None)
    with jupyter_lab(root=work.folder) as address, browser() as chromium:
        home, _, rest = address.partition("/lab")
        page = chromium.new_page(viewport={"width": 1200, "height": 900})
        page.goto(f"{home}/formgrader?{rest.partition('?')[2]}")
        yield home, page


def test_the_assignment_is_listed_with_its_submissions(site):
    _, page = site
    row = page.locator("tr", has_text=A).first
    row.wait_for()
    assert "2" in row.locator("td.num-submissions").inner_text()


def test_the_scores_are_those_of_the_grader(site):
    home, page = site
    page.goto(f"{home}/formgrader/gradebook/{A}/{A}")
    page.locator("tbody tr").nth(1).wait_for()
    scores = {row.locator("td").nth(2).inner_text() for row in page.locator("tbody tr").all()}
    assert scores == {"10 / 10", "9 / 10"}


def test_a_submission_shows_our_feedback_and_runs_nothing(site):
    home, page = site
    page.goto(f"{home}/formgrader/gradebook/{A}/{A}")
    links = page.locator("tbody tr", has_text="9 / 10").locator("a")
    links.first.click()
    page.get_by_text("plus instead of minus", exact=False).first.wait_for()
    assert page.title() != "owned"
    assert page.locator("text=Gives another value than expected").count() == 1
